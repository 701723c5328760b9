"""What the labels say about a treatment, and who at a clinic has checked that they say so."""

from __future__ import annotations

from datetime import date, datetime

from django.db import transaction
from django.db.models import Exists, OuterRef, Q

from clinic import audit
from clinic.practice.models import Clinic
from clinic.toxins.models import Indication, LabelRule, Product, RuleVerification
from clinic.toxins.rules import LabelLimit


def limits_of(*, product: Product, indication: Indication, jurisdiction: str, clinic_id: int, on: date) -> list[LabelLimit]:
    """Every ceiling and interval that the label of `product` holds for `indication`, or for every use, on that day.

    One query. Ages and weights are the checks' to compare. Rules of another jurisdiction are never used in their place.
    """
    verified_here = RuleVerification.objects.filter(rule=OuterRef("pk"), clinic_id=clinic_id)
    rules = (
        LabelRule.objects.filter(
            Q(indication=indication) | Q(indication=None),
            Q(valid_from=None) | Q(valid_from__lte=on),
            product=product,
            jurisdiction=jurisdiction,
        )
        .annotate(verified=Exists(verified_here))
        .order_by("code")
    )
    return [
        LabelLimit(
            code=rule.code,
            scope=rule.scope,
            wording=rule.wording,
            source=rule.source,
            verified=rule.verified,
            from_general_knowledge=rule.from_general_knowledge,
            for_every_use=rule.indication_id is None,
            units=rule.units,
            units_per_kg=rule.units_per_kg,
            value=rule.interval_value or 0,
            unit=rule.interval_unit,
            age_from=rule.age_from,
            age_until=rule.age_until,
            only_first=rule.only_first,
            muscle=rule.muscle,
        )
        for rule in rules
    ]


@transaction.atomic
def verify_rule(*, by: audit.Actor, rule: LabelRule, clinic: Clinic, now: datetime) -> RuleVerification:
    """Note that a member of staff has compared `rule` with the current label of the clinic's country.

    Done twice it stays with the first. From then on a new catalogue does not change the rule. Raises ValueError unless a
    member of staff acts.
    """
    if by.user is None:
        raise ValueError("Only a member of staff verifies a rule.")
    verification, created = RuleVerification.objects.get_or_create(rule=rule, clinic=clinic, defaults={"by": by.user, "at": now})
    if created:
        audit.record(by=by, action=audit.Action.REVIEWED, what=rule, clinic_id=clinic.pk, now=now)
    return verification
