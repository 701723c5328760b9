"""Patients who are owed a letter, as many as a bench wants, at a clinic to which that is nothing unusual."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from itertools import count
from typing import Any

from bench.sink import Sink, Taken
from botox_tracker import servers
from botox_tracker.stack import Stack

#: In seconds. A run of the engine ends after 50; the next begins within a minute.
RUN = 60

_numbers = count(1)


class Crowd:
    """A clinic of its own, used to `most` letters a day. Nobody else is owed anything from then on."""

    def __init__(self, most: int) -> None:
        from clinic.management.faults.crowd import make_clinic, make_used_to
        from clinic.patients.models import Patient
        from clinic.reminders.models import EngineState

        now = datetime.now(UTC)
        Patient.objects.filter(next_check_at__isnull=False).update(next_check_at=None)
        EngineState.objects.update_or_create(pk=1, defaults={"last_swept_on": now.date()})
        self.clinic = make_clinic(now=now, name=f"Harbour clinic {next(_numbers)}")
        make_used_to(self.clinic, most, now=now)

    def due(self, number: int, *, planned: bool = True) -> list[int]:
        """Make so many patients who are owed a letter; return the keys of their messages, none unless `planned`."""
        from django.db import connection

        from clinic.management.faults.crowd import make_due
        from clinic.reminders import planning
        from clinic.reminders.models import Message

        prefix = f"c{next(_numbers)}-"
        make_due(self.clinic, number, now=datetime.now(UTC), prefix=prefix)
        if planned:
            planning.run(clock=lambda: datetime.now(UTC), until=datetime.max.replace(tzinfo=UTC))
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")
        keys = Message.objects.filter(patient__record_number__startswith=prefix, state="READY").values_list("pk", flat=True)
        if len(keys) != (number if planned else 0):
            raise RuntimeError(f"{len(keys)} of {number} letters are ready: the crowd does not fit the plan")
        return list(keys)

    def messages(self, number: int) -> list[Any]:
        """Return so many of its letters, to be written by other means."""
        from clinic.management.faults.crowd import PAST
        from clinic.reminders.models import Message

        those = Message.objects.filter(clinic=self.clinic).exclude(patient__record_number=PAST)
        return list(those.select_related("patient__clinic")[:number])

    @staticmethod
    def until_taken(stack: Stack, sink: Sink, number: int, *, again: Callable[[], Any] | None = None) -> Taken:
        """Wait until the mail server has so many letters, each once; after each minute without, `again` is done."""
        before = -1
        while True:
            try:
                stack.wait_for(lambda: sink.taken().letters >= number, seconds=RUN, name="every letter")
                break
            except servers.ServerError:
                taken = sink.taken().letters
                if again is None or taken == before:
                    raise
                before = taken
                again()
        taken = sink.taken()
        if (taken.letters, taken.different) != (number, number):
            raise RuntimeError(f"{taken.letters} letters with {taken.different} Message-IDs came where {number} were due")
        return taken


def until_workers(stack: Stack, number: int) -> None:
    """Wait until so many workers listen."""
    from botox_tracker.celery import app

    stack.wait_for(lambda: len(app.control.ping(timeout=0.5) or []) == number, seconds=60, name="The workers")
