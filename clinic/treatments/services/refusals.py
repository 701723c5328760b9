"""How recording a treatment is refused."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from clinic.treatments import dosing, wording
from clinic.treatments.models import InjectionSession


@dataclass(frozen=True)
class Problem:
    """One thing to correct: the field (`points-3-units` for the fourth point) and a sentence for a person."""

    field: str
    message: str


class TreatmentRefused(Exception):
    """The treatment cannot be recorded like this; nothing was written. Holds every problem at once."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__(", ".join(problem.field for problem in problems))
        self.problems = list(problems)


class AlreadyRecorded(Exception):
    """This very form was signed before: nothing was written a second time."""

    def __init__(self, session: InjectionSession) -> None:
        super().__init__("The treatment has been recorded.")
        self.session = session


class AmendedMeanwhile(Exception):
    """Somebody else amended the treatment since the person opened it; nothing was written. `session` is as it stands now."""

    def __init__(self, session: InjectionSession) -> None:
        super().__init__("The treatment has been amended meanwhile.")
        self.session = session


def problems_from(findings: Iterable[dosing.Finding]) -> list[Problem]:
    """The findings as sentences, in the reader's language."""
    return [Problem(finding.field, wording.sentence(finding)) for finding in findings]
