"""The sender on a letter's envelope: where mail servers report what became of it, and by what a report names the letter."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.utils.crypto import constant_time_compare, salted_hmac

from clinic.mailer.letters import sender_address

#: Half of what the keyed check could be: with 64 bits nobody guesses one, and the address stays within its 64 characters.
_CHECK_LENGTH = 16
_TAG_LENGTH = 32 + _CHECK_LENGTH
#: RFC 5321 section 4.5.3.1.1 gives the part before the @ 64 characters; the plus sign and the tag take 49.
LONGEST_MAILBOX = 64 - _TAG_LENGTH - 1


def return_path(public_id: uuid.UUID) -> str:
    """Return the envelope's sender of this message: the mailbox for reports with its tag; without one, the letters' sender."""
    mailbox, _at, domain = settings.REPORT_ADDRESS.rpartition("@")
    if not mailbox:
        return sender_address()
    return f"{mailbox}+{public_id.hex}{_check(public_id.hex)}@{domain}"


def message_named_by(tag: str) -> uuid.UUID | None:
    """Return the public id of the message that this tag was made for; None unless this installation made it."""
    named, check = tag[:32].lower(), tag[32:].lower()
    if len(tag) != _TAG_LENGTH or not constant_time_compare(_check(named), check):
        return None
    return uuid.UUID(hex=named)


def _check(named: str) -> str:
    return salted_hmac("clinic.mailer.envelope", named, algorithm="sha256").hexdigest()[:_CHECK_LENGTH]
