"""Turns messages into letters: today's facts into neutral words, with links minted for this one sending."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation
from django.utils.formats import date_format
from django.utils.html import escape
from django.utils.translation import gettext as _

from clinic import links
from clinic.links import LinkPurpose, PatientLink
from clinic.mailer import Calendar, Letter
from clinic.practice.models import Clinic
from clinic.reminders.addresses import envelope_form
from clinic.reminders.letter_wordings import STANDARD, Words
from clinic.reminders.models import Message
from clinic.reminders.rules import RULES, Family
from clinic.reminders.steps import Step
from clinic.rows import insert_new
from clinic.scheduling.calendar_file import calendar_file
from clinic.scheduling.models import Appointment
from clinic.treatments.models import FollowUp

#: What a letter says of a visit.
_OF_VISIT = ("day", "time", "place", "address")
#: Who a letter that is only looked at is written to, and where its links lead: nowhere.
SPECIMEN_NAME = "Anna"
DEAD_LINK = "#"
_PLACE = "here"


@dataclass(frozen=True, slots=True)
class Tokens:
    """The links of one sending; each may be empty."""

    act: str = ""
    stop: str = ""
    #: To book for the other follow-ups that the letter tells of.
    others: tuple[str, ...] = ()


def load(message_ids: Iterable[int]) -> dict[int, Message]:
    """Return these messages with everything a letter may tell, in one query."""
    found = Message.objects.select_related(
        "patient__clinic", "follow_up", "appointment__clinic", "appointment__kind", "appointment__follow_up"
    )
    return found.in_bulk(list(message_ids))


def mint_all(messages: Mapping[Message, Sequence[int]], *, now: datetime) -> dict[int, Tokens]:
    """Mint the links of these sendings in one statement. The tokens are kept nowhere but in the letters.

    With each message come the keys of the other follow-ups that it tells of. A message about what belongs to somebody else has no
    links: it must not go.
    """
    minted: dict[int, Tokens] = {}
    found: list[PatientLink] = []
    keys = {pk for also_about in messages.values() for pk in also_about}
    follow_ups = FollowUp.objects.in_bulk(keys) if keys else {}
    for message, also_about in messages.items():
        try:
            minted[message.pk], its_links = _mint(message, [follow_ups[pk] for pk in also_about], now)
        except (KeyError, ValueError):
            continue
        found.extend(its_links)
    insert_new(PatientLink, [_row(link) for link in found])
    return minted


def write(message: Message, tokens: Tokens, *, now: datetime, words: Words = STANDARD) -> Letter:
    """Return the letter in the patient's language, with the clinic's `words` where it has its own.

    Raises whatever its templates raise: such a message is given up.
    """
    act_url, stop_url = _url("portal:link-show", tokens.act), _url("portal:emails-stop", tokens.stop)
    other_urls = [_url("portal:link-show", token) for token in tokens.others]
    return _written(message, act_url, stop_url, other_urls, now=now, words=words)


def rehearse(message: Message, *, also_about: Sequence[int], now: datetime, words: Words = STANDARD) -> Letter:
    """Return the letter as `write` would, but with links that lead nowhere: none is minted. `message` need not be stored."""
    act_url = DEAD_LINK if _leads_to(message) is not None else ""
    return _written(message, act_url, DEAD_LINK, [DEAD_LINK] * len(also_about), now=now, words=words)


def _written(message: Message, act_url: str, stop_url: str, other_urls: Sequence[str], *, now: datetime, words: Words) -> Letter:
    patient = message.patient
    if patient is None:
        raise ValueError("A letter needs a patient.")
    clinic = patient.clinic
    told = {"given_name": _plain(patient.given_name), "act_url": act_url, "stop_url": stop_url}
    told |= {f"other_url_{number}": url for number, url in enumerate(other_urls)}
    with translation.override(message.language):
        if message.appointment is not None:
            told |= _visit(message.appointment)
        sheet = _sheet(
            message.letter,
            message.language,
            _signed_by(clinic, message.language),
            tuple(name for name, value in told.items() if value),
            words,
        )
        return Letter(
            to=envelope_form(patient.email),
            sender_name=clinic.sender_name,
            reply_to=clinic.reply_to,
            subject=sheet.subject,
            text=_filled(sheet.text, told),
            html=_filled(sheet.html, {name: escape(value) for name, value in told.items()}),
            message_id=message.message_id,
            unsubscribe_url=told["stop_url"],
            calendar=_calendar(message, now),
        )


@dataclass(frozen=True, slots=True)
class _Sheet:
    """A letter as the clinic writes it to everybody, with gaps where it says what is one patient's own."""

    subject: str
    text: str
    html: str


@lru_cache(maxsize=512)
def _sheet(letter: str, language: str, clinic: tuple[str, str, str], given: tuple[str, ...], words: Words) -> _Sheet:
    """Render the templates once for all letters of a kind: most of a letter's cost is what they all have in common."""
    gaps = {name: _gap(name) for name in given}
    sender_name, phone, emergency_text = clinic
    context = {
        "sender_name": sender_name,
        "phone": phone,
        "emergency_text": emergency_text,
        "visit": {name: gaps.get(name, "") for name in _OF_VISIT} if _OF_VISIT[0] in gaps else None,
        "other_urls": [gap for name, gap in gaps.items() if name.startswith("other_url_")],
        "paragraph_break": "\n\n",
        "opening": _paragraphs(_with_gaps(words.opening, sender_name, gaps)),
        **gaps,
    }
    folder = f"email/{letter}"
    return _Sheet(
        subject=_with_gaps(words.subject, sender_name, {}) or render_to_string(f"{folder}/subject.txt", context).strip(),
        text=render_to_string(f"{folder}/body.txt", context),
        html=render_to_string(f"{folder}/body.html", context),
    )


def specimen(clinic: Clinic, *, letter: str, language: str, words: Words, has_visit: bool, now: datetime) -> Letter:
    """Return the letter as an invented patient would get it. Its links lead nowhere, and it is addressed to nobody."""
    told = {"given_name": SPECIMEN_NAME, "act_url": DEAD_LINK, "stop_url": DEAD_LINK}
    with translation.override(language):
        if has_visit:
            told |= _moment(now + timedelta(days=14), clinic)
        given = tuple(name for name, value in told.items() if value and (name != "act_url" or letter != "correction"))
        sheet = _sheet(letter, language, _signed_by(clinic, language), given, words)
        return Letter(
            to="",
            sender_name=clinic.sender_name,
            reply_to=clinic.reply_to,
            subject=sheet.subject,
            text=_filled(sheet.text, told),
            html=_filled(sheet.html, {name: escape(value) for name, value in told.items()}),
            message_id="",
        )


def _signed_by(clinic: Clinic, language: str) -> tuple[str, str, str]:
    """The clinic's neutral name, its phone and what to do in an emergency, as they stand in every letter in this language."""
    return _plain(clinic.sender_name), _plain(clinic.phone), _plain(clinic.emergency_text_in(language))


def _with_gaps(text: str, sender_name: str, gaps: Mapping[str, str]) -> str:
    """A clinic's own text with its variables as gaps; one that the letter does not have stays empty."""
    known = {"clinic": sender_name, **{name: gaps.get(name, "") for name in ("given_name", "day", "time")}}
    for name, value in known.items():
        text = text.replace(f"{{{name}}}", value)
    return text


def _paragraphs(text: str) -> list[str]:
    return [" ".join(paragraph.split()) for paragraph in re.split(r"\n\s*\n", text) if paragraph.strip()]


def _gap(name: str) -> str:
    """What stands for a patient's own words until they are filled in: marks for private use, which no plain text holds."""
    return f"\ue000{name}\ue001"


def _filled(sheet: str, told: Mapping[str, str]) -> str:
    for name, value in told.items():
        sheet = sheet.replace(_gap(name), value)
    return sheet


def _mint(message: Message, others: Sequence[FollowUp], now: datetime) -> tuple[Tokens, list[PatientLink]]:
    patient = message.patient
    purpose = _leads_to(message)
    prepared: list[tuple[str, PatientLink]] = []
    if purpose is LinkPurpose.VISIT:
        prepared.append(links.prepare(purpose=purpose, patient=patient, appointment=message.appointment, now=now))
    elif purpose is LinkPurpose.BOOK:
        prepared.append(links.prepare(purpose=purpose, patient=patient, follow_up=message.follow_up, now=now))
    act = prepared[0][0] if prepared else ""
    more = [links.prepare(purpose=LinkPurpose.BOOK, patient=patient, follow_up=other, now=now) for other in others]
    prepared += more
    consent_purpose = RULES[Step(message.step)].purpose
    stop, link = links.prepare(purpose=LinkPurpose.STOP, patient=patient, consent_purpose=consent_purpose, now=now)
    return Tokens(act, stop, tuple(token for token, _link in more)), [*(link for _token, link in prepared), link]


def _leads_to(message: Message) -> LinkPurpose | None:
    """What the link of this letter is for: the visit that it tells of, or to book one; None if it has no such link."""
    rule = RULES[Step(message.step)]
    if message.appointment is not None and rule.family is not Family.MISSED and rule.change != "CANCELLED":
        return LinkPurpose.VISIT
    if message.follow_up is not None and rule.family is not Family.CORRECTION:
        return LinkPurpose.BOOK
    return None


def _row(link: PatientLink) -> dict[str, Any]:
    return {field.attname: getattr(link, field.attname) for field in PatientLink._meta.concrete_fields if not field.primary_key}


def _url(name: str, token: str) -> str:
    return _address(name, settings.SITE_URL).replace(_PLACE, token) if token else ""


@lru_cache(maxsize=8)
def _address(name: str, site_url: str) -> str:
    """Where links of a kind lead; of a token, which needs no quoting in an address, only its place is known."""
    return site_url + reverse(name, args=[_PLACE])


def _plain(text: str) -> str:
    """A name on one line, whatever was typed into it."""
    return " ".join("".join(character if character.isprintable() else " " for character in text).split())


def _visit(appointment: Appointment) -> dict[str, str]:
    """What a letter says of a visit: when by the clinic's wall, and where. Never with whom or what for."""
    return _moment(appointment.starts_at, appointment.clinic)


def _moment(starts_at: datetime, clinic: Clinic) -> dict[str, str]:
    local = starts_at.astimezone(clinic.zone)
    return {
        "day": date_format(local, _("l j F Y")),
        "time": date_format(local, "H:i"),
        "place": _plain(clinic.sender_name),
        "address": _plain(clinic.address),
    }


def _calendar(message: Message, now: datetime) -> Calendar | None:
    rule = RULES[Step(message.step)]
    if message.appointment is None or rule.family not in (Family.CHANGE, Family.VISIT):
        return None
    method = "CANCEL" if rule.change == "CANCELLED" else "PUBLISH"
    return Calendar(calendar_file(message.appointment, host=settings.SITE_HOST, method=method, now=now), method)
