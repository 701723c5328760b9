"""What the labels say about a treatment, and who at a clinic has checked that they say so."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.db.models import Exists, OuterRef, Q

from clinic import audit
from clinic.practice.models import Clinic
from clinic.toxins.models import Indication, LabelRule, Product, RuleScope, RuleVerification
from clinic.toxins.rules import IntervalFloor, fits_age


def interval_floors(
    *, product: Product, indication: Indication, jurisdiction: str, clinic_id: int, age_years: int | None = None
) -> list[IntervalFloor]:
    """The least intervals that the label of `product` asks for in that jurisdiction.

    Rules for the indication and rules for all uses count alike. Rules of another jurisdiction are never used in their place:
    where this one has none, the list is empty and the clinic's own policy alone decides. `verified` is told for the clinic.
    Without an age (whole years) the rules of every age count. Source of each rule: its own `source`; docs/clinical-sources.md.
    """
    verified_here = RuleVerification.objects.filter(rule=OuterRef("pk"), clinic_id=clinic_id)
    rules = (
        LabelRule.objects.filter(
            Q(indication=indication) | Q(indication=None),
            product=product,
            jurisdiction=jurisdiction,
            scope=RuleScope.INTERVAL,
        )
        .annotate(verified=Exists(verified_here))
        .order_by("code")
    )
    return [
        IntervalFloor(
            value=rule.interval_value or 0,
            unit=rule.interval_unit,
            wording=rule.wording,
            source=rule.source,
            verified=rule.verified,
        )
        for rule in rules
        if fits_age(age_years, age_from=rule.age_from, age_until=rule.age_until)
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
