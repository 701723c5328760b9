"""The facts that the checks of a treatment need, read in a fixed number of queries, and what is kept of the answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from types import MappingProxyType

from clinic.accounts import User
from clinic.patients.models import Condition, Patient
from clinic.rows import insert_new
from clinic.toxins.models import Product, Vial
from clinic.toxins.rules import LabelLimit
from clinic.toxins.services import limits_of, usual_doses
from clinic.treatments import check_words, dosing
from clinic.treatments.checks import findings_of
from clinic.treatments.checks.answers import NO, YES, Item, asked, missing
from clinic.treatments.checks.facts import CheckedPoint, EarlierReaction, Given, StandingHold, Treatment, Usual
from clinic.treatments.checks.findings import Finding, unanswered
from clinic.treatments.models import InjectionSession, Override, PreCheck, SessionVersion
from clinic.treatments.services.parts import Point
from clinic.treatments.services.refusals import Problem, TreatmentRefused
from clinic.writing import insert

#: Nothing has been asked.
NO_ANSWERS: Mapping[str, str] = MappingProxyType({})
#: A reason is kept up to this length.
REASON_LENGTH = 250


@dataclass(frozen=True)
class Checked:
    """What the checks said of one treatment: every finding, those that signing waits for, and the questions without an answer."""

    findings: Sequence[Finding] = ()
    unanswered: Sequence[Finding] = ()
    unasked: Sequence[Item] = ()
    #: The answers to the questions that were asked; others were given to nothing and are not kept.
    answers: Mapping[str, str] = field(default_factory=dict)
    reasons: Mapping[str, str] = field(default_factory=dict)
    #: What the label says, where it was read.
    limits: Sequence[LabelLimit] | None = None

    @property
    def problems(self) -> list[Problem]:
        """The questions without an answer as problems of the form: `answer-` and the item."""
        return [Problem(f"answer-{item}", str(check_words.ANSWER_NEEDED)) for item in self.unasked]

    def refused(self, problems: Sequence[Problem]) -> TreatmentRefused:
        """The refusal with these problems and with all that the checks said."""
        return TreatmentRefused(problems, findings=self.findings, unanswered=self.unanswered)

    @property
    def is_answered(self) -> bool:
        return not self.unanswered and not self.unasked


#: A record that nobody checked: one that is written down by a service which leaves the checks to another.
UNCHECKED = Checked()


def check_treatment(
    *,
    patient: Patient,
    condition: Condition,
    product: Product,
    points: Sequence[Point],
    performed_on: date,
    vials: Sequence[Vial] = (),
    lid_technique: str = "",
    answers: Mapping[str, str],
    reasons: Mapping[str, str],
    by_clinician: Callable[[], bool],
    earlier: Sequence[Given] = (),
    holds: Sequence[StandingHold] = (),
    reactions: Sequence[EarlierReaction] = (),
) -> Checked:
    """Check a treatment that is about to be signed; nothing is written.

    `earlier`, `holds` and `reactions` are what was given before and what other rooms know; `vials` are those that are drawn from
    (their dilution gives the volumes, if there is only one). `by_clinician` is asked only where there is a stop. A point whose
    units are no possible number is left out: signing refuses it anyway. Two queries.
    """
    possible = [point for point in points if point.units.is_finite() and 0 < point.units <= dosing.MOST_UNITS_AT_A_POINT]
    published = usual_doses(product=product, indication=condition.indication) if possible else {}
    usual = {
        site: Usual(dose.maximum, dose.source, dose.from_general_knowledge)
        for site, dose in published.items()
        if dose.maximum is not None
    }
    limits = limits_of(
        product=product,
        indication=condition.indication,
        jurisdiction=patient.clinic.jurisdiction,
        clinic_id=patient.clinic_id,
        on=performed_on,
    )
    # The volume is known where all vials were made up alike, whichever of them a point comes from.
    vial = vials[0] if len({(one.labelled_units, one.diluent_ml) for one in vials}) == 1 else None
    treatment = Treatment(
        product=product.code,
        product_name=str(product),
        indication=condition.indication.code,
        condition=condition.pk,
        condition_side=condition.side,
        jurisdiction=patient.clinic.jurisdiction,
        performed_on=performed_on,
        age=patient.age_on(performed_on),
        points=[_checked(point, vial, usual) for point in possible],
        rules=limits,
        weight_kg=patient.weight_kg,
        weighed_on=patient.weighed_on,
        lid_technique=lid_technique,
        earlier=earlier,
        answers=answers,
        holds=holds,
        reactions=reactions,
    )
    findings = findings_of(treatment)
    decides = any(one.needs_clinician for one in findings) and by_clinician()
    return Checked(
        findings,
        unanswered(findings, reasons=reasons, by_clinician=decides),
        missing(treatment),
        {item: answers[item] for item in asked(product=product.code, age=treatment.age) if item in answers},
        reasons,
        limits,
    )


def write_answers(*, version: SessionVersion, answers: Mapping[str, str], now: datetime) -> None:
    """Keep what was answered before this treatment. To be called before the version is signed."""
    told = {"version_id": version.pk, "at": now}
    insert_new(PreCheck, [told | {"item": str(item), "answer": answers[item]} for item in Item if answers.get(item) in (YES, NO)])


def write_overrides(*, by: User, session: InjectionSession, checked: Checked, now: datetime) -> int:
    """Keep, for each warning and stop that was gone past, what was shown and why; return how many there were."""
    overrides = [
        Override(
            session=session,
            code=finding.code,
            rule=finding.about[:120],
            severity=finding.severity,
            shown=check_words.shown(finding),
            reason=" ".join(checked.reasons[finding.key].split())[:REASON_LENGTH],
            by=by,
            at=now,
        )
        for finding in checked.findings
        if finding.needs_reason
    ]
    insert(overrides)
    return len(overrides)


def _checked(point: Point, vial: Vial | None, usual: Mapping[int, Usual]) -> CheckedPoint:
    site = point.site
    return CheckedPoint(
        site=site.code,
        label=point.label if site.is_free else str(site),
        muscle=site.muscle,
        side=point.side,
        units=point.units,
        volume_ml=None
        if vial is None
        else dosing.volume_ml(point.units, labelled_units=vial.labelled_units, diluent_ml=vial.diluent_ml),
        is_of_face=(point.view or site.view).startswith("FACE"),
        around_eye=site.around_eye,
        is_lower_face=site.may_be_contralateral,
        is_avoided=site.is_avoided,
        risk=site.risk,
        warning=site.warning,
        source=site.source,
        from_general_knowledge=site.from_general_knowledge,
        usual=usual.get(site.pk),
    )
