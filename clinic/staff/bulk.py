"""One act on several rows of a list: each row by itself, wholly or not at all, and a clear word about all of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TypeVar

from django.contrib import messages
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from clinic.patients.services import Refused
from clinic.treatments.services import FollowUpRefused

Row = TypeVar("Row")
#: So many of the rows that were left as they were are named; of the others only the number is told.
MOST_NAMED = 10


@dataclass
class Result:
    """How many rows were done, and which not: (who it is about, why)."""

    done: int = 0
    refused: list[tuple[str, str]] = field(default_factory=list)

    def tell(self, request: HttpRequest) -> None:
        """Say it on the next page."""
        if self.done:
            messages.success(request, ngettext("%(count)d done.", "%(count)d done.", self.done) % {"count": self.done})
        if not self.refused:
            return
        named = " · ".join(f"{who}: {why}" for who, why in self.refused[:MOST_NAMED])
        if len(self.refused) > MOST_NAMED:
            named += " · …"
        count = len(self.refused)
        words = ngettext("%(count)d was left as it was.", "%(count)d were left as they were.", count) % {"count": count}
        messages.warning(request, f"{words} {named}")


def do_each(
    rows: Iterable[Row], *, named: Callable[[Row], str], may: Callable[[Row], bool], act: Callable[[Row], object]
) -> Result:
    """Do `act` for each row that the person `may` change, one transaction each; what is refused is told."""
    result = Result()
    for row in rows:
        if not may(row):
            result.refused.append((named(row), _("you may not do this at this patient's clinic")))
            continue
        try:
            act(row)
        except FollowUpRefused as refused:
            result.refused.append((named(row), refused.message))
        except Refused as refused:
            result.refused.append((named(row), " ".join(problem.message for problem in refused.problems)))
        else:
            result.done += 1
    return result
