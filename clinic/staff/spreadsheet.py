"""Lists as a file for a spreadsheet: nothing in a cell is ever run as a formula."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence

from django.http import HttpResponse

#: A cell that begins with one of these is run as a formula by Excel, LibreOffice or Google Sheets
#: (OWASP, "CSV Injection": = + - @, tab and carriage return; the line feed and the full-width forms are read alike).
_RUN = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def cell(text: str) -> str:
    """The text as a spreadsheet shows it without running it: what begins like a formula gets an apostrophe before it."""
    return f"'{text}" if text.lstrip(" ").startswith(_RUN) else text


def spreadsheet(name: str, head: Sequence[object], rows: Iterable[Sequence[object]]) -> HttpResponse:
    """A download that spreadsheets open with every letter right: CSV in UTF-8 with its mark, each row in one line."""
    written = io.StringIO()
    writer = csv.writer(written)
    for row in (head, *rows):
        writer.writerow([cell(str(one)) for one in row])
    # The mark at the beginning is what tells Excel that it is UTF-8.
    response = HttpResponse("\ufeff" + written.getvalue(), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    response["Cache-Control"] = "no-store"
    return response
