"""Diagnosis codes (ICD-10-CM) and the side they say. Pure. Source: docs/clinical-sources.md, diagnoses."""

from __future__ import annotations

import re

#: Clonic hemifacial spasm is coded by its side; G51.3 alone is not a complete code.
HEMIFACIAL_SPASM = {"RIGHT": "G51.31", "LEFT": "G51.32", "BOTH": "G51.33", "NONE": "G51.39"}
_SIDES = {code: side for side, code in HEMIFACIAL_SPASM.items() if side != "NONE"}
#: Codes of conditions that have no side of their own, by the indication's code.
_WITHOUT_SIDE = {"BLEPH": "G24.5", "CD": "G24.3", "AXH": "L74.510", "OAB": "N32.81", "SIAL": "K11.7"}
_SHAPE = re.compile(r"[A-TV-Z][0-9][0-9A-Z](\.[0-9A-Z]{1,4})?")


def suggested_code(indication_code: str, side: str) -> str:
    """Return the code for a condition of this indication on this side; empty where none is known."""
    if indication_code == "HFS":
        return HEMIFACIAL_SPASM.get(side, "")
    return _WITHOUT_SIDE.get(indication_code, "")


def tidy_code(code: str) -> str:
    """Return `code` in capitals and with its dot, as in G51.31."""
    bare = re.sub(r"[\s.]", "", code).upper()
    return f"{bare[:3]}.{bare[3:]}" if len(bare) > 3 else bare


def is_a_code(code: str) -> bool:
    """Whether `code` has the shape of an ICD-10-CM code. Says nothing about whether it exists."""
    return _SHAPE.fullmatch(code) is not None


def side_of_code(code: str) -> str:
    """Return the side that `code` states (RIGHT, LEFT or BOTH), or empty if it states none."""
    return _SIDES.get(code, "")


def is_incomplete(code: str) -> bool:
    """Whether `code` lacks the digit that says the side: G51.3, and G51.30, which does not exist."""
    return code in {"G51.3", "G51.30"}
