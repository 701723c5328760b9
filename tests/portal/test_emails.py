"""Stopping letters of one kind by the page and by a mail program's button, and starting them again."""

import pytest

from clinic.audit import AuditEvent
from clinic.links import PatientLink
from clinic.patients.models import Consent, StaffTask
from clinic.patients.services import consents_of
from tests.factories import NOW
from tests.portal.conftest import reader

ONE_CLICK = {"List-Unsubscribe": "One-Click"}


def agreed(patient_reader):
    patient = patient_reader.agenda.patient
    return consents_of([patient.pk])[patient.pk]


def test_page_says_which_letters_it_is_about_and_changes_nothing(stopper):
    page = stopper.get("stop/")
    assert page.status_code == 200
    assert "Stop these e-mails?" in page.text
    assert "invitations to the next visit" in page.text
    assert "checked" not in page.text
    assert agreed(stopper) == {"VISIT", "INVITE"}


def test_stopping_one_kind_leaves_the_others(stopper):
    answer = stopper.post("stop/", letters="stop")
    assert answer.status_code == 302
    assert agreed(stopper) == {"VISIT"}
    row = Consent.objects.latest("id")
    assert (row.purpose, row.is_given, row.by_patient, row.how) == ("INVITE", False, True, "by the link in a letter")
    assert "These e-mails are stopped" in stopper.client.get(answer["Location"]).text
    assert PatientLink.objects.get().used_at == NOW


def test_care_is_not_silently_lost(stopper):
    stopper.post("stop/", letters="stop")
    task = StaffTask.objects.get()
    assert (task.kind, task.patient) == ("PHONE_OPTED_OUT", stopper.agenda.patient)


def test_engine_looks_again_at_once(stopper):
    stopper.post("stop/", letters="stop")
    stopper.agenda.patient.refresh_from_db()
    assert stopper.agenda.patient.next_check_at == NOW


def test_letters_can_be_resumed(stopper):
    stopper.post("stop/", letters="stop")
    assert "Send them again" in stopper.get("stop/").text
    stopper.post("stop/", letters="send")
    assert agreed(stopper) == {"VISIT", "INVITE"}
    assert "Stop these e-mails?" in stopper.get("stop/").text


def test_stopping_twice_is_once(stopper):
    for _ in range(3):
        stopper.post("stop/", letters="stop")
    assert Consent.objects.filter(is_given=False).count() == 1
    assert StaffTask.objects.count() == 1


@pytest.mark.parametrize("sent", [{}, {"letters": ""}, {"letters": "all"}, {"letters": "\x00"}, {"List-Unsubscribe": "Maybe"}])
def test_press_without_a_choice_stops_nothing(stopper, sent):
    answer = stopper.post("stop/", **sent)
    assert answer.status_code == 400
    assert "Please choose one of the two." in answer.text
    assert agreed(stopper) == {"VISIT", "INVITE"}


# -- RFC 8058 -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("content_type", ["application/x-www-form-urlencoded", "multipart/form-data; boundary=b"])
def test_mail_programs_button_works_with_a_bare_post(stopper, content_type):
    body = "List-Unsubscribe=One-Click"
    if content_type.startswith("multipart"):
        body = '--b\r\nContent-Disposition: form-data; name="List-Unsubscribe"\r\n\r\nOne-Click\r\n--b--\r\n'
    stopper.client.cookies.clear()
    for _ in range(2):
        answer = stopper.client.generic("POST", stopper.address + "stop/", body, content_type=content_type)
        assert answer.status_code == 200
        assert "Set-Cookie" not in answer.headers
    assert agreed(stopper) == {"VISIT"}
    assert Consent.objects.latest("id").how == "by the mail program's unsubscribe button"
    assert StaffTask.objects.count() == 1


def test_mail_programs_button_leaves_a_row_in_the_audit_log(stopper):
    stopper.client.post(stopper.address + "stop/", ONE_CLICK, REMOTE_ADDR="192.0.2.44")
    event = AuditEvent.objects.get(what="Consent")
    assert (event.actor_kind, event.address, event.fields) == ("PATIENT", "192.0.2.44", ["INVITE"])


def test_link_of_a_letter_about_a_visit_stops_those_only(agenda):
    stopper = reader(agenda, "STOP", consent_purpose="VISIT")
    stopper.client.post(stopper.address + "stop/", ONE_CLICK)
    assert agreed(stopper) == {"INVITE"}
