"""The typeface of printed records, and what becomes of signs that it does not have. Pure.

Source Sans Pro has the Latin alphabets with all their accents (Vietnamese too), Greek with its accents, and Cyrillic. A sign
outside of it is never left out: a box stands in its place, and `Typesetter.missing` says which one it was.
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from functools import lru_cache
from html import escape
from pathlib import Path

import font_source_sans_pro
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont

PLAIN, BOLD = "Record", "Record-Bold"
#: Stands for a sign that the typeface does not have.
BOX = "☐"
_FILES = {PLAIN: "SourceSansPro-Regular.ttf", BOLD: "SourceSansPro-Semibold.ttf"}


@lru_cache(maxsize=1)
def load() -> frozenset[int]:
    """Make the typeface known to reportlab; return the code points that both its weights have."""
    folder = Path(font_source_sans_pro.__file__).parent / "files"
    found: list[frozenset[int]] = []
    for name, file in _FILES.items():
        font = TTFont(name, str(folder / file))
        pdfmetrics.registerFont(font)
        found.append(frozenset(font.face.charToGlyph))
    pdfmetrics.registerFontFamily(PLAIN, normal=PLAIN, bold=BOLD, italic=PLAIN, boldItalic=BOLD)
    return frozenset.intersection(*found)


class Typesetter:
    """Makes text fit to be printed, and remembers what it had no sign for."""

    def __init__(self) -> None:
        self._has = load()
        self._missing: Counter[str] = Counter()

    def text(self, text: str) -> str:
        """The text with a box for each sign that the typeface does not have. Accents are joined with their letters first."""
        return "".join(self._sign(one) for one in unicodedata.normalize("NFC", text))

    def marked_up(self, text: str) -> str:
        """The same for a paragraph, in which < and & begin mark-up, with its line breaks kept."""
        return escape(self.text(text), quote=False).replace("\n", "<br/>")

    @property
    def missing(self) -> list[str]:
        """What boxes stand for, once each, as Unicode names it: "U+05D0 HEBREW LETTER ALEF"."""
        return [f"U+{ord(one):04X} {unicodedata.name(one, '')}".rstrip() for one in sorted(self._missing)]

    def _sign(self, one: str) -> str:
        if one == "\n":
            return one
        if one.isspace():
            return " "
        # Marks without ink: where a word may break, how letters join.
        if unicodedata.category(one) == "Cf":
            return ""
        if ord(one) in self._has and unicodedata.category(one) != "Cc":
            return one
        self._missing[one] += 1
        return BOX
