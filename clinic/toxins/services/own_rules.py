"""A clinic's own rules: written, followed by another version, ended. What counted on a day that has passed stays as it was."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import date, datetime
from decimal import Decimal

from django.db import IntegrityError, transaction
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from clinic import audit
from clinic.practice.models import Clinic
from clinic.practice.services import is_clinician
from clinic.toxins.models import Indication, IntervalUnit, LabelRule, Product, RuleScope, Site
from clinic.toxins.services.refusals import RuleProblem, RuleRefused

#: No label has a higher ceiling, nor a longer span in its unit: what is more is a slip.
MOST_UNITS = Decimal(100_000)
MOST_UNITS_PER_KG = Decimal(1_000)
LONGEST_INTERVAL = 1_000
OLDEST = 120
WORDING_LENGTH = LabelRule._meta.get_field("wording").max_length or 0
SOURCE_LENGTH = LabelRule._meta.get_field("source").max_length or 0


@dataclass(frozen=True)
class RuleText:
    """What a rule says. `interval_value` and `interval_unit` are the label's own and are never converted."""

    wording: str
    source: str
    units: Decimal | None = None
    units_per_kg: Decimal | None = None
    interval_value: int | None = None
    interval_unit: str = ""
    age_from: int | None = None
    age_until: int | None = None
    only_first: bool = False
    muscle: str = ""
    from_general_knowledge: bool = False


@transaction.atomic
def add_rule(
    *,
    by: audit.Actor,
    clinic: Clinic,
    product: Product,
    indication: Indication | None,
    scope: str,
    says: RuleText,
    valid_from: date,
    valid_until: date | None = None,
    now: datetime,
) -> LabelRule:
    """Write a rule that is this clinic's alone. Nobody has verified it yet.

    It counts from `valid_from`, today at the earliest (clinic's zone). Raises RuleRefused with every problem, and where no
    clinician of the clinic acts.
    """
    rule = LabelRule(product=product, indication=indication, scope=scope, jurisdiction=clinic.jurisdiction)
    return _write(by, clinic, rule, says, valid_from, valid_until, now)


@transaction.atomic
def replace_rule(
    *,
    by: audit.Actor,
    clinic: Clinic,
    rule: LabelRule,
    says: RuleText,
    valid_from: date,
    valid_until: date | None = None,
    now: datetime,
) -> LabelRule:
    """Write the next version of a rule for this clinic: of the catalogue's, or of its own. Other clinics keep theirs.

    From `valid_from` on, today at the earliest, the version before counts no more here, also once this one ends. It stays as it
    is, and for treatments of an earlier day it is the one that counts. Raises RuleRefused as `add_rule` does, and where there is
    a newer version already.
    """
    # The one whose version is written: of two at once the second finds that there is a newer one.
    before = LabelRule.objects.select_for_update(of=("self",)).select_related("product", "indication").get(pk=rule.pk)
    _refuse_others(before, clinic)
    if before.valid_from is not None and valid_from < before.valid_from:
        day = date_format(before.valid_from, "j M Y")
        text = _("Not before %(day)s, the first day of the version that it follows.") % {"day": day}
        raise RuleRefused.for_field("valid_from", text)
    after = LabelRule(
        product=before.product,
        indication=before.indication,
        scope=before.scope,
        jurisdiction=before.jurisdiction,
        replaces=before,
    )
    return _write(by, clinic, after, says, valid_from, valid_until, now)


@transaction.atomic
def end_rule(*, by: audit.Actor, clinic: Clinic, rule: LabelRule, last_day: date, now: datetime) -> LabelRule:
    """Say on which day one of the clinic's own rules counts for the last time: today at the earliest. Nothing takes its place.

    Raises RuleRefused for a rule of the catalogue (it is followed by an own version instead), one that has ended or been
    followed by another, and where no clinician of the clinic acts.
    """
    _refuse_all_but_clinicians(by, clinic)
    rule = LabelRule.objects.select_for_update(of=("self",)).get(pk=rule.pk)
    if rule.clinic_id is None:
        raise RuleRefused.for_field("", _("A rule of the catalogue does not end here: write the clinic's own version of it."))
    _refuse_others(rule, clinic)
    today = _today(clinic, now)
    if rule.valid_until is not None and rule.valid_until < today:
        raise RuleRefused.for_field("", _("This rule has ended already."))
    earliest = max(today, rule.valid_from or today)
    if last_day < earliest:
        words = _("Not before %(day)s: what counted on an earlier day stays as it was.")
        raise RuleRefused.for_field("last_day", words % {"day": date_format(earliest, "j M Y")})
    rule.valid_until = last_day
    rule.save(update_fields=["valid_until"])
    audit.record(by=by, action=audit.Action.CHANGED, what=rule, clinic_id=clinic.pk, fields=["valid_until"], now=now)
    return rule


def muscles() -> list[str]:
    """The muscles that a rule can name, as the catalogue spells them. One query."""
    return list(Site.objects.filter(clinic=None).order_by("muscle").values_list("muscle", flat=True).distinct())


def _write(
    by: audit.Actor, clinic: Clinic, rule: LabelRule, says: RuleText, valid_from: date, valid_until: date | None, now: datetime
) -> LabelRule:
    _refuse_all_but_clinicians(by, clinic)
    if problems := [*_flaws(rule.scope, says), *_flaws_of_days(valid_from, valid_until, _today(clinic, now))]:
        raise RuleRefused(problems)
    for name, value in asdict(says).items():
        setattr(rule, name, value)
    rule.wording, rule.source = " ".join(says.wording.split()), " ".join(says.source.split())
    rule.public_id = uuid.uuid4()
    rule.code = f"OWN-{rule.public_id.hex[:12].upper()}"
    rule.clinic, rule.valid_from, rule.valid_until = clinic, valid_from, valid_until
    rule.written_by, rule.written_at = by.user, now
    try:
        with transaction.atomic():
            rule.save(force_insert=True)
    except IntegrityError:
        if rule.replaces is None or not rule.replaces.replaced_by.filter(clinic=clinic).exists():
            raise
        raise _newer() from None
    audit.record(by=by, action=audit.Action.CREATED, what=rule, clinic_id=clinic.pk, now=now)
    return rule


def _flaws(scope: str, says: RuleText) -> Iterator[RuleProblem]:
    """What is wrong with what a rule of this scope says."""
    if scope not in RuleScope.values:
        yield RuleProblem("scope", _("Choose what the rule limits."))
        return
    yield from _flaws_of_ceiling(scope, says)
    yield from _flaws_of_time(scope, says)
    yield from _flaws_of_ages(says)
    if says.muscle and scope != RuleScope.MUSCLE:
        yield RuleProblem("muscle", _("Only a ceiling of a muscle names one."))
    for name, text, most in (("wording", says.wording, WORDING_LENGTH), ("source", says.source, SOURCE_LENGTH)):
        if not text.strip():
            yield RuleProblem(name, _("Write it down: whoever reads the rule has to know."))
        elif len(text) > most:
            yield RuleProblem(name, _("At most %(most)d characters.") % {"most": most})


def _flaws_of_ceiling(scope: str, says: RuleText) -> Iterator[RuleProblem]:
    given = [("units", says.units, MOST_UNITS), ("units_per_kg", says.units_per_kg, MOST_UNITS_PER_KG)]
    for name, value, most in given:
        if value is not None and scope == RuleScope.INTERVAL:
            yield RuleProblem(name, _("The time between two treatments has no units."))
        elif value is not None and not 0 < value < most:
            yield RuleProblem(name, _("More than 0 and less than %(most)s.") % {"most": most})
    if scope != RuleScope.INTERVAL and says.units is None and says.units_per_kg is None:
        yield RuleProblem("units", _("Enter the ceiling: units, or units per kg."))


def _flaws_of_time(scope: str, says: RuleText) -> Iterator[RuleProblem]:
    if scope not in (RuleScope.INTERVAL, RuleScope.ROLLING):
        if says.interval_value is not None or says.interval_unit:
            yield RuleProblem("interval_value", _("Only an interval and a rolling span have a length of time."))
        return
    if says.interval_value is None or not 0 < says.interval_value <= LONGEST_INTERVAL:
        yield RuleProblem("interval_value", _("Enter how long, as a whole number from 1 to 1000."))
    if says.interval_unit not in IntervalUnit.values:
        yield RuleProblem("interval_unit", _("Choose the unit that the label uses."))


def _flaws_of_ages(says: RuleText) -> Iterator[RuleProblem]:
    for name, age in (("age_from", says.age_from), ("age_until", says.age_until)):
        if age is not None and not 0 <= age <= OLDEST:
            yield RuleProblem(name, _("An age from 0 to 120 years."))
    if says.age_from is not None and says.age_until is not None and says.age_from > says.age_until:
        yield RuleProblem("age_until", _("Not before the age from which it counts."))


def _flaws_of_days(valid_from: date, valid_until: date | None, today: date) -> Iterator[RuleProblem]:
    if valid_from < today:
        yield RuleProblem("valid_from", _("Today at the earliest: what counted on an earlier day stays as it was."))
    if valid_until is not None and valid_until < valid_from:
        yield RuleProblem("valid_until", _("Not before the day from which it counts."))


def _refuse_all_but_clinicians(by: audit.Actor, clinic: Clinic) -> None:
    if by.user is None:
        raise ValueError("A rule is written by a person.")
    if not is_clinician(by.user, clinic.pk):
        raise RuleRefused.for_field("", _("Only a clinician of this clinic writes or ends its rules."))


def _refuse_others(rule: LabelRule, clinic: Clinic) -> None:
    if rule.clinic_id not in (None, clinic.pk):
        raise RuleRefused.for_field("", _("This rule is another clinic's own."))
    if rule.replaced_by.filter(clinic=clinic).exists():
        raise _newer()


def _newer() -> RuleRefused:
    return RuleRefused.for_field("", _("There is a newer version of this rule at this clinic: go on from that one."))


def _today(clinic: Clinic, now: datetime) -> date:
    return now.astimezone(clinic.zone).date()
