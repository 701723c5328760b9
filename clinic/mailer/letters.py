"""A letter, and the bytes it becomes."""

from __future__ import annotations

from base64 import encodebytes
from binascii import b2a_qp
from dataclasses import dataclass
from datetime import datetime
from email.header import Header
from email.utils import format_datetime, formataddr, parseaddr
from functools import lru_cache

from django.conf import settings


class Unsendable(Exception):
    """The letter itself is wrong: it would be refused or would say something else than meant. Names the field only."""


@dataclass(frozen=True, slots=True)
class Calendar:
    """A calendar file with its method (RFC 5546): PUBLISH or CANCEL."""

    content: bytes
    method: str


@dataclass(frozen=True, slots=True)
class Letter:
    """What one person is told. `unsubscribe_url` answers a bare POST (RFC 8058)."""

    to: str
    sender_name: str
    reply_to: str
    subject: str
    text: str
    html: str
    message_id: str
    unsubscribe_url: str = ""
    calendar: Calendar | None = None


def compose(letter: Letter, *, at: datetime) -> bytes:
    """Return the letter as it goes over the wire: CRLF, ASCII only, text and HTML always together.

    Raises Unsendable where an address or the Message-ID could not stand in a header; a name or subject merely loses
    its control characters, so that nothing typed into a name ever becomes a header.
    """
    headers = [
        ("From", formataddr((_one_line(letter.sender_name), sender_address()), "utf-8")),
        ("To", _address("to", letter.to)),
        ("Reply-To", _address("reply_to", letter.reply_to)),
        ("Subject", _encoded(_one_line(letter.subject))),
        ("Date", format_datetime(at)),
        ("Message-ID", _address("message_id", letter.message_id)),
        ("Auto-Submitted", "auto-generated"),
        ("X-Auto-Response-Suppress", "OOF, AutoReply"),
        ("MIME-Version", "1.0"),
    ]
    if letter.unsubscribe_url:
        headers += [
            ("List-Unsubscribe", f"<{_address('unsubscribe_url', letter.unsubscribe_url)}>"),
            ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"),
        ]
    # Unique to the letter and impossible in quoted-printable or base64.
    boundary = f"=_{letter.message_id.strip('<>').partition('@')[0]}"
    both = _multipart("alternative", f"{boundary}_a", [_text_part("plain", letter.text), _text_part("html", letter.html)])
    body = both if letter.calendar is None else _multipart("mixed", f"{boundary}_m", [both, *_calendar_parts(letter.calendar)])
    head = "".join(f"{name}: {value}\r\n" for name, value in headers)
    return head.encode("ascii") + body


def sender_address() -> str:
    """Return the bare address that letters come from."""
    return parseaddr(settings.DEFAULT_FROM_EMAIL)[1]


def _one_line(text: str) -> str:
    """The text without control characters, line and paragraph separators included."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def _address(field: str, value: str) -> str:
    if not value or not value.isascii() or any(character <= " " or character == "\x7f" for character in value):
        raise Unsendable(field)
    return value


@lru_cache(maxsize=256)
def _encoded(subject: str) -> str:
    """A header's value per RFC 2047 where it is not plain ASCII; subjects are few and neutral, so they are kept."""
    return subject if subject.isascii() and len(subject) < 60 else Header(subject, "utf-8", header_name="Subject").encode()


def _text_part(subtype: str, text: str) -> bytes:
    lines = "\n".join(text.splitlines()).encode() + b"\n"
    return (
        f"Content-Type: text/{subtype}; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n".encode()
        + b2a_qp(lines, istext=True).replace(b"\n", b"\r\n")
    )


def _calendar_parts(calendar: Calendar) -> list[bytes]:
    coded = encodebytes(calendar.content).replace(b"\n", b"\r\n")
    kind = f'Content-Type: text/calendar; charset=utf-8; method={calendar.method}; name="visit.ics"\r\n'
    return [
        f'{kind}Content-Transfer-Encoding: base64\r\nContent-Disposition: attachment; filename="visit.ics"\r\n\r\n'.encode()
        + coded
    ]


def _multipart(kind: str, boundary: str, parts: list[bytes]) -> bytes:
    fence = f"--{boundary}".encode()
    head = f'Content-Type: multipart/{kind}; boundary="{boundary}"\r\n\r\n'.encode()
    return head + b"".join(fence + b"\r\n" + part.rstrip(b"\r\n") + b"\r\n" for part in parts) + fence + b"--\r\n"
