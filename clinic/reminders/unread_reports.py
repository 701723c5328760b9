"""Keeps the text of reports that no program can read, outside the database, until a person has looked at them."""

from __future__ import annotations

import os
import uuid
from pathlib import Path

from django.conf import settings

from clinic.mailer.reports import MOST_BYTES


def keep(public_id: uuid.UUID, content: bytes) -> None:
    """Write the beginning of a report to disk, for this system user alone. Raises OSError where that cannot be done."""
    path = _path(public_id)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content[:MOST_BYTES])


def text_of(public_id: uuid.UUID) -> bytes | None:
    """Return what was kept of a report; None if nothing is there (any more)."""
    try:
        return _path(public_id).read_bytes()
    except FileNotFoundError:
        return None


def forget(public_id: uuid.UUID) -> None:
    """Delete what was kept of a report, if anything was."""
    _path(public_id).unlink(missing_ok=True)


def _path(public_id: uuid.UUID) -> Path:
    return Path(settings.REPORTS_DIR) / "unread" / f"{public_id}.eml"
