"""A clinic's plan is changed by a new version: seen first, then put into force, and picked up on its day."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import pytest

from clinic.audit import Action, Actor, AuditEvent
from clinic.patients.models import Patient
from clinic.practice.models import Role
from clinic.reminders import sweep
from clinic.reminders.models import Message, Plan
from clinic.reminders.plans import Proposed, ensure_plan, load_book, named_steps
from clinic.reminders.rules import default_steps
from clinic.reminders.services import (
    Hours,
    PlanOutdated,
    PlanRefused,
    change_hours,
    change_plan,
    compare_plans,
    comparing_plans,
)
from clinic.reminders.steps import Anchor, NamedStep, Step, Unit
from tests.factories import (
    NOW,
    AppointmentFactory,
    ClinicFactory,
    ConditionFactory,
    FollowUpFactory,
    IndicationFactory,
    MessageFactory,
    member,
)
from tests.reminders.running import Clock, plan, started

pytestmark = pytest.mark.django_db
TODAY = NOW.date()
DECEMBER = date(2026, 12, 1)
DECEMBER_BEGINS = datetime(2026, 11, 30, 23, tzinfo=UTC)


@pytest.fixture
def clinic():
    started()
    clinic = ClinicFactory()
    ensure_plan(clinic, NOW)
    return clinic


@pytest.fixture
def actor(clinic):
    return Actor.of_user(member(Role.ADMIN, clinic=clinic))


def steps(**changes):
    """The default steps, each named, with the fields of some changed; False switches one off, None leaves it out."""
    named = []
    for step in default_steps():
        change = changes.get(step.step, {})
        if change is not None:
            named.append(NamedStep(replace(step, **(change or {})), is_active=change is not False))
    return tuple(named)


def change(clinic, actor, named, *, on=TODAY, based_on=1, indication=None, now=NOW):
    return change_plan(by=actor, clinic=clinic, indication=indication, steps=named, active_from=on, based_on=based_on, now=now)


def compare(clinic, named, *, starts_at=NOW, indication=None):
    proposed = Proposed(clinic.pk, indication.pk if indication else None, named)
    return compare_plans(clinic=clinic, indication=indication, instead=proposed, at=NOW, starts_at=starts_at)


def next_look(follow_up):
    return Patient.objects.get(pk=follow_up.patient_id).next_check_at


# -- a new version ----------------------------------------------------------------------------------------------------


def test_a_change_is_a_new_version_the_earlier_one_stays_and_the_act_is_audited(clinic, actor):
    first = Plan.objects.get()
    made = change(clinic, actor, steps(INVITE={"offset": -14}, REMIND=False, VISIT=None))
    assert (made.version, made.active_from) == (2, TODAY)
    assert named_steps(first) == steps()
    assert named_steps(made) == steps(INVITE={"offset": -14}, REMIND=False, VISIT=None)
    event = AuditEvent.objects.get(what="Plan")
    assert (event.action, event.clinic, event.version, event.fields) == (Action.CREATED, clinic, 2, ["INVITE", "REMIND", "VISIT"])


def test_a_step_that_is_not_named_goes_by_default_and_one_that_is_off_does_not(clinic, actor):
    change(clinic, actor, steps(REMIND=False, VISIT=None))
    codes = [step.step for step in load_book(NOW).steps(clinic.pk, None)]
    assert Step.REMIND not in codes
    assert codes.count(Step.VISIT) == 2


def test_whoever_is_concerned_is_looked_at_at_once(clinic, actor):
    concerned = FollowUpFactory(patient__clinic=clinic, patient__next_check_at=None)
    elsewhere = FollowUpFactory(patient__next_check_at=None)
    change(clinic, actor, steps(REMIND=False))
    assert next_look(concerned) == NOW
    assert next_look(elsewhere) is None


def test_a_letter_that_the_new_plan_does_not_know_is_taken_out_of_the_queue(clinic, actor):
    follow_up = FollowUpFactory(patient__clinic=clinic)
    MessageFactory(follow_up=follow_up, dedupe_key=f"INVITE:1:f{follow_up.pk}:r0")
    change(clinic, actor, steps(INVITE=False))
    plan()
    assert Message.objects.get(step="INVITE").state == "CANCELLED"


# -- its day ----------------------------------------------------------------------------------------------------------


def test_a_plan_for_later_is_picked_up_on_its_day_by_who_was_looked_at_before_it(clinic, actor):
    """Found by its test: a look on the way used to forget the day, so that the new plan was first asked by the sweep."""
    change(clinic, actor, steps(INVITE=False, REMIND=False, LAST_CALL=False, OVERDUE=False))
    follow_up = FollowUpFactory(patient__clinic=clinic, patient__next_check_at=NOW)
    change(clinic, actor, steps(), on=DECEMBER, based_on=2)
    plan()
    assert next_look(follow_up) == DECEMBER_BEGINS
    plan(NOW + timedelta(days=3))
    assert next_look(follow_up) == DECEMBER_BEGINS
    assert not Message.objects.exists()
    assert sweep.run(clock=Clock(NOW), until=NOW + timedelta(seconds=30)) == 0
    assert plan(DECEMBER_BEGINS + timedelta(hours=9)).letters == 1


def test_a_follow_up_that_is_opened_while_a_plan_waits_is_looked_at_on_its_day(clinic, actor):
    change(clinic, actor, steps(INVITE=False, REMIND=False, LAST_CALL=False, OVERDUE=False))
    change(clinic, actor, steps(), on=DECEMBER, based_on=2)
    late = FollowUpFactory(patient__clinic=clinic, patient__next_check_at=NOW)
    plan()
    assert next_look(late) == DECEMBER_BEGINS


def test_a_patient_of_whom_no_plan_could_owe_anything_is_not_looked_at_for_it(clinic, actor):
    change(clinic, actor, steps(REMIND=False), on=DECEMBER)
    closed = FollowUpFactory(patient__clinic=clinic, patient__next_check_at=NOW, state="STOPPED")
    plan()
    assert next_look(closed) is None


# -- two people -------------------------------------------------------------------------------------------------------


def test_the_second_of_two_is_told_and_nothing_is_written(clinic, actor):
    change(clinic, actor, steps(REMIND=False))
    with pytest.raises(PlanOutdated) as outdated:
        change(clinic, actor, steps(INVITE=False))
    assert outdated.value.version == 2
    assert Plan.objects.count() == 2


def test_the_first_plan_for_an_indication_is_based_on_none(clinic, actor):
    spasm = IndicationFactory()
    made = change(clinic, actor, (steps()[0],), indication=spasm, based_on=0)
    assert (made.version, made.indication) == (1, spasm)
    with pytest.raises(PlanOutdated):
        change(clinic, actor, (steps()[1],), indication=spasm, based_on=0)


# -- what is refused --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"INVITE": {"offset": -731}}, "INVITE-1-number"),
        ({"INVITE": {"floor_days": 731}}, "INVITE-1-floor_number"),
        ({"INVITE": {"anchor": Anchor.APPOINTMENT}}, "INVITE-1-anchor"),
        ({"REMIND": {"unit": Unit.HOUR}}, "REMIND-1-unit"),
        ({"BOOKED": {"offset": 2}}, "BOOKED-1-number"),
        ({"VISIT": {"offset": 0}}, "VISIT-1-number"),
        ({"VISIT": {"offset": -7, "unit": Unit.DAY}}, "VISIT-2-number"),
    ],
)
def test_what_the_policy_could_not_count_is_refused_by_its_field_and_nothing_is_written(clinic, actor, changes, field):
    with pytest.raises(PlanRefused) as refused:
        change(clinic, actor, steps(**changes))
    assert field in {problem.field for problem in refused.value.problems}
    assert Plan.objects.count() == 1


@pytest.mark.parametrize("day", [TODAY - timedelta(days=1), TODAY + timedelta(days=367)])
def test_a_plan_begins_today_or_within_a_year(clinic, actor, day):
    with pytest.raises(PlanRefused) as refused:
        change(clinic, actor, steps(REMIND=False), on=day)
    assert [problem.field for problem in refused.value.problems] == ["active_from"]


def test_a_plan_that_is_the_same_is_no_new_version(clinic, actor):
    with pytest.raises(PlanRefused, match="the whole"):
        change(clinic, actor, steps())
    assert change(clinic, actor, steps(), on=DECEMBER).version == 2


# -- what it would do -------------------------------------------------------------------------------------------------


def test_what_a_change_would_do_is_counted_and_nothing_is_written(clinic):
    FollowUpFactory(patient__clinic=clinic)
    AppointmentFactory(patient__clinic=clinic, starts_at=NOW + timedelta(days=20))
    FollowUpFactory()
    found = compare(clinic, steps(REMIND=False, VISIT={"offset": -3, "unit": Unit.DAY}, LAST_CALL={"offset": -21}))
    # Of two reminders at the same moment one goes.
    assert (found.added, found.dropped, found.moved) == (0, 2, 2)
    assert (found.patients, found.are_more) == (2, False)
    assert [one.first_at for one in found.examples] == sorted(one.first_at for one in found.examples)
    assert not Message.objects.exists()
    assert Plan.objects.count() == 1


def test_a_plan_for_an_indication_concerns_only_its_follow_ups(clinic):
    spasm, other = IndicationFactory(), IndicationFactory(code="OTHER", name="Another")
    for indication in (spasm, other):
        FollowUpFactory(condition=ConditionFactory(patient__clinic=clinic, indication=indication))
    assert compare(clinic, steps(INVITE=False), indication=spasm).dropped == 1
    assert compare(clinic, steps(INVITE=False)).dropped == 2


def test_the_numbers_are_what_then_happens(clinic, actor):
    for _ in range(3):
        FollowUpFactory(patient__clinic=clinic, patient__next_check_at=NOW)
    change(clinic, actor, steps(INVITE=False))
    found = compare(clinic, steps())
    assert found.added == 3
    assert plan().letters == 0
    change(clinic, actor, steps(), based_on=2)
    assert plan().letters == 3


def test_it_costs_the_same_for_one_patient_and_for_many(clinic, django_assert_num_queries):
    for number in range(6):
        FollowUpFactory(patient__clinic=clinic)
        if number in (0, 5):
            with django_assert_num_queries(8):
                compare(clinic, steps(REMIND=False))


def test_only_so_many_are_asked_about_and_it_says_so(clinic, monkeypatch):
    monkeypatch.setattr(comparing_plans, "MOST_PATIENTS", 3)
    monkeypatch.setattr(comparing_plans, "BATCH", 2)
    soonest = [FollowUpFactory(patient__clinic=clinic, patient__next_check_at=NOW).patient_id for _ in range(3)]
    FollowUpFactory(patient__clinic=clinic, patient__next_check_at=None)
    found = compare(clinic, steps(INVITE=False))
    assert (found.patients, found.dropped, found.are_more) == (3, 3, True)
    assert {one.patient_id for one in found.examples} == set(soonest)


# -- hours ------------------------------------------------------------------------------------------------------------


def test_hours_are_changed_at_once_with_a_look_at_who_is_concerned(clinic, actor):
    follow_up = FollowUpFactory(patient__clinic=clinic, patient__next_check_at=None)
    clinic.refresh_from_db()
    was = Hours.of(clinic)
    change_hours(by=actor, clinic=clinic, hours=Hours(time(9), time(17), (0, 2)), was=was, now=NOW)
    clinic.refresh_from_db()
    assert Hours.of(clinic) == Hours(time(9), time(17), (0, 2))
    assert next_look(follow_up) == NOW
    assert AuditEvent.objects.get(what="Clinic").fields == ["sending_from", "sending_until", "sending_weekdays"]
    with pytest.raises(PlanOutdated):
        change_hours(by=actor, clinic=clinic, hours=Hours(time(9), time(18), (0,)), was=was, now=NOW)


@pytest.mark.parametrize(
    ("hours", "field"), [(Hours(time(9), time(9), (0,)), "closes"), (Hours(time(9), time(17), ()), "weekdays")]
)
def test_hours_at_which_nothing_could_go_are_refused(clinic, actor, hours, field):
    with pytest.raises(PlanRefused) as refused:
        change_hours(by=actor, clinic=clinic, hours=hours, was=Hours.of(clinic), now=NOW)
    assert [problem.field for problem in refused.value.problems] == [field]
