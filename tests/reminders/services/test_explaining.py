"""The one line beside a follow-up: the next letter, or why there is none."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from clinic.patients.models import Patient
from clinic.practice.models import Clinic
from clinic.reminders.models import EngineState
from clinic.reminders.services import explain, forecast
from clinic.reminders.states import PROBLEMS, State
from clinic.reminders.steps import Reason
from clinic.reminders.wording import OUTCOMES, REASONS, moment_words, reason_words, step_choices, step_words
from tests.factories import (
    NOW,
    AppointmentFactory,
    ConsentFactory,
    ContactAttemptFactory,
    FollowUpFactory,
    HoldFactory,
    MessageFactory,
    StaffTaskFactory,
)

pytestmark = pytest.mark.django_db


def line(follow_up, at=NOW):
    found = explain(patient_ids=[follow_up.patient_id], at=at)[follow_up.patient_id][follow_up.pk]
    return found.headline, found.text


def invited(follow_up):
    MessageFactory(follow_up=follow_up, state="SENT", sent_at=NOW - timedelta(days=6), dedupe_key=f"INVITE:1:f{follow_up.pk}:r0")
    return follow_up


def test_every_code_has_words():
    assert set(REASONS) == set(Reason)
    assert all(words != code for code, words in step_choices())
    assert step_words("A_LATER_ONE") == "A_LATER_ONE"
    for code in (*Reason, *OUTCOMES, "LATER_RCPT", "REFUSED_DOT", "UNKNOWN_DOT", "UNSENDABLE_TO"):
        assert reason_words(code) not in ("", code)
    assert reason_words("SOMETHING_NEW") == "SOMETHING_NEW"
    assert {State.UNKNOWN, State.FAILED, State.DEAD, State.HELD} == PROBLEMS


def test_what_goes_next_is_told_by_the_clinics_wall():
    follow_up = FollowUpFactory()
    assert line(follow_up) == ("Invitation, today 10:00", "if nothing is booked by then")
    assert line(follow_up, NOW - timedelta(days=30)) == ("Invitation, Tue 17 Nov 08:00", "if nothing is booked by then")
    assert line(invited(follow_up)) == ("Second letter, Tue 15 Dec 08:00", "if nothing is booked by then")
    assert line(follow_up, NOW + timedelta(days=70)) == ("Last letter, today 10:00", "if nothing is booked by then")
    assert line(follow_up, NOW + timedelta(days=68)) == ("Last letter, Mon 1 Feb 08:00", "if nothing is booked by then")


def test_a_moment_at_the_first_minute_of_the_clinics_day_is_told_as_the_day():
    paris = ZoneInfo("Europe/Paris")
    at = datetime(2026, 11, 23, 9, tzinfo=UTC)
    assert moment_words(datetime(2026, 12, 4, tzinfo=paris), paris, at=at) == "Fri 4 Dec"
    assert moment_words(datetime(2027, 1, 8, tzinfo=paris), paris, at=at) == "Fri 8 Jan 2027"
    assert moment_words(datetime(2026, 11, 23, tzinfo=paris), paris, at=at) == "today"
    assert moment_words(datetime(2026, 12, 4, tzinfo=UTC), paris, at=at) == "Fri 4 Dec 01:00"


def test_a_call_by_staff_is_told_as_such():
    follow_up = FollowUpFactory(patient__email="")
    assert line(follow_up) == ("Phone instead of: Invitation, today 10:00", "no usable e-mail address")
    assert line(follow_up, NOW - timedelta(days=30))[0] == "Phone instead of: Invitation, Tue 17 Nov 08:00"
    closed = NOW + timedelta(days=100)
    assert line(follow_up, closed)[0].startswith("Phone: window closed, today")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda f: Patient.objects.update(status="DECEASED"), "the patient has died"),
        (lambda f: Patient.objects.update(status="DISCHARGED"), "the patient is discharged"),
        (lambda f: Patient.objects.update(status="PAUSED"), "the patient is paused"),
        (lambda f: HoldFactory(patient=f.patient), "on hold"),
        (lambda f: StaffTaskFactory(patient=f.patient, kind="PHONE_ASKED"), "the patient asked to be called"),
        (lambda f: ContactAttemptFactory(follow_up=f, outcome="DECLINED"), "the patient declined"),
        (lambda f: EngineState.objects.create(pk=1, paused_at=NOW, paused_reason="x"), "all letters are paused"),
    ],
)
def test_where_nothing_will_go_the_one_reason_is_told(change, reason):
    follow_up = FollowUpFactory()
    for step in ("REMIND", "LAST_CALL"):
        long_ago = NOW - timedelta(days=9)
        MessageFactory(follow_up=follow_up, state="SENT", due_at=long_ago, dedupe_key=f"{step}:1:f{follow_up.pk}:r0", step=step)
    StaffTaskFactory(patient=follow_up.patient, cause_key=f"step:OVERDUE:1:f{follow_up.pk}:r0")
    change(follow_up)
    assert line(follow_up) == ("Nothing will go", reason)


def test_without_consent_the_call_instead_of_the_letter_is_told():
    follow_up = FollowUpFactory()
    ConsentFactory(patient=follow_up.patient, purpose="INVITE", is_given=False)
    headline, text = line(follow_up)
    assert headline.startswith("Phone instead of: ")
    assert text == "no consent to these letters"


def test_of_a_booked_patient_the_reminder_of_the_visit_is_told_or_that_a_visit_is_booked():
    follow_up = FollowUpFactory()
    AppointmentFactory(follow_up=follow_up, starts_at=NOW + timedelta(days=14), changes=())
    assert line(follow_up) == ("Reminder of the visit, Mon 30 Nov 10:00", "")
    assert line(follow_up, NOW + timedelta(days=13, hours=23)) == ("Nothing will go", "a visit is booked")


def test_what_keeps_a_letter_back_for_a_while_is_told_with_it():
    follow_up = FollowUpFactory()
    MessageFactory(patient=follow_up.patient, step="VISIT", state="SENT", sent_at=NOW - timedelta(hours=1))
    assert line(follow_up) == ("Invitation, Thu 26 Nov 09:00", "72 hours after the last letter")


def test_when_all_has_gone_that_is_told():
    follow_up = invited(FollowUpFactory())
    for step in ("REMIND", "LAST_CALL"):
        MessageFactory(follow_up=follow_up, state="SENT", dedupe_key=f"{step}:1:f{follow_up.pk}:r0", step=step)
    StaffTaskFactory(patient=follow_up.patient, cause_key=f"step:OVERDUE:1:f{follow_up.pk}:r0")
    assert line(follow_up) == ("Nothing will go", "staff have it as a task")


def test_many_lines_cost_as_many_queries_as_one(django_assert_num_queries):
    first = FollowUpFactory()
    clinic = first.patient.clinic
    many = [first.patient_id, *(FollowUpFactory(patient__clinic=clinic).patient_id for _number in range(4))]
    for patients in ([first.patient_id], many):
        with django_assert_num_queries(6):
            explain(patient_ids=patients, at=NOW)
        with django_assert_num_queries(6):
            forecast(patient_ids=patients, at=NOW, until=NOW + timedelta(days=7))


def test_the_forecast_holds_what_will_go_soonest_first():
    today, in_a_week = FollowUpFactory(), FollowUpFactory(snoozed_until=NOW.date() + timedelta(days=4))
    booked = FollowUpFactory()
    AppointmentFactory(follow_up=booked, starts_at=NOW + timedelta(days=9), changes=())
    held = FollowUpFactory()
    HoldFactory(patient=held.patient)
    Clinic.objects.update(sending_weekdays=list(range(7)))
    patients = [f.patient_id for f in (in_a_week, today, booked, held)]
    coming = forecast(patient_ids=patients, at=NOW, until=NOW + timedelta(days=7))
    assert [(one.follow_up_id, one.step, one.when) for one in coming] == [
        (today.pk, "INVITE", NOW),
        (booked.pk, "VISIT", NOW + timedelta(days=2)),
        (in_a_week.pk, "INVITE", NOW + timedelta(days=4, hours=-2)),
        (booked.pk, "VISIT", NOW + timedelta(days=7)),
    ]
    assert coming[2].reason == "snoozed"
