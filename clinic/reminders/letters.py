"""Turns messages into letters: today's facts into neutral words, with links minted for this one sending."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import transaction
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from clinic import links
from clinic.links import LinkPurpose
from clinic.mailer import Calendar, Letter
from clinic.reminders.addresses import envelope_form
from clinic.reminders.models import Message
from clinic.reminders.rules import RULES, Family
from clinic.reminders.steps import Step
from clinic.scheduling.calendar_file import calendar_file
from clinic.scheduling.models import Appointment


@dataclass(frozen=True, slots=True)
class Tokens:
    """The links of one sending; each may be empty."""

    act: str = ""
    stop: str = ""


def load(message_ids: Iterable[int]) -> dict[int, Message]:
    """Return these messages with everything a letter may tell, in one query."""
    found = Message.objects.select_related(
        "patient__clinic", "follow_up", "appointment__clinic", "appointment__kind", "appointment__follow_up"
    )
    return found.in_bulk(list(message_ids))


def mint_all(messages: Iterable[Message], *, now: datetime) -> dict[int, Tokens]:
    """Mint the links of these sendings in one transaction. The tokens are kept nowhere but in the letters."""
    with transaction.atomic():
        return {message.pk: _mint(message, now) for message in messages}


def write(message: Message, tokens: Tokens, *, now: datetime) -> Letter:
    """Return the letter in the patient's language. Raises whatever its templates raise: such a message is given up."""
    patient = message.patient
    if patient is None:
        raise ValueError("A letter needs a patient.")
    clinic = patient.clinic
    context: dict[str, Any] = {
        "given_name": _plain(patient.given_name),
        "sender_name": _plain(clinic.sender_name),
        "phone": _plain(clinic.phone),
        "emergency_text": clinic.emergency_text,
        "act_url": _url("portal:link-show", tokens.act),
        "stop_url": _url("portal:emails-stop", tokens.stop),
    }
    folder = f"email/{message.letter}"
    with translation.override(message.language):
        context["visit"] = _visit(message.appointment) if message.appointment else None
        return Letter(
            to=envelope_form(patient.email),
            sender_name=clinic.sender_name,
            reply_to=clinic.reply_to,
            subject=render_to_string(f"{folder}/subject.txt", context).strip(),
            text=render_to_string(f"{folder}/body.txt", context),
            html=render_to_string(f"{folder}/body.html", context),
            message_id=message.message_id,
            unsubscribe_url=context["stop_url"],
            calendar=_calendar(message, now),
        )


def _mint(message: Message, now: datetime) -> Tokens:
    patient, appointment = message.patient, message.appointment
    rule = RULES[Step(message.step)]
    act = ""
    if appointment is not None and rule.change != "CANCELLED":
        act = links.mint(purpose=LinkPurpose.VISIT, patient=patient, appointment=appointment, now=now)
    elif message.follow_up is not None:
        act = links.mint(purpose=LinkPurpose.BOOK, patient=patient, follow_up=message.follow_up, now=now)
    stop = links.mint(purpose=LinkPurpose.STOP, patient=patient, consent_purpose=rule.purpose, now=now)
    return Tokens(act, stop)


def _url(name: str, token: str) -> str:
    return settings.SITE_URL + reverse(name, args=[token]) if token else ""


def _plain(text: str) -> str:
    """A name on one line, whatever was typed into it."""
    return " ".join("".join(character if character.isprintable() else " " for character in text).split())


def _visit(appointment: Appointment) -> dict[str, str]:
    """What a letter says of a visit: when by the clinic's wall, and where. Never with whom or what for."""
    local = appointment.starts_at.astimezone(appointment.clinic.zone)
    return {
        "day": date_format(local, _("l j F Y")),
        "time": date_format(local, "H:i"),
        "place": _plain(appointment.clinic.sender_name),
        "address": _plain(appointment.clinic.address),
    }


def _calendar(message: Message, now: datetime) -> Calendar | None:
    rule = RULES[Step(message.step)]
    if message.appointment is None or rule.family is Family.RETURN:
        return None
    method = "CANCEL" if rule.change == "CANCELLED" else "PUBLISH"
    return Calendar(calendar_file(message.appointment, host=settings.SITE_HOST, method=method, now=now), method)
