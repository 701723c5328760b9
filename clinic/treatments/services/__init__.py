"""What is written down about treatments and follow-ups. Callers import from here."""

from clinic.treatments.services.checking import NO_ANSWERS, REASON_LENGTH, Checked, check_treatment
from clinic.treatments.services.elsewhere import note_given_elsewhere, void_given_elsewhere
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
from clinic.treatments.services.parts import Draw, Point, total_of
from clinic.treatments.services.refusals import AlreadyRecorded, Problem, TreatmentRefused, problems_from
from clinic.treatments.services.sessions import (
    lock_for_signing,
    newest_performed_on,
    record_signed,
    sign_locked,
    signed_sessions,
)

__all__ = [
    "NO_ANSWERS",
    "REASON_LENGTH",
    "AlreadyRecorded",
    "Checked",
    "Draw",
    "FollowUpRefused",
    "Point",
    "Problem",
    "TreatmentRefused",
    "check_treatment",
    "close_active",
    "lock_for_signing",
    "log_contact",
    "newest_performed_on",
    "note_given_elsewhere",
    "open_follow_up",
    "problems_from",
    "record_signed",
    "sign_locked",
    "signed_sessions",
    "snooze",
    "stop",
    "total_of",
    "void_given_elsewhere",
    "wake",
    "window_for",
]
