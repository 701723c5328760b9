"""Reports of mail servers about our letters: what follows from each, once."""

import uuid
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis
from hypothesis import strategies as st

from clinic.audit import Actor, AuditEvent
from clinic.mailer import return_path
from clinic.patients.models import Consent, Patient, StaffTask
from clinic.patients.services import consents_of
from clinic.reminders import unread_reports
from clinic.reminders.addresses import address_hash
from clinic.reminders.delivery_reports import DeliveryReport
from clinic.reminders.models import DeliveryAttempt, Message, Suppression
from clinic.reminders.services import DecisionRefused, Taken, lift_suppression, reporting, settle_report, take_report
from tests.factories import (
    NOW,
    ClinicFactory,
    ConsentFactory,
    MessageFactory,
    PatientFactory,
    SuppressionFactory,
    UserFactory,
)
from tests.mailer.test_reports import CORPUS, corpus

pytestmark = pytest.mark.django_db
GONE = NOW - timedelta(hours=1)


@pytest.fixture(autouse=True)
def folder(settings, tmp_path):
    """Where reports that nobody can read are kept in a test."""
    settings.REPORTS_DIR = tmp_path
    settings.REPORT_ADDRESS = "reports@clinic.example"
    return tmp_path / "unread"


def letter(state="SENT", *, patient=None, sent_to=None, **fields):
    """A letter that was given to the mail server an hour ago."""
    patient = patient or PatientFactory(email="gone@patients.example")
    return MessageFactory(
        patient=patient,
        state=state,
        message_id=fields.pop("message_id", "<letter-1@clinic.example>"),
        handoff_at=fields.pop("handoff_at", GONE),
        sent_at=None if state in ("UNKNOWN", "HANDOFF") else GONE,
        recipient_hash=address_hash(sent_to or patient.email),
        **fields,
    )


def take(name="postfix-failed", *, status=None, message_id=None, now=NOW, content=None):
    content = corpus(name) if content is None else content
    if status:
        content = content.replace(b"Status: 5.1.1", f"Status: {status}".encode()).replace(b"550 5.1.1", f"550 {status}".encode())
    if message_id:
        content = content.replace(b"<letter-1@clinic.example>", message_id.encode())
    return take_report(by=Actor.system(), content=content, way="FILE", now=now)


def state_of(message):
    message.refresh_from_db()
    return message.state


def tasks():
    return list(StaffTask.objects.order_by("pk").values_list("kind", "note"))


BACK = ("PHONE_BOUNCED", "A letter to their e-mail address came back.")
BAD = ("PHONE_BOUNCED", "A letter came back: ask for another e-mail address.")


# -- not delivered ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["postfix-failed", "exim-failed", "exchange-failed", "gmail-failed", "forwarded-report"])
def test_an_address_that_does_not_exist_gets_nothing_more_and_staff_phone(name):
    message = letter()
    assert take(name) is Taken.ACTED
    assert state_of(message) == "BOUNCED"
    suppression = Suppression.objects.get()
    assert (suppression.address_hash, suppression.reason, suppression.message) == (
        address_hash("gone@patients.example"),
        "BOUNCED",
        message,
    )
    assert tasks() == [BAD]
    assert Patient.objects.get(pk=message.patient_id).next_check_at == NOW


def test_the_way_of_the_letter_tells_the_code_and_nothing_else():
    message = letter()
    take()
    row = DeliveryAttempt.objects.get(message=message)
    assert (row.from_state, row.to_state, row.outcome, row.phase, row.enhanced_code) == (
        "SENT", "BOUNCED", "REPORT_FAILED", "report", "5.1.1",
    )  # fmt: skip
    rows = [*DeliveryReport.objects.values(), *DeliveryAttempt.objects.values()]
    kept = " ".join(str(value) for row in rows for value in row.values())
    assert "patients.example" not in kept
    assert "rejected" not in kept


@pytest.mark.parametrize("status", ["5.2.2", "5.7.1", "5.4.4", "5.1.7", "5.1.8"])
def test_where_the_address_may_be_good_it_stays_and_staff_phone(status):
    message = letter()
    take(status=status)
    assert state_of(message) == "BOUNCED"
    assert not Suppression.objects.exists()
    assert tasks() == [BACK]


def test_what_was_given_up_after_days_has_bounced_too():
    message = letter()
    take("full-after-days")
    assert state_of(message) == "BOUNCED"
    assert tasks() == [BACK]


def test_two_letters_in_a_row_that_come_back_end_the_writing():
    patient = PatientFactory(email="full@patients.example")
    letter("BOUNCED", patient=patient, message_id="<letter-0@clinic.example>", handoff_at=GONE - timedelta(days=21))
    letter(patient=patient)
    take(status="5.2.2")
    assert Suppression.objects.get().reason == "BOUNCED"
    assert tasks() == [BAD]


def test_a_letter_that_arrived_between_two_that_came_back_breaks_the_row():
    patient = PatientFactory(email="full@patients.example")
    letter("BOUNCED", patient=patient, message_id="<letter-0@clinic.example>", handoff_at=GONE - timedelta(days=42))
    letter("SENT", patient=patient, message_id="<letter-2@clinic.example>", handoff_at=GONE - timedelta(days=21))
    letter(patient=patient)
    take(status="5.2.2")
    assert not Suppression.objects.exists()


def test_the_former_address_is_what_gets_nothing_more():
    patient = PatientFactory(email="new@patients.example")
    letter(patient=patient, sent_to="gone@patients.example")
    take()
    assert Suppression.objects.get().address_hash == address_hash("gone@patients.example")
    assert len(tasks()) == 1


def test_nobody_is_to_phone_the_dead():
    message = letter(patient=PatientFactory(email="gone@patients.example", status="DECEASED"))
    take()
    assert state_of(message) == "BOUNCED"
    assert tasks() == []


def test_a_delay_changes_nothing():
    message = letter()
    assert take("postfix-delayed") is Taken.ACTED
    assert state_of(message) == "SENT"
    assert not Suppression.objects.exists()
    assert not DeliveryAttempt.objects.exists()
    assert tasks() == []


# -- in doubt ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("state", ["UNKNOWN", "HANDOFF"])
@pytest.mark.parametrize("name", ["postfix-relayed", "out-of-office", "read-receipt", "complaint-taken-back"])
def test_a_letter_in_doubt_is_sent_once_a_report_or_a_reply_proves_it(state, name):
    leased = {"token": uuid.uuid4(), "lease_until": NOW + timedelta(minutes=3)} if state == "HANDOFF" else {}
    message = letter(state, **leased)
    take(name)
    assert state_of(message) == "SENT"
    assert (message.sent_at, message.token) == (GONE, None)
    assert tasks() == []


def test_a_letter_in_doubt_that_came_back_was_sent_first():
    message = letter("UNKNOWN")
    take()
    assert list(DeliveryAttempt.objects.order_by("pk").values_list("from_state", "to_state")) == [
        ("UNKNOWN", "SENT"),
        ("SENT", "BOUNCED"),
    ]
    assert state_of(message) == "BOUNCED"


def test_an_out_of_office_reply_is_no_bounce():
    message = letter()
    assert take("out-of-office") is Taken.ACTED
    assert state_of(message) == "SENT"
    assert not Suppression.objects.exists()
    assert tasks() == []


@pytest.mark.parametrize("state", ["CANCELLED", "FAILED", "BOUNCED", "COMPLAINED", "READY"])
@pytest.mark.parametrize("name", ["postfix-failed", "postfix-relayed", "complaint"])
def test_a_letter_that_a_person_or_the_server_settled_stays_where_it_is(state, name):
    message = letter(state)
    take(name)
    assert state_of(message) == state


# -- unwanted ---------------------------------------------------------------------------------------------------------


def test_a_complaint_stops_the_letter_s_purpose_and_the_address_and_staff_phone():
    patient = PatientFactory(email="anna@patients.example")
    for purpose in ("INVITE", "VISIT"):
        ConsentFactory(patient=patient, purpose=purpose, at=GONE)
    message = letter(patient=patient)
    assert take("complaint") is Taken.ACTED
    assert state_of(message) == "COMPLAINED"
    assert consents_of([patient.pk])[patient.pk] == {"VISIT"}
    assert Suppression.objects.get().reason == "COMPLAINED"
    assert [kind for kind, _note in tasks()] == ["PHONE_OPTED_OUT"]
    withdrawn = Consent.objects.order_by("pk").last()
    assert (withdrawn.by_patient, withdrawn.by_user) == (False, None)


def test_feedback_of_another_kind_is_for_a_person():
    message = letter()
    assert take("feedback-auth-failure") is Taken.FOR_A_PERSON
    assert state_of(message) == "SENT"
    assert DeliveryReport.objects.get().message == message


# -- once -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", sorted(CORPUS))
def test_the_same_report_again_changes_nothing(name):
    letter("UNKNOWN")
    take(name)
    before = everything()
    assert take(name, now=NOW + timedelta(days=1)) is Taken.KNOWN
    assert everything() == before


def everything():
    models = (Message, DeliveryAttempt, DeliveryReport, Suppression, StaffTask, Consent, AuditEvent)
    return [list(model.objects.order_by("pk").values()) for model in models]


def test_a_second_report_about_the_same_letter_raises_no_second_task():
    letter()
    take("postfix-failed")
    assert take("exim-failed") is Taken.ACTED
    assert tasks() == [BAD]
    assert Suppression.objects.count() == 1
    assert DeliveryAttempt.objects.count() == 1


def test_an_old_report_does_not_undo_what_the_patient_has_confirmed_since():
    message = letter()
    take("postfix-failed")
    lift_suppression(by=Actor.of_user(UserFactory()), suppression=Suppression.objects.get(), reason="by phone", now=NOW)
    take("exim-failed", now=NOW + timedelta(hours=1))
    assert not Suppression.objects.filter(lifted_at=None).exists()
    assert state_of(message) == "BOUNCED"


# -- which letter -----------------------------------------------------------------------------------------------------


def test_the_tag_of_the_envelope_names_the_letter_where_its_message_id_was_rewritten():
    message = letter()
    content = corpus("postfix-failed").replace(b"<letter-1@clinic.example>", b"<0102@relay.example>")
    content = content.replace(b"To: letters@clinic.example", f"To: {return_path(message.public_id)}".encode())
    assert take(content=content) is Taken.ACTED
    assert state_of(message) == "BOUNCED"


def test_a_forged_tag_names_nothing():
    message = letter()
    forged = return_path(message.public_id).partition("@")[0][:-16] + "0" * 16
    content = corpus("postfix-failed").replace(b"<letter-1@clinic.example>", b"<0102@relay.example>")
    content = content.replace(b"To: letters@clinic.example", f"To: {forged}@clinic.example".encode())
    assert take(content=content) is Taken.FOR_A_PERSON
    assert state_of(message) == "SENT"


def test_a_report_that_names_two_letters_is_for_a_person():
    ours = letter()
    theirs = letter(patient=PatientFactory(clinic=ClinicFactory()), message_id="<letter-2@clinic.example>")
    content = corpus("postfix-failed").replace(b"To: letters@clinic.example", f"To: {return_path(theirs.public_id)}".encode())
    assert take(content=content) is Taken.FOR_A_PERSON
    assert (state_of(ours), state_of(theirs)) == ("SENT", "SENT")
    assert DeliveryReport.objects.get().why == "NAMES_SEVERAL"


def test_a_report_about_another_clinic_s_letter_stays_with_that_clinic():
    here = letter(patient=PatientFactory(email="gone@patients.example"), message_id="<letter-2@clinic.example>")
    there = letter(patient=PatientFactory(email="gone@patients.example", clinic=ClinicFactory()))
    take()
    assert (state_of(here), state_of(there)) == ("SENT", "BOUNCED")
    assert Suppression.objects.get().clinic == there.clinic
    assert StaffTask.objects.get().patient == there.patient


@pytest.mark.parametrize("name", ["postfix-failed", "complaint", "out-of-office"])
def test_a_report_about_somebody_else_s_letter_is_for_a_person(name):
    assert take(name) is Taken.FOR_A_PERSON
    assert DeliveryReport.objects.get().why == "NOT_OURS"


def test_a_letter_that_never_went_has_not_come_back():
    message = letter("READY", handoff_at=None)
    assert take() is Taken.FOR_A_PERSON
    assert DeliveryReport.objects.get().why == "NEVER_SENT"
    assert state_of(message) == "READY"


# -- for a person -----------------------------------------------------------------------------------------------------


def test_what_cannot_be_read_is_kept_until_somebody_has_looked(folder, django_capture_on_commit_callbacks):
    take(content=b"Subject: hello\r\n\r\nIs this the clinic?")
    report = DeliveryReport.objects.get()
    assert (report.kind, report.why, report.message) == ("UNREADABLE", "NOT_A_REPORT", None)
    assert unread_reports.text_of(report.public_id) == b"Subject: hello\r\n\r\nIs this the clinic?"
    kept = folder / f"{report.public_id}.eml"
    assert (kept.stat().st_mode & 0o777, folder.stat().st_mode & 0o777) == (0o600, 0o700)
    with django_capture_on_commit_callbacks(execute=True):
        settle_report(by=Actor.of_user(UserFactory()), report=report, now=NOW)
    assert unread_reports.text_of(report.public_id) is None
    assert AuditEvent.objects.filter(action="REVIEWED", what_id=report.public_id).exists()
    with pytest.raises(DecisionRefused, match="settled this report already"):
        settle_report(by=Actor.of_user(UserFactory()), report=report, now=NOW)


def test_what_was_understood_is_kept_nowhere(folder):
    letter()
    take()
    assert not folder.exists()


def test_a_report_that_cannot_be_kept_is_not_taken(settings, tmp_path):
    (tmp_path / "file").write_text("in the way")
    settings.REPORTS_DIR = tmp_path / "file"
    with pytest.raises(OSError, match="file"):
        take(content=b"hello")
    assert not DeliveryReport.objects.exists()


def test_whatever_the_reader_raises_the_report_is_kept_for_a_person(monkeypatch, caplog):
    def fail(_content):
        raise KeyError("gone@patients.example")

    monkeypatch.setattr(reporting, "read", fail)
    assert take() is Taken.FOR_A_PERSON
    assert DeliveryReport.objects.get().why == "CANNOT_BE_READ"
    assert "KeyError" in caplog.text
    assert "patients.example" not in caplog.text


@hypothesis(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=300))
def test_whatever_comes_is_taken(content):
    assert take(content=content) in (Taken.FOR_A_PERSON, Taken.KNOWN)


# -- lifting ----------------------------------------------------------------------------------------------------------


def test_once_the_patient_has_confirmed_the_address_letters_go_there_again():
    suppression, user = SuppressionFactory(), UserFactory()
    patient = suppression.message.patient
    lift_suppression(by=Actor.of_user(user), suppression=suppression, reason="  by phone,\nspelled out ", now=NOW)
    suppression.refresh_from_db()
    assert (suppression.lifted_at, suppression.lifted_by, suppression.lifted_because) == (NOW, user, "by phone, spelled out")
    patient.refresh_from_db()
    assert patient.next_check_at == NOW
    row = AuditEvent.objects.get(action="RELEASED")
    assert (row.what_id, row.patient_id_public, row.clinic) == (suppression.public_id, patient.public_id, suppression.clinic)
    with pytest.raises(DecisionRefused, match="already"):
        lift_suppression(by=Actor.of_user(user), suppression=suppression, reason="again", now=NOW)


@pytest.mark.parametrize("reason", ["", "  \n ", "x" * 201])
def test_without_a_fit_reason_nothing_is_lifted(reason):
    suppression = SuppressionFactory()
    with pytest.raises(DecisionRefused):
        lift_suppression(by=Actor.of_user(UserFactory()), suppression=suppression, reason=reason, now=NOW)
    suppression.refresh_from_db()
    assert suppression.lifted_at is None


def test_after_a_lift_the_same_address_may_bounce_anew():
    suppression = SuppressionFactory(lifted_at=NOW - timedelta(days=1))
    patient = suppression.message.patient
    letter(patient=patient)
    take()
    assert Suppression.objects.filter(lifted_at=None).count() == 1
