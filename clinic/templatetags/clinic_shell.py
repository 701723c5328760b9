"""What the frame around every staff page shows: whose clinic this is, who is signed in, and where they may go."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django import template
from django.conf import settings
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from clinic.practice.roles import PERMISSIONS, Permission, Role
from clinic.practice.services import memberships_of

register = template.Library()


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry of the main navigation."""

    label: Promise
    url_name: str
    icon: str
    permission: Permission
    belongs: tuple[str, ...]
    """Beginnings of the names of the pages that belong to it."""


#: The pages of the hours and of the forecast stand behind the calendar, not in the navigation.
_HOURS = ("hours", "closure", "special-hours", "exception", "holiday", "visit-kind", "move-list", "capacity")

MAIN_NAVIGATION = (
    Entry(_("Today"), "staff:today", "house", Permission.VIEW_PATIENTS, ("today", "visit-unnoted")),
    Entry(
        _("Follow-ups"),
        "staff:follow-up-list",
        "calendar2-range",
        Permission.VIEW_PATIENTS,
        ("follow-up", "waiting", "saved-view"),
    ),
    Entry(
        _("Calendar"),
        "staff:calendar-show",
        "calendar-week",
        Permission.VIEW_PATIENTS,
        ("calendar", "appointment", *_HOURS),
    ),
    Entry(_("Tasks"), "staff:task-list", "check2-square", Permission.WORK_FOLLOW_UPS, ("task",)),
    Entry(
        _("Patients"),
        "staff:patient-list",
        "people",
        Permission.VIEW_PATIENTS,
        ("patient", "treatment", "amendment", "condition", "access", "given", "hold"),
    ),
    Entry(_("Side effects"), "staff:side-effect-list", "clipboard2-pulse", Permission.VIEW_SIDE_EFFECT_LOG, ("side-effect",)),
    Entry(
        _("Overrides"), "staff:override-list", "shield-exclamation", Permission.REVIEW_OVERRIDES, ("override", "booking-override")
    ),
    Entry(
        _("Letters"),
        "staff:letter-list",
        "envelope",
        Permission.VIEW_LETTERS,
        ("letter", "plan", "wording", "suppression", "delivery-report"),
    ),
    Entry(_("Stock"), "staff:vial-list", "box-seam", Permission.KEEP_STOCK, ("stock", "lot", "vial")),
    Entry(_("Rules"), "staff:rule-list", "journal-check", Permission.RECORD_TREATMENTS, ("rule",)),
)


@dataclass(frozen=True, slots=True)
class Link:
    """An entry that this person may open."""

    label: str | Promise
    url: str
    icon: str
    current: bool


@dataclass(frozen=True, slots=True)
class Shell:
    """The frame's facts for one request."""

    clinics: tuple[str, ...]
    roles: tuple[str, ...]
    navigation: tuple[Link, ...]
    demo: bool


@register.simple_tag(takes_context=True)
def staff_shell(context: dict[str, Any]) -> Shell:
    """The frame for whoever is signed in, with the query that the page needed anyway. Without a sign-in it is empty."""
    request: HttpRequest | None = context.get("request")
    if request is None or not request.user.is_authenticated:
        return Shell((), (), (), settings.DEMO)
    memberships = memberships_of(request.user)
    granted = {permission for one in memberships for permission in PERMISSIONS[Role(one.role)]}
    page = (request.resolver_match.url_name or "") if request.resolver_match else ""
    links = [
        Link(entry.label, url, entry.icon, page.startswith(entry.belongs))
        for entry in MAIN_NAVIGATION
        if entry.permission in granted and (url := _url(entry.url_name))
    ]
    return Shell(
        clinics=tuple(one.clinic.name for one in memberships),
        roles=tuple(dict.fromkeys(str(one.get_role_display()) for one in memberships)),
        navigation=tuple(links),
        demo=settings.DEMO,
    )


def _url(name: str) -> str:
    try:
        return reverse(name)
    except NoReverseMatch:
        return ""
