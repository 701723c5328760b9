"""What the labels say about a treatment, and who at a clinic has checked that they say so."""

from __future__ import annotations

from datetime import date, datetime

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _

from clinic import audit
from clinic.practice.models import Clinic
from clinic.practice.services import is_clinician
from clinic.toxins.models import Indication, LabelRule, Product, RuleVerification
from clinic.toxins.rules import LabelLimit
from clinic.toxins.services.refusals import RuleRefused

NOTE_LENGTH = RuleVerification._meta.get_field("note").max_length or 0


def limits_of(*, product: Product, indication: Indication, jurisdiction: str, clinic_id: int, on: date) -> list[LabelLimit]:
    """Every ceiling and interval that the label of `product` holds for `indication`, or for every use, on that day.

    Of a rule and the versions by which the clinic replaced it the newest that had begun counts, unless it had ended. One query.
    Ages and weights are the checks' to compare. Rules of another jurisdiction or clinic are never used in their place.
    """
    verified_here = RuleVerification.objects.filter(rule=OuterRef("pk"), clinic_id=clinic_id)
    rules = (
        in_force(clinic_id=clinic_id, on=on)
        .filter(Q(indication=indication) | Q(indication=None), product=product, jurisdiction=jurisdiction)
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
