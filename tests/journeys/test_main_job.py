"""From a signed treatment to a booked follow-up, over HTTP, with a real Celery worker, broker and mail server."""

import calendar
import re
import urllib.request
from datetime import date

import pytest

from botox_tracker.stack import Stack
from clinic.management.tour.story import Told, tell

FORBIDDEN = ("hemifacial", "spasm", "toxin", "botox", "xeomin", "dysport", "injection", "neurolog", "side effect")


def three_and_six_months(day: date) -> tuple[str, str]:
    """Reckoned apart from the product: same day of the month, or the month's last day."""

    def later(months: int) -> str:
        month = day.month - 1 + months
        year, month = day.year + month // 12, month % 12 + 1
        moved = date(year, month, min(day.day, calendar.monthrange(year, month)[1]))
        return f"{moved.day} {moved:%b} {moved.year}"

    return later(3), later(6)


@pytest.fixture
def told(running: Stack) -> list[Told]:
    return list(tell(running))


def test_a_signed_treatment_leads_to_one_letter_and_a_booking(running: Stack, told: list[Told]) -> None:
    facts = {name: value for step in told for name, value in step.facts.items()}

    assert (facts["opens"], facts["closes"]) == three_and_six_months(date.fromisoformat(facts["treated_on"]))
    assert "3 calendar months" in facts["rule"]
    invitation, confirmation = [letter.message for letter in running.mailbox.accepted]
    assert str(invitation["Message-ID"]) == facts["message_id"]
    assert facts["message_id"] != facts["confirmation"]
    assert [letter.recipient for letter in running.mailbox.accepted] == ["ines.duarte@example.org"] * 2
    for message in (invitation, confirmation):
        seen = " ".join([str(message["Subject"]), str(message["From"]), *(part.get_content() for part in text_parts(message))])
        assert [word for word in FORBIDDEN if word in seen.casefold()] == []
        assert message["Auto-Submitted"] == "auto-generated"
        assert message["Reply-To"] == "desk@example.org"
        assert "Ines" in seen
        assert "112" in seen
    assert "Ines" not in str(invitation["Subject"])

    # RFC 8058: a bare POST, without cookies or a page before it, is enough.
    assert invitation["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    address = re.search(r"<(http[^>]+)>", str(invitation["List-Unsubscribe"]))[1]
    request = urllib.request.Request(address, data=b"List-Unsubscribe=One-Click", method="POST")
    for _ in range(2):
        with urllib.request.build_opener(NoRedirect).open(request, timeout=20) as answer:
            assert answer.status == 200
    assert query(running, "SELECT count(*) FROM clinic_consent WHERE purpose = 'INVITE' AND NOT is_given") == 1
    assert query(running, "SELECT count(*) FROM clinic_stafftask WHERE kind = 'PHONE_OPTED_OUT' AND done_at IS NULL") == 1

    # What the database holds.
    assert query(running, "SELECT count(*) FROM clinic_message WHERE state = 'SENT'") == 2
    assert query(running, "SELECT count(*) FROM clinic_message WHERE state NOT IN ('SENT', 'READY')") == 0
    assert query(running, "SELECT count(*) FROM clinic_appointment WHERE state = 'BOOKED' AND follow_up_id IS NOT NULL") == 1
    assert query(running, "SELECT count(*) FROM clinic_auditevent WHERE action = 'SIGNED'") == 1
    assert query(running, "SELECT count(*) FROM clinic_auditevent WHERE action = 'LINK_OPENED'") >= 1


def text_parts(message):
    return [part for part in message.walk() if part.get_content_type() in {"text/plain", "text/html"}]


class NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *args):
        return None


def query(running: Stack, sql: str) -> int:
    return int(running.run("shell", "--no-imports", "-v0", "-c", f"""
from django.db import connection
with connection.cursor() as cursor:
    cursor.execute({sql!r})
    print(cursor.fetchone()[0])
""").strip().splitlines()[-1])  # fmt: skip
