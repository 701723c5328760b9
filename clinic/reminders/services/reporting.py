"""Takes in what mail servers report of letters, and does what follows: once, however often a report comes."""

from __future__ import annotations

import hashlib
import logging
from datetime import datetime
from enum import StrEnum

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from clinic import audit
from clinic.mailer import message_named_by, says_address_is_bad
from clinic.mailer.reports import Kind, Report, read
from clinic.patients.models import TaskKind
from clinic.patients.services import look_again, withdraw_consent
from clinic.reminders import unread_reports
from clinic.reminders.addresses import address_hash
from clinic.reminders.delivery_reports import DeliveryReport
from clinic.reminders.models import Message, Suppression
from clinic.reminders.rules import RULES
from clinic.reminders.services.deciding import DecisionRefused
from clinic.reminders.states import State
from clinic.reminders.steps import Step
from clinic.reminders.suppressions import BOUNCED, COMPLAINED, have_phoned, suppress
from clinic.reminders.transitions import Move, move

log = logging.getLogger(__name__)

#: States of a letter that a mail server has, or may have.
_MAY_HAVE_GONE = (State.UNKNOWN, State.HANDOFF)


class Misfit(StrEnum):
    """Why a report that can be read needs a person all the same. At most 24 characters."""

    NOT_OURS = "NOT_OURS"  # names no letter of ours
    NAMES_SEVERAL = "NAMES_SEVERAL"  # names letters of ours that are not the same
    NEVER_SENT = "NEVER_SENT"  # names a letter that no mail server was given
    CANNOT_BE_READ = "CANNOT_BE_READ"


class Taken(StrEnum):
    """What became of a report."""

    ACTED = "ACTED"  # it is about a letter of ours; what follows from it is done
    KNOWN = "KNOWN"  # it was here before
    FOR_A_PERSON = "FOR_A_PERSON"


def take_report(*, by: audit.Actor, content: bytes, way: str, now: datetime) -> Taken:
    """Take in one report and do what follows from it, in one transaction. The same bytes again change nothing.

    Not delivered: the letter has bounced, staff phone, and an address that is bad gets nothing more. Called unwanted: that
    and letters of this purpose stop. Arrived or answered: settles a letter in doubt. Delayed: nothing. What cannot be read,
    or names no letter of ours, is kept for a person. Never raises for what the report holds.
    """
    digest = hashlib.sha256(content).hexdigest()
    if DeliveryReport.objects.filter(content_hash=digest).exists():
        return Taken.KNOWN
    report = _read(content)
    message, misfit = _letter_named_by(report)
    why = report.why or misfit
    with transaction.atomic():
        if message is not None and message.patient_id is not None:
            look_again([message.patient_id], now=now)
        row, is_new = DeliveryReport.objects.get_or_create(
            content_hash=digest,
            defaults={
                "way": way,
                "kind": report.kind,
                "status": report.status,
                "why": why,
                "message": message,
                "size": len(content),
                "received_at": now,
            },
        )
        if not is_new:
            return Taken.KNOWN
        if why:
            unread_reports.keep(row.public_id, content)
            return Taken.FOR_A_PERSON
        if message is not None:
            _act(message.pk, report, by=by, now=now)
    return Taken.ACTED


def settle_report(*, by: audit.Actor, report: DeliveryReport, now: datetime) -> None:
    """A person has looked at a report that no program could deal with; its text is deleted.

    Raises DecisionRefused if somebody has settled it before.
    """
    with transaction.atomic():
        waiting = DeliveryReport.objects.filter(pk=report.pk, settled_at=None).exclude(why="")
        if not waiting.update(settled_at=now, settled_by=by.user):
            raise DecisionRefused(_("Somebody has settled this report already."))
        clinic_id = report.message.clinic_id if report.message else None
        audit.record(by=by, action=audit.Action.REVIEWED, what=report, clinic_id=clinic_id, fields=["settled_at"], now=now)
        transaction.on_commit(lambda: unread_reports.forget(report.public_id))


def _read(content: bytes) -> Report:
    try:
        return read(content)
    except Exception as error:  # noqa: BLE001 - whatever one report raises, it must not stop the others
        # Only the kind: the text of the exception may quote the report.
        log.error("a report cannot be read: %s", type(error).__name__)
        return Report(Kind.UNREADABLE, why=Misfit.CANNOT_BE_READ)


def _letter_named_by(report: Report) -> tuple[Message | None, str]:
    """The one letter of ours that the report names by its Message-ID, its envelope or both; else None and why."""
    tagged = [public_id for public_id in map(message_named_by, report.tags) if public_id is not None]
    named = Message.objects.filter(Q(message_id__in=report.message_ids) | Q(public_id__in=tagged))
    found = list(named.order_by("pk")[:2])
    if len(found) != 1:
        return None, Misfit.NAMES_SEVERAL if found else Misfit.NOT_OURS
    return found[0], "" if found[0].handoff_at is not None else Misfit.NEVER_SENT


def _act(pk: int, report: Report, *, by: audit.Actor, now: datetime) -> None:
    """Do what follows from a report about this message. The patient's row is locked by the caller."""
    message = Message.objects.select_for_update(of=("self",)).select_related("patient__clinic").get(pk=pk)
    if report.kind is Kind.DELAYED:
        return
    _has_gone(message, now)
    if report.kind is Kind.FAILED:
        _bounced(message, report.status, now)
    elif report.kind is Kind.COMPLAINED:
        _complained(message, by=by, now=now)


def _has_gone(message: Message, now: datetime) -> None:
    """Whatever the report says of the letter, the mail server had it."""
    if State(message.state) in _MAY_HAVE_GONE:
        _move(message, State.SENT, "REPORT_ARRIVED", now=now)


def _bounced(message: Message, status: str, now: datetime) -> None:
    has_bounced_twice = _bounced_before(message)
    if message.state == State.SENT:
        _move(message, State.BOUNCED, "REPORT_FAILED", status=status, now=now)
    note = _("A letter to their e-mail address came back.")
    if (says_address_is_bad(status) or has_bounced_twice) and not _lifted_since(message):
        suppress(message, reason=BOUNCED, now=now)
        note = _("A letter came back: ask for another e-mail address.")
    have_phoned(message, kind=TaskKind.PHONE_BOUNCED, note=note, now=now)


def _complained(message: Message, *, by: audit.Actor, now: datetime) -> None:
    if message.state == State.SENT:
        _move(message, State.COMPLAINED, "REPORT_COMPLAINED", now=now)
    if _lifted_since(message):
        return
    suppress(message, reason=COMPLAINED, now=now)
    if message.patient is not None:
        purpose = RULES[Step(message.step)].purpose
        withdraw_consent(by=by, patient=message.patient, purpose=purpose, how=_("by a complaint to their mail provider"), now=now)
    have_phoned(
        message,
        kind=TaskKind.PHONE_OPTED_OUT,
        cause="opted-out:complaint",
        note=_("They called a letter unwanted at their mail provider: nothing more goes to this address."),
        now=now,
    )


def _bounced_before(message: Message) -> bool:
    """Whether the letter before this one, to the same patient at the same address, bounced too."""
    if not message.recipient_hash or message.handoff_at is None or message.patient_id is None:
        return False
    earlier = Message.objects.filter(
        patient_id=message.patient_id, recipient_hash=message.recipient_hash, handoff_at__lt=message.handoff_at
    )
    last = earlier.order_by("-handoff_at", "-pk").values_list("state", flat=True).first()
    return last == State.BOUNCED


def _lifted_since(message: Message) -> bool:
    """Whether somebody confirmed the address after this letter went: then the report is old news."""
    digest = message.recipient_hash or address_hash(message.patient.email if message.patient else "")
    lifted = Suppression.objects.filter(clinic_id=message.clinic_id, address_hash=digest, lifted_at__gte=message.handoff_at)
    return lifted.exists()


def _move(message: Message, target: State, outcome: str, *, status: str = "", now: datetime) -> None:
    change = Move(
        pk=message.pk,
        origin=State(message.state),
        target=target,
        outcome=outcome,
        sent_at=message.handoff_at if target is State.SENT else None,
        phase="report",
        enhanced_code=status,
    )
    if move(change, now=now):
        message.state = target.value
