"""Consent to treatment: which leaflet was signed, and what stood on a day."""

from datetime import date, timedelta

import pytest

from clinic.audit import Actor, AuditEvent
from clinic.patients.models import Consent
from clinic.patients.services import (
    Refused,
    consents_of,
    give_consent,
    record_signed_leaflet,
    treatment_consent_on,
    withdraw_consent,
)
from clinic.patients.signed_leaflets import SignedLeaflet
from tests.factories import NOW, TODAY, ConsentFactory, PatientFactory, SignedLeafletFactory, UserFactory

pytestmark = pytest.mark.django_db

MAY = date(2026, 5, 3)


@pytest.fixture
def patient():
    return PatientFactory(consents=())


@pytest.fixture
def by():
    return Actor.of_user(UserFactory())


@pytest.fixture
def sign(patient, by):
    """Record a leaflet, version 2 signed on 3 May unless the test says otherwise."""

    def record(version="2", signed_on=MAY, taken_by="Dr Okafor", now=NOW):
        return record_signed_leaflet(by=by, patient=patient, version=version, signed_on=signed_on, taken_by=taken_by, now=now)

    return record


def test_signed_leaflet_is_consent_to_treatment_with_version_day_and_who_took_it(patient, by, sign):
    row = sign(" 2 ")

    assert (row.purpose, row.is_given, row.by_user, row.how, row.at) == ("TREATMENT", True, by.user, "on paper", NOW)
    leaflet = SignedLeaflet.objects.get()
    assert (leaflet.consent, leaflet.version, leaflet.signed_on, leaflet.taken_by) == (row, "2", MAY, "Dr Okafor")
    assert consents_of([patient.pk])[patient.pk] == {"TREATMENT"}
    event = AuditEvent.objects.get()
    assert (event.action, event.what, event.fields, event.patient_id_public) == (
        "CHANGED",
        "Consent",
        ["TREATMENT"],
        patient.public_id,
    )


def test_leaflet_counts_from_the_day_it_was_signed_whenever_it_was_written_down(patient, sign):
    sign(signed_on=MAY)

    assert treatment_consent_on(patient=patient, on=MAY - timedelta(days=1)) is None
    stood = treatment_consent_on(patient=patient, on=MAY)
    assert (stood.is_given, stood.version, stood.on, stood.noted_on) == (True, "2", MAY, TODAY)


def test_newer_leaflet_stands_beside_the_older_and_each_day_has_its_own(patient, sign):
    sign("2", MAY)
    sign("3", TODAY)

    assert Consent.objects.count() == 2
    assert treatment_consent_on(patient=patient, on=TODAY - timedelta(days=1)).version == "2"
    assert treatment_consent_on(patient=patient, on=TODAY).version == "3"


def test_older_leaflet_written_down_later_does_not_come_before_the_newer(patient, sign):
    sign("3", TODAY)
    sign("2", MAY, now=NOW + timedelta(hours=1))

    assert treatment_consent_on(patient=patient, on=TODAY).version == "3"
    assert treatment_consent_on(patient=patient, on=MAY).version == "2"


def test_same_paper_twice_is_written_once(sign):
    assert sign() is not None
    assert sign(now=NOW + timedelta(minutes=1)) is None
    assert Consent.objects.count() == AuditEvent.objects.count() == 1


def test_withdrawal_ends_it_and_a_leaflet_of_that_day_or_later_begins_it_again(patient, by, sign):
    sign()
    withdraw_consent(by=by, patient=patient, purpose="TREATMENT", how="by phone", now=NOW)
    stood = treatment_consent_on(patient=patient, on=TODAY)
    assert (stood.is_given, stood.on, stood.how) == (False, TODAY, "by phone")
    assert treatment_consent_on(patient=patient, on=TODAY - timedelta(days=1)).is_given

    with pytest.raises(Refused) as refused:
        sign("3", TODAY - timedelta(days=1), now=NOW + timedelta(hours=1))
    assert [one.field for one in refused.value.problems] == ["signed_on"]
    assert "withdrew on 23 Nov 2026" in refused.value.problems[0].message

    sign("3", TODAY, now=NOW + timedelta(hours=1))
    assert treatment_consent_on(patient=patient, on=TODAY).version == "3"
    assert "TREATMENT" in consents_of([patient.pk])[patient.pk]


def test_consent_that_was_only_told_has_no_version(patient, by):
    give_consent(by=by, patient=patient, purpose="TREATMENT", how="in person", now=NOW)

    stood = treatment_consent_on(patient=patient, on=TODAY)
    assert (stood.is_given, stood.version, stood.taken_by, stood.on, stood.how) == (True, "", "", TODAY, "in person")


def test_day_is_that_of_the_clinics_zone(by):
    patient = PatientFactory(consents=(), clinic__time_zone="Pacific/Auckland")
    evening = NOW.replace(hour=20)
    give_consent(by=by, patient=patient, purpose="TREATMENT", how="in person", now=evening)

    assert treatment_consent_on(patient=patient, on=TODAY) is None
    assert treatment_consent_on(patient=patient, on=TODAY + timedelta(days=1)).is_given


def test_other_purposes_and_other_patients_say_nothing_of_it(patient):
    ConsentFactory(patient=patient, purpose="RESEARCH")
    SignedLeafletFactory()

    assert treatment_consent_on(patient=patient, on=TODAY) is None


@pytest.mark.parametrize(
    ("field", "given"),
    [
        ("version", {"version": " "}),
        ("version", {"version": "2" * 21}),
        ("version", {"version": "2\n3"}),
        ("taken_by", {"taken_by": ""}),
        ("taken_by", {"taken_by": "Dr\x00"}),
        ("signed_on", {"signed_on": TODAY + timedelta(days=1)}),
        ("signed_on", {"signed_on": date(1961, 5, 3)}),
    ],
)
def test_what_cannot_be_true_is_refused_beside_its_field(sign, field, given):
    with pytest.raises(Refused) as refused:
        sign(**given)

    assert [one.field for one in refused.value.problems] == [field]
    assert not Consent.objects.exists()


def test_asking_takes_one_query(patient, sign, django_assert_num_queries):
    for number in range(3):
        sign(str(number), MAY + timedelta(days=number))
    with django_assert_num_queries(1):
        treatment_consent_on(patient=patient, on=TODAY)
