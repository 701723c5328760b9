"""How a change of the stock or of a clinic's own rules is refused."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


class VialRefused(Exception):
    """A vial or lot cannot be changed like this. `field` names what to correct; `message` is fit for a person."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field
        self.message = message


@dataclass(frozen=True)
class RuleProblem:
    """One thing that is wrong with a rule: `field` is empty where it is about the whole; `message` is fit for a person."""

    field: str
    message: str


class RuleRefused(Exception):
    """A rule cannot be written, followed by another, ended or verified like this. Holds every problem; nothing was written."""

    def __init__(self, problems: Iterable[RuleProblem]) -> None:
        self.problems = tuple(problems)
        super().__init__(", ".join(sorted({one.field or "the whole" for one in self.problems})))

    @classmethod
    def for_field(cls, field: str, message: str) -> RuleRefused:
        """The refusal with a single problem."""
        return cls([RuleProblem(field, message)])
