"""Forms about plans of letters and their wording."""

from django.urls import reverse

from clinic.reminders.services import Hours
from clinic.staff.forms.plans import written
from tests.hostile_pages.world import Form, of


def _ladder_step(code, number, anchor, floor=""):
    return {
        f"{code}-goes": "own",
        f"{code}-1-number": number,
        f"{code}-1-side": "before",
        f"{code}-1-anchor": anchor,
        f"{code}-1-floor_number": "14" if floor else "",
        f"{code}-1-floor_side": "before",
        f"{code}-1-floor": floor,
    }


def _plan():
    return {
        "version": "0",
        "confirmed": "",
        "compare": "1",
        "active_from": "2026-12-01",
        **_ladder_step("INVITE", "20", "SUGGESTED", "OPENS"),
        **_ladder_step("REMIND", "3", "CLOSES"),
        **_ladder_step("LAST_CALL", "2", "CLOSES"),
        **_ladder_step("OVERDUE", "1", "CLOSES"),
        "VISIT-goes": "own",
        "VISIT-1-on": "on",
        "VISIT-1-number": "7",
        "VISIT-1-unit": "DAY",
        "VISIT-2-on": "on",
        "VISIT-2-number": "40",
        "VISIT-2-unit": "HOUR",
        **dict.fromkeys(("BOOKED-goes", "MOVED-goes", "CANCELLED-goes", "MISSED-goes", "CORRECTION-goes"), "usual"),
        "MISSED-1-number": "1",
    }


FORMS = {
    "staff:plan-edit": Form(
        of("plan-edit", "clinic"),
        lambda world: _plan(),
        {
            "active_from": "date",
            "INVITE-goes": "choice",
            "INVITE-1-number": "number",
            "INVITE-1-side": "choice",
            "INVITE-1-anchor": "choice",
            "INVITE-1-floor_number": "number",
            "INVITE-1-floor_side": "choice",
            "INVITE-1-floor": "choice",
            "VISIT-goes": "choice",
            "VISIT-1-on": "tick",
            "VISIT-2-number": "number",
            "VISIT-2-unit": "choice",
        },
        shows_first=True,
    ),
    "staff:plan-hours": Form(
        of("plan-hours", "clinic"),
        lambda world: {
            "was": written(Hours.of(world.clinic)),
            "opens": "09:00",
            "closes": "17:00",
            "weekdays": ["0", "2"],
            "confirmed": "",
            "compare": "1",
        },
        {"opens": "time", "closes": "time", "weekdays": "choice"},
        beside={"opens": ("closes",)},
        shows_first=True,
    ),
    "staff:wording-edit": Form(
        of("wording-edit", "clinic"),
        lambda world: {"version": "0", "subject": "Time for a visit", "opening": "It is time, {given_name}."},
        {"subject": "line", "opening": "text"},
        shown_on=lambda world: reverse("staff:wording-edit", args=[world.clinic.public_id]),
    ),
    "staff:wording-preview": Form(
        of("wording-preview", "clinic"),
        lambda world: {"version": "0", "subject": "", "opening": ""},
        shows_first=True,
        is_machine_made=True,
    ),
}
