"""One vial: everything that went in and out of it, and throwing away what is left."""

import re
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.urls import reverse

from clinic.practice.models import Role
from clinic.toxins.models import Vial, VialDiscard
from tests.factories import (
    NOW,
    TODAY,
    ClinicFactory,
    InjectionSessionFactory,
    LotFactory,
    PatientFactory,
    VialDiscardFactory,
    VialFactory,
    member,
)
from tests.staff.recording import error_at, text, value_of
from tests.staff.test_stock import LIST, lines, text_of

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def clock(time_machine):
    """Every test happens on Monday 23 November 2026, 10:00 in Paris."""
    time_machine.move_to(NOW, tick=False)


@pytest.fixture
def clinic(db):
    return ClinicFactory()


@pytest.fixture
def keeper(client, clinic):
    """A browser in which a clinician is signed in."""
    client.force_login(member(Role.CLINICIAN, clinic=clinic))
    return client


def page(vial):
    return reverse("staff:vial-show", args=[vial.public_id])


def thrown(vial):
    return reverse("staff:vial-discard", args=[vial.public_id])


def rows(response):
    return [text_of(row) for row in re.findall(r"(?s)<tr>.*?</tr>", response.content.decode())[1:]]


# -- what happened to it ------------------------------------------------------------------------------------------------


def test_vial_tells_everything_that_went_in_and_out_of_it_with_what_was_left(keeper, clinic):
    vial = VialFactory(clinic=clinic, diluent_ml=Decimal(4), reconstituted_at=NOW - timedelta(days=20), state="OPEN")
    session = InjectionSessionFactory(
        patient=PatientFactory(clinic=clinic), vial=vial, performed_on=date(2026, 11, 3), points=[("ZYG_MAJ", "RIGHT", "18.75")]
    )
    Vial.objects.update(units_wasted=Decimal("81.25"), state="CLOSED")
    vial.refresh_from_db()
    VialDiscardFactory(vial=vial, units=Decimal("81.25"), reason="past its hours")
    response = keeper.get(page(vial))
    received, made_up, treated, discarded = rows(response)
    assert "2 Feb 2026 received" in received
    assert received.endswith("100 U")
    assert "made up" in made_up
    assert "4 mL, 2.5 U per 0.1 mL" in made_up
    assert re.match(r"3 Nov 2026 treatment by .* 18.75 U 81.25 U$", treated)
    assert "past its hours 81.25 U 0 U" in discarded
    assert reverse("staff:treatment-show", args=[session.public_id]) in response.content.decode()
    assert "differ" not in text(response)


def test_what_the_movements_do_not_explain_is_said(keeper, clinic):
    vial = VialFactory(clinic=clinic, state="OPEN", units_wasted=Decimal(5))
    assert "The movements and the vial's count differ by 5 U." in text(keeper.get(page(vial)))


def test_treatment_of_a_patient_who_is_not_seen_here_has_no_link(keeper, clinic):
    vial = VialFactory(clinic=clinic)
    session = InjectionSessionFactory(patient=PatientFactory(clinic=clinic), vial=vial)
    session.patient.clinic = ClinicFactory()
    session.patient.save()
    response = keeper.get(page(vial))
    assert "treatment" in rows(response)[1]
    assert str(session.public_id) not in response.content.decode()


def test_void_treatments_and_earlier_versions_do_not_count(keeper, clinic):
    vial = VialFactory(clinic=clinic)
    session = InjectionSessionFactory(patient=PatientFactory(clinic=clinic), vial=vial)
    session.state = "VOID"
    session.save()
    assert len(rows(keeper.get(page(vial)))) == 1


def test_clock_is_told_by_product(keeper, clinic):
    vial = VialFactory(
        clinic=clinic, state="OPEN", reconstituted_at=NOW - timedelta(hours=20, minutes=30), diluent_ml=4,
        lot=LotFactory(product__code="DAXI", product__brand_name="Daxxify", product__hours_after_reconstitution=72),
    )  # fmt: skip
    told = text(keeper.get(page(vial)))
    assert "51 h 30 min left" in told
    assert "Daxxify: 72 hours after it was made up" in told


def test_page_takes_the_same_number_of_queries_for_one_movement_and_for_many(keeper, clinic, django_assert_num_queries):
    vial = VialFactory(clinic=clinic)
    InjectionSessionFactory(patient=PatientFactory(clinic=clinic), vial=vial)
    VialDiscardFactory(vial=vial, units=Decimal(1))
    keeper.get(page(vial))
    with django_assert_num_queries(9):
        keeper.get(page(vial))
    for _number in range(4):
        InjectionSessionFactory(patient=PatientFactory(clinic=clinic), vial=vial)
        VialDiscardFactory(vial=vial, units=Decimal(1))
    with django_assert_num_queries(9):
        assert len(rows(keeper.get(page(vial)))) == 11


# -- throwing away ------------------------------------------------------------------------------------------------------


def test_form_starts_with_all_that_is_left(keeper, clinic):
    vial = VialFactory(clinic=clinic, state="OPEN", units_given=Decimal("18.75"))
    assert value_of(keeper.get(thrown(vial)), "units") == "81.25"


def test_vial_is_discarded_and_closed(keeper, clinic):
    vial = VialFactory(clinic=clinic, state="OPEN", units_given=Decimal("18.75"))
    response = keeper.post(thrown(vial), {"units": "81,25", "reason": "past its hours"}, follow=True)
    assert "81.25 U discarded; the vial is closed." in text(response)
    assert Vial.objects.get().state == "CLOSED"
    assert VialDiscard.objects.get().reason == "past its hours"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("units", ""),
        ("units", "0"),
        ("units", "-1"),
        ("units", "100.01"),
        ("units", "1,000"),
        ("units", "NaN"),
        ("units", "a\0b"),
        ("reason", ""),
        ("reason", "  "),
        ("reason", "x" * 121),
        ("reason", "a\0b"),
    ],
)
def test_impossible_discards_are_refused_beside_the_field(keeper, clinic, field, value):
    vial = VialFactory(clinic=clinic, state="OPEN")
    response = keeper.post(thrown(vial), {"units": "100", "reason": "late"} | {field: value})
    assert response.status_code == 422
    assert error_at(response, field)
    assert Vial.objects.get().units_wasted == 0


def test_closed_vial_offers_no_discarding_and_refuses_it(keeper, clinic):
    vial = VialFactory(clinic=clinic, state="CLOSED", units_given=Decimal(100))
    assert thrown(vial) not in keeper.get(page(vial)).content.decode()
    assert "has been closed" in error_at(keeper.post(thrown(vial), {"units": "1", "reason": "late"}), "units")


# -- the list, narrowed -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("state", "listed"),
    [
        ("unopened", {"FRESH", "OLD", "ASIDE", "BACK"}),
        ("open", {"OPENED", "LATE"}),
        ("late", {"LATE"}),
        ("expired", {"OLD"}),
        ("quarantined", {"ASIDE"}),
        ("recalled", {"BACK"}),
        ("nonsense", {"FRESH", "OLD", "ASIDE", "BACK", "OPENED", "LATE"}),
    ],
)
def test_stock_can_be_narrowed_to_a_state(keeper, clinic, state, listed):
    VialFactory(clinic=clinic, lot__number="FRESH")
    VialFactory(clinic=clinic, lot__number="OLD", lot__expires_on=TODAY - timedelta(days=1))
    VialFactory(clinic=clinic, lot__number="ASIDE", lot__state="QUARANTINED")
    VialFactory(clinic=clinic, lot__number="BACK", lot__state="RECALLED")
    VialFactory(clinic=clinic, lot__number="OPENED", state="OPEN", reconstituted_at=NOW - timedelta(hours=24))
    VialFactory(clinic=clinic, lot__number="LATE", state="OPEN", reconstituted_at=NOW - timedelta(hours=25))
    shown = " ".join(lines(keeper.get(LIST + f"?state={state}")))
    assert {lot for lot in ("FRESH", "OLD", "ASIDE", "BACK", "OPENED", "LATE") if lot in shown} == listed


def test_stock_page_begins_with_what_is_on_hand(keeper, clinic):
    VialFactory(clinic=clinic, lot__expires_on=TODAY + timedelta(days=10))
    VialFactory(clinic=clinic, state="OPEN", units_given=Decimal("18.75"), reconstituted_at=NOW)
    VialFactory(clinic=clinic, lot__state="QUARANTINED")
    on_hand = rows(keeper.get(LIST))[0]
    assert on_hand == "Botox 100 U 2 181.25 U 3 Dec 2026 in 10 days 100 U"
