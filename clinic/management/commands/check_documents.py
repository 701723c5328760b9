"""`python3 manage.py check_documents`: are the files of all photographs and papers there, and as they were?"""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from clinic.treatments.services import check_files


class Command(BaseCommand):
    help = "Compare every photograph and paper with its row (SHA-256), and list files that no row names. Changes nothing."

    def handle(self, *args: Any, **options: Any) -> None:
        report = check_files(now=timezone.now())
        for public_id in report.missing:
            self.stdout.write(f"missing: document {public_id}")
        for public_id in report.changed:
            self.stdout.write(f"not as it was kept: document {public_id}")
        for public_id in report.without_thumbnail:
            self.stdout.write(f"without its small picture: document {public_id}")
        for name in report.strays:
            self.stdout.write(f"belongs to no document, and may be deleted: {name}")
        if not report.is_whole:
            raise CommandError(f"{len(report.missing)} missing and {len(report.changed)} changed of {report.checked} documents.")
        self.stdout.write(f"{report.checked} documents are there and as they were kept.")
