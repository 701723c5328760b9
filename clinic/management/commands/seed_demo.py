"""Fill an empty database with the demonstration: two invented clinics and two years of their work."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from clinic.management.seed.practice import ACCOUNTS, PASSWORD
from clinic.management.seed.world import make
from clinic.patients.models import Patient
from clinic.practice.models import Clinic

__all__ = ["ACCOUNTS", "PASSWORD", "Command"]


class Command(BaseCommand):
    help = "Fill an empty database with two invented clinics and about 120 invented patients. Does nothing to a filled one."

    def handle(self, *args: Any, **options: Any) -> None:
        if Clinic.objects.exists():
            raise CommandError("This database already holds a clinic. The demonstration needs an empty one; nothing was changed.")
        make(timezone.now())
        if options["verbosity"]:
            self._greet()

    def _greet(self) -> None:
        self.stdout.write(
            f"Two invented clinics with {Patient.objects.count()} invented patients. Everybody in them is invented."
        )
        self.stdout.write(f"Sign in with the password {PASSWORD} as")
        width = max(len(email) for email, _what in ACCOUNTS)
        for email, what in ACCOUNTS:
            self.stdout.write(f"  {email:{width}}  {what}")
