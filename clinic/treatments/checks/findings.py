"""What a check says: how serious it is, its numbers, the rule in words with its source, and how it is answered."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from decimal import Decimal
from enum import StrEnum


class Severity(StrEnum):
    """A note is read. A warning is answered with a reason. A stop is answered with a reason, and by a clinician."""

    NOTE = "NOTE"
    WARNING = "WARNING"
    STOP = "STOP"


_ORDER = {Severity.STOP: 0, Severity.WARNING: 1, Severity.NOTE: 2}


class Code(StrEnum):
    """What was found. `clinic.treatments.check_words` has a sentence for each."""

    SESSION_CEILING = "SESSION_CEILING"
    POINT_CEILING = "POINT_CEILING"
    EYE_CEILING = "EYE_CEILING"
    MUSCLE_CEILING = "MUSCLE_CEILING"
    SIDE_CEILING = "SIDE_CEILING"
    ROLLING_CEILING = "ROLLING_CEILING"
    WEIGHT_MISSING = "WEIGHT_MISSING"
    WEIGHT_OLD = "WEIGHT_OLD"
    NO_RULES = "NO_RULES"
    TOO_EARLY = "TOO_EARLY"
    TOO_EARLY_FOR_NEXT = "TOO_EARLY_FOR_NEXT"
    OTHER_PRODUCT = "OTHER_PRODUCT"
    UNUSUAL_TOTAL = "UNUSUAL_TOTAL"
    ABOVE_USUAL = "ABOVE_USUAL"
    AVOIDED_POINT = "AVOIDED_POINT"
    RISKY_POINT = "RISKY_POINT"
    LOWER_FACE = "LOWER_FACE"
    BOTH_SIDES = "BOTH_SIDES"
    VOLUME = "VOLUME"
    PRESEPTAL = "PRESEPTAL"
    AGE = "AGE"
    HYPERSENSITIVITY = "HYPERSENSITIVITY"
    MILK_ALLERGY = "MILK_ALLERGY"
    INFECTION = "INFECTION"
    NEUROMUSCULAR = "NEUROMUSCULAR"
    SWALLOWING = "SWALLOWING"
    PREGNANCY = "PREGNANCY"
    AMINOGLYCOSIDE = "AMINOGLYCOSIDE"
    ANTICOAGULANT = "ANTICOAGULANT"
    EARLIER_REACTION = "EARLIER_REACTION"
    OPEN_SIDE_EFFECT = "OPEN_SIDE_EFFECT"
    HOLD = "HOLD"


#: What may not stand in the name and the id of a form's field.
_UNSAFE = re.compile(r"[^A-Za-z0-9_.-]")


@dataclass(frozen=True)
class Finding:
    """One thing that a check found. `facts` are the numbers that `code`'s sentence tells.

    `verified` says, for a rule of a label, whether a clinician of the clinic has compared it with the current label; it is None
    where there is nothing to compare. `is_general` marks what no page was read for, `is_proposal` what is this project's own.
    """

    code: Code
    severity: Severity
    facts: Mapping[str, object] = dataclass_field(default_factory=dict)
    #: What tells this finding from others of its code: a rule's code, an item, a public id.
    about: str = ""
    rule: str = ""
    source: str = ""
    verified: bool | None = None
    is_general: bool = False
    is_proposal: bool = False

    @property
    def key(self) -> str:
        """The name under which a reason is given. It changes with the numbers: a reason for 55 U is none for 95 U."""
        told = sorted((name, _plain(value)) for name, value in self.facts.items())
        return f"{self.stem}.{zlib.crc32(f'{self.severity} {told}'.encode()):08x}"

    @property
    def stem(self) -> str:
        """The key without its numbers."""
        return _UNSAFE.sub("-", f"{self.code}.{self.about}" if self.about else str(self.code))

    @property
    def needs_reason(self) -> bool:
        return self.severity is not Severity.NOTE

    @property
    def needs_clinician(self) -> bool:
        return self.severity is Severity.STOP


def _plain(value: object) -> str:
    """A fact as it reads however it was typed or stored: 5 and 5.00 are one number."""
    if isinstance(value, tuple):
        return repr([_plain(part) for part in value])
    return f"{value.normalize():f}" if isinstance(value, Decimal) else str(value)


def in_order(findings: Iterable[Finding]) -> list[Finding]:
    """Stops first, then warnings, then notes; otherwise as they come."""
    return sorted(findings, key=lambda finding: _ORDER[finding.severity])


def unanswered(findings: Iterable[Finding], *, reasons: Mapping[str, str], by_clinician: bool) -> list[Finding]:
    """Those that signing still waits for: a warning without a reason, a stop without one or not answered by a clinician.

    `reasons` are by `Finding.key`; one that is nothing but space is none.
    """
    return [
        finding
        for finding in findings
        if (finding.needs_reason and not reasons.get(finding.key, "").strip()) or (finding.needs_clinician and not by_clinician)
    ]
