"""What the clinic's people must do for patients: the list, and what is done to several at once."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.functional import cached_property
from django.utils.translation import gettext as _

from clinic.accounts import User
from clinic.patients.models import StaffTask
from clinic.patients.services import assign_task, finish_task
from clinic.practice.models import Clinic
from clinic.practice.roles import Permission
from clinic.practice.saved_views import ViewedPage
from clinic.practice.services import memberships_of, people_who
from clinic.staff.bulk import do_each
from clinic.staff.forms.task_filters import ASSIGN, TaskActForm, TaskFilterForm, person_choices
from clinic.staff.kept import change_seen_by
from clinic.staff.pages import StaffPage
from clinic.staff.paging import page_of
from clinic.staff.viewing import first_view, views_menu

TO_DO, DONE = ("due_on", "id"), ("-due_on", "-id")


class TaskList(StaffPage):
    """The tasks of the person's clinics: those to do, whoever is longest due first; or those that are done."""

    permission = Permission.WORK_FOLLOW_UPS

    @cached_property
    def my_clinics(self) -> list[Clinic]:
        return [one.clinic for one in memberships_of(self.user) if one.may(self.permission)]

    @cached_property
    def people(self) -> dict[str, User]:
        return person_choices(list(people_who(self.permission, clinics=self.my_clinics)), reader=self.user)

    def tasks(self) -> QuerySet[StaffTask]:
        """Every task within the page's scope, with what a line says."""
        return StaffTask.objects.filter(patient__clinic__in=self.my_clinics).select_related("patient", "assignee", "done_by")

    def get(self, request: HttpRequest) -> HttpResponse:
        if not request.GET and (query := first_view(self.user, ViewedPage.TASKS, newest_change=change_seen_by(request))):
            return redirect(f"{request.path}?{query}")
        return self.show(TaskActForm(people=self.people))

    def post(self, request: HttpRequest) -> HttpResponse:
        form = TaskActForm(request.POST, people=self.people)
        if not form.is_valid():
            return self.show(form, status=422)
        wanted = form.cleaned_data
        tasks = list(self.tasks().filter(public_id__in=wanted["chosen"]).order_by(*TO_DO))
        if len(tasks) != len(wanted["chosen"]):
            # The try is written down; what another clinic has is as if it were not there.
            self.denied("StaffTask")
            form.add_error(None, _("One of the ticked rows is none of your lists'. Nothing was done."))
            return self.show(form, status=422)

        def act(task: StaffTask) -> object:
            if wanted["act"] == ASSIGN:
                return assign_task(by=self.actor, task=task, assignee=form.person(), now=self.now)
            return finish_task(by=self.actor, task=task, outcome=wanted["outcome"], now=self.now)

        do_each(tasks, named=lambda task: str(task.patient), may=lambda task: True, act=act).tell(request)
        return redirect(request.get_full_path())

    def show(self, form: TaskActForm, *, status: int = 200) -> HttpResponse:
        """The list as the address asks for it, with the form over its ticked rows."""
        filters = TaskFilterForm(self.request.GET, clinics=self.my_clinics, people=self.people)
        context: dict[str, Any] = {
            "filters": filters,
            "form": form,
            "chosen": set(self.request.POST.getlist("chosen")),
        }
        if not filters.is_valid():
            return render(self.request, "staff/task-list.html", context, status=422)
        scope = self.tasks()
        order = DONE if filters.is_done else TO_DO
        page = page_of(filters.narrow(scope), params=self.request.GET, order=order, scope=scope)
        self.listed("StaffTask", len(page.rows))
        change = change_seen_by(self.request)
        context |= {
            "page": page,
            "is_done": filters.is_done,
            "today": self.now.astimezone(self.my_clinics[0].zone).date(),
            "here": self.request.get_full_path(),
            "views": views_menu(self.user, ViewedPage.TASKS, self.request, newest_change=change),
        }
        return render(self.request, "staff/task-list.html", context, status=status)
