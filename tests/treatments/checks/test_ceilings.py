"""How much is given: a case on each side of every ceiling."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given as having
from hypothesis import strategies as st

from clinic.treatments.checks.ceilings import ledger
from clinic.treatments.checks.findings import Code, Severity
from clinic.treatments.window import Span, after
from tests.treatments.checks.facts import ON, found, given, only, point, rule, treatment


def test_a_boring_treatment_is_told_only_that_its_points_are_fine():
    assert found(treatment()) == []


@pytest.mark.parametrize(("units", "is_over"), [("49.99", False), ("50", False), ("50.01", True), ("500", True)])
@pytest.mark.parametrize("scope", ["SESSION", "POINT", "SIDE", "MUSCLE"])
def test_exactly_as_many_units_as_the_label_allows_are_allowed(scope, units, is_over):
    checked = treatment(point(units), rules=[rule(scope, "50")], indication="CD")
    assert bool(found(checked)) is is_over


@pytest.mark.parametrize(("units", "is_over"), [("24.99", False), ("25", False), ("25.01", True)])
def test_an_eye_is_what_lies_around_it_on_one_side(units, is_over):
    beside = point("40", site="ZYG_MAJ")
    other_eye = point("24", side="LEFT", site="OO_UL_LAT", around_eye=True)
    eye = [point("5", site="OO_UL_MED", around_eye=True), point(str(Decimal(units) - 5), site="OO_LL_LAT", around_eye=True)]
    checked = treatment(*eye, beside, other_eye, rules=[rule("EYE", "25")], indication="BLEPH", condition_side="BOTH")
    told = found(checked, Code.EYE_CEILING)
    assert [one.facts["side"] for one in told] == (["RIGHT"] if is_over else [])


@pytest.mark.parametrize(("verified", "severity"), [(True, Severity.STOP), (False, Severity.WARNING)])
def test_a_rule_that_nobody_here_verified_warns_and_a_verified_one_stops(verified, severity):
    told = only(treatment(point("51"), rules=[rule("SESSION", "50", verified=verified)], indication="CD"), Code.SESSION_CEILING)
    assert (told.severity, told.verified, told.rule, told.source) == (severity, verified, "the rule of SESSION", "P5")
    assert (told.facts["units"], told.facts["limit"]) == (51, 50)


def test_a_rule_from_general_knowledge_says_so():
    general = rule("SESSION", "50", from_general_knowledge=True, verified=False)
    assert only(treatment(point("51"), rules=[general], indication="CD"), Code.SESSION_CEILING).is_general


def test_every_point_above_the_ceiling_of_a_point_is_named_in_one_finding():
    checked = treatment(point("5"), point("5.01", site="A"), point("7.5", site="B"), rules=[rule("POINT", "5")])
    told = only(checked, Code.POINT_CEILING)
    assert told.facts["points"] == (("Point A", "RIGHT", Decimal("5.01")), ("Point B", "RIGHT", Decimal("7.5")))
    assert told.facts["units"] == Decimal("7.5")


def test_a_rule_of_one_muscle_adds_up_both_its_sides_and_no_other_muscle():
    both = [point("60", muscle="Sternocleidomastoid", side=side, site=side) for side in ("RIGHT", "LEFT")]
    named = rule("MUSCLE", "100", muscle="sternocleidomastoid")
    checked = treatment(*both, point("200", muscle="Trapezius"), rules=[named], indication="CD", condition_side="NONE")
    assert only(checked, Code.MUSCLE_CEILING).facts["units"] == 120


def test_a_rule_of_any_muscle_counts_each_muscle_and_side_by_itself():
    points = [point("20", muscle="Medial rectus", side="RIGHT"), point("20", muscle="Medial rectus", side="LEFT")]
    checked = treatment(*points, rules=[rule("MUSCLE", "25")], indication="STRAB", condition_side="BOTH")
    assert found(checked, Code.MUSCLE_CEILING) == []


def test_what_was_signed_the_same_day_counts_as_one_treatment():
    same_day = given(ON, "30", indication="BLEPH", condition=2)
    every_use = rule("SESSION", "50", for_every_use=True)
    told = only(treatment(point("21"), rules=[every_use], earlier=[same_day]), Code.SESSION_CEILING)
    assert (told.facts["units"], told.facts["before"]) == (51, 30)
    assert found(treatment(point("21"), rules=[rule("SESSION", "50")], earlier=[same_day]), Code.SESSION_CEILING) == []


# -- age, weight, first treatment ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("age", "applies"), [(1, False), (2, True), (17, True), (18, False)])
def test_a_rule_is_for_its_ages_both_included(age, applies):
    child = rule("SESSION", "4", age_from=2, age_until=17)
    assert bool(found(treatment(rules=[child], age=age), Code.SESSION_CEILING)) is applies


@pytest.mark.parametrize(
    ("weight", "units", "limit"),
    [("20", "120", None), ("20", "120.01", 120), ("33.4", "200", None), ("33.4", "200.01", 200), ("20.5", "123.01", 123)],
)
def test_the_lower_of_the_ceiling_by_weight_and_the_fixed_one_counts(weight, units, limit):
    child = rule("SESSION", "200", units_per_kg=Decimal(6))
    checked = treatment(
        point(units), rules=[child], indication="ULS", age=9, weight_kg=Decimal(weight), weighed_on=ON,
    )  # fmt: skip
    told = found(checked, Code.SESSION_CEILING)
    assert [one.facts["limit"] for one in told] == ([] if limit is None else [limit])
    if told:
        assert (told[0].facts["weight"], told[0].facts["weighed_on"]) == (Decimal(weight), ON)


def test_without_a_weight_the_ceiling_by_weight_cannot_be_told_and_that_is_said():
    child = rule("SESSION", "200", units_per_kg=Decimal(6))
    checked = treatment(point("100"), rules=[child], indication="ULS", age=9)
    told = only(checked, Code.WEIGHT_MISSING)
    assert (told.severity, told.rule) == (Severity.WARNING, "the rule of SESSION")
    assert found(treatment(point("200.01"), rules=[child], indication="ULS", age=9), Code.SESSION_CEILING)


@pytest.mark.parametrize(
    ("age", "weighed_on", "is_old"),
    [(9, date(2026, 5, 24), False), (9, date(2026, 5, 23), True), (17, date(2020, 1, 1), True), (18, date(2020, 1, 1), False)],
)
def test_an_old_weight_of_a_child_is_told(age, weighed_on, is_old):
    child = rule("SESSION", "200", units_per_kg=Decimal(6))
    checked = treatment(rules=[child], indication="ULS", age=age, weight_kg=Decimal(30), weighed_on=weighed_on)
    assert [one.severity for one in found(checked, Code.WEIGHT_OLD)] == ([Severity.NOTE] if is_old else [])


@pytest.mark.parametrize(
    ("earlier", "is_first"),
    [
        ((), True),
        ((given(date(2024, 1, 8)),), False),
        ((given(date(2024, 1, 8), indication=None, elsewhere="Aarhus"),), False),
        ((given(date(2024, 1, 8), product="ABOBOT"),), True),
        ((given(date(2024, 1, 8), indication="CM"),), True),
        ((given(ON, condition=2),), True),
        ((given(date(2027, 1, 8)),), True),
    ],
)
def test_a_ceiling_of_the_first_treatment_is_for_the_first_with_the_product_for_this_use(earlier, is_first):
    first = rule("EYE", "4", only_first=True)
    checked = treatment(point(around_eye=True), rules=[first], earlier=earlier)
    assert bool(found(checked, Code.EYE_CEILING)) is is_first


@pytest.mark.parametrize(("rules", "age", "is_told"), [([], 65, True), ([rule("POINT", "5", age_from=12)], 11, True),
                                                       ([rule("POINT", "5", age_from=12)], 12, False)])  # fmt: skip
def test_that_no_rule_is_on_file_is_said(rules, age, is_told):
    from dataclasses import replace

    checked = replace(treatment(age=age), rules=rules)
    assert [one.severity for one in found(checked, Code.NO_RULES)] == ([Severity.NOTE] if is_told else [])


@pytest.mark.parametrize(
    ("product", "units", "is_told"),
    [
        ("ONABOT", "50", False),
        ("ONABOT", "50.01", True),
        ("ABOBOT", "150", False),
        ("ABOBOT", "150.01", True),
        ("RIMABOT", "5000", False),
    ],
)
def test_an_unusual_total_in_hemifacial_spasm_is_asked_about_as_a_proposal(product, units, is_told):
    told = found(treatment(point(units), product=product), Code.UNUSUAL_TOTAL)
    assert [(one.severity, one.is_proposal) for one in told] == ([(Severity.WARNING, True)] if is_told else [])
    assert found(treatment(point(units), product=product, indication="CD"), Code.UNUSUAL_TOTAL) == []


# -- the ledger ----------------------------------------------------------------------------------------------------------

_90, _12W, _3M = (90, "DAY"), (12, "WEEK"), (3, "MONTH")


@pytest.mark.parametrize(
    ("every", "before", "on", "counts"),
    [
        (_90, date(2026, 8, 25), date(2026, 11, 23), False),  # 90 days
        (_90, date(2026, 8, 26), date(2026, 11, 23), True),  # 89
        (_12W, date(2026, 8, 31), date(2026, 11, 23), False),  # 84
        (_12W, date(2026, 9, 1), date(2026, 11, 23), True),
        (_3M, date(2026, 8, 23), date(2026, 11, 23), False),
        (_3M, date(2026, 8, 24), date(2026, 11, 23), True),
        (_90, date(2027, 2, 1), date(2027, 5, 1), True),  # 89 days: inside 90 days …
        (_3M, date(2027, 2, 1), date(2027, 5, 1), False),  # … and outside three calendar months
        (_3M, date(2026, 11, 30), date(2027, 2, 28), False),  # the month ends where it ends
        (_3M, date(2026, 11, 30), date(2027, 2, 27), True),
        (_3M, date(2027, 11, 30), date(2028, 2, 28), True),  # leap year: the month ends a day later
        (_3M, date(2027, 11, 30), date(2028, 2, 29), False),
        (_3M, date(2028, 2, 29), date(2028, 5, 28), True),
        (_3M, date(2028, 2, 29), date(2028, 5, 29), False),
        (_3M, date(2026, 8, 31), date(2026, 11, 29), True),
        (_3M, date(2026, 8, 31), date(2026, 11, 30), False),
        ((30, "DAY"), date(2026, 10, 24), date(2026, 11, 23), False),
        ((30, "DAY"), date(2026, 10, 25), date(2026, 11, 23), True),
    ],
)
def test_the_ledger_reaches_back_as_far_as_the_rule_says_in_its_own_unit(every, before, on, counts):
    rolling = rule("ROLLING", "100", every=every)
    told = found(treatment(point("5"), rules=[rolling], earlier=[given(before, "95.01")], performed_on=on), Code.ROLLING_CEILING)
    assert bool(told) is counts


@pytest.mark.parametrize(("before", "is_over"), [("94.99", False), ("95", False), ("95.01", True)])
def test_the_ledger_allows_exactly_the_ceiling(before, is_over):
    rolling = rule("ROLLING", "100", every=_12W)
    earlier = [given(date(2026, 10, 1), before)]
    assert bool(found(treatment(point("5"), rules=[rolling], earlier=earlier), Code.ROLLING_CEILING)) is is_over


def test_the_ledger_adds_up_every_use_and_what_was_given_elsewhere_of_this_product_alone():
    rolling = rule("ROLLING", "400", every=_3M, for_every_use=True)
    earlier = [
        given(date(2026, 9, 1), "200", indication="CM", condition=2),
        given(date(2026, 10, 1), "150.5", indication=None, condition=None, elsewhere="Aarhus"),
        given(date(2026, 10, 1), "900", product="ABOBOT"),
        given(date(2026, 8, 1), "400"),
    ]
    told = only(treatment(point("50"), rules=[rolling], earlier=earlier), Code.ROLLING_CEILING)
    assert told.facts["units"] == Decimal("400.5")
    assert (told.facts["this"], told.facts["others"], told.facts["elsewhere"]) == (50, Decimal("350.5"), Decimal("150.5"))
    assert str(told.facts["span"]) == "3 calendar months"


def test_a_treatment_entered_late_is_counted_with_those_that_came_after_it():
    rolling = rule("ROLLING", "100", every=_12W)
    later = [given(date(2026, 12, 20), "60"), given(date(2027, 2, 14), "50")]
    assert only(treatment(point("45"), rules=[rolling], earlier=later), Code.ROLLING_CEILING).facts["units"] == 155
    outside = [given(date(2027, 2, 15), "99")]
    assert found(treatment(point("45"), rules=[rolling], earlier=outside), Code.ROLLING_CEILING) == []


days = st.dates(date(2024, 1, 1), date(2028, 12, 31))
doses = st.decimals("0.01", "400", places=2)
spans = st.builds(Span, st.integers(1, 120), st.just("DAY")) | st.builds(
    Span, st.integers(1, 20), st.sampled_from(["WEEK", "MONTH"])
)


@having(earlier=st.lists(st.tuples(days, doses, st.sampled_from(["ONABOT", "ABOBOT"])), max_size=12), on=days, span=spans)
def test_the_ledger_equals_a_recount_day_by_day(earlier, on, span):
    checked = treatment(performed_on=on, earlier=[given(day, str(units), product=product) for day, units, product in earlier])
    recount = sum(units for day, units, product in earlier if product == "ONABOT" and day <= on and not after(day, span) <= on)
    assert sum(one.units for one in ledger(checked, span, until=on)) == recount
