"""Recording the leaflet with which a patient agrees to treatment, and seeing it where it matters."""

import pytest
from django.urls import reverse

from clinic.audit import AuditEvent
from clinic.patients.models import Consent
from clinic.patients.signed_leaflets import SignedLeaflet
from clinic.practice.models import Role
from tests.factories import ConditionFactory, InjectionSessionFactory, PatientFactory, SignedLeafletFactory
from tests.staff.recording import RecordPage, error_at, text, value_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("morning")]

GIVEN = {"version": "2", "signed_on": "2026-05-03", "taken_by": "Dr Okafor"}


@pytest.fixture
def patient(clinic):
    return PatientFactory(clinic=clinic, family_name="Duarte", consents=())


def page_of(patient, more=""):
    return reverse("staff:leaflet-record", args=[patient.public_id]) + more


def test_form_opens_with_today_and_the_signed_in_person_and_says_what_is_on_record(desk, patient):
    page = desk.get(page_of(patient))

    assert "On record: none on record" in text(page)
    assert (value_of(page, "signed_on"), value_of(page, "taken_by"), value_of(page, "version")) == (
        "2026-11-23",
        "Desk Person",
        "",
    )


def test_leaflet_is_recorded_and_the_patients_page_shows_version_and_day(desk, patient):
    answer = desk.post(page_of(patient), GIVEN, follow=True)

    assert "version 2 of the leaflet is on record" in text(answer)
    assert "Treatment: yes version 2 of the leaflet, signed 3 May 2026" in text(answer)
    leaflet = SignedLeaflet.objects.get()
    assert (leaflet.version, str(leaflet.signed_on), leaflet.taken_by) == ("2", "2026-05-03", "Dr Okafor")


def test_same_leaflet_again_is_told_and_not_written(desk, patient):
    desk.post(page_of(patient), GIVEN)

    assert "This leaflet is on record already." in text(desk.post(page_of(patient), GIVEN, follow=True))
    assert Consent.objects.count() == 1


def test_bad_input_stands_beside_its_field_and_nothing_is_written(desk, patient):
    answer = desk.post(page_of(patient), {"version": "", "signed_on": "2026-11-24", "taken_by": "Dr Okafor"})
    assert answer.status_code == 422
    assert error_at(answer, "version")
    assert value_of(answer, "taken_by") == "Dr Okafor"

    answer = desk.post(page_of(patient), GIVEN | {"signed_on": "2026-11-24"})
    assert answer.status_code == 422
    assert "still to come" in error_at(answer, "signed_on")
    assert not Consent.objects.exists()


def test_consent_to_treatment_is_given_with_its_leaflet_and_withdrawn_with_a_button(desk, patient):
    where = reverse("staff:patient-show", args=[patient.public_id])
    page = desk.get(where).content.decode()
    assert page_of(patient) in page
    assert 'value="TREATMENT:give"' not in page
    assert 'value="NEWS:give"' in page

    desk.post(page_of(patient), GIVEN)
    assert 'value="TREATMENT:withdraw"' in desk.get(where).content.decode()


def test_reviewer_sees_the_consent_and_no_way_to_record_one(browse_as, patient):
    page = browse_as(Role.REVIEWER).get(reverse("staff:patient-show", args=[patient.public_id])).content.decode()
    assert page_of(patient) not in page


# -- where it matters ---------------------------------------------------------------------------------------------------


def test_record_page_notes_a_missing_consent_and_signs_all_the_same(client):
    page = RecordPage(client)
    link = f"{page_of(page.patient)}?condition={page.condition.public_id}"

    shown = page.get()
    assert "Consent to treatment: none on record" in text(shown)
    assert f'href="{link}"' in shown.content.decode()

    page.post(sign="1")
    assert page.patient.sessions.count() == 1


def test_leaflet_recorded_on_the_way_leads_back_to_the_treatment_and_is_shown_there(client):
    page = RecordPage(client)
    back = client.post(page_of(page.patient, f"?condition={page.condition.public_id}"), GIVEN)

    assert back.url == f"{page.url}&draft=1"
    assert "Consent to treatment: version 2, signed 3 May 2026 (taken by Dr Okafor; written down on 23 Nov 2026)" in text(
        client.get(back.url)
    )


@pytest.mark.parametrize("condition", ["nonsense", "of another patient"])
def test_condition_that_is_not_the_patients_leads_to_the_patients_page(client, condition):
    page = RecordPage(client)
    named = str(ConditionFactory().public_id) if condition == "of another patient" else condition

    assert client.post(page_of(page.patient, f"?condition={named}"), GIVEN).url == reverse(
        "staff:patient-show", args=[page.patient.public_id]
    )


def test_front_desk_has_no_treatment_to_go_back_to(desk, patient):
    condition = ConditionFactory(patient=patient)
    answer = desk.post(page_of(patient, f"?condition={condition.public_id}"), GIVEN)
    assert answer.url == reverse("staff:patient-show", args=[patient.public_id])


def test_treatment_shows_the_consent_that_stood_on_its_day(desk, patient):
    session = InjectionSessionFactory(patient=patient)
    where = reverse("staff:treatment-show", args=[session.public_id])
    assert "Consent to treatment None on record" in text(desk.get(where))

    SignedLeafletFactory(patient=patient, version="1", signed_on=session.performed_on)
    SignedLeafletFactory(patient=patient, version="9")
    page = text(desk.get(where))
    assert "Consent to treatment Version 1, signed 1 Sep 2026" in page
    assert "Version 9" not in page
    assert "Version 1, signed 1 Sep 2026" in text(desk.get(reverse("staff:treatment-version", args=[session.public_id])))


def test_recording_leaves_a_row_in_the_log_without_any_value(desk, patient):
    desk.post(page_of(patient), GIVEN)
    event = AuditEvent.objects.get(action="CHANGED")
    assert (event.what, event.fields) == ("Consent", ["TREATMENT"])
