"""What happened to one patient, newest first, in one query."""

from datetime import UTC, date, datetime, timedelta

import pytest

from clinic.care.timeline import Kind, timeline
from tests.factories import (
    NOW,
    AppointmentChangeFactory,
    AppointmentFactory,
    ConditionFactory,
    ConsentFactory,
    ContactAttemptFactory,
    DocumentFactory,
    DocumentWithdrawalFactory,
    FollowUpFactory,
    HoldFactory,
    InjectionSessionFactory,
    PatientFactory,
    PhotographFactory,
    ReviewFactory,
    SessionVersionFactory,
    SessionVoidFactory,
    SideEffectFactory,
    SideEffectVersionFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def follow_up():
    return FollowUpFactory(patient=PatientFactory(consents=()))


@pytest.fixture
def patient(follow_up):
    return follow_up.patient


def told(patient, **asked):
    return [(entry.kind, entry.event) for entry in timeline(patient=patient, **asked).entries]


def one(patient, event):
    return next(entry for entry in timeline(patient=patient).entries if entry.event == event)


def test_treatment_is_told_with_product_units_condition_and_who_gave_it(patient, follow_up):
    entry = one(patient, "SIGNED")

    session = follow_up.session
    assert (entry.kind, entry.on, entry.public_id) == (Kind.TREATMENT, session.performed_on, session.public_id)
    assert (entry.what, entry.about, entry.detail) == ("Botox", "Hemifacial spasm", "RIGHT")
    assert entry.number == session.current_version.total_units
    assert entry.who == session.practitioner.name


def test_draft_is_not_told(patient, follow_up):
    InjectionSessionFactory(condition=follow_up.condition, signed=False)

    assert told(patient) == [(Kind.TREATMENT, "SIGNED")]


def test_amendment_is_told_with_its_reason(patient, follow_up):
    signed_at = datetime(2026, 10, 1, 9, tzinfo=UTC)
    SessionVersionFactory(session=follow_up.session, amendment_reason="a slip", signed_at=signed_at)

    entry = one(patient, "AMENDED")
    assert (entry.on, entry.detail, entry.public_id) == (date(2026, 10, 1), "a slip", follow_up.session.public_id)


def test_photographs_and_papers_are_told_when_they_were_attached_and_withdrawn():
    patient = PatientFactory(consents=())
    photograph = PhotographFactory(patient=patient, title="eyes closed", taken_on=date(2026, 1, 5))
    DocumentFactory(patient=patient, uploaded_at=NOW + timedelta(hours=1))
    DocumentWithdrawalFactory(document=photograph, reason="of another patient", at=NOW + timedelta(days=1))

    withdrawn, paper, attached = timeline(patient=patient).entries
    assert {entry.kind for entry in (withdrawn, paper, attached)} == {Kind.DOCUMENT}
    assert (withdrawn.event, withdrawn.what, withdrawn.about) == ("WITHDRAWN", "PHOTOGRAPH", "eyes closed")
    assert (withdrawn.on, withdrawn.detail) == (NOW.date() + timedelta(days=1), "of another patient")
    assert (paper.event, paper.what, paper.state) == ("ATTACHED", "SIGNED_CONSENT", "")
    assert (attached.event, attached.on, attached.state) == ("ATTACHED", NOW.date(), "WITHDRAWN")
    assert attached.public_id == withdrawn.public_id == photograph.public_id
    assert attached.who == photograph.uploaded_by.name


def test_whoever_may_not_see_photographs_is_not_told_of_any():
    patient = PatientFactory(consents=())
    DocumentWithdrawalFactory(document=PhotographFactory(patient=patient))
    DocumentFactory(patient=patient)

    (entry,) = timeline(patient=patient, with_photographs=False).entries
    assert (entry.event, entry.what) == ("ATTACHED", "SIGNED_CONSENT")


def test_amended_treatment_is_told_as_it_stands_and_says_so(patient, follow_up):
    session = follow_up.session
    session.current_version = SessionVersionFactory(session=session, points=(("ZYG_MAJ", "RIGHT", "9"),), signed_at=NOW)
    session.performed_on = date(2026, 9, 2)
    session.save()

    entry = one(patient, "SIGNED_AND_AMENDED")
    assert (entry.on, entry.number) == (date(2026, 9, 2), 9)
    assert told(patient) == [(Kind.TREATMENT, "AMENDED"), (Kind.TREATMENT, "SIGNED_AND_AMENDED")]


def test_void_treatment_is_told_with_its_state_and_once_more_with_the_reason(patient, follow_up):
    SessionVoidFactory(session=follow_up.session, reason="wrong patient", by=UserFactory(name="Ines"))

    entry = one(patient, "VOIDED")
    assert (entry.on, entry.detail, entry.who, entry.state) == (NOW.date(), "wrong patient", "Ines", "VOID")
    assert one(patient, "SIGNED").state == "VOID"


def test_side_effect_stands_where_it_began(patient, follow_up):
    side_effect = SideEffectFactory(session=follow_up.session, reported_by=UserFactory(name="Ines"), version__severity=3)

    entry = one(patient, "REPORTED")
    assert (entry.on, entry.public_id) == (side_effect.facts.onset_on, side_effect.public_id)
    assert (entry.what, entry.about, entry.detail) == ("drooping upper eyelid", "GREEN", "ONGOING")
    assert (entry.state, entry.number, entry.who, entry.by_patient) == ("NEW", 3, "Ines", False)


def test_side_effect_whose_beginning_nobody_knows_stands_where_it_was_reported(patient, follow_up):
    SideEffectFactory(session=follow_up.session, version__onset_on=None, reported_by_patient=True)

    entry = one(patient, "REPORTED")
    assert (entry.on, entry.by_patient, entry.who) == ((NOW - timedelta(days=2)).date(), True, "")


def test_amended_report_is_told_once_as_it_is_known_now_and_once_with_its_reason(patient, follow_up):
    side_effect = SideEffectFactory(session=follow_up.session)
    side_effect.current_version = SideEffectVersionFactory(side_effect=side_effect, outcome="RECOVERED", reason="better", at=NOW)
    side_effect.save()

    assert told(patient) == [(Kind.SIDE_EFFECT, "AMENDED"), (Kind.SIDE_EFFECT, "REPORTED"), (Kind.TREATMENT, "SIGNED")]
    assert one(patient, "REPORTED").detail == "RECOVERED"
    assert one(patient, "AMENDED").detail == "better"


def test_review_is_told_only_to_those_who_may_see_it(patient, follow_up):
    ReviewFactory(side_effect=SideEffectFactory(session=follow_up.session), causality="POSSIBLE")

    entry = one(patient, "REVIEWED")
    assert (entry.detail, entry.state, entry.what) == ("POSSIBLE", "REVIEWED", "drooping upper eyelid")
    assert (Kind.SIDE_EFFECT, "REVIEWED") not in told(patient, with_reviews=False)
    assert (Kind.SIDE_EFFECT, "REPORTED") in told(patient, with_reviews=False)


def test_contacts_and_the_end_of_a_follow_up_are_told(patient, follow_up):
    ContactAttemptFactory(follow_up=follow_up, note="line busy", by=UserFactory(name="Jo"))
    left = ConditionFactory(patient=patient, side="LEFT")
    FollowUpFactory(condition=left, state="STOPPED", stop_reason="MOVED_AWAY")

    tried = one(patient, "TRIED")
    assert (tried.kind, tried.what, tried.state, tried.detail, tried.who) == (
        Kind.CONTACT,
        "PHONE",
        "NO_ANSWER",
        "line busy",
        "Jo",
    )
    stopped = one(patient, "STOPPED")
    assert (stopped.kind, stopped.state, stopped.what) == (Kind.CONTACT, "MOVED_AWAY", "Hemifacial spasm")


def test_each_change_of_a_visit_is_told_with_the_time_it_is_about(patient, follow_up):
    visit = AppointmentFactory(follow_up=follow_up, state="CANCELLED")
    AppointmentChangeFactory(appointment=visit, kind="CANCELLED", by_user=None, by_patient=True, reason="away", at=NOW)

    entry = one(patient, "CANCELLED")
    assert (entry.kind, entry.time, entry.what) == (Kind.APPOINTMENT, visit.starts_at, visit.practitioner.name)
    assert (entry.detail, entry.by_patient, entry.public_id) == ("away", True, visit.public_id)


def test_hold_is_told_when_it_begins_and_when_it_ends(patient):
    HoldFactory(patient=patient, reason="AWAY", note="sails", owner=UserFactory(name="Jo"))
    HoldFactory(patient=patient, reason="SURGERY", cleared_by=UserFactory(name="Kim"), cleared_at=NOW)

    assert sorted(told(patient, kinds=[Kind.HOLD])) == [(Kind.HOLD, "CLEARED"), (Kind.HOLD, "HELD"), (Kind.HOLD, "HELD")]
    cleared = one(patient, "CLEARED")
    assert (cleared.what, cleared.who, cleared.on) == ("SURGERY", "Kim", NOW.date())


def test_consent_is_told_given_and_withdrawn(patient):
    ConsentFactory(patient=patient, purpose="NEWS", at=NOW)
    ConsentFactory(patient=patient, purpose="NEWS", is_given=False, by_patient=False, by_user=UserFactory(name="Jo"), at=NOW)

    given, withdrawn = one(patient, "GIVEN"), one(patient, "WITHDRAWN")
    assert (given.what, given.by_patient, given.detail) == ("NEWS", True, "at registration")
    assert (withdrawn.by_patient, withdrawn.who) == (False, "Jo")


def test_newest_stands_first_and_the_day_is_the_clinics(patient, follow_up):
    late = datetime(2026, 11, 22, 23, 30, tzinfo=UTC)  # half past midnight in Paris
    ContactAttemptFactory(follow_up=follow_up, at=late)
    HoldFactory(patient=patient, from_on=date(2026, 11, 22))

    entries = timeline(patient=patient).entries
    assert [entry.on for entry in entries] == [date(2026, 11, 23), date(2026, 11, 22), follow_up.session.performed_on]


def test_timeline_is_narrowed_by_kind(patient, follow_up):
    ContactAttemptFactory(follow_up=follow_up)

    assert told(patient, kinds=[Kind.CONTACT]) == [(Kind.CONTACT, "TRIED")]
    assert told(patient, kinds=[Kind.LETTER]) == []
    assert told(patient, kinds=[]) == []


def test_nothing_of_another_patient_is_told(patient):
    other = FollowUpFactory()
    ContactAttemptFactory(follow_up=other)
    ReviewFactory(side_effect=SideEffectFactory(session=other.session))
    AppointmentFactory(follow_up=other)
    HoldFactory(patient=other.patient)

    assert told(patient) == [(Kind.TREATMENT, "SIGNED")]


def test_pages_hold_every_entry_once(patient, follow_up):
    for day in range(7):
        ContactAttemptFactory(follow_up=follow_up, at=NOW - timedelta(days=day))
    everything = timeline(patient=patient)
    assert (len(everything.entries), everything.has_more) == (8, False)

    pages = [timeline(patient=patient, skip=skip, rows=3) for skip in (0, 3, 6)]

    assert [entry for page in pages for entry in page.entries] == everything.entries
    assert [page.has_more for page in pages] == [True, True, False]


@pytest.mark.parametrize("many", [1, 500])
def test_one_query_whatever_there_is(patient, follow_up, many, django_assert_num_queries):
    user = UserFactory()
    for number in range(many):
        ContactAttemptFactory(follow_up=follow_up, by=user, at=NOW - timedelta(hours=number))
    SideEffectFactory(session=follow_up.session)

    with django_assert_num_queries(1):
        assert len(timeline(patient=patient).entries) == min(many + 2, 50)
