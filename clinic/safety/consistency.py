"""Whether what is said of one side effect can be true together. Pure: dates are days in the clinic's zone."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

#: The grade that means death (CTCAE v5), the outcome and the criterion that say the same (ICH E2B(R3) E.i.7, ICH E2A).
GRADE_OF_DEATH = 5
FATAL = "FATAL"
DEATH = "DEATH"
#: Outcomes that an ended side effect can have.
ENDED = frozenset({"RECOVERED", "SEQUELAE", FATAL})


class Fault(StrEnum):
    """Two statements that cannot both be true."""

    BEGAN_BEFORE_TREATMENT = "BEGAN_BEFORE_TREATMENT"
    BEGAN_IN_FUTURE = "BEGAN_IN_FUTURE"
    ENDED_BEFORE_TREATMENT = "ENDED_BEFORE_TREATMENT"
    ENDED_BEFORE_IT_BEGAN = "ENDED_BEFORE_IT_BEGAN"
    ENDED_IN_FUTURE = "ENDED_IN_FUTURE"
    ENDED_YET_GOING_ON = "ENDED_YET_GOING_ON"
    FATAL_NOT_GRADED = "FATAL_NOT_GRADED"
    GRADED_NOT_FATAL = "GRADED_NOT_FATAL"
    FATAL_NOT_SERIOUS = "FATAL_NOT_SERIOUS"
    DEATH_NOT_FATAL = "DEATH_NOT_FATAL"


@dataclass(frozen=True)
class Statement:
    """What is said of a side effect. `treated_on` is None when no treatment is known to have led to it."""

    treated_on: date | None
    onset_on: date | None
    resolved_on: date | None
    severity: int
    outcome: str
    serious_criteria: Collection[str]


def faults(said: Statement, *, today: date) -> Iterator[tuple[str, Fault]]:
    """Yield every fault with the name of the field it is told beside."""
    yield from _faults_of_onset(said, today)
    yield from _faults_of_end(said, today)
    yield from _faults_of_death(said)


def may_be_reviewed(outcome: str) -> bool:
    """Whether a side effect with this outcome may be closed as reviewed: not while nobody knows how it ended."""
    return outcome != "UNKNOWN"


def _faults_of_onset(said: Statement, today: date) -> Iterator[tuple[str, Fault]]:
    if said.onset_on is None:
        return
    if said.onset_on > today:
        yield "onset_on", Fault.BEGAN_IN_FUTURE
    elif said.treated_on and said.onset_on < said.treated_on:
        yield "onset_on", Fault.BEGAN_BEFORE_TREATMENT


def _faults_of_end(said: Statement, today: date) -> Iterator[tuple[str, Fault]]:
    if said.resolved_on is None:
        return
    if said.resolved_on > today:
        yield "resolved_on", Fault.ENDED_IN_FUTURE
    elif said.onset_on and said.resolved_on < said.onset_on:
        yield "resolved_on", Fault.ENDED_BEFORE_IT_BEGAN
    elif said.treated_on and said.resolved_on < said.treated_on:
        yield "resolved_on", Fault.ENDED_BEFORE_TREATMENT
    if said.outcome not in ENDED:
        yield "outcome", Fault.ENDED_YET_GOING_ON


def _faults_of_death(said: Statement) -> Iterator[tuple[str, Fault]]:
    fatal, graded, serious = said.outcome == FATAL, said.severity == GRADE_OF_DEATH, DEATH in said.serious_criteria
    if fatal and not graded:
        yield "severity", Fault.FATAL_NOT_GRADED
    if graded and not fatal:
        yield "outcome", Fault.GRADED_NOT_FATAL
    if fatal and not serious:
        yield "serious_criteria", Fault.FATAL_NOT_SERIOUS
    if serious and not fatal:
        yield "serious_criteria", Fault.DEATH_NOT_FATAL
