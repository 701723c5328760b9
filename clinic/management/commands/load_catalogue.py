"""Bring the clinical catalogue into the database: safe to repeat, and it never undoes what a clinic changed."""

from typing import Any

from django.core.management.base import BaseCommand
from django.db import transaction

from clinic.safety.catalogue import load_terms
from clinic.toxins.services import load_catalogue


class Command(BaseCommand):
    help = "Load indications, products, label rules, points and side-effect terms; what a clinic edited or verified stays."

    @transaction.atomic
    def handle(self, *args: Any, **options: Any) -> None:
        report = load_catalogue()
        report.loaded["side-effect terms"] = load_terms()
        for line in report.lines():
            self.stdout.write(line)
