"""What can be wrong with a treatment as it is written down."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinic.treatments.dosing import (
    Code,
    GivenPoint,
    VialFacts,
    check_dates,
    check_own_date,
    check_points,
    check_vial,
    totals,
    volume_ml,
)

PARIS = ZoneInfo("Europe/Paris")
NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
TODAY = date(2026, 11, 23)


def point(side="RIGHT", units="2.5", **facts):
    facts = {"site": "ZYG_MAJ", "site_label": "Zygomaticus major", **facts}
    return GivenPoint(side=side, units=Decimal(units), **facts)


def found(findings):
    return [(finding.field, finding.code) for finding in findings]


def points(*given_points, side="RIGHT"):
    return found(check_points(given_points, condition_side=side))


@pytest.mark.parametrize("units", ["0.01", "2.5", "2.50", "9999.99", "10000"])
def test_possible_units_pass(units):
    assert points(point(units=units)) == []


@pytest.mark.parametrize(
    ("units", "code"),
    [
        ("0", Code.UNITS_NOT_POSITIVE),
        ("-2.5", Code.UNITS_NOT_POSITIVE),
        ("NaN", Code.UNITS_NOT_POSITIVE),
        ("sNaN", Code.UNITS_NOT_POSITIVE),
        ("Infinity", Code.UNITS_NOT_POSITIVE),
        ("-Infinity", Code.UNITS_NOT_POSITIVE),
        ("0.001", Code.UNITS_TOO_FINE),
        ("2.505", Code.UNITS_TOO_FINE),
        ("10000.01", Code.UNITS_TOO_MANY),
        ("1e30", Code.UNITS_TOO_MANY),
        ("1e400", Code.UNITS_TOO_MANY),
    ],
)
def test_impossible_units_are_found_beside_their_point(units, code):
    assert points(point(), point(units=units, site="CORR")) == [("points-1-units", code)]


def test_every_finding_comes_back_at_once():
    everything = points(
        point(units="0"), point("LEFT", site="CORR"), point("MIDLINE", site="RIS"), point(site="LPS", is_selectable=False)
    )
    assert everything == [
        ("points-0-units", Code.UNITS_NOT_POSITIVE),
        ("points-1-side", Code.SIDE_NOT_OF_CONDITION),
        ("points-2-side", Code.SIDE_NEEDED),
        ("points-3-site", Code.SITE_NOT_SELECTABLE),
    ]


def test_a_treatment_has_a_point():
    assert points() == [("points", Code.NO_POINTS)]


@pytest.mark.parametrize(
    ("condition", "given_side", "site", "expected"),
    [
        ("RIGHT", "RIGHT", {}, []),
        ("RIGHT", "LEFT", {}, [Code.SIDE_NOT_OF_CONDITION]),
        ("RIGHT", "LEFT", {"may_be_contralateral": True}, []),
        ("LEFT", "RIGHT", {}, [Code.SIDE_NOT_OF_CONDITION]),
        ("LEFT", "LEFT", {}, []),
        ("BOTH", "RIGHT", {}, []),
        ("BOTH", "LEFT", {}, []),
        ("NONE", "LEFT", {}, []),
        ("RIGHT", "MIDLINE", {"is_midline_site": True}, []),
        ("RIGHT", "MIDLINE", {}, [Code.SIDE_NEEDED]),
        ("RIGHT", "RIGHT", {"is_midline_site": True}, [Code.SIDE_MUST_BE_MIDLINE]),
        ("BOTH", "LEFT", {"is_midline_site": True}, [Code.SIDE_MUST_BE_MIDLINE]),
        ("RIGHT", "RIGHT", {"is_selectable": False}, [Code.SITE_NOT_SELECTABLE]),
        ("RIGHT", "RIGHT", {"x": Decimal("100.01"), "y": Decimal(50)}, [Code.OFF_THE_PICTURE]),
        ("RIGHT", "RIGHT", {"x": Decimal(0), "y": Decimal(100)}, []),
        ("RIGHT", "RIGHT", {"x": Decimal(0), "y": Decimal("-0.01")}, [Code.OFF_THE_PICTURE]),
    ],
)
def test_side_and_place_of_a_point(condition, given_side, site, expected):
    anchor = point("LEFT" if condition == "LEFT" else "RIGHT", site="CORR")
    assert [code for _field, code in points(anchor, point(given_side, **site), side=condition)] == expected


@pytest.mark.parametrize(
    ("condition", "sides", "missing"),
    [
        ("RIGHT", ["MIDLINE"], True),
        ("RIGHT", ["LEFT"], True),
        ("RIGHT", ["LEFT", "RIGHT"], False),
        ("LEFT", ["RIGHT", "MIDLINE"], True),
        ("BOTH", ["LEFT"], False),
        ("NONE", ["MIDLINE"], False),
    ],
)
def test_side_of_the_condition_got_something(condition, sides, missing):
    given_points = [
        point(side, site=f"S{index}", is_midline_site=side == "MIDLINE", may_be_contralateral=True)
        for index, side in enumerate(sides)
    ]
    expected = [("points", Code.NOTHING_ON_SIDE_OF_CONDITION)] if missing else []
    assert points(*given_points, side=condition) == expected


def test_the_same_point_twice_is_found_at_its_second_row():
    assert points(point(), point(site="CORR"), point(units="1")) == [("points-2-site", Code.POINT_TWICE)]


@pytest.mark.parametrize("difference", [{"label": "2"}, {"x": Decimal(30), "y": Decimal(60)}, {"side": "LEFT"}])
def test_two_points_of_one_muscle_are_told_apart(difference):
    assert points(point(), replace(point(), **difference), side="BOTH") == []


def test_totals_by_side():
    result = totals([("RIGHT", Decimal("2.5")), ("MIDLINE", Decimal(1)), ("RIGHT", Decimal("1.25"))])
    assert (result.units, result.points) == (Decimal("4.75"), 3)
    assert result.by_side == {"RIGHT": Decimal("3.75"), "MIDLINE": Decimal(1)}


@given(st.lists(st.tuples(st.sampled_from(["RIGHT", "LEFT", "MIDLINE"]), st.decimals("0.01", 100, places=2)), max_size=40))
def test_sides_always_add_up_to_the_total(given_points):
    result = totals(given_points)
    assert sum(result.by_side.values(), Decimal(0)) == result.units == sum((u for _, u in given_points), Decimal(0))


@pytest.mark.parametrize(
    ("units", "diluent", "expected"),
    [("2.5", "4", "0.100"), ("2.5", "2", "0.050"), ("1.25", "8", "0.100"), ("0.01", "1", "0.000"), ("2.5", None, None)],
)
def test_volume_of_a_dose_from_a_hundred_unit_vial(units, diluent, expected):
    volume = volume_ml(Decimal(units), labelled_units=Decimal(100), diluent_ml=None if diluent is None else Decimal(diluent))
    assert volume == (None if expected is None else Decimal(expected))


@pytest.mark.parametrize(
    ("performed_on", "expected"),
    [
        (TODAY, []),
        (TODAY + timedelta(days=1), [Code.DATE_IN_FUTURE]),
        (date(1961, 5, 4), []),
        (date(1961, 5, 3), [Code.DATE_BEFORE_BIRTH]),
        (date(1, 1, 1), [Code.DATE_BEFORE_BIRTH]),
        (date(9999, 12, 31), [Code.DATE_IN_FUTURE]),
    ],
)
def test_a_treatment_lies_between_birth_and_today(performed_on, expected):
    findings = check_dates(performed_on=performed_on, today=TODAY, born_on=date(1961, 5, 4))
    assert [finding.code for finding in findings] == expected


@pytest.mark.parametrize(
    ("own_on", "expected"),
    [
        (None, []),
        (TODAY, [Code.OWN_DATE_NOT_AFTER]),
        (TODAY + timedelta(days=1), []),
        (TODAY + timedelta(days=732), []),
        (TODAY + timedelta(days=733), [Code.OWN_DATE_TOO_FAR]),
    ],
)
def test_own_next_date_is_after_the_treatment_and_within_two_years(own_on, expected):
    assert [finding.code for finding in check_own_date(own_on=own_on, performed_on=TODAY)] == expected


VIAL = VialFacts(
    is_of_clinic=True,
    is_of_product=True,
    lot_number="C7719",
    lot_is_in_use=True,
    expires_on=TODAY,
    is_closed=False,
    units_left=Decimal(20),
)


def vial(*, performed_on=TODAY, given="20", wasted="0", now=NOW, zone=PARIS, **facts):
    findings = check_vial(
        replace(VIAL, **facts), performed_on=performed_on, now=now, zone=zone, given=Decimal(given), wasted=Decimal(wasted)
    )
    return [finding.code for finding in findings]


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({}, []),
        ({"expires_on": TODAY - timedelta(days=1)}, [Code.LOT_EXPIRED]),
        ({"expires_on": TODAY - timedelta(days=1), "performed_on": TODAY - timedelta(days=1)}, []),
        ({"received_on": TODAY}, []),
        ({"received_on": TODAY, "performed_on": TODAY - timedelta(days=1)}, [Code.VIAL_RECEIVED_LATER]),
        ({"lot_is_in_use": False}, [Code.LOT_NOT_IN_USE]),
        ({"is_of_product": False}, [Code.VIAL_OF_OTHER_PRODUCT]),
        ({"is_closed": True}, [Code.VIAL_CLOSED]),
        ({"given": "20.01"}, [Code.TOTAL_NOT_IN_VIAL]),
        ({"given": "19.99", "wasted": "0.02"}, [Code.TOTAL_NOT_IN_VIAL]),
        ({"is_of_clinic": False, "lot_is_in_use": False, "given": "99"}, [Code.VIAL_NOT_HERE]),
        ({"lot_is_in_use": False, "given": "99"}, [Code.LOT_NOT_IN_USE, Code.TOTAL_NOT_IN_VIAL]),
    ],
)
def test_vial_on_the_day(facts, expected):
    assert vial(**facts) == expected


@pytest.mark.parametrize(
    ("made_up", "performed_on", "expected"),
    [
        # Made up 23 Nov, 08:00 in Paris; good for 24 hours. Now it is 23 Nov, 10:00.
        (datetime(2026, 11, 23, 7, 0, tzinfo=UTC), TODAY, []),
        (datetime(2026, 11, 23, 7, 0, tzinfo=UTC), TODAY - timedelta(days=1), [Code.VIAL_MADE_UP_LATER]),
        # A day and a minute ago, and exactly a day ago.
        (NOW - timedelta(hours=24, minutes=1), TODAY, [Code.VIAL_TOO_OLD]),
        (NOW - timedelta(hours=24), TODAY, []),
        # Entered later: the hours ended during the day of the treatment, or the day before it.
        (NOW - timedelta(hours=72), TODAY - timedelta(days=2), []),
        (NOW - timedelta(hours=72), TODAY - timedelta(days=1), [Code.VIAL_TOO_OLD]),
    ],
)
def test_made_up_vial_counts_from_its_making_until_its_hours_are_over(made_up, performed_on, expected):
    assert vial(made_up_at=made_up, use_by_at=made_up + timedelta(hours=24), performed_on=performed_on) == expected


def test_day_of_making_up_is_the_day_in_the_clinics_zone():
    late = datetime(2026, 11, 22, 23, 30, tzinfo=UTC)
    assert vial(made_up_at=late, use_by_at=late + timedelta(hours=24)) == []
    assert vial(made_up_at=late, use_by_at=late + timedelta(hours=24), performed_on=date(2026, 11, 22)) == [
        Code.VIAL_MADE_UP_LATER
    ]
