"""A free point on the record page: named, placed, signed, shown and repeated; what cannot be is told beside its field."""

from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from clinic.toxins.models import Indication, Site
from clinic.toxins.services import load_catalogue
from clinic.treatments.models import Injection, InjectionSession
from tests.factories import NOW, ConditionFactory, free_site
from tests.staff.recording import RecordPage, text

pytestmark = pytest.mark.django_db

FREE = {"site": "FREE", "side": "RIGHT", "units": "5", "name": "Masseter", "view": "FACE_FRONT", "x": "27.5", "y": "66"}


@pytest.fixture(autouse=True)
def clock(time_machine):
    """Every test happens on Monday 23 November 2026 in the morning."""
    time_machine.move_to(NOW, tick=False)


@pytest.fixture
def desk(client):
    page = RecordPage(client)
    free_site()
    return page


def sent(desk, **changes):
    row = {**FREE, **changes}
    return desk.post(("ZYG_MAJ", "RIGHT", "2.5"), **{f"points-1-{name}": value for name, value in row.items()})


def signed(desk, **changes):
    response = sent(desk, **changes)
    assert response.status_code == 302, text(response)
    return Injection.objects.get(site__code="FREE")


def test_free_point_is_written_with_its_name_and_place(desk):
    injection = signed(desk)

    assert (injection.name, injection.view, injection.side) == ("Masseter", "FACE_FRONT", "RIGHT")
    assert (injection.x, injection.y, injection.units) == (Decimal("27.5"), Decimal(66), Decimal(5))
    assert not Site.objects.filter(muscle="Masseter").exists(), "it is a point of this treatment only"


@pytest.mark.parametrize(
    ("where", "side"),
    [({"x": "72,5"}, "LEFT"), ({"x": "50"}, "MIDLINE"), ({"x": "30"}, "RIGHT"), ({"view": "HEAD_BACK", "x": "30"}, "LEFT")],
)
def test_side_is_that_of_the_place_where_none_is_given(desk, where, side):
    assert signed(desk, side="", **where).side == side


def test_signed_treatment_shows_it_on_the_map_and_in_the_table(desk):
    signed(desk)
    page = desk.client.get(reverse("staff:treatment-show", args=[InjectionSession.objects.get().public_id]))

    assert "Masseter free point right 5" in text(page)
    assert "<li>Masseter, right; 5 U</li>" in page.content.decode()
    assert "translate(110.0 330.0)" in page.content.decode()


def test_repeated_treatment_has_it_again(desk):
    signed(desk)
    again = f"&repeat={InjectionSession.objects.get().public_id}"
    page = desk.get(again)

    rows = page.context["points"].forms
    assert {name: rows[1][name].value() for name in FREE} == FREE
    desk.post(("ZYG_MAJ", "RIGHT", "2.5"), more=again, **{f"points-1-{name}": value for name, value in FREE.items()})
    assert Injection.objects.filter(site__code="FREE", point="Masseter").count() == 2


@pytest.mark.parametrize(
    ("changes", "field", "says"),
    [
        ({"name": ""}, "name", "Name the point."),
        ({"name": "x" * 41}, "name", "at most 40 characters"),
        ({"name": "Masse\u202eter"}, "name", "cannot be printed"),
        ({"view": ""}, "x", "Say where on the picture the point was."),
        ({"view": "FOOT"}, "view", "Choose a picture."),
        ({"x": ""}, "x", "Say where on the picture the point was."),
        ({"x": "101"}, "x", "a number from 0 to 100"),
        ({"y": "-1"}, "y", "a number from 0 to 100"),
        ({"y": "low"}, "y", "a number from 0 to 100"),
        ({"x": "NaN"}, "x", "a number from 0 to 100"),
        ({"view": "FACE_LEFT"}, "side", "shows the patient's left only"),
        ({"units": ""}, "units", "Enter the units."),
        ({"side": "", "x": ""}, "x", "Say where on the picture the point was."),
    ],
)
def test_impossible_free_point_is_told_beside_its_field_and_nothing_is_written(desk, changes, field, says):
    response = sent(desk, **changes)

    assert response.status_code == 422
    assert any(says in error for error in response.context["points"].forms[1].errors[field])
    assert says in text(response)
    typed = {**FREE, **changes}
    assert {name: response.context["points"].forms[1][name].value() for name in typed} == typed, "the row stays as typed"
    assert not InjectionSession.objects.exists()


def test_what_is_left_over_in_a_row_of_the_catalogue_is_not_meant(desk):
    desk.post(("ZYG_MAJ", "RIGHT", "2.5"), **{"points-0-name": "x" * 300, "points-0-view": "FOOT", "points-0-x": "x"})

    injection = Injection.objects.get()
    assert (injection.name, injection.point, injection.view) == ("Zygomaticus major", "", "FACE_FRONT")


def test_two_free_points_need_no_confirmation(desk):
    second = {**FREE, "name": "Temporalis", "y": "40"}
    response = desk.post(
        ("ZYG_MAJ", "RIGHT", "2.5"),
        **{f"points-1-{name}": value for name, value in FREE.items()},
        **{f"points-2-{name}": value for name, value in second.items()},
    )

    assert response.status_code == 302
    assert list(Injection.objects.order_by("order").values_list("point", flat=True)) == ["", "Masseter", "Temporalis"]


def test_hostile_name_is_shown_as_text(desk):
    signed(desk, name="<script>alert(1)</script>")
    page = desk.client.get(reverse("staff:treatment-show", args=[InjectionSession.objects.get().public_id]))

    assert "<script>alert" not in page.content.decode()


def test_page_without_the_free_point_offers_none(client):
    assert "point-free" not in RecordPage(client).get().content.decode()


def test_preview_draws_the_free_point_where_it_was_put(desk):
    page = desk.post(**{f"points-0-{name}": value for name, value in {**FREE, "view": "NECK_FRONT"}.items()}, preview="1")

    assert [map_.view for map_ in page.context["maps"]] == ["FACE_FRONT", "NECK_FRONT"]
    assert [point.name for point in page.context["maps"][1].points] == ["Masseter, right; 5 U"]


def test_example_of_a_quick_entry_is_a_point_of_this_condition(client):
    load_catalogue()
    desk = RecordPage(client)
    migraine = ConditionFactory(patient=desk.patient, indication=Indication.objects.get(code="CM"), side="NONE")
    address = reverse("staff:treatment-record", args=[desk.patient.public_id])

    assert 'placeholder="corr R 5"' in client.get(f"{address}?condition={migraine.public_id}").content.decode()
    assert 'placeholder="zyg maj R 1"' in desk.get().content.decode()


def test_pages_of_one_view_and_of_four_take_the_same_number_of_queries(client):
    load_catalogue()
    desk = RecordPage(client)
    address = reverse("staff:treatment-record", args=[desk.patient.public_id])
    counts = {}
    desk.get()
    for code in ("GLAB", "CM", "AXH"):
        condition = ConditionFactory(patient=desk.patient, indication=Indication.objects.get(code=code), side="NONE")
        with CaptureQueriesContext(connection) as queries:
            page = client.get(f"{address}?condition={condition.public_id}")
        counts[code] = len(queries)
        maps = {"GLAB": 1, "CM": 4, "AXH": 1}[code]
        assert len(page.context["maps"]) == maps

    assert len(set(counts.values())) == 1, counts
