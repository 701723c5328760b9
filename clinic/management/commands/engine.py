"""`manage.py engine`: the same engine without Celery and Redis."""

from __future__ import annotations

import signal
import threading
from argparse import ArgumentParser
from datetime import timedelta
from types import FrameType
from typing import Any

from django.core.management.base import BaseCommand
from django.db import close_old_connections
from django.utils import timezone

from clinic.reminders import engine
from clinic.reminders.deployment import Deployment
from clinic.reminders.pulse_words import sentence
from clinic.reminders.services import take_pulse


class Command(BaseCommand):
    help = "Plans and hands over letters every minute until stopped; with --once, once."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--once", action="store_true", help="do what is due now and end")
        parser.add_argument("--every", type=float, default=60.0, metavar="SECONDS", help="begin so often (default: 60)")

    def handle(self, *args: Any, once: bool, every: float, **options: Any) -> None:
        if once:
            self._run(engine.BUDGET)
            return
        stopping = threading.Event()

        def stop(_number: int, _frame: FrameType | None) -> None:
            stopping.set()

        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, stop)
        while not stopping.is_set():
            began = timezone.now()
            close_old_connections()
            self._run(timedelta(seconds=every * engine.BUDGET.total_seconds() / 60))
            stopping.wait(max(0.0, every - (timezone.now() - began).total_seconds()))

    def _run(self, budget: timedelta) -> None:
        ran = engine.run(clock=timezone.now, worker=engine.worker_name(), deployment=Deployment.here(), budget=budget)
        self.stdout.write(
            f"looked at {ran.planned.patients} patients: {ran.planned.letters} letters and {ran.planned.tasks} tasks earned; "
            f"{ran.handed.sent} sent, {ran.handed.later} to be tried again, {ran.handed.refused} refused, "
            f"{ran.handed.unknown} in doubt, {ran.handed.dead} given up, {ran.handed.settled} held back or no longer needed"
        )
        pulse = take_pulse(now=timezone.now())
        if pulse.paused_at is not None or pulse.mark_failing_since is not None:
            self.stdout.write(sentence(pulse, timezone.now()))
