"""Queries put into SQL once and run for one patient after another."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from django.db.models import F

from clinic.patients.models import Patient
from clinic.prepared import STAND_IN, PreparedObjects, PreparedQuery, PreparedUpdate
from clinic.scheduling.models import Appointment
from tests.factories import NOW, TODAY, AppointmentFactory, FollowUpFactory, PatientFactory

pytestmark = pytest.mark.django_db

FIELDS = ("public_id", "given_name", "born_on", "created_at", "weight_kg", "next_check_at")


def asked(patient_id):
    return Patient.objects.filter(pk=patient_id).values_list(*FIELDS)


def test_values_are_what_the_query_itself_would_give():
    prepared = PreparedQuery(asked)
    for patient in (PatientFactory(weight_kg=Decimal("61.5"), weighed_on=TODAY), PatientFactory(given_name="-7304518226")):
        assert prepared.rows(patient.pk) == list(asked(patient.pk))


def test_query_is_made_once():
    made = []

    def make(patient_id):
        made.append(patient_id)
        return asked(patient_id)

    prepared = PreparedQuery(make)
    for _ in range(3):
        prepared.rows(PatientFactory().pk)

    assert made == [STAND_IN]


def test_rows_are_skipped_and_cut():
    patients = [PatientFactory() for _ in range(5)]
    prepared = PreparedQuery(lambda pk: Patient.objects.exclude(pk=pk).order_by("pk").values_list(F("pk")))

    assert prepared.rows(patients[0].pk, skip=1, most=2) == [(patients[2].pk,), (patients[3].pk,)]
    assert len(prepared.rows(patients[0].pk)) == 4


def test_nobody_is_the_stand_in():
    PatientFactory()

    assert PreparedQuery(asked).rows(STAND_IN) == []


@pytest.fixture
def visits():
    """Two visits of different patients, one of them for a follow-up."""
    return [AppointmentFactory(follow_up=FollowUpFactory(), starts_at=NOW), AppointmentFactory(follow_up=None)]


def of_patient(patient_id):
    return Appointment.objects.select_related("patient__clinic", "follow_up").filter(patient=patient_id)


def test_objects_are_what_the_query_itself_would_give(visits, django_assert_num_queries):
    prepared = PreparedObjects(of_patient(STAND_IN), {"patient": STAND_IN})
    for visit in visits:
        with django_assert_num_queries(1):
            (found,) = prepared.all({"patient": visit.patient_id})
            brought = (found.patient, found.patient.clinic, found.follow_up)
        (expected,) = of_patient(visit.patient_id)
        assert brought == (expected.patient, expected.patient.clinic, expected.follow_up)
        for one, other in ((found, expected), (found.patient, expected.patient), (found.patient.clinic, expected.patient.clinic)):
            assert values(one) == values(other)
            assert not one._state.adding


def values(thing):
    return {field.attname: getattr(thing, field.attname) for field in thing._meta.concrete_fields}


def test_first_of_no_objects_is_none(visits):
    prepared = PreparedObjects(of_patient(STAND_IN), {"patient": STAND_IN})
    assert prepared.first({"patient": visits[0].patient_id}) == visits[0]
    assert prepared.first({"patient": PatientFactory().pk}) is None


def test_update_changes_what_the_query_itself_would_change(django_assert_num_queries):
    ours, theirs, other = PatientFactory(), PatientFactory(), PatientFactory()
    never = datetime(4242, 6, 15, tzinfo=UTC)
    prepared = PreparedUpdate(
        Patient.objects.filter(pk=-1),
        {"next_check_at": never, "facts_revision": F("facts_revision") + 1},
        {"patient": -1, "now": never},
    )
    for _ in range(2):
        with django_assert_num_queries(1):
            prepared.run({"patient": ours.pk, "now": NOW})
        Patient.objects.filter(pk=theirs.pk).update(next_check_at=NOW, facts_revision=F("facts_revision") + 1)

    read = Patient.objects.values_list("next_check_at", "facts_revision")
    assert read.get(pk=ours.pk) == read.get(pk=theirs.pk) == (NOW, other.facts_revision + 2)
    assert read.get(pk=other.pk) == (other.next_check_at, other.facts_revision)
