"""What is typed about a side effect: the report, its amendment, a reviewer's judgement."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, cast

from crispy_forms.helper import FormHelper
from crispy_forms.layout import Layout
from django import forms
from django.utils.formats import date_format
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from clinic.patients.models import Side
from clinic.safety.models import (
    Outcome,
    ReviewResult,
    SeriousCriterion,
    Severity,
    SideEffectState,
    SideEffectVersion,
    Term,
    Urgency,
)
from clinic.safety.services import LONGEST_NARRATIVE, LONGEST_NOTE
from clinic.staff.forms.fields import DataChoiceField, DayField, LineField, PlainForm, TextField
from clinic.treatments.models import InjectionSession

#: CTCAE v5 general grades in the words of the desk (docs/clinical-sources.md, severity).
_SEVERITIES = [
    (Severity.MILD, _("mild: noticed, needs nothing")),
    (Severity.MODERATE, _("moderate: hinders daily life a little, or needs local treatment")),
    (Severity.SEVERE, _("severe: hinders self-care, or needs a hospital")),
    (Severity.LIFE_THREATENING, _("life-threatening: needed urgent treatment")),
    (Severity.DEATH, _("death")),
]
_YES_NO = [("yes", _("yes")), ("no", _("no")), ("", _("not judged"))]


def term_choices(terms: Iterable[Term]) -> list[tuple[str, list[tuple[str, str]]]]:
    """The terms by region, in plain and in clinical words; those that are urgent say so."""
    by_region: dict[str, list[tuple[str, str]]] = {}
    for term in terms:
        words = f"{term.plain_name} ({term.clinical_name})"
        if term.urgency == Urgency.RED:
            words = _now("urgent: %(term)s") % {"term": words}
        by_region.setdefault(term.region or _now("elsewhere"), []).append((term.code, words))
    return sorted(by_region.items())


def session_words(session: InjectionSession) -> str:
    """A treatment in a line: day, product, condition and side. Needs product and condition loaded."""
    side = Side(session.condition.side)
    about = str(session.condition.indication)
    if side != Side.NONE:
        about = f"{about}, {side.label}"
    return f"{date_format(session.performed_on, 'j M Y')}: {session.product}, {about}"


class _StatementForm(PlainForm):
    """What is said of a side effect."""

    term = DataChoiceField(
        label=_("What happened"),
        attrs={"data-urgent-terms": True},
        error_messages={"required": _("Choose what happened."), "invalid_choice": _("Choose what happened.")},
        help_text=_("Where none fits, choose the nearest and describe it below."),
    )
    onset_on = DayField(label=_("Began on"), required=False, help_text=_("Leave empty if nobody knows."))
    severity = forms.TypedChoiceField(label=_("How bad"), choices=_SEVERITIES, coerce=int, widget=forms.RadioSelect)
    outcome = forms.ChoiceField(label=_("How it is now"), choices=Outcome.choices, widget=forms.RadioSelect)
    resolved_on = DayField(label=_("Ended on"), required=False)
    serious_criteria = forms.MultipleChoiceField(
        label=_("Serious, because of"),
        choices=SeriousCriterion.choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Anything ticked makes it serious, however bad it felt. Most side effects have nothing ticked."),
    )
    narrative = TextField(label=_("In the patient's words"), max_length=LONGEST_NARRATIVE, required=False)

    def __init__(self, *args: Any, terms: Sequence[Term], **options: Any) -> None:
        super().__init__(*args, **options)
        self._terms = {term.code: term for term in terms}
        cast(DataChoiceField, self.fields["term"]).offer(
            [("", _("Choose…")), *term_choices(terms)],
            {term.code: {"urgent": term.plain_name} for term in terms if term.urgency == Urgency.RED},
        )

    def clean_term(self) -> Term:
        return self._terms[self.cleaned_data["term"]]

    @property
    def urgent_term(self) -> Term | None:
        """The term that was chosen, if it is an urgent one."""
        term = self._terms.get(str(self["term"].value() or ""))
        return term if term is not None and term.urgency == Urgency.RED else None

    #: The fields in the order of the page.
    order: tuple[str, ...] = ("term", "onset_on", "severity", "outcome", "resolved_on", "serious_criteria", "narrative")

    @property
    def helper(self) -> FormHelper:
        helper = super().helper
        helper.layout = Layout(*self.order)
        return helper


class ReportForm(_StatementForm):
    """A new side effect of a patient. `sessions` are their signed treatments, the newest first."""

    #: Sent twice, it reports once.
    token = forms.UUIDField(widget=forms.HiddenInput)
    session = forms.ChoiceField(label=_("After which treatment"), required=False)
    order = ("token", "term", "session", *_StatementForm.order[1:])

    def __init__(self, *args: Any, sessions: Sequence[InjectionSession], **options: Any) -> None:
        super().__init__(*args, **options)
        self._sessions = {str(session.public_id): session for session in sessions}
        cast(forms.ChoiceField, self.fields["session"]).choices = [
            *((key, session_words(session)) for key, session in self._sessions.items()),
            ("", _("none known")),
        ]

    def clean_session(self) -> InjectionSession | None:
        return self._sessions.get(self.cleaned_data["session"])


class AmendForm(_StatementForm):
    """What is known of a side effect by now, and why the record changes."""

    based_on = forms.IntegerField(widget=forms.HiddenInput, min_value=1, max_value=10_000)
    reason = LineField(label=_("Why the record is changed"), max_length=200)
    order = ("based_on", *_StatementForm.order, "reason")

    @staticmethod
    def of(version: SideEffectVersion) -> dict[str, Any]:
        """What the form is opened with."""
        return {
            "based_on": version.number,
            "term": version.term.code,
            "onset_on": version.onset_on,
            "severity": version.severity,
            "outcome": version.outcome,
            "resolved_on": version.resolved_on,
            "serious_criteria": version.serious_criteria,
            "narrative": version.narrative,
        }


class ReviewForm(PlainForm):
    """A reviewer's judgement."""

    causality = forms.ChoiceField(
        label=_("Caused by the treatment"),
        choices=ReviewResult.choices,
        widget=forms.RadioSelect,
        help_text=_("WHO-UMC categories."),
    )
    is_expected = forms.ChoiceField(label=_("Listed in the label"), choices=_YES_NO, required=False, widget=forms.RadioSelect)
    is_distant = forms.ChoiceField(
        label=_("Distant from the injection"), choices=_YES_NO, required=False, widget=forms.RadioSelect
    )
    action = LineField(label=_("What is done"), max_length=250, required=False)
    note = TextField(label=_("Note"), max_length=LONGEST_NOTE, required=False)
    resulting_state = forms.ChoiceField(
        label=_("And now"),
        choices=[
            (SideEffectState.REVIEWED, _("reviewed: nothing more to do")),
            (SideEffectState.FOLLOWING, _("being followed: look again")),
            (SideEffectState.IN_REVIEW, _("still in review")),
        ],
        widget=forms.RadioSelect,
    )

    def clean_is_expected(self) -> bool | None:
        return _yes_or_no(self.cleaned_data["is_expected"])

    def clean_is_distant(self) -> bool | None:
        return _yes_or_no(self.cleaned_data["is_distant"])


def _yes_or_no(text: str) -> bool | None:
    return {"yes": True, "no": False}.get(text)
