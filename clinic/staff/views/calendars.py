"""The calendar: who comes to whom, by day and by week, and what is still free."""

from __future__ import annotations

from datetime import date, timedelta

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.formats import date_format

from clinic.practice.models import Clinic, Practitioner
from clinic.practice.roles import Permission
from clinic.practice.services import may_somewhere, memberships_of
from clinic.scheduling.services.calendars import calendar_of, people_of_calendar
from clinic.staff.calendar_lines import Board, address, boards_by_practitioner, column_of, hours_shown
from clinic.staff.forms.calendar import DAY, VIEWS, WEEK, CalendarForm, PeopleForm
from clinic.staff.forms.fields import EARLIEST, LATEST
from clinic.staff.pages import StaffPage

_WEEK = timedelta(days=7)


class CalendarShow(StaffPage):
    """A clinic's day by practitioner, or a practitioner's week by day, in the clinic's zone."""

    permission = Permission.VIEW_PATIENTS

    def get(self, request: HttpRequest) -> HttpResponse:
        clinics = [one.clinic for one in memberships_of(self.user) if one.may(self.permission)]
        form = CalendarForm(request.GET, clinics=clinics)
        if not form.is_valid():
            return render(request, "staff/calendar-show.html", {"form": form}, status=422)
        clinic = form.chosen_clinic
        today = self.now.astimezone(clinic.zone).date()
        on = form.cleaned_data["on"] or today
        is_week = form.cleaned_data["view"] == WEEK
        first = max(on - timedelta(days=on.weekday()), EARLIEST) if is_week else on
        last = min(first + timedelta(days=6), LATEST) if is_week else on
        people = PeopleForm(request.GET, practitioners=people_of_calendar(clinic=clinic, from_on=first, until_on=last))
        if not people.is_valid():
            return render(request, "staff/calendar-show.html", {"form": form, "people": people}, status=422)
        named, shown = people.cleaned_data["with"], WEEK if is_week else DAY
        back_to = address(clinic, named, shown, on)
        boards = self.boards(clinic, people.chosen, first, last, is_week=is_week, back_to=back_to)
        columns = [column for board in boards for column in board.columns]
        visits = sum(column.visits for column in columns)
        self.listed("Appointment", visits)
        # The form as it is shown says which day this is, also where the address does not.
        form = CalendarForm({"clinic": clinic.public_id, "on": on, "view": shown}, clinics=clinics)
        step = _WEEK if is_week else timedelta(days=1)
        context = {
            "form": form,
            "people": people,
            "clinic": clinic,
            "is_week": is_week,
            "on": on,
            "first": first,
            "last": last,
            "today": today,
            "boards": boards,
            "hours": self.hours,
            "visits": visits,
            "may_see_hours": may_somewhere(self.user, Permission.BOOK),
            "may_feed": may_somewhere(self.user, Permission.RECORD_TREATMENTS),
            "earlier": address(clinic, named, shown, first - step) if first - step >= EARLIEST else "",
            "later": address(clinic, named, shown, first + step) if first + step <= LATEST else "",
            "now": address(clinic, named, shown, today),
            "views": [
                {"word": word, "query": address(clinic, named, view, on), "is_current": view == shown} for view, word in VIEWS
            ],
        }
        with timezone.override(clinic.zone):
            return render(request, "staff/calendar-show.html", context)

    def boards(
        self, clinic: Clinic, practitioners: list[Practitioner], first: date, last: date, *, is_week: bool, back_to: str
    ) -> list[Board]:
        """The boards to show: one for a day, one for each practitioner's week."""
        days = calendar_of(
            clinic=clinic, practitioners=practitioners, visible=self.patients(), from_on=first, until_on=last, now=self.now
        )
        hours = hours_shown(days, clinic.zone)
        self.hours = [{"hour": hour, "is_second": bool(again), "row": number} for number, (hour, again) in enumerate(hours.hours)]
        may_book = any(one.clinic_id == clinic.pk and one.may(Permission.BOOK) for one in memberships_of(self.user))
        columns = [column_of(day, hours, clinic=clinic, may_book=may_book, back_to=back_to, now=self.now) for day in days]
        title = date_format(first, "l j F Y")
        if is_week:
            return boards_by_practitioner(columns, f"{date_format(first, 'j M')} – {date_format(last, 'j M Y')}")
        return [Board(title, tuple(columns))] if columns else []
