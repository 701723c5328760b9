"""A point that is not in the catalogue: it has a name that can be read, and a place that its view shows."""

from decimal import Decimal

import pytest

from clinic.treatments.dosing import Code, GivenPoint, check_points


def found(side="RIGHT", condition_side="RIGHT", **facts):
    values = {"label": "Masseter", "view": "FACE_RIGHT", "x": Decimal(45), "y": Decimal(58), **facts}
    point = GivenPoint(site="FREE", site_label="Free point", side=side, units=Decimal(5), is_free=True, **values)
    return [(finding.field, finding.code) for finding in check_points([point], condition_side=condition_side)]


@pytest.mark.parametrize("name", ["Masseter", "x" * 40, "Mm. buccinator & “risorius”"])
def test_named_point_on_a_picture_is_possible(name):
    assert found(label=name) == []


@pytest.mark.parametrize(
    ("facts", "problem"),
    [
        ({"label": ""}, ("points-0-name", Code.FREE_POINT_NAMELESS)),
        ({"label": "  "}, ("points-0-name", Code.FREE_POINT_NAMELESS)),
        ({"label": "x" * 41}, ("points-0-name", Code.FREE_POINT_NAME_TOO_LONG)),
        ({"label": "Masse\x00ter"}, ("points-0-name", Code.FREE_POINT_NAME_UNPRINTABLE)),
        ({"label": "Masse\nter"}, ("points-0-name", Code.FREE_POINT_NAME_UNPRINTABLE)),
        ({"label": "\u202eretessam"}, ("points-0-name", Code.FREE_POINT_NAME_UNPRINTABLE)),
        ({"view": ""}, ("points-0-x", Code.FREE_POINT_NOT_PLACED)),
        ({"view": "FACE_BELOW"}, ("points-0-x", Code.FREE_POINT_NOT_PLACED)),
        ({"x": None}, ("points-0-x", Code.FREE_POINT_NOT_PLACED)),
        ({"y": None}, ("points-0-x", Code.FREE_POINT_NOT_PLACED)),
        ({"x": Decimal("100.01")}, ("points-0-x", Code.OFF_THE_PICTURE)),
        ({"y": Decimal("-0.01")}, ("points-0-x", Code.OFF_THE_PICTURE)),
    ],
)
def test_impossible_point_is_told_beside_its_field(facts, problem):
    assert found(**facts) == [problem]


def test_edges_of_the_picture_are_on_it():
    assert found(x=Decimal(0), y=Decimal(100)) == []


def test_side_that_the_view_does_not_show_is_refused():
    assert found(side="LEFT", condition_side="NONE") == [("points-0-side", Code.SIDE_NOT_IN_VIEW)]


def test_free_point_may_be_on_the_other_side_and_in_the_midline():
    for side in ("LEFT", "MIDLINE"):
        assert ("points", Code.NOTHING_ON_SIDE_OF_CONDITION) in found(side=side, view="FACE_FRONT")
        assert found(side=side, view="FACE_FRONT", condition_side="NONE") == []


def test_two_free_points_are_one_only_if_name_and_place_agree():
    def point(**facts):
        values = {"label": "Masseter", "x": Decimal(45), "y": Decimal(58), **facts}
        return GivenPoint(
            site="FREE", site_label="Free point", side="RIGHT", units=Decimal(5), is_free=True, view="FACE_RIGHT", **values
        )

    def codes(*points):
        return [finding.code for finding in check_points(points, condition_side="RIGHT")]

    assert codes(point(), point(label="Temporalis")) == []
    assert codes(point(), point(x=Decimal(46))) == []
    assert codes(point(), point()) == [Code.POINT_TWICE]
