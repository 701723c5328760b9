"""Keeping a signed treatment's points as a template, naming it, retiring it, and fitting it to a patient's side."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db import IntegrityError, transaction
from django.db.models import Count, Q, QuerySet, Sum
from django.utils.translation import gettext as _

from clinic import audit
from clinic.accounts import User
from clinic.patients.models import Side
from clinic.patients.services import Refused
from clinic.patients.services.refusals import problems_of
from clinic.practice.models import Clinic, Practitioner
from clinic.toxins.body import View
from clinic.toxins.models import Indication
from clinic.treatments.models import InjectionSession, PointSide, ProtocolTemplate, SessionState, TemplatePoint

_OTHER_SIDE = {PointSide.RIGHT: PointSide.LEFT, PointSide.LEFT: PointSide.RIGHT, PointSide.MIDLINE: PointSide.MIDLINE}
_ONE_SIDE = (Side.RIGHT, Side.LEFT)


class TemplateRefused(Refused):
    """The template cannot be kept or changed like this; nothing was written. Holds every problem at once."""


@dataclass(frozen=True, slots=True)
class FittedPoint:
    """A template's point on the side on which this patient would get it. x and y are percent of the view's picture as seen.

    `name` is the point in words, `point` what tells apart two points of one site; a free point is called the same in both.
    A free point without a view has no known place.
    """

    site: str
    name: str
    is_free: bool
    side: str
    units: Decimal
    point: str
    view: str
    x: Decimal
    y: Decimal

    @property
    def side_word(self) -> str:
        return str(PointSide(self.side).label)


def templates_at(clinics: Iterable[Clinic], *, user: User, or_retired: bool = False) -> QuerySet[ProtocolTemplate]:
    """The clinics' templates that are in use, and this person's own there, by name; each with `point_count` and `units`."""
    found = ProtocolTemplate.objects.filter(clinic__in=clinics)
    if not or_retired:
        found = found.filter(retired_at__isnull=True)
    return (
        found.filter(Q(practitioner__isnull=True) | Q(practitioner__user=user))
        .select_related("product", "indication", "practitioner", "clinic")
        .annotate(point_count=Count("points"), units=Sum("points__units"))
        .order_by("name", "pk")
    )


def templates_for(clinic: Clinic, indication: Indication, *, user: User) -> QuerySet[ProtocolTemplate]:
    """Those of `templates_at` the clinic that are meant for this indication."""
    return templates_at([clinic], user=user).filter(indication=indication)


@transaction.atomic
def keep_template(
    *, by: audit.Actor, session: InjectionSession, name: str, practitioner: Practitioner | None, now: datetime
) -> ProtocolTemplate:
    """Keep the points of a signed treatment, as its current version has them, under a name. Nothing of the patient is kept.

    `practitioner` None makes it the clinic's. Raises TemplateRefused for a name that is taken or unfit, for a treatment that is
    not signed, and for a practitioner of another clinic.
    """
    if session.state != SessionState.SIGNED or session.current_version is None:
        raise TemplateRefused.for_field("", _("Only the points of a signed treatment can be kept."))
    if practitioner is not None and not practitioner.clinics.filter(pk=session.clinic_id).exists():
        raise TemplateRefused.for_field("owner", _("This practitioner does not treat at this clinic."))
    template = ProtocolTemplate(
        clinic=session.clinic,
        practitioner=practitioner,
        name=name.strip(),
        indication=session.condition.indication,
        side=session.condition.side,
        product=session.product,
        created_by=by.user,
        created_at=now,
    )
    _save(template)
    TemplatePoint.objects.bulk_create(
        TemplatePoint(
            template=template,
            order=order,
            site_id=one.site_id,
            side=one.side,
            point=one.point,
            view=one.view,
            x=one.x,
            y=one.y,
            units=one.units,
        )
        for order, one in enumerate(session.current_version.injections.order_by("order"))
    )
    audit.record(by=by, action=audit.Action.CREATED, what=template, clinic_id=template.clinic_id, now=now)
    return template


@transaction.atomic
def rename_template(*, by: audit.Actor, template: ProtocolTemplate, name: str, now: datetime) -> None:
    """Give a template that is in use another name. Raises TemplateRefused for one that is taken or unfit, or if it is retired."""
    template = _locked(template)
    if template.name == name.strip():
        return
    template.name = name.strip()
    _save(template)
    audit.record(by=by, action=audit.Action.CHANGED, what=template, clinic_id=template.clinic_id, fields=["name"], now=now)


@transaction.atomic
def retire_template(*, by: audit.Actor, template: ProtocolTemplate, now: datetime) -> None:
    """Offer a template no more. Treatments filled in from it stay as they are. Raises TemplateRefused the second time."""
    template = _locked(template)
    template.retired_at = now
    template.save(update_fields=["retired_at"])
    audit.record(by=by, action=audit.Action.CHANGED, what=template, clinic_id=template.clinic_id, fields=["retired_at"], now=now)


def fitted(template: ProtocolTemplate, *, condition_side: str) -> Sequence[FittedPoint]:
    """The template's points in their order, for a condition on that side.

    A template of one side is mirrored for a condition of the other: sides are exchanged, and a place lies as far from the middle
    of the picture on its other side, or in the picture of the other side. Any other template is taken as it is. One query.
    """
    mirrored = template.side in _ONE_SIDE and condition_side in _ONE_SIDE and template.side != condition_side
    return [
        FittedPoint(
            site=one.site.code,
            name=one.name,
            is_free=one.is_free,
            side=_OTHER_SIDE[PointSide(one.side)] if mirrored else one.side,
            units=one.units,
            point=one.point,
            view=View(one.view).mirrored if mirrored and one.view else one.view,
            x=100 - one.x if mirrored else one.x,
            y=one.y,
        )
        for one in template.points.select_related("site").order_by("order")
    ]


def _locked(template: ProtocolTemplate) -> ProtocolTemplate:
    template = ProtocolTemplate.objects.select_for_update().get(pk=template.pk)
    if template.retired_at is not None:
        raise TemplateRefused.for_field("", _("This template has been retired."))
    return template


def _save(template: ProtocolTemplate) -> None:
    if problems := problems_of(template, fields=["name"]):
        raise TemplateRefused(problems)
    try:
        # A transaction of its own, so that the caller's can go on after a clash.
        with transaction.atomic():
            template.save()
    except IntegrityError:
        alike = ProtocolTemplate.objects.filter(
            clinic=template.clinic_id, practitioner=template.practitioner_id, name__iexact=template.name, retired_at__isnull=True
        )
        if not alike.exclude(pk=template.pk).exists():
            raise
        raise TemplateRefused.for_field("name", _("There is a template of this name already.")) from None
