"""What is written down about treatments and follow-ups. Callers import from here."""

from clinic.treatments.services.follow_ups import (
    FollowUpRefused,
    close_active,
    log_contact,
    open_follow_up,
    snooze,
    stop,
    wake,
    window_for,
)
from clinic.treatments.services.parts import Draw, Point, draws_from, total_of
from clinic.treatments.services.refusals import AlreadyRecorded, Problem, TreatmentRefused, problems_from
from clinic.treatments.services.sessions import (
    lock_for_signing,
    newest_performed_on,
    record_signed,
    sign_locked,
    signed_sessions,
    used_for_others,
)

__all__ = [
    "AlreadyRecorded",
    "Draw",
    "FollowUpRefused",
    "Point",
    "Problem",
    "TreatmentRefused",
    "close_active",
    "draws_from",
    "lock_for_signing",
    "log_contact",
    "newest_performed_on",
    "open_follow_up",
    "problems_from",
    "record_signed",
    "sign_locked",
    "signed_sessions",
    "snooze",
    "stop",
    "total_of",
    "used_for_others",
    "wake",
    "window_for",
]
