"""A patient's history as people read it: every entry put into words once, so that the template only lays them out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, tzinfo
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import F, QuerySet
from django.db.models.functions import Coalesce, TruncDate
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from clinic.care.happenings import shaped
from clinic.care.timeline import Entry, Kind
from clinic.patients.models import ConsentPurpose, HoldReason, Side
from clinic.reminders.models import Message, MessageState
from clinic.reminders.wording import step_words
from clinic.safety.models import Outcome, ReviewResult, Severity, SideEffectState, Urgency
from clinic.scheduling.models import ChangeKind
from clinic.staff.pictures.body_map import units_text
from clinic.treatments.models import ContactChannel, ContactOutcome, DocumentKind, SessionState, StopReason

#: Letters that went, were tried, or wait for a person. Those not yet due, or no longer, did not happen.
_LETTERS_TOLD = (
    MessageState.SENT,
    MessageState.UNKNOWN,
    MessageState.FAILED,
    MessageState.DEAD,
    MessageState.BOUNCED,
    MessageState.COMPLAINED,
    MessageState.HELD,
)


@dataclass(frozen=True, slots=True)
class Pill:
    """A state with its word, for the status pill."""

    kind: str
    state: str
    word: str


@dataclass(frozen=True, slots=True)
class Line:
    """One entry in words. `mark` is the look of its dot; `url` leads to what it is about, where the reader may go there."""

    on: date
    title: str
    text: str
    url: str = ""
    mark: str = ""
    pill: Pill | None = None
    #: It counts for nothing any more.
    is_struck: bool = False


@dataclass(frozen=True, slots=True)
class Reader:
    """For whom lines are written."""

    zone: ZoneInfo
    may_see_log: bool
    may_see_letters: bool
    language: str | None


def letters(patient_id: int, zone: tzinfo) -> Iterator[QuerySet[Any, Any]]:
    """The patient's letters as rows of a timeline: state, step and reason."""
    at = Coalesce("sent_at", "changed_at")
    yield shaped(
        Message.objects.filter(patient_id=patient_id, state__in=_LETTERS_TOLD),
        kind=Kind.LETTER,
        event="LETTER",
        on=TruncDate(at, tzinfo=zone),
        at=at,
        public_id="public_id",
        state=F("state"),
        what=F("step"),
        detail=F("reason"),
    )


@lru_cache(maxsize=4000)
def item(entry: Entry, reader: Reader) -> SafeString:
    """The list item of an entry. The same entry for the same reader gives the same item, so it is laid out only once."""
    return render_to_string("staff/patient-history-line.html", {"line": line(entry, reader)})


def line(entry: Entry, reader: Reader) -> Line:
    """Put one entry into words for `reader`."""
    return _WRITERS[entry.kind](entry, reader)


def _treatment(entry: Entry, reader: Reader) -> Line:
    given = f"{entry.what} {units_text(entry.number)} U" if entry.number is not None else entry.what
    url = _address("staff:treatment-show", entry)
    if entry.event == "VOIDED":
        return Line(entry.on, _("Treatment void: %(given)s") % {"given": given}, _joined(entry.detail, entry.who), url)
    is_void = entry.state == SessionState.VOID
    void = Pill("treatment", entry.state, str(SessionState.VOID.label)) if is_void else None
    if entry.event == "AMENDED":
        title = _("Treatment amended: %(given)s") % {"given": given}
        return Line(entry.on, title, _joined(entry.detail, entry.who), url, pill=void, is_struck=is_void)
    side = Side(entry.detail)
    about = entry.about if side == Side.NONE else f"{entry.about}, {side.label}"
    amended = _("amended since") if entry.event == "SIGNED_AND_AMENDED" else ""
    title = _("Treated: %(given)s") % {"given": given}
    text = _joined(about, entry.who, amended)
    return Line(entry.on, title, text, url, mark="is-treatment", pill=void, is_struck=is_void)


def _side_effect(entry: Entry, reader: Reader) -> Line:
    url = _address("staff:side-effect-show", entry) if reader.may_see_log else ""
    if entry.event == "REVIEWED":
        title = _("Side effect reviewed: %(term)s") % {"term": entry.what}
        judged = _("caused by the treatment: %(word)s") % {"word": ReviewResult(entry.detail).label}
        return Line(entry.on, title, _joined(judged, entry.who), url, pill=_state(entry))
    if entry.event == "AMENDED":
        title = _("Side effect amended: %(term)s") % {"term": entry.what}
        return Line(entry.on, title, _joined(entry.detail, entry.who), url)
    title = _("Side effect: %(term)s") % {"term": entry.what}
    mark = "is-warning" if entry.about == Urgency.RED else ""
    if not reader.may_see_log:
        return Line(entry.on, title, _reported(entry, reader), url, mark)
    severity = str(Severity(int(entry.number)).label) if entry.number is not None else ""
    text = _joined(severity, str(Outcome(entry.detail).label), _reported(entry, reader))
    return Line(entry.on, title, text, url, mark, _state(entry))


def _state(entry: Entry) -> Pill:
    return Pill("side-effect", entry.state, str(SideEffectState(entry.state).label))


def _reported(entry: Entry, reader: Reader) -> str:
    day = date_format(entry.at.astimezone(reader.zone), "j M Y") if entry.at else ""
    who = _("the patient") if entry.by_patient else entry.who
    return _("reported %(day)s by %(who)s") % {"day": day, "who": who}


def _letter(entry: Entry, reader: Reader) -> Line:
    url = _address("staff:letter-show", entry) if reader.may_see_letters else ""
    title = _("Letter: %(step)s") % {"step": step_words(entry.what)}
    return Line(entry.on, title, "", url, pill=Pill("letter", entry.state, str(MessageState(entry.state).label)))


def _contact(entry: Entry, reader: Reader) -> Line:
    url = _address("staff:follow-up-show", entry)
    if entry.event == "STOPPED":
        title = _("Follow-up stopped: %(reason)s") % {"reason": StopReason(entry.state).label}
        return Line(entry.on, title, _joined(entry.what, entry.detail), url)
    channel, outcome = ContactChannel(entry.what).label, ContactOutcome(entry.state).label
    title = _("Contact, %(channel)s: %(outcome)s") % {"channel": channel, "outcome": outcome}
    return Line(entry.on, title, _joined(entry.detail, entry.who), url)


def _appointment(entry: Entry, reader: Reader) -> Line:
    when = date_format(entry.time.astimezone(reader.zone), "j M Y, H:i") if entry.time else ""
    title = _("Visit of %(when)s: %(change)s") % {"when": when, "change": ChangeKind(entry.event).label}
    who = _("by the patient") if entry.by_patient else entry.who
    text = _joined(_("with %(practitioner)s") % {"practitioner": entry.what}, entry.detail, who)
    return Line(entry.on, title, text, _address("staff:appointment-show", entry))


def _hold(entry: Entry, reader: Reader) -> Line:
    reason = HoldReason(entry.what).label
    title = _("Hold ended: %(reason)s") if entry.event == "CLEARED" else _("On hold: %(reason)s")
    return Line(entry.on, title % {"reason": reason}, _joined(entry.detail, entry.who))


def _consent(entry: Entry, reader: Reader) -> Line:
    purpose = ConsentPurpose(entry.what).label
    title = _("Agreed to: %(purpose)s") if entry.event == "GIVEN" else _("No longer agrees to: %(purpose)s")
    who = _("by the patient") if entry.by_patient else entry.who
    return Line(entry.on, title % {"purpose": purpose}, _joined(entry.detail, who))


def _document(entry: Entry, reader: Reader) -> Line:
    kind = DocumentKind(entry.what)
    is_photograph = kind is DocumentKind.PHOTOGRAPH
    # A paper has no page of its own: its address hands over the file.
    url = _address("staff:photograph-show", entry) if is_photograph else ""
    named = _joined(str(kind.label), entry.about)
    if entry.event == "WITHDRAWN":
        return Line(entry.on, _("Withdrawn: %(document)s") % {"document": named}, _joined(entry.detail, entry.who), url)
    title = _("Attached: %(document)s") % {"document": named}
    return Line(entry.on, title, entry.who, url, is_struck=entry.state == "WITHDRAWN")


def _joined(*parts: str) -> str:
    return " · ".join(part for part in parts if part)


def _address(name: str, entry: Entry) -> str:
    return reverse(name, args=[entry.public_id])


_WRITERS: dict[Kind, Callable[[Entry, Reader], Line]] = {
    Kind.TREATMENT: _treatment,
    Kind.SIDE_EFFECT: _side_effect,
    Kind.LETTER: _letter,
    Kind.CONTACT: _contact,
    Kind.APPOINTMENT: _appointment,
    Kind.HOLD: _hold,
    Kind.CONSENT: _consent,
    Kind.DOCUMENT: _document,
}
