"""A person's own views of lists: keep, open, rename, show first, give up."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from clinic.practice.keeping_views import ViewRefused, give_up_view, keep_view, rename_view, show_first
from clinic.practice.roles import Permission
from clinic.practice.saved_views import SavedView, ViewedPage
from clinic.staff.forms.saved_views import DELETE, FIRST, KEEP, PLAIN, RENAME, SavedViewForm
from clinic.staff.pages import StaffPage

_LISTS = {ViewedPage.FOLLOW_UPS: "staff:follow-up-list", ViewedPage.TASKS: "staff:task-list"}


class SavedViewList(StaffPage):
    """One's own views. They are nobody else's to see, whatever the clinic."""

    permission = Permission.VIEW_PATIENTS

    def get(self, request: HttpRequest) -> HttpResponse:
        return self.show(SavedViewForm())

    def post(self, request: HttpRequest) -> HttpResponse:
        form = SavedViewForm(request.POST)
        if form.is_valid():
            try:
                return self.act(form.cleaned_data)
            except ViewRefused as refused:
                form.add_error("name", refused.message)
        return self.show(form, status=422)

    def act(self, wanted: dict[str, Any]) -> HttpResponse:
        """Do what was asked and go on; 404 for a view that is not this person's. Raises ViewRefused."""
        act, name = wanted["act"], wanted["name"]
        if act == KEEP:
            view = keep_view(by=self.actor, page=wanted["page"], name=name, query=wanted["query"], now=self.now)
            messages.success(self.request, _("The view “%(name)s” is kept.") % {"name": view.name})
            return redirect(f"{reverse(_LISTS[ViewedPage(view.page)])}?{view.query or 'stage='}")
        view_asked = SavedView.objects.filter(user=self.user, public_id=wanted["view"]).first()
        if view_asked is None:
            raise self.denied("SavedView")
        if act == RENAME:
            rename_view(by=self.actor, view=view_asked, name=name, now=self.now)
        elif act == DELETE:
            give_up_view(by=self.actor, view=view_asked, now=self.now)
        elif act in (FIRST, PLAIN):
            show_first(by=self.actor, view=view_asked, is_first=act == FIRST, now=self.now)
        return redirect("staff:saved-view-list")

    def show(self, form: SavedViewForm, *, status: int = 200) -> HttpResponse:
        """The person's views by list; what was refused beside the view, or above all if a new one was to be kept."""
        views = SavedView.objects.filter(user=self.user).order_by("page", "name")
        lists = [(one.page, str(ViewedPage(one.page).label), reverse(_LISTS[ViewedPage(one.page)]), one) for one in views]
        context = {
            "views": lists,
            "form": form,
            "problems": form.errors.get("name", []) if form.is_bound else [],
            "refused_view": str(form.data.get("view", "")) if form.is_bound else "",
            "keeps": form.is_bound and form.data.get("act") == KEEP,
        }
        return render(self.request, "staff/saved-view-list.html", context, status=status)
