"""What a patient is treated for, on which side, and how it is coded."""

from datetime import date, timedelta

import pytest
from django.db import IntegrityError, transaction

from clinic.audit import Actor, AuditEvent
from clinic.patients.models import Condition
from clinic.patients.services import Refused, add_condition, suggested_code_for
from tests.factories import NOW, TODAY, ConditionFactory, IndicationFactory, PatientFactory, UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def by():
    return Actor.of_user(UserFactory())


@pytest.fixture
def patient():
    return PatientFactory(born_on=date(1961, 5, 4))


@pytest.fixture
def hfs():
    return IndicationFactory()


def test_condition_is_stored_with_its_side_and_code(by, patient, hfs):
    add_condition(by=by, patient=patient, indication=hfs, side="LEFT", icd10_code="g5132", cause=" vessel ", now=NOW)

    condition = Condition.objects.get()
    assert (condition.side, condition.icd10_code, condition.cause) == ("LEFT", "G51.32", "vessel")
    assert AuditEvent.objects.get().fields == ["cause", "icd10_code", "indication", "side"]


def test_code_is_suggested_by_side(hfs):
    assert suggested_code_for(hfs, "RIGHT") == "G51.31"


@pytest.mark.parametrize(("code", "side"), [("G51.31", "LEFT"), ("G51.32", "RIGHT"), ("G51.33", "RIGHT"), ("G51.31", "BOTH")])
def test_code_that_says_another_side_is_refused(by, patient, hfs, code, side):
    with pytest.raises(Refused) as refused:
        add_condition(by=by, patient=patient, indication=hfs, side=side, icd10_code=code, now=NOW)

    assert [problem.field for problem in refused.value.problems] == ["icd10_code"]
    assert not Condition.objects.exists()


@pytest.mark.parametrize(
    ("field", "given"),
    [
        ("side", {"side": "NONE"}),
        ("side", {"side": "UP"}),
        ("icd10_code", {"icd10_code": "G51.3"}),
        ("icd10_code", {"icd10_code": "spasm"}),
        ("onset_on", {"onset_on": TODAY + timedelta(days=1), "onset_precision": "DAY"}),
        ("onset_on", {"onset_on": date(1950, 1, 1), "onset_precision": "YEAR"}),
        ("onset_on", {"onset_on": date(2019, 1, 1)}),
        ("onset_on", {"onset_precision": "DAY"}),
        ("cause", {"cause": "vessel\x00"}),
        ("associated", {"associated": "a" * 251}),
    ],
)
def test_what_cannot_be_is_refused_beside_its_field(by, patient, hfs, field, given):
    with pytest.raises(Refused) as refused:
        add_condition(by=by, patient=patient, indication=hfs, now=NOW, **{"side": "RIGHT", **given})

    assert field in [problem.field for problem in refused.value.problems]
    assert not Condition.objects.exists()


def test_year_of_birth_may_be_the_year_it_began(by, patient, hfs):
    add_condition(
        by=by, patient=patient, indication=hfs, side="RIGHT", onset_on=date(1961, 1, 1), onset_precision="YEAR", now=NOW
    )

    assert Condition.objects.get().onset_precision == "YEAR"


def test_same_condition_on_the_same_side_is_refused_and_on_the_other_is_not(by, patient, hfs):
    add_condition(by=by, patient=patient, indication=hfs, side="RIGHT", now=NOW)

    with pytest.raises(Refused) as refused:
        add_condition(by=by, patient=patient, indication=hfs, side="RIGHT", now=NOW)
    assert [problem.field for problem in refused.value.problems] == ["side"]
    add_condition(by=by, patient=patient, indication=hfs, side="LEFT", now=NOW)

    assert patient.conditions.count() == 2


@pytest.mark.parametrize(
    "broken",
    [
        {"side": "LEFT", "icd10_code": "G51.31"},
        {"side": "RIGHT", "icd10_code": "G51.3"},
        {"onset_on": date(2019, 1, 1)},
        {"onset_precision": "YEAR"},
    ],
)
def test_database_refuses_what_may_never_be(broken):
    with pytest.raises(IntegrityError), transaction.atomic():
        ConditionFactory(**broken)
