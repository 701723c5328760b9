"""Files of patients: a folder that only this program reads, without an address; and how much one request may bring."""

from __future__ import annotations

import os
from pathlib import Path
from typing import IO, Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.core.files.base import File
from django.core.files.storage import FileSystemStorage
from django.core.files.uploadhandler import FileUploadHandler
from django.utils.functional import cached_property

MEGABYTE = 1024 * 1024
#: So many of the largest files come in one request; the rest of a form is small.
MOST_FILES = 10


class PrivateFiles(FileSystemStorage):
    """The storage "documents": DOCUMENTS_ROOT, folders 0700, files 0600, no address, on disk once `save` has returned.

    A clinic that keeps its files elsewhere names another storage of Django's in STORAGES; it must be as private.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"file_permissions_mode": 0o600, "directory_permissions_mode": 0o700, **options})

    @cached_property
    def base_location(self) -> str:
        return str(self._location or settings.DOCUMENTS_ROOT)  # type: ignore[attr-defined]

    def url(self, name: str | None) -> str:
        """Refuse: these files are read through a page that asks who is there."""
        raise ValueError("These files have no address.")

    def _save(self, name: str, content: File[Any]) -> str:
        saved: str = super()._save(name, content)  # type: ignore[misc] # Django's own hook, unknown to its stubs
        # The row that names the file is committed to disk; so is the file before it.
        for path in (Path(self.path(saved)), Path(self.path(saved)).parent):
            handle = os.open(path, os.O_RDONLY)
            try:
                os.fsync(handle)
            finally:
                os.close(handle)
        return saved


class RefuseTooMuch(FileUploadHandler):
    """Refuses (400) a request larger than MOST_FILES of the largest files before anything of it is read."""

    def handle_raw_input(
        self,
        input_data: IO[bytes],
        META: dict[str, str],  # noqa: N803 - Django's name
        content_length: int,
        boundary: str,
        encoding: str | None = None,
    ) -> None:
        """Look at the announced length; the server reads no further than that."""
        if content_length > (MOST_FILES * settings.DOCUMENT_MEGABYTES + 1) * MEGABYTE:
            raise RequestDataTooBig("The request is larger than any form of this site.")

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes:
        """Leave the files to the handlers that follow."""
        return raw_data

    def file_complete(self, file_size: int) -> None:
        """Leave the files to the handlers that follow."""
