"""How a service says no: every problem at once, each beside the field it is about, in words for a person."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.db.models import Model


@dataclass(frozen=True)
class Problem:
    """One reason why nothing was written. `field` is the argument it is about; empty if it is about the whole."""

    field: str
    message: str


class Refused(Exception):
    """Nothing was written. The text of the exception names fields only, never what was typed."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__(", ".join(sorted({problem.field or "the whole" for problem in self.problems})))

    @classmethod
    def for_field(cls, field: str, message: object) -> Refused:
        """Return the refusal with a single problem."""
        return cls([Problem(field, str(message))])


def problems_of(row: Model, *, fields: Iterable[str]) -> list[Problem]:
    """Return what the model's own fields refuse in `row` (length, characters, choices); asks the database nothing."""
    wanted = set(fields)
    try:
        row.clean_fields(exclude={field.name for field in row._meta.concrete_fields} - wanted)
    except ValidationError as refused:
        return [Problem(field, message) for field, messages in refused.message_dict.items() for message in messages]
    return []
