"""A signed treatment stays whose it is, at the database itself."""

import pytest

from clinic.treatments.models import InjectionSession
from tests.factories import InjectionSessionFactory
from tests.test_guards import execute, refuses, values_of

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "change",
    [
        "performed_on = '2020-01-01'",
        "state = 'DRAFT'",
        "patient_id = patient_id + 1",
        "condition_id = condition_id + 1",
        "clinic_id = clinic_id + 1",
        "product_id = product_id + 1",
        "practitioner_id = practitioner_id + 1",
    ],
)
def test_what_a_signed_treatment_is_of_whom_and_when_changes_only_with_a_further_version(change):
    session = InjectionSessionFactory()
    before = values_of(session)
    assert refuses(lambda: execute(f"UPDATE clinic_injectionsession SET {change} WHERE id = %s", session.pk))
    assert refuses(lambda: execute("DELETE FROM clinic_injectionsession WHERE id = %s", session.pk))
    assert values_of(session) == before


def test_a_void_treatment_stays_void():
    session = InjectionSessionFactory()
    InjectionSession.objects.filter(pk=session.pk).update(state="VOID")
    assert refuses(lambda: InjectionSession.objects.filter(pk=session.pk).update(state="SIGNED"))
