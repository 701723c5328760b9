"""What is owed on a later day, as far as it can be known today."""

from datetime import date, timedelta

import pytest

from clinic.reminders.plans import ensure_plan
from clinic.reminders.services import owed_on
from tests.factories import (
    NOW,
    AppointmentFactory,
    ClinicFactory,
    FollowUpFactory,
    HoldFactory,
    MessageFactory,
    PlanFactory,
)
from tests.reminders.running import plan, started

pytestmark = pytest.mark.django_db
TODAY = NOW.date()
#: The window of the usual follow-up opens on 1 December; its second letter is due on this day.
SECOND = date(2026, 12, 15)


def told(follow_ups, day, at=NOW):
    found = owed_on(patient_ids=[one.patient_id for one in follow_ups], day=day, at=at)
    return [(one.step, one.when.date(), one.is_task) for one in found]


def test_what_goes_before_that_day_is_not_told_again_for_it():
    follow_up = FollowUpFactory()
    assert told([follow_up], TODAY) == [("INVITE", TODAY, False)]
    assert told([follow_up], TODAY + timedelta(days=1)) == []
    assert told([follow_up], SECOND) == [("REMIND", SECOND, False)]
    assert told([follow_up], SECOND + timedelta(days=1)) == []


def test_it_is_what_the_engine_then_does():
    follow_up = FollowUpFactory(patient__next_check_at=NOW)
    started()
    plan()
    when = owed_on(patient_ids=[follow_up.patient_id], day=SECOND, at=NOW)[0].when
    assert plan(when - timedelta(minutes=1)).letters == 0
    MessageFactory._meta.model.objects.update(state="SENT", sent_at=NOW)
    assert plan(when).letters == 1


def test_a_patient_without_an_address_is_a_task_on_that_day():
    follow_up = FollowUpFactory(patient__email="")
    assert told([follow_up], TODAY) == [("INVITE", TODAY, True)]


def test_a_hold_that_begins_by_then_counts():
    follow_up = FollowUpFactory()
    HoldFactory(patient=follow_up.patient, from_on=SECOND - timedelta(days=3), review_on=SECOND + timedelta(days=90))
    assert told([follow_up], TODAY) == [("INVITE", TODAY, False)]
    assert told([follow_up], SECOND) == []


def test_a_visit_is_reminded_of_on_its_days():
    visit = AppointmentFactory(starts_at=NOW + timedelta(days=21))
    week_before = (NOW + timedelta(days=14)).date()
    found = owed_on(patient_ids=[visit.patient_id], day=week_before, at=NOW)
    assert [(one.step, one.is_task) for one in found] == [("VISIT", False)]


def test_a_plan_that_is_in_force_by_then_counts():
    clinic = ClinicFactory()
    ensure_plan(clinic, NOW)
    PlanFactory(
        clinic=clinic, version=2, active_from=date(2026, 12, 5), steps=[("REMIND", 1, "OPENS", 9, "DAY", "", 0, "PATIENT")]
    )
    follow_up = FollowUpFactory(patient__clinic=clinic)
    ninth = follow_up.opens_on + timedelta(days=9)
    assert told([follow_up], ninth) == [("REMIND", ninth, False)]
    assert told([follow_up], SECOND) == []


def test_it_costs_the_same_for_one_patient_and_for_many(django_assert_num_queries):
    follow_ups = [FollowUpFactory() for _ in range(6)]
    for some in (follow_ups[:1], follow_ups):
        with django_assert_num_queries(12):
            told(some, SECOND)


def test_nobody_is_owed_nothing():
    assert owed_on(patient_ids=[], day=SECOND, at=NOW) == []
