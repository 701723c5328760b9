"""The six faults that OpenEMR's reminders shipped in 2026, by the number of the thread, and that none of them is ours."""

from datetime import UTC, datetime, timedelta

import pytest
from django.forms.models import model_to_dict

from clinic.reminders import engine
from clinic.reminders.models import Heartbeat, Message
from clinic.reminders.plans import ensure_plan
from clinic.reminders.services import take_pulse
from tests.factories import NOW, AppointmentFactory, ClinicFactory, FollowUpFactory
from tests.reminders.running import Clock, run

pytestmark = pytest.mark.django_db

#: A Thursday in more than two weeks, at ten in Paris.
STARTS = datetime(2026, 12, 10, 9, tzinfo=UTC)


@pytest.fixture
def clinic():
    clinic = ClinicFactory()
    ensure_plan(clinic, NOW)
    return clinic


@pytest.fixture
def visit(clinic):
    """Booked more than a week ago; its reminders are due on 3 and on 8 December at ten."""
    return booked(clinic)


def booked(clinic, **fields):
    usual = {"patient__clinic": clinic, "patient__next_check_at": NOW, "created_at": NOW - timedelta(days=9), "starts_at": STARTS}
    return AppointmentFactory(**{**usual, **fields})


def live(until, every=timedelta(hours=6), clock=None):
    """Let the engine run again and again, from the hour of the first reminder on."""
    clock = clock or Clock(STARTS - timedelta(days=7))
    while clock.now < until:
        run(clock)
        clock.now += every


def sent():
    return list(Message.objects.filter(state="SENT").order_by("sent_at").values_list("step", "due_at"))


def test_openemr_11477_a_reminder_is_not_sent_again_every_hour(server, visit):
    clock = Clock(STARTS - timedelta(days=7))
    live(STARTS - timedelta(days=6), every=timedelta(hours=1), clock=clock)
    live(STARTS, clock=clock)
    assert [letter.recipient for letter in server.taken] == [visit.patient.email] * 2
    assert [step for step, _due in sent()] == ["VISIT", "VISIT"]


def test_openemr_11480_each_of_several_visits_is_reminded_of_and_each_once(server, clinic, visit):
    booked(
        clinic, patient=visit.patient, practitioner=visit.practitioner, kind=visit.kind, starts_at=STARTS + timedelta(days=7)
    )  # fmt: skip
    live(STARTS + timedelta(days=7))
    visits = Message.objects.filter(state="SENT").values_list("appointment_id", flat=True)
    assert sorted(list(visits).count(pk) for pk in set(visits)) == [2, 2]
    assert len(server.taken) == 4


def test_openemr_11479_sending_leaves_the_appointment_as_it_was(server, visit):
    before = model_to_dict(visit)
    changes = visit.changes.count()
    live(STARTS)
    visit.refresh_from_db()
    assert len(server.taken) == 2
    assert model_to_dict(visit) == before
    assert visit.changes.count() == changes


@pytest.mark.parametrize("before", [timedelta(days=7, minutes=1), timedelta(days=13)])
def test_openemr_11481_nothing_goes_before_its_time(server, visit, before):
    run(Clock(STARTS - before))
    assert server.taken == []


@pytest.mark.parametrize("late", [timedelta(0), timedelta(hours=2), timedelta(days=3)])
def test_openemr_11481_nobody_is_reminded_of_a_visit_that_is_past(server, visit, late):
    run(Clock(STARTS + late))
    assert server.taken == []


@pytest.mark.parametrize("missed", [timedelta(hours=1), timedelta(hours=26)])
def test_openemr_11907_a_missed_run_loses_no_reminder(server, visit, missed):
    due_at = STARTS - timedelta(days=7)
    run(Clock(due_at - timedelta(hours=1)))
    assert server.taken == []
    run(Clock(due_at + missed))
    assert [letter.recipient for letter in server.taken] == [visit.patient.email]


def test_openemr_11846_a_run_that_dies_does_not_say_that_it_was_done(server, clinic, monkeypatch):
    FollowUpFactory(patient__clinic=clinic, patient__next_check_at=NOW)
    run(Clock(NOW - timedelta(hours=1)))
    succeeded = Heartbeat.objects.get().last_success_at

    def dies(**_options):
        raise MemoryError

    monkeypatch.setattr(engine.sweep, "run", dies)
    with pytest.raises(MemoryError):
        run(Clock(NOW))
    beat = Heartbeat.objects.get()
    assert (beat.last_tick_at, beat.last_success_at) == (NOW, succeeded)
    assert take_pulse(now=NOW + timedelta(minutes=20)).level != "green"
