"""The table of points of a treatment: one row for each point, as typed, as checked, and as handed to the service."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any, cast

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from clinic.patients.models import Condition
from clinic.patients.models import Side as ConditionSide
from clinic.staff.forms.fields import DataChoiceField, DataSelect, UnitsField
from clinic.staff.forms.places import PercentField, percent_or_none
from clinic.staff.pictures.body_map import units_text
from clinic.staff.pictures.drawings import VIEW_TITLES
from clinic.toxins.body import View
from clinic.toxins.models import FREE_POINT, Laterality, Site
from clinic.treatments.models import PointSide
from clinic.treatments.services import Point, Problem

#: Rows that stand ready when nothing is repeated, and rows added at a time.
READY_ROWS = 8
MORE_ROWS = 4
#: Points that a treatment may have here. More than that are refused, and shown again as they were typed.
MOST_ROWS = 60
#: Rows that are read and shown at all. No browser sends more: see DATA_UPLOAD_MAX_NUMBER_FIELDS in the settings.
MOST_SHOWN = 720
PREFIX = "points"

_PLACE = re.compile(rf"{PREFIX}-(\d+)-(site|side|units|name|view|x|y)")
_FREE = ("name", "view", "x", "y")


@dataclass(frozen=True)
class Row:
    """One row as typed, possible or not. The last four are a free point's."""

    site: str
    side: str
    units: str
    name: str = ""
    view: str = ""
    x: str = ""
    y: str = ""

    @property
    def is_empty(self) -> bool:
        return not self.site and not self.units.strip()

    def initial(self) -> dict[str, str]:
        return asdict(self)

    @property
    def place(self) -> tuple[View, Decimal, Decimal] | None:
        """Where a free point lies, if what was typed is a place on a picture."""
        x, y = percent_or_none(self.x), percent_or_none(self.y)
        return None if x is None or y is None or self.view not in View.__members__ else (View(self.view), x, y)


class PointForm(forms.Form):
    """One point. A row without a site and without units is an empty row, whatever its side says.

    An empty side means the midline for a midline site, and the condition's side where it has one.
    """

    site = DataChoiceField(
        label=_("Muscle and point"),
        attrs={"class": "form-select form-select-sm"},
        error_messages={"required": _("Choose a point."), "invalid_choice": _("Choose a point of the catalogue.")},
    )
    side = forms.ChoiceField(
        label=_("Side"),
        required=False,
        choices=[("", ""), *PointSide.choices],
        widget=DataSelect(attrs={"class": "form-select form-select-sm"}),
        error_messages={"invalid_choice": _("Choose right, left or midline.")},
    )
    units = UnitsField(label=_("Units"))
    name = forms.CharField(
        label=_("Name of the free point"),
        required=False,
        # The service says what is too long: a browser that cuts a name off would hide it.
        max_length=200,
        widget=forms.TextInput(attrs={"autocomplete": "off", "class": "form-control form-control-sm", "placeholder": _("name")}),
    )
    view = forms.ChoiceField(
        label=_("Picture"),
        required=False,
        choices=[("", ""), *VIEW_TITLES.items()],
        widget=DataSelect(attrs={"class": "form-select form-select-sm"}),
        error_messages={"invalid_choice": _("Choose a picture.")},
    )
    x = PercentField(label=_("% from the left"))
    y = PercentField(label=_("% from the top"))

    def __init__(
        self,
        *args: Any,
        sites: Mapping[str, Site],
        condition: Condition,
        usual: Mapping[str, str],
        ends: Mapping[str, str],
        previous: Mapping[tuple[str, str], Decimal],
        **options: Any,
    ) -> None:
        """`usual` is what the catalogue says of each site, and `ends` its numbers.

        `previous` has the units of the last treatment with the same product.
        """
        super().__init__(*args, **options)
        self._sites = sites
        self._condition = condition
        cast(DataChoiceField, self.fields["site"]).offer(
            [("", "–"), *((code, str(one)) for code, one in sites.items())],
            {code: _option_data(one, condition, usual.get(code, ""), ends.get(code, "")) for code, one in sites.items()},
        )
        for field in self.fields.values():
            # The column's heading names the field to the eye; this does to everybody else.
            field.widget.attrs["aria-label"] = str(field.label)
        # Below the name of the point there is room for a label of its own.
        for name in _FREE:
            self.fields[name].widget.attrs.pop("aria-label")

        site, side = str(self["site"].value() or ""), str(self["side"].value() or "")
        self.may_be_free = FREE_POINT in sites
        self.usual = f"{sites[site]}: {usual[site]}" if site in sites and site in usual else ""
        self.last = units_text(previous[site, side]) if (site, side) in previous else ""

    def has_changed(self) -> bool:
        return any(self.data.get(self.add_prefix(name), "").strip() for name in ("site", "units"))

    @property
    def free_fields(self) -> list[forms.BoundField]:
        """What a free point has besides."""
        return [self[name] for name in _FREE]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        site = self._sites.get(cleaned.get("site", ""))
        if site is None or "side" not in cleaned:
            return cleaned
        if site.is_free:
            if not cleaned["side"] and cleaned.get("view") and cleaned.get("x") is not None:
                cleaned["side"] = View(cleaned["view"]).side_at(cleaned["x"])
        else:
            # What stands in the hidden fields of a row that is no free point any more is not meant.
            for name in _FREE:
                self.errors.pop(name, None)
                cleaned[name] = None
        if not cleaned["side"]:
            possible = [
                side for side in sides_of(site, self._condition.side) if side in (PointSide.MIDLINE, self._condition.side)
            ]
            if not possible:
                self.add_error("side", _("Say right or left."))
            else:
                cleaned["side"] = possible[0]
        cleaned["site"] = site
        return cleaned


def _option_data(site: Site, condition: Condition, usual: str, ends: str) -> dict[str, str]:
    sides = " ".join(sides_of(site, condition.side))
    return {"sides": sides, "warning": site.warning, "usual": usual, "doses": ends}


if TYPE_CHECKING:
    _Rows = forms.BaseFormSet[PointForm]
else:
    _Rows = forms.BaseFormSet


class PointFormSet(_Rows):
    """The rows of points. Every row may be left empty, repeated ones too."""

    default_error_messages = {
        "missing_management_form": _("This form is incomplete. Open it again; nothing was written."),
        "too_many_forms": _("At most %(num)d points."),
    }

    def initial_form_count(self) -> int:
        return 0

    def total_form_count(self) -> int:
        count = super().total_form_count()
        return min(count, posted_count(cast(QueryDict, self.data))) if self.is_bound else count

    def filled(self) -> list[PointForm]:
        """The rows that count, in their order: filled in and not removed."""
        return [form for form in self.forms if form.has_changed() and form not in self.deleted_forms]

    def mark_errors(self) -> None:
        """Give the fields with an error the look of one. Call it once all errors are known."""
        for form in self.forms:
            for name in form.errors:
                if name in form.fields:
                    form.fields[name].widget.attrs["class"] += " is-invalid"


def sides_of(site: Site, condition_side: str) -> list[str]:
    """The sides on which a site may be given for a condition on `condition_side`."""
    if site.laterality == Laterality.MIDLINE:
        return [PointSide.MIDLINE]
    if site.laterality == Laterality.ANY:
        return [str(side) for side in PointSide]
    both = [PointSide.RIGHT, PointSide.LEFT]
    if condition_side in (ConditionSide.RIGHT, ConditionSide.LEFT) and not site.may_be_contralateral:
        return [side for side in both if side == condition_side]
    return [str(side) for side in both]


def point_rows(rows: int) -> type[PointFormSet]:
    """A formset with so many rows ready."""
    made = forms.formset_factory(  # a formset class made by Django is of the class given as its base
        PointForm,
        formset=PointFormSet,
        extra=rows,
        can_delete=True,
        max_num=max(rows, MOST_ROWS),
        validate_max=True,
        absolute_max=MOST_SHOWN,
    )
    return cast(type[PointFormSet], made)


def spare_rows(rows: Sequence[Row], *, ready: int) -> int:
    """How many rows the table has: all those filled, and some to spare while they fit, at least `ready`."""
    return max(len(rows), min(max(len(rows) + MORE_ROWS, ready), MOST_ROWS))


def posted_count(posted: QueryDict) -> int:
    """How many rows were sent, without the empty ones that no table needs; never more than are read."""
    text = posted.get(f"{PREFIX}-TOTAL_FORMS", "")
    sent = min(int(text), MOST_SHOWN) if re.fullmatch(r"[0-9]{1,9}", text) else 0
    names = ("site", "units")
    filled = (number + 1 for number in range(sent) if any(posted.get(f"{PREFIX}-{number}-{name}", "").strip() for name in names))
    return max(min(sent, MOST_ROWS), *filled, 0)


def posted_rows(posted: QueryDict) -> list[Row]:
    """The rows as typed: those filled in and not removed."""
    rows = []
    for number in range(posted_count(posted)):
        if f"{PREFIX}-{number}-DELETE" in posted:
            continue
        row = Row(*(posted.get(f"{PREFIX}-{number}-{name}", "") for name in ("site", "side", "units", *_FREE)))
        if not row.is_empty:
            rows.append(row)
    return rows


def has_twins(places: Iterable[tuple[str, str]]) -> bool:
    """Whether any (site, side) of the catalogue stands more than once."""
    return any(count > 1 for (site, _side), count in Counter(places).items() if site != FREE_POINT)


def points_of(forms_: Sequence[PointForm], *, separate: bool) -> list[Point]:
    """The points of valid rows. With `separate`, those that share site and side are numbered, so that each is its own."""
    places = [(form.cleaned_data["site"].code, form.cleaned_data["side"]) for form in forms_]
    shared = {spot for spot, count in Counter(places).items() if count > 1 and spot[0] != FREE_POINT}
    seen: Counter[tuple[str, str]] = Counter()
    points = []
    for form, spot in zip(forms_, places, strict=True):
        seen[spot] += 1
        label = str(seen[spot]) if separate and spot in shared else ""
        values = form.cleaned_data
        point = Point(site=values["site"], side=values["side"], units=values["units"], label=label)
        if point.site.is_free:
            point = replace(point, label=values["name"], view=values["view"], x=values["x"], y=values["y"])
        points.append(point)
    return points


def show_problems(problems: Iterable[Problem], form: forms.Form, points: PointFormSet) -> list[Problem]:
    """Put what the service refused beside its fields; return what is about the table of points as a whole."""
    rows = points.filled()
    about_the_table = []
    for problem in problems:
        if place := _PLACE.fullmatch(problem.field):
            rows[int(place[1])].add_error(place[2], problem.message)
        elif problem.field == PREFIX:
            about_the_table.append(problem)
        else:
            form.add_error(problem.field if problem.field in form.fields else None, problem.message)
    return about_the_table
