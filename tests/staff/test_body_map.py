"""The face map: points where the catalogue has them, doses beside the face, lines that do not cross."""

import json
from decimal import Decimal
from itertools import combinations, pairwise
from math import hypot
from pathlib import Path

import pytest
from django.conf import settings
from django.template import Context, Template
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from clinic.staff.pictures.body_map import (
    DOSE_BOTTOM,
    DOSE_GAP,
    DOSE_TOP,
    HEIGHT,
    HIT,
    WIDTH,
    MapPoint,
    Side,
    dose_text,
    lay_out,
    spread,
    units_text,
    untangle,
)

CATALOGUE = json.loads((Path(settings.BASE_DIR) / "clinic/toxins/catalogue/site_coordinates.json").read_text())


def catalogue_points(doses=None):
    """Every point of the catalogue on every side it has; `doses` by (code, side)."""
    points = []
    for code, place in CATALOGUE.items():
        sides = [Side.MIDLINE] if place["x"] == 50 else [Side.RIGHT, Side.LEFT]
        for side in sides:
            units = (doses or {}).get((code, side))
            x = side.place(place["x"])
            points.append(MapPoint(code=code, label=code.lower(), side=side, x=x, y=place["y"], units=units))
    return points


def crosses(one, other):
    """Whether two straight lines (x1, y1, x2, y2) cross."""

    def turn(ax, ay, bx, by, cx, cy):
        return (bx - ax) * (cy - ay) - (by - ay) * (cx - ax)

    a, b = one[:2], one[2:]
    c, d = other[:2], other[2:]
    return turn(*a, *b, *c) * turn(*a, *b, *d) < -1e-6 and turn(*c, *d, *a) * turn(*c, *d, *b) < -1e-6


def test_points_of_the_catalogue_keep_a_finger_s_distance():
    """24 pixels between any two, when the map is 380 pixels wide (WCAG 2.2, target size)."""
    spots = [(point.x / 100 * WIDTH, point.y / 100 * HEIGHT) for point in catalogue_points()]
    nearest = min(hypot(a[0] - b[0], a[1] - b[1]) for a, b in combinations(spots, 2))
    assert nearest * 380 / WIDTH >= 24
    assert nearest >= 2 * HIT


def test_patient_s_right_is_on_the_left_of_the_picture():
    placed = {(point.code, point.side): point for point in lay_out(catalogue_points(), selectable=True).points}
    for (code, side), point in placed.items():
        if side is Side.RIGHT:
            assert point.x < WIDTH / 2 < placed[code, Side.LEFT].x
            assert point.dose_anchor == "end"
            assert placed[code, Side.LEFT].dose_anchor == "start"
        if side is Side.MIDLINE:
            assert point.x == WIDTH / 2


def test_map_for_recording_draws_every_point_and_keeps_each_dose_s_place():
    empty = lay_out(catalogue_points(), selectable=True)
    some = lay_out(catalogue_points({("CORR", Side.LEFT): Decimal("2.50")}), selectable=True)
    assert len(empty.points) == len(some.points) == len(catalogue_points())
    assert not empty.given
    assert [point.code for point in some.given] == ["CORR"]
    assert [(p.dose_x, p.dose_y) for p in empty.points] == [(p.dose_x, p.dose_y) for p in some.points]


def test_map_for_reading_draws_doses_only():
    read = lay_out(catalogue_points({("CORR", Side.LEFT): Decimal(5), ("MENT", Side.RIGHT): Decimal("1.25")}))
    assert [(point.code, point.dose) for point in read.points] == [("MENT", "1.25"), ("CORR", "5")]
    assert read.summary == "Face from the front with 2 doses; right and left are the patient's."


def test_full_map_has_room_for_every_dose_and_no_line_crosses_another():
    points = lay_out(catalogue_points(), selectable=True).points
    for anchor in ("end", "start"):
        rows = sorted(point.dose_y for point in points if point.dose_anchor == anchor)
        gaps = [below - above for above, below in pairwise(rows)]
        assert min(gaps) >= min(DOSE_GAP, (DOSE_BOTTOM - DOSE_TOP) / len(rows)) - 0.2
        assert rows[0] >= DOSE_TOP
        assert rows[-1] <= DOSE_BOTTOM + 0.2
    for one, other in combinations(points, 2):
        assert not crosses(one.lead, other.lead), (one.code, other.code)


@given(
    st.lists(st.tuples(st.floats(60, 340), st.floats(0, 500)), max_size=25),
)
def test_lines_to_any_points_never_cross(spots):
    spots = sorted(spots, key=lambda spot: spot[1])
    rows = untangle(spots, 44.0, spread([y for _x, y in spots], DOSE_GAP, DOSE_TOP, DOSE_BOTTOM))
    leads = [(x, y, 44.0, row) for (x, y), row in zip(spots, rows, strict=True)]
    for one, other in combinations(leads, 2):
        assert not crosses(one, other)


@given(st.lists(st.floats(-50, 600), max_size=40))
def test_doses_never_overlap_and_stay_in_order_within_the_picture(wanted):
    rows = spread(sorted(wanted), DOSE_GAP, DOSE_TOP, DOSE_BOTTOM)
    assert len(rows) == len(wanted)
    gap = min(DOSE_GAP, (DOSE_BOTTOM - DOSE_TOP) / max(len(rows) - 1, 1))
    assert all(below - above >= gap - 0.11 for above, below in pairwise(rows))
    assert all(DOSE_TOP - 0.1 <= row <= DOSE_BOTTOM + 0.1 for row in rows)


def test_dose_with_room_around_it_stands_level_with_its_point():
    assert spread([100.0, 200.0], DOSE_GAP, DOSE_TOP, DOSE_BOTTOM) == [100.0, 200.0]
    assert spread([100.0, 100.0], DOSE_GAP, DOSE_TOP, DOSE_BOTTOM) == [92.5, 107.5]


@pytest.mark.parametrize(("units", "text"), [("2.50", "2.5"), ("5.00", "5"), ("1.25", "1.25"), ("100", "100"), ("0.5", "0.5")])
def test_units_have_no_needless_zeros(units, text):
    assert units_text(Decimal(units)) == text


@pytest.mark.parametrize(
    ("doses", "text"),
    [(["2.5"], "2.5"), (["2.5", "2.50"], "2×2.5"), (["2.5", "1"], "2.5+1"), (["2.5", "2.5", "1"], "Σ6"), ([], "")],
)
def test_doses_at_one_place_are_shown_together(doses, text):
    assert dose_text([Decimal(dose) for dose in doses]) == text


def test_two_doses_in_one_muscle_are_one_point_on_the_map():
    twice = [
        MapPoint(code="FRONT", label="Frontalis", side=Side.RIGHT, x=38, y=27, units=Decimal("2.5"), previous=Decimal(5)),
        MapPoint(code="FRONT", label="Frontalis", side=Side.RIGHT, x=38, y=27, units=Decimal("2.5"), previous=Decimal(5)),
    ]
    (point,) = lay_out(twice).points
    assert point.dose == "2×2.5"
    assert point.name == "Frontalis, right; 2.5 + 2.5 U; last time 5 U"


def test_risky_point_says_so_in_words():
    risky = MapPoint(
        code="OO_UL_MID", label="Upper lid, central", side=Side.LEFT, x=60, y=40, avoided=True, warning="Drooping lid."
    )
    (point,) = lay_out([risky], selectable=True).points
    assert point.name == "Upper lid, central, left; best avoided; Drooping lid."


def render(map_, **options):
    words = "".join(f" {key}={value}" for key, value in options.items())
    return Template("{% load clinic_pictures %}{% face_map map" + words + " %}").render(Context({"map": map_}))


def test_map_for_reading_lists_its_doses_for_those_who_do_not_see_it():
    html = render(lay_out(catalogue_points({("CORR", Side.LEFT): Decimal("2.5")})))
    assert 'role="img"' in html
    assert "<li>corr, left; 2.5 U</li>" in html
    assert "Patient’s right" in html
    assert "best avoided" not in html


def test_map_for_recording_marks_risk_by_more_than_colour():
    risky = [MapPoint(code="OO_UL_MID", label="Upper lid", side=Side.LEFT, x=60, y=40, avoided=True, previous=Decimal(1))]
    html = render(lay_out(risky, selectable=True))
    assert 'role="group"' in html
    assert html.count("point-risk") == 2
    assert "best avoided" in html
    assert "show the last doses" in html
    assert 'data-previous="1"' in html


def test_small_map_has_no_key():
    assert "face-map-key" not in render(lay_out([]), small="True")


def test_geometry_is_written_with_a_point_in_every_language():
    with translation.override("de"):
        html = render(lay_out(catalogue_points({("CORR", Side.LEFT): Decimal("2.5")})))
    assert "translate(224.0 182.0)" in html
    assert ">2,5</text>" in html
