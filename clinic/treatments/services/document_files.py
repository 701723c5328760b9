"""Whether the files of the documents are all there and as they were: to be asked above all after a backup was restored."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.core.files.storage import Storage

from clinic.treatments.models import Document
from clinic.treatments.services.documents import documents_storage

#: A file that no row names may be just about to get one.
_JUST_NOW = timedelta(hours=1)


@dataclass
class FileReport:
    """What the files say, by public id of the document or by the name of the file."""

    checked: int = 0
    missing: list[uuid.UUID] = field(default_factory=list)
    changed: list[uuid.UUID] = field(default_factory=list)
    without_thumbnail: list[uuid.UUID] = field(default_factory=list)
    strays: list[str] = field(default_factory=list)

    @property
    def is_whole(self) -> bool:
        """Whether every document can be read as it was kept. Strays harm nobody; a thumbnail is only convenience."""
        return not self.missing and not self.changed


def check_files(*, now: datetime) -> FileReport:
    """Read every file once and compare it with its row; list files older than an hour that no row names. Changes nothing."""
    storage, report, named = documents_storage(), FileReport(), set()
    for document in Document.objects.order_by("pk").iterator():
        report.checked += 1
        named |= {document.stored_as, document.thumbnail_as}
        found = _hash_of(storage, document.stored_as)
        if found is None:
            report.missing.append(document.public_id)
        elif found != document.sha256:
            report.changed.append(document.public_id)
        if document.thumbnail_as and not storage.exists(document.thumbnail_as):
            report.without_thumbnail.append(document.public_id)
    for name in _all_files(storage):
        if name not in named and storage.get_modified_time(name) < now - _JUST_NOW:
            report.strays.append(name)
    return report


def _hash_of(storage: Storage, name: str) -> str | None:
    try:
        with storage.open(name) as file:
            found = hashlib.sha256()
            for chunk in file.chunks():
                found.update(chunk)
            return found.hexdigest()
    except FileNotFoundError:
        return None


def _all_files(storage: Storage, folder: str = "") -> Iterator[str]:
    try:
        folders, files = storage.listdir(folder)
    except FileNotFoundError:  # nothing was ever kept
        return
    for name in sorted(files):
        yield f"{folder}/{name}" if folder else name
    for name in sorted(folders):
        yield from _all_files(storage, f"{folder}/{name}" if folder else name)
