"""The labels' least intervals, and who verified them."""

from datetime import timedelta
from decimal import Decimal

import pytest

from clinic.audit import Actor, AuditEvent
from clinic.practice.models import Role
from clinic.toxins.rules import IntervalFloor, LabelLimit, floors_among
from clinic.toxins.services import RuleRefused, limits_of, verify_rule
from tests.factories import NOW, TODAY, ClinicFactory, IndicationFactory, LabelRuleFactory, ProductFactory, member

pytestmark = pytest.mark.django_db


@pytest.fixture
def clinic():
    return ClinicFactory()


@pytest.fixture
def clinician(clinic):
    return Actor.of_user(member(Role.CLINICIAN, clinic=clinic))


def limits(clinic, jurisdiction="EU", on=TODAY):
    return limits_of(
        product=ProductFactory(), indication=IndicationFactory(), jurisdiction=jurisdiction, clinic_id=clinic.pk, on=on
    )


def floors(clinic, jurisdiction="EU", age_years=None):
    return floors_among(limits(clinic, jurisdiction), age_years=age_years)


def test_rules_for_the_indication_and_for_all_uses_count(clinic):
    LabelRuleFactory(code="A", wording="for the indication")
    LabelRuleFactory(code="B", indication=None, interval_value=90, interval_unit="DAY", wording="for all uses")

    assert floors(clinic) == [
        IntervalFloor(12, "WEEK", "for the indication", "A test", verified=False),
        IntervalFloor(90, "DAY", "for all uses", "A test", verified=False),
    ]


def test_rules_of_another_jurisdiction_product_indication_or_kind_do_not_count(clinic):
    LabelRuleFactory(jurisdiction="US")
    LabelRuleFactory(product=ProductFactory(code="ABOBOT", brand_name="Dysport"))
    LabelRuleFactory(indication=IndicationFactory(code="BLEPH", name="Blepharospasm"))
    LabelRuleFactory(scope="ROLLING", units=100)

    assert floors(clinic) == []


def test_rule_for_another_age_does_not_count_once_the_age_is_known(clinic):
    LabelRuleFactory(age_until=17)

    assert floors(clinic, age_years=40) == []
    assert len(floors(clinic, age_years=17)) == 1
    assert len(floors(clinic)) == 1


def test_rule_is_verified_at_the_clinic_that_did_it_only(clinic, clinician):
    rule = LabelRuleFactory()
    verify_rule(by=clinician, rule=rule, clinic=clinic, now=NOW)

    assert floors(clinic)[0].verified
    assert not floors(ClinicFactory())[0].verified


def test_verifying_leaves_one_row_and_one_trace_however_often(clinic, clinician):
    rule = LabelRuleFactory()

    first = verify_rule(by=clinician, rule=rule, clinic=clinic, now=NOW)
    again = verify_rule(by=Actor.of_user(member(Role.CLINICIAN, clinic=clinic)), rule=rule, clinic=clinic, now=NOW)

    assert again == first
    assert first.by == clinician.user
    assert AuditEvent.objects.get(what="LabelRule").action == "REVIEWED"


def test_only_a_person_verifies(clinic):
    with pytest.raises(ValueError, match="member of staff"):
        verify_rule(by=Actor.system(), rule=LabelRuleFactory(), clinic=clinic, now=NOW)


@pytest.mark.parametrize("role", [Role.FRONT_DESK, Role.REVIEWER, Role.ADMIN])
def test_only_a_clinician_of_the_clinic_verifies(clinic, role):
    rule = LabelRuleFactory()
    for person in (member(role, clinic=clinic), member(Role.CLINICIAN)):
        with pytest.raises(RuleRefused) as refused:
            verify_rule(by=Actor.of_user(person), rule=rule, clinic=clinic, now=NOW)
        assert "Only a clinician of this clinic" in refused.value.problems[0].message
    assert not rule.verifications.exists()


def test_what_it_was_compared_with_is_kept_in_one_line(clinic, clinician):
    rule = LabelRuleFactory()

    assert verify_rule(by=clinician, rule=rule, clinic=clinic, note=" SmPC of\nMarch 2026 ", now=NOW).note == "SmPC of March 2026"
    with pytest.raises(RuleRefused) as refused:
        verify_rule(by=clinician, rule=LabelRuleFactory(), clinic=clinic, note="x" * 201, now=NOW)
    assert refused.value.problems[0].field == "note"


def test_floors_are_read_in_one_query(clinic, django_assert_num_queries):
    product, indication = ProductFactory(), IndicationFactory()
    for _ordinal in range(5):
        LabelRuleFactory()

    with django_assert_num_queries(1):
        found = limits_of(product=product, indication=indication, jurisdiction="EU", clinic_id=clinic.pk, on=TODAY)
    assert len(found) == 5


@pytest.mark.parametrize(("valid_from", "counts"), [(None, True), (TODAY, True), (TODAY + timedelta(days=1), False)])
def test_a_rule_counts_from_the_day_on_which_it_is_valid(clinic, valid_from, counts):
    LabelRuleFactory(valid_from=valid_from)

    assert bool(limits(clinic)) is counts


def test_a_rule_is_read_with_everything_that_it_says(clinic):
    LabelRuleFactory(
        code="A", scope="MUSCLE", units=Decimal(100), units_per_kg=Decimal(6), interval_value=None, interval_unit="", age_from=2,
        age_until=17, only_first=True, muscle="Masseter", wording="in words", from_general_knowledge=True,
    )  # fmt: skip

    assert limits(clinic) == [
        LabelLimit(
            code="A", scope="MUSCLE", wording="in words", source="A test", verified=False, from_general_knowledge=True,
            units=Decimal(100), units_per_kg=Decimal(6), age_from=2, age_until=17, only_first=True, muscle="Masseter",
        )
    ]  # fmt: skip
