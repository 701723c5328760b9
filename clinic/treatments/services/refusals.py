"""How recording a treatment is refused."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from clinic.treatments import dosing, wording
from clinic.treatments.checks.findings import Finding
from clinic.treatments.models import InjectionSession


@dataclass(frozen=True)
class Problem:
    """One thing to correct: the field (`points-3-units` for the fourth point) and a sentence for a person."""

    field: str
    message: str


class TreatmentRefused(Exception):
    """The treatment cannot be recorded like this; nothing was written. Holds every problem at once.

    `findings` is all that the checks said, `unanswered` those of them that signing waits for.
    """

    def __init__(
        self, problems: Sequence[Problem], *, findings: Sequence[Finding] = (), unanswered: Sequence[Finding] = ()
    ) -> None:
        super().__init__(", ".join([*(problem.field for problem in problems), *(one.code for one in unanswered)]))
        self.problems = list(problems)
        self.findings = list(findings)
        self.unanswered = list(unanswered)


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
