"""Two treatments on one picture: both doses at every place, told apart without any colour, with lines that do not cross."""

from decimal import Decimal
from itertools import combinations, pairwise

import pytest
from django.template.loader import render_to_string
from hypothesis import given
from hypothesis import strategies as st

from clinic.staff.pictures.body_map import DOSE_GAP_READING, Side
from clinic.staff.pictures.overlay_map import BothDoses, lay_over
from clinic.toxins.body import View
from tests.staff.test_body_map import crosses


def place(earlier=("2.5",), later=("2.5",), *, x=30.0, y=60.0, view=View.FACE_FRONT, **more):
    return BothDoses(
        label="risorius",
        side=Side.RIGHT,
        x=x,
        y=y,
        view=view,
        earlier=tuple(Decimal(units) for units in earlier),
        later=tuple(Decimal(units) for units in later),
        products=("Botox", "Botox"),
        **more,
    )


def drawn(*places):
    [picture] = lay_over(places)
    return render_to_string("components/overlay-map.html", {"map": picture})


def marks(html):
    """How many rings and discs there are."""
    return html.count('"overlay-ring"'), html.count('"overlay-disc"')


@pytest.mark.parametrize(
    ("earlier", "later", "rings_and_discs", "text"),
    [
        (("2.5",), ("2.5",), (1, 1), ("2.5", "=", "2.5")),
        (("2.50",), ("5",), (1, 1), ("2.5", "→", "5")),
        ((), ("5",), (0, 1), ("–", "→", "5")),
        (("5",), (), (1, 0), ("5", "→", "–")),
        (("2.5", "2.5"), ("5",), (1, 1), ("2×2.5", "→", "5")),
        (("1", "2"), ("2", "1"), (1, 1), ("1+2", "=", "2+1")),
    ],
)
@pytest.mark.parametrize("is_free", [True, False])
def test_each_fate_has_its_shape_and_its_text(earlier, later, rings_and_discs, text, is_free):
    one = place(earlier, later, is_free=is_free)
    [point] = lay_over([one])[0].points
    assert (point.earlier, point.sign, point.later) == text
    assert marks(drawn(one)) == rings_and_discs


def test_doses_of_two_products_have_no_sign_that_relates_them():
    [point] = lay_over([place(is_same_product=False)])[0].points
    assert (point.sign, point.is_same) == ("|", False)


def test_place_that_moved_is_joined_to_where_it_was():
    html = drawn(place(is_free=True, was_at=(40.0, 70.0)))
    assert marks(html) == (1, 1)
    assert html.count('"overlay-way"') == 1
    assert 'transform="translate(160.0 350.0)"' in html


def test_place_best_avoided_has_its_mark_and_its_words():
    html = drawn(place(avoided=True))
    assert "overlay-risk" in html
    assert "best avoided" in html


def test_views_come_in_their_order_and_only_where_something_was_given():
    pictures = lay_over([place(view=View.NECK_FRONT), place(), place(view=View.FACE_LEFT)])
    assert [picture.view for picture in pictures] == [View.FACE_FRONT, View.FACE_LEFT, View.NECK_FRONT]


percent = st.floats(2, 98).map(lambda number: round(number, 1))


@given(st.lists(st.tuples(percent, percent), max_size=20, unique=True))
def test_every_place_is_drawn_once_and_no_two_doses_meet(spots):
    for picture in lay_over([place(x=x, y=y) for x, y in spots]):
        assert len(picture.points) == len(spots)
        for anchor in ("start", "end"):
            column = sorted(point.dose_y for point in picture.points if point.dose_anchor == anchor)
            assert all(below - above >= DOSE_GAP_READING - 0.2 for above, below in pairwise(column))
            lines = [(point.x, point.y, *point.lead[2:]) for point in picture.points if point.dose_anchor == anchor]
            assert not any(crosses(one, other) for one, other in combinations(lines, 2))
