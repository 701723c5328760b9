"""What the pages about one side effect show: the report, the treatment before it, what became of it."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any

from django.http import HttpResponse

from clinic.patients.models import Patient
from clinic.practice.roles import Permission
from clinic.safety.models import Review, SideEffect, SideEffectVersion, Urgency
from clinic.safety.services import visible_to
from clinic.staff.patient_pages import PatientPage
from clinic.staff.pictures.body_map import BodyMap
from clinic.staff.treatment_maps import given_maps
from clinic.treatments.models import InjectionSession, VialUse


@dataclass(frozen=True, slots=True)
class TreatmentBefore:
    """The treatment a side effect is thought to follow."""

    session: InjectionSession
    maps: tuple[BodyMap, ...]
    vial_uses: list[VialUse]
    #: Days between the treatment and the beginning of the side effect; None if nobody knows when it began.
    days: int | None


@dataclass(frozen=True, slots=True)
class File:
    """All that a reviewer reads about one side effect."""

    side_effect: SideEffect
    version: SideEffectVersion
    is_urgent: bool
    before: TreatmentBefore | None
    versions: list[SideEffectVersion]
    reviews: list[Review]
    #: What else this patient has reported, the newest first.
    others: list[SideEffect]


def file_of(side_effect: SideEffect) -> File:
    """Read the file of a side effect loaded by `SideEffectPage.load`; as many queries for a long one as for a short one."""
    version = side_effect.facts
    others = SideEffect.objects.filter(patient=side_effect.patient_id).exclude(pk=side_effect.pk).with_facts()
    return File(
        side_effect=side_effect,
        version=version,
        is_urgent=version.term.urgency == Urgency.RED,
        before=_before(side_effect.session, version) if side_effect.session else None,
        versions=list(side_effect.versions.select_related("term", "by_user").order_by("-number")),
        reviews=list(side_effect.reviews.select_related("by").order_by("-at", "-pk")),
        others=list(others.order_by("-reported_at", "-pk")[:20]),
    )


def _before(session: InjectionSession, version: SideEffectVersion) -> TreatmentBefore:
    given = session.current_version
    injections = given.injections.select_related("site").order_by("order") if given else []
    uses = given.vial_uses.select_related("vial__lot__product", "vial__presentation").order_by("pk") if given else []
    return TreatmentBefore(
        session=session,
        maps=given_maps(injections),
        vial_uses=list(uses),
        days=(version.onset_on - session.performed_on).days if version.onset_on else None,
    )


class SideEffectPage(PatientPage):
    """A page about one side effect of a patient whose log this person may see."""

    permission = Permission.VIEW_SIDE_EFFECT_LOG

    def load(self, public_id: uuid.UUID) -> SideEffect:
        """The side effect with its patient, treatment and current version; 404 outside the scope."""
        found = (
            visible_to(self.user, self.permission)
            .with_facts()
            .select_related("patient__clinic", "session__condition__indication", "session__current_version", "acknowledged_by")
            .filter(public_id=public_id)
            .first()
        )
        if found is None:
            raise self.denied("SideEffect")
        return found

    def show(self, side_effect: SideEffect, status: int = 200, **context: Any) -> HttpResponse:
        """The page, with the view of the record noted."""
        patient: Patient = side_effect.patient
        return self.answer(
            patient,
            status,
            seen=side_effect,
            file=file_of(side_effect),
            rights={right.value: True for right in self.rights(patient)},
            zone=patient.clinic.zone,
            **context,
        )
