"""What is wise about a treatment before it is signed, pure: facts in, findings out.

`dosing` says whether a record is possible; these checks say what the labels, the literature and the rest of the record hold
against it. Nothing here refuses: a note is read, a warning is answered with a reason, a stop with a reason by a clinician.

A rule of a label that nobody at the clinic has verified warns and says so; once verified, its ceilings and floors stop.
Sources: docs/clinical-sources.md.
"""

from __future__ import annotations

from clinic.treatments.checks import answers, ceilings, intervals, places
from clinic.treatments.checks.facts import Treatment
from clinic.treatments.checks.findings import Finding, in_order


def findings_of(treatment: Treatment) -> list[Finding]:
    """Everything found, stops first. The order is the same for the same facts, and no two share a key."""
    return in_order(
        [
            *answers.check(treatment),
            *ceilings.check(treatment),
            *intervals.check(treatment),
            *places.check(treatment, over_label=ceilings.points_over_label(treatment)),
        ]
    )
