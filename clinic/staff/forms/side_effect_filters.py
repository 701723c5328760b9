"""What the log of side effects may be narrowed to. Every filter stands in the address, so that a view can be kept."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo
from typing import Any, cast

import django_filters
from crispy_forms.utils import render_crispy_form
from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator
from django.http import QueryDict
from django.utils.safestring import SafeString
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from clinic.patients.validators import validate_line
from clinic.practice.models import Clinic
from clinic.safety.models import Severity, SideEffect, SideEffectState, Term, Urgency
from clinic.safety.querysets import SideEffectQuerySet
from clinic.staff.forms.fields import PlainForm
from clinic.staff.forms.side_effects import term_choices
from clinic.staff.kept import Kept
from clinic.staff.names import Kind, Names, names_at

#: Nothing was reported, and nothing will be, outside these days.
EARLIEST, LATEST = date(1990, 1, 1), date(2200, 1, 1)


class SideEffectFilterForm(PlainForm):
    """The filters as a form that is sent by GET."""

    def clean(self) -> dict[str, Any]:
        """Say on top of the form what is wrong with the state, which has no field that could be seen."""
        if "state" in self.errors:
            self.add_error(None, _("Choose a state from the list above."))
        return cast("dict[str, Any]", super().clean())


def _choice(label: Any, method: str, choices: Any = ()) -> django_filters.ChoiceFilter:
    return django_filters.ChoiceFilter(method=method, label=label, choices=choices, empty_label=_("any"))


def _text(label: Any, method: str, longest: int) -> django_filters.CharFilter:
    return django_filters.CharFilter(method=method, label=label, max_length=longest, validators=[validate_line])


def _day(label: Any, method: str) -> django_filters.DateFilter:
    return django_filters.DateFilter(
        method=method,
        label=label,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        input_formats=["%Y-%m-%d"],
        validators=[MinValueValidator(EARLIEST), MaxValueValidator(LATEST)],
        error_messages={"invalid": _("Enter a day as 2026-12-03.")},
    )


class SideEffectFilter(django_filters.FilterSet):
    """Narrows side effects by what is said of them now, the treatment they followed, the day of the report and the patient.

    `state` is only read here: the page counts every state and shows one.
    """

    q = _text(_("Patient or words"), "by_text", 100)
    term = _choice(_("What happened"), "by_term")
    urgency = _choice(_("Urgency"), "by_urgency", Urgency.choices)
    severity = _choice(_("Severity at least"), "by_severity", Severity.choices)
    product = _choice(_("Product"), "by_product")
    seen = _choice(_("Noticed"), "by_seen", [("no", _("by nobody yet")), ("yes", _("by somebody"))])
    lot = _text(_("Lot"), "by_lot", 40)
    practitioner = _choice(_("Treated by"), "by_practitioner")
    reported_from = _day(_("Reported from"), "from_day")
    reported_until = _day(_("Reported until"), "until_day")
    state = django_filters.ChoiceFilter(method="read_only", choices=SideEffectState.choices, widget=forms.HiddenInput)

    class Meta:
        model = SideEffect
        fields: tuple[str, ...] = ()
        form = SideEffectFilterForm

    def __init__(self, data: QueryDict, side_effects: SideEffectQuerySet, *, names: Names, zone: tzinfo) -> None:
        """`zone` is where a day of the filter begins and ends."""
        super().__init__(data, side_effects)
        self._names = names
        self._zone = zone
        self.filters["term"].extra["choices"] = term_choices(Term.objects.order_by("region", "plain_name"))
        self.filters["product"].extra["choices"] = names.choices(Kind.PRODUCT)
        self.filters["practitioner"].extra["choices"] = names.choices(Kind.PRACTITIONER)

    def by_text(self, found: SideEffectQuerySet, name: str, text: str) -> SideEffectQuerySet:
        return found.about(text)

    def by_term(self, found: SideEffectQuerySet, name: str, code: str) -> SideEffectQuerySet:
        return found.filter(current_version__term__code=code)

    def by_urgency(self, found: SideEffectQuerySet, name: str, urgency: str) -> SideEffectQuerySet:
        return found.filter(current_version__term__urgency=urgency)

    def by_severity(self, found: SideEffectQuerySet, name: str, grade: str) -> SideEffectQuerySet:
        return found.filter(current_version__severity__gte=int(grade))

    def by_product(self, found: SideEffectQuerySet, name: str, key: str) -> SideEffectQuerySet:
        return found.filter(session__product=self._names.pk_of(Kind.PRODUCT, key))

    def by_lot(self, found: SideEffectQuerySet, name: str, number: str) -> SideEffectQuerySet:
        return found.from_lot(number)

    def by_practitioner(self, found: SideEffectQuerySet, name: str, key: str) -> SideEffectQuerySet:
        return found.filter(session__practitioner=self._names.pk_of(Kind.PRACTITIONER, key))

    def by_seen(self, found: SideEffectQuerySet, name: str, seen: str) -> SideEffectQuerySet:
        return found.filter(acknowledged_at__isnull=seen == "no")

    def from_day(self, found: SideEffectQuerySet, name: str, day: date) -> SideEffectQuerySet:
        return found.filter(reported_at__gte=datetime.combine(day, time.min, self._zone))

    def until_day(self, found: SideEffectQuerySet, name: str, day: date) -> SideEffectQuerySet:
        return found.filter(reported_at__lt=datetime.combine(day + timedelta(days=1), time.min, self._zone))

    def read_only(self, found: SideEffectQuerySet, name: str, value: object) -> SideEffectQuerySet:
        return found


@dataclass(frozen=True)
class Narrowed:
    """What the address asks for. With a filter that cannot be understood, `side_effects` is None and `form` says which."""

    side_effects: SideEffectQuerySet | None
    #: One of the states, or "" for every one.
    state: str
    #: What tells these side effects from others, whatever their state; None with words or a lot, which are nobody else's.
    known_as: tuple[Hashable, ...] | None
    form: SafeString


_FORMS: Kept[Hashable, SafeString] = Kept()


def narrow(
    params: QueryDict, side_effects: SideEffectQuerySet, *, clinics: Sequence[Clinic], newest_change: Hashable
) -> Narrowed:
    """Narrow `side_effects` to what stands in `params`, and lay out the form that shows and changes it.

    The form takes longer to lay out than the list behind it, so it is kept while nothing changes; with words or a lot it is
    asked for once, and is not.
    """
    wanted = {name: params[name] for name in SideEffectFilter.base_filters if params.get(name)}

    def filters(data: QueryDict) -> SideEffectFilter:
        # Who works in two time zones reads the days of the first clinic.
        names = names_at(clinics, newest_change=newest_change)
        return SideEffectFilter(data, side_effects, names=names, zone=clinics[0].zone)

    def form() -> SafeString:
        return cast(SafeString, render_crispy_form((chosen or filters(QueryDict())).form))

    chosen = filters(params) if wanted else None
    if chosen is not None and not chosen.form.is_valid():
        return Narrowed(None, "", None, form())
    is_personal = bool({"q", "lot"} & wanted.keys())
    known_as: tuple[Hashable, ...] = (
        *sorted(clinic.public_id for clinic in clinics),
        *sorted((name, value) for name, value in wanted.items() if name != "state"),
    )
    key = (newest_change, get_language(), known_as, wanted.get("state"))
    return Narrowed(
        side_effects=side_effects if chosen is None else chosen.qs,
        state=chosen.form.cleaned_data["state"] if chosen is not None else "",
        known_as=None if is_personal else known_as,
        form=form() if is_personal else _FORMS.get(key, form),
    )
