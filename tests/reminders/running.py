"""The engine in a test: with a clock that stands still unless told."""

from datetime import timedelta

from clinic.reminders import engine, planning
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


def run(clock=None, **options):
    return engine.run(clock=clock or Clock(), worker="test", **options)


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
