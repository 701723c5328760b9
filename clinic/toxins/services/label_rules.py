"""What the labels say about a treatment, and who at a clinic has checked that they say so."""

from __future__ import annotations

from datetime import date, datetime
from functools import cache
from typing import Any

from django.db import transaction
from django.db.models import BooleanField, Exists, ExpressionWrapper, OuterRef, Q
from django.db.models.functions import Coalesce

from clinic import audit
from clinic.practice.models import Clinic
from clinic.prepared import PreparedList
from clinic.toxins.models import Indication, LabelRule, Product, RuleVerification
from clinic.toxins.rules import LabelLimit

#: Stand in the prepared query where its values go.
_STAND_INS: dict[str, Any] = {"product": -1, "indication": -2, "clinic": -3, "jurisdiction": "nowhere", "on": date(4242, 6, 15)}


def limits_of(*, product: Product, indication: Indication, jurisdiction: str, clinic_id: int, on: date) -> list[LabelLimit]:
    """Every ceiling and interval that the label of `product` holds for `indication`, or for every use, on that day.

    One query. Ages and weights are the checks' to compare. Rules of another jurisdiction are never used in their place.
    """
    rows = _limits_query().rows(
        {"product": product.pk, "indication": indication.pk, "jurisdiction": jurisdiction, "clinic": clinic_id, "on": on}
    )
    return [LabelLimit(*row) for row in rows]


@cache
def _limits_query() -> PreparedList:
    """The rules in SQL, each in the order of `LabelLimit`'s fields."""
    wanted = _STAND_INS
    rules = (
        LabelRule.objects.filter(
            Q(indication=wanted["indication"]) | Q(indication=None),
            Q(valid_from=None) | Q(valid_from__lte=wanted["on"]),
            product=wanted["product"],
            jurisdiction=wanted["jurisdiction"],
        )
        .annotate(
            verified=Exists(RuleVerification.objects.filter(rule=OuterRef("pk"), clinic=wanted["clinic"])),
            for_every_use=ExpressionWrapper(Q(indication=None), BooleanField()),
            value=Coalesce("interval_value", 0),
        )
        .order_by("code")
        .values_list(
            "code", "scope", "wording", "source", "verified", "from_general_knowledge", "for_every_use", "units", "units_per_kg",
            "value", "interval_unit", "age_from", "age_until", "only_first", "muscle",
        )
    )  # fmt: skip
    return PreparedList(rules, wanted)


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
