"""Forms about when a clinic sees patients."""

from tests.hostile_pages.world import Form, of

FORMS = {
    "staff:hours-change": Form(
        of("hours-change", "clinic", "own.practitioner"),
        lambda world: {
            "from_on": "2027-02-01",
            "until_on": "",
            **{f"day_{day}": "09:00-12:00, 13:00-16:30" for day in range(7)},
        },
        {"from_on": "date", "until_on": "date", **{f"day_{day}": "time" for day in range(7)}},
        beside={"from_on": ("until_on",)},
    ),
    "staff:special-hours-set": Form(
        of("special-hours-set", "clinic"),
        lambda world: {
            "practitioner": str(world.own.practitioner.public_id),
            "on": "2027-02-01",
            "spans": "09:00-12:00",
            "reason": "training",
        },
        {"practitioner": "choice", "on": "date", "spans": "time", "reason": "line"},
        theirs=lambda world: {"practitioner": str(world.theirs.practitioner.public_id)},
        shown_on=lambda world: of("hours-show", "clinic")(world),
    ),
    "staff:closure-add": Form(
        of("closure-add", "clinic"),
        lambda world: {
            "practitioner": "",
            "from_on": "2027-02-01",
            "until_on": "",
            "starts": "09:00",
            "ends": "10:00",
            "reason": "repairs",
        },
        {"practitioner": "choice", "from_on": "date", "until_on": "date", "starts": "time", "ends": "time", "reason": "line"},
        beside={"from_on": ("until_on",), "starts": ("ends", "until_on"), "ends": ("starts", "until_on")},
        theirs=lambda world: {"practitioner": str(world.theirs.practitioner.public_id)},
        shown_on=lambda world: of("hours-show", "clinic")(world),
    ),
    "staff:closure-end": Form(of("closure-end", "own.closure"), tells_by_message=True),
    "staff:exception-end": Form(of("exception-end", "own.hours_exception"), tells_by_message=True),
    "staff:holiday-region": Form(
        of("holiday-region", "clinic"),
        lambda world: {"country": "DE", "region": "BY"},
        {"country": "choice", "region": "line"},
        beside={"country": ("region",)},
        shown_on=lambda world: of("holidays-take", "clinic")(world),
    ),
    "staff:holidays-take": Form(
        of("holidays-take", "clinic"),
        lambda world: {"days": ["2026-12-25"]},
        {"days": "choice"},
    ),
    "staff:visit-kind-add": Form(
        of("visit-kind-add", "clinic"),
        lambda world: {"name": "Long visit", "minutes": "45", "buffer_minutes": "5"},
        {"name": "line", "minutes": "number", "buffer_minutes": "number"},
        shown_on=lambda world: of("hours-show", "clinic")(world),
    ),
    "staff:visit-kind-change": Form(
        of("visit-kind-change", "own.visit_kind"),
        lambda world: {"name": "Long visit", "minutes": "45", "buffer_minutes": "5"},
        {"name": "line", "minutes": "number", "buffer_minutes": "number"},
        shown_on=lambda world: of("hours-show", "clinic")(world),
    ),
}
