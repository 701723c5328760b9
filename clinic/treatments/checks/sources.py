"""What stands behind the checks that are no rule of the catalogue, cited as docs/clinical-sources.md cites it."""

from __future__ import annotations

CITED = {
    "P4": "botoxone.com, blepharospasm dosing",
    "P5": "rxreasoner.com, EU label of onabotulinumtoxinA",
    "P12": "drugs.com, Dysport dosage",
    "P13": "myoblochcp.com and reprints, Myobloc",
    "P14": "reference.medscape.com, Daxxify",
    "P14b": "revance.com, Daxxify safety information",
    "P15": "drugs.com, letibotulinumtoxinA",
    "P15b": "Letybo UK prescribing information (copy)",
    "P16": "drugs.com, Jeuveau dosage",
    "H2": "Jitpimolmard 1998, JNNP 64:751",
    "H6": "Sorgun 2015, J Clin Neurosci",
    "H15": "Yu 1992, Acta Neurol Scand 85:55",
    "H16a": "Neurol Sci 2017, s10072-017-3107-2",
    "H16b": "American Academy of Neurology 2023, abstract 002029",
    "H17": "Toxins 2022;14:362",
    "H18": "MDS abstract, 4 x 5 U technique",
    "H19": "Rev Bras Cir Plást 2015 (both sides)",
    "H29": "Schrader 2018, J Neural Transm 125:173",
}


def cite(*keys: str) -> str:
    """The sources in words. KeyError for one that is not on the list."""
    return "; ".join(CITED[key] for key in keys)
