"""What a patient agrees to, by purpose."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.db.utils import DatabaseError

from clinic.audit import Actor, AuditEvent
from clinic.patients.models import Consent, StaffTask
from clinic.patients.services import Refused, consents_of, give_consent, withdraw_consent
from tests.factories import NOW, ConsentFactory, PatientFactory, UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def patient():
    return PatientFactory(consents=())


@pytest.fixture
def by():
    return Actor.of_user(UserFactory())


def agreed(patient):
    return consents_of([patient.pk])[patient.pk]


def test_given_consent_counts_until_it_is_withdrawn(patient, by):
    give_consent(by=by, patient=patient, purpose="INVITE", how="by phone", now=NOW)
    assert agreed(patient) == {"INVITE"}

    withdraw_consent(by=by, patient=patient, purpose="INVITE", how="by phone", now=NOW + timedelta(days=1))
    assert agreed(patient) == set()
    assert Consent.objects.count() == 2


def test_newest_of_two_rows_of_one_moment_counts(patient, by):
    give_consent(by=by, patient=patient, purpose="NEWS", how="by phone", now=NOW)
    withdraw_consent(by=by, patient=patient, purpose="NEWS", how="by phone", now=NOW)

    assert agreed(patient) == set()


def test_row_says_who_how_when_and_to_which_wording(patient, by):
    row = give_consent(by=by, patient=patient, purpose="VISIT", how=" on paper ", now=NOW)

    assert (row.by_user, row.by_patient, row.how, row.at) == (by.user, False, "on paper", NOW)
    assert row.wording_version
    event = AuditEvent.objects.get()
    assert (event.what, event.fields, event.patient_id_public) == ("Consent", ["VISIT"], patient.public_id)


@pytest.mark.parametrize("act", [give_consent, withdraw_consent])
def test_saying_the_same_again_writes_nothing(patient, by, act):
    if act is give_consent:
        ConsentFactory(patient=patient, purpose="VISIT", at=NOW)
    count = Consent.objects.count()

    assert act(by=by, patient=patient, purpose="VISIT", how="by phone", now=NOW + timedelta(hours=1)) is None
    assert Consent.objects.count() == count
    assert not AuditEvent.objects.exists()


def test_engine_looks_again_when_consent_changes(patient, by):
    give_consent(by=by, patient=patient, purpose="VISIT", how="by phone", now=NOW)

    patient.refresh_from_db()
    assert patient.next_check_at == NOW


@pytest.mark.parametrize("purpose", ["VISIT", "INVITE"])
def test_patient_who_stops_letters_of_care_is_to_be_phoned(purpose):
    patient = PatientFactory()

    row = withdraw_consent(by=Actor.patient(), patient=patient, purpose=purpose, how="by a link", now=NOW)

    assert (row.by_patient, row.by_user) == (True, None)
    task = StaffTask.objects.get()
    assert (task.patient, task.kind, task.due_on) == (patient, "PHONE_OPTED_OUT", NOW.date())


def test_stopping_twice_gives_one_task():
    patient = PatientFactory()

    for _ in range(2):
        withdraw_consent(by=Actor.patient(), patient=patient, purpose="INVITE", how="by a link", now=NOW)

    assert StaffTask.objects.count() == 1


def test_news_stopped_by_the_patient_and_letters_stopped_by_staff_need_no_call(by):
    patient = PatientFactory(consents=["NEWS", "INVITE"])

    withdraw_consent(by=Actor.patient(), patient=patient, purpose="NEWS", how="by a link", now=NOW)
    withdraw_consent(by=by, patient=patient, purpose="INVITE", how="by phone", now=NOW)

    assert not StaffTask.objects.exists()


@pytest.mark.parametrize(
    ("purpose", "how"), [("NONSENSE", "by phone"), ("VISIT", ""), ("VISIT", "x\r\nBcc: y"), ("VISIT", "h" * 81)]
)
def test_unknown_purpose_or_unfit_words_are_refused(patient, by, purpose, how):
    with pytest.raises(Refused):
        give_consent(by=by, patient=patient, purpose=purpose, how=how, now=NOW)

    assert not Consent.objects.exists()


def test_many_patients_are_asked_about_in_one_query(django_assert_num_queries):
    patients = [PatientFactory(consents=["VISIT"] if number % 2 else ["VISIT", "NEWS"]) for number in range(20)]

    with django_assert_num_queries(1):
        found = consents_of([patient.pk for patient in patients])

    assert found[patients[0].pk] == {"VISIT", "NEWS"}
    assert found[patients[1].pk] == {"VISIT"}
    assert len(found) == 20


def test_patient_without_any_row_agrees_to_nothing(patient):
    assert consents_of([patient.pk]) == {patient.pk: set()}


def test_database_refuses_to_change_or_delete_a_row(patient):
    row = ConsentFactory(patient=patient)

    with pytest.raises(DatabaseError), transaction.atomic():
        Consent.objects.update(is_given=False)
    with pytest.raises(DatabaseError), transaction.atomic():
        row.delete()
    assert Consent.objects.get().is_given


def test_database_refuses_a_row_by_two_people(patient):
    with pytest.raises(IntegrityError), transaction.atomic():
        ConsentFactory(patient=patient, by_patient=True, by_user=UserFactory())
