"""Vials, their movements and their lots as the pages of the stock tell of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from django.db.models import F, Q, QuerySet
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from clinic.patients.querysets import PatientQuerySet
from clinic.practice.models import Clinic
from clinic.staff.forms.stock import EXPIRES_SOON, expiry_in_words
from clinic.staff.vials import hours_left, plain, size_text, units_per_tenth, use_by
from clinic.toxins.models import LotDecision, LotState, Product, Vial, VialState
from clinic.toxins.rules import usable_until
from clinic.treatments.models import InjectionSession, SessionState, VialUse


@dataclass(frozen=True)
class VialLine:
    """One vial in the list."""

    vial: Vial
    size: str
    expiry_note: str
    is_expired: bool
    concentration: Decimal | None
    use_by_at: datetime | None
    hours_note: str
    is_past_its_hours: bool
    #: Why the lot may not be used, as whoever decided it wrote.
    lot_note: str = ""

    @property
    def may_be_made_up(self) -> bool:
        vial = self.vial
        return vial.state == VialState.UNOPENED and vial.lot.state == LotState.IN_USE and not self.is_expired

    @property
    def may_be_discarded(self) -> bool:
        return self.vial.state != VialState.CLOSED


def vial_line(vial: Vial, now: datetime, decision: LotDecision | None = None) -> VialLine:
    """The vial as it stands at `now`. Needs its clinic, and its lot with the product."""
    today = now.astimezone(vial.clinic.zone).date()
    until = use_by(vial)
    return VialLine(
        vial=vial,
        size=size_text(vial),
        expiry_note=expiry_in_words(vial.lot.expires_on, today),
        is_expired=vial.lot.expires_on < today,
        concentration=units_per_tenth(vial),
        use_by_at=until,
        hours_note="" if until is None else hours_left(until, now),
        is_past_its_hours=until is not None and until < now,
        lot_note="" if decision is None or vial.lot.state == LotState.IN_USE else decision.reason,
    )


#: What the list of vials in stock can be narrowed to.
VIAL_FILTERS = {
    "unopened": gettext_lazy("unopened"),
    "open": gettext_lazy("open"),
    "late": gettext_lazy("past its hours"),
    "expiring": gettext_lazy("expires soon"),
    "expired": gettext_lazy("expired"),
    "quarantined": gettext_lazy("quarantined"),
    "recalled": gettext_lazy("recalled"),
}


def narrowed(vials: QuerySet[Vial], chosen: str, clinics: Iterable[Clinic], now: datetime) -> QuerySet[Vial]:
    """The vials to which a word of VIAL_FILTERS narrows the list; all of them for any other word."""
    if chosen in ("unopened", "open"):
        return vials.filter(state=chosen.upper())
    if chosen in ("quarantined", "recalled"):
        return vials.filter(lot__state=chosen.upper())
    if chosen == "expiring":
        soon = Q(pk=None)
        for clinic in clinics:
            today = now.astimezone(clinic.zone).date()
            soon |= Q(clinic=clinic, lot__expires_on__range=(today, today + EXPIRES_SOON))
        return vials.filter(soon, lot__state=LotState.IN_USE)
    if chosen == "expired":
        expired = Q(pk=None)
        for clinic in clinics:
            expired |= Q(clinic=clinic, lot__expires_on__lt=now.astimezone(clinic.zone).date())
        return vials.filter(expired)
    if chosen == "late":
        late = Q(pk=None)
        for product_id, hours in Product.objects.values_list("pk", "hours_after_reconstitution"):
            late |= Q(lot__product_id=product_id, reconstituted_at__lt=now - (usable_until(now, hours) - now))
        return vials.filter(late)
    return vials


def newest_decisions(lots: Iterable[int]) -> Mapping[int, LotDecision]:
    """The newest decision about each of these lots, by the lot's key, in one query."""
    found = LotDecision.objects.filter(lot__in=set(lots)).order_by("at", "pk")
    return {one.lot_id: one for one in found}


@dataclass(frozen=True)
class Movement:
    """One thing that happened to a vial: what it took out, and what was left."""

    day: date
    clock: str
    what: str
    given: Decimal
    wasted: Decimal
    left: Decimal
    note: str = ""
    by: str = ""
    #: The treatment, where this person may see its patient.
    session: InjectionSession | None = None


@dataclass(frozen=True)
class _Event:
    at: datetime
    day: date
    what: str
    given: Decimal = Decimal(0)
    wasted: Decimal = Decimal(0)
    note: str = ""
    by: str = ""
    session: InjectionSession | None = None
    has_clock: bool = True


def current_uses(vial: Vial) -> QuerySet[VialUse]:
    """What signed treatments took from the vial, by what their records say now."""
    return VialUse.objects.filter(
        vial=vial, version__session__state=SessionState.SIGNED, version__session__current_version=F("version")
    )


def movements(vial: Vial, patients: PatientQuerySet) -> list[Movement]:
    """Everything that happened to a vial, oldest first. `patients` are those whose treatments this person may open."""
    zone = vial.clinic.zone
    events = []
    if vial.reconstituted_at is not None:
        strength = units_per_tenth(vial)
        events.append(
            _Event(
                at=vial.reconstituted_at,
                day=vial.reconstituted_at.astimezone(zone).date(),
                what=_("opened") if strength is None or vial.diluent_ml is None else _("made up"),
                note=""
                if strength is None or vial.diluent_ml is None
                else _("%(ml)s mL, %(units)s U per 0.1 mL") % {"ml": plain(vial.diluent_ml), "units": plain(strength)},
                by=str(vial.reconstituted_by or ""),
            )
        )
    uses = list(current_uses(vial).select_related("version__session__patient", "version__signed_by").order_by("pk"))
    seen = set(patients.filter(pk__in=[one.version.session.patient_id for one in uses]).values_list("pk", flat=True))
    for use in uses:
        version, session = use.version, use.version.session
        events.append(
            _Event(
                at=version.signed_at or session.created_at,
                day=session.performed_on,
                what=_("treatment"),
                given=use.units_given,
                wasted=use.units_wasted,
                note="; ".join(filter(None, [use.waste_reason, _("second patient, confirmed") if use.shared_confirmed else ""])),
                by=str(version.signed_by or ""),
                session=session if session.patient_id in seen else None,
                has_clock=False,
            )
        )
    for thrown in vial.discards.select_related("by").order_by("at", "pk"):
        day = thrown.at.astimezone(zone).date()
        events.append(
            _Event(at=thrown.at, day=day, what=_("discarded"), wasted=thrown.units, note=thrown.reason, by=str(thrown.by))
        )
    left = vial.labelled_units
    told = [Movement(vial.received_on, "", _("received"), Decimal(0), Decimal(0), left, note=size_text(vial))]
    for event in sorted(events, key=lambda one: (one.at, bool(one.given or one.wasted))):
        left -= event.given + event.wasted
        clock = date_format(event.at.astimezone(zone), "H:i") if event.has_clock else ""
        told.append(Movement(event.day, clock, event.what, event.given, event.wasted, left, event.note, event.by, event.session))
    return told


def unexplained(vial: Vial, told: Sequence[Movement]) -> Decimal:
    """Units by which the vial's running total differs from what its movements add up to; zero when all is told."""
    return told[-1].left - vial.units_left
