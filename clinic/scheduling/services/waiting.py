"""The waiting list: who is put on it, who is taken off, and in what order they stand."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime

from django.db import transaction
from django.db.models import Min, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from clinic import audit
from clinic.patients.services import look_again
from clinic.practice.models import Clinic, Practitioner
from clinic.scheduling.models import COMING_STATES
from clinic.scheduling.services.refusals import WaitingRefused
from clinic.scheduling.waiting_entries import LIVE, WaitingEntry, WaitingState
from clinic.scheduling.waiting_order import Part, Waiting, in_order
from clinic.treatments.models import FollowUp, FollowUpState


def put_on_waiting_list(
    *,
    by: audit.Actor,
    follow_up: FollowUp,
    practitioner: Practitioner | None = None,
    weekdays: Iterable[int] = (),
    part_of_day: str = Part.ANY,
    until_on: date | None = None,
    note: str = "",
    now: datetime,
) -> WaitingEntry:
    """Note that the patient would come sooner if a time fell free, and return the entry; `practitioner` None: with anybody.

    Whoever waits already for this follow-up keeps their place and has these wishes instead of the earlier ones. Raises
    WaitingRefused, with the field: the follow-up has ended, the patient is not under care, `until_on` has passed or lies before
    the earliest date, or the practitioner does not treat at the patient's clinic.
    """
    patient, clinic = follow_up.patient, follow_up.patient.clinic
    wishes = {
        "practitioner": practitioner,
        "weekdays": sorted(set(weekdays)),
        "part_of_day": part_of_day,
        "until_on": until_on,
        "note": note.strip(),
    }
    with transaction.atomic():
        look_again([patient.pk], now=now)
        fresh = FollowUp.objects.select_related("patient").get(pk=follow_up.pk)
        if fresh.state != FollowUpState.ACTIVE or not fresh.patient.is_under_care:
            raise WaitingRefused("", _("Nobody waits for a visit here any more: the follow-up has ended or rests."))
        today = now.astimezone(clinic.zone).date()
        if until_on is not None and until_on < max(today, fresh.opens_on):
            raise WaitingRefused("until_on", _("Choose a day on or after the earliest date."))
        if practitioner is not None and not practitioner.clinics.filter(pk=clinic.pk).exists():
            raise WaitingRefused("practitioner", _("Choose somebody who treats at this clinic."))
        entry = WaitingEntry.objects.filter(follow_up=follow_up, state__in=LIVE).first()
        is_new = entry is None
        if entry is None:
            entry = WaitingEntry(patient=patient, follow_up=follow_up, clinic=clinic, since=now)
        changed = [name for name, value in wishes.items() if getattr(entry, name) != value]
        if not is_new and not changed:
            return entry
        for name, value in wishes.items():
            setattr(entry, name, value)
        entry.save()
        _record(by, entry, audit.Action.CREATED if is_new else audit.Action.CHANGED, changed, now)
    return entry


def take_off_waiting_list(*, by: audit.Actor, entry: WaitingEntry, now: datetime) -> WaitingEntry:
    """End the wish: it is no longer wanted. Taking off somebody who does not wait any more changes nothing."""
    with transaction.atomic():
        look_again([entry.patient_id], now=now)
        entry.refresh_from_db(fields=["state", "ended_at"], from_queryset=WaitingEntry.objects.select_for_update())
        if entry.state not in LIVE:
            return entry
        entry.state, entry.ended_at = WaitingState.WITHDRAWN, now
        entry.save(update_fields=["state", "ended_at"])
        _record(by, entry, audit.Action.CHANGED, ["state"], now)
    return entry


def waiting_at(clinics: Sequence[Clinic]) -> list[tuple[WaitingEntry, Waiting]]:
    """Return who waits at these clinics, who leaves the window first at the top, each with what their place follows from.

    One query. Whoever's follow-up has ended or who is not under care is left out. Whoever's own last day has passed stands
    there still, for staff to decide.
    """
    coming = Q(follow_up__appointments__state__in=COMING_STATES)
    found: QuerySet[WaitingEntry] = (
        WaitingEntry.objects.filter(
            clinic__in=clinics, state__in=LIVE, follow_up__state=FollowUpState.ACTIVE, patient__status="ACTIVE"
        )
        .select_related("patient", "clinic", "practitioner", "follow_up__condition__indication")
        .annotate(visit_at=Min("follow_up__appointments__starts_at", filter=coming))
    )
    by_key = {entry.pk: entry for entry in found}
    return [(by_key[one.key], one) for one in in_order(_facts(entry) for entry in by_key.values())]


def _facts(entry: WaitingEntry) -> Waiting:
    return Waiting(
        key=entry.pk,
        opens_on=entry.follow_up.opens_on,
        closes_on=entry.follow_up.closes_on,
        since=entry.since,
        weekdays=frozenset(entry.weekdays),
        part=Part(entry.part_of_day),
        until_on=entry.until_on,
        practitioner=entry.practitioner_id,
        visit_at=getattr(entry, "visit_at", None),
    )


def _record(by: audit.Actor, entry: WaitingEntry, action: audit.Action, fields: list[str], now: datetime) -> None:
    audit.record(
        by=by,
        action=action,
        what=entry,
        patient_public_id=entry.patient.public_id,
        clinic_id=entry.clinic_id,
        fields=fields,
        now=now,
    )
