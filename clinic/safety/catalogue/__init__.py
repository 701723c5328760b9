"""The kinds of side effects, from the file beside this module."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from django.db import transaction

from clinic.safety.models import Term
from clinic.toxins.services.catalogue import read_sources
from clinic.toxins.services.loading import Loaded, Row, cite, load_rows, read_toml

FILE = Path(__file__).resolve().parent / "terms.toml"


@transaction.atomic
def load_terms() -> Loaded:
    """Bring the terms into the database; run again, it changes nothing. A term that somebody edited is never overwritten."""
    return load_rows(Term, _terms(read_sources()), key=["code"])


def _terms(sources: dict[str, str]) -> Iterator[Row]:
    for term in read_toml(FILE)["term"]:
        onset_from, onset_until = [*term.get("onset", []), None, None][:2]
        yield {
            "code": term["code"],
            "plain_name": term["plain"],
            "clinical_name": term["clinical"],
            "region": term.get("region", ""),
            "onset_days_from": onset_from,
            "onset_days_until": onset_until,
            "lasts": term.get("lasts", ""),
            "frequency": term.get("frequency", ""),
            "urgency": term["urgency"],
            "urgency_note": term.get("urgency_note", ""),
            "distant_sign": term.get("distant", False),
            "source": cite(term["sources"], sources),
        }
