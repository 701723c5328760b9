"""What goes over the wire, read back by the standard library's own parser."""

from dataclasses import replace
from datetime import UTC, datetime
from email import message_from_bytes, policy

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis
from hypothesis import strategies as st

from clinic.mailer import Calendar, Letter, Unsendable, compose

AT = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
LETTER = Letter(
    to="anna@example.org",
    sender_name="Harbour clinic",
    reply_to="desk@clinic.example",
    subject="Your next visit",
    text="Dear Anna,\n\n.a line with a dot\nGröße = 5\n",
    html="<p>Dear Anna,</p>\n<p>" + "a long line " * 100 + "</p>\n",
    message_id="<0e1c9a52@clinic.example>",
    unsubscribe_url="https://clinic.example/p/token/stop/",
)
HOSTILE = ["Anna\r\nBcc: eve@example.org", "Anna\nX-Evil: 1", "A\x00B", "A\u2028B", "A\x85B", "\r\n\r\n<script>", "=?utf-8?q?x?="]


@pytest.fixture(autouse=True)
def _sender(settings):
    settings.DEFAULT_FROM_EMAIL = "Letters <letters@clinic.example>"


def read(letter):
    return message_from_bytes(compose(letter, at=AT), policy=policy.default)


def parts(message):
    return {part.get_content_type(): part for part in message.walk() if not part.is_multipart()}


def test_the_headers_are_those_of_an_automatic_letter_to_one_person():
    message = read(LETTER)
    assert {name: str(message[name]) for name in message.keys()} == {  # noqa: SIM118 - a message is no dict
        "From": "Harbour clinic <letters@clinic.example>",
        "To": "anna@example.org",
        "Reply-To": "desk@clinic.example",
        "Subject": "Your next visit",
        "Date": "Mon, 23 Nov 2026 09:00:00 +0000",
        "Message-ID": "<0e1c9a52@clinic.example>",
        "Auto-Submitted": "auto-generated",
        "X-Auto-Response-Suppress": "OOF, AutoReply",
        "MIME-Version": "1.0",
        "List-Unsubscribe": "<https://clinic.example/p/token/stop/>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        "Content-Type": 'multipart/alternative; boundary="=_0e1c9a52_a"',
    }


def test_text_and_html_say_what_was_written():
    found = parts(read(LETTER))
    assert found["text/plain"].get_content().splitlines() == LETTER.text.splitlines()
    assert found["text/html"].get_content().splitlines() == LETTER.html.splitlines()


def test_the_wire_sees_ascii_in_short_lines_with_crlf():
    content = compose(LETTER, at=AT)
    content.decode("ascii")
    lines = content.split(b"\r\n")
    assert max(len(line) for line in lines) <= 130  # the headers of links are not folded; bodies are
    assert not any(b"\n" in line or b"\r" in line for line in lines)
    assert content.endswith(b"\r\n")


def test_a_calendar_goes_along_as_a_file_with_its_method():
    ics = b"BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n"
    message = read(replace(LETTER, calendar=Calendar(ics, "PUBLISH")))
    part = parts(message)["text/calendar"]
    assert message.get_content_type() == "multipart/mixed"
    assert part.get_payload(decode=True) == ics
    assert part.get_param("method") == "PUBLISH"
    assert part.get_filename() == "visit.ics"
    assert set(parts(message)) == {"text/plain", "text/html", "text/calendar"}


def test_a_letter_without_a_link_to_stop_has_no_header_of_it():
    assert "List-Unsubscribe" not in read(replace(LETTER, unsubscribe_url=""))


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("field", ["sender_name", "subject"])
def test_nothing_typed_into_a_name_becomes_a_header(name, field):
    hostile, plain = read(replace(LETTER, **{field: name})), read(LETTER)
    assert list(hostile.keys()) == list(plain.keys())
    assert hostile["To"] == plain["To"]
    assert not hostile.defects
    assert set(parts(hostile)) == {"text/plain", "text/html"}


@pytest.mark.parametrize(
    "bad", ["anna@example.org\r\nBcc: eve@example.org", "größe@example.org", "", "a b@example.org", "a\x00@b.c"]
)
@pytest.mark.parametrize("field", ["to", "reply_to", "message_id"])
def test_an_address_that_could_not_stand_in_a_header_stops_the_letter(field, bad):
    with pytest.raises(Unsendable) as refused:
        compose(replace(LETTER, **{field: bad}), at=AT)
    assert str(refused.value) == field


@hypothesis(deadline=None)
@given(name=st.text(max_size=60), text=st.text(max_size=300), subject=st.text(max_size=90))
def test_whatever_people_are_called_the_letter_says_it_and_nothing_else(name, text, subject):
    text = text.encode("utf-8", "ignore").decode()
    message = read(replace(LETTER, sender_name=name.encode("utf-8", "ignore").decode(), text=text,
                           subject=subject.encode("utf-8", "ignore").decode()))  # fmt: skip
    assert len(message.keys()) == 12
    assert parts(message)["text/plain"].get_content().split() == text.split()
    assert message["From"].addresses[0].addr_spec == "letters@clinic.example"
