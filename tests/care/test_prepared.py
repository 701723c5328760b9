"""Queries put into SQL once and run for one patient after another."""

from decimal import Decimal

import pytest
from django.db.models import F

from clinic.care.prepared import STAND_IN, PreparedQuery
from clinic.patients.models import Patient
from tests.factories import TODAY, PatientFactory

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
