"""The GS1 code on a box: what a scanner types or a person pastes, as product, expiry, lot and serial. Pure.

Four elements are known, each led by its application identifier (AI): 01 GTIN, 17 expiry, 10 lot, 21 serial; their order is free.
Lot and serial are of any length up to twenty, so that one which is not the last must end with the separator (FNC1, sent as
ASCII 29). A code whose end can be read in two ways is refused: nothing is ever guessed.
Source: GS1 General Specifications, sections 3 (the elements), 7.8 (separators) and 7.12 (the century).
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

SEPARATOR = "\x1d"
GTIN, EXPIRY, LOT, SERIAL = "01", "17", "10", "21"

#: Digits of the elements that have a fixed length.
_FIXED = {GTIN: 14, EXPIRY: 6}
_LONGEST = 20
#: What scanners put before the content of a GS1 symbol: DataMatrix, Code 128, DataBar, QR.
_SYMBOLOGIES = ("]d2", "]C1", "]e0", "]Q3")
#: What shows a separator where the character itself cannot be seen or typed. Neither is among the characters of a value.
_WRITTEN_SEPARATORS = ("{GS}", "\u241d")
#: The characters of a lot or serial: GS1's set of 82, which has no space.
_VALUE = re.compile(r"[!\"%&'()*+,\-./0-9:;<=>?A-Z_a-z]+")
_LED = re.compile(r"\(([0-9]{2,4})\)")
#: More than this is no code of a box, whatever it is.
MOST_CHARACTERS = 200


class Fault(StrEnum):
    """What is wrong with a code. `clinic.toxins.wording` has a sentence for each."""

    EMPTY = "EMPTY"
    TOO_LONG = "TOO_LONG"
    NOT_GS1 = "NOT_GS1"
    UNKNOWN_ELEMENT = "UNKNOWN_ELEMENT"
    TWICE = "TWICE"
    CUT_SHORT = "CUT_SHORT"
    NOT_DIGITS = "NOT_DIGITS"
    WRONG_CHECK_DIGIT = "WRONG_CHECK_DIGIT"
    NO_SUCH_DAY = "NO_SUCH_DAY"
    NO_VALUE = "NO_VALUE"
    VALUE_TOO_LONG = "VALUE_TOO_LONG"
    WRONG_CHARACTER = "WRONG_CHARACTER"
    SEPARATOR_MISSING = "SEPARATOR_MISSING"


class Unreadable(Exception):
    """The text is no code that can be read in exactly one way."""

    def __init__(self, fault: Fault, **facts: object) -> None:
        super().__init__(fault)
        self.fault = fault
        self.facts = facts


@dataclass(frozen=True)
class BoxCode:
    """What a code says. Empty, or None, for what it does not say."""

    gtin: str = ""
    expires_on: date | None = None
    lot_number: str = ""
    serial: str = ""


@dataclass
class _Reading:
    today: date
    values: dict[str, str] = field(default_factory=dict)

    def take(self, ai: str, value: str) -> None:
        """Check one element and keep it. Raises Unreadable."""
        if ai in self.values:
            raise Unreadable(Fault.TWICE, ai=ai)
        if ai in _FIXED:
            _check_fixed(ai, value, self.today)
        else:
            _check_variable(ai, value)
        self.values[ai] = value

    def done(self) -> BoxCode:
        values: Mapping[str, str] = self.values
        return BoxCode(
            gtin=values.get(GTIN, ""),
            expires_on=_day(values[EXPIRY], self.today) if EXPIRY in values else None,
            lot_number=values.get(LOT, ""),
            serial=values.get(SERIAL, ""),
        )


def read_code(text: str, *, today: date) -> BoxCode:
    """Read a code as scanned (raw, with separators) or as printed beside the symbol: (01)…(17)…(10)…(21)….

    `today` settles the century of the expiry. Raises Unreadable for anything that is not a whole code, or that could be read in
    more than one way.
    """
    if len(text) > MOST_CHARACTERS:
        raise Unreadable(Fault.TOO_LONG, most=MOST_CHARACTERS)
    for written in _WRITTEN_SEPARATORS:
        text = text.replace(written, SEPARATOR)
    text = _bare(text.strip(" \t\r\n"))
    if not text.strip(SEPARATOR):
        raise Unreadable(Fault.EMPTY)
    reading = _Reading(today)
    if text.startswith("("):
        _read_printed(text, reading)
    else:
        _read_raw(text, reading)
    return reading.done()


def has_check_digit(gtin: str) -> bool:
    """Whether `gtin` is fourteen digits, the last of which checks the others."""
    if len(gtin) != _FIXED[GTIN] or not _is_digits(gtin):
        return False
    total = sum(int(digit) * (3 if place % 2 == 0 else 1) for place, digit in enumerate(gtin[:-1]))
    return (10 - total % 10) % 10 == int(gtin[-1])


def _bare(text: str) -> str:
    """The code without the scanner's own words before it and the separator that some send there."""
    if text.startswith("]"):
        known = next((prefix for prefix in _SYMBOLOGIES if text.startswith(prefix)), None)
        if known is None:
            raise Unreadable(Fault.NOT_GS1)
        text = text[len(known) :]
    return text.removeprefix(SEPARATOR)


def _read_printed(text: str, reading: _Reading) -> None:
    """Elements led by their identifier in brackets; spaces between them are the printer's."""
    led = list(_LED.finditer(text))
    if not led or led[0].start() != 0:
        raise Unreadable(Fault.NOT_GS1)
    ends = [*(one.start() for one in led[1:]), len(text)]
    for one, end in zip(led, ends, strict=True):
        ai = one[1]
        if ai not in (GTIN, EXPIRY, LOT, SERIAL):
            raise Unreadable(Fault.UNKNOWN_ELEMENT, ai=ai)
        value = text[one.end() : end].strip(" " + SEPARATOR)
        if ai in _FIXED and len(value) != _FIXED[ai]:
            raise Unreadable(Fault.CUT_SHORT, ai=ai, digits=_FIXED[ai])
        reading.take(ai, value)


def _read_raw(text: str, reading: _Reading) -> None:
    sends_separators = SEPARATOR in text
    rest = text
    while rest:
        ai, rest = rest[:2], rest[2:]
        if ai not in (GTIN, EXPIRY, LOT, SERIAL):
            raise Unreadable(Fault.UNKNOWN_ELEMENT, ai=_identifier(ai + rest))
        if ai in _FIXED:
            value, rest = rest[: _FIXED[ai]], rest[_FIXED[ai] :]
            if len(value) < _FIXED[ai] or SEPARATOR in value:
                raise Unreadable(Fault.CUT_SHORT, ai=ai, digits=_FIXED[ai])
            reading.take(ai, value)
            # A separator after an element of fixed length says nothing, and is allowed.
            rest = rest.removeprefix(SEPARATOR)
        else:
            value, _separator, rest = rest.partition(SEPARATOR)
            if not sends_separators:
                _refuse_two_readings(ai, value, reading)
            reading.take(ai, value)


def _refuse_two_readings(ai: str, value: str, reading: _Reading) -> None:
    """Refuse the last value of a code without separators if another element could begin inside it.

    Many scanners drop the separator, so that its absence says nothing: "10A121X" is lot A121X, or lot A1 and serial X.
    An element that has been read already cannot begin again.
    """
    missing = {GTIN, EXPIRY, LOT, SERIAL} - reading.values.keys() - {ai}
    if len(value) > _LONGEST or any(_may_begin(other, value, start, reading.today) for other in missing
                                    for start in range(1, len(value))):  # fmt: skip
        raise Unreadable(Fault.SEPARATOR_MISSING, ai=ai)


def _may_begin(ai: str, value: str, start: int, today: date) -> bool:
    """Whether the element `ai` could begin at `start` of a value."""
    if not value.startswith(ai, start):
        return False
    following = value[start + 2 :]
    if ai not in _FIXED:
        return bool(following)
    try:
        _check_fixed(ai, following[: _FIXED[ai]], today)
    except Unreadable:
        return False
    return True


def _check_fixed(ai: str, value: str, today: date) -> None:
    if not _is_digits(value) or len(value) != _FIXED[ai]:
        raise Unreadable(Fault.NOT_DIGITS, ai=ai, digits=_FIXED[ai])
    if ai == GTIN and not has_check_digit(value):
        raise Unreadable(Fault.WRONG_CHECK_DIGIT, gtin=value)
    if ai == EXPIRY and _day(value, today) is None:
        raise Unreadable(Fault.NO_SUCH_DAY, day=value)


def _check_variable(ai: str, value: str) -> None:
    if not value:
        raise Unreadable(Fault.NO_VALUE, ai=ai)
    if len(value) > _LONGEST:
        raise Unreadable(Fault.VALUE_TOO_LONG, ai=ai, most=_LONGEST)
    if _VALUE.fullmatch(value) is None:
        raise Unreadable(Fault.WRONG_CHARACTER, ai=ai)


def _day(value: str, today: date) -> date | None:
    """YYMMDD as a date; day 00 is the month's last. None where there is no such day.

    The century is the one in which the year lies at most 50 years ahead of this one and at most 49 behind.
    """
    short, month, day = int(value[:2]), int(value[2:4]), int(value[4:])
    ahead = short - today.year % 100
    year = today.year - today.year % 100 + short
    if ahead >= 51:
        year -= 100
    elif ahead <= -50:
        year += 100
    if not 1 <= month <= 12:
        return None
    last = calendar.monthrange(year, month)[1]
    return date(year, month, day or last) if day <= last else None


def _identifier(text: str) -> str:
    """The identifier with which `text` begins, as far as it is one: its first two digits tell how long it is."""
    length = 2
    if re.match(r"2[345]|4[012]|71", text):
        length = 3
    elif re.match(r"3[1-69]|43|7[02]|8[012]", text):
        length = 4
    found = re.match(rf"[0-9]{{2,{length}}}", text)
    return found[0] if found else text[:2]


def _is_digits(text: str) -> bool:
    return text.isascii() and text.isdigit()
