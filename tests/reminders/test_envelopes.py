"""What stands on the envelope of a letter, and what is kept of a dialogue."""

import pytest

from clinic.mailer import message_named_by
from clinic.management.faults.smtp import Act, At, Fault
from clinic.reminders.models import DeliveryAttempt, Message
from clinic.reminders.plans import ensure_plan
from tests.factories import NOW, ClinicFactory, FollowUpFactory
from tests.reminders.running import run

pytestmark = pytest.mark.django_db


@pytest.fixture
def due(db):
    """A follow-up whose invitation is owed now."""
    clinic = ClinicFactory()
    ensure_plan(clinic, NOW)
    return FollowUpFactory(patient__clinic=clinic, patient__next_check_at=NOW)


def test_every_letter_is_sent_from_an_address_by_which_a_report_names_it(server, due, settings):
    settings.REPORT_ADDRESS = "reports@clinic.example"
    run()
    sender = server.taken[0].sender
    assert message_named_by(sender.removeprefix("reports+").removesuffix("@clinic.example")) == Message.objects.get().public_id
    assert b"From: Harbour clinic <letters@clinic.example>\r\n" in server.taken[0].content
    assert b"reports" not in server.taken[0].content


def test_without_a_mailbox_for_reports_the_envelope_says_who_the_letter_says(server, due):
    run()
    assert server.taken[0].sender == "letters@clinic.example"


def test_of_what_a_server_says_only_codes_are_kept_and_never_a_kilobyte(server, due, caplog):
    server.fault = Fault(At.RCPT, Act.REPLY, "550 5.7.1 " + "<anna@example.org> is not wanted here " * 90)
    run()
    for row in DeliveryAttempt.objects.values():
        kept = " ".join(str(value) for value in row.values())
        assert len(kept) < 1000
        assert "wanted" not in kept
    assert Message.objects.get().state == "FAILED"
    assert "wanted" not in caplog.text
    assert all(len(record.getMessage()) < 1000 for record in caplog.records)


def test_no_attempt_could_hold_a_kilobyte():
    lengths = [field.max_length for field in DeliveryAttempt._meta.fields if getattr(field, "max_length", None)]
    others = [field for field in DeliveryAttempt._meta.fields if not getattr(field, "max_length", None)]
    assert sum(lengths) + 32 * len(others) < 1000
