"""What this deployment has done, kept outside the database, so that a database older than its own deeds is noticed.

A small file with a ring of records: each is written into the next place and synced to the disk before the call returns, so
a power cut tears at most a record whose letter has not left. Every worker of a machine shares the file; it is locked while
it is read and changed. No patient data: times, and the public id of the last message.
"""

from __future__ import annotations

import fcntl
import json
import os
import re
import uuid
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields, replace
from datetime import datetime
from pathlib import Path
from typing import Any

#: A record is a part of one page, and there are more records than workers: none is written over before it has reached the disk.
_RECORD = 1024
_RECORDS = 64
#: How a record begins: its checksum, then its number.
_NUMBER = re.compile(rb'[0-9a-f]{8} \{"number":(\d{1,18}),')


class MarkUnusable(Exception):
    """The file cannot be read, written or understood: nothing may be sent. The text is fit for a log and a person."""


@dataclass(frozen=True, slots=True)
class Remembered:
    """What the file holds. Every value is empty before the first run."""

    #: Which deployment this is.
    instance: uuid.UUID | None = None
    last_tick_at: datetime | None = None
    #: When the last letter was handed over, and which.
    handed_at: datetime | None = None
    handed: uuid.UUID | None = None
    #: The start of this machine at which `steady` was read (seconds that no clock step touches), and the time it was then.
    boot: str = ""
    steady: float = 0.0
    wall: datetime | None = None
    #: The level of which administrators were told last, and when they last were of each (`alarm`).
    told: str = ""
    told_green_at: datetime | None = None
    told_amber_at: datetime | None = None
    told_red_at: datetime | None = None


class Mark:
    """The file. Every method raises MarkUnusable where the file cannot be used."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def read(self) -> Remembered:
        """Return what is remembered; nothing before the first run."""
        try:
            content = self.path.read_bytes()
        except FileNotFoundError:
            return Remembered()
        except OSError as error:
            raise _unusable("read", error) from error
        return _newest(content)[1]

    def adopt(self, instance: uuid.UUID) -> uuid.UUID:
        """Remember which deployment this is, unless that is known; return which it is."""
        kept = self._change(lambda known: known if known.instance else replace(known, instance=instance))
        return kept.instance or instance

    def ticked(self, at: datetime, *, boot: str, steady: float, wall: datetime, clock_went_back: bool = False) -> None:
        """Remember a run that has begun."""

        def change(known: Remembered) -> Remembered:
            latest = at if clock_went_back else max(at, known.last_tick_at or at)
            return replace(known, last_tick_at=latest, boot=boot, steady=steady, wall=wall)

        self._change(change)

    def handed_over(self, message: uuid.UUID, at: datetime) -> None:
        """Remember that this message is about to leave. Once this returns, a power cut cannot make it forgotten."""

        def change(known: Remembered) -> Remembered:
            is_later = known.handed_at is None or at >= known.handed_at
            return replace(known, handed=message, handed_at=at) if is_later else known

        self._change(change)

    def told(self, level: str, at: datetime) -> None:
        """Remember of which level administrators were told, and when."""
        moment: dict[str, Any] = {f"told_{level}_at": at}
        self._change(lambda known: replace(known, told=level, **moment))

    def _change(self, change: Callable[[Remembered], Remembered]) -> Remembered:
        try:
            with self._opened() as file:
                number, known = _newest(os.pread(file, _RECORD * _RECORDS, 0))
                changed = change(known)
                if changed != known:
                    os.pwrite(file, _written(number + 1, changed), (number + 1) % _RECORDS * _RECORD)
                fcntl.flock(file, fcntl.LOCK_UN)
                # Others may write meanwhile: into other places, and their records reach the disk with ours.
                os.fdatasync(file)
        except OSError as error:
            raise _unusable("written", error) from error
        return changed

    @contextmanager
    def _opened(self) -> Iterator[int]:
        """Open and lock the file; make it whole, with its entry in the folder, if it is not there."""
        try:
            file = os.open(self.path, os.O_RDWR)
        except FileNotFoundError:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            file = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(file, fcntl.LOCK_EX)
            if os.fstat(file).st_size == 0:
                os.pwrite(file, (b" " * (_RECORD - 1) + b"\n") * _RECORDS, 0)
                os.fsync(file)
                _sync_folder(self.path.parent)
            yield file
        finally:
            os.close(file)


def _sync_folder(folder: Path) -> None:
    entry = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(entry)
    finally:
        os.close(entry)


def _written(number: int, remembered: Remembered) -> bytes:
    values = {field.name: getattr(remembered, field.name) for field in fields(Remembered)}
    body = json.dumps({"number": number, **values}, default=_as_text, separators=(",", ":"))
    record = f"{zlib.crc32(body.encode()):08x} {body}".encode()
    return record.ljust(_RECORD - 1) + b"\n"


def _newest(content: bytes) -> tuple[int, Remembered]:
    """The number of the newest whole record and what it says. A torn one is passed over: what it tells of has not happened."""
    heads = ((start, _NUMBER.match(content, start)) for start in range(0, len(content), _RECORD))
    # Only the newest is taken apart, after a power cut the one before it too: the file is read for each letter.
    for number, start in sorted(((int(head[1]), start) for start, head in heads if head), reverse=True):
        record = _understood(content[start : start + _RECORD])
        if record is not None and record[0] == number:
            return record
    if content.strip():
        raise MarkUnusable("the file does not hold what the engine has written")
    return -1, Remembered()


def _understood(record: bytes) -> tuple[int, Remembered] | None:
    checksum, _space, body = record.strip().partition(b" ")
    if checksum != b"%08x" % zlib.crc32(body):
        return None
    values: dict[str, Any] = json.loads(body)
    number = values.pop("number")
    for name, value in values.items():
        if value and name.endswith(("_at", "wall")):
            values[name] = datetime.fromisoformat(value)
        elif value and name in ("instance", "handed"):
            values[name] = uuid.UUID(value)
    return number, Remembered(**values)


def _as_text(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)


def _unusable(what: str, error: OSError) -> MarkUnusable:
    return MarkUnusable(f"the file cannot be {what}: {error.strerror or type(error).__name__}")
