"""`manage.py engine_check`: whether letters go, for cron; tells administrators by e-mail when they do not."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.db import DatabaseError
from django.utils import timezone

from clinic.reminders import alarm
from clinic.reminders.mark import Mark, MarkUnusable, Remembered
from clinic.reminders.pulse_words import sentence
from clinic.reminders.services import Pulse, take_pulse

_CODES = {"green": 0, "amber": 1, "red": 2}


class Command(BaseCommand):
    help = "Exit code 0: letters go; 1: look at it; 2: letters stand still. E-mails administrators when that changes."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--no-mail", action="store_true", help="tell nobody, only answer")
        parser.add_argument("--every", type=float, default=6.0, metavar="HOURS", help="say the same again after (default: 6)")

    def handle(self, *args: Any, no_mail: bool, every: float, **options: Any) -> None:
        now = timezone.now()
        try:
            pulse: Pulse | None = take_pulse(now=now)
        except DatabaseError:
            pulse = None
        level = "red" if pulse is None else pulse.level
        words = "the database does not answer" if pulse is None else sentence(pulse, now)
        if pulse is not None and pulse.has_pile and pulse.paused_at is None:
            words += "; a clinic has unusually many letters ready, which somebody must look at"
        self.stdout.write(f"{level}: {words}")
        if not no_mail:
            self._tell(level, words, pulse, timedelta(hours=every))
        sys.exit(_CODES[level])

    def _tell(self, level: str, words: str, pulse: Pulse | None, every: timedelta) -> None:
        now, mark = timezone.now(), Mark(Path(settings.ENGINE_MARK))
        try:
            known = mark.read()
        except MarkUnusable as unusable:
            # Better told too often than never.
            self.stderr.write(f"whom was told when cannot be noted: {unusable}")
            known = Remembered()
        if not alarm.is_due(known, level, every=every, now=now):
            return
        addresses = alarm.recipients(with_administrators=pulse is not None)
        told = alarm.tell(addresses, subject=f"{settings.SITE_HOST}: {level}", text=_text(level, words, pulse), now=now)
        if told < len(addresses) or not addresses:
            self.stderr.write(f"{told} of {len(addresses)} administrators could be told")
        if told:
            try:
                mark.told(level, now)
            except MarkUnusable as unusable:
                self.stderr.write(f"whom was told when cannot be noted: {unusable}")


def _text(level: str, words: str, pulse: Pulse | None) -> str:
    lines = [f"{level.upper()}: {words}", ""]
    if pulse is not None:
        lines += [
            f"Last run: {pulse.last_tick_at or 'never'}",
            f"Last run to its end: {pulse.last_success_at or 'never'}",
            f"In doubt: {pulse.in_doubt}; given up: {pulse.given_up}",
            "",
        ]
    lines += [f"{settings.SITE_URL}/letters/", "What to do stands in docs/operations.md, “When letters stand still”."]
    return "\n".join(lines)
