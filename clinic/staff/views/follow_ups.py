"""The follow-up list, a follow-up's own page, and what staff do with it: log a contact, snooze, wake, stop."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any, ClassVar
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from clinic.care import worklist
from clinic.care.worklist import LISTED_STAGES, Entry, Stage
from clinic.practice.roles import Permission
from clinic.practice.saved_views import ViewedPage
from clinic.practice.services import memberships_of
from clinic.reminders.services import Explanation
from clinic.staff import paging
from clinic.staff.filters import Narrowed, narrow
from clinic.staff.follow_up_desk import FollowUpDesk
from clinic.staff.follow_up_lines import STAGE_WORDS, line, row
from clinic.staff.forms.contacts import ContactForm
from clinic.staff.forms.follow_ups import ActionForm, SnoozeForm, StopForm
from clinic.staff.forms.follow_ups_chosen import ACTS
from clinic.staff.kept import change_seen_by
from clinic.staff.letter_lines import preview_url
from clinic.staff.names import Names, names_at
from clinic.staff.next_letters import letters_beside
from clinic.staff.paging import Page, first_page, is_first, page_of
from clinic.staff.pictures.window_bar import Axis
from clinic.staff.stage_counts import stage_counts
from clinic.staff.viewing import first_view, views_menu
from clinic.treatments import services
from clinic.treatments.models import ContactAttempt, FollowUp, FollowUpState
from clinic.treatments.window import NOT_VERIFIED


class FollowUpList(FollowUpDesk):
    """The patients between two treatments, who leaves the window first at the top."""

    permission = Permission.VIEW_PATIENTS

    def get(self, request: HttpRequest) -> HttpResponse:
        clinics, change = self.my_clinics(), change_seen_by(request)
        if not request.GET and (query := first_view(self.user, ViewedPage.FOLLOW_UPS, newest_change=change)):
            return redirect(f"{request.path}?{query}")
        names = names_at(clinics, newest_change=change)
        narrowed = narrow(
            request.GET,
            self.follow_ups(),
            patients=self.patients(),
            clinics=clinics,
            names=names,
            reader=self.user,
            newest_change=change,
        )
        if narrowed.follow_ups is None:
            context = {"form": narrowed.form, "tabs": self.tabs({}, request.GET, None), "as_of": self.today()}
            return render(request, "staff/follow-up-list.html", context, status=422)
        today = self.today()
        as_of = narrowed.as_of or today
        found = narrowed.follow_ups
        if narrowed.is_to_book:
            found = worklist.to_be_booked(found, as_of, today=today)
        page = self.page(replace(narrowed, follow_ups=found), as_of, today)
        counts = stage_counts(found, as_of, today=today, known_as=narrowed.known_as, newest_change=change)
        readers = self.readers(as_of, names=names)
        entries = page.rows
        # On whatever day the list looks, what comes next is told from now on: letters of the days between would be guessed.
        letters = letters_beside(entries, at=self.now, newest_change=change)
        rows = [row(entry, letters[entry.public_id], readers[entry.clinic_id]) for entry in entries]
        self.listed("FollowUp", len(rows))
        context = {
            "form": narrowed.form,
            "tabs": self.tabs(counts, request.GET, narrowed.stage),
            "total": sum(counts[stage] for stage in LISTED_STAGES),
            "page": page,
            "rows": rows,
            "axis": Axis.around(as_of),
            "as_of": as_of,
            "is_today": as_of == today,
            "may_book": any(one.may(Permission.BOOK) for one in self.here()),
            "may_work": any(reader.rights.work for reader in readers.values()),
            "acts": ACTS,
            "here": request.get_full_path(),
            "query": request.GET.urlencode(),
            "views": views_menu(self.user, ViewedPage.FOLLOW_UPS, request, newest_change=change),
        }
        return render(request, "staff/follow-up-list.html", context)

    def page(self, narrowed: Narrowed, as_of: date, today: date) -> Page[Entry]:
        """The page of the list that the address asks for."""
        params, stage = self.request.GET, narrowed.stage
        if narrowed.is_plain and is_first(params):
            here = [clinic.pk for clinic in self.my_clinics()]
            first = worklist.first_entries(here, stage, as_of, today=today, most=paging.ROWS + 1)
            return first_page(first, params=params, rows=paging.ROWS)
        # Never `narrowed.follow_ups or …`: whether there are any is found out by reading them all.
        narrow_to = FollowUp.objects.none() if narrowed.follow_ups is None else narrowed.follow_ups
        found = worklist.in_stage(narrow_to, stage, as_of, today=today)
        listed = worklist.entries(found, as_of, today=today)
        page = page_of(listed, params=params, order=worklist.ORDER, scope=self.follow_ups(), rows=paging.ROWS)
        return replace(page, rows=[Entry(*row) for row in page.rows])

    def tabs(self, counts: Mapping[Stage, int], params: QueryDict, chosen: Stage | None) -> list[dict[str, Any]]:
        """A link for each stage that keeps the other filters, with its count where one is known."""
        total = sum(counts[stage] for stage in LISTED_STAGES) if counts else None
        every = [(None, _("All"), total), *((stage, STAGE_WORDS[stage](), counts.get(stage)) for stage in Stage)]
        tabs = []
        for stage, word, count in every:
            query = params.copy()
            for name in ("stage", "after", "before"):
                query.pop(name, None)
            if stage or not query:
                # Never an empty query: that opens the reader's own first view.
                query["stage"] = stage or ""
            tabs.append({"word": word, "count": count, "query": f"?{query.urlencode()}", "is_current": stage is chosen})
        return tabs


class _OneFollowUp(FollowUpDesk):
    """A page about one follow-up. Showing it is a view of the patient's record."""

    template: ClassVar[str]

    def load(self, public_id: UUID) -> FollowUp:
        """The follow-up with everything its page shows; 404 outside the scope."""
        follow_up = (
            self.follow_ups()
            .select_related("patient__clinic", "condition__indication", "session__product", "session__practitioner")
            .filter(public_id=public_id)
            .first()
        )
        if follow_up is None:
            raise self.denied("FollowUp")
        return follow_up

    def back_to(self) -> str:
        """Where the person came from, if that is a page of this site; else the list."""
        return self.came_from(reverse("staff:follow-up-list"))

    def answer(self, follow_up: FollowUp, status: int = 200, **more: Any) -> HttpResponse:
        """The page, with the follow-up in words and its letters and contacts."""
        today = self.now.astimezone(follow_up.patient.clinic.zone).date()
        entry = Entry(*worklist.entries(FollowUp.objects.filter(pk=follow_up.pk), today).get())
        letters = letters_beside([entry], at=self.now, newest_change=change_seen_by(self.request))[entry.public_id]
        written = line(entry, letters, self.readers(today, names=Names(self.my_clinics()))[entry.clinic_id])
        self.viewed(follow_up.patient, follow_up)
        context = {
            "follow_up": follow_up,
            "patient": follow_up.patient,
            "line": written,
            "axis": Axis.covering(today, written.facts.days()),
            "is_unverified": NOT_VERIFIED in follow_up.opens_rule,
            "contacts": ContactAttempt.objects.filter(follow_up=follow_up).select_related("by").order_by("-at", "-id"),
            "zone": follow_up.patient.clinic.zone,
            "today": today,
            "back_to": self.back_to(),
            "preview_url": self.preview_url(follow_up, letters.coming),
            **more,
        }
        return render(self.request, self.template, context, status=status)

    def preview_url(self, follow_up: FollowUp, coming: Explanation | None) -> str:
        """Where the next letter can be seen; empty where none comes, and for who may not see letters at this clinic."""
        here = (one for one in memberships_of(self.user) if one.clinic_id == follow_up.patient.clinic_id)
        if coming is None or not any(one.may(Permission.VIEW_LETTERS) for one in here):
            return ""
        return preview_url(follow_up.patient.public_id, coming)


class FollowUpShow(_OneFollowUp):
    """One follow-up: its window with the rule behind each date, its letters and contacts."""

    permission = Permission.VIEW_PATIENTS
    template = "staff/follow-up-show.html"

    def get(self, request: HttpRequest, public_id: UUID) -> HttpResponse:
        return self.answer(self.load(public_id))


class _Action(_OneFollowUp):
    """A form that does one thing to a follow-up and returns to where the person came from, filters kept."""

    permission = Permission.WORK_FOLLOW_UPS
    form_class: ClassVar[type[ActionForm]]
    #: An ended follow-up has nothing left to be done to it but to note a late call.
    needs_active: ClassVar[bool] = True

    def get(self, request: HttpRequest, public_id: UUID) -> HttpResponse:
        follow_up = self.load(public_id)
        if self.needs_active and follow_up.state != FollowUpState.ACTIVE:
            messages.info(request, _("This follow-up has ended; nothing was changed."))
            return redirect("staff:follow-up-show", follow_up.public_id)
        return self.answer(follow_up, form=self.form_class())

    def post(self, request: HttpRequest, public_id: UUID) -> HttpResponse:
        follow_up = self.load(public_id)
        form = self.form_class(request.POST)
        if form.is_valid():
            try:
                messages.success(request, self.act(follow_up, form.cleaned_data))
            except services.FollowUpRefused as refused:
                form.refuse(refused.field, refused.message)
            else:
                return redirect(self.back_to())
        return self.answer(follow_up, status=422, form=form)

    def act(self, follow_up: FollowUp, values: dict[str, Any]) -> str:
        """Do it; return what to tell the person. Raises FollowUpRefused."""
        raise NotImplementedError


class FollowUpContact(_Action):
    """Log one try to reach the patient."""

    template = "staff/follow-up-contact.html"
    form_class = ContactForm
    needs_active = False

    def act(self, follow_up: FollowUp, values: dict[str, Any]) -> str:
        services.log_contact(by=self.actor, follow_up=follow_up, now=self.now, **values)
        return _("Contact with %(patient)s logged.") % {"patient": follow_up.patient}


class FollowUpSnooze(_Action):
    """Lay a follow-up aside until a day."""

    template = "staff/follow-up-snooze.html"
    form_class = SnoozeForm

    def act(self, follow_up: FollowUp, values: dict[str, Any]) -> str:
        services.snooze(by=self.actor, follow_up=follow_up, now=self.now, **values)
        return _("%(patient)s is snoozed.") % {"patient": follow_up.patient}


class FollowUpStop(_Action):
    """End a follow-up for a reason."""

    template = "staff/follow-up-stop.html"
    form_class = StopForm

    def act(self, follow_up: FollowUp, values: dict[str, Any]) -> str:
        services.stop(by=self.actor, follow_up=follow_up, now=self.now, **values)
        return _("The follow-up of %(patient)s is stopped.") % {"patient": follow_up.patient}


class FollowUpWake(_OneFollowUp):
    """End a snooze at once. A button, not a page."""

    permission = Permission.WORK_FOLLOW_UPS

    def post(self, request: HttpRequest, public_id: UUID) -> HttpResponse:
        follow_up = self.load(public_id)
        try:
            services.wake(by=self.actor, follow_up=follow_up, now=self.now)
        except services.FollowUpRefused as refused:
            messages.error(request, refused.message)
        else:
            messages.success(request, _("%(patient)s is no longer snoozed.") % {"patient": follow_up.patient})
        return redirect(self.back_to())
