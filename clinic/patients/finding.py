"""What somebody types to find a patient: words of a name or number, and birth dates however they are written. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

from clinic.patients.names import fold

#: More words or characters than this narrow nothing down; they only keep the database busy.
MOST_WORDS = 8
MOST_CHARACTERS = 120

_YEAR_FIRST = re.compile(r"(\d{4})[-./](\d{1,2})[-./](\d{1,2})")
_YEAR_LAST = re.compile(r"(\d{1,2})[-./](\d{1,2})[-./](\d{4}|\d{2})")


@dataclass(frozen=True)
class Sought:
    """What a search asks for: every word, and for each piece that reads as a date one of its readings."""

    words: tuple[str, ...]
    born_on: tuple[tuple[str, tuple[date, ...]], ...]


def understand(text: str) -> Sought:
    """Return what `text` asks for. A piece that can be read as a date is a birth date, any other a word."""
    words: list[str] = []
    dates: list[tuple[str, tuple[date, ...]]] = []
    for piece in fold(text[:MOST_CHARACTERS]).split()[:MOST_WORDS]:
        readings = dates_of(piece)
        if readings:
            dates.append((piece, readings))
        else:
            words.append(piece)
    return Sought(tuple(words), tuple(dates))


def dates_of(piece: str) -> tuple[date, ...]:
    """Return every date that `piece` may mean, the earliest first; none if it is not a date.

    1959-03-02 is one date, and so is 02.03.1959 (day first). 2/3/1959 is read both ways, because both are in use. A year of two
    digits is one of either century.
    """
    if found := _YEAR_FIRST.fullmatch(piece):
        year, month, day = map(int, found.groups())
        return _existing([(year, month, day)])
    if found := _YEAR_LAST.fullmatch(piece):
        first, second, year = map(int, found.groups())
        years = [year] if len(found.group(3)) == 4 else [1900 + year, 2000 + year]
        orders = [(second, first)] if "." in piece else [(second, first), (first, second)]
        return _existing([(y, month, day) for y in years for month, day in orders])
    return ()


def _existing(candidates: list[tuple[int, int, int]]) -> tuple[date, ...]:
    found = set()
    for year, month, day in candidates:
        try:
            found.add(date(year, month, day))
        except ValueError:
            continue
    return tuple(sorted(found))
