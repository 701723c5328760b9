"""Amending a treatment, declaring it void and reading its versions, on their pages."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.urls import reverse

from clinic.audit import AuditEvent
from clinic.practice.models import Role
from clinic.treatments.models import FollowUp, InjectionSession
from tests.factories import (
    NOW,
    TODAY,
    AppointmentFactory,
    LotFactory,
    PractitionerFactory,
    ProductFactory,
    SideEffectFactory,
    VialFactory,
    member,
)
from tests.staff.recording import RecordPage, error_at, text, value_of

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def clock(time_machine):
    """Every test happens on Monday 23 November 2026 in the morning."""
    time_machine.move_to(NOW, tick=False)


class Signed(RecordPage):
    """A treatment that was signed a moment ago: 2.5 U at ZYG_MAJ and 5 U at PROC."""

    def __init__(self, client, **changes):
        super().__init__(client)
        self.post(("ZYG_MAJ", "RIGHT", "2.5"), ("PROC", "MIDLINE", "5"), **changes)
        self.session = InjectionSession.objects.get()

    def page(self, name, query=""):
        return self.client.get(self.at(name) + query)

    def at(self, name):
        return reverse(f"staff:treatment-{name}", args=[self.session.public_id])

    def amend(self, *rows, **changes):
        rows = rows or (("ZYG_MAJ", "RIGHT", "3"), ("PROC", "MIDLINE", "5"))
        values = {"based_on": "1", "reason": "typed 2.5 for 3"} | changes
        return self.client.post(self.at("amend"), self.form(*rows, **values))

    def void(self, **changes):
        values = {"units": "GIVEN_TO_ANOTHER", "reason": "signed for the wrong patient"} | changes
        return self.client.post(self.at("void"), values)


@pytest.fixture
def signed(client):
    return Signed(client, notes="calm", lid_technique="PRETARSAL")


# -- amending -----------------------------------------------------------------------------------------------------------


def test_page_is_filled_in_with_what_is_on_record(signed):
    response = signed.page("amend")
    assert (value_of(response, "points-0-site"), value_of(response, "points-0-units")) == ("ZYG_MAJ", "2.5")
    assert (value_of(response, "points-1-site"), value_of(response, "points-1-side")) == ("PROC", "MIDLINE")
    assert (value_of(response, "vial"), value_of(response, "lid_technique")) == (str(signed.vial.public_id), "PRETARSAL")
    assert (value_of(response, "performed_on"), value_of(response, "based_on")) == ("2026-11-23", "1")
    assert "calm</textarea>" in response.content.decode()
    page = text(response)
    assert "100 U left" in page, "its own units are in the vial again"
    assert "opens 23 Feb 2027" in page.replace("Opens", "opens")


def test_amendment_is_signed_as_a_further_version_and_says_so_wherever_the_treatment_is_shown(signed):
    response = signed.amend()
    assert response.headers["Location"] == signed.at("show")
    page = text(signed.page("show"))
    assert "The treatment is amended: this is version 2." in page
    assert "signed · amended" in page
    assert "Version 2" in page
    assert f"typed 2.5 for 3 · {signed.user}" in page
    chart = text(signed.client.get(reverse("staff:patient-show", args=[signed.patient.public_id])))
    assert "Botox 8 U, amended" in chart
    assert "amended since" in chart
    assert "Treatment amended: Botox 8 U" in chart
    assert "Treated: Botox 8 U" in chart
    assert "As amended since it was signed." in text(signed.get())


@pytest.mark.parametrize(
    ("changes", "field", "says"),
    [
        ({"reason": ""}, "reason", "Say why the record is changed."),
        ({"reason": "x" * 251}, "reason", "250"),
        ({"reason": "a\0b"}, "reason", "control character"),
        ({"performed_on": "2026-11-24"}, "performed_on", "today is 23 Nov 2026"),
        ({"vial": ""}, "vial", "Choose the vial"),
        ({"own_next_on": "2026-11-01"}, "own_next_on", "after the treatment"),
        ({"points-0-units": "1e3"}, "points-0-units", "Enter units"),
        ({"points-0-units": "100"}, "vial", "the vial has 100 U left"),
    ],
)
def test_what_is_refused_stands_beside_its_field_and_the_form_stays_as_typed(signed, changes, field, says):
    response = signed.amend(**changes)
    assert response.status_code == 422
    assert says in error_at(response, field)
    assert value_of(response, "points-1-units") == "5"
    assert signed.session.versions.count() == 1


@pytest.mark.parametrize("based_on", ["", "0", "x", "9" * 30])
def test_form_with_a_broken_version_writes_nothing(signed, based_on):
    assert signed.amend(based_on=based_on).status_code in (409, 422)
    assert signed.session.versions.count() == 1


def test_nothing_different_is_said_so(signed):
    response = signed.amend(
        ("ZYG_MAJ", "RIGHT", "2.5"), ("PROC", "MIDLINE", "5"), notes="calm", lid_technique="PRETARSAL", own_next_on=""
    )
    assert response.status_code == 422
    assert "Nothing is different from what is on record." in text(response)


def test_second_of_two_who_amend_is_told_what_changed_meanwhile_and_keeps_what_was_typed(signed, client):
    signed.amend(("ZYG_MAJ", "RIGHT", "3"), ("OO_LL_LAT", "RIGHT", "1.25"), reason="a colleague's word")
    client.force_login(member(Role.CLINICIAN, clinic=signed.clinic))
    response = signed.amend(("ZYG_MAJ", "RIGHT", "4"), ("PROC", "MIDLINE", "5"), reason="mine")
    page = text(response)
    assert response.status_code == 409
    assert f"{signed.user} signed version 2 on 23 Nov 2026, 10:00: a colleague's word." in page
    assert "Point removed: Muscle PROC, midline 5 U –" in page
    assert "Point added: Muscle OO_LL_LAT, right – 1.25 U" in page
    assert (value_of(response, "points-0-units"), value_of(response, "reason")) == ("4", "mine")
    assert value_of(response, "based_on") == "2"
    assert signed.session.versions.count() == 2
    signed.amend(("ZYG_MAJ", "RIGHT", "4"), ("PROC", "MIDLINE", "5"), based_on="2", reason="mine")
    assert signed.session.versions.count() == 3


def test_another_product_asks_for_a_confirmation_and_shows_that_nothing_is_carried_over(signed):
    lot = LotFactory(product=ProductFactory(code="INCO", brand_name="Xeomin"), number="X1")
    xeomin = VialFactory(clinic=signed.clinic, lot=lot)
    response = signed.amend(vial=str(xeomin.public_id))
    assert response.status_code == 422
    assert "Units are never carried over to another product" in text(response)
    assert "Confirm that these are the units of Xeomin" in error_at(response, "units_are_of_product")
    assert signed.amend(vial=str(xeomin.public_id), units_are_of_product="on").status_code == 302
    signed.session.refresh_from_db()
    assert signed.session.product.code == "INCO"


def test_practitioner_who_has_left_may_still_have_treated(signed):
    gone = PractitionerFactory(clinics=[signed.clinic], name="Dr Gone")
    signed.amend(practitioner=str(gone.public_id))
    gone.is_active = False
    gone.save()
    response = signed.page("amend")
    assert value_of(response, "practitioner") == str(gone.public_id)
    assert signed.amend(("ZYG_MAJ", "RIGHT", "1"), based_on="2", practitioner=str(gone.public_id)).status_code == 302


def test_asking_for_rows_or_the_window_writes_nothing_and_keeps_what_was_typed(signed):
    for button in ("add_rows", "preview"):
        response = signed.amend(("ZYG_MAJ", "RIGHT", "9"), reason="half", **{button: "1"})
        assert response.status_code == 200
        assert (value_of(response, "points-0-units"), value_of(response, "reason")) == ("9", "half")
    assert signed.session.versions.count() == 1


def test_page_takes_as_many_queries_for_many_points_as_for_one(client, count_queries):
    few = Signed(client)
    short = count_queries(lambda: few.page("amend"))
    few.amend(*[("ZYG_MAJ", "RIGHT", "1")] * 25, separate_points="on")
    assert count_queries(lambda: few.page("amend")) == short


# -- reading versions ---------------------------------------------------------------------------------------------------


def test_every_version_is_read_as_it_was_signed_with_what_it_says_otherwise(signed):
    signed.amend(("ZYG_MAJ", "RIGHT", "3"), notes="calm, and more", performed_on="2026-11-20", lid_technique="PRETARSAL")
    first, second = (text(signed.page("version", f"?number={number}")) for number in (1, 2))
    assert "on 23 Nov 2026, version 1" in first
    assert "This is not how the record stands: version 2 counts." in first
    assert "7.5 U" in first
    assert "What is different from version 1" in second
    assert "Reason: typed 2.5 for 3" in second
    for words in (
        "Date of treatment 23 Nov 2026 20 Nov 2026",
        "Notes calm calm, and more",
        "Units changed: Zygomaticus major, right 2.5 U 3 U",
        "Point removed: Muscle PROC, midline 5 U –",
        "7.5 U given 3 U given",
    ):
        assert words in second
    assert AuditEvent.objects.filter(action="VIEWED", what="InjectionSession").count() == 2


@pytest.mark.parametrize("number", ["0", "3", "x", "", "-1", "1\0", "9" * 40])
def test_version_that_never_was_is_not_found(signed, number):
    assert signed.client.get(signed.at("version"), {"number": number}).status_code == 404


def test_reading_a_version_takes_as_many_queries_for_many_changes_as_for_one(signed, count_queries):
    signed.amend()
    short = count_queries(lambda: signed.page("version"))
    signed.amend(*[("OO_UL_LAT", "RIGHT", "1")] * 25, based_on="2", separate_points="on", notes="new")
    assert count_queries(lambda: signed.page("version")) == short


# -- declaring void -----------------------------------------------------------------------------------------------------


def test_void_page_says_what_follows(signed):
    page = text(signed.page("void"))
    assert "struck through, with your reason" in page
    assert "Its follow-up ends" in page
    assert "7.5 U of Botox, lot C7719" in page


def test_void_treatment_is_struck_through_with_its_reason_and_leads_to_the_right_patient(signed):
    assert signed.void().headers["Location"] == signed.at("show")
    response = signed.page("show")
    page = text(response)
    assert "This treatment is void: it counts for nothing any more. signed for the wrong patient" in page
    assert "Find the right patient and record it there" in page
    assert signed.at("amend") not in response.content.decode()
    assert "Repeat this treatment" not in page
    chart = signed.client.get(reverse("staff:patient-show", args=[signed.patient.public_id]))
    assert f'<s><a href="{signed.at("show")}">Treated: Botox 7.5 U</a></s>' in chart.content.decode()
    assert f"Treatment void: Botox 7.5 U signed for the wrong patient · {signed.user}" in text(chart)
    assert not FollowUp.objects.filter(state="ACTIVE").exists()
    assert "treatment 1" in text(signed.get()), "it does not count as one"


@pytest.mark.parametrize(
    ("changes", "field"),
    [({"reason": ""}, "reason"), ({"reason": "a\nb\0"}, "reason"), ({"units": ""}, "units"), ({"units": "X"}, "units")],
)
def test_what_is_missing_is_said_beside_its_field_and_nothing_is_written(signed, changes, field):
    response = signed.void(**changes)
    signed.session.refresh_from_db()
    assert (response.status_code, signed.session.state) == (422, "SIGNED")
    assert error_at(response, field)


def test_second_declaration_changes_nothing(signed):
    signed.void()
    assert signed.void(reason="again").status_code == 302
    assert "It cannot be amended" not in text(signed.page("show"))
    assert signed.page("void").status_code == signed.page("amend").status_code == 302


def test_what_is_left_to_do_is_told(signed):
    follow_up = FollowUp.objects.get()
    AppointmentFactory(follow_up=follow_up, starts_at=NOW + timedelta(days=90), practitioner=signed.practitioner)
    SideEffectFactory(patient=signed.patient, session=signed.session)
    signed.void()
    page = text(signed.page("show"))
    assert "A visit is still booked: 21 Feb 2027" in page
    assert "1 side effect is recorded after this treatment: look whose it is." in page


def test_visit_that_is_open_again_is_told(client):
    desk = RecordPage(client)
    old_vial = VialFactory(clinic=desk.clinic)
    desk.post(performed_on="2026-08-03", vial=str(old_vial.public_id))
    visit = AppointmentFactory(follow_up=FollowUp.objects.get(), starts_at=NOW, practitioner=desk.practitioner)
    desk.post()
    wrong = InjectionSession.objects.get(performed_on=TODAY)
    url = reverse("staff:treatment-void", args=[wrong.public_id])
    assert "The visit of 23 Nov 2026, 10:00 is no longer marked as treated." in text(client.get(url))
    response = client.post(url, {"units": "STILL_IN_VIAL", "reason": "never took place"}, follow=True)
    assert "The visit of 23 Nov 2026, 10:00 is no longer marked as treated. Say what became of it." in text(response)
    assert reverse("staff:appointment-show", args=[visit.public_id]) in response.content.decode()


def test_void_follow_up_stands_in_no_list_and_in_no_count(signed):
    signed.void()
    response = signed.client.get(reverse("staff:follow-up-list"), {"stage": "stopped"})
    assert "Duarte" not in response.content.decode()
    follow_up = FollowUp.objects.get()
    page = text(signed.client.get(reverse("staff:follow-up-show", args=[follow_up.public_id])))
    assert "void with its treatment" in page


def test_earlier_treatment_shows_its_follow_up_running_again(client):
    desk = RecordPage(client)
    old_vial = VialFactory(clinic=desk.clinic)
    desk.post(performed_on="2026-08-03", vial=str(old_vial.public_id))
    desk.post()
    wrong = InjectionSession.objects.get(performed_on=TODAY)
    client.post(reverse("staff:treatment-void", args=[wrong.public_id]), {"units": "STILL_IN_VIAL", "reason": "never took place"})
    running = FollowUp.objects.get(state="ACTIVE")
    assert running.session.performed_on == date(2026, 8, 3)
    desk.vial.refresh_from_db()
    assert desk.vial.units_given == Decimal(0)
