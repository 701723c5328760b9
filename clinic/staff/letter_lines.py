"""The rows of the lists of letters, and what a person may decide about each."""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.http import urlencode
from django.utils.translation import gettext_lazy as _

from clinic.patients.models import Patient
from clinic.reminders.models import DeliveryAttempt, Message, MessageState
from clinic.reminders.services import Coming, Explanation, explain, forecast, handle_of, owed_on
from clinic.reminders.states import HELD_BY_PERSON, PROBLEMS, State
from clinic.reminders.wording import known_words, moment_words, reason_words
from clinic.treatments.models import FollowUp


@dataclass(frozen=True, slots=True)
class Choice:
    """A decision that a person may make: its code, its word, and whether it is the usual one."""

    code: str
    word: Promise
    is_usual: bool = False


AGAIN = Choice("again", _("Send again"), is_usual=True)
SENT = Choice("sent", _("It arrived"), is_usual=True)
LET_BE = Choice("let-be", _("Let it be"))
HOLD = Choice("hold", _("Hold back"))
RELEASE = Choice("release", _("Release"), is_usual=True)


def choices_for(message: Message) -> tuple[Choice, ...]:
    """Return what a person may decide about a message where it stands."""
    match State(message.state):
        case State.UNKNOWN:
            return (SENT, Choice(AGAIN.code, AGAIN.word), LET_BE)
        case State.FAILED | State.DEAD:
            return (AGAIN, LET_BE)
        case State.HELD:
            return (RELEASE, LET_BE) if message.reason == HELD_BY_PERSON else (LET_BE,)
        case State.READY:
            return (HOLD,)
        case _:
            return ()


@dataclass(frozen=True, slots=True)
class MessageLine:
    """One message in a list."""

    message: Message
    when: str
    reason: str
    choices: tuple[Choice, ...]
    #: For one that needs a person: how far the dialogue with the mail server came, and its codes.
    known: str = ""


@dataclass(frozen=True, slots=True)
class AttemptLine:
    """One step of a message's way."""

    attempt: DeliveryAttempt
    origin: str
    target: str
    outcome: str


@dataclass(frozen=True, slots=True)
class ComingLine:
    """One letter or task that will come."""

    patient: Patient
    coming: Coming
    when: str
    #: Where the letter can be seen as it would go; empty for a task.
    preview_url: str


@dataclass(frozen=True, slots=True)
class NothingLine:
    """One follow-up about which nothing will go, and why."""

    follow_up: FollowUp
    reason: str


def message_lines(messages: Sequence[Message], *, now: datetime, deciding: Container[int]) -> list[MessageLine]:
    """Rows of messages loaded with patient and clinic; with decisions where the clinic is among `deciding`."""
    known = _known([message for message in messages if message.state in PROBLEMS])
    return [
        MessageLine(
            message,
            moment_words(_shown_moment(message), message.clinic.zone, at=now),
            reason_words(message.reason) if message.reason else "",
            choices_for(message) if message.clinic_id in deciding else (),
            known.get(message.pk, ""),
        )
        for message in messages
    ]


def _known(messages: Sequence[Message]) -> dict[int, str]:
    """By message: what is known of its last dialogue with the mail server. One query, none without messages."""
    if not messages:
        return {}
    dialogues = DeliveryAttempt.objects.filter(message__in=messages).exclude(phase="").order_by("pk")
    rows = dialogues.values_list("message_id", "phase", "smtp_code", "enhanced_code")
    return {message_id: known_words(phase, code, enhanced) for message_id, phase, code, enhanced in rows}


def attempt_lines(message: Message) -> list[AttemptLine]:
    """The way of a message, the newest step first."""
    words = dict(MessageState.choices)
    return [
        AttemptLine(row, str(words.get(row.from_state, "")), str(words.get(row.to_state, "")), reason_words(row.outcome))
        for row in message.delivery_attempts.select_related("by_user").order_by("-pk")
    ]


def coming_lines(patients: Sequence[Patient], *, now: datetime, until: datetime) -> list[ComingLine]:
    """What will come to these patients until then and is not yet written down, in the order of its time."""
    by_key = {patient.pk: patient for patient in patients}
    return [
        _coming_line(by_key[coming.patient_id], coming, now)
        for coming in forecast(patient_ids=by_key, at=now, until=until)
        if not coming.is_ready
    ]


def day_lines(patients: Sequence[Patient], *, now: datetime, day: date) -> list[ComingLine]:
    """What goes to these patients on that day if nothing changes until then, in the order of its time."""
    by_key = {patient.pk: patient for patient in patients}
    return [_coming_line(by_key[coming.patient_id], coming, now) for coming in owed_on(patient_ids=by_key, at=now, day=day)]


def nothing_lines(follow_ups: Sequence[FollowUp], *, now: datetime) -> list[NothingLine]:
    """Those of these follow-ups about which nothing will go, each with the one reason."""
    explained = explain(patient_ids={follow_up.patient_id for follow_up in follow_ups}, at=now)
    lines = []
    for follow_up in follow_ups:
        explanation = explained.get(follow_up.patient_id, {}).get(follow_up.pk)
        if explanation is not None and not explanation.will_go:
            lines.append(NothingLine(follow_up, explanation.text))
    return lines


def horizon(until: str, *, now: datetime, zone: ZoneInfo) -> datetime:
    """The end of the stretch that a list looks ahead: of this local day, or seven days from now."""
    if until != "today":
        return now + timedelta(days=7)
    local = now.astimezone(zone)
    return local.replace(hour=23, minute=59, second=59, microsecond=999999)


def preview_url(patient_id: UUID, coming: Coming | Explanation) -> str:
    """Where the letter that comes can be seen as it would go; empty where none does. `patient_id` is the public one."""
    if coming.is_task or not coming.key:
        return ""
    return f"{reverse('staff:letter-preview', args=[patient_id])}?{urlencode({'letter': handle_of(coming.key)})}"


def _coming_line(patient: Patient, coming: Coming, now: datetime) -> ComingLine:
    when = moment_words(coming.when, patient.clinic.zone, at=now)
    return ComingLine(patient, coming, when, preview_url(patient.public_id, coming))


def _shown_moment(message: Message) -> datetime:
    """When it went; when it may go, for one that waits; else when it last moved."""
    if message.state == State.READY:
        return message.ready_at
    return message.sent_at or message.changed_at
