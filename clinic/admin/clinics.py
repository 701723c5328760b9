"""Upkeep of the clinics: their settings, their people, hours and windows. Plans of letters are kept on the staff pages."""

from __future__ import annotations

from typing import Any, cast

from django import forms
from django.conf import settings
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


LETTER_LANGUAGES = dict(settings.LANGUAGES)


def _in(language: str) -> str:
    """The name of the field with the emergency text in this language."""
    return f"emergency_in_{language}"


def emergency_field(language: str) -> forms.CharField:
    """What to do in an emergency, in one language."""
    return forms.CharField(
        label=_("Emergency text in %(language)s") % {"language": LETTER_LANGUAGES[language]},
        max_length=300,
        required=False,
        strip=True,
        help_text=_("Empty: a standard sentence in this language with the emergency number."),
        widget=forms.TextInput(attrs={"class": "vTextField", "lang": language}),
    )


class ClinicForm(forms.ModelForm):  # type: ignore[type-arg]
    """A clinic's settings: the days on which letters go as boxes to tick, what to do in an emergency in each language."""

    sending_weekdays = forms.TypedMultipleChoiceField(
        label=_("Letters go on"), choices=WEEKDAYS, coerce=int, widget=forms.CheckboxSelectMultiple
    )
    emergency_in_en = emergency_field("en")
    emergency_in_de = emergency_field("de")
    emergency_in_es = emergency_field("es")

    class Meta:
        model = Clinic
        fields = (
            "name", "sender_name", "phone", "emergency_text", "emergency_number", "address", "time_zone", "jurisdiction",
            "language", "sending_from", "sending_until", "sending_weekdays", "reply_to", "feeds_name_patients",
        )  # fmt: skip

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        for code in LETTER_LANGUAGES:
            self.fields[_in(code)].initial = self.instance.emergency_texts.get(code, "")

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if given.get(_in(given.get("language", ""))):
            self.add_error(_in(given["language"]), gettext("This is the clinic's own language: write it in “emergency text”."))
        return given

    def save(self, commit: bool = True) -> Any:
        self.instance.emergency_texts = {code: text for code in LETTER_LANGUAGES if (text := self.cleaned_data[_in(code)])}
        return super().save(commit)


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
