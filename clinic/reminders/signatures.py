"""Who hands in a report over HTTP proves it by a signature over the time and the report. None counts twice."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from clinic.reminders.delivery_reports import UsedSignature

#: How far the caller's clock may be from ours, and how long a signature counts.
WINDOW = timedelta(minutes=5)


def signature(secret: str, timestamp: str, content: bytes) -> str:
    """Return the HMAC-SHA256, in hexadecimal digits, of the timestamp, a full stop and the content."""
    return hmac.new(secret.encode(), timestamp.encode() + b"." + content, hashlib.sha256).hexdigest()


def signed_at(timestamp: str) -> datetime | None:
    """Return the moment that a timestamp (seconds since 1970, whole, in digits) names; None if it names none."""
    if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= 11):
        return None
    return datetime.fromtimestamp(int(timestamp), tz=UTC)


def is_signed(given: str, *, secrets: Iterable[str], timestamp: str, content: bytes) -> bool:
    """Tell whether one of the secrets made this signature. Takes as long for a wrong one as for a right one."""
    right = [hmac.compare_digest(signature(secret, timestamp, content).encode(), given.encode()) for secret in secrets]
    return any(right)


def use_up(given: str, *, now: datetime) -> bool:
    """Note that this signature was used; False if it was used before. Call it in the transaction of what it allows."""
    UsedSignature.objects.filter(at__lt=now - 2 * WINDOW).delete()
    digest = hashlib.sha256(given.encode()).hexdigest()
    return UsedSignature.objects.get_or_create(digest=digest, defaults={"at": now})[1]
