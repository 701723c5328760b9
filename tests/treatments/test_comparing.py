"""Two treatments side by side: every point once, units subtracted within one product alone."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinic.treatments.differences import Fate, compared, units_at
from tests.treatments.test_differences import free, point, said


def told(before, after, **changes):
    """(fate, units before, units after, difference) of each place."""
    found = compared(said(points=tuple(before)), said(points=tuple(after), **changes))
    return [
        (place.fate, [str(one.units) for one in place.before], [str(one.units) for one in place.after], place.difference)
        for place in found.places
    ]


@pytest.mark.parametrize(
    ("before", "after", "fate", "difference"),
    [
        ([point()], [point()], Fate.SAME, "0"),
        ([point(units="2.50")], [point(units="2.5")], Fate.SAME, "0"),
        ([point()], [point(units="5")], Fate.CHANGED, "2.5"),
        ([point(units="5")], [point()], Fate.CHANGED, "-2.5"),
        ([], [point()], Fate.ADDED, "2.5"),
        ([point()], [], Fate.LEFT_OUT, "-2.5"),
        # The catalogue's picture of a point may have been moved since; the point is the same.
        ([point()], [point(x="45")], Fate.SAME, "0"),
        # One place, in however many points: what counts is what was given there.
        ([point(label="1"), point(label="2")], [point(units="5")], Fate.CHANGED, "0.0"),
        ([point(label="1"), point(label="2")], [point(label="2"), point(label="1")], Fate.SAME, "0"),
        ([free()], [free(units="5")], Fate.CHANGED, "2.5"),
        ([free()], [free(x="32")], Fate.SAME, "0"),
    ],
)
def test_one_place_is_told_with_what_became_of_it(before, after, fate, difference):
    [(found, _before, _after, taken)] = told(before, after)
    assert (found, taken) == (fate, Decimal(difference))


def test_sides_are_places_of_their_own():
    assert [fate for fate, *_ in told([point()], [point(side="LEFT")])] == [Fate.ADDED, Fate.LEFT_OUT]


@pytest.mark.parametrize("other", [{"name": "chin"}, {"view": "NECK_FRONT"}])
def test_free_point_of_another_name_or_view_is_another_point(other):
    assert [fate for fate, *_ in told([free()], [free(**other)])] == [Fate.ADDED, Fate.LEFT_OUT]


def test_free_points_of_one_name_are_matched_where_they_lie_and_none_is_lost():
    before = [free(units="1", x="30"), free(units="2", x="70")]
    after = [free(units="2", x="70"), free(units="3", x="50"), free(units="4", x="30")]
    assert [(was, is_now) for _fate, was, is_now, _difference in told(before, after)] == [
        (["2"], ["2"]),
        ([], ["3"]),
        (["1"], ["4"]),
    ]


@pytest.mark.parametrize(("x", "moved"), [("30", False), ("33", False), ("33.01", True)])
def test_free_point_has_moved_where_one_can_see_it(x, moved):
    [place] = compared(said(points=(free(),)), said(points=(free(x=x),))).places
    assert place.has_moved is moved


def test_point_of_the_catalogue_never_moves():
    [place] = compared(said(points=(point(),)), said(points=(point(x="90"),))).places
    assert not place.has_moved


def test_units_of_two_products_are_told_and_never_subtracted():
    """The same number in two products is not the same dose, so nothing is called the same, either."""
    assert told([point(), point("PROC")], [point(), point("RIS")], product="ABO") == [
        (Fate.NOT_COMPARED, ["2.5"], ["2.5"], None),
        (Fate.ADDED, [], ["2.5"], None),
        (Fate.LEFT_OUT, ["2.5"], [], None),
    ]


any_points = st.lists(
    st.one_of(
        st.builds(point, st.sampled_from("ABC"), st.sampled_from(["1", "2.5"]), side=st.sampled_from(["RIGHT", "LEFT"])),
        st.builds(free, st.sampled_from(["jaw", "chin"]), st.sampled_from(["1", "2"]), x=st.sampled_from(["30", "50"])),
    ),
    max_size=8,
)


@given(any_points, any_points, st.sampled_from(["ONABOT", "ABO"]))
def test_every_point_of_both_treatments_is_told_once(old, new, product):
    before, after = said(points=tuple(old)), said(points=tuple(new), product=product)
    found = compared(before, after)
    for points, told_of in ((old, "before"), (new, "after")):
        told_points = [one for place in found.places for one in getattr(place, told_of)]
        assert sorted(map(repr, told_points)) == sorted(map(repr, points))
    taken = [place.difference for place in found.places]
    if found.is_same_product:
        assert sum(taken, Decimal(0)) == units_at(new) - units_at(old)
    else:
        assert set(taken) <= {None}


@given(any_points, any_points)
def test_there_and_back_turns_every_difference_round(old, new):
    before, after = said(points=tuple(old)), said(points=tuple(new))
    turned = {Fate.ADDED: Fate.LEFT_OUT, Fate.LEFT_OUT: Fate.ADDED}
    there = sorted((str(turned.get(place.fate, place.fate)), -place.difference) for place in compared(before, after).places)
    back = sorted((str(place.fate), place.difference) for place in compared(after, before).places)
    assert [fate for fate, _ in there] == [fate for fate, _ in back]
    assert sum(taken for _, taken in there) == sum(taken for _, taken in back)
    assert all(place.fate == Fate.SAME for place in compared(before, replace(before)).places)
