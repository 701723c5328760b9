"""How soon after another treatment: each floor in its own unit, a case on each side of its edge."""

from datetime import date, timedelta

import pytest

from clinic.treatments.checks.findings import Code, Severity
from tests.treatments.checks.facts import ON, found, given, only, rule, treatment

_90, _12W, _3M = (90, "DAY"), (12, "WEEK"), (3, "MONTH")


def too_early(every, first, second, **fields):
    checked = treatment(rules=[rule("INTERVAL", every=every, **fields)], earlier=[given(first)], performed_on=second)
    return found(checked, Code.TOO_EARLY)


@pytest.mark.parametrize(
    ("every", "first", "second", "is_early"),
    [
        (_90, date(2027, 2, 1), date(2027, 5, 1), True),  # 89 days break a floor of 90 days …
        (_3M, date(2027, 2, 1), date(2027, 5, 1), False),  # … and keep one of three calendar months
        (_12W, date(2027, 2, 1), date(2027, 5, 1), False),
        (_90, date(2027, 2, 1), date(2027, 5, 2), False),
        (_90, date(2028, 2, 1), date(2028, 5, 1), False),  # a leap year has the day that is missing
        (_12W, date(2026, 8, 31), date(2026, 11, 22), True),
        (_12W, date(2026, 8, 31), date(2026, 11, 23), False),
        (_3M, date(2026, 11, 30), date(2027, 2, 27), True),
        (_3M, date(2026, 11, 30), date(2027, 2, 28), False),
        (_3M, date(2027, 11, 30), date(2028, 2, 28), True),
        (_3M, date(2027, 11, 30), date(2028, 2, 29), False),
        (_3M, date(2028, 2, 29), date(2028, 5, 28), True),
        (_3M, date(2028, 2, 29), date(2028, 5, 29), False),
        (_3M, date(2026, 10, 1), date(2026, 12, 31), True),
        (_3M, date(2026, 10, 1), date(2027, 1, 1), False),
    ],
)
def test_a_floor_is_kept_in_the_unit_of_its_label(every, first, second, is_early):
    assert bool(too_early(every, first, second)) is is_early


def test_every_floor_is_told_by_itself_with_its_numbers():
    rules = [rule("INTERVAL", every=_90, code="MAKER", verified=False), rule("INTERVAL", every=_3M, code="LABEL")]
    checked = treatment(rules=rules, earlier=[given(date(2027, 2, 1))], performed_on=date(2027, 4, 30))
    stop, warning = found(checked, Code.TOO_EARLY)
    assert (stop.about, stop.severity, stop.facts["earliest"]) == ("LABEL", Severity.STOP, date(2027, 5, 1))
    assert (warning.about, warning.severity, warning.facts["earliest"]) == ("MAKER", Severity.WARNING, date(2027, 5, 2))
    assert (warning.facts["first"], warning.facts["days"], warning.verified) == (date(2027, 2, 1), 88, False)


@pytest.mark.parametrize(
    ("other", "is_early"),
    [
        ({}, True),
        ({"condition": 2}, True),
        ({"indication": "CM", "condition": 2}, False),
        ({"indication": None, "condition": None, "elsewhere": "Aarhus"}, True),
        ({"product": "ABOBOT"}, False),
        ({"on": ON, "condition": 2}, False),  # the other side, at the same visit
        ({"on": ON, "condition": 1}, True),  # the same side twice in a day
        ({"on": ON + timedelta(days=1)}, False),
    ],
)
def test_a_floor_lies_between_treatments_with_the_product_for_the_same_use(other, is_early):
    earlier = given(**({"on": ON - timedelta(days=5)} | other))
    checked = treatment(rules=[rule("INTERVAL", every=_12W)], earlier=[earlier])
    assert bool(found(checked, Code.TOO_EARLY)) is is_early


def test_a_floor_of_every_use_lies_after_any():
    checked = treatment(
        rules=[rule("INTERVAL", every=_12W, for_every_use=True)],
        earlier=[given(ON - timedelta(days=5), indication="CM", condition=2)],
    )
    assert found(checked, Code.TOO_EARLY)


def test_the_nearest_treatment_counts_and_one_between_two_is_told_for_both():
    earlier = [given(ON - timedelta(days=days)) for days in (300, 60, 200)] + [given(ON + timedelta(days=30))]
    checked = treatment(rules=[rule("INTERVAL", every=_12W)], earlier=earlier)
    assert only(checked, Code.TOO_EARLY).facts["days"] == 60
    assert only(checked, Code.TOO_EARLY_FOR_NEXT).facts["days"] == 30


@pytest.mark.parametrize(("age", "is_early"), [(11, False), (12, True)])
def test_a_floor_is_for_its_ages(age, is_early):
    checked = treatment(rules=[rule("INTERVAL", every=_12W, age_from=12)], earlier=[given(ON - timedelta(days=5))], age=age)
    assert bool(found(checked, Code.TOO_EARLY)) is is_early


# -- another product -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rules", "on", "is_near"),
    [
        ([], date(2026, 8, 24), True),
        ([], date(2026, 8, 23), False),
        ([rule("INTERVAL", every=(16, "WEEK"))], date(2026, 8, 4), True),
        ([rule("INTERVAL", every=(16, "WEEK"))], date(2026, 8, 3), False),
        ([], date(2027, 2, 22), True),  # entered late: the other product came after
        ([], date(2027, 2, 23), False),
    ],
)
def test_another_product_inside_the_interval_is_asked_about(rules, on, is_near):
    checked = treatment(rules=rules, earlier=[given(on, "300", product="ABOBOT", product_name="Dysport", indication="CD")])
    told = found(checked, Code.OTHER_PRODUCT)
    assert [one.severity for one in told] == ([Severity.WARNING] if is_near else [])


def test_units_of_another_product_are_told_as_its_own_and_added_to_nothing():
    earlier = [given(ON - timedelta(days=20), "300", product="ABOBOT", product_name="Dysport")]
    rolling = rule("ROLLING", "100", every=_12W)
    checked = treatment(rules=[rolling], earlier=earlier)
    told = only(checked, Code.OTHER_PRODUCT)
    assert (told.facts["other"], told.facts["units"], told.facts["product"]) == ("Dysport", 300, "Botox")
    assert found(checked, Code.ROLLING_CEILING) == []


def test_of_each_other_product_the_nearest_treatment_is_told():
    earlier = [
        given(ON - timedelta(days=days), product=product) for days, product in ((70, "ABOBOT"), (20, "ABOBOT"), (30, "INCOBOT"))
    ]
    assert [one.facts["on"] for one in found(treatment(earlier=earlier), Code.OTHER_PRODUCT)] == [
        ON - timedelta(days=20), ON - timedelta(days=30),
    ]  # fmt: skip
