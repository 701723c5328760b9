"""What the labels say about a treatment, and who at a clinic has checked that they say so."""

from __future__ import annotations

from datetime import date, datetime
from functools import cache
from typing import Any

from django.db import transaction
from django.db.models import BooleanField, Exists, ExpressionWrapper, OuterRef, Q, QuerySet
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from clinic import audit
from clinic.practice.models import Clinic
from clinic.practice.services import is_clinician
from clinic.prepared import PreparedList
from clinic.toxins.models import Indication, LabelRule, Product, RuleVerification
from clinic.toxins.rules import LabelLimit
from clinic.toxins.services.refusals import RuleRefused

NOTE_LENGTH = RuleVerification._meta.get_field("note").max_length or 0

#: Stand in the prepared query where its values go.
_STAND_INS: dict[str, Any] = {"product": -1, "indication": -2, "clinic": -3, "jurisdiction": "nowhere", "on": date(4242, 6, 15)}


def limits_of(*, product: Product, indication: Indication, jurisdiction: str, clinic_id: int, on: date) -> list[LabelLimit]:
    """Every ceiling and interval that the label of `product` holds for `indication`, or for every use, on that day.

    Of a rule and the versions by which the clinic replaced it the newest that had begun counts, unless it had ended. One query.
    Ages and weights are the checks' to compare. Rules of another jurisdiction or clinic are never used in their place.
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
        in_force(clinic_id=wanted["clinic"], on=wanted["on"])
        .filter(
            Q(indication=wanted["indication"]) | Q(indication=None),
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


def in_force(*, clinic_id: int, on: date) -> QuerySet[LabelRule]:
    """The catalogue's rules and the clinic's own that count there on that day."""
    followed = LabelRule.objects.filter(replaces=OuterRef("pk"), clinic_id=clinic_id, valid_from__lte=on)
    return LabelRule.objects.filter(
        Q(clinic=None) | Q(clinic=clinic_id),
        Q(valid_from=None) | Q(valid_from__lte=on),
        Q(valid_until=None) | Q(valid_until__gte=on),
        ~Exists(followed),
    )


@transaction.atomic
def verify_rule(*, by: audit.Actor, rule: LabelRule, clinic: Clinic, note: str = "", now: datetime) -> RuleVerification:
    """Note that a clinician has compared `rule` with the current label of the clinic's country; `note` says with which text.

    Done twice it stays with the first. From then on a new catalogue does not change the rule. Raises RuleRefused unless a
    clinician of that clinic acts, and for another clinic's own rule; ValueError when no person acts.
    """
    if by.user is None:
        raise ValueError("Only a member of staff verifies a rule.")
    if rule.clinic_id not in (None, clinic.pk):
        raise RuleRefused.for_field("", _("This rule is another clinic's own."))
    if not is_clinician(by.user, clinic.pk):
        raise RuleRefused.for_field("", _("Only a clinician of this clinic can say that a rule agrees with the label."))
    if len(note) > NOTE_LENGTH:
        raise RuleRefused.for_field("note", _("At most %(most)d characters.") % {"most": NOTE_LENGTH})
    verification, created = RuleVerification.objects.get_or_create(
        rule=rule, clinic=clinic, defaults={"by": by.user, "at": now, "note": " ".join(note.split())}
    )
    if created:
        audit.record(by=by, action=audit.Action.REVIEWED, what=rule, clinic_id=clinic.pk, now=now)
    return verification
