"""What doors ask of the reminders: why and why not, a person's decisions, pauses, the engine's pulse."""

from clinic.reminders.services.deciding import DecisionRefused, hold, let_be, mark_as_sent, release, send_again
from clinic.reminders.services.explaining import Coming, Explanation, explain, forecast
from clinic.reminders.services.pausing import in_hand, pause_clinic, pause_engine, resume_clinic, resume_engine
from clinic.reminders.services.pruning import prune
from clinic.reminders.services.pulse import Pulse, take_pulse

__all__ = [
    "Coming",
    "DecisionRefused",
    "Explanation",
    "Pulse",
    "explain",
    "forecast",
    "hold",
    "in_hand",
    "let_be",
    "mark_as_sent",
    "pause_clinic",
    "pause_engine",
    "prune",
    "release",
    "resume_clinic",
    "resume_engine",
    "send_again",
    "take_pulse",
]
