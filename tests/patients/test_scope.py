"""Who may see which patients."""

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import IntegrityError, transaction

from clinic.accounts import User
from clinic.patients.models import Patient
from clinic.patients.services import look_again, visible_to
from clinic.practice.models import Role
from clinic.practice.roles import Permission
from tests.factories import NOW, ClinicFactory, MembershipFactory, PatientFactory, UserFactory, member

pytestmark = pytest.mark.django_db


def test_person_sees_the_patients_of_their_clinics_only():
    here, there = PatientFactory(), PatientFactory()
    clerk = member(Role.FRONT_DESK, here.clinic)

    assert list(visible_to(clerk)) == [here]
    MembershipFactory(user=clerk, clinic=there.clinic, role=Role.REVIEWER)
    # As the next request reads them; within one, what they may do does not change.
    assert set(visible_to(User.objects.get(pk=clerk.pk))) == {here, there}


def test_permission_counts_at_the_clinic_where_it_is_held():
    here, there = PatientFactory(), PatientFactory()
    person = member(Role.CLINICIAN, here.clinic)
    MembershipFactory(user=person, clinic=there.clinic, role=Role.FRONT_DESK)

    assert list(visible_to(person, Permission.RECORD_TREATMENTS)) == [here]


def test_nobody_without_a_clinic_an_account_or_leave_to_sign_in_sees_anybody():
    patient = PatientFactory()
    left = member(Role.ADMIN, patient.clinic)
    left.is_active = False
    left.save()

    assert not visible_to(AnonymousUser()).exists()
    assert not visible_to(UserFactory()).exists()
    assert not visible_to(UserFactory(is_superuser=True)).exists()
    assert not visible_to(left).exists()


def test_looking_again_is_asked_for_those_named_only():
    asked, other = PatientFactory(), PatientFactory()

    look_again([asked.pk], now=NOW)

    assert set(Patient.objects.filter(next_check_at=NOW)) == {asked}
    other.refresh_from_db()
    assert other.next_check_at is None


@pytest.mark.parametrize(
    "broken", [{"record_number": ""}, {"weight_kg": 60}, {"weighed_on": NOW.date()}, {"weight_kg": 0, "weighed_on": NOW.date()}]
)
def test_database_refuses_a_patient_that_may_never_be(broken):
    with pytest.raises(IntegrityError), transaction.atomic():
        PatientFactory(**broken)


def test_database_refuses_a_second_patient_of_one_number():
    first = PatientFactory(clinic=ClinicFactory())

    with pytest.raises(IntegrityError), transaction.atomic():
        PatientFactory(clinic=first.clinic, record_number=first.record_number)
