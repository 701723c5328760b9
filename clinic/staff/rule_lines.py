"""The rules of a clinic in words: what a rule limits, from when to when it counts, who compared it with the label."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from django.db.models import F, Prefetch, Q, QuerySet
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from clinic.practice.models import Clinic
from clinic.staff.pictures.body_map import units_text
from clinic.toxins.models import IntervalUnit, LabelRule, RuleScope, RuleVerification
from clinic.toxins.services import in_force

#: What the list can be narrowed to.
RULE_FILTERS: dict[str, Promise] = {
    "": gettext_lazy("all"),
    "unverified": gettext_lazy("not verified here"),
    "verified": gettext_lazy("verified here"),
    "own": gettext_lazy("the clinic's own"),
}
Standing = Literal["VERIFIED", "UNVERIFIED", "ENDED"]


@dataclass(frozen=True, slots=True)
class RuleLine:
    """One rule as it stands at one clinic on one day."""

    rule: LabelRule
    limits: str
    counts: str
    standing: Standing
    standing_word: str
    verification: RuleVerification | None
    #: Counts today, or will.
    is_ahead: bool = True

    @property
    def is_own(self) -> bool:
        return self.rule.clinic_id is not None


def rules_for(clinic: Clinic) -> QuerySet[LabelRule]:
    """The catalogue's rules for the clinic's jurisdiction and its own, each with `seen_here`: its verification there."""
    here = RuleVerification.objects.filter(clinic=clinic).select_related("by")
    return (
        LabelRule.objects.filter(Q(clinic=None, jurisdiction=clinic.jurisdiction) | Q(clinic=clinic))
        .select_related("product", "indication", "written_by")
        .prefetch_related(Prefetch("verifications", queryset=here, to_attr="seen_here"))
    )


def standing_rules(clinic: Clinic, today: date) -> list[LabelRule]:
    """The rules that count at the clinic today, and those that will, by product and use, every use first. Two queries."""
    ahead = Q(pk__in=in_force(clinic_id=clinic.pk, on=today).values("pk")) | Q(clinic=clinic, valid_from__gt=today)
    return list(
        rules_for(clinic)
        .filter(ahead)
        .order_by("product__brand_name", F("indication__name").asc(nulls_first=True), "scope", "valid_from", "code")
    )


def line_of(rule: LabelRule, today: date, *, is_followed: bool = False) -> RuleLine:
    """The rule in words. Needs `seen_here`. `is_followed`: a newer version counts in its place today."""
    seen: Sequence[RuleVerification] = rule.seen_here  # type: ignore[attr-defined]  # by `rules_for`
    has_ended = rule.valid_until is not None and rule.valid_until < today
    standing: Standing = "ENDED" if has_ended or is_followed else "VERIFIED" if seen else "UNVERIFIED"
    word = {
        "ENDED": _("ended") if has_ended else _("a newer version counts"),
        "VERIFIED": _("verified"),
        "UNVERIFIED": _("not verified"),
    }[standing]
    return RuleLine(
        rule=rule,
        limits=limits_in_words(rule),
        counts=counts_in_words(rule, today),
        standing=standing,
        standing_word=word,
        verification=seen[0] if seen else None,
        is_ahead=standing != "ENDED",
    )


def narrowed(lines: Iterable[RuleLine], chosen: str) -> list[RuleLine]:
    """Those to which a word of RULE_FILTERS narrows the list; all of them for any other word."""
    if chosen in ("verified", "unverified"):
        return [line for line in lines if bool(line.verification) is (chosen == "verified")]
    return [line for line in lines if line.is_own] if chosen == "own" else list(lines)


def versions_of(rule: LabelRule, clinic: Clinic, today: date) -> list[RuleLine]:
    """The rule with the versions before and after it at this clinic, the newest first. Three queries, however many they are."""
    family = {one.pk: one for one in rules_for(clinic).filter(product=rule.product, scope=rule.scope)}
    after = {one.replaces_id: one for one in family.values() if one.clinic_id is not None and one.replaces_id is not None}
    first = family.get(rule.pk, rule)
    while first.replaces_id is not None and first.replaces_id in family:
        first = family[first.replaces_id]
    chain = [first]
    while (following := after.get(chain[-1].pk)) is not None:
        chain.append(following)
    lines = []
    for one in chain:
        newer = after.get(one.pk)
        is_followed = newer is not None and newer.valid_from is not None and newer.valid_from <= today
        lines.append(line_of(one, today, is_followed=is_followed))
    return lines[::-1]


def limits_in_words(rule: LabelRule) -> str:
    """What the rule limits, with its numbers in the label's own units: "a point: at most 5 U"."""
    what = f"{RuleScope(rule.scope).label}, {rule.muscle}" if rule.muscle else str(RuleScope(rule.scope).label)
    span = _span(rule.interval_value, rule.interval_unit)
    if rule.scope == RuleScope.INTERVAL:
        said = _("at least %(span)s") % {"span": span}
    else:
        ceilings = []
        if rule.units is not None:
            ceilings.append(_("%(units)s U") % {"units": units_text(rule.units)})
        if rule.units_per_kg is not None:
            ceilings.append(_("%(units)s U per kg") % {"units": units_text(rule.units_per_kg)})
        said = _("at most %(units)s") % {"units": _(" or ").join(ceilings)}
        if span:
            said = _("%(ceiling)s in %(span)s") % {"ceiling": said, "span": span}
    ages = _ages(rule)
    first = _("first treatment only") if rule.only_first else ""
    return f"{what}: " + "; ".join(part for part in (said, ages, first) if part)


def counts_in_words(rule: LabelRule, today: date) -> str:
    """From when to when it counts; empty for one that has always counted and does not end."""
    parts = []
    if rule.valid_from is not None:
        parts.append(_("from %(day)s") % {"day": date_format(rule.valid_from, "j M Y")})
    if rule.valid_until is not None:
        parts.append(_("until %(day)s") % {"day": date_format(rule.valid_until, "j M Y")})
    if rule.valid_from is not None and rule.valid_from > today:
        parts.append(_("not yet"))
    return ", ".join(parts)


def _span(value: int | None, unit: str) -> str:
    if value is None:
        return ""
    words = {
        IntervalUnit.DAY: ngettext("%(value)s day", "%(value)s days", value),
        IntervalUnit.WEEK: ngettext("%(value)s week", "%(value)s weeks", value),
        IntervalUnit.MONTH: ngettext("%(value)s calendar month", "%(value)s calendar months", value),
    }
    return words[IntervalUnit(unit)] % {"value": value}


def _ages(rule: LabelRule) -> str:
    ages = {"from": rule.age_from, "until": rule.age_until}
    if rule.age_from is not None and rule.age_until is not None:
        return _("aged %(from)s to %(until)s") % ages
    if rule.age_from is not None:
        return _("aged %(from)s and older") % ages
    return "" if rule.age_until is None else _("up to the age of %(until)s") % ages
