"""Offering times, keeping one for a patient, and what becomes of it. Callers import from here."""

from clinic.scheduling.services.booking import book
from clinic.scheduling.services.changing import (
    BY_THE_PATIENT,
    ask_to_be_called,
    cancel,
    mark_arrived,
    mark_locked_treated,
    mark_missed,
    mark_treated,
    take_back_mark,
    take_back_treated,
)
from clinic.scheduling.services.moving import move
from clinic.scheduling.services.offering import (
    OfferedTime,
    OutsideWindow,
    is_within_hours,
    offer_times,
    others_treat_at,
    outside_window,
    practitioners_of,
    read_value,
    standard_kind,
    value_of,
)
from clinic.scheduling.services.overriding import words_of
from clinic.scheduling.services.refusals import (
    AlreadyBooked,
    AskTheClinic,
    BookingRefused,
    ChangeRefused,
    NothingToBook,
    OutsideTheWindow,
    TimeNotOffered,
    TimeTaken,
)

__all__ = [
    "BY_THE_PATIENT",
    "AlreadyBooked",
    "AskTheClinic",
    "BookingRefused",
    "ChangeRefused",
    "NothingToBook",
    "OfferedTime",
    "OutsideTheWindow",
    "OutsideWindow",
    "TimeNotOffered",
    "TimeTaken",
    "ask_to_be_called",
    "book",
    "cancel",
    "is_within_hours",
    "mark_arrived",
    "mark_locked_treated",
    "mark_missed",
    "mark_treated",
    "move",
    "offer_times",
    "others_treat_at",
    "outside_window",
    "practitioners_of",
    "read_value",
    "standard_kind",
    "take_back_mark",
    "take_back_treated",
    "value_of",
    "words_of",
]
