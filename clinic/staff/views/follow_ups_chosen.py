"""What is done to several follow-ups at once, and the list as a spreadsheet."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _

from clinic import audit
from clinic.accounts import User
from clinic.care import worklist
from clinic.care.worklist import Entry
from clinic.patients.services import set_hold
from clinic.practice.roles import Permission
from clinic.practice.services import memberships_of, people_who
from clinic.staff.bulk import do_each
from clinic.staff.filters import narrow
from clinic.staff.follow_up_desk import FollowUpDesk
from clinic.staff.follow_up_export import MOST_LINES, exported
from clinic.staff.forms.contacts import ContactForm
from clinic.staff.forms.fields import PlainForm
from clinic.staff.forms.follow_ups import ActionForm, SnoozeForm
from clinic.staff.forms.follow_ups_chosen import (
    ACTS,
    ASSIGN,
    CONTACT,
    EXPORT,
    HOLD,
    SNOOZE,
    AssignForm,
    ChosenForm,
    HoldLettersForm,
)
from clinic.staff.forms.task_filters import person_choices
from clinic.staff.kept import change_seen_by
from clinic.staff.names import names_at
from clinic.treatments import services
from clinic.treatments.models import FollowUp


class _Exporting(FollowUpDesk):
    """A page that can answer with the list as a file."""

    def export(self, entries: Sequence[Entry], as_of: Any) -> HttpResponse:
        """These entries as a file; that they left the house is written down."""
        clinics, change = self.my_clinics(), change_seen_by(self.request)
        audit.record(by=self.actor, action=audit.Action.EXPORTED, what="FollowUp", count=len(entries), now=self.now)
        return exported(
            entries,
            as_of=as_of,
            readers=self.readers(as_of, names=names_at(clinics, newest_change=change)),
            clinics=clinics,
            at=self.now,
            newest_change=change,
        )


class FollowUpsExport(_Exporting):
    """Everything that the list holds with the filters of the address, on all its pages, as a file."""

    permission = Permission.VIEW_PATIENTS

    def get(self, request: HttpRequest) -> HttpResponse:
        clinics, change = self.my_clinics(), change_seen_by(request)
        narrowed = narrow(
            request.GET,
            self.follow_ups(),
            patients=self.patients(),
            clinics=clinics,
            names=names_at(clinics, newest_change=change),
            reader=self.user,
            newest_change=change,
        )
        if narrowed.follow_ups is None:
            context = {"form": narrowed.form, "tabs": [], "as_of": self.today()}
            return render(request, "staff/follow-up-list.html", context, status=422)
        today = self.today()
        as_of = narrowed.as_of or today
        found = narrowed.follow_ups
        if narrowed.is_to_book:
            found = worklist.to_be_booked(found, as_of, today=today)
        found = worklist.in_stage(found, narrowed.stage, as_of, today=today)
        rows = worklist.entries(found, as_of, today=today).order_by(*worklist.ORDER)[: MOST_LINES + 1]
        entries = [Entry(*row) for row in rows]
        if len(entries) > MOST_LINES:
            messages.error(request, _("At most %(most)d lines go into one file: narrow the list first.") % {"most": MOST_LINES})
            return redirect(f"{reverse('staff:follow-up-list')}?{request.GET.urlencode()}")
        return self.export(entries, as_of)


class FollowUpsChosen(_Exporting):
    """One act on the ticked rows of the list: first its form, then, with one press, the act on each row by itself."""

    permission = Permission.WORK_FOLLOW_UPS

    def get(self, request: HttpRequest) -> HttpResponse:
        return redirect("staff:follow-up-list")

    @cached_property
    def people(self) -> dict[str, User]:
        return person_choices(list(people_who(self.permission, clinics=self.my_clinics())), reader=self.user)

    def may(self, permission: Permission) -> Callable[[FollowUp], bool]:
        """Whether the person holds `permission` at the clinic of a follow-up's patient."""
        clinics = {one.clinic_id for one in memberships_of(self.user) if one.may(permission)}
        return lambda follow_up: follow_up.patient.clinic_id in clinics

    def post(self, request: HttpRequest) -> HttpResponse:
        bar = ChosenForm(request.POST)
        if not bar.is_valid():
            return self.show(bar, [], None, status=422)
        chosen, act = bar.cleaned_data["chosen"], bar.cleaned_data["act"]
        seen = FollowUp.objects.filter(patient__in=self.patients(), public_id__in=chosen)
        follow_ups = list(seen.select_related("patient__clinic", "condition__indication").order_by(*worklist.ORDER))
        if len(follow_ups) != len(chosen):
            # The try is written down; what another clinic has is as if it were not there.
            self.denied("FollowUp")
            bar.add_error(None, _("One of the ticked rows is none of your lists'. Nothing was done."))
            return self.show(bar, [], None, status=422)
        if act == EXPORT:
            today = self.today()
            as_of = bar.cleaned_data["as_of"] or today
            rows = worklist.entries(FollowUp.objects.filter(pk__in=[one.pk for one in follow_ups]), as_of, today=today)
            return self.export([Entry(*row) for row in rows.order_by(*worklist.ORDER)], as_of)
        is_sent = request.POST.get("really") == "yes"
        form = self.form_for(act, request.POST if is_sent else None)
        if not is_sent or not form.is_valid():
            return self.show(bar, follow_ups, form, status=422 if is_sent else 200)
        self.do(act, form, follow_ups)
        return redirect(self.came_from(reverse("staff:follow-up-list")))

    def form_for(self, act: str, data: Any) -> ActionForm | PlainForm:
        """The form of an act, empty or as it was sent."""
        if act == ASSIGN:
            return AssignForm(data, people=self.people)
        forms: dict[str, type[ActionForm] | type[PlainForm]] = {CONTACT: ContactForm, SNOOZE: SnoozeForm, HOLD: HoldLettersForm}
        return forms[act](data)

    def do(self, act: str, form: Any, follow_ups: Sequence[FollowUp]) -> None:
        """Do it for each, and say what became of them."""
        values = form.cleaned_data
        may = self.may(Permission.EDIT_PATIENTS if act == HOLD else Permission.WORK_FOLLOW_UPS)
        if act == HOLD:
            # Somebody with two follow-ups is held once.
            follow_ups = list({one.patient_id: one for one in follow_ups}.values())

        def one(follow_up: FollowUp) -> object:
            if act == CONTACT:
                return services.log_contact(by=self.actor, follow_up=follow_up, now=self.now, **values)
            if act == SNOOZE:
                return services.snooze(by=self.actor, follow_up=follow_up, now=self.now, **values)
            if act == ASSIGN:
                return services.assign_follow_up(by=self.actor, follow_up=follow_up, assignee=form.person(), now=self.now)
            return set_hold(by=self.actor, patient=follow_up.patient, now=self.now, **values)

        do_each(follow_ups, named=lambda one: str(one.patient), may=may, act=one).tell(self.request)

    def show(self, bar: ChosenForm, follow_ups: Sequence[FollowUp], form: Any, *, status: int = 200) -> HttpResponse:
        """The form of the act over the patients it is for."""
        self.listed("FollowUp", len(follow_ups))
        context = {
            "bar": bar,
            "form": form,
            "follow_ups": follow_ups,
            "act": bar.cleaned_data.get("act", ""),
            "act_words": dict(ACTS).get(bar.cleaned_data.get("act", ""), ""),
            "back_to": self.came_from(reverse("staff:follow-up-list")),
        }
        return render(self.request, "staff/follow-up-chosen.html", context, status=status)
