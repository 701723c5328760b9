"""`manage.py tour`: the main job told in the terminal by the real parts, on a throw-away database."""

import time
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from botox_tracker import stack
from botox_tracker.servers import ServerError, postgres
from clinic.management.tour.story import tell
from clinic.management.tour.visitor import StoryError


class Command(BaseCommand):
    help = "Tells the main job by doing it, with web, Celery, broker and mail for real. Exit code 1 if a step fails."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--postgresql", action="store_true", help="on a private PostgreSQL instead of SQLite")

    def handle(self, *args: Any, postgresql: bool, **options: Any) -> None:
        begun = time.monotonic()
        try:
            if postgresql:
                with postgres() as url:
                    self._tell(url, begun)
            else:
                self._tell("", begun)
        except (StoryError, ServerError) as error:
            raise CommandError(f"{time.monotonic() - begun:5.1f} s  did not come true: {error}") from error
        self.stdout.write(f"{time.monotonic() - begun:5.1f} s  everything came true; nothing is left running")

    def _tell(self, database_url: str, begun: float) -> None:
        with stack.running(database_url=database_url) as running:
            for told in tell(running):
                self.stdout.write(f"{time.monotonic() - begun:5.1f} s  {told.words}")
                self.stdout.flush()
