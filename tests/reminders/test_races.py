"""Several workers and people at once, in threads with connections of their own, on either database."""

import random
import threading
import time
import uuid
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection, connections, transaction

from clinic.audit import Actor
from clinic.management.faults.crowd import make_clinic, make_due
from clinic.patients.models import Patient
from clinic.patients.services import withdraw_consent
from clinic.reminders import engine, piles, planner_lock, planning
from clinic.reminders.claiming import claim
from clinic.reminders.delivery import Courier
from clinic.reminders.models import DeliveryAttempt, Message
from tests.reminders.running import deployment, mark, started, states

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]
MANY = 200 if connection.vendor == "postgresql" else 60


def clock():
    return datetime.now(UTC)


def soon():
    return clock() + timedelta(seconds=60)


def at_once(*acts):
    """Do all `acts` at the same moment, each on a connection of its own; return what each returned."""
    barrier = threading.Barrier(len(acts))

    def run(act):
        try:
            connections["default"].ensure_connection()
            barrier.wait(timeout=30)
            return act()
        finally:
            connections["default"].close()

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(run, acts))


def finish():
    """Hand over what is left, however busy the machine is."""
    deadline = time.monotonic() + 240
    while Message.objects.filter(state__in=["READY", "CLAIMED"]).exists() and time.monotonic() < deadline:
        Courier(clock=clock, until=soon(), worker="w", mark=mark()).run()


@pytest.fixture
def patients(monkeypatch):
    """Due patients, not yet planned, at a clinic to which so many are nothing unusual."""
    monkeypatch.setattr(piles, "ALWAYS_ALLOWED", MANY)
    started()
    now = clock()
    return make_due(make_clinic(now=now), MANY, now=now)


def test_two_planners_at_once_write_each_letter_once(patients):
    planned = at_once(*[lambda: planning.run(clock=clock, until=soon(), batch=20)] * 3)
    # Who found another at work did nothing; a last run picks up what is left.
    planning.run(clock=clock, until=soon())
    assert Message.objects.count() == MANY
    assert sum(one.letters for one in planned) <= MANY
    assert not Patient.objects.filter(next_check_at__lte=clock()).exists()


def test_while_one_plans_another_does_nothing(patients):
    release, held = threading.Event(), threading.Event()

    def hold():
        token = uuid.uuid4()
        with transaction.atomic():
            assert planner_lock.hold(token, clock())
            if connection.vendor == "postgresql":
                held.set()
                release.wait(20)
        if connection.vendor != "postgresql":
            held.set()
            release.wait(20)
            planner_lock.let_go(token)

    def plan():
        held.wait(20)
        planned = planning.run(clock=clock, until=soon())
        release.set()
        return planned

    _nothing, planned = at_once(hold, plan)
    assert planned.patients == 0
    assert planning.run(clock=clock, until=soon()).letters == MANY


def test_two_claims_never_hold_the_same_letter(patients):
    planning.run(clock=clock, until=soon())

    def take():
        taken = []
        while batch := claim(worker="w", now=clock(), limit=7).message_ids:
            taken.extend(batch)
        return taken

    taken = [pk for one in at_once(take, take, take) for pk in one]
    assert len(taken) == len(set(taken)) == MANY
    assert DeliveryAttempt.objects.filter(to_state="CLAIMED").count() == MANY


def test_two_workers_at_once_send_each_letter_once(patients, server):
    planning.run(clock=clock, until=soon())
    at_once(*[lambda: Courier(clock=clock, until=soon(), worker="w", mark=mark()).run()] * 3)
    finish()
    assert states() == {"SENT": MANY}
    assert Counter(server.message_ids()).most_common(1)[0][1] == 1
    assert len(server.taken) == MANY


def test_whole_engines_at_once_change_nothing(patients, server):
    at_once(*[lambda: engine.run(clock=clock, worker="w", deployment=deployment(clock), budget=timedelta(seconds=40))] * 3)
    planning.run(clock=clock, until=soon())
    finish()
    assert states() == {"SENT": MANY}
    assert len(server.taken) == MANY


def test_no_letter_leaves_after_an_opt_out_that_was_there_first(patients, server):
    """Whoever opts out before the intent is committed gets nothing; who opts out after it was too late."""
    planning.run(clock=clock, until=soon())
    server.delay = 0.002
    chosen = random.Random(7).sample(patients, MANY // 2)
    too_late: dict[int, bool] = {}

    def opt_out():
        for patient in chosen:
            withdraw_consent(by=Actor.patient(), patient=patient, purpose="INVITE", how="by a link", now=clock())
            # Committed: what is not handed over by now never is.
            state = Message.objects.get(patient=patient).state
            too_late[patient.pk] = state in ("HANDOFF", "SENT")
            time.sleep(0.004)

    at_once(opt_out, *[lambda: Courier(clock=clock, until=soon(), worker="w", mark=mark()).run()] * 2)
    finish()
    with_letter = {letter.recipient for letter in server.taken}
    for patient in chosen:
        assert (patient.email in with_letter) == too_late[patient.pk]
    assert set(Message.objects.filter(patient__in=chosen).values_list("state", flat=True)) <= {"SENT", "SUPPRESSED"}
    assert not all(too_late.values())
    assert with_letter >= {patient.email for patient in patients if patient not in chosen}
