"""Vials are emptied one after the other; a point's volume is told where it is known, and left empty where it is not."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinic.treatments.allocation import Part, shares, volumes


def decimals(*values):
    return [Decimal(str(value)) for value in values]


@pytest.mark.parametrize(
    ("total", "left", "expected"),
    [
        ("7.5", ["100"], ["7.5"]),
        ("100", ["100"], ["100"]),
        # More than there is: refused where it falls.
        ("120", ["100"], ["120"]),
        ("120", ["100", "100"], ["100", "20"]),
        ("120", ["12.5", "100", "50"], ["12.5", "100", "7.5"]),
        ("60", ["100", "100"], ["60", "0"]),
        ("250", ["100", "100"], ["100", "150"]),
        ("5", ["0", "100"], ["0", "5"]),
        ("5", [], []),
    ],
)
def test_first_vial_is_emptied_before_the_next(total, left, expected):
    assert shares(Decimal(total), decimals(*left)) == decimals(*expected)


units = st.decimals("0", "500", places=2)


@given(units, st.lists(units, min_size=1, max_size=4))
def test_shares_add_up_and_no_vial_is_begun_before_the_one_ahead_is_empty(total, left):
    found = shares(total, left)
    assert sum(found) == total
    for number, share in enumerate(found[:-1]):
        assert 0 <= share <= left[number]
        assert share == left[number] or not any(found[number + 1 :])


def part(given_units, labelled, diluent):
    return Part(Decimal(given_units), Decimal(labelled), None if diluent is None else Decimal(diluent))


@pytest.mark.parametrize(
    ("points", "parts", "expected"),
    [
        # One vial.
        (["2.5", "5"], [part("7.5", 100, 4)], ["0.1", "0.2"]),
        (["2.5"], [part("2.5", 100, None)], [None]),
        # Two of one concentration, though not of one size: whichever it came from, the volume is the same.
        (["2.5", "5"], [part("5", 50, 2), part("2.5", 100, 4)], ["0.1", "0.2"]),
        (["2.5", "5"], [part("5", 100, "3"), part("2.5", 50, "1.5")], ["0.075", "0.15"]),
        # Two of different concentrations: known by the vial a point came from, unless it came from both.
        (["2.5", "5"], [part("2.5", 100, 4), part("5", 100, 2)], ["0.1", "0.1"]),
        (["2.5", "5"], [part("5", 100, 4), part("2.5", 100, 2)], ["0.1", None]),
        (["2.5", "5", "5"], [part("5", 100, 4), part("7.5", 100, 2)], ["0.1", None, "0.1"]),
        (["2.5", "5"], [part("2.5", 100, None), part("5", 100, 2)], [None, "0.1"]),
        (["10"], [part("2", 100, 4), part("3", 100, 2), part("5", 100, 1)], [None]),
        # A vial that gave nothing says nothing.
        (["2.5"], [part("2.5", 100, 4), part("0", 100, 2)], ["0.1"]),
        (["2.5"], [part("0", 100, 2), part("2.5", 100, 4)], ["0.1"]),
        ([], [part("0", 100, 4)], []),
    ],
)
def test_volume_of_a_point_is_that_of_the_vial_it_came_from_or_empty(points, parts, expected):
    assert volumes(decimals(*points), parts) == [None if one is None else Decimal(one) for one in expected]


@given(
    st.lists(st.decimals("0.01", "50", places=2), min_size=1, max_size=8), st.integers(1, 3), st.decimals("0.5", "10", places=1)
)
def test_alike_vials_give_every_point_the_volume_of_a_single_one(points, count, diluent):
    total = sum(points)
    drawn = shares(total, [total / 3] * count)
    alike = [Part(share, Decimal(100), diluent) for share in drawn]
    assert volumes(points, alike) == volumes(points, [Part(total, Decimal(100), diluent)])
