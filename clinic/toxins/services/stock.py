"""Vials: what came in, what is usable, what was taken out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time
from decimal import Decimal

from django.db import IntegrityError, transaction
from django.db.models import F, Q, QuerySet
from django.utils.translation import gettext as _

from clinic import audit
from clinic.practice.models import Clinic
from clinic.toxins.lot_numbers import lot_key
from clinic.toxins.models import Lot, LotState, Presentation, Product, Vial, VialState
from clinic.toxins.rules import usable_until
from clinic.toxins.services.correcting import Taken
from clinic.toxins.services.product_codes import learn_code
from clinic.toxins.services.refusals import VialRefused
from clinic.writing import update

#: More vials than this in one go is taken for a slip of the keyboard.
MOST_VIALS_AT_ONCE = 200
#: What changes in a vial with every draw, and besides with the first from one whose making-up was not noted.
_DRAWN = ("units_given", "units_wasted", "state")
_MADE_UP = ("reconstituted_at", "reconstituted_by")
_LONGEST_NUMBER = Lot._meta.get_field("number").max_length or 0


def usable_vials(*, clinic: Clinic, on: date, now: datetime) -> QuerySet[Vial]:
    """The vials of `clinic` that may be used for a treatment on `on`: opened ones first, then by expiry.

    Received by then, in date, of a lot in use, not closed, something left, and, once made up, within the hours of the label:
    until `now` for a treatment of today, until the start of that day for an earlier one.
    """
    start_of_day = datetime.combine(on, time.min, tzinfo=clinic.zone)
    moment = min(now, start_of_day) if on < now.astimezone(clinic.zone).date() else now
    return (
        Vial.objects.filter(usable(days={clinic.pk: on}, moment=moment))
        .select_related("lot__product", "presentation__product")
        .order_by(F("reconstituted_at").asc(nulls_last=True), "lot__expires_on", "pk")
    )


def usable(*, days: Mapping[int, date], moment: datetime) -> Q:
    """The condition of a vial of these clinics (by key, each with its day) that may be used: see `usable_vials`.

    `moment` is when a vial that was made up must still be within its label's hours. Takes one query, of the products' hours.
    """
    in_hours = Q(reconstituted_at=None)
    for product_id, hours in Product.objects.values_list("pk", "hours_after_reconstitution"):
        in_hours |= Q(lot__product_id=product_id, reconstituted_at__gte=moment - (usable_until(moment, hours) - moment))
    in_date = Q(pk=None)
    for clinic_id, day in days.items():
        in_date |= Q(clinic=clinic_id, received_on__lte=day, lot__expires_on__gte=day)
    return (
        in_hours
        & in_date
        & Q(lot__state=LotState.IN_USE, labelled_units__gt=F("units_given") + F("units_wasted"))
        & ~Q(state=VialState.CLOSED)
    )


@transaction.atomic
def receive_vials(
    *,
    by: audit.Actor,
    clinic: Clinic,
    product: Product,
    presentation: Presentation,
    lot_number: str,
    expires_on: date,
    count: int,
    received_on: date,
    gtin: str = "",
    serial: str = "",
    now: datetime,
) -> list[Vial]:
    """Put `count` unopened vials of one lot into the clinic's stock.

    The lot is made when it is new; however its number is typed, it is one lot per product. `gtin` is that of the scanned box:
    which vial size it holds is learned here. `serial` is kept where one vial is received, and keeps its box from being received
    twice; of several it says nothing. Raises VialRefused when something does not fit: among them a lot that is known with
    another expiry, or recalled.
    """
    number = lot_number.strip()
    _check_delivery(clinic, product, presentation, number, expires_on, count, received_on, now)
    lot, is_new = Lot.objects.get_or_create(
        product=product, number_key=lot_key(number), defaults={"number": number, "expires_on": expires_on}
    )
    if lot.expires_on != expires_on:
        raise VialRefused(
            "expires_on",
            _("Lot %(number)s is already known with the expiry %(known)s. Compare both with what is printed on the box.")
            % {"number": lot.number, "known": lot.expires_on.isoformat()},
        )
    if lot.state == LotState.RECALLED:
        raise VialRefused("lot_number", _("Lot %(number)s has been recalled.") % {"number": lot.number})
    if lot.state == LotState.SPENT:
        lot.state = LotState.IN_USE
        lot.save(update_fields=["state"])
    if gtin:
        learn_code(by=by, clinic=clinic, gtin=gtin, presentation=presentation, now=now)
    serial = serial if count == 1 else ""
    try:
        with transaction.atomic():
            vials = Vial.objects.bulk_create(
                Vial(
                    clinic=clinic,
                    lot=lot,
                    presentation=presentation,
                    labelled_units=presentation.vial_units,
                    received_on=received_on,
                    serial=serial,
                )
                for _ordinal in range(count)
            )
    except IntegrityError as collided:
        if not serial or not Vial.objects.filter(lot=lot, serial=serial).exists():
            raise
        raise VialRefused(
            "code", _("The box with the serial number %(serial)s was received already.") % {"serial": serial}
        ) from collided
    if is_new:
        audit.record(by=by, action=audit.Action.CREATED, what=lot, clinic_id=clinic.pk, now=now)
    audit.record(by=by, action=audit.Action.CREATED, what="Vial", clinic_id=clinic.pk, count=count, now=now)
    return vials


def _check_delivery(
    clinic: Clinic,
    product: Product,
    presentation: Presentation,
    number: str,
    expires_on: date,
    count: int,
    received_on: date,
    now: datetime,
) -> None:
    if presentation.product_id != product.pk:
        raise VialRefused("presentation", _("This vial size belongs to another product."))
    if not lot_key(number) or not number.isprintable() or len(number) > _LONGEST_NUMBER:
        raise VialRefused(
            "lot_number",
            _("Give the lot number as printed on the box, at most %(most)d characters.") % {"most": _LONGEST_NUMBER},
        )
    if not 1 <= count <= MOST_VIALS_AT_ONCE:
        raise VialRefused("count", _("Receive 1 to %(most)d vials at a time.") % {"most": MOST_VIALS_AT_ONCE})
    if received_on > now.astimezone(clinic.zone).date():
        raise VialRefused("received_on", _("This day is still to come."))
    if expires_on < received_on:
        raise VialRefused("expires_on", _("This lot had expired when it was received."))


@transaction.atomic
def reconstitute(*, by: audit.Actor, vial: Vial, diluent_ml: Decimal, at: datetime, now: datetime) -> Vial:
    """Note that an unopened vial was made up with `diluent_ml` millilitres at `at`; its clock starts there.

    Raises VialRefused when it was made up before, or the amount or the time cannot be.
    """
    vial = locked(vial)
    if vial.state != VialState.UNOPENED or vial.reconstituted_at is not None:
        raise VialRefused("vial", _("This vial has already been opened."))
    if not Decimal("0.1") <= diluent_ml <= Decimal(20):
        raise VialRefused("diluent_ml", _("Give 0.1 to 20 mL of diluent."))
    if at > now:
        raise VialRefused("at", _("This time is still to come."))
    if at < datetime.combine(vial.received_on, time.min, tzinfo=vial.clinic.zone):
        raise VialRefused("at", _("This is before the vial was received."))
    vial.reconstituted_at, vial.reconstituted_by, vial.diluent_ml = at, by.user, diluent_ml
    vial.state = VialState.OPEN
    vial.save(update_fields=["reconstituted_at", "reconstituted_by", "diluent_ml", "state"])
    fields = ["diluent_ml", "reconstituted_at", "reconstituted_by", "state"]
    audit.record(by=by, action=audit.Action.CHANGED, what=vial, clinic_id=vial.clinic_id, fields=fields, now=now)
    return vial


def draw_locked(*, by: audit.Actor, taken: Sequence[tuple[Vial, Taken]], on: date, now: datetime) -> None:
    """Draw units from vials that the caller's transaction has locked, as they stand, each with lot, product and clinic.

    A vial with nothing left is closed. One whose making-up was not noted counts as made up with its first draw: the label's hours
    run from there at the latest. One statement for all vials.
    Raises VialRefused when a lot may not be used or has expired, a vial is closed or past its hours, or less is left in it.
    """
    for vial, units in taken:
        _check_draw(vial, units, on)
    written = set(_DRAWN)
    for vial, units in taken:
        fields = list(_DRAWN)
        vial.units_given += units.given
        vial.units_wasted += units.wasted
        if vial.reconstituted_at is None:
            is_today = on == now.astimezone(vial.clinic.zone).date()
            vial.reconstituted_at = now if is_today else datetime.combine(on, time(12), tzinfo=vial.clinic.zone)
            vial.reconstituted_by = by.user
            fields += _MADE_UP
        vial.state = VialState.CLOSED if vial.units_left == 0 else VialState.OPEN
        written.update(fields)
        audit.record(by=by, action=audit.Action.CHANGED, what=vial, clinic_id=vial.clinic_id, fields=fields, now=now)
    vials = [vial for vial, _units in taken]
    if len(vials) == 1:
        update(vials[0], sorted(written))
    else:
        Vial.objects.bulk_update(vials, sorted(written))


def locked(vial: Vial) -> Vial:
    """The vial as it stands now, locked until the transaction ends (SQLite locks the whole database at its start)."""
    return Vial.objects.select_for_update(of=("self",)).select_related("lot__product", "clinic").get(pk=vial.pk)


def _check_draw(vial: Vial, units: Taken, on: date) -> None:
    lot, given, wasted = vial.lot, units.given, units.wasted
    if given < 0 or wasted < 0 or units.units == 0:
        raise VialRefused("units", _("Take something out of the vial: the units cannot be zero or less."))
    if wasted and not units.waste_reason:
        raise VialRefused("waste_reason", _("Say why units were thrown away."))
    if lot.state != LotState.IN_USE:
        raise VialRefused(
            "vial",
            _("Lot %(number)s may not be used: it is %(state)s.") % {"number": lot.number, "state": lot.get_state_display()},
        )
    if lot.expires_on < on:
        raise VialRefused(
            "vial",
            _("Lot %(number)s expired on %(day)s.") % {"number": lot.number, "day": lot.expires_on.isoformat()},
        )
    if vial.state == VialState.CLOSED:
        raise VialRefused("vial", _("This vial has been closed."))
    if vial.reconstituted_at is not None:
        until = usable_until(vial.reconstituted_at, lot.product.hours_after_reconstitution).astimezone(vial.clinic.zone)
        if until.date() < on:
            raise VialRefused(
                "vial",
                _("This vial was made up too long ago: it was usable until %(until)s.") % {"until": f"{until:%Y-%m-%d %H:%M}"},
            )
    if units.units > vial.units_left:
        raise VialRefused(
            "units",
            _("Only %(left)s units are left in this vial; %(wanted)s are asked for.")
            % {"left": f"{vial.units_left:f}", "wanted": f"{units.units:f}"},
        )
