"""What the list of tasks may be narrowed to, and what is done to those that are ticked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from clinic.accounts import User
from clinic.patients.models import PHONE_KINDS, StaffTask, TaskKind
from clinic.practice.models import Clinic
from clinic.staff.filters import MINE, NOBODY
from clinic.staff.forms.chosen import ChosenField
from clinic.staff.forms.fields import DayField, LineField, PlainForm

#: Groups of kinds, as they stand in the address.
PHONE, OTHER = "PHONE", "OTHER"
#: What can be done to the tasks that are ticked.
ASSIGN, FINISH = "assign", "finish"

__all__ = ["ASSIGN", "FINISH", "MINE", "NOBODY", "OTHER", "PHONE", "TaskActForm", "TaskFilterForm", "person_choices"]


def person_choices(people: Sequence[User], *, reader: User) -> dict[str, User]:
    """By what stands for each in a form: the reader as "me", the others by their ids."""
    return {MINE: reader} | {one.public_id.hex: one for one in people if one.pk != reader.pk}


class TaskFilterForm(PlainForm):
    """The filters, sent by GET. All may be empty: every task that is still to do."""

    kind = forms.ChoiceField(
        label=_("What"),
        required=False,
        choices=[
            ("", _("any")),
            (_("Groups"), [(PHONE, _("everything by phone")), (OTHER, _("everything else"))]),
            (_("Kinds"), TaskKind.choices),
        ],
    )
    assignee = forms.ChoiceField(label=_("Whose"), required=False)
    until = DayField(label=_("Due until"), required=False)
    clinic = forms.ChoiceField(label=_("Clinic"), required=False)
    show = forms.ChoiceField(label=_("State"), required=False, choices=[("", _("to do")), ("done", _("done"))], initial="")

    def __init__(self, data: Any, *, clinics: Sequence[Clinic], people: Mapping[str, User]) -> None:
        super().__init__(data)
        self._people = people
        self._clinics = {clinic.public_id.hex: clinic for clinic in clinics}
        whose = [(key, _("me") if key == MINE else str(one)) for key, one in people.items()]
        cast(forms.ChoiceField, self.fields["assignee"]).choices = [("", _("anyone's")), (NOBODY, _("nobody's")), *whose]
        cast(forms.ChoiceField, self.fields["clinic"]).choices = [
            ("", _("any")), *((key, clinic.name) for key, clinic in self._clinics.items()),
        ]  # fmt: skip
        if len(clinics) == 1:
            del self.fields["clinic"]

    @property
    def is_done(self) -> bool:
        """Whether a valid form asks for those that are done."""
        return bool(self.cleaned_data["show"] == "done")

    def narrow(self, tasks: QuerySet[StaffTask]) -> QuerySet[StaffTask]:
        """The tasks that a valid form asks for."""
        wanted = self.cleaned_data
        tasks = tasks.filter(done_at__isnull=not self.is_done)
        if kind := wanted["kind"]:
            by_phone = {PHONE: True, OTHER: False}.get(kind)
            if by_phone is None:
                tasks = tasks.filter(kind=kind)
            else:
                tasks = tasks.filter(kind__in=PHONE_KINDS) if by_phone else tasks.exclude(kind__in=PHONE_KINDS)
        if assignee := wanted["assignee"]:
            tasks = tasks.filter(assignee=None if assignee == NOBODY else self._people[assignee])
        if wanted["until"]:
            tasks = tasks.filter(due_on__lte=wanted["until"])
        if key := wanted.get("clinic"):
            tasks = tasks.filter(patient__clinic=self._clinics[key])
        return tasks


class TaskActForm(PlainForm):
    """What is done to the ticked tasks. Two buttons send it: one assigns, one finishes."""

    chosen = ChosenField(nothing=_("Tick the tasks first."))
    act = forms.ChoiceField(
        choices=[(ASSIGN, ASSIGN), (FINISH, FINISH)],
        error_messages={"required": _("Choose what to do."), "invalid_choice": _("Choose what to do.")},
    )
    assignee = forms.ChoiceField(label=_("Give to"), required=False)
    outcome = LineField(label=_("What came of it"), max_length=200, required=False)

    def __init__(self, data: Any = None, *, people: Mapping[str, User]) -> None:
        super().__init__(data)
        self._people = people
        cast(forms.ChoiceField, self.fields["assignee"]).choices = [
            (NOBODY, _("nobody in particular")),
            *((key, _("me") if key == MINE else str(one)) for key, one in people.items()),
        ]
        self.fields["assignee"].initial = MINE

    def clean(self) -> dict[str, Any]:
        """An act needs what it is done with; what is wrong with what cannot be seen stands on top."""
        given = super().clean() or {}
        for name in ("chosen", "act"):
            for problem in self.errors.get(name, ()):
                self.add_error(None, problem)
        if given.get("act") == FINISH and not given.get("outcome") and "outcome" not in self.errors:
            self.add_error("outcome", _("Say in a few words what came of it."))
        if given.get("act") == ASSIGN and not given.get("assignee") and "assignee" not in self.errors:
            self.add_error("assignee", _("Choose who is to do it."))
        return given

    def person(self) -> User | None:
        """Whom a valid form names; None for nobody in particular."""
        return self._people.get(self.cleaned_data["assignee"])
