"""What the follow-up list may be narrowed to. Every filter stands in the address, so that a view of the list can be kept."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, cast

import django_filters
from crispy_forms.helper import FormHelper
from crispy_forms.layout import HTML, Layout, Submit
from crispy_forms.utils import render_crispy_form
from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db.models import QuerySet
from django.http import QueryDict
from django.utils.safestring import SafeString
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from clinic.accounts import User
from clinic.care.worklist import Stage
from clinic.patients.querysets import PatientQuerySet
from clinic.practice.models import Clinic
from clinic.practice.roles import Permission
from clinic.practice.services import people_who
from clinic.staff.kept import Kept
from clinic.staff.names import Kind, Names
from clinic.treatments.models import FollowUp

#: No list is asked for outside these days; it also keeps every date that is computed from them a date.
EARLIEST, LATEST = date(1990, 1, 1), date(2200, 1, 1)
#: Values in the address: follow-ups that wait for a booking; those of the reader, and those of nobody.
TO_BOOK, MINE, NOBODY = "none", "me", "nobody"


def _day(label: Any, field_name: str | None = None, lookup: str | None = None, **options: Any) -> django_filters.DateFilter:
    return django_filters.DateFilter(
        field_name=field_name,
        lookup_expr=lookup,
        label=label,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        input_formats=["%Y-%m-%d"],
        validators=[MinValueValidator(EARLIEST), MaxValueValidator(LATEST)],
        error_messages={"invalid": _("Enter a day as 2026-12-03.")},
        **options,
    )


def _choice(label: Any, method: str) -> django_filters.ChoiceFilter:
    return django_filters.ChoiceFilter(method=method, label=label, choices=(), empty_label=_("any"))


class FilterForm(forms.Form):
    """The filters as a form that is sent by GET and keeps the chosen stage."""

    WORK = ("booking", "assignee")
    DAYS = ("opens_from", "opens_until", "closes_from", "closes_until")

    def clean(self) -> dict[str, Any]:
        """Say on top of the form what is wrong with the stage, which has no field that could be seen."""
        if "stage" in self.errors:
            self.add_error(None, _("Choose a stage from the list above."))
        return cast("dict[str, Any]", super().clean())

    @property
    def helper(self) -> FormHelper:
        helper = FormHelper()
        helper.form_method = "get"
        helper.form_class = "filters"
        helper.attrs = {"role": "search", "aria-label": _("Narrow the list")}
        helper.disable_csrf = True
        folded = (*self.WORK, *self.DAYS)
        # Open, the panel lies over the list: it stays shut unless something in it is wrong, and tells how much it holds.
        is_open = " open" if any(self[name].errors for name in folded) else ""
        number = sum(bool(self[name].value()) for name in folded)
        more = _("More (%(number)d)") % {"number": number} if number else _("More")
        is_narrowed = any(self[name].value() for name in self.fields if name != "stage")
        # What is put into the form's own markup is never what somebody typed: a layout's markup is a template.
        stage = self["stage"].value()
        # Never an empty query: that opens the reader's own first view.
        unnarrowed = f"?stage={stage}" if stage in Stage.__members__ else "?stage="
        shown = ("q", "clinic", "practitioner", "indication", "product", "as_of")
        helper.layout = Layout(
            "stage",
            *(name for name in shown if name in self.fields),
            HTML(f'<details class="menu"{is_open}><summary>{more}</summary><div class="menu-panel filters">'),
            *self.WORK,
            *self.DAYS,
            HTML("</div></details>"),
            Submit("", _("Show"), css_class="btn btn-secondary"),
            *([HTML(f'<a class="btn btn-link" href="{unnarrowed}">{_("Clear")}</a>')] if is_narrowed else []),
        )
        return helper


class FollowUpFilter(django_filters.FilterSet):
    """Narrows follow-ups by clinic, practitioner, indication, product, days and the patient's name or number.

    `stage`, `booking` and `as_of` are only read here: the worklist applies them, because a stage is one of a day.
    """

    q = django_filters.CharFilter(method="by_text", label=_("Patient"), max_length=100)
    clinic = _choice(_("Clinic"), "by_clinic")
    practitioner = _choice(_("Treated by"), "by_practitioner")
    indication = _choice(_("Indication"), "by_indication")
    product = _choice(_("Product"), "by_product")
    opens_from = _day(_("Opens from"), "opens_on", "gte")
    opens_until = _day(_("Opens until"), "opens_on", "lte")
    closes_from = _day(_("Closes from"), "closes_on", "gte")
    closes_until = _day(_("Closes until"), "closes_on", "lte")
    booking = _choice(_("Visit"), "read_only")
    assignee = _choice(_("Worked on by"), "by_assignee")
    as_of = _day(_("As of"), method="read_only")
    stage = django_filters.ChoiceFilter(
        method="read_only", label=_("Stage"), choices=[(stage, stage) for stage in Stage], widget=forms.HiddenInput
    )

    class Meta:
        model = FollowUp
        fields: tuple[str, ...] = ()
        form = FilterForm

    def __init__(
        self,
        data: QueryDict,
        follow_ups: QuerySet[FollowUp],
        *,
        patients: PatientQuerySet,
        clinics: Sequence[Clinic],
        names: Names,
        reader: User,
    ) -> None:
        super().__init__(data, follow_ups)
        self._reader = reader
        people = people_who(Permission.WORK_FOLLOW_UPS, clinics=clinics)
        self._people = {one.public_id.hex: one for one in people if one.pk != reader.pk}
        self.filters["booking"].extra["choices"] = [(TO_BOOK, _("to be booked"))]
        self.filters["assignee"].extra["choices"] = [
            (MINE, _("me")), (NOBODY, _("nobody yet")), *((key, str(one)) for key, one in self._people.items()),
        ]  # fmt: skip
        self._patients = patients
        self._names = names
        self._clinics = {clinic.public_id.hex: clinic for clinic in clinics}
        self.filters["clinic"].extra["choices"] = [(key, clinic.name) for key, clinic in self._clinics.items()]
        for kind in Kind:
            self.filters[kind.value.lower()].extra["choices"] = names.choices(kind)
        if len(clinics) == 1:
            del self.filters["clinic"]

    def by_text(self, follow_ups: QuerySet[FollowUp], name: str, text: str) -> QuerySet[FollowUp]:
        return follow_ups.filter(patient__in=self._patients.matching(text))

    def by_clinic(self, follow_ups: QuerySet[FollowUp], name: str, key: str) -> QuerySet[FollowUp]:
        return follow_ups.filter(patient__clinic=self._clinics[key])

    def by_practitioner(self, follow_ups: QuerySet[FollowUp], name: str, key: str) -> QuerySet[FollowUp]:
        return follow_ups.filter(session__practitioner=self._names.pk_of(Kind.PRACTITIONER, key))

    def by_indication(self, follow_ups: QuerySet[FollowUp], name: str, key: str) -> QuerySet[FollowUp]:
        return follow_ups.filter(condition__indication=self._names.pk_of(Kind.INDICATION, key))

    def by_product(self, follow_ups: QuerySet[FollowUp], name: str, key: str) -> QuerySet[FollowUp]:
        return follow_ups.filter(session__product=self._names.pk_of(Kind.PRODUCT, key))

    def by_assignee(self, follow_ups: QuerySet[FollowUp], name: str, key: str) -> QuerySet[FollowUp]:
        if key == NOBODY:
            return follow_ups.filter(assignee__isnull=True)
        return follow_ups.filter(assignee=self._reader if key == MINE else self._people[key])

    def read_only(self, follow_ups: QuerySet[FollowUp], name: str, value: object) -> QuerySet[FollowUp]:
        return follow_ups


@dataclass(frozen=True)
class Narrowed:
    """What the address asks for. With a filter that cannot be understood, `follow_ups` is None and `form` says which."""

    follow_ups: QuerySet[FollowUp] | None
    #: None for every stage that still runs.
    stage: Stage | None
    #: None for today.
    as_of: date | None
    #: Only those whom somebody is to bring to a visit.
    is_to_book: bool
    #: What tells these follow-ups from others, whatever their stage; None with a text: it is personal and asked for once.
    known_as: tuple[Hashable, ...] | None
    #: Nothing narrows the list but its stage.
    is_plain: bool
    form: SafeString


_FORMS: Kept[Hashable, SafeString] = Kept()


def narrow(
    params: QueryDict,
    follow_ups: QuerySet[FollowUp],
    *,
    patients: PatientQuerySet,
    clinics: Sequence[Clinic],
    names: Names,
    reader: User,
    newest_change: Hashable,
) -> Narrowed:
    """Narrow `follow_ups` to what stands in `params`, and lay out the form that shows and changes it.

    The form of a list that nobody has narrowed, or narrowed the same way, is laid out once and kept while nothing changes.
    """
    wanted = {name: params[name] for name in FollowUpFilter.base_filters if params.get(name)}
    # Reading filters costs more than the list itself, and a stage alone can be read by looking at it.
    is_plain = not wanted or (set(wanted) == {"stage"} and wanted["stage"] in Stage.__members__)
    asked: dict[str, Any] = {"patients": patients, "clinics": clinics, "names": names, "reader": reader}
    filters = None if is_plain else FollowUpFilter(params, follow_ups, **asked)
    if filters is not None and not filters.form.is_valid():
        return Narrowed(None, None, None, False, None, is_plain=False, form=render_crispy_form(filters.form))
    values = filters.form.cleaned_data if filters is not None else wanted
    known_as: tuple[Hashable, ...] = (
        *sorted(clinic.public_id for clinic in clinics),
        *sorted((name, value) for name, value in wanted.items() if name not in ("as_of", "stage")),
        # "Me" is somebody else for the next reader.
        *((reader.public_id,) if "assignee" in wanted else ()),
    )

    def form() -> SafeString:
        shown = filters or FollowUpFilter(params, follow_ups, **asked)
        return cast(SafeString, render_crispy_form(shown.form))

    is_personal = "q" in wanted
    # The form leaves the reader out of the colleagues that it names.
    key = (newest_change, get_language(), known_as, wanted.get("as_of"), wanted.get("stage"), reader.public_id)
    return Narrowed(
        follow_ups=filters.qs if filters is not None else follow_ups,
        stage=Stage(str(values["stage"])) if values.get("stage") else None,
        as_of=filters.form.cleaned_data["as_of"] if filters is not None else None,
        is_to_book=filters is not None and filters.form.cleaned_data["booking"] == TO_BOOK,
        known_as=None if is_personal else known_as,
        is_plain=is_plain,
        form=form() if is_personal else _FORMS.get(key, form),
    )
