"""What doors ask of the reminders: why and why not, a person's decisions, plans, pauses, the engine's pulse."""

from clinic.reminders.services.changing_plans import (
    Hours,
    PlanOutdated,
    PlanRefused,
    change_hours,
    change_plan,
    check_hours,
    check_plan,
)
from clinic.reminders.services.coming_letters import ComingLetter, handle_of, letter_to_come
from clinic.reminders.services.comparing_plans import Comparison, compare_plans
from clinic.reminders.services.deciding import DecisionRefused, hold, let_be, mark_as_sent, release, send_again
from clinic.reminders.services.explaining import Coming, Explanation, explain, forecast
from clinic.reminders.services.foreseeing import day_bounds, owed_on
from clinic.reminders.services.lifting import lift_suppression, patient_at
from clinic.reminders.services.pausing import in_hand, pause_clinic, pause_engine, resume_clinic, resume_engine
from clinic.reminders.services.pruning import prune
from clinic.reminders.services.pulse import Pulse, take_pulse
from clinic.reminders.services.reporting import Taken, settle_report, take_report
from clinic.reminders.services.wording_letters import (
    FULLER,
    TrialRefused,
    WordingOf,
    WordingOutdated,
    WordingRefused,
    change_words,
    check_words,
    newest_wording,
    preview,
    send_test,
)

__all__ = [
    "FULLER",
    "Coming",
    "ComingLetter",
    "Comparison",
    "DecisionRefused",
    "Explanation",
    "Hours",
    "PlanOutdated",
    "PlanRefused",
    "Pulse",
    "Taken",
    "TrialRefused",
    "WordingOf",
    "WordingOutdated",
    "WordingRefused",
    "change_hours",
    "change_plan",
    "change_words",
    "check_hours",
    "check_plan",
    "check_words",
    "compare_plans",
    "day_bounds",
    "explain",
    "forecast",
    "handle_of",
    "hold",
    "in_hand",
    "let_be",
    "letter_to_come",
    "lift_suppression",
    "mark_as_sent",
    "newest_wording",
    "owed_on",
    "patient_at",
    "pause_clinic",
    "pause_engine",
    "preview",
    "prune",
    "release",
    "resume_clinic",
    "resume_engine",
    "send_again",
    "send_test",
    "settle_report",
    "take_pulse",
    "take_report",
]
