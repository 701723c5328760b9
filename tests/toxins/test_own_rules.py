"""A clinic's own rules: from when to when each version counts, who may write them, and what is refused."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from clinic.audit import Actor, AuditEvent
from clinic.practice.models import Role
from clinic.toxins.models import LabelRule
from clinic.toxins.services import RuleRefused, RuleText, add_rule, end_rule, limits_of, replace_rule
from tests.factories import (
    NOW,
    TODAY,
    ClinicFactory,
    IndicationFactory,
    LabelRuleFactory,
    PractitionerFactory,
    ProductFactory,
    member,
    own_rule,
)

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)
TEN_WEEKS = RuleText(
    wording="10 weeks between treatments", source="SmPC of November 2026, 4.2", interval_value=10, interval_unit="WEEK"
)


@pytest.fixture
def clinic():
    return ClinicFactory(jurisdiction="EU")


@pytest.fixture
def by(clinic):
    return Actor.of_user(member(Role.CLINICIAN, clinic=clinic))


def add(clinic, by, says=TEN_WEEKS, scope="INTERVAL", **more):
    values = {"product": ProductFactory(), "indication": IndicationFactory(), "valid_from": TODAY, "now": NOW}
    return add_rule(by=by, clinic=clinic, scope=scope, says=says, **(values | more))


def follow(clinic, by, rule, says=TEN_WEEKS, **more):
    return replace_rule(by=by, clinic=clinic, rule=rule, says=says, **({"valid_from": TODAY, "now": NOW} | more))


def counting(clinic, on=TODAY):
    """The weeks of the intervals that count at the clinic on a day."""
    found = limits_of(product=ProductFactory(), indication=IndicationFactory(), jurisdiction="EU", clinic_id=clinic.pk, on=on)
    return sorted(one.value for one in found)


def refusal(act, *args, **options):
    """What is refused, by field; nothing was written."""
    before = list(LabelRule.objects.order_by("pk").values())
    with pytest.raises(RuleRefused) as refused:
        act(*args, **options)
    assert list(LabelRule.objects.order_by("pk").values()) == before
    assert not AuditEvent.objects.filter(what="LabelRule").exists()
    return {one.field: one.message for one in refused.value.problems}


# -- which version counts -----------------------------------------------------------------------------------------------


def test_an_own_rule_counts_at_its_clinic_alone_from_its_first_day_to_its_last(clinic, by):
    rule = add(clinic, by, valid_from=TODAY + 2 * DAY, valid_until=TODAY + 5 * DAY)

    days = [number for number in range(8) if counting(clinic, TODAY + number * DAY)]

    assert days == [2, 3, 4, 5]
    assert counting(ClinicFactory(jurisdiction="EU"), TODAY + 3 * DAY) == []
    assert (rule.clinic, rule.jurisdiction, rule.written_by, rule.written_at) == (clinic, "EU", by.user, NOW)
    assert [(row.action, row.clinic) for row in AuditEvent.objects.filter(what_id=rule.public_id)] == [("CREATED", clinic)]


def test_the_version_of_the_day_counts_at_each_edge_and_the_catalogue_s_at_other_clinics(clinic, by):
    shipped = LabelRuleFactory(interval_value=12)
    second = follow(clinic, by, shipped, valid_from=TODAY + 10 * DAY)
    follow(clinic, by, second, replace(TEN_WEEKS, interval_value=8), valid_from=TODAY + 20 * DAY)

    at = {number: counting(clinic, TODAY + number * DAY) for number in (-400, 9, 10, 19, 20, 4000)}

    assert at == {-400: [12], 9: [12], 10: [10], 19: [10], 20: [8], 4000: [8]}
    assert counting(ClinicFactory(jurisdiction="EU"), TODAY + 15 * DAY) == [12]


def test_a_version_is_written_beside_the_one_before_which_stays_as_it_was(clinic, by):
    shipped = LabelRuleFactory(interval_value=12)
    before = LabelRule.objects.filter(pk=shipped.pk).values().get()

    after = follow(clinic, by, shipped)

    assert LabelRule.objects.filter(pk=shipped.pk).values().get() == before
    assert (after.replaces, after.product, after.indication, after.scope) == (
        shipped, shipped.product, shipped.indication, shipped.scope,
    )  # fmt: skip
    assert not after.verifications.exists()


def test_nothing_takes_the_place_of_a_rule_that_has_ended_not_even_the_version_before(clinic, by):
    own = follow(clinic, by, LabelRuleFactory(interval_value=12))

    end_rule(by=by, clinic=clinic, rule=own, last_day=TODAY + DAY, now=NOW)

    assert [counting(clinic, TODAY + number * DAY) for number in (-1, 0, 1, 2)] == [[12], [10], [10], []]
    assert AuditEvent.objects.filter(what_id=own.public_id).order_by("pk").last().fields == ["valid_until"]


def test_today_is_the_clinic_s_today(by):
    """At nine in the morning UTC it is tomorrow in Kiritimati."""
    far = ClinicFactory(time_zone="Pacific/Kiritimati", jurisdiction="EU")
    late = NOW.replace(hour=12)
    clinician = Actor.of_user(member(Role.CLINICIAN, clinic=far))
    assert "valid_from" in refusal(add, far, clinician, valid_from=TODAY, now=late)
    assert add(far, clinician, valid_from=TODAY + DAY, now=late)


# -- what is refused ----------------------------------------------------------------------------------------------------


def test_what_counted_on_a_day_that_has_passed_cannot_be_changed(clinic, by):
    shipped, own = LabelRuleFactory(), own_rule(clinic, valid_from=TODAY - 30 * DAY)
    yesterday = TODAY - DAY
    for told in (
        refusal(add, clinic, by, valid_from=yesterday),
        refusal(follow, clinic, by, shipped, valid_from=yesterday),
        refusal(end_rule, by=by, clinic=clinic, rule=own, last_day=yesterday, now=NOW),
    ):
        assert "what counted on an earlier day stays as it was" in "".join(told.values())


def test_a_version_does_not_begin_before_the_one_that_it_follows(clinic, by):
    own = own_rule(clinic, valid_from=TODAY + 10 * DAY)
    assert list(refusal(follow, clinic, by, own, valid_from=TODAY + 9 * DAY)) == ["valid_from"]
    assert follow(clinic, by, own, valid_from=TODAY + 10 * DAY)
    assert counting(clinic, TODAY + 10 * DAY) == [10]


def test_a_rule_is_followed_once_and_then_goes_on_from_the_newer_one(clinic, by):
    shipped = LabelRuleFactory()
    own_rule(clinic, replaces=shipped)
    own_rule(ClinicFactory(), replaces=shipped)
    assert "newer version" in refusal(follow, clinic, by, shipped)[""]
    assert "newer version" in refusal(end_rule, by=by, clinic=clinic, rule=own_followed(clinic), last_day=TODAY, now=NOW)[""]


def own_followed(clinic):
    """An own rule that another version has followed."""
    first = own_rule(clinic)
    own_rule(clinic, replaces=first)
    return first


def test_a_rule_of_the_catalogue_or_of_another_clinic_does_not_end_here(clinic, by):
    for rule in (LabelRuleFactory(), own_rule(ClinicFactory())):
        assert "" in refusal(end_rule, by=by, clinic=clinic, rule=rule, last_day=TODAY, now=NOW)
    assert "another clinic's own" in refusal(follow, clinic, by, own_rule(ClinicFactory()))[""]


def test_what_has_ended_is_not_ended_again(clinic, by):
    own = own_rule(clinic, valid_from=TODAY - 9 * DAY, valid_until=TODAY - DAY)
    assert "ended already" in refusal(end_rule, by=by, clinic=clinic, rule=own, last_day=TODAY, now=NOW)[""]


@pytest.mark.parametrize(("role", "injects", "may"), [
    (Role.CLINICIAN, False, True), (Role.ADMIN, True, True), (Role.ADMIN, False, False), (Role.FRONT_DESK, True, False),
    (Role.REVIEWER, False, False),
])  # fmt: skip
def test_clinicians_alone_write_rules_and_end_them(clinic, role, injects, may):
    user = member(role, clinic=clinic)
    if injects:
        PractitionerFactory(user=user, clinics=[clinic])
    actor, own, shipped = Actor.of_user(user), own_rule(clinic), LabelRuleFactory()
    acts = [
        lambda: add(clinic, actor),
        lambda: follow(clinic, actor, shipped),
        lambda: end_rule(by=actor, clinic=clinic, rule=own, last_day=TODAY, now=NOW),
    ]
    for act in acts:
        if may:
            act()
        else:
            assert "Only a clinician" in refusal(act)[""]


def test_only_a_person_writes_a_rule(clinic):
    with pytest.raises(ValueError, match="by a person"):
        add(clinic, Actor.system())


CEILING = RuleText(wording="At most 5 U", source="SmPC", units=Decimal(5))


@pytest.mark.parametrize(
    ("scope", "says", "fields"),
    [
        ("NONSENSE", TEN_WEEKS, {"scope"}),
        ("INTERVAL", replace(TEN_WEEKS, interval_value=None), {"interval_value"}),
        ("INTERVAL", replace(TEN_WEEKS, interval_value=0), {"interval_value"}),
        ("INTERVAL", replace(TEN_WEEKS, interval_value=1001), {"interval_value"}),
        ("INTERVAL", replace(TEN_WEEKS, interval_unit=""), {"interval_unit"}),
        ("INTERVAL", replace(TEN_WEEKS, units=Decimal(5)), {"units"}),
        ("INTERVAL", replace(TEN_WEEKS, units_per_kg=Decimal(5)), {"units_per_kg"}),
        ("POINT", replace(CEILING, units=None), {"units"}),
        ("POINT", replace(CEILING, units=Decimal(0)), {"units"}),
        ("POINT", replace(CEILING, units=Decimal(100_000)), {"units"}),
        ("POINT", replace(CEILING, interval_value=3, interval_unit="MONTH"), {"interval_value"}),
        ("POINT", replace(CEILING, muscle="Masseter"), {"muscle"}),
        ("POINT", replace(CEILING, units_per_kg=Decimal(1000)), {"units_per_kg"}),
        ("ROLLING", CEILING, {"interval_value", "interval_unit"}),
        ("POINT", replace(CEILING, age_from=18, age_until=17), {"age_until"}),
        ("POINT", replace(CEILING, age_from=121), {"age_from"}),
        ("POINT", replace(CEILING, wording=" ", source=""), {"wording", "source"}),
        ("POINT", replace(CEILING, wording="x" * 251, source="x" * 201), {"wording", "source"}),
    ],
)
def test_every_problem_is_told_at_once_beside_its_field(clinic, by, scope, says, fields):
    assert set(refusal(add, clinic, by, says, scope)) == fields


@pytest.mark.parametrize(
    ("scope", "says"),
    [
        ("POINT", CEILING),
        ("MUSCLE", replace(CEILING, muscle="Masseter", units=None, units_per_kg=Decimal("6.5"))),
        ("ROLLING", replace(CEILING, interval_value=1000, interval_unit="DAY")),
        ("EYE", replace(CEILING, units=Decimal("99999.99"), age_from=0, age_until=120, only_first=True)),
        ("INTERVAL", replace(TEN_WEEKS, age_from=18, age_until=18)),
    ],
)
def test_what_a_label_can_say_is_taken_and_read_as_it_was_written(clinic, by, scope, says):
    rule = add(clinic, by, says, scope)
    (read,) = limits_of(product=rule.product, indication=rule.indication, jurisdiction="EU", clinic_id=clinic.pk, on=TODAY)
    assert (read.scope, read.units, read.units_per_kg, read.value, read.unit, read.muscle, read.verified) == (
        scope, says.units, says.units_per_kg, says.interval_value or 0, says.interval_unit, says.muscle, False,
    )  # fmt: skip


def test_the_last_day_is_not_before_the_first(clinic, by):
    assert list(refusal(add, clinic, by, valid_from=TODAY + DAY, valid_until=TODAY)) == ["valid_until"]
    assert add(clinic, by, valid_from=TODAY, valid_until=TODAY)
