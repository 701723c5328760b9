"""The engine in a test: with a clock that stands still unless told."""

from datetime import timedelta
from pathlib import Path

from django.conf import settings

from clinic.reminders import engine, planning
from clinic.reminders.deployment import Deployment
from clinic.reminders.mark import Mark
from clinic.reminders.models import EngineState, Heartbeat, Message
from tests.factories import NOW


class Clock:
    """Tells the same moment until it is moved."""

    def __init__(self, now=NOW):
        self.now = now

    def __call__(self):
        return self.now

    def tick(self, **delta):
        self.now += timedelta(**delta)
        return self.now


def plan(now=NOW, **options):
    EngineState.objects.get_or_create(pk=1)
    return planning.run(clock=Clock(now), until=now + timedelta(seconds=30), **options)


def mark():
    """This test's mark outside the database."""
    return Mark(Path(settings.ENGINE_MARK))


def deployment(clock, **fields):
    """A machine whose seconds go on as its clock does, however far a test moves it."""
    return Deployment(mark(), **{"steady": lambda: clock().timestamp(), "database_time": clock, **fields})


def run(clock=None, **options):
    clock = clock or Clock()
    return engine.run(clock=clock, worker="test", deployment=options.pop("deployment", None) or deployment(clock), **options)


def started():
    """The engine's two rows, as its first run makes them."""
    EngineState.objects.get_or_create(pk=1)
    Heartbeat.objects.get_or_create(pk=1)


def states():
    """How many messages stand in each state."""
    found = {}
    for state in Message.objects.order_by("pk").values_list("state", flat=True):
        found[state] = found.get(state, 0) + 1
    return found
