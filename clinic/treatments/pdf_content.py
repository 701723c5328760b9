"""A sent PDF made fit to keep: its pages, and nothing that travels hidden beside them. Pure.

Programs write into a PDF who made it, when and on what machine; it may carry whole files, scripts and what an earlier version
said. None of that belongs to the paper that a patient signed.
"""

from __future__ import annotations

import struct
import zlib
from io import BytesIO
from typing import Any

from pypdf import PdfReader, PdfWriter
from pypdf.errors import PyPdfError
from pypdf.generic import ArrayObject, DictionaryObject, IndirectObject, PdfObject

from clinic.treatments.file_content import Fault, Unfit

#: Near the end of a whole PDF stands its end mark; some programs add a little after it.
_END, _TAIL = b"%%EOF", 4096
#: Objects that a paper has at most: a hundred pages with all their letters drawn singly have fewer.
MOST_OBJECTS = 100_000
#: What any dictionary of a PDF may hold and no page needs: about its making, files, and what is done on opening or leaving.
_HIDDEN = ("/Metadata", "/PieceInfo", "/LastModified", "/Thumb", "/AA", "/OpenAction", "/AF", "/EF", "/JS", "/XFA", "/Collection")
#: Names kept in a tree of their own, all but those of places in the document.
_TREES = ("/JavaScript", "/EmbeddedFiles", "/AlternatePresentations", "/Renditions", "/IDS", "/URLS")
#: Actions that run, open or send something. What remains goes to a place in the document or to an address.
_RUNNING = (
    "/JavaScript",
    "/Launch",
    "/SubmitForm",
    "/ImportData",
    "/Rendition",
    "/GoToR",
    "/GoToE",
    "/RichMediaExecute",
)
#: Marks on a page that hold a file or play one.
_CARRYING = ("/FileAttachment", "/Sound", "/Movie", "/Screen", "/RichMedia", "/3D")
#: What the library raises over bytes that are no whole PDF.
_BROKEN = (
    PyPdfError, OSError, ValueError, KeyError, IndexError, TypeError, AttributeError, OverflowError, AssertionError,
    NotImplementedError, RecursionError, struct.error, zlib.error,
)  # fmt: skip


def cleaned_pdf(data: bytes) -> bytes:
    """The PDF without its description (Info, XMP), earlier states, attached files, scripts and actions; its pages look the same.

    The same bytes give the same. One with a digital signature stays as it was sent: any change would break the signature.
    Pictures inside are not opened. Raises Unfit for a PDF that is damaged or cut off, or that asks for a password.
    """
    if _END not in data[-_TAIL:]:
        raise Unfit(Fault.BROKEN)
    try:
        reader = PdfReader(BytesIO(data))
        if reader.is_encrypted:
            raise Unfit(Fault.LOCKED)
        pages = len(reader.pages)
        if not pages:
            raise Unfit(Fault.BROKEN)
        if _is_signed(reader):
            return data
        writer = PdfWriter(clone_from=reader, incremental_clone_object_count_limit=MOST_OBJECTS)
        for one in list(writer._objects):
            if one is not None:
                _strip(one)
        # Read and copied once more: what nothing leads to any longer stays behind.
        kept = _written(PdfWriter(clone_from=PdfReader(BytesIO(_written(writer)))))
        if len(PdfReader(BytesIO(kept)).pages) != pages:
            raise Unfit(Fault.BROKEN)
    except _BROKEN as broken:
        raise Unfit(Fault.BROKEN) from broken
    return kept


def _is_signed(reader: PdfReader) -> bool:
    """Whether a field of the form holds a digital signature."""
    form = reader.root_object.get("/AcroForm")
    if form is None:
        return False
    fields = reader.get_fields() or {}
    return any(field.get("/FT") == "/Sig" and field.get("/V") is not None for field in fields.values())


def _written(writer: PdfWriter) -> bytes:
    writer.metadata = None
    writer._ID = None
    written = BytesIO()
    writer.write(written)
    return written.getvalue()


def _strip(root: PdfObject) -> None:
    """Take what is hidden out of an object and of all that is written inside it, without following references."""
    waiting: list[Any] = [root]
    while waiting:
        one = waiting.pop()
        if isinstance(one, DictionaryObject):
            _strip_dictionary(one)
            waiting += one.values()
        elif isinstance(one, list):
            waiting += one


def _strip_dictionary(one: DictionaryObject) -> None:
    for name in _HIDDEN:
        one.pop(name, None)
    for name in _TREES:
        if isinstance(one.get(name), DictionaryObject | IndirectObject):
            one.pop(name, None)
    if one.get("/S") in _RUNNING:
        one.clear()
    if one.get("/Type") == "/Page" and "/Annots" in one:
        _strip_marks(one)


def _strip_marks(page: DictionaryObject) -> None:
    """Leave out the marks of a page that carry or play a file."""
    marks = page["/Annots"]
    if not isinstance(marks, ArrayObject):
        del page["/Annots"]
        return
    for mark in [one for one in marks if one.get_object().get("/Subtype") in _CARRYING]:
        marks.remove(mark)
