"""What a letter may say: neutral words, by language, and what may stand in a clinic's own text. Pure.

Source of the rule: letters carry no diagnosis, drug, brand or site; whoever reads along learns that somebody has a visit.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

_BRANDS = "botox botulin botulín toxin dysport xeomin bocouture myobloc neurobloc daxx jeuveau letybo azzalure vistabel"
_FORBIDDEN = {
    "en": (
        "botox botulin toxin dysport xeomin myobloc neurobloc daxx jeuveau letybo inject needle vial dose unit spasm dystonia "
        "bleph hemifacial facial face eye neck migraine neuro nerve muscle cosmetic aesthetic wrinkle therap treat drug medicin "
        "diagnos symptom disease disorder hospital surgery doctor"
    ),
    "de": (
        "botox botulin toxin spritz injekt injiz nadel ampull dosis dosier einheit krampf spasm gesicht auge hals "
        "nacken migräne neuro nerv muskel behandl therap medikament arznei diagnos symptom krank leiden ästhet falten "
        "operation arzt ärzt doktor hemifazial"
    ),
    "es": (
        "botox botulín toxina inyec inyect aguja vial dosis unidad espasm distonía cara facial ojo cuello migraña neuro "
        "nervi múscul trata terap fármac medic médic diagn síntoma enferm estétic arruga cirug hospital doctor "
        "hemifacial"
    ),
}
#: The drug by its brands and its own name: in no subject of any letter, and in no neutral text, whatever the language.
BRANDS = tuple(_BRANDS.split())
#: What a reader over the shoulder must not learn, by language: beginnings of words.
FORBIDDEN = {language: tuple(words.split()) for language, words in _FORBIDDEN.items()}
OF_PATIENT = ("given_name", "clinic")
OF_VISIT = ("day", "time")
_VARIABLE = re.compile(r"\{([^{}]*)\}")
_MARKUP = re.compile(r"<[a-z!/?]|&[a-z#0-9]+;", re.IGNORECASE)
_LINK = re.compile(r"https?:|www\.|\S@\S", re.IGNORECASE)


class Fault(StrEnum):
    """Why a text may not stand in a letter."""

    UNKNOWN_VARIABLE = "UNKNOWN_VARIABLE"
    BRACES = "BRACES"
    NOT_IN_SUBJECT = "NOT_IN_SUBJECT"
    MARKUP = "MARKUP"
    LINK = "LINK"
    SAYS_TOO_MUCH = "SAYS_TOO_MUCH"
    NAMES_THE_DRUG = "NAMES_THE_DRUG"


@dataclass(frozen=True, slots=True)
class Found:
    """A fault and the words that make it."""

    fault: Fault
    words: tuple[str, ...] = ()


def variables(*, has_visit: bool) -> tuple[str, ...]:
    """Return what may stand in braces in a letter's opening."""
    return OF_PATIENT + (OF_VISIT if has_visit else ())


def says_too_much(text: str, language: str) -> tuple[str, ...]:
    """Return the words of a text that a reader over the shoulder must not see."""
    beginnings = FORBIDDEN.get(language, ()) + BRANDS
    return tuple(word for word in re.findall(r"\w+", text.casefold()) if word.startswith(beginnings))


def faults(text: str, *, language: str, has_visit: bool, is_subject: bool, is_fuller: bool) -> Iterator[Found]:
    """Yield everything for which this subject or opening is refused."""
    known = ("clinic",) if is_subject else variables(has_visit=has_visit)
    used = _VARIABLE.findall(text)
    if is_subject and (own := tuple(name for name in used if name in OF_PATIENT[:1] + OF_VISIT)):
        yield Found(Fault.NOT_IN_SUBJECT, own)
    if unknown := tuple(name for name in used if name not in known and not (is_subject and name in OF_PATIENT + OF_VISIT)):
        yield Found(Fault.UNKNOWN_VARIABLE, unknown)
    plain = _VARIABLE.sub(" ", text)
    if "{" in plain or "}" in plain:
        yield Found(Fault.BRACES)
    if _MARKUP.search(plain):
        yield Found(Fault.MARKUP)
    if _LINK.search(plain):
        yield Found(Fault.LINK)
    if not is_fuller and (words := says_too_much(plain, language)):
        yield Found(Fault.SAYS_TOO_MUCH, words)
    elif is_subject and (words := tuple(w for w in re.findall(r"\w+", plain.casefold()) if w.startswith(BRANDS))):
        yield Found(Fault.NAMES_THE_DRUG, words)
