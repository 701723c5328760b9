"""Whom the reminder engine looks at again after a clinic's rules have changed."""

from datetime import timedelta

import pytest

from clinic.care.recheck import look_again_at
from tests.factories import (
    NOW,
    AppointmentFactory,
    ClinicFactory,
    ConditionFactory,
    FollowUpFactory,
    IndicationFactory,
    PatientFactory,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def clinic(db):
    return ClinicFactory()


def asked(patient):
    patient.refresh_from_db()
    return patient.next_check_at


def test_whoever_has_an_active_follow_up_or_a_coming_visit_is_looked_at(clinic):
    waiting = FollowUpFactory(patient=PatientFactory(clinic=clinic)).patient
    visiting = AppointmentFactory(patient=PatientFactory(clinic=clinic)).patient
    stopped = FollowUpFactory(patient=PatientFactory(clinic=clinic), state="STOPPED").patient
    was_there = AppointmentFactory(patient=PatientFactory(clinic=clinic), state="TREATED").patient
    elsewhere = FollowUpFactory().patient

    assert look_again_at(clinic_id=clinic.pk, at=NOW) == 2

    assert [asked(patient) for patient in (waiting, visiting, stopped, was_there, elsewhere)] == [NOW, NOW, None, None, None]


def test_only_those_whom_the_indication_concerns(clinic):
    spasm = FollowUpFactory(patient=PatientFactory(clinic=clinic))
    other = ConditionFactory(
        patient=PatientFactory(clinic=clinic), indication=IndicationFactory(code="BLEPH", name="Blepharospasm"), side="BOTH"
    )
    blepharospasm = FollowUpFactory(condition=other)
    without_follow_up = AppointmentFactory(patient=PatientFactory(clinic=clinic), follow_up=None)

    look_again_at(clinic_id=clinic.pk, indication=other.indication, at=NOW)

    assert asked(spasm.patient) is None
    assert asked(blepharospasm.patient) == NOW
    assert asked(without_follow_up.patient) == NOW


def test_whoever_is_looked_at_sooner_stays_as_they_are(clinic):
    soon, late = NOW + timedelta(hours=1), NOW + timedelta(days=90)
    sooner = FollowUpFactory(patient=PatientFactory(clinic=clinic, next_check_at=soon)).patient
    later = FollowUpFactory(patient=PatientFactory(clinic=clinic, next_check_at=late)).patient

    look_again_at(clinic_id=clinic.pk, at=NOW + timedelta(days=7))

    assert (asked(sooner), asked(later)) == (soon, NOW + timedelta(days=7))


def test_a_letter_that_a_worker_has_in_hand_is_asked_about_anew(clinic):
    patient = FollowUpFactory(patient=PatientFactory(clinic=clinic, next_check_at=NOW)).patient
    before = patient.facts_revision
    look_again_at(clinic_id=clinic.pk, at=NOW + timedelta(days=7))
    patient.refresh_from_db()
    assert patient.facts_revision > before


def test_it_takes_one_statement(clinic, django_assert_num_queries):
    for _ in range(3):
        FollowUpFactory(patient=PatientFactory(clinic=clinic))
    with django_assert_num_queries(1):
        look_again_at(clinic_id=clinic.pk, at=NOW)
