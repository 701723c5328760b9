"""The body map: points where the catalogue has them, doses beside the picture, lines that do not cross."""

import json
from decimal import Decimal
from itertools import combinations, pairwise
from math import hypot

import pytest
from django.template import Context, Template
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from clinic.staff.pictures.body_map import (
    DOSE_BOTTOM,
    DOSE_GAP,
    DOSE_GAP_READING,
    DOSE_TOP,
    HIT,
    WIDTH,
    MapPoint,
    Side,
    dose_text,
    lay_out,
    lay_out_views,
    spread,
    units_text,
    untangle,
)
from clinic.toxins.body import View
from clinic.toxins.services.catalogue import FILES
from clinic.toxins.services.loading import read_toml

PLACES = json.loads((FILES / "site_coordinates.json").read_text())
SITES = [site for site in read_toml(FILES / "sites.toml")["site"] if site["code"] in PLACES]
INDICATIONS = sorted({indication for site in SITES for indication in site["indications"]})


def catalogue_points(doses=None, indication="HFS"):
    """Every point of an indication on every side it has; `doses` by (code, side)."""
    points = []
    for site in SITES:
        if indication not in site["indications"]:
            continue
        code, place = site["code"], PLACES[site["code"]]
        for side in [Side.MIDLINE] if site.get("laterality") == "MIDLINE" else [Side.RIGHT, Side.LEFT]:
            units = (doses or {}).get((code, side))
            view = View(place["view"]).on(side)
            x = side.place(place["x"])
            points.append(MapPoint(code=code, label=code.lower(), side=side, x=x, y=place["y"], units=units, view=view))
    return points


def views_of(indication):
    return [one.view for one in lay_out_views(catalogue_points(indication=indication), selectable=True)]


def crosses(one, other):
    """Whether two straight lines (x1, y1, x2, y2) cross."""

    def turn(ax, ay, bx, by, cx, cy):
        return (bx - ax) * (cy - ay) - (by - ay) * (cx - ax)

    a, b = one[:2], one[2:]
    c, d = other[:2], other[2:]
    return turn(*a, *b, *c) * turn(*a, *b, *d) < -1e-6 and turn(*c, *d, *a) * turn(*c, *d, *b) < -1e-6


@pytest.mark.parametrize("indication", INDICATIONS)
def test_points_of_the_catalogue_keep_a_finger_s_distance(indication):
    """24 pixels between any two of a picture, when the map is 380 pixels wide (WCAG 2.2, target size)."""
    for map_ in lay_out_views(catalogue_points(indication=indication), selectable=True):
        assert_finger_s_distance([(point.x, point.y) for point in map_.points])


def assert_finger_s_distance(spots):
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


@pytest.mark.parametrize("indication", INDICATIONS)
@pytest.mark.parametrize("selectable", [True, False])
def test_full_map_has_room_for_every_dose_and_no_line_crosses_another(indication, selectable):
    everywhere = {(point.code, point.side): Decimal(5) for point in catalogue_points(indication=indication)}
    for map_ in lay_out_views(catalogue_points(everywhere, indication=indication), selectable=selectable):
        assert_in_order(map_.points, DOSE_GAP if selectable else DOSE_GAP_READING)


def assert_in_order(points, gap):
    for anchor in ("end", "start"):
        rows = sorted(point.dose_y for point in points if point.dose_anchor == anchor)
        if not rows:
            continue
        gaps = [below - above for above, below in pairwise(rows)]
        assert min(gaps, default=gap) >= min(gap, (DOSE_BOTTOM - DOSE_TOP) / len(rows)) - 0.2
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
    return Template("{% load clinic_pictures %}{% body_maps maps" + words + " %}").render(Context({"maps": [map_]}))


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


@pytest.mark.parametrize(
    ("indication", "views"),
    [
        ("HFS", ["FACE_FRONT"]),
        ("CM", ["FACE_FRONT", "FACE_RIGHT", "FACE_LEFT", "HEAD_BACK"]),
        ("CD", ["HEAD_BACK", "NECK_FRONT"]),
        ("ULS", ["ARM_RIGHT", "ARM_LEFT"]),
        ("LLS", ["LEG_RIGHT", "LEG_LEFT"]),
        ("AXH", ["AXILLAE"]),
        ("GLAB", ["FACE_FRONT"]),
        ("PLATYSMA", ["NECK_FRONT"]),
    ],
)
def test_treatment_shows_the_views_that_its_points_need_and_no_others(indication, views):
    assert views_of(indication) == views


def test_treatment_without_points_has_a_face():
    (map_,) = lay_out_views([])
    assert (map_.view, map_.points) == (View.FACE_FRONT, ())


def test_from_behind_the_patient_s_right_is_on_the_right_of_the_picture():
    (map_,) = [one for one in lay_out_views(catalogue_points(indication="CM"), selectable=True) if one.view == View.HEAD_BACK]
    for point in map_.points:
        assert (point.x > WIDTH / 2) == (point.side is Side.RIGHT)
        assert point.dose_anchor == ("start" if point.side is Side.RIGHT else "end")
    html = render(map_)
    assert html.index("Patient’s left") < html.index("Patient’s right")


def test_view_of_one_side_is_named_in_words_and_its_other_side_is_its_mirror_image():
    (right, left) = lay_out_views(catalogue_points(indication="ULS"), selectable=True)
    assert "The patient’s right arm, palm forward" in render(right)
    assert "matrix(-1" not in render(right)
    assert "The patient’s left arm, palm forward" in render(left)
    assert "matrix(-1 0 0 1 400 0)" in render(left)
    places = {(point.code, point.x, point.y) for point in right.points}
    assert {(point.code, round(WIDTH - point.x, 1), point.y) for point in left.points} == places


def free(name="Masseter", units="5", **where):
    place = {"side": Side.RIGHT, "x": 30, "y": 66, **where}
    return MapPoint(code="FREE", label=name, units=Decimal(units) if units else None, is_free=True, **place)


def test_free_point_is_told_by_its_name_and_by_more_than_colour():
    html = render(lay_out([free()]))
    assert "<li>Masseter, right; 5 U</li>" in html
    assert "free point, not in the catalogue" in html
    assert "M0-8 8 0 0 8-8 0z" in html


def test_free_points_of_two_names_at_one_place_stay_two():
    assert [point.name for point in lay_out([free(), free("Temporal tendon")]).points] == [
        "Masseter, right; 5 U",
        "Temporal tendon, right; 5 U",
    ]


def test_free_point_moves_no_other_dose_while_recording():
    without = lay_out(catalogue_points(), selectable=True).points
    with_it = lay_out([*catalogue_points(), free()], selectable=True).points
    assert with_it[: len(without)] == without
    assert (with_it[-1].dose_x, with_it[-1].dose_y) == (130, 330), "beside its point"
