"""What the policy is told of a patient, read from rows as the services leave them."""

from datetime import date, timedelta

import pytest

from clinic.patients.models import Patient
from clinic.practice.models import Clinic
from clinic.reminders import facts
from clinic.reminders.addresses import address_hash, domain_hash, envelope_form, is_deliverable
from clinic.reminders.models import DomainHold, EngineState, Suppression
from clinic.reminders.situation import Address, Contact
from clinic.scheduling.models import ChangeKind
from tests.factories import (
    NOW,
    AppointmentChangeFactory,
    AppointmentFactory,
    ConditionFactory,
    ConsentFactory,
    ContactAttemptFactory,
    FollowUpFactory,
    HoldFactory,
    MessageFactory,
    PatientFactory,
    StaffTaskFactory,
)

pytestmark = pytest.mark.django_db


def told(patient, at=NOW):
    return facts.load([patient.pk], at=at)[patient.pk]


@pytest.fixture
def patient():
    return PatientFactory()


def test_of_a_patient_under_care_all_is_plain():
    patient = PatientFactory(language="en", next_check_at=NOW)
    situation = told(patient)
    assert (situation.status, situation.address, situation.mark) == ("ACTIVE", Address.USABLE, NOW)
    assert situation.consents == {"VISIT", "INVITE"}
    assert not any([situation.on_hold, situation.asked_to_be_called, situation.engine_paused, situation.clinic_paused])
    assert (situation.follow_ups, situation.visits, situation.letters) == ((), (), {})
    assert str(situation.hours.zone) == "Europe/Paris"


def test_the_newest_row_of_a_consent_counts(patient):
    ConsentFactory(patient=patient, purpose="INVITE", is_given=False, at=NOW)
    assert told(patient).consents == {"VISIT"}


def test_a_hold_counts_from_its_day_until_it_is_cleared(patient):
    hold = HoldFactory(patient=patient, from_on=NOW.date() + timedelta(days=1), review_on=NOW.date() + timedelta(days=9))
    assert not told(patient).on_hold
    assert told(patient, NOW + timedelta(days=1)).on_hold
    type(hold).objects.update(cleared_at=NOW, cleared_by=hold.owner)
    assert not told(patient, NOW + timedelta(days=1)).on_hold


def test_a_wish_to_be_called_counts_until_it_is_met(patient):
    task = StaffTaskFactory(patient=patient, kind="PHONE_ASKED")
    assert told(patient).asked_to_be_called
    type(task).objects.update(done_at=NOW)
    assert not told(patient).asked_to_be_called


def test_tasks_that_stand_in_for_steps_are_told_done_or_open(patient):
    StaffTaskFactory(patient=patient, cause_key="step:INVITE:1:f1:r0", done_at=NOW)
    StaffTaskFactory(patient=patient, cause_key="step:REMIND:1:f1:r0")
    StaffTaskFactory(patient=patient, cause_key="opted-out:4")
    situation = told(patient)
    assert situation.tasks == {"step:INVITE:1:f1:r0", "step:REMIND:1:f1:r0"}
    assert situation.open_tasks == {"step:REMIND:1:f1:r0"}


def test_pauses_are_told(patient):
    EngineState.objects.create(pk=1, paused_at=NOW, paused_reason="a test")
    Clinic.objects.update(letters_paused_at=NOW, letters_paused_reason="a test")
    assert told(patient).engine_paused
    assert told(patient).clinic_paused


@pytest.mark.parametrize(
    ("email", "address"),
    [
        ("anna@example.org", Address.USABLE),
        ("Anna.Mercer+1@EXAMPLE.org", Address.USABLE),
        ("anna@grün.example", Address.USABLE),
        ("", Address.MISSING),
        ("größe@example.org", Address.MISSING),
        ("anna@", Address.MISSING),
        ("anna mercer@example.org", Address.MISSING),
        ("a@b@example.org", Address.MISSING),
        ("anna@exa..mple.org", Address.MISSING),
        ("anna@example.org\r\nBcc: eve@example.org", Address.MISSING),
        (f"{'a' * 65}@example.org", Address.MISSING),
    ],
)
def test_an_address_is_usable_if_it_can_stand_in_the_dialogue(email, address):
    patient = PatientFactory()
    Patient.objects.filter(pk=patient.pk).update(email=email)
    assert told(patient).address is address


def test_addresses_are_told_to_a_server_in_ascii_and_hashed_whatever_their_capitals():
    assert envelope_form("Anna@GRÜN.example") == "Anna@xn--grn-ioa.example"
    assert is_deliverable("anna@[127.0.0.1]") is False
    assert address_hash("Anna@Example.org") == address_hash("anna@example.org ")
    assert domain_hash("a@GRÜN.example") == domain_hash("b@xn--grn-ioa.example")
    assert "example" not in address_hash("anna@example.org") + domain_hash("anna@example.org")


def test_a_suppression_holds_for_its_clinic_until_it_is_lifted():
    patient, elsewhere = PatientFactory(email="a@example.org"), PatientFactory(email="A@example.org")
    standing = Suppression.objects.create(
        clinic=patient.clinic, address_hash=address_hash("a@example.org"), reason="NO_SUCH_ADDRESS", at=NOW
    )
    assert told(patient).address is Address.SUPPRESSED
    assert told(elsewhere).address is Address.USABLE
    Suppression.objects.filter(pk=standing.pk).update(lifted_at=NOW)
    assert told(patient).address is Address.USABLE


def test_a_domain_that_asked_us_to_wait_is_told_until_its_time_is_over(patient):
    DomainHold.objects.create(domain_hash=domain_hash(patient.email), until=NOW + timedelta(minutes=15))
    assert told(patient).domain_held_until == NOW + timedelta(minutes=15)
    assert told(patient, NOW + timedelta(minutes=15)).domain_held_until is None


def test_a_follow_up_is_told_with_its_dates_in_the_clinics_zone():
    follow_up = FollowUpFactory(
        own_on=date(2027, 1, 12), snoozed_until=date(2026, 12, 1), patient__clinic__time_zone="Asia/Tokyo"
    )
    type(follow_up).objects.update(created_at=NOW.replace(hour=20))
    facts_of = told(follow_up.patient).follow_ups[0]
    assert (facts_of.opens_on, facts_of.closes_on) == (follow_up.opens_on, follow_up.closes_on)
    assert (facts_of.suggested_on, facts_of.snoozed_until) == (date(2027, 1, 12), date(2026, 12, 1))
    assert facts_of.created_on == NOW.date() + timedelta(days=1)


def test_follow_ups_that_ended_are_not_told():
    follow_up = FollowUpFactory(state="TREATED")
    assert told(follow_up.patient).follow_ups == ()


@pytest.mark.parametrize(
    ("channel", "outcome", "reached", "answered", "declined"),
    [
        ("PHONE", "REACHED", True, True, False),
        ("PHONE", "WILL_CALL_BACK", True, True, False),
        ("PHONE", "DECLINED", True, True, True),
        ("PHONE", "VOICEMAIL", True, False, False),
        ("PHONE", "NO_ANSWER", False, False, False),
        ("PHONE", "WRONG_NUMBER", False, False, False),
        ("LETTER", "NO_ANSWER", True, False, False),
        ("EMAIL", "NO_ANSWER", True, False, False),
    ],
)
def test_what_a_contact_means(channel, outcome, reached, answered, declined):
    attempt = ContactAttemptFactory(channel=channel, outcome=outcome)
    contacts = told(attempt.follow_up.patient).follow_ups[0].contacts
    assert contacts == (Contact(NOW, reached, answered, declined),)


def test_a_coming_visit_is_told_with_its_last_change():
    visit = AppointmentFactory(starts_at=NOW + timedelta(days=9))
    AppointmentChangeFactory(appointment=visit, kind=ChangeKind.BOOKED, at=NOW - timedelta(days=2), with_letter=False)
    AppointmentChangeFactory(appointment=visit, kind=ChangeKind.MOVED, sequence=1, at=NOW, by_patient=True, by_user=None)
    AppointmentChangeFactory(appointment=visit, kind=ChangeKind.ARRIVED, sequence=2, at=NOW)
    found = told(visit.patient).visits[0]
    assert (found.pk, found.state, found.starts_at) == (visit.pk, "BOOKED", visit.starts_at)
    assert (found.change, found.sequence, found.changed_at, found.by_patient, found.with_letter) == ("MOVED", 1, NOW, True, True)


@pytest.mark.parametrize(("state", "booked"), [("BOOKED", True), ("ARRIVED", True), ("MISSED", False), ("CANCELLED", False)])
def test_a_follow_up_is_booked_while_a_coming_visit_points_at_it_and_owed_again_after(state, booked):
    follow_up = FollowUpFactory()
    past = AppointmentFactory(follow_up=follow_up, starts_at=NOW - timedelta(days=2), state=state)
    if not booked:
        AppointmentChangeFactory(appointment=past, kind=state, at=NOW - timedelta(days=1))
    found = told(follow_up.patient).follow_ups[0]
    assert found.is_booked is booked
    assert found.fallen_through == (0 if booked else 1)
    assert found.fell_through_at == (None if booked else NOW - timedelta(days=1))


def test_letters_are_told_that_are_about_what_is_open_or_went_lately(patient):
    follow_up = FollowUpFactory(patient=patient)
    ended = FollowUpFactory(condition=ConditionFactory(patient=patient, side="LEFT"), state="TREATED")
    long_ago = NOW - timedelta(days=40)
    MessageFactory(follow_up=follow_up, state="SENT", sent_at=long_ago, due_at=long_ago, dedupe_key="about what is open")
    MessageFactory(follow_up=ended, state="SENT", sent_at=long_ago, due_at=long_ago, dedupe_key="history")
    MessageFactory(follow_up=ended, state="READY", due_at=long_ago, dedupe_key="still open")
    MessageFactory(follow_up=ended, state="SENT", sent_at=NOW - timedelta(hours=71), dedupe_key="went lately")
    MessageFactory(dedupe_key="somebody else's")
    letters = told(patient).letters
    assert set(letters) == {"about what is open", "still open", "went lately"}
    assert letters["went lately"].gone_at == NOW - timedelta(hours=71)
    assert letters["still open"].gone_at is None


def test_many_patients_cost_as_many_queries_as_one(django_assert_num_queries):
    first = FollowUpFactory().patient
    others = [FollowUpFactory(patient__clinic=first.clinic).patient for _number in range(4)]
    for patients in ([first], others):
        with django_assert_num_queries(5):
            facts.load([patient.pk for patient in patients], at=NOW)


def test_a_visit_without_the_row_of_its_making_is_no_news_but_is_known():
    visit = AppointmentFactory(starts_at=NOW + timedelta(days=9), changes=())
    found = told(visit.patient).visits[0]
    assert (found.change, found.changed_at) == ("", visit.created_at)
