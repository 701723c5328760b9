"""The follow-up list as people read it: every line put into words once, so that the template only lays them out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from uuid import UUID
from zoneinfo import ZoneInfo

from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.http import urlencode
from django.utils.safestring import SafeString
from django.utils.translation import gettext, gettext_lazy, ngettext

from clinic.care.worklist import Entry, Stage
from clinic.patients.models import HoldReason, PatientStatus, Side
from clinic.staff.names import Kind, Names
from clinic.staff.next_letters import Letters
from clinic.staff.pictures.body_map import units_text
from clinic.staff.pictures.window_bar import Axis, WindowFacts
from clinic.treatments.models import ContactOutcome, FollowUpState, StopReason

_NOBODY = UUID(int=0)
#: Ended other than by staff, in words.
_OVER: dict[str, Promise] = {
    str(FollowUpState.TREATED): gettext_lazy("treated again"),
    str(FollowUpState.VOID): FollowUpState.VOID.label,
}
#: Called when a page is written, so that each reads in the reader's language.
STAGE_WORDS: dict[Stage, Callable[[], str]] = {
    Stage.OVERDUE: lambda: gettext("Overdue"),
    Stage.CLOSING: lambda: gettext("Closing"),
    Stage.OPEN: lambda: gettext("Open"),
    Stage.APPROACHING: lambda: gettext("Approaching"),
    Stage.BOOKED: lambda: gettext("Booked"),
    Stage.WAITING: lambda: gettext("Waiting"),
    Stage.ON_HOLD: lambda: gettext("On hold"),
    Stage.STOPPED: lambda: gettext("Stopped"),
}
_WANTS_BOOKING = {Stage.OVERDUE, Stage.CLOSING, Stage.OPEN, Stage.APPROACHING}


@dataclass(frozen=True, slots=True)
class Rights:
    """What the reader may do at a clinic."""

    work: bool
    book: bool


@dataclass(frozen=True, slots=True)
class Reader:
    """For whom and for which day a line is written."""

    as_of: date
    zone: ZoneInfo
    rights: Rights
    names: Names
    #: Where the reader returns to after doing something.
    back_to: str
    language: str | None


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the list, in words."""

    name: str
    url: str
    about: str
    indication: str
    treatment: str
    facts: WindowFacts
    stage: str
    stage_words: str
    #: Why it is on hold or was stopped.
    stage_note: str
    next_words: str
    next_reason: str
    contacts: str
    last_contact: str
    book_url: str
    #: Booking is what this line waits for.
    wants_booking: bool
    visit_url: str
    #: (word, address) of what else can be done.
    actions: tuple[tuple[str, str], ...]
    #: What its tick stands for; empty where the reader may do nothing to it.
    tick: str
    assignee: str


def line(entry: Entry, letters: Letters, reader: Reader) -> Line:
    """One entry in words, with its letters."""
    stage = entry.stage(reader.as_of)
    runs = entry.state == FollowUpState.ACTIVE
    over = _OVER.get(entry.state)
    side = Side(entry.side)
    product = reader.names.of(Kind.PRODUCT, entry.product_id)
    given = f"{product} {units_text(entry.units)} U" if entry.units is not None else product
    if entry.version is not None and entry.version > 1:
        given = gettext("%(given)s, amended") % {"given": given}
    tries = ngettext("%(number)d try", "%(number)d tries", entry.contacts) % {"number": entry.contacts}
    back = f"?{urlencode({'next': reader.back_to})}"
    work = (
        (gettext("Log contact"), "staff:follow-up-contact"),
        (gettext("Snooze"), "staff:follow-up-snooze"),
        (gettext("Stop"), "staff:follow-up-stop"),
    )
    return Line(
        name=f"{entry.given_name} {entry.family_name}",
        url=_address("staff:follow-up-show")(entry.public_id),
        about=f"{entry.record_number} · {entry.age(reader.as_of)}",
        indication=reader.names.of(Kind.INDICATION, entry.indication_id),
        treatment=given if side == Side.NONE else f"{side.label} · {given}",
        facts=_window_facts(entry, letters.sent, reader.zone),
        stage="treated" if over else stage,
        stage_words=str(over) if over else _stage_words(entry, stage, reader),
        stage_note=_stage_note(entry, stage),
        next_words=letters.coming.headline if letters.coming else "–",
        next_reason=letters.coming.text if letters.coming else "",
        contacts=tries if entry.contacts else "–",
        last_contact=str(ContactOutcome(entry.last_outcome).label) if entry.last_outcome else "",
        book_url=_address("staff:appointment-book")(entry.public_id) + back
        if runs and reader.rights.book and entry.appointment_at is None
        else "",
        wants_booking=stage in _WANTS_BOOKING,
        visit_url=_address("staff:appointment-show")(entry.appointment_public_id) if entry.appointment_public_id else "",
        actions=tuple((word, _address(name)(entry.public_id) + back) for word, name in work)
        if runs and reader.rights.work
        else (),
        tick=str(entry.public_id) if reader.rights.work else "",
        assignee=gettext("%(person)s works on it") % {"person": entry.worked_on_by} if entry.worked_on_by and runs else "",
    )


@lru_cache(maxsize=2000)
def row(entry: Entry, letters: Letters, reader: Reader) -> SafeString:
    """The table row of an entry. The same facts for the same reader give the same row, so it is laid out only once.

    A list is opened again and again while most of its rows stay as they are; laying one out costs more than all else about it.
    """
    written = line(entry, letters, reader)
    return render_to_string("staff/follow-up-line.html", {"line": written, "axis": Axis.around(reader.as_of)})


def day_words(day: date, as_of: date) -> str:
    """A day as lists write it: today, tomorrow, 3 Dec, 3 Dec 2027."""
    if day == as_of:
        return gettext("today")
    if day == as_of + timedelta(days=1):
        return gettext("tomorrow")
    return date_format(day, "j M" if day.year == as_of.year else "j M Y")


def _window_facts(entry: Entry, sent: tuple[datetime, ...], zone: ZoneInfo) -> WindowFacts:
    return WindowFacts(
        treated_on=entry.treated_on,
        opens_on=entry.opens_on,
        closes_on=entry.closes_on,
        suggested_from=entry.own_on or entry.suggested_from,
        suggested_until=entry.own_on or entry.suggested_until,
        worn_off_on=entry.worn_off_on,
        letters_on=tuple(at.astimezone(zone).date() for at in sent),
        appointment_on=entry.appointment_at.astimezone(zone).date() if entry.appointment_at else None,
    )


def _stage_words(entry: Entry, stage: Stage, reader: Reader) -> str:
    """What the pill says: the stage with the figure or the day that matters."""
    as_of = reader.as_of
    if stage is Stage.BOOKED and entry.appointment_at:
        return date_format(entry.appointment_at.astimezone(reader.zone).replace(tzinfo=None), "D j M H:i")
    if stage is Stage.STOPPED:
        return gettext("stopped")
    if stage is Stage.ON_HOLD:
        return _on_hold(entry, as_of)
    if stage is Stage.OVERDUE:
        days = (as_of - entry.closes_on).days
        return ngettext("%(days)d day over", "%(days)d days over", days) % {"days": days}
    if stage is Stage.CLOSING:
        return gettext("closes %(day)s") % {"day": day_words(entry.closes_on, as_of)}
    if stage is Stage.OPEN:
        return gettext("day %(day)d of window") % {"day": (as_of - entry.opens_on).days + 1}
    return gettext("opens %(day)s") % {"day": day_words(entry.opens_on, as_of)}


def _on_hold(entry: Entry, as_of: date) -> str:
    if entry.status != PatientStatus.ACTIVE:
        return str(PatientStatus(entry.status).label)
    if entry.hold_reason:
        return gettext("on hold")
    return gettext("snoozed until %(day)s") % {"day": day_words(entry.snoozed_until or as_of, as_of)}


def _stage_note(entry: Entry, stage: Stage) -> str:
    if stage is Stage.STOPPED:
        return str(StopReason(entry.stop_reason).label)
    if stage is not Stage.ON_HOLD or entry.status != PatientStatus.ACTIVE:
        return ""
    return str(HoldReason(entry.hold_reason).label) if entry.hold_reason else entry.snooze_note


@lru_cache
def _address(name: str) -> Callable[[UUID], str]:
    """What gives the address of a page for an id: looked up once, because fifty lines ask for it."""
    before, after = reverse(name, args=[_NOBODY]).split(str(_NOBODY))
    return lambda public_id: f"{before}{public_id}{after}"
