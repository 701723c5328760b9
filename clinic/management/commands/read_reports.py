"""`manage.py read_reports`: takes in reports about letters from files, folders and standard input."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from clinic import audit
from clinic.reminders.delivery_reports import ReportWay
from clinic.reminders.services import Taken, take_report

#: Mails of a folder that were taken in are moved here.
DONE = "done"
#: The folders of a Maildir in which mail lies; `tmp` holds what is still being written.
_MAILDIR = ("new", "cur")
#: Of a longer file the rest is not read: what a report says stands at its beginning.
_MOST_BYTES = 64 << 20


class Command(BaseCommand):
    help = (
        "Takes in what mail servers report of letters: each file one mail; of a folder (or Maildir) every mail in it, "
        f"which is then moved to its own folder '{DONE}'; '-' reads one mail from standard input. The same report again "
        "changes nothing."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("paths", nargs="+", metavar="PATH", help="a file, a folder, a Maildir, or -")

    def handle(self, *args: Any, paths: list[str], **options: Any) -> None:
        taken: Counter[Taken] = Counter()
        for path in paths:
            if path == "-":
                taken[self._take(sys.stdin.buffer.read(_MOST_BYTES))] += 1
            elif Path(path).is_dir():
                for file in _mails(Path(path)):
                    taken[self._take(_content(file))] += 1
                    _move_away(file, Path(path) / DONE)
            elif Path(path).is_file():
                taken[self._take(_content(Path(path)))] += 1
            else:
                raise CommandError(f"{path}: no such file or folder")
        self.stdout.write(
            f"{taken[Taken.ACTED]} taken in, {taken[Taken.KNOWN]} known before, {taken[Taken.FOR_A_PERSON]} kept for a person"
        )

    def _take(self, content: bytes) -> Taken:
        return take_report(by=audit.Actor.system(), content=content, way=ReportWay.FILE, now=timezone.now())


def _mails(folder: Path) -> Iterator[Path]:
    """The mails of a folder, in the order of their names; of a Maildir, those that are there whole."""
    places = [folder / name for name in _MAILDIR if (folder / name).is_dir()] or [folder]
    for place in places:
        yield from sorted(file for file in place.iterdir() if file.is_file() and not file.name.startswith("."))


def _content(file: Path) -> bytes:
    with file.open("rb") as opened:
        return opened.read(_MOST_BYTES)


def _move_away(file: Path, done: Path) -> None:
    """Put a mail where the next run does not look; two of the same name stay two."""
    done.mkdir(mode=0o700, exist_ok=True)
    target, number = done / file.name, 1
    while target.exists():
        target, number = done / f"{number}-{file.name}", number + 1
    file.rename(target)
