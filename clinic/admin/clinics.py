"""Upkeep of the clinics: their settings, their people, hours and windows. Plans of letters are kept on the staff pages."""

from __future__ import annotations

from typing import Any, cast

from django import forms
from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from clinic.admin.upkeep import ConcernsTheClinic, Upkeep
from clinic.practice.models import Clinic, Membership, Practitioner
from clinic.reminders.plans import ensure_plan
from clinic.scheduling.models import Availability, Closure, VisitKind
from clinic.scheduling.services.offering import TREATMENT
from clinic.treatments.models import WindowPolicy

WEEKDAYS = [
    (0, _("Monday")),
    (1, _("Tuesday")),
    (2, _("Wednesday")),
    (3, _("Thursday")),
    (4, _("Friday")),
    (5, _("Saturday")),
    (6, _("Sunday")),
]


class ClinicForm(forms.ModelForm):  # type: ignore[type-arg]
    """A clinic's settings, with the days on which letters go as boxes to tick."""

    sending_weekdays = forms.TypedMultipleChoiceField(
        label=_("Letters go on"), choices=WEEKDAYS, coerce=int, widget=forms.CheckboxSelectMultiple
    )

    class Meta:
        model = Clinic
        fields = (
            "name", "sender_name", "phone", "emergency_text", "address", "time_zone", "jurisdiction", "language", "sending_from",
            "sending_until", "sending_weekdays", "reply_to", "feeds_name_patients",
        )  # fmt: skip


@admin.register(Clinic)
class Clinics(ConcernsTheClinic):
    form = ClinicForm
    list_display = ("name", "time_zone", "jurisdiction", "phone")
    search_fields = ("name",)

    def log_addition(self, request: HttpRequest, obj: Model, message: Any) -> Any:
        """A new clinic starts with what follow-ups need: the kind of visit that they book, and the plan of letters."""
        clinic = cast(Clinic, obj)
        VisitKind.objects.create(clinic=clinic, code=TREATMENT, name=gettext("Visit"))
        ensure_plan(clinic=clinic, now=timezone.now())
        return super().log_addition(request, obj, message)


@admin.register(Membership)
class MembershipUpkeep(Upkeep):
    may_be_deleted = True
    list_display = ("user", "clinic", "role")
    list_filter = ("clinic", "role")
    search_fields = ("user__name", "user__email")
    autocomplete_fields = ("user", "clinic")
    list_select_related = ("user", "clinic")


@admin.register(Practitioner)
class Practitioners(Upkeep):
    list_display = ("name", "is_active")
    list_filter = ("is_active", "clinics")
    search_fields = ("name",)
    autocomplete_fields = ("user", "clinics")


class WeekdayForm(forms.ModelForm):  # type: ignore[type-arg]
    weekday = forms.TypedChoiceField(label=_("Weekday"), choices=WEEKDAYS, coerce=int)


@admin.register(Availability)
class Availabilities(ConcernsTheClinic):
    may_be_deleted = True
    form = WeekdayForm
    list_display = ("practitioner", "clinic", "weekday", "starts", "ends", "valid_from", "valid_until")
    list_filter = ("clinic", "weekday")
    search_fields = ("practitioner__name",)
    autocomplete_fields = ("practitioner", "clinic")
    list_select_related = ("practitioner", "clinic")


@admin.register(Closure)
class Closures(ConcernsTheClinic):
    may_be_deleted = True
    list_display = ("reason", "clinic", "practitioner", "from_on", "until_on")
    list_filter = ("clinic",)
    search_fields = ("reason", "practitioner__name")
    autocomplete_fields = ("practitioner", "clinic")
    date_hierarchy = "from_on"
    list_select_related = ("practitioner", "clinic")


@admin.register(VisitKind)
class VisitKinds(Upkeep):
    list_display = ("name", "clinic", "code", "minutes", "buffer_minutes")
    list_filter = ("clinic",)
    search_fields = ("name", "code")
    list_select_related = ("clinic",)


@admin.register(WindowPolicy)
class WindowPolicies(ConcernsTheClinic):
    """The window of the next treatments; those that are open keep the window and the rule they were given."""

    may_be_deleted = True
    list_display = ("clinic", "indication", "opens_after", "opens_unit", "closes_after", "closes_unit")
    list_filter = ("clinic", "indication")
    list_select_related = ("clinic", "indication")
