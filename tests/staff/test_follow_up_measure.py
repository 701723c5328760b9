"""The measure of whether follow-up works, and the question why a treatment came at another time than planned."""

from datetime import date, timedelta

import pytest
from django.urls import reverse

from clinic.audit import Action, AuditEvent
from clinic.practice.models import Role
from clinic.treatments.models import IntervalReason
from tests.factories import (
    NOW,
    AppointmentFactory,
    ClinicFactory,
    ConditionFactory,
    ContactAttemptFactory,
    FollowUpFactory,
    InjectionSessionFactory,
    IntervalReasonFactory,
    PatientFactory,
)
from tests.staff.follow_up_reading import text

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("morning")]

MEASURE = reverse("staff:follow-up-measure")
TREATED, OPENS, CLOSES = date(2026, 5, 4), date(2026, 8, 4), date(2026, 9, 30)


def course(clinic, *, returned_on=None, contacted_days_ago=(), booked=False):
    """A patient treated in May, contacted so many days before NOW, and treated again on a day."""
    condition = ConditionFactory(patient=PatientFactory(clinic=clinic))
    session = InjectionSessionFactory(condition=condition, performed_on=TREATED)
    ended = {"state": "TREATED", "ended_at": NOW} if returned_on else {}
    follow_up = FollowUpFactory(
        session=session, opens_on=OPENS, closes_on=CLOSES, suggested_from=OPENS, suggested_until=date(2026, 8, 31), **ended
    )
    for days in contacted_days_ago:
        ContactAttemptFactory(follow_up=follow_up, at=NOW - timedelta(days=days))
    if booked:
        AppointmentFactory(
            follow_up=follow_up, starts_at=NOW - timedelta(days=60), created_at=NOW - timedelta(days=80), state="MISSED"
        )
    again = InjectionSessionFactory(condition=condition, performed_on=returned_on) if returned_on else None
    return follow_up, again


def test_each_month_says_who_came_back_in_time_of_how_many(desk, clinic):
    for number in range(12):
        # 83 days before is 1 September.
        course(
            clinic,
            returned_on=date(2026, 9, 20) if number < 6 else date(2026, 10, 20) if number < 9 else None,
            contacted_days_ago=(83, 20),
            booked=number < 9,
        )
    course(ClinicFactory(), contacted_days_ago=(83,))

    page = text(desk.get(MEASURE))

    for said in ("September 2026", "75 % (47 to 91 %)", "9 of 12", "50 % (25 to 75 %)", "6 of 12"):
        assert said in page
    assert "October 2026" not in page
    assert "November 2026</th>" not in page


def test_few_are_counted_and_nothing_is_said_of_them(desk, clinic):
    course(clinic, returned_on=date(2026, 9, 20), contacted_days_ago=(83,))
    page = text(desk.get(MEASURE))
    assert "too few to say" in page
    assert "1 of 1" in page
    assert "100 %" not in page


def test_a_treatment_in_time_and_a_late_one_are_told_apart_with_the_reason(desk, clinic):
    course(clinic, returned_on=date(2026, 9, 2))
    late, _again = course(clinic, returned_on=date(2026, 9, 20))
    IntervalReasonFactory(follow_up=late, cause="CLINIC_FULL")
    page = text(desk.get(MEASURE))
    assert "give or take a week: 1 of 2" in page
    assert "No free time at the clinic" in page
    assert "20 days later" in page


def test_an_empty_clinic_is_told_so_and_nobody_is_named_on_the_page(desk, clinic):
    assert "Nobody was contacted in this time." in text(desk.get(MEASURE))
    follow_up, _again = course(clinic, contacted_days_ago=(83,))
    assert follow_up.patient.family_name not in text(desk.get(MEASURE))


def test_the_measure_takes_the_same_queries_for_many_as_for_one(desk, clinic, count_queries):
    course(clinic, returned_on=date(2026, 9, 20), contacted_days_ago=(83,))
    one = count_queries(lambda: desk.get(MEASURE))
    for _ in range(10):
        course(clinic, returned_on=date(2026, 9, 20), contacted_days_ago=(83,))
    assert count_queries(lambda: desk.get(MEASURE)) == one


# -- why a treatment came at another time -------------------------------------------------------------------------------


def show(session):
    return reverse("staff:treatment-show", args=[session.public_id])


def say(session):
    return reverse("staff:treatment-interval", args=[session.public_id])


def test_a_late_treatment_asks_once_why_and_keeps_the_answer(browse_as, clinic):
    follow_up, again = course(clinic, returned_on=date(2026, 9, 20))
    doctor = browse_as(Role.CLINICIAN)
    page = text(doctor.get(show(again)))
    assert "20 days later than planned" in page
    assert "asked once" in page

    doctor.post(say(again), {"cause": "HOLIDAY"})

    page = text(doctor.get(show(again)))
    assert "Holidays of the clinic or the practitioner" in page
    assert "asked once" not in page
    doctor.post(say(again), {"cause": "OTHER"})
    reason = IntervalReason.objects.get()
    assert (reason.follow_up, reason.cause, reason.at) == (follow_up, "HOLIDAY", NOW)
    assert AuditEvent.objects.filter(action=Action.CREATED, what="IntervalReason").count() == 1


@pytest.mark.parametrize("returned_on", [date(2026, 8, 4), date(2026, 9, 7), date(2026, 7, 28)])
def test_a_treatment_in_time_asks_nothing(browse_as, clinic, returned_on):
    _follow_up, again = course(clinic, returned_on=returned_on)
    assert "than planned" not in text(browse_as(Role.CLINICIAN).get(show(again)))


def test_a_first_treatment_asks_nothing_and_takes_no_answer(browse_as, clinic):
    follow_up, _again = course(clinic)
    doctor = browse_as(Role.CLINICIAN)
    assert "than planned" not in text(doctor.get(show(follow_up.session)))
    assert "No follow-up was ended" in text(doctor.post(say(follow_up.session), {"cause": "OTHER"}, follow=True))
    assert not IntervalReason.objects.exists()


def test_an_unknown_reason_is_refused_with_a_word(browse_as, clinic):
    _follow_up, again = course(clinic, returned_on=date(2026, 9, 20))
    doctor = browse_as(Role.CLINICIAN)
    assert "Choose what kept the patient" in text(doctor.post(say(again), {"cause": "MOOD"}, follow=True))
    assert not IntervalReason.objects.exists()


def test_who_only_reads_is_told_and_not_asked(browse_as, clinic):
    _follow_up, again = course(clinic, returned_on=date(2026, 9, 20))
    page = text(browse_as(Role.REVIEWER).get(show(again)))
    assert "20 days later than planned" in page
    assert "asked once" not in page
