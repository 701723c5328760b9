"""What people type: which characters a line or a text may hold, how it is tidied, and how a name is found again. Pure."""

from __future__ import annotations

import re
import unicodedata
from enum import StrEnum


class Flaw(StrEnum):
    """Why a piece of text is refused. Each would do harm further on: in a mail header, a list, a search, a label."""

    LINE_BREAK = "LINE_BREAK"
    CONTROL = "CONTROL"
    DIRECTION = "DIRECTION"
    UNREADABLE = "UNREADABLE"


_LINE_BREAKS = re.compile("[\n\r\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")
_LINE_BREAKS_OF_A_TEXT = re.compile("[\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")
_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f]")
_CONTROLS_OF_A_TEXT = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x9f]")
# Marks that turn the direction of what follows, so that a name reads differently from what is stored.
_DIRECTIONS = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
# Half characters, characters that are none, and the sign that stands for bytes nobody could read.
_UNREADABLE = re.compile("[\ud800-\udfff\ufdd0-\ufdef\ufffd-\uffff]")
# Take no room and mean nothing in a name; they come along when text is copied and would hide it from the search.
_INVISIBLE = re.compile("[\u00ad\u200b\u2060\ufeff]")


def flaw_of(text: str, *, several_lines: bool = False) -> Flaw | None:
    """Return why `text` must be refused, or None. `several_lines` allows line breaks (LF, CR) and tabs."""
    breaks = _LINE_BREAKS_OF_A_TEXT if several_lines else _LINE_BREAKS
    controls = _CONTROLS_OF_A_TEXT if several_lines else _CONTROLS
    if breaks.search(text):
        return Flaw.LINE_BREAK
    if controls.search(text):
        return Flaw.CONTROL
    if _DIRECTIONS.search(text):
        return Flaw.DIRECTION
    if _UNREADABLE.search(text):
        return Flaw.UNREADABLE
    return None


def tidy(text: str, *, several_lines: bool = False) -> str:
    """Return `text` composed (NFC), without invisible characters, with single spaces and LF line ends, trimmed.

    Check its length first: composing a very long run of accents takes long.
    """
    text = _INVISIBLE.sub("", unicodedata.normalize("NFC", text))
    if several_lines:
        return text.replace("\r\n", "\n").replace("\r", "\n").strip()
    return " ".join(text.split())


def search_text(*parts: str) -> str:
    """Return what a person is found by: the parts in lower case, and again without accents if they have any."""
    folded = fold(" ".join(parts))
    plain = _without_accents(folded)
    return folded if plain == folded else f"{folded} {plain}"


def fold(text: str) -> str:
    """Return `text` as it stands in a search text: composed, caseless, with a plain apostrophe."""
    return tidy(text).casefold().replace("’", "'")


def _without_accents(folded: str) -> str:
    apart = unicodedata.normalize("NFD", folded)
    return unicodedata.normalize("NFC", "".join(character for character in apart if not unicodedata.combining(character)))
