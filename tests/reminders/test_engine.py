"""One run after the other: what the clinic's patients get over days and months, and the signs of life."""

from collections import Counter
from datetime import date, timedelta
from io import StringIO
from itertools import pairwise

import pytest
from django.core.management import call_command

from clinic.management.faults.crowd import make_clinic, make_due
from clinic.management.faults.planner import owed_today
from clinic.patients.models import StaffTask
from clinic.reminders import engine
from clinic.reminders.models import EngineState, Heartbeat, Message
from clinic.reminders.plans import ensure_plan
from tests.factories import NOW, ClinicFactory, FollowUpFactory, MessageFactory
from tests.reminders.running import Clock, deployment, run, started, states

pytestmark = pytest.mark.django_db


@pytest.fixture
def clinic():
    clinic = ClinicFactory()
    ensure_plan(clinic, NOW)
    return clinic


def test_a_run_leaves_its_sign_of_life_at_its_beginning_and_at_its_end(server):
    clock = Clock()
    assert run(clock).planned.patients == 0
    beat = Heartbeat.objects.get()
    assert (beat.last_tick_at, beat.last_success_at, beat.last_worker) == (NOW, NOW, "test")
    assert EngineState.objects.count() == 1
    run(Clock(NOW + timedelta(minutes=1)))
    assert Heartbeat.objects.get().last_tick_at == NOW + timedelta(minutes=1)


def test_a_run_that_breaks_off_leaves_no_sign_of_its_end(server, monkeypatch):
    def breaks(**_options):
        raise RuntimeError

    monkeypatch.setattr(engine.planning, "run", breaks)
    with pytest.raises(RuntimeError):
        run()
    beat = Heartbeat.objects.get()
    assert beat.last_tick_at == NOW
    assert beat.last_success_at is None


def test_over_a_whole_cycle_a_patient_who_never_answers_gets_three_letters_and_then_staff_a_task(server, clinic):
    follow_up = FollowUpFactory(patient__clinic=clinic, patient__next_check_at=NOW)
    clock, went = Clock(NOW - timedelta(days=60)), []
    FollowUpFactory._meta.model.objects.update(created_at=NOW - timedelta(days=80))
    type(follow_up.patient).objects.update(next_check_at=clock.now)
    server.on_letter = lambda _letter: went.append(clock.now)
    while clock.now < NOW + timedelta(days=150):
        run(clock)
        clock.tick(days=1)
    assert Counter(Message.objects.values_list("step", "state")) == {
        ("INVITE", "SENT"): 1, ("REMIND", "SENT"): 1, ("LAST_CALL", "SENT"): 1,
    }  # fmt: skip
    assert [f"{at:%d %b}" for at in went] == ["17 Nov", "15 Dec", "01 Feb"]
    assert all(8 <= at.astimezone(clinic.zone).hour < 19 for at in went)
    assert all(later - earlier >= timedelta(hours=72) for earlier, later in pairwise(went))
    assert StaffTask.objects.get().kind == "PHONE_OVERDUE"


def test_who_was_away_for_weeks_sends_each_patient_one_letter_that_is_right_today(server, clinic):
    for months in range(1, 7):
        FollowUpFactory(
            patient__clinic=clinic,
            patient__next_check_at=NOW - timedelta(days=200),
            opens_on=date(2026, 12, 28) - timedelta(days=28 * months),
            closes_on=date(2026, 12, 28) - timedelta(days=28 * months - 90),
            created_at=NOW - timedelta(days=300),
        )
    owed = owed_today(NOW)
    run()
    assert {letter.recipient for letter in server.taken} == set(owed)
    assert len(server.taken) == len(owed)
    sent = {message.patient.email: message.step for message in Message.objects.select_related("patient")}
    assert sent == owed
    assert set(sent.values()) == {"INVITE", "REMIND", "LAST_CALL"}


def test_running_it_fifty_times_sends_nothing_twice(server):
    started()
    make_due(make_clinic(now=NOW), 5, now=NOW)
    clock = Clock()
    for _run in range(50):
        run(clock)
        clock.tick(minutes=1)
    assert Counter(letter.recipient for letter in server.taken) == {f"p{number}@example.org": 1 for number in range(5)}


def test_one_batch_is_enough_for_one_worker_and_a_backlog_calls_more(server):
    started()
    called = []
    MessageFactory()
    run(call_helpers=called.append)
    assert called == []
    make_due(make_clinic(now=NOW), 250, now=NOW)
    engine.planning.run(clock=Clock(), until=NOW + timedelta(seconds=30))
    run(call_helpers=called.append, budget=timedelta(0))
    assert called == [2]


def test_a_helper_only_hands_over(server):
    started()
    make_due(make_clinic(now=NOW), 3, now=NOW)
    assert engine.help_out(clock=Clock(), worker="helper", deployment=deployment(Clock())).sent == 0
    engine.planning.run(clock=Clock(), until=NOW + timedelta(seconds=30))
    assert engine.help_out(clock=Clock(), worker="helper", deployment=deployment(Clock())).sent == 3
    assert states() == {"SENT": 3}


def test_the_command_runs_the_same_engine_once_without_a_broker(server, time_machine, settings):
    time_machine.move_to(NOW, tick=False)
    settings.REDIS_URL = ""
    make_due(make_clinic(now=NOW), 2, now=NOW)
    out = StringIO()
    call_command("engine", "--once", stdout=out)
    assert "looked at 2 patients: 2 letters and 0 tasks earned; 2 sent" in out.getvalue()
    assert len(server.taken) == 2
    EngineState.objects.update(paused_at=NOW, paused_reason="a strange list")
    call_command("engine", "--once", stdout=out)
    assert out.getvalue().endswith("Letters are paused: a strange list\n")
