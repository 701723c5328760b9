"""Signing a treatment on its page: what is written, and what is refused beside its field."""

import uuid
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.urls import reverse

from clinic.treatments.models import FollowUp, InjectionSession
from tests.factories import (
    NOW,
    TODAY,
    AppointmentFactory,
    ClinicFactory,
    FollowUpFactory,
    InjectionSessionFactory,
    PractitionerFactory,
    SiteFactory,
    VialFactory,
)
from tests.staff.recording import RecordPage, error_at, text, value_of

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def clock(time_machine):
    """Every test happens on Monday 23 November 2026 in the morning."""
    time_machine.move_to(NOW, tick=False)


@pytest.fixture
def desk(client):
    return RecordPage(client)


def signed():
    return InjectionSession.objects.filter(state="SIGNED")


def test_signing_writes_the_treatment_and_leads_to_it(desk):
    response = desk.post(("ZYG_MAJ", "RIGHT", "2.5"), ("PROC", "MIDLINE", "5"), notes="calm", lid_technique="PRETARSAL")
    session = signed().get()
    assert response.status_code == 302
    assert response.headers["Location"] == reverse("staff:treatment-show", args=[session.public_id])
    assert (session.patient, session.practitioner, session.performed_on) == (desk.patient, desk.practitioner, TODAY)
    assert session.current_version.total_units == Decimal("7.50")
    assert session.current_version.signed_by == desk.user
    assert FollowUp.objects.get().session == session
    assert "Treatment signed. Next: opens 23 Feb 2027, closes 23 May 2027." in text(desk.client.get(response.headers["Location"]))


@pytest.mark.parametrize(
    ("typed", "units"), [("2.5", "2.50"), ("2,5", "2.50"), (" 2.5 ", "2.50"), ("5", "5"), ("0.01", "0.01"), ("1,00", "1")]
)
def test_units_as_people_type_them(desk, typed, units):
    assert desk.post(("ZYG_MAJ", "RIGHT", typed)).status_code == 302
    assert signed().get().current_version.injections.get().units == Decimal(units)


@pytest.mark.parametrize(
    "typed",
    ["0", "-1", "-0.01", "0.001", "1,000", "1.000,5", "1e3", "1e400", "NaN", "Infinity", "1" + "0" * 30, "9" * 79, "9" * 500,
     "٢٫٥", "２", "²", "2.5 U", "two", "0x10", "1_0", "--1", ".", "<b>1</b>", "2.5\n3", "100.01"],
)  # fmt: skip
def test_impossible_units_are_refused_beside_their_field_and_nothing_is_written(desk, typed):
    response = desk.post(("PROC", "MIDLINE", "5"), ("ZYG_MAJ", "RIGHT", typed))
    assert response.status_code == 422
    assert error_at(response, "points-1-units") or error_at(response, "vial")
    assert error_at(response, "points-0-units") == ""
    assert value_of(response, "points-0-units") == "5"
    assert not InjectionSession.objects.exists()
    assert not FollowUp.objects.exists()
    desk.vial.refresh_from_db()
    assert desk.vial.units_given == 0


@pytest.mark.parametrize(
    ("field", "value", "says"),
    [
        ("performed_on", "2026-11-24", "today is 23 Nov 2026"),
        ("performed_on", "1961-05-03", "before the patient was born"),
        ("performed_on", "0001-01-01", "before the patient was born"),
        ("performed_on", "9999-12-31", "cannot be in the future"),
        ("performed_on", "10000-01-01", "Enter a date"),
        ("performed_on", "2026-02-30", "Enter a date"),
        ("performed_on", "24/11/2026", "Enter a date"),
        ("performed_on", "", "Enter a date"),
        ("own_next_on", "2026-11-23", "after the treatment"),
        ("own_next_on", "9999-12-31", "more than two years"),
        ("own_next_on", "soon", "Enter a date"),
        ("practitioner", "", "Choose who treated"),
        ("practitioner", "00000000-0000-4000-8000-000000000000", "Choose who treated"),
        ("practitioner", "1' OR 1=1", "Choose who treated"),
        ("vial", "", "Choose the vial"),
        ("vial", "nonsense", "Choose a vial of this clinic"),
        ("vial", "00000000-0000-4000-8000-000000000000", "Choose a vial of this clinic"),
        ("notes", "x" * 4001, "4000"),
        ("notes", "a\0b", "invisible control character"),
        ("guidance", "MAGIC", "not one of the available choices"),
    ],
)
def test_impossible_fields_are_refused_in_place_and_the_form_stays_filled_in(desk, field, value, says):
    response = desk.post(("ZYG_MAJ", "RIGHT", "2.5"), **{field: value})
    assert response.status_code == 422
    assert says in error_at(response, field)
    assert (value_of(response, "points-0-site"), value_of(response, "points-0-units")) == ("ZYG_MAJ", "2.5")
    assert not InjectionSession.objects.exists()


@pytest.mark.parametrize("field", ["site", "side"])
@pytest.mark.parametrize("value", ["NONSENSE", "a\0b", "LPS", "1", "<script>"])
def test_impossible_points_are_refused_in_place(desk, field, value):
    SiteFactory(code="LPS", is_selectable=False)
    row = {"site": "ZYG_MAJ", "side": "RIGHT", "units": "2.5"} | {field: value}
    response = desk.post(tuple(row.values()))
    assert response.status_code == 422
    assert error_at(response, f"points-0-{field}")
    assert not InjectionSession.objects.exists()


def test_things_of_another_clinic_are_unknown_here(desk):
    elsewhere = ClinicFactory()
    vial = VialFactory(clinic=elsewhere, lot__number="SECRET")
    practitioner = PractitionerFactory(name="Dr Stranger", clinics=[elsewhere])
    response = desk.post(vial=str(vial.public_id), practitioner=str(practitioner.public_id))
    assert response.status_code == 422
    assert error_at(response, "vial") == "Choose a vial of this clinic."
    assert error_at(response, "practitioner") == "Choose who treated."
    assert not any(word in response.content.decode() for word in ("SECRET", "Stranger"))


@pytest.mark.parametrize(
    ("vial", "says"),
    [
        ({"lot__expires_on": TODAY - timedelta(days=1)}, "Lot C7719 expired: its last day was 22 Nov 2026."),
        ({"lot__state": "QUARANTINED"}, "Lot C7719 may not be used."),
        ({"state": "CLOSED", "units_given": Decimal(100)}, "This vial of lot C7719 is used up or discarded."),
        ({"units_given": Decimal(98)}, "This treatment needs 2.5 U, but the vial has 2 U left."),
    ],
)
def test_vial_that_became_unusable_meanwhile_is_told_with_its_reason(client, vial, says):
    desk = RecordPage(client, **vial)
    response = desk.post()
    assert response.status_code == 422
    assert error_at(response, "vial") == says
    assert value_of(response, "vial") == str(desk.vial.public_id)


def test_vial_that_expired_since_may_still_be_entered_for_its_day(client):
    desk = RecordPage(client, lot__expires_on=TODAY - timedelta(days=1))
    assert desk.post(performed_on=(TODAY - timedelta(days=1)).isoformat()).status_code == 302


@pytest.mark.parametrize(
    ("row", "field", "says"),
    [
        (("ZYG_MAJ", "LEFT", "1"), "points-1-side", "The condition is on the patient's right"),
        (("PROC", "RIGHT", "1"), "points-1-side", "lies in the midline"),
        (("ZYG_MAJ", "MIDLINE", "1"), "points-1-side", "right or left"),
        (("", "RIGHT", "1"), "points-1-site", "Choose a point"),
        (("ZYG_MAJ", "RIGHT", ""), "points-1-units", "Enter the units"),
    ],
)
def test_point_that_does_not_fit_is_told_beside_it(desk, row, field, says):
    response = desk.post(("OO_UL_LAT", "RIGHT", "2.5"), row)
    assert says in error_at(response, field)
    assert response.status_code == 422


@pytest.mark.parametrize(
    ("side", "site", "expected"), [("RIGHT", "ZYG_MAJ", "RIGHT"), ("LEFT", "ZYG_MAJ", "LEFT"), ("LEFT", "RIS", "LEFT")]
)
def test_row_without_a_side_is_on_the_side_of_the_condition_or_in_the_midline(client, side, site, expected):
    desk = RecordPage(client, side=side)
    assert desk.post((site, "", "2.5"), ("PROC", "", "5")).status_code == 302
    sides = signed().get().current_version.injections.order_by("order").values_list("side", flat=True)
    assert list(sides) == [expected, "MIDLINE"]


def test_row_without_a_side_is_refused_where_both_are_possible(client):
    desk = RecordPage(client, side="BOTH")
    assert error_at(desk.post(("ZYG_MAJ", "", "2.5")), "points-0-side") == "Say right or left."


def test_removed_and_empty_rows_do_not_count(desk):
    response = desk.post(("ZYG_MAJ", "RIGHT", "2.5"), ("NONSENSE", "X", "-1"), ("", "RIGHT", " "), **{"points-1-DELETE": "on"})
    assert response.status_code == 302
    assert signed().get().current_version.injections.count() == 1


def test_treatment_without_points_is_refused_above_the_table(desk):
    response = desk.post(("", "", ""))
    assert response.status_code == 422
    assert "Enter at least one point." in text(response)


def test_nothing_on_the_side_of_the_condition_is_refused_above_the_table(desk):
    assert "no point is on that side" in text(desk.post(("PROC", "MIDLINE", "5")))


def test_the_same_point_twice_has_to_be_confirmed(desk):
    twice = (("ZYG_MAJ", "RIGHT", "2.5"), ("ZYG_MAJ", "RIGHT", "2.5"))
    response = desk.post(*twice)
    assert response.status_code == 422
    assert "stands twice" in error_at(response, "points-1-site")
    assert "Yes, these are separate points" in text(response)
    assert desk.post(*twice, separate_points="on").status_code == 302
    assert list(signed().get().current_version.injections.values_list("point", flat=True)) == ["1", "2"]


@pytest.mark.parametrize(
    "broken",
    [
        {"points-TOTAL_FORMS": "1000000000"},
        {"points-TOTAL_FORMS": "-1"},
        {"points-TOTAL_FORMS": "x"},
        {"points-TOTAL_FORMS": "9" * 40},
        {"points-TOTAL_FORMS": "", "points-INITIAL_FORMS": ""},
        {"points-INITIAL_FORMS": "99"},
    ],
)
def test_tampered_table_is_refused_or_harmless_and_never_breaks(desk, broken):
    response = desk.post(**broken)
    assert response.status_code in (302, 422)
    assert signed().count() == (response.status_code == 302)


def test_at_most_sixty_points(desk):
    rows = [("ZYG_MAJ", "RIGHT", "0.1")] * 61
    assert desk.post(*rows, separate_points="on").status_code == 422
    assert not InjectionSession.objects.exists()


@pytest.mark.parametrize("token", ["", "nonsense", "a\0b"])
def test_form_without_its_token_is_out_of_date(desk, token):
    response = desk.post(token=token)
    assert response.status_code == 422
    assert "This form is out of date" in text(response)
    assert not InjectionSession.objects.exists()


def test_double_click_signs_once_and_both_lead_to_the_treatment(desk):
    form = desk.form()
    first, second = (desk.client.post(desk.url, form) for _ in range(2))
    assert first.headers["Location"] == second.headers["Location"]
    assert signed().count() == FollowUp.objects.count() == 1
    assert "nothing was written a second time" in text(desk.client.get(second.headers["Location"]))
    desk.vial.refresh_from_db()
    assert desk.vial.units_given == Decimal("2.50")


def test_every_form_has_a_token_of_its_own(desk):
    first, second = (value_of(desk.get(), "token") for _ in range(2))
    assert uuid.UUID(first) != uuid.UUID(second)


def test_rest_of_the_vial_is_discarded_when_ticked(desk):
    desk.post(discard_rest="on")
    desk.vial.refresh_from_db()
    assert (desk.vial.state, desk.vial.units_wasted) == ("CLOSED", Decimal("97.50"))


def test_treatment_entered_late_says_that_the_follow_up_stays(desk):
    FollowUpFactory(session=InjectionSessionFactory(condition=desk.condition, performed_on=date(2026, 9, 1)))
    response = desk.post(performed_on="2026-03-02")
    page = text(desk.client.get(response.headers["Location"]))
    assert "older than the treatment of 1 Sep 2026, so the follow-up stays as it was" in page


def test_visit_left_over_is_named_after_signing(desk):
    follow_up = FollowUpFactory(session=InjectionSessionFactory(condition=desk.condition, performed_on=date(2026, 8, 3)))
    visit = AppointmentFactory(follow_up=follow_up, starts_at=NOW + timedelta(days=14), practitioner=desk.practitioner)
    page = desk.client.get(desk.post().headers["Location"])
    assert "A visit is still booked: 7 Dec 2026, 10:00" in text(page)
    assert reverse("staff:appointment-show", args=[visit.public_id]) in page.content.decode()
