"""What stands on a printed record: words, tables and pictures, in their order. Pure.

Every text is plain and already in the reader's language. How it looks is for `paper` to say.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from clinic.staff.printed_record.strokes import Outline

#: The body map's own units, in which its places are given.
MAP_WIDTH, MAP_HEIGHT = 400.0, 500.0


class Sign(StrEnum):
    """How a dose is marked on a map: each is another shape, because a print has no colour."""

    GIVEN = "GIVEN"
    AVOIDED = "AVOIDED"
    FREE = "FREE"
    FREE_AVOIDED = "FREE_AVOIDED"


@dataclass(frozen=True, slots=True)
class Mark:
    """One dose on a map: where the point lies, and where the dose beside it stands with the line between them."""

    x: float
    y: float
    sign: Sign
    dose: str
    dose_x: float
    dose_y: float
    #: Whether the dose ends at its place, as those on the left of the picture do.
    ends_there: bool
    lead: tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Figure:
    """One view of the body with its doses. `sides` are the words over its left and its right, empty where it shows one side."""

    title: str
    sides: tuple[str, str]
    outlines: Sequence[Outline]
    marks: Sequence[Mark]


@dataclass(frozen=True, slots=True)
class Fact:
    """A name and what is said under it: the first line in full size, further ones small."""

    name: str
    lines: Sequence[str]


@dataclass(frozen=True, slots=True)
class Facts:
    """Facts under a heading, in one or two columns."""

    heading: str
    facts: Sequence[Fact]
    columns: int = 1


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under a head that is repeated on every page. `shares` are the columns' parts of the width; `numeric` are set right."""

    heading: str
    head: Sequence[str]
    rows: Sequence[Sequence[str]]
    shares: Sequence[float]
    numeric: frozenset[int] = frozenset()
    foot: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Figures:
    """The views of a treatment, and what the signs in them mean. `beside` fills the place that an odd number of them leaves."""

    heading: str
    figures: Sequence[Figure]
    key: Sequence[tuple[Sign, str]]
    beside: Table | None = None


@dataclass(frozen=True, slots=True)
class Prose:
    """Text as somebody typed it, line breaks kept."""

    heading: str
    text: str


@dataclass(frozen=True, slots=True)
class Notice:
    """What must be known before anything is read: a box on top."""

    heading: str
    text: str


@dataclass(frozen=True, slots=True)
class Sheet:
    """A whole record.

    `title` and `clinic` go into the file's properties, which a reader sees without opening it: they name no patient. `page_words`
    has the places {page} and {pages}. `unprintable` has the place {signs}.
    """

    language: str
    title: str
    clinic: str
    clinic_address: str
    person: str
    person_details: str
    heading: str
    subheading: str
    blocks: Sequence[Facts | Table | Figures | Prose]
    page_words: str
    small_print: Sequence[str]
    unprintable_heading: str
    unprintable: str
    stamp: str = ""
    notices: Sequence[Notice] = field(default_factory=tuple)
