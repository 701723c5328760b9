"""The checks on the pages of a treatment: the questions before it, and what was found, each with the field for its reason."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.http import QueryDict
from django.utils.translation import gettext as _

from clinic import audit
from clinic.care.check_facts import background_of
from clinic.care.checking import check_visit
from clinic.staff.forms.checks import ANSWER, PreCheckForm, Reasons, no_to_the_rest
from clinic.staff.forms.points import Row
from clinic.staff.recording import Desk
from clinic.toxins.models import Vial
from clinic.toxins.rules import LabelLimit
from clinic.treatments.check_words import QUESTIONS, SEVERITIES, sentence, standing_of_rule
from clinic.treatments.checks.answers import Item, asked
from clinic.treatments.checks.findings import Finding, Severity
from clinic.treatments.models import PreCheckAnswer, SessionVersion
from clinic.treatments.services import Checked, Point, Problem, TreatmentRefused


@dataclass(frozen=True)
class Line:
    """One finding as it stands on the page."""

    key: str
    severity: str
    word: str
    text: str
    rule: str
    source: str
    trust: str
    needs_reason: bool
    reason: str = ""
    error: str = ""


class Interview:
    """What the page asks about one treatment, and what came back.

    `posted` is the form as it was sent, None where the page is only opened. Every question that may be needed for one of the
    vials on offer stands on the page; those of the vial that was chosen have to be answered.
    """

    def __init__(self, desk: Desk, posted: QueryDict | None, *, by: audit.Actor, now: datetime) -> None:
        self._desk, self._by, self._now = desk, by, now
        self._refused: TreatmentRefused | None = None
        self._only_looking = True
        age = desk.patient.age_on(desk.on)
        products = {vial.lot.product.code for vial in desk.vials}
        items = [item for item in Item if any(item in asked(product=one, age=age) for one in products or {""})]
        required = asked(product=desk.product.code, age=age) if desk.product else ()
        if posted is not None and "answer_no" in posted:
            posted = no_to_the_rest(posted, items)
        self.form = PreCheckForm(posted, items=items, required=[item for item in required if item in items])
        self.reasons = Reasons(posted or {})
        self.limits: Sequence[LabelLimit] | None = None

    def is_valid(self) -> bool:
        """Whether every question has its answer. From here on the page marks what is missing."""
        self._only_looking = False
        return self.form.is_valid()

    @property
    def answers(self) -> dict[str, str]:
        return self.form.answers()

    @property
    def questions(self) -> list[dict[str, object]]:
        """The questions for the template: name, words, the answer so far, what is wrong with it."""
        told: list[dict[str, object]] = []
        for name, field in self.form.fields.items():
            value = str(self.form[name].value() or "")
            error = "" if self._only_looking else " ".join(map(str, self.form.errors.get(name, ())))
            told.append({"name": name, "label": field.label, "value": value, "error": error})
        return told

    def refuse(self, refused: TreatmentRefused) -> list[Problem]:
        """Show what signing said of the checks; return the problems that are about anything else."""
        self._refused = refused
        others = []
        for problem in refused.problems:
            if not problem.field.startswith(ANSWER):
                others.append(problem)
            elif problem.field in self.form.fields and problem.field not in self.form.errors:
                self.form.add_error(problem.field, problem.message)
        return others

    def look(
        self, rows: Sequence[Row], *, treated_on: date | None, vials: Sequence[Vial], lid_technique: str
    ) -> tuple[list[Line], list[Line]]:
        """What is to be answered and what is only noted, of the form as it stands: as signing said, or looked up for the page."""
        findings: Sequence[Finding]
        waiting: set[str]
        if self._refused is not None and self._refused.findings:
            findings, waiting = self._refused.findings, {one.key for one in self._refused.unanswered}
        else:
            checked = self._checked(rows, treated_on, vials, lid_technique)
            findings, waiting = checked.findings, set()
            if not self._only_looking:
                waiting = {one.key for one in checked.unanswered}
        lines = [self._line(finding, is_waiting=finding.key in waiting) for finding in findings]
        return [one for one in lines if one.needs_reason], [one for one in lines if not one.needs_reason]

    def _checked(self, rows: Sequence[Row], treated_on: date | None, vials: Sequence[Vial], lid_technique: str) -> Checked:
        desk = self._desk
        if desk.product is None or treated_on is None:
            return Checked()
        checked = check_visit(
            by=self._by,
            patient=desk.patient,
            condition=desk.condition,
            product=desk.product,
            points=[Point(desk.sites[site], side, units) for site, side, units in desk.shown(rows)],
            performed_on=treated_on,
            vials=vials,
            lid_technique=lid_technique,
            answers=self.answers,
            reasons=self.reasons.given,
            background=background_of(desk.patient.pk),
            now=self._now,
        )
        self.limits = checked.limits
        return checked

    def _line(self, finding: Finding, *, is_waiting: bool) -> Line:
        key = finding.key
        error = self.reasons.refusal(key)
        if is_waiting and not error:
            is_given = bool(self.reasons.given.get(key, "").strip())
            error = _("Only a clinician may go on past this.") if is_given else _("Give a reason, or change the treatment.")
        return Line(
            key=key,
            severity=str(finding.severity),
            word=str(SEVERITIES[Severity(finding.severity)]),
            text=sentence(finding),
            rule=finding.rule,
            source=finding.source,
            trust=standing_of_rule(finding),
            needs_reason=finding.needs_reason,
            reason=self.reasons.typed_for(key, finding.stem),
            error=error,
        )


def answers_of(version: SessionVersion) -> dict[str, list[str]]:
    """The questions answered with yes and with no before a signed treatment, in the order in which they are asked. One query."""
    given = dict(version.pre_checks.values_list("item", "answer"))
    return {
        answer.lower(): [str(QUESTIONS[item]) for item in Item if given.get(item) == answer] for answer in PreCheckAnswer.values
    }
