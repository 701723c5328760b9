"""What signing locks and looks up before it writes: the patient, the vials, and whether this form was signed already."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from functools import lru_cache

from django.db.models import F, IntegerField, QuerySet, Value

from clinic.patients.models import Condition, Patient
from clinic.patients.services import look_again
from clinic.prepared import STAND_IN, PreparedList, PreparedObjects
from clinic.toxins.models import LotState, Vial
from clinic.treatments import wording
from clinic.treatments.models import InjectionSession, SessionState, VialUse
from clinic.treatments.services.refusals import AlreadyRecorded, Problem, TreatmentRefused

#: Stands in a prepared query where the token of a form goes.
_NO_FORM = uuid.UUID(int=0)
#: What a row of the query about earlier treatments is about.
_FORM, _VIAL, _LOT = 1, 2, 3


def lock_for_signing(*, patient: Patient, vials: Sequence[Vial], now: datetime) -> dict[int, Vial]:
    """Lock the patient's row, then the vials in the order of their keys, so that two treatments never wait for each other.

    Returns the vials as they stand now, by key, with their lot and product. To be called in a transaction.
    """
    look_again([patient.pk], now=now)
    keys = {vial.pk for vial in vials}
    rows = _vials_query(len(keys)).all(dict(zip(_numbered(len(keys)), keys, strict=True))) if keys else []
    locked = {vial.pk: vial for vial in rows}
    for vial in locked.values():
        if vial.clinic_id == patient.clinic_id:
            vial.clinic = patient.clinic
    return locked


@lru_cache(maxsize=16)
def _vials_query(number: int) -> PreparedObjects[Vial]:
    """So many vials, locked."""
    keys = _numbered(number)
    rows = Vial.objects.select_for_update(of=("self",)).select_related("lot__product").filter(pk__in=list(keys.values()))
    return PreparedObjects(rows.order_by("pk"), keys)


def _numbered(number: int) -> dict[str, int]:
    """What stands in a prepared query for so many vials."""
    return {f"vial {ordinal}": -1 - ordinal for ordinal in range(number)}


def used_for_others(*, patient: Patient, vials: Iterable[Vial]) -> set[int]:
    """Of these vials, the keys of those that a signed treatment of another patient drew from. One query, or none."""
    begun = [vial.pk for vial in vials if vial.units_given > 0]
    return set(_uses_for_others(begun, patient.pk).values_list("vial", flat=True))


def _uses_for_others(vials: Collection[int], patient_id: int) -> QuerySet[VialUse]:
    uses = VialUse.objects.filter(
        vial__in=vials, version__session__state=SessionState.SIGNED, version__session__current_version=F("version")
    )
    return uses.exclude(version__session__patient=patient_id)


def read_earlier(public_id: uuid.UUID, condition: Condition, patient: Patient, vials: Iterable[Vial]) -> set[int]:
    """Refuse a form that was signed before; else return what `used_for_others` does of the vials, which are locked by now.

    The same query finds the lots that may not be used any more, and those are read again: whoever waited for the locks had read
    them as they stood when it began to wait.
    """
    vials = list(vials)
    keys = dict(zip(_numbered(len(vials)), (vial.pk for vial in vials), strict=True))
    rows = _earlier_query(len(vials)).rows({"form": public_id, "patient": patient.pk, **keys})
    not_in_use = {key for about, key in rows if about == _LOT}
    for vial in vials:
        if vial.lot_id in not_in_use:
            vial.lot.refresh_from_db(fields=["state"])
    recorded_for = [condition_id for about, condition_id in rows if about == _FORM]
    if not recorded_for:
        return {vial_id for about, vial_id in rows if about == _VIAL}
    if recorded_for != [condition.pk]:
        # Not this form's own: say nothing about the other treatment.
        raise TreatmentRefused([Problem("", str(wording.FORM_OUT_OF_DATE))])
    raise AlreadyRecorded(InjectionSession.objects.get(public_id=public_id))


@lru_cache(maxsize=16)
def _earlier_query(vials: int) -> PreparedList:
    keys = _numbered(vials)
    written = InjectionSession.objects.filter(public_id=_NO_FORM).values_list(_about(_FORM), "condition")
    used = _uses_for_others(list(keys.values()), STAND_IN).values_list(_about(_VIAL), "vial")
    lots = Vial.objects.filter(pk__in=list(keys.values())).exclude(lot__state=LotState.IN_USE).values_list(_about(_LOT), "lot")
    return PreparedList(written.union(used, lots, all=True), {"form": _NO_FORM, "patient": STAND_IN, **keys})


def _about(what: int) -> Value:
    return Value(what, IntegerField())
