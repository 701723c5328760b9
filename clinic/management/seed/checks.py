"""How the demonstration's clinicians answer the checks of a treatment. Invented."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from random import Random

from clinic.treatments.checks.answers import NO, YES, Item
from clinic.treatments.checks.findings import Code, Finding
from clinic.treatments.models import InjectionSession
from clinic.treatments.services import TreatmentRefused

#: Share of patients who take an anticoagulant.
_ON_ANTICOAGULANT = 0.12
#: Share of treatments before which something of the last one still troubles the patient.
_STILL_TROUBLED = 0.03
#: Why a clinician goes on, by what was found; several where it happens often.
_REASONS: Mapping[Code, tuple[str, ...]] = {
    Code.OPEN_SIDE_EFFECT: (
        "Almost gone, patient wants treatment today; doses at that side lowered",
        "Looked at today: mild, does not trouble the patient",
        "Seen before treatment, explained again, patient decides to go on",
    ),
    Code.EARLIER_REACTION: (
        "A little weaker there since last time; that point was left out",
        "Still a bruise at one point; it was moved aside",
        "Getting better by the week; patient wants treatment all the same",
    ),
    Code.TOO_EARLY: ("Treated elsewhere before moving here; effect has gone",),
    Code.UNUSUAL_TOTAL: (
        "Both sides are treated; each side as before",
        "Severe spasm of the whole half of the face, same total tolerated well before",
    ),
    Code.EYE_CEILING: ("Same dose as in the last year, tolerated well", "Too weak with less; discussed with the patient"),
    Code.OTHER_PRODUCT: ("Changed because of supply; started low with the new product",),
    Code.HOLD: ("Patient came all the same and wants treatment; hold was for the journey",),
}
_ANY = ("Weighed up with the patient", "Discussed; benefit is larger than the risk")


def answers_of(seed: str, on: date) -> dict[str, str]:
    """What the patient of this story answers before the treatment on a day: of the same story, always the same."""
    takes = Random(f"{seed} checks").random() < _ON_ANTICOAGULANT  # noqa: S311 - a story, no secret
    still = Random(f"{seed} {on} checks").random() < _STILL_TROUBLED  # noqa: S311 - a story, no secret
    said = {Item.ANTICOAGULANT: takes, Item.EARLIER_REACTION: still}
    return {str(item): YES if said.get(item) else NO for item in Item}


def go_on(sign: Callable[[Mapping[str, str]], InjectionSession], rng: Random) -> InjectionSession:
    """Sign as a person does: once, and where the checks ask, once more with a reason for each."""
    try:
        return sign({})
    except TreatmentRefused as refused:
        if refused.problems:
            raise
        return sign({one.key: _reason(one, rng) for one in refused.unanswered})


def _reason(finding: Finding, rng: Random) -> str:
    return rng.choice(_REASONS.get(finding.code, _ANY))
