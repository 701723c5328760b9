"""Tells administrators by e-mail that letters stand still: without Celery, and if need be without the database."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from html import escape

from django.conf import settings

from clinic.accounts import User
from clinic.mailer import Dialogue, Ended, Letter, Unsendable, Verdict, compose, sender_address
from clinic.practice.models import Role
from clinic.reminders.mark import Remembered


def is_due(known: Remembered, level: str, *, every: timedelta, now: datetime) -> bool:
    """Whether somebody must be told now: of a change, and of what lasts again after `every`; of one level never sooner.

    That all is well is told only after an alarm.
    """
    if level == "green" and known.told in ("", "green"):
        return False
    last = {"green": known.told_green_at, "amber": known.told_amber_at, "red": known.told_red_at}[level]
    return last is None or now - last >= every


def recipients(*, with_administrators: bool) -> list[str]:
    """Who is told: the addresses of the setting ADMINS, and every clinic's administrators if the database answers."""
    addresses = [address for _name, address in settings.ADMINS]
    if with_administrators:
        people = User.objects.filter(is_active=True, memberships__role=Role.ADMIN).order_by("pk").distinct()
        addresses += people.values_list("email", flat=True)
    return list(dict.fromkeys(address for address in addresses if address))


def tell(addresses: list[str], *, subject: str, text: str, now: datetime) -> int:
    """Hand one e-mail to each address, on one connection; return how many the mail server took."""
    taken = 0
    with Dialogue() as dialogue:
        for address in addresses:
            try:
                content = compose(_letter(address, subject, text), at=now)
                dialogue.open()
                dialogue.address(address)
                taken += dialogue.give(content).verdict is Verdict.SENT
            except (Ended, Unsendable):
                # The others may still be reached, and whoever called is told how many were not.
                continue
    return taken


def _letter(address: str, subject: str, text: str) -> Letter:
    return Letter(
        to=address,
        sender_name=settings.SITE_HOST,
        reply_to=sender_address(),
        subject=subject,
        text=text,
        html=f"<!DOCTYPE html><html><body><pre>{escape(text)}</pre></body></html>",
        message_id=f"<{uuid.uuid4()}@{settings.SITE_HOST}>",
    )
