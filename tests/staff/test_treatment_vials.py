"""The record page: several vials, what was thrown away, and a vial used for a second patient."""

import re
from decimal import Decimal

import pytest

from clinic.treatments.models import InjectionSession, VialUse
from tests.factories import NOW, InjectionSessionFactory, PatientFactory, VialFactory
from tests.staff.recording import RecordPage, error_at, text, value_of
from tests.staff.test_treatment_checks import reason_names

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def clock(time_machine):
    """Every test happens on Monday 23 November 2026, 10:00 in Paris."""
    time_machine.move_to(NOW, tick=False)


@pytest.fixture
def desk(client):
    return RecordPage(client)


def second(desk, **options):
    return VialFactory(clinic=desk.clinic, lot__number="D8801", **options)


def is_open(response, summary):
    """Whether the part of the page under this heading is unfolded."""
    found = re.search(rf"(?s)<details([^>]*)>\s*<summary>{summary}", response.content.decode())
    return "open" in found[1]


def test_second_vial_can_be_chosen_without_a_script(desk):
    response = desk.get()
    assert not is_open(response, "Add another vial of this product")
    other = second(desk)
    asked = desk.post(("ZYG_MAJ", "RIGHT", "120"), vial_2=str(other.public_id))
    reasons = dict.fromkeys(reason_names(asked), "weighed up with the patient")
    assert desk.post(("ZYG_MAJ", "RIGHT", "120"), vial_2=str(other.public_id), **reasons).status_code == 302
    uses = VialUse.objects.order_by("pk").values_list("vial__lot__number", "units_given")
    assert list(uses) == [("C7719", 100), ("D8801", 20)]


def test_page_says_how_many_units_come_from_which_vial_and_what_is_left_of_all(desk):
    other = second(desk)
    response = desk.post(("ZYG_MAJ", "RIGHT", "120"), vial_2=str(other.public_id), preview="1")
    assert "100 U from lot C7719, then 20 U from lot D8801" in text(response)
    assert "left in the vial 80 U" in text(response)
    assert is_open(response, "Add another vial of this product")
    assert value_of(response, "vial_2") == str(other.public_id)


def test_page_says_how_vials_were_made_up_that_are_unlike_and_of_which_points_the_volume_is_told(desk):
    desk.vial.diluent_ml, desk.vial.reconstituted_at, desk.vial.state = Decimal(2), NOW, "OPEN"
    desk.vial.save()
    other = second(desk)
    page = text(desk.post(("ZYG_MAJ", "RIGHT", "120"), vial_2=str(other.public_id), preview="1"))
    told = "100 U from lot C7719 (5 U per 0.1 mL), then 20 U from lot D8801 (how it was made up is not noted)."
    assert f"{told} The vials are not made up alike: a point's volume is told where it comes from one of them alone" in page


@pytest.mark.parametrize(
    ("choice", "says"),
    [
        ("nonsense", "Choose a vial of this clinic."),
        ("a\0b", "Choose a vial of this clinic."),
        ("same", "The same vial stands twice."),
        ("recalled", "Lot R1 may not be used."),
        ("unneeded", "Leave it out."),
    ],
)
def test_second_vial_that_cannot_be_is_refused_beside_it_with_its_part_of_the_page_open(desk, choice, says):
    vials = {
        "same": desk.vial,
        "recalled": VialFactory(clinic=desk.clinic, lot__number="R1", lot__state="RECALLED"),
        "unneeded": second(desk),
    }
    units = "2.5" if choice == "unneeded" else "120"
    chosen = str(vials[choice].public_id) if choice in vials else choice
    response = desk.post(("ZYG_MAJ", "RIGHT", units), vial_2=chosen)
    assert response.status_code == 422
    assert says in error_at(response, "vial_2")
    assert is_open(response, "Add another vial of this product")
    assert not InjectionSession.objects.exists()


def test_vial_of_another_clinic_cannot_be_the_second(desk):
    foreign = VialFactory(lot__number="SECRET")
    response = desk.post(("ZYG_MAJ", "RIGHT", "120"), vial_2=str(foreign.public_id))
    assert error_at(response, "vial_2") == "Choose a vial of this clinic."
    assert "SECRET" not in response.content.decode()


def test_units_thrown_away_are_no_longer_left_in_the_vial(desk):
    assert "left in the vial 85 U" in text(desk.post(wasted_units="12.5", preview="1"))
    assert "left in the vial 97.5 U" in text(desk.post(wasted_units="many", preview="1"))


# -- waste --------------------------------------------------------------------------------------------------------------


def test_units_thrown_away_are_kept_with_their_reason_and_shown(desk):
    response = desk.client.get(desk.post(wasted_units="12,5", waste_reason="spilled").headers["Location"])
    assert "12.5 U discarded (spilled)" in text(response)
    desk.vial.refresh_from_db()
    assert (desk.vial.units_wasted, desk.vial.state) == (Decimal("12.50"), "OPEN")


@pytest.mark.parametrize(
    ("waste", "field"),
    [
        ({"wasted_units": "12.5"}, "waste_reason"),
        ({"wasted_units": "-1", "waste_reason": "spilled"}, "wasted_units"),
        ({"wasted_units": "many", "waste_reason": "spilled"}, "wasted_units"),
        ({"wasted_units": "12.5", "waste_reason": "spilled", "discard_rest": "on"}, "wasted_units"),
        ({"waste_reason": "spilled"}, "wasted_units"),
        ({"wasted_units": "5", "waste_reason": "x" * 121}, "waste_reason"),
        ({"wasted_units": "98", "waste_reason": "spilled"}, "vial"),
    ],
)
def test_waste_that_cannot_be_is_refused_beside_its_field_and_shown_again(desk, waste, field):
    response = desk.post(**waste)
    assert response.status_code == 422
    assert error_at(response, field)
    assert is_open(response, "Why, or only a part of it")
    assert value_of(response, "wasted_units") == waste.get("wasted_units", "")
    assert not InjectionSession.objects.exists()


# -- a second patient ---------------------------------------------------------------------------------------------------


@pytest.fixture
def begun(desk):
    """The vial on the page, after another patient was treated from it."""
    InjectionSessionFactory(patient=PatientFactory(clinic=desk.clinic), vial=desk.vial)
    return desk.vial


def test_page_asks_about_sharing_only_where_a_vial_was_used_for_somebody_else(desk):
    assert "for another patient before" not in text(desk.get())
    InjectionSessionFactory(patient=PatientFactory(clinic=desk.clinic), vial=desk.vial)
    told = text(desk.get())
    assert "93.75 U left, used for another patient before" in told
    assert "A vial is labelled for one patient in the US." in told


def test_without_the_confirmation_nothing_is_signed(desk, begun):
    response = desk.post()
    assert response.status_code == 422
    assert "lot C7719 has been used for another patient" in error_at(response, "shared_confirmed")
    assert not InjectionSession.objects.filter(patient=desk.patient).exists()


def test_signed_treatment_shows_who_confirmed_and_when(desk, begun):
    shown = text(desk.client.get(desk.post(shared_confirmed="on").headers["Location"]))
    assert f"Used for another patient before: {desk.user} confirmed this on 23 Nov 2026, 10:00" in shown


def test_page_takes_the_same_number_of_queries_for_one_shared_vial_and_for_many(desk, begun, django_assert_num_queries,
                                                                                django_assert_max_num_queries):  # fmt: skip
    desk.get()
    with django_assert_max_num_queries(24) as few:
        desk.get()
    for _number in range(4):
        vial = VialFactory(clinic=desk.clinic)
        InjectionSessionFactory(patient=PatientFactory(clinic=desk.clinic), vial=vial)
    with django_assert_num_queries(len(few)):
        desk.get()
