"""Two people sign at the same moment: each unit is given once, and each form writes one treatment."""

import threading
import uuid
from decimal import Decimal

import pytest
from django.db import connection

from clinic.audit import Actor
from clinic.care.services import complete_visit
from clinic.treatments.models import FollowUp, InjectionSession
from clinic.treatments.services import AlreadyRecorded, Point, TreatmentRefused
from tests.factories import (
    ALL_NO,
    NOW,
    TODAY,
    ConditionFactory,
    PatientFactory,
    PractitionerFactory,
    SiteFactory,
    UserFactory,
    VialFactory,
    past_the_checks,
)

pytestmark = pytest.mark.django_db(transaction=True)


def at_once(*acts):
    """Run the acts in threads of their own, starting together; return what each answered or raised."""
    answers = [None] * len(acts)
    start = threading.Barrier(len(acts))

    def run(number, act):
        try:
            start.wait(timeout=20)
            answers[number] = act()
        except Exception as error:  # noqa: BLE001  the error is the answer
            answers[number] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=each) for each in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    return answers


def visit(patient, vial, *, units, token=None):
    """An act that signs this many units from the vial."""
    condition = patient.conditions.get()
    practitioner = PractitionerFactory(clinics=[patient.clinic])
    by = Actor.of_user(UserFactory())
    point = Point(SiteFactory(), "RIGHT", Decimal(units))
    return lambda: past_the_checks(
        lambda reasons: complete_visit(
            by=by,
            patient=patient,
            condition=condition,
            practitioner=practitioner,
            vial=vial,
            points=[point],
            performed_on=TODAY,
            answers=ALL_NO,
            reasons=reasons,
            public_id=token,
            now=NOW,
        )
    )


def test_last_units_of_a_vial_are_given_once():
    first = ConditionFactory().patient
    second = ConditionFactory(patient=PatientFactory(clinic=first.clinic)).patient
    vial = VialFactory(clinic=first.clinic)
    answers = at_once(visit(first, vial, units="60"), visit(second, vial, units="60"))
    assert sorted(type(answer).__name__ for answer in answers) == ["InjectionSession", "TreatmentRefused"]
    (refused,) = (answer for answer in answers if isinstance(answer, TreatmentRefused))
    assert "the vial has 40 U left" in refused.problems[0].message
    vial.refresh_from_db()
    assert vial.units_given == Decimal(60)
    assert InjectionSession.objects.count() == FollowUp.objects.count() == 1


def test_form_sent_twice_at_once_is_signed_once():
    patient = ConditionFactory().patient
    vial, token = VialFactory(clinic=patient.clinic), uuid.uuid4()
    answers = at_once(*(visit(patient, vial, units="5", token=token) for _again in range(2)))
    assert sorted(type(answer).__name__ for answer in answers) == ["AlreadyRecorded", "InjectionSession"]
    (repeated,) = (answer for answer in answers if isinstance(answer, AlreadyRecorded))
    assert repeated.session.public_id == token
    vial.refresh_from_db()
    assert (vial.units_given, FollowUp.objects.filter(state="ACTIVE").count()) == (Decimal(5), 1)


def test_two_treatments_of_one_condition_at_once_leave_one_active_follow_up():
    patient = ConditionFactory().patient
    vials = [VialFactory(clinic=patient.clinic) for _each in range(2)]
    answers = at_once(*(visit(patient, vial, units="5") for vial in vials))
    assert [type(answer) for answer in answers] == [InjectionSession, InjectionSession]
    assert sorted(FollowUp.objects.values_list("state", flat=True)) == ["ACTIVE", "TREATED"]
