"""Why a patient is not invited for now."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from clinic.audit import Actor, AuditEvent
from clinic.patients.models import Hold
from clinic.patients.services import Refused, clear_hold, set_hold
from tests.factories import NOW, TODAY, HoldFactory, PatientFactory, UserFactory

pytestmark = pytest.mark.django_db

SOON = TODAY + timedelta(days=30)


@pytest.fixture
def by():
    return Actor.of_user(UserFactory())


def test_hold_begins_today_and_belongs_to_whoever_sets_it(by):
    patient = PatientFactory()

    set_hold(by=by, patient=patient, reason="AWAY", review_on=SOON, note=" sails ", now=NOW)

    hold = Hold.objects.get()
    assert (hold.patient, hold.from_on, hold.review_on, hold.owner, hold.note) == (patient, TODAY, SOON, by.user, "sails")
    assert hold.cleared_at is None
    patient.refresh_from_db()
    assert patient.next_check_at == NOW
    assert AuditEvent.objects.get().fields == ["from_on", "owner", "reason", "review_on"]


def test_several_holds_may_overlap(by):
    patient = PatientFactory()
    for reason in ("AWAY", "SURGERY"):
        set_hold(by=by, patient=patient, reason=reason, review_on=SOON, now=NOW)

    assert patient.holds.count() == 2


@pytest.mark.parametrize(
    ("field", "given"),
    [
        ("review_on", {"review_on": TODAY - timedelta(days=1)}),
        ("review_on", {"review_on": SOON, "from_on": SOON + timedelta(days=1)}),
        ("reason", {"reason": "NONSENSE"}),
        ("reason", {"reason": ""}),
        ("note", {"note": "n" * 201}),
        ("note", {"note": "away\r\nBcc: x"}),
    ],
)
def test_hold_that_makes_no_sense_is_refused_beside_its_field(by, field, given):
    with pytest.raises(Refused) as refused:
        set_hold(by=by, patient=PatientFactory(), now=NOW, **{"reason": "AWAY", "review_on": SOON, **given})

    assert [problem.field for problem in refused.value.problems] == [field]
    assert not Hold.objects.exists()


def test_cleared_hold_says_by_whom_and_when(by):
    hold = HoldFactory()

    clear_hold(by=by, hold=hold, now=NOW)

    hold.refresh_from_db()
    assert (hold.cleared_by, hold.cleared_at) == (by.user, NOW)
    hold.patient.refresh_from_db()
    assert hold.patient.next_check_at == NOW
    assert AuditEvent.objects.get().what_id == hold.public_id


def test_clearing_twice_keeps_the_first(by):
    hold = HoldFactory()
    clear_hold(by=by, hold=hold, now=NOW)

    clear_hold(by=Actor.of_user(UserFactory()), hold=hold, now=NOW + timedelta(hours=1))

    hold.refresh_from_db()
    assert (hold.cleared_by, hold.cleared_at) == (by.user, NOW)
    assert AuditEvent.objects.count() == 1


@pytest.mark.parametrize(
    "broken",
    [
        {"review_on": TODAY - timedelta(days=60)},
        {"cleared_at": NOW},
    ],
)
def test_database_refuses_what_may_never_be(broken):
    with pytest.raises(IntegrityError), transaction.atomic():
        HoldFactory(**broken)
