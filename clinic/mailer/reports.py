"""Reads what mail servers report of letters they took: not delivered, delayed, arrived, unwanted. Pure.

Delivery status notifications (RFC 3464, RFC 6533), complaints (RFC 5965), read receipts (RFC 8098) and automatic replies
(RFC 3834). Whoever writes such a report may write anything: it never raises for what stands in it, takes nothing in it
for an instruction, and keeps no address, subject or text.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from email.message import Message
from email.parser import BytesParser
from email.utils import parseaddr
from enum import StrEnum

#: More of a report is not looked at: what it says stands at its beginning, before the letter that it returns.
MOST_BYTES = 1 << 20
#: Further parts or recipients are not looked at: our letters have one recipient.
_MOST_PARTS = 200
_MOST_NAMES = 20

_MESSAGE_ID = re.compile(r"<[^<>\s@]{1,100}@[^<>\s@]{1,200}>")
#: What `envelope.return_path` puts behind the plus sign of the envelope's sender.
_TAG = re.compile(r"\+([0-9a-f]{48})@", re.IGNORECASE)
_STATUS = re.compile(r"\b([245])\.(\d{1,3})\.(\d{1,3})\b")

_STATUS_PARTS = frozenset({"message/delivery-status", "message/global-delivery-status"})
_RECEIPT_PARTS = frozenset({"message/disposition-notification", "message/global-disposition-notification"})
_WHOLE_LETTERS = frozenset({"message/rfc822", "message/global"})
_ONLY_HEADERS = frozenset({"text/rfc822-headers", "message/global-headers"})
#: Headers in which the envelope's sender of our letter comes back as the report's own recipient.
_ADDRESSED = ("To", "Delivered-To", "X-Original-To", "Envelope-To", "X-Envelope-To", "X-Failed-Sender")
_DAEMONS = frozenset({"mailer-daemon", "postmaster", "mail-daemon"})


#: Nothing that is looked at needs other characters; with them the standard library decodes as the report declares, or fails.
_PLAIN = bytes(range(128)) + b"?" * 128


class Kind(StrEnum):
    """What a report says became of the letter."""

    FAILED = "FAILED"  # it will not be delivered
    DELAYED = "DELAYED"  # it is still being tried
    DELIVERED = "DELIVERED"  # it arrived, or went on to where nobody reports further
    COMPLAINED = "COMPLAINED"  # the recipient called it unwanted
    REPLIED = "REPLIED"  # a machine answered for the recipient: it arrived
    UNREADABLE = "UNREADABLE"  # a person must read it


class Unreadable(StrEnum):
    """Why a person must read it. At most 24 characters."""

    NOT_A_REPORT = "NOT_A_REPORT"  # an ordinary letter, or one of a machine that nobody can tell from one
    NO_STATUS = "NO_STATUS"  # calls itself a report and says nothing that can be read
    UNKNOWN_ACTION = "UNKNOWN_ACTION"  # says something that the standard does not know
    OTHER_FEEDBACK = "OTHER_FEEDBACK"  # feedback other than a complaint about an unwanted letter
    OLD_BOUNCE = "OLD_BOUNCE"  # a mail server's words for people
    TOO_DEEP = "TOO_DEEP"  # parts within parts within parts
    EMPTY = "EMPTY"


@dataclass(frozen=True, slots=True)
class Report:
    """What one report says, and by what it names the letter: its Message-ID, the tag of its envelope's sender."""

    kind: Kind
    #: RFC 3463, such as 5.1.1; empty where none is given.
    status: str = ""
    why: str = ""
    message_ids: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()


def read(content: bytes) -> Report:
    """Return what this report says. Never raises for what stands in it; what cannot be read has the kind UNREADABLE."""
    content = content[:MOST_BYTES].translate(_PLAIN)
    if not content.strip():
        return Report(Kind.UNREADABLE, why=Unreadable.EMPTY)
    try:
        message = BytesParser().parsebytes(content)
        said, told = _what_is_said(message)
        return _naming(said, message, told)
    except RecursionError:
        return Report(Kind.UNREADABLE, why=Unreadable.TOO_DEEP)


def _what_is_said(message: Message) -> tuple[Report, Message]:
    """What the outermost report in this mail says, and the part that holds it together with what it returns."""
    for part in _outermost_first(message):
        told = [child for child in _children(part) if child.get_content_type() in _STATUS_PARTS]
        if told:
            return _status(told[0]), part
        told = [child for child in _children(part) if child.get_content_type() == "message/feedback-report"]
        if told:
            return _feedback(told[0]), part
        if any(child.get_content_type() in _RECEIPT_PARTS for child in _children(part)):
            return Report(Kind.REPLIED), part
    return _without_report(message), message


def _without_report(message: Message) -> Report:
    sender = parseaddr(_text(message, "From"))[1].partition("@")[0].lower()
    if message.get_content_type() == "multipart/report":
        return Report(Kind.UNREADABLE, why=Unreadable.NO_STATUS)
    if _text(message, "X-Failed-Recipients") or sender in _DAEMONS:
        return Report(Kind.UNREADABLE, why=Unreadable.OLD_BOUNCE)
    submitted = _text(message, "Auto-Submitted").lower()
    is_automatic = submitted.startswith("auto-replied") or any(
        _text(message, name) for name in ("X-Autoreply", "X-Autorespond", "X-Auto-Reply")
    )
    if is_automatic or _text(message, "Precedence").lower() in ("auto_reply", "auto-reply"):
        return Report(Kind.REPLIED)
    return Report(Kind.UNREADABLE, why=Unreadable.NOT_A_REPORT)


def _status(part: Message) -> Report:
    """RFC 3464: a group of fields about the message, then one about each recipient; ours had one, a forwarder may make more."""
    said = [found for group in _groups(part) if (found := _of_recipient(group)) is not None]
    if not said:
        return Report(Kind.UNREADABLE, why=Unreadable.NO_STATUS)
    for kind in (Kind.DELIVERED, Kind.FAILED, Kind.DELAYED):
        for report in said:
            if report.kind is kind:
                return report
    return said[0]


def _of_recipient(group: Message) -> Report | None:
    """What is said of one recipient; None for the group about the message."""
    action = _text(group, "Action").partition(" ")[0].strip(";,").lower()
    status = _status_code(group)
    if action in ("delivered", "relayed", "expanded"):
        return Report(Kind.DELIVERED, status)
    if action == "delayed":
        return Report(Kind.DELAYED, status)
    if action == "failed":
        return Report(Kind.FAILED, status)
    if action:
        return Report(Kind.UNREADABLE, status, Unreadable.UNKNOWN_ACTION)
    kinds = {"5": Kind.FAILED, "4": Kind.DELAYED, "2": Kind.DELIVERED}
    return Report(kinds[status[0]], status) if status else None


def _status_code(group: Message) -> str:
    """The status; where it is as general as 5.0.0, what the server that was spoken to said instead."""
    found = _STATUS.search(_text(group, "Status"))
    said = _STATUS.search(_text(group, "Diagnostic-Code"))
    if found is None or (found.group(2) == "0" and said is not None and said.group(1) == found.group(1)):
        found = said
    return ".".join(found.groups()) if found is not None else ""


def _feedback(part: Message) -> Report:
    """RFC 5965. A recipient who takes "unwanted" back has at least received the letter."""
    kinds = {_text(group, "Feedback-Type").partition(";")[0].strip().lower() for group in _groups(part)} - {""}
    if kinds & {"abuse", "fraud", "opt-out", "opt-out-list"}:
        return Report(Kind.COMPLAINED)
    if kinds == {"not-spam"}:
        return Report(Kind.DELIVERED)
    return Report(Kind.UNREADABLE, why=Unreadable.OTHER_FEEDBACK if kinds else Unreadable.NO_STATUS)


def _groups(part: Message) -> list[Message]:
    """The groups of fields in a part that consists of them."""
    payload = part.get_payload()
    groups = [one for one in payload if isinstance(one, Message)] if isinstance(payload, list) else []
    if isinstance(payload, str):
        groups = [_headers_of(_decoded(part))]
    if groups and not any(group.keys() for group in groups):
        # Some servers encode the fields, which the standard forbids: the parser has then found no field.
        groups = _blocks(_from_base64("".join(_own_text(group) for group in groups)))
    elif len(groups) == 1:
        # RFC 6533's kind of part is taken for a letter: the further groups are its text.
        groups += _blocks(_own_text(groups[0]).encode("ascii", "replace"))
    return groups[:_MOST_PARTS]


def _blocks(content: bytes) -> list[Message]:
    """Groups of fields with empty lines between them."""
    return [_headers_of(block) for block in re.split(rb"\r?\n[ \t]*\r?\n", content)[:_MOST_PARTS]]


def _naming(said: Report, message: Message, told: Message) -> Report:
    """The report with everything by which it names the letter."""
    ids: list[str] = []
    tags = _tags(message, _ADDRESSED)
    for part in _children(told) if told.is_multipart() else ():
        kind = part.get_content_type()
        letter = _returned(part, kind)
        if letter is not None:
            ids += _message_ids(letter, ("Message-ID",))
            tags += _tags(letter, ("Return-Path",))
        elif kind == "message/feedback-report" or kind in _RECEIPT_PARTS:
            for group in _groups(part):
                ids += _message_ids(group, ("Original-Message-ID",))
                tags += _tags(group, ("Original-Mail-From",))
    if not ids:
        ids = _message_ids(message, ("In-Reply-To", "References"))
    return replace(said, message_ids=_few(ids), tags=_few(tags))


def _returned(part: Message, kind: str) -> Message | None:
    """The headers of the letter that this part gives back, if it does."""
    if kind in _WHOLE_LETTERS:
        inner = part.get_payload()
        if isinstance(inner, list) and inner and isinstance(inner[0], Message):
            # Encoded as a whole, which the standard forbids, it seems to have no headers.
            return inner[0] if inner[0].keys() else _headers_of(_from_base64(_own_text(inner[0])))
        return _headers_of(_decoded(part))
    return _headers_of(_decoded(part)) if kind in _ONLY_HEADERS else None


def _outermost_first(message: Message) -> Iterator[Message]:
    """The multiparts of a mail, those nearest to its surface first, into forwarded mails as well."""
    level, seen = [message], 0
    while level and seen < _MOST_PARTS:
        for part in level:
            seen += 1
            yield part
        level = [child for part in level for child in _children(part)][:_MOST_PARTS]


def _children(part: Message) -> list[Message]:
    payload = part.get_payload()
    if part.get_content_type() in _STATUS_PARTS or not isinstance(payload, list):
        return []
    return [child for child in payload[:_MOST_PARTS] if isinstance(child, Message)]


def _text(message: Message, name: str) -> str:
    """A header on one line, whatever its bytes."""
    return " ".join(str(message.get(name, "")).split())


def _own_text(message: Message) -> str:
    payload = message.get_payload()
    return payload if isinstance(payload, str) else ""


def _decoded(part: Message) -> bytes:
    payload = part.get_payload(decode=True)
    return payload if isinstance(payload, bytes) else b""


def _from_base64(text: str) -> bytes:
    try:
        return base64.b64decode("".join(text.split()).encode("ascii", "ignore"))
    except binascii.Error:
        return b""


def _headers_of(content: bytes) -> Message:
    return BytesParser().parsebytes(content.lstrip(), headersonly=True)


def _message_ids(message: Message, names: Iterable[str]) -> list[str]:
    return [found for name in names for value in message.get_all(name, []) for found in _MESSAGE_ID.findall(str(value))]


def _tags(message: Message, names: Iterable[str]) -> list[str]:
    values = (str(value) for name in names for value in message.get_all(name, []))
    return [found.lower() for value in values for found in _TAG.findall(value)]


def _few(names: list[str]) -> tuple[str, ...]:
    """Each once, in order."""
    return tuple(dict.fromkeys(names))[:_MOST_NAMES]
