"""Recording a treatment on its page, and reading a signed one."""

import re
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.urls import reverse

from clinic import audit
from clinic.audit import AuditEvent
from clinic.practice.models import Role
from clinic.toxins.models import Lot
from clinic.treatments.models import InjectionSession
from tests.factories import (
    NOW,
    TODAY,
    AppointmentFactory,
    ClinicFactory,
    ConditionFactory,
    InjectionSessionFactory,
    LabelRuleFactory,
    LotFactory,
    PatientFactory,
    PractitionerFactory,
    ProductFactory,
    SideEffectFactory,
    SiteDoseFactory,
    SiteFactory,
    VialFactory,
    member,
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


# -- the page -----------------------------------------------------------------------------------------------------------


def test_page_names_patient_and_condition_and_has_today_and_the_signed_in_practitioner_chosen(desk):
    PractitionerFactory(clinics=[desk.clinic])
    VialFactory(clinic=desk.clinic)
    response = desk.get()
    page = text(response)
    assert response.status_code == 200
    assert "Treatment of Anna Duarte" in page
    assert "Hemifacial spasm, right" in page
    assert "treatment 1" in page
    assert value_of(response, "performed_on") == "2026-11-23"
    assert value_of(response, "practitioner") == str(desk.practitioner.public_id)
    assert value_of(response, "vial") == ""


def test_only_vial_and_only_practitioner_are_chosen_already(desk):
    response = desk.get()
    assert value_of(response, "vial") == str(desk.vial.public_id)


def test_vials_are_offered_by_product_with_lot_expiry_and_what_is_left(client):
    desk = RecordPage(client, state="OPEN", units_given=Decimal("18.75"), diluent_ml=Decimal(4), reconstituted_at=NOW)
    xeomin = LotFactory(product=ProductFactory(code="INCO", brand_name="Xeomin"), number="X1")
    VialFactory(clinic=desk.clinic, lot=xeomin)
    VialFactory(clinic=desk.clinic, lot__number="OLD", lot__expires_on=TODAY - timedelta(days=1))
    VialFactory(clinic=desk.clinic, lot__number="RECALL", lot__state="RECALLED")
    VialFactory(clinic=ClinicFactory(), lot__number="ELSEWHERE")
    response = desk.get()
    page = text(response)
    assert "Botox 100 U, lot C7719, exp. 31 Jan 2028, 81.25 U left, 2.5 U per 0.1 mL, use by 24 Nov 10:00" in page
    assert "Xeomin 100 U, lot X1, exp. 31 Jan 2028, 100 U left" in page
    (vial,) = re.findall(r'(?s)<select name="vial".*?</select>', response.content.decode())
    assert re.findall(r'<optgroup label="(\w+)"', vial) == ["Botox", "Xeomin"]
    assert not any(lot in page for lot in ("OLD", "RECALL", "ELSEWHERE"))


def test_options_carry_what_the_script_needs_with_decimal_points(client):
    desk = RecordPage(client, state="OPEN", units_given=Decimal("18.75"), diluent_ml=Decimal(3), reconstituted_at=NOW)
    SiteFactory(code="OO_LL_MED", warning="Keep away from the middle")
    page = desk.get().content.decode()
    assert 'data-product="Botox" data-units-per-ml="33.3333" data-units-left="81.25"' in page
    assert re.search(r'value="OO_LL_MED" data-sides="RIGHT" data-warning="Keep away from the middle"', page)
    assert re.search(r'value="RIS" data-sides="RIGHT LEFT"', page)
    assert re.search(r'value="PROC" data-sides="MIDLINE"', page)


def test_map_shows_the_points_of_the_sides_the_condition_allows(desk):
    points = re.findall(r'data-site="(\w+)" data-side="(\w+)"', desk.get().content.decode())
    assert ("ZYG_MAJ", "RIGHT") in points
    assert ("ZYG_MAJ", "LEFT") not in points
    assert ("RIS", "LEFT") in points
    assert ("PROC", "MIDLINE") in points


def test_sites_never_to_be_injected_are_not_offered(desk):
    SiteFactory(code="LPS", is_selectable=False)
    assert 'value="LPS"' not in desk.get().content.decode()


def test_usual_range_of_the_vials_product_stands_beside_with_its_source(desk):
    SiteDoseFactory(site=SiteFactory(code="ZYG_MAJ"), start_from=Decimal(1), start_until=Decimal("2.5"), source="A book")
    response = desk.post(("ZYG_MAJ", "RIGHT", "2.5"), preview="1")
    assert "Zygomaticus major: usually 1–2.5 U" in text(response)
    assert "A book" in text(response)


def test_next_window_is_shown_before_signing_with_its_rules(desk):
    LabelRuleFactory(interval_value=16, wording="16 weeks between treatments")
    page = text(desk.get())
    assert "Next: suggested 15 Mar to 5 Apr 2027" in page
    assert "label of Botox, EU: 16 weeks between treatments, from 23 Nov 2026 (not verified at this clinic)" in page
    assert "23 May 2027" in page


def test_asking_for_the_window_follows_date_and_own_date_keeps_the_form_and_writes_nothing(desk):
    response = desk.post(performed_on="2026-11-02", own_next_on="2027-01-11", preview="1", notes="calm")
    assert response.status_code == 200
    assert "Next: 11 Jan 2027" in text(response)
    assert "earlier than policy: 3 calendar months after 2 Nov 2026, which is 2 Feb 2027" in text(response)
    assert (value_of(response, "performed_on"), value_of(response, "points-0-units")) == ("2026-11-02", "2.5")
    assert ">calm</textarea>" in re.sub(r">\s+", ">", response.content.decode())
    assert not InjectionSession.objects.exists()


def test_more_rows_keep_what_was_typed_and_write_nothing(desk):
    response = desk.post(
        ("ZYG_MAJ", "RIGHT", "2,5"), ("", "", "abc"), ("RIS", "LEFT", "1"), add_rows="4", **{"points-2-DELETE": "on"}
    )
    assert response.status_code == 200
    assert "invalid-feedback" not in response.content.decode()
    assert value_of(response, "points-TOTAL_FORMS") == "9"
    assert [value_of(response, f"points-{n}-units") for n in range(3)] == ["2,5", "abc", ""]
    assert not InjectionSession.objects.exists()


def test_enter_in_a_field_asks_for_the_window_and_never_signs(desk):
    first = re.search(r'<form method="post"[^>]*>.*?(<button[^>]*>)', desk.get().content.decode(), re.S)[1]
    assert 'name="preview"' in first


def test_patient_with_several_conditions_is_asked_which(desk):
    other = ConditionFactory(patient=desk.patient, side="LEFT")
    response = desk.client.get(reverse("staff:treatment-record", args=[desk.patient.public_id]))
    for condition in (desk.condition, other):
        assert f"?condition={condition.public_id}" in response.content.decode()


def test_patient_without_a_condition_is_told_so(desk):
    bare = PatientFactory(clinic=desk.clinic)
    response = desk.client.get(reverse("staff:treatment-record", args=[bare.public_id]))
    assert "No condition is on record" in text(response)


def test_opening_the_page_leaves_a_row_in_the_audit_log(desk):
    desk.get()
    assert AuditEvent.objects.get(action="VIEWED").patient_id_public == desk.patient.public_id


@pytest.mark.parametrize("role", [Role.FRONT_DESK, Role.REVIEWER])
def test_only_clinicians_and_administrators_record(client, role):
    desk = RecordPage(client, role=role)
    assert (desk.get().status_code, desk.post().status_code) == (403, 403)
    assert not InjectionSession.objects.exists()


@pytest.mark.parametrize("what", ["patient", "condition", "condition of another patient", "no uuid", "repeat"])
def test_ids_outside_the_scope_do_not_exist(desk, what):
    foreign = InjectionSessionFactory(condition=ConditionFactory(patient__family_name="Stranger"))
    own = reverse("staff:treatment-record", args=[desk.patient.public_id])
    url = {
        "patient": reverse("staff:treatment-record", args=[foreign.patient.public_id]),
        "condition": f"{own}?condition={foreign.condition.public_id}",
        "condition of another patient": f"{own}?condition={ConditionFactory(patient__clinic=desk.clinic).public_id}",
        "no uuid": f"{own}?condition=%00%27",
        "repeat": f"{desk.url}&repeat={foreign.public_id}",
    }[what]
    for response in (desk.client.get(url), desk.client.post(url, desk.form())):
        assert response.status_code == 404
        assert "Stranger" not in response.content.decode()
    assert AuditEvent.objects.filter(action="DENIED").count() == 2
    assert signed().get() == foreign


# -- repeating ----------------------------------------------------------------------------------------------------------


def past(desk, *, product=None, points=(("ZYG_MAJ", "RIGHT", "1.25"), ("PROC", "MIDLINE", "5"))):
    options = {"product": product} if product else {}
    return InjectionSessionFactory(condition=desk.condition, points=points, performed_on=date(2026, 6, 8), **options)


def test_repeating_fills_the_rows_with_the_doses_of_the_same_product(desk):
    session = past(desk)
    VialFactory(clinic=desk.clinic, lot=LotFactory(product=ProductFactory(code="INCO", brand_name="Xeomin"), number="X1"))
    assert f"repeat={session.public_id}" in desk.get().content.decode()
    response = desk.get(f"&repeat={session.public_id}")
    rows = [[value_of(response, f"points-{n}-{name}") for name in ("site", "side", "units")] for n in range(3)]
    assert rows == [["ZYG_MAJ", "RIGHT", "1.25"], ["PROC", "MIDLINE", "5"], ["", "", ""]]
    assert "Xeomin 100 U" not in text(response)


def test_units_are_never_repeated_into_another_product(desk):
    xeomin = ProductFactory(code="INCO", brand_name="Xeomin")
    session = past(desk, product=xeomin)
    Lot.objects.filter(product=xeomin).update(state="RECALLED")
    response = desk.get(f"&repeat={session.public_id}")
    assert value_of(response, "points-0-units") == ""
    assert "There is no usable vial of Xeomin" in text(response)
    assert "Zygomaticus major right 1.25 U" in text(response)
    assert "Units of Xeomin are not units of Botox" in text(response)


def test_vial_of_another_product_is_refused_while_repeating(desk):
    session = past(desk)
    other = VialFactory(clinic=desk.clinic, lot=LotFactory(product=ProductFactory(code="INCO", brand_name="Xeomin"), number="X1"))
    response = desk.post(more=f"&repeat={session.public_id}", vial=str(other.public_id))
    assert response.status_code == 422
    assert error_at(response, "vial")
    assert signed().get() == session


def test_last_doses_are_shown_for_the_same_product_only(desk):
    past(desk)
    page = desk.get().content.decode()
    assert re.search(r'data-site="ZYG_MAJ" data-side="RIGHT"[^>]*data-previous="1.25"', page)
    with audit.maintenance("as if it had been another product"):
        InjectionSession.objects.update(product=ProductFactory(code="INCO", brand_name="Xeomin"))
    assert 'data-previous="1.25"' not in desk.get().content.decode()


def test_treatments_of_two_points_in_one_muscle_repeat_as_separate_points(desk):
    session = past(desk, points=(("ZYG_MAJ", "RIGHT", "1.25"), ("ZYG_MAJ", "RIGHT", "1")))
    page = desk.get(f"&repeat={session.public_id}").content.decode()
    assert re.search(r'name="separate_points"[^>]* checked', page)


# -- the same number of queries ------------------------------------------------------------------------------------------


def test_page_takes_the_same_number_of_queries_for_few_and_many_vials_points_and_treatments(
    desk, django_assert_num_queries, django_assert_max_num_queries
):
    past(desk)
    desk.get()
    with django_assert_max_num_queries(23) as few:
        desk.get()
    for number in range(15):
        SiteFactory(code=f"SITE{number}")
        VialFactory(clinic=desk.clinic)
        PractitionerFactory(clinics=[desk.clinic])
        past(desk)
    with django_assert_num_queries(len(few)):
        desk.get()


# -- reading ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def treatment(desk):
    desk.post(
        ("ZYG_MAJ", "RIGHT", "2.5"), ("PROC", "MIDLINE", "5"), ("RIS", "LEFT", "1"), notes="first\nsecond", discard_rest="on"
    )
    return signed().get()


def show(desk, session):
    return desk.client.get(reverse("staff:treatment-show", args=[session.public_id]))


def test_signed_treatment_tells_points_totals_vial_signature_and_window(desk, treatment):
    page = text(show(desk, treatment))
    for said in (
        "Treatment of Anna Duarte on 23 Nov 2026",
        "Hemifacial spasm, right",
        "Zygomaticus major right 2.5",
        "Muscle PROC midline 5",
        "8.5 U",
        "100 U, lot C7719, expires 31 Jan 2028",
        "8.5 U given; 91.5 U discarded (rest of the vial discarded)",
        f"by {desk.user} on 23 Nov 2026, 10:00, version 1",
        "policy: 3 calendar months after 23 Nov 2026",
        "None reported.",
    ):
        assert said in page
    assert "first<br>second" in show(desk, treatment).content.decode()


def test_map_of_a_signed_treatment_has_only_its_points(desk, treatment):
    points = re.findall(r'data-site="(\w+)" data-side="(\w+)"', show(desk, treatment).content.decode())
    assert sorted(points) == [("PROC", "MIDLINE"), ("RIS", "LEFT"), ("ZYG_MAJ", "RIGHT")]


def test_side_effects_of_this_treatment_are_listed(desk, treatment):
    SideEffectFactory(patient=desk.patient, session=treatment)
    assert "Eyelid ptosis" in text(show(desk, treatment))


def test_reading_leaves_a_row_in_the_audit_log(desk, treatment):
    show(desk, treatment)
    event = AuditEvent.objects.get(action="VIEWED", what="InjectionSession")
    assert (event.what_id, event.patient_id_public) == (treatment.public_id, desk.patient.public_id)


@pytest.mark.parametrize("role", list(Role.values))
def test_everybody_of_the_clinic_reads_and_those_who_record_may_repeat(desk, treatment, role):
    desk.client.force_login(member(role, clinic=desk.clinic))
    response = show(desk, treatment)
    assert response.status_code == 200
    assert ("Repeat this treatment" in text(response)) == (role in (Role.CLINICIAN, Role.ADMIN))


@pytest.mark.parametrize(("role", "may"), [(Role.FRONT_DESK, True), (Role.REVIEWER, False)])
def test_next_visit_is_booked_from_here_until_it_is_booked(desk, treatment, role, may):
    desk.client.force_login(member(role, clinic=desk.clinic))
    book = reverse("staff:appointment-book", args=[treatment.follow_up.public_id])
    assert (book in show(desk, treatment).content.decode()) == may
    AppointmentFactory(follow_up=treatment.follow_up, starts_at=NOW + timedelta(days=100))
    page = show(desk, treatment)
    assert book not in page.content.decode()
    assert "booked for 3 Mar 2027" in page.content.decode()


def test_treatments_of_other_clinics_and_drafts_do_not_exist(desk, treatment):
    for session in (InjectionSessionFactory(), InjectionSessionFactory(condition=desk.condition, signed=False)):
        assert show(desk, session).status_code == 404
    desk.client.force_login(member(Role.ADMIN))
    assert show(desk, treatment).status_code == 404


def test_treatment_without_a_follow_up_says_why(desk):
    InjectionSessionFactory(condition=desk.condition, performed_on=date(2026, 9, 1))
    response = desk.post(performed_on="2026-03-02")
    assert "opened no follow-up" in text(desk.client.get(response.headers["Location"]))
