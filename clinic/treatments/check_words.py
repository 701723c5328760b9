"""The sentence for each finding of `checks`, and the question for each item that is asked, in the reader's language."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from clinic.treatments.checks.answers import Item
from clinic.treatments.checks.findings import Code, Finding, Severity
from clinic.treatments.models import PointSide
from clinic.treatments.window import Span
from clinic.treatments.wording import in_words

SEVERITIES = {Severity.NOTE: _lazy("note"), Severity.WARNING: _lazy("warning"), Severity.STOP: _lazy("stop")}

#: Beside a question without an answer.
ANSWER_NEEDED = _lazy("Answer yes or no.")

QUESTIONS = {
    Item.HYPERSENSITIVITY: _lazy("Allergy to a botulinum toxin or to anything in the vial"),
    Item.MILK_ALLERGY: _lazy("Allergy to cow's milk protein"),
    Item.INFECTION: _lazy("Infection or inflammation at a planned point"),
    Item.NEUROMUSCULAR: _lazy("Neuromuscular disorder (myasthenia, Lambert-Eaton, ALS …)"),
    Item.SWALLOWING: _lazy("Trouble swallowing or breathing"),
    Item.PREGNANCY: _lazy("Pregnant or breast-feeding"),
    Item.AMINOGLYCOSIDE: _lazy("Aminoglycoside or another drug that adds to the effect"),
    Item.ANTICOAGULANT: _lazy("Anticoagulant or bleeding disorder"),
    Item.EARLIER_REACTION: _lazy("Still troubled by an earlier treatment"),
}

#: What each kind of finding is called, for lists and filters.
NAMES = {
    Code.SESSION_CEILING: _lazy("ceiling of a treatment"),
    Code.POINT_CEILING: _lazy("ceiling of a point"),
    Code.EYE_CEILING: _lazy("ceiling of an eye"),
    Code.MUSCLE_CEILING: _lazy("ceiling of a muscle"),
    Code.SIDE_CEILING: _lazy("ceiling of a side"),
    Code.ROLLING_CEILING: _lazy("ceiling over a span of time"),
    Code.WEIGHT_MISSING: _lazy("weight missing"),
    Code.WEIGHT_OLD: _lazy("weight is old"),
    Code.NO_RULES: _lazy("no rules on file"),
    Code.TOO_EARLY: _lazy("earlier than the interval"),
    Code.TOO_EARLY_FOR_NEXT: _lazy("too near to the next treatment"),
    Code.OTHER_PRODUCT: _lazy("another product inside the interval"),
    Code.UNUSUAL_TOTAL: _lazy("unusual total"),
    Code.ABOVE_USUAL: _lazy("more than usual at a point"),
    Code.AVOIDED_POINT: _lazy("avoided point"),
    Code.RISKY_POINT: _lazy("risky point"),
    Code.LOWER_FACE: _lazy("lower face"),
    Code.BOTH_SIDES: _lazy("healthy side"),
    Code.VOLUME: _lazy("volume at a point"),
    Code.PRESEPTAL: _lazy("preseptal technique"),
    Code.AGE: _lazy("age"),
    Code.HYPERSENSITIVITY: _lazy("allergy to the toxin"),
    Code.MILK_ALLERGY: _lazy("allergy to milk"),
    Code.INFECTION: _lazy("infection"),
    Code.NEUROMUSCULAR: _lazy("neuromuscular disorder"),
    Code.SWALLOWING: _lazy("trouble swallowing or breathing"),
    Code.PREGNANCY: _lazy("pregnancy"),
    Code.AMINOGLYCOSIDE: _lazy("drug that adds to the effect"),
    Code.ANTICOAGULANT: _lazy("anticoagulant"),
    Code.EARLIER_REACTION: _lazy("earlier reaction"),
    Code.OPEN_SIDE_EFFECT: _lazy("side effect on record"),
    Code.HOLD: _lazy("hold"),
}

_SENTENCES = {
    Code.SESSION_CEILING: _lazy("%(units)s U of %(product)s in this treatment; at most %(limit)s U."),
    Code.POINT_CEILING: _lazy("More than %(limit)s U of %(product)s at a point: %(points)s."),
    Code.EYE_CEILING: _lazy("%(units)s U of %(product)s around the %(side)s eye; at most %(limit)s U."),
    Code.MUSCLE_CEILING: _lazy("%(units)s U of %(product)s in %(muscle)s; at most %(limit)s U."),
    Code.SIDE_CEILING: _lazy("%(units)s U of %(product)s on the %(side)s; at most %(limit)s U."),
    Code.ROLLING_CEILING: _lazy(
        "%(units)s U of %(product)s within %(span)s (%(others)s before, %(this)s now); at most %(limit)s U."
    ),
    Code.WEIGHT_MISSING: _lazy("The ceiling goes by weight, and no weight is on record: it was not compared."),
    Code.WEIGHT_OLD: _lazy("The ceiling was reckoned with %(weight)s kg of %(weighed_on)s: weigh again."),
    Code.NO_RULES: _lazy(
        "No rule for %(product)s in this use is on file for %(jurisdiction)s: no dose or interval was compared."
    ),
    Code.TOO_EARLY: _lazy("%(days)s days after the treatment of %(first)s; not before %(earliest)s."),
    Code.TOO_EARLY_FOR_NEXT: _lazy(
        "%(days)s days before the treatment of %(second)s, which should not have been before %(earliest)s."
    ),
    Code.OTHER_PRODUCT: _lazy(
        "%(other)s was given on %(on)s (%(units)s U of its own). Units of two products are never added or converted."
    ),
    Code.UNUSUAL_TOTAL: _lazy("%(units)s U of %(product)s in all; more than %(limit)s U is unusual here."),
    Code.ABOVE_USUAL: _lazy("More than usual: %(points)s."),
    Code.AVOIDED_POINT: _lazy("%(points)s is best avoided: %(risk)s."),
    Code.RISKY_POINT: _lazy("%(site)s: %(risk)s."),
    Code.LOWER_FACE: _lazy(
        "%(units)s U in the lower face (points: %(count)s): facial weakness followed in 9 of 12 patients of one series."
    ),
    Code.BOTH_SIDES: _lazy("%(units)s U on the healthy side (%(side)s; points: %(count)s)."),
    Code.VOLUME: _lazy("Up to %(volume)s mL at a point of the face; more than %(limit)s mL spreads further (points: %(count)s)."),
    Code.PRESEPTAL: _lazy("Preseptal points at the lids were followed by ptosis more often than pretarsal ones."),
    Code.AGE: _lazy("The patient is %(age)s: %(product)s is contraindicated from the age of %(limit)s."),
    Code.HYPERSENSITIVITY: _lazy("Allergy to the toxin or to an ingredient: contraindicated."),
    Code.MILK_ALLERGY: _lazy("Allergy to cow's milk protein: %(product)s is contraindicated."),
    Code.INFECTION: _lazy("Infection or inflammation at a planned point: contraindicated."),
    Code.NEUROMUSCULAR: _lazy("Neuromuscular disorder: weakness may be severe and spread."),
    Code.SWALLOWING: _lazy("Trouble swallowing or breathing: spread may make it dangerous."),
    Code.PREGNANCY: _lazy("Pregnant or breast-feeding: only if the benefit justifies the risk."),
    Code.AMINOGLYCOSIDE: _lazy("A drug that adds to the effect: weakness may be stronger."),
    Code.ANTICOAGULANT: _lazy(
        "Anticoagulant or bleeding disorder: haematomas in 3.0 %% against 1.8 %% of one series, no significant difference."
    ),
    Code.EARLIER_REACTION: _lazy("Still troubled by an earlier treatment. Report it as a side effect."),
    Code.OPEN_SIDE_EFFECT: _lazy("Side effect on record: %(term)s (%(state)s)."),
    Code.HOLD: _lazy("On hold since %(since)s: %(reason)s."),
}


def sentence(finding: Finding) -> str:
    """The finding with its numbers as a sentence for whoever signs."""
    text = str(_SENTENCES[finding.code]) % _told(finding.facts)
    if finding.facts.get("elsewhere"):
        text += " " + _("Given elsewhere: %(elsewhere)s U.") % in_words(finding.facts)
    if finding.facts.get("before"):
        text += " " + _("Signed earlier that day: %(before)s U.") % in_words(finding.facts)
    if "weight" in finding.facts and finding.code is not Code.WEIGHT_OLD:
        text += " " + _("Reckoned with %(weight)s kg of %(weighed_on)s.") % in_words(finding.facts)
    return text


def standing_of_rule(finding: Finding) -> str:
    """How far the rule behind a finding can be trusted; empty where there is nothing to say."""
    words = []
    if finding.verified is not None:
        words.append(_("verified at this clinic") if finding.verified else _("not verified at this clinic"))
    if finding.is_general:
        words.append(_("from general knowledge: check the label"))
    if finding.is_proposal:
        words.append(_("a proposal, not a label"))
    return "; ".join(words)


def shown(finding: Finding) -> str:
    """All that stood before whoever gave a reason, in one text, for the record."""
    parts = [sentence(finding), finding.rule, finding.source, standing_of_rule(finding)]
    return " · ".join(part for part in parts if part)


def _told(facts: Mapping[str, object]) -> dict[str, str]:
    words = in_words({name: value for name, value in facts.items() if not (name == "side" and not value)})
    if "points" in facts:
        words["points"] = "; ".join(_place(*point) for point in cast(tuple[tuple[object, ...], ...], facts["points"]))
    if isinstance(facts.get("span"), Span):
        words["span"] = _span(cast(Span, facts["span"]))
    if "is_over" in facts:
        words["state"] = _state(bool(facts["is_over"]), bool(facts["is_reviewed"]))
    if words.get("muscle") and words.get("side"):
        words["muscle"] = f"{words['muscle']}, {words['side']}"
    return words


def _place(label: object, side: object, units: object, usual: object = None) -> str:
    words = in_words({"units": units, "usual": usual})
    name = str(label) if side == PointSide.MIDLINE else f"{label}, {PointSide(str(side)).label}"
    if usual is None:
        return _("%(name)s %(units)s U") % {"name": name, "units": words["units"]}
    return _("%(name)s %(units)s U, usually at most %(usual)s U") % {"name": name, **words}


def _span(span: Span) -> str:
    """A span in the unit of its rule."""
    one, many = {
        "DAY": (_("%(value)s day"), _("%(value)s days")),
        "WEEK": (_("%(value)s week"), _("%(value)s weeks")),
        "MONTH": (_("%(value)s calendar month"), _("%(value)s calendar months")),
    }[span.unit]
    return (one if span.value == 1 else many) % {"value": span.value}


def _state(is_over: bool, is_reviewed: bool) -> str:
    if is_over:
        return _("over, not reviewed yet")
    return _("not over, reviewed") if is_reviewed else _("not over, not reviewed yet")
