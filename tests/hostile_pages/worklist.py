"""Forms of the worklist: tasks, several follow-ups at once, views of lists, why a treatment came at another time."""

from clinic.staff.forms.task_filters import MINE
from tests.hostile_pages.world import Form, of


def _done(world):
    return f"{of('task-list')(world)}?show=done"


FORMS = {
    "staff:follow-up-chosen": Form(
        of("follow-up-chosen"),
        lambda world: {
            "chosen": [str(world.follow_up.public_id)],
            "act": "snooze",
            "next": of("follow-up-list")(world),
            "really": "yes",
            "until": "2027-01-04",
            "note": "on a journey",
        },
        {"until": "date", "note": "text"},
        stands_on=of("follow-up-list"),
        shown_on=of("follow-up-show", "follow_up"),
    ),
    "staff:saved-view-list": Form(
        of("saved-view-list"),
        lambda world: {
            "act": "keep",
            "page": "FOLLOW_UPS",
            "query": "stage=OVERDUE",
            "name": "Late ones",
            "view": str(world.saved_view.public_id),
        },
        {"name": "line"},
        shown_on=of("saved-view-list"),
    ),
    "staff:task-list": Form(
        of("task-list"),
        lambda world: {
            "chosen": [str(world.own.task.public_id)],
            "act": "finish",
            "assignee": MINE,
            "outcome": "all phoned",
        },
        {"chosen": "id", "assignee": "choice", "outcome": "line"},
        hidden=("chosen",),
        theirs=lambda world: {"chosen": str(world.theirs.task.public_id), "assignee": str(world.theirs.patient.public_id)},
        shown_on=_done,
    ),
    "staff:task-finish": Form(
        of("task-finish", "own.patient", "own.task"),
        lambda world: {
            "outcome": "spoke to the daughter",
            "contact": "NO_ANSWER",
            "follow_up": world.own.follow_up.public_id.hex,
            "call_back_on": "2026-12-01",
            "declined_why": "LATER",
            "ends": "on",
        },
        {
            "outcome": "line",
            "contact": "choice",
            "follow_up": "choice",
            "call_back_on": "date",
            "declined_why": "choice",
            "ends": "tick",
        },
        theirs=lambda world: {"follow_up": world.theirs.follow_up.public_id.hex},
        shown_on=_done,
    ),
    "staff:treatment-interval": Form(
        of("treatment-interval", "returned"),
        lambda world: {"cause": "CLINIC_FULL"},
        {"cause": "choice"},
        stands_on=of("treatment-show", "returned"),
        tells_by_message=True,
    ),
}
