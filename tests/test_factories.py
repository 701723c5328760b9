"""Every factory gives a row that the database takes, as it is and several times over."""

import inspect

import pytest
from django.db import connection

from clinic.practice.models import Role
from clinic.practice.roles import Permission
from clinic.practice.services import clinics_where
from tests import factories
from tests.factories import (
    ClinicFactory,
    ConditionFactory,
    FollowUpFactory,
    InjectionSessionFactory,
    PatientFactory,
    SessionVersionFactory,
    SideEffectFactory,
    VialFactory,
    member,
)

FACTORIES = [
    made
    for _, made in sorted(inspect.getmembers(factories, inspect.isclass))
    if issubclass(made, factories.Factory) and made is not factories.Factory
]

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("made", FACTORIES, ids=lambda made: made.__name__)
def test_row_is_taken_by_the_database_and_passes_its_own_validation(made):
    for row in (made(), made()):
        stored = type(row).objects.get(pk=row.pk)
        stored.full_clean(validate_unique=False, validate_constraints=False)
        connection.check_constraints()


def test_treatment_belongs_together():
    condition = ConditionFactory()
    session = InjectionSessionFactory(condition=condition)
    version = session.current_version

    assert session.patient == condition.patient
    assert session.clinic == condition.patient.clinic
    assert session.state == "SIGNED"
    assert version.signed_at is not None
    assert version.total_units == sum(point.units for point in version.injections.all())
    assert version.vial_uses.get().vial.clinic == session.clinic
    assert version.vial_uses.get().vial.lot.product == session.product


def test_treatment_draws_from_the_vial_it_is_given():
    vial = VialFactory()
    session = InjectionSessionFactory(vial=vial, points=[("OO_UL_LAT", "LEFT", "2.5")])

    vial.refresh_from_db()
    assert (session.clinic, session.product) == (vial.clinic, vial.lot.product)
    assert vial.units_given == session.current_version.total_units


def test_amendment_is_a_second_version_of_the_same_session():
    session = InjectionSessionFactory()

    assert SessionVersionFactory(session=session).number == 2


def test_follow_up_belongs_to_the_session_it_is_given():
    session = InjectionSessionFactory()
    follow_up = FollowUpFactory(session=session)

    assert (follow_up.patient, follow_up.condition) == (session.patient, session.condition)
    assert follow_up.opens_on < follow_up.closes_on


def test_side_effect_has_its_current_version():
    side_effect = SideEffectFactory(version__severity=2)

    assert side_effect.versions.get() == side_effect.current_version
    assert side_effect.current_version.severity == 2


def test_patient_has_agreed_to_letters_about_visits_and_invitations_only():
    assert set(PatientFactory().consents.values_list("purpose", "is_given")) == {("VISIT", True), ("INVITE", True)}
    assert not PatientFactory(consents=()).consents.exists()


def test_member_may_do_what_the_role_allows():
    clinic = ClinicFactory()
    clerk = member(Role.FRONT_DESK, clinic)

    assert list(clinics_where(clerk, Permission.BOOK)) == [clinic]
    assert not clinics_where(clerk, Permission.RECORD_TREATMENTS).exists()
