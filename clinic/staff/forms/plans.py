"""A clinic's plan of letters and the hours at which they go, as people change them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, cast

from django import forms
from django.forms import BoundField
from django.utils.dates import WEEKDAYS
from django.utils.translation import gettext_lazy as _

from clinic.reminders.models import MOST_OFFSET, OffsetUnit
from clinic.reminders.models import Anchor as AnchorWords
from clinic.reminders.rules import RULES, Family, StepRule
from clinic.reminders.services import Hours
from clinic.reminders.steps import Anchor, NamedStep, PlanStep, Step, Unit
from clinic.reminders.wording import step_words
from clinic.staff.forms.fields import DayField, PlainForm
from clinic.staff.plan_words import AT_ONCE, steps_moment

USUAL, OWN, OFF = "usual", "own", "off"
BEFORE, AFTER = "before", "after"
_SIDES = [(BEFORE, _("before")), (AFTER, _("after"))]
_OF_WINDOW = [(anchor.value, anchor.label) for anchor in (AnchorWords.SUGGESTED, AnchorWords.OPENS, AnchorWords.CLOSES)]


@dataclass(frozen=True)
class StepRow:
    """One moment at which a step goes: its fields in the order in which they are read."""

    ordinal: int
    moment: list[BoundField]
    floor: list[BoundField]
    goes: BoundField | None

    @property
    def fields(self) -> list[BoundField]:
        """All fields of the row that a person sees."""
        return [*([self.goes] if self.goes else []), *self.moment, *self.floor]


@dataclass(frozen=True)
class StepRows:
    """One step of the plan with everything that may be said about it."""

    code: str
    title: str
    is_task: bool
    usual: str
    at_once: str
    goes: BoundField
    rows: list[StepRow] = field(default_factory=list)


class PlanForm(PlainForm):
    """Every step of the table: as usual, as set here, or off. Steps that go as usual are not named by the plan."""

    version = forms.IntegerField(min_value=0, max_value=32000, widget=forms.HiddenInput)
    confirmed = forms.CharField(max_length=64, required=False, widget=forms.HiddenInput)

    def __init__(
        self,
        data: Any = None,
        *,
        named: Sequence[NamedStep],
        usual: Sequence[PlanStep],
        any_indication: bool,
        version: int,
        today: date,
    ) -> None:
        """`named` is what the newest version names, `usual` how steps go that it does not."""
        self._named, self._usual = named, usual
        self._shapes = {code: _shapes(rule, named, usual) for code, rule in RULES.items()}
        as_usual = _("as by default") if any_indication else _("as for any indication")
        super().__init__(data, initial={"version": version, "active_from": today, **self._initial()})
        for code, shapes in self._shapes.items():
            choices = [(USUAL, as_usual), (OWN, _("goes as set here")), (OFF, _("does not go"))]
            self.fields[f"{code}-goes"] = _choice(step_words(code), choices)
            for shape in shapes:
                self._add_row(code, shape, several=len(shapes) > 1)
        self.fields["active_from"] = DayField(label=_("In force from"))

    def _add_row(self, code: Step, shape: PlanStep, *, several: bool) -> None:
        family, name = RULES[code].family, f"{code}-{shape.ordinal}"
        if several:
            box = forms.CheckboxInput(attrs={"class": "form-check-input"})
            self.fields[f"{name}-on"] = forms.BooleanField(label=_("goes"), required=False, widget=box)
        if family in AT_ONCE:
            return
        self.fields[f"{name}-number"] = _number(_("How long"))
        if family is Family.VISIT:
            self.fields[f"{name}-unit"] = _choice(_("Days or hours"), OffsetUnit.choices)
            return
        if family is Family.MISSED:
            self.fields[f"{name}-number"].label = _("Days after a visit is marked as missed")
            return
        self.fields[f"{name}-side"] = _choice(_("Before or after"), _SIDES)
        self.fields[f"{name}-anchor"] = _choice(_("Counted from"), _OF_WINDOW)
        self.fields[f"{name}-floor_number"] = _number(_("Not earlier than so many days"), required=False)
        self.fields[f"{name}-floor_side"] = _choice(_("Before or after, for the limit"), _SIDES)
        floors = [("", _("no limit")), *_OF_WINDOW]
        self.fields[f"{name}-floor"] = _choice(_("Limit counted from"), floors, required=False)

    def _initial(self) -> dict[str, Any]:
        initial: dict[str, Any] = {}
        for code, shapes in self._shapes.items():
            here = [one for one in self._named if one.step.step == code]
            going = {one.step.ordinal for one in here if one.is_active}
            initial[f"{code}-goes"] = USUAL if not here else OWN if going else OFF
            for shape in shapes:
                name = f"{code}-{shape.ordinal}"
                initial |= {
                    f"{name}-on": shape.ordinal in going or not going,
                    f"{name}-number": abs(shape.offset),
                    f"{name}-unit": shape.unit.value,
                    f"{name}-side": AFTER if shape.offset > 0 else BEFORE,
                    f"{name}-anchor": shape.anchor.value,
                    f"{name}-floor": shape.floor.value if shape.floor else "",
                    f"{name}-floor_number": abs(shape.floor_days) if shape.floor else None,
                    f"{name}-floor_side": AFTER if shape.floor_days > 0 else BEFORE,
                }
        return initial

    def clean(self) -> dict[str, Any]:
        """What stands in the rows of a step that does not go as set here is not looked at."""
        cleaned = super().clean() or self.cleaned_data
        for code, shapes in self._shapes.items():
            goes = cleaned.get(f"{code}-goes")
            if goes is not None and goes != OWN:
                self._forget(name for name in self.fields if name.startswith(f"{code}-") and name != f"{code}-goes")
            for shape in shapes:
                name = f"{code}-{shape.ordinal}"
                if goes == OWN and f"{name}-on" in self.fields and not cleaned.get(f"{name}-on"):
                    self._forget(field for field in self.fields if field.startswith(f"{name}-"))
                elif goes == OWN and cleaned.get(f"{name}-floor") and cleaned.get(f"{name}-floor_number", 0) is None:
                    self.add_error(f"{name}-floor_number", _("Give the number of days of the limit, 0 for the day itself."))
        return cleaned

    def _forget(self, names: Iterable[str]) -> None:
        for name in names:
            self.errors.pop(name, None)

    def steps(self) -> tuple[NamedStep, ...]:
        """What the plan names. After is_valid()."""
        named: list[NamedStep] = []
        for code, shapes in self._shapes.items():
            goes = self.cleaned_data[f"{code}-goes"]
            if goes == OFF:
                named += [NamedStep(shape, is_active=False) for shape in shapes]
            elif goes == OWN:
                named += [self._step(code, shape) for shape in shapes]
        return tuple(named)

    def _step(self, code: Step, shape: PlanStep) -> NamedStep:
        value, name = self.cleaned_data.get, f"{code}-{shape.ordinal}"
        if f"{name}-on" in self.fields and not value(f"{name}-on"):
            return NamedStep(shape, is_active=False)
        if f"{name}-number" not in self.fields:
            return NamedStep(shape)
        number = cast(int, value(f"{name}-number"))
        if f"{name}-unit" in self.fields:
            unit = Unit(cast(str, value(f"{name}-unit")))
            return NamedStep(PlanStep(shape.step, Anchor.APPOINTMENT, -number, ordinal=shape.ordinal, unit=unit))
        if f"{name}-anchor" not in self.fields:
            return NamedStep(PlanStep(shape.step, shape.anchor, number, ordinal=shape.ordinal))
        floor = value(f"{name}-floor")
        floor_days = cast(int, value(f"{name}-floor_number")) if floor else 0
        return NamedStep(
            PlanStep(
                step=shape.step,
                anchor=Anchor(cast(str, value(f"{name}-anchor"))),
                offset=number if value(f"{name}-side") == AFTER else -number,
                ordinal=shape.ordinal,
                floor=Anchor(floor) if floor else None,
                floor_days=floor_days if value(f"{name}-floor_side") == AFTER else -floor_days,
                audience=shape.audience,
            )
        )

    def fingerprint(self) -> str:
        """What was compared: the plan is put into force only as its author saw what it does. After is_valid()."""
        seen = repr((self.cleaned_data["version"], self.cleaned_data["active_from"], self.steps()))
        return hashlib.sha256(seen.encode()).hexdigest()

    def step_rows(self) -> list[StepRows]:
        """The steps as the page shows them."""
        return [self._rows(code, shapes) for code, shapes in self._shapes.items()]

    def _rows(self, code: Step, shapes: Sequence[PlanStep]) -> StepRows:
        rule = RULES[code]
        rows = [
            StepRow(
                ordinal=shape.ordinal,
                moment=self._there(f"{code}-{shape.ordinal}", "number", "unit", "side", "anchor"),
                floor=self._there(f"{code}-{shape.ordinal}", "floor_number", "floor_side", "floor"),
                goes=next(iter(self._there(f"{code}-{shape.ordinal}", "on")), None),
            )
            for shape in shapes
        ]
        return StepRows(
            code=code,
            title=step_words(code),
            is_task=not rule.letter,
            usual=steps_moment(step for step in self._usual if step.step == code),
            at_once=str(AT_ONCE.get(rule.family, "")),
            goes=self[f"{code}-goes"],
            rows=rows,
        )

    def _there(self, name: str, *parts: str) -> list[BoundField]:
        return [self[f"{name}-{part}"] for part in parts if f"{name}-{part}" in self.fields]


class HoursForm(PlainForm):
    """When a clinic's letters may go."""

    opens = forms.TimeField(label=_("Letters go from"), widget=forms.TimeInput(format="%H:%M", attrs={"type": "time"}))
    closes = forms.TimeField(label=_("until"), widget=forms.TimeInput(format="%H:%M", attrs={"type": "time"}))
    weekdays = forms.TypedMultipleChoiceField(
        label=_("on"),
        choices=list(WEEKDAYS.items()),
        coerce=int,
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )
    was = forms.CharField(max_length=40, widget=forms.HiddenInput)
    confirmed = forms.CharField(max_length=64, required=False, widget=forms.HiddenInput)

    def hours(self) -> Hours:
        """The hours that were chosen. After is_valid()."""
        chosen = self.cleaned_data
        return Hours(chosen["opens"], chosen["closes"], tuple(sorted(chosen["weekdays"])))

    def fingerprint(self) -> str:
        """What was compared. After is_valid()."""
        return hashlib.sha256(repr((self.cleaned_data["was"], self.hours())).encode()).hexdigest()


def written(hours: Hours) -> str:
    """Return hours as the form hands them on, to tell whether they are still the clinic's."""
    return f"{hours.opens:%H:%M:%S} {hours.closes:%H:%M:%S} {''.join(map(str, hours.weekdays))}"


def _shapes(rule: StepRule, named: Sequence[NamedStep], usual: Sequence[PlanStep]) -> tuple[PlanStep, ...]:
    """Each moment at which a step may go: as the plan names it, else as usual, else as by default."""
    shapes: dict[int, PlanStep] = {}
    for step in (*rule.plan, *usual, *(one.step for one in named)):
        if step.step == rule.step:
            shapes[step.ordinal] = step
    return tuple(shapes[ordinal] for ordinal in sorted(shapes))


def _choice(label: Any, choices: Sequence[tuple[Any, Any]], *, required: bool = True) -> forms.ChoiceField:
    return forms.ChoiceField(label=label, choices=choices, required=required, widget=forms.Select(attrs={"class": "form-select"}))


def _number(label: Any, *, required: bool = True) -> forms.IntegerField:
    words = _("Give a whole number from 0 to %(most)d.") % {"most": MOST_OFFSET}
    return forms.IntegerField(
        label=label,
        min_value=0,
        max_value=MOST_OFFSET,
        required=required,
        widget=forms.NumberInput(attrs={"class": "form-control"}),
        error_messages={"required": words, "invalid": words, "min_value": words, "max_value": words},
    )
