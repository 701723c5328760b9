"""What is asked before every treatment, what an answer means, and what the rest of the record says: a hold, a reaction.

An answer counts for one treatment: yesterday's "no" is no answer today. Levels and sources: docs/clinical-sources.md, "Before a
treatment". Contraindications of the labels stop from the first day: no clinic has to verify them first.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum

from clinic.treatments.checks.facts import EarlierReaction, StandingHold, Treatment
from clinic.treatments.checks.findings import Code, Finding, Severity
from clinic.treatments.checks.sources import cite

YES, NO = "YES", "NO"


class Item(StrEnum):
    """One question of the pre-injection check."""

    HYPERSENSITIVITY = "HYPERSENSITIVITY"
    MILK_ALLERGY = "MILK_ALLERGY"
    INFECTION = "INFECTION"
    NEUROMUSCULAR = "NEUROMUSCULAR"
    SWALLOWING = "SWALLOWING"
    PREGNANCY = "PREGNANCY"
    AMINOGLYCOSIDE = "AMINOGLYCOSIDE"
    ANTICOAGULANT = "ANTICOAGULANT"
    EARLIER_REACTION = "EARLIER_REACTION"


#: Products that hold cow's milk protein (P12).
WITH_MILK = frozenset({"ABOBOT"})
#: Pregnancy is asked at these ages, whoever is treated: the record does not hold who can be pregnant.
CHILDBEARING = range(12, 56)

_SOURCES = {
    Item.HYPERSENSITIVITY: cite("P12", "P14", "P15"),
    Item.MILK_ALLERGY: cite("P12"),
    Item.INFECTION: cite("P12", "P13", "P14", "P15", "P16"),
    Item.NEUROMUSCULAR: cite("P12", "P15b"),
    Item.SWALLOWING: cite("P12", "P13"),
    Item.AMINOGLYCOSIDE: cite("P12", "P14b"),
    Item.ANTICOAGULANT: cite("H29"),
}
_LEVELS = {
    Item.HYPERSENSITIVITY: Severity.STOP,
    Item.MILK_ALLERGY: Severity.STOP,
    Item.INFECTION: Severity.STOP,
    Item.NEUROMUSCULAR: Severity.WARNING,
    Item.SWALLOWING: Severity.WARNING,
    Item.PREGNANCY: Severity.WARNING,
    Item.AMINOGLYCOSIDE: Severity.WARNING,
    # Haematoma in 3.0 % against 1.8 %, not significant (H29): press longer, do not stop the drug.
    Item.ANTICOAGULANT: Severity.NOTE,
    Item.EARLIER_REACTION: Severity.WARNING,
}
#: Where the label forbids the product in neuromuscular disorders, and whether that is from general knowledge.
_FORBIDDEN_IN_NEUROMUSCULAR = {
    ("INCOBOT", "EU"): True,
    ("INCOBOT", "UK"): True,
    ("LETIBOT", "EU"): False,
    ("LETIBOT", "UK"): False,
}
#: letibotulinumtoxinA is contraindicated from this age in the EU and the UK (P15b).
LETIBOT_AGE = 75


def asked(*, product: str, age: int) -> tuple[Item, ...]:
    """The questions for a treatment with this product at this age, in the order in which they are asked."""
    left_out = set()
    if product not in WITH_MILK:
        left_out.add(Item.MILK_ALLERGY)
    if age not in CHILDBEARING:
        left_out.add(Item.PREGNANCY)
    return tuple(item for item in Item if item not in left_out)


def missing(treatment: Treatment) -> list[Item]:
    """The questions that have no answer yet; anything but YES or NO is none."""
    items = asked(product=treatment.product, age=treatment.age)
    return [item for item in items if treatment.answers.get(item) not in (YES, NO)]


def check(treatment: Treatment) -> Iterator[Finding]:
    """What today's answers and the rest of the record say against this treatment."""
    for item in asked(product=treatment.product, age=treatment.age):
        if treatment.answers.get(item) == YES:
            yield _said(item, treatment)
    if treatment.product == "LETIBOT" and treatment.jurisdiction in ("EU", "UK") and treatment.age >= LETIBOT_AGE:
        facts: dict[str, object] = {"age": treatment.age, "limit": LETIBOT_AGE, "product": treatment.product_name}
        yield Finding(Code.AGE, Severity.STOP, facts, source=cite("P15b"))
    for hold in treatment.holds:
        yield _held(hold)
    for reaction in treatment.reactions:
        yield _reacted(reaction)


def _said(item: Item, treatment: Treatment) -> Finding:
    severity, is_general = _LEVELS[item], item is Item.PREGNANCY
    if item is Item.NEUROMUSCULAR:
        forbidden = _FORBIDDEN_IN_NEUROMUSCULAR.get((treatment.product, treatment.jurisdiction))
        if forbidden is not None:
            severity, is_general = Severity.STOP, forbidden
    return Finding(
        Code(item.value),
        severity,
        {"product": treatment.product_name, "jurisdiction": treatment.jurisdiction},
        source=_SOURCES.get(item, ""),
        is_general=is_general,
        is_proposal=item is Item.EARLIER_REACTION,
    )


def _held(hold: StandingHold) -> Finding:
    """A hold because of a side effect stops until a clinician ends it or says why not (proposal); any other asks for a reason."""
    severity = Severity.STOP if hold.reason == "SIDE_EFFECT" else Severity.WARNING
    facts: dict[str, object] = {"reason": hold.reason_words, "since": hold.since}
    return Finding(Code.HOLD, severity, facts, about=hold.about, is_proposal=True)


def _reacted(reaction: EarlierReaction) -> Finding:
    """An urgent kind that nobody has reviewed to its end stops; one that is still going on asks for a reason (proposal)."""
    if reaction.is_urgent and not reaction.is_reviewed:
        severity = Severity.STOP
    else:
        severity = Severity.NOTE if reaction.is_over else Severity.WARNING
    facts: dict[str, object] = {
        "term": reaction.term, "since": reaction.since, "is_over": reaction.is_over, "is_reviewed": reaction.is_reviewed,
    }  # fmt: skip
    return Finding(Code.OPEN_SIDE_EFFECT, severity, facts, about=reaction.about, is_proposal=True)
