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
from clinic.treatments.services.parts import Draw, Point, total_of
from clinic.treatments.services.protocols import (
    FittedPoint,
    TemplateRefused,
    fitted,
    keep_template,
    rename_template,
    retire_template,
    templates_at,
    templates_for,
)
from clinic.treatments.services.refusals import AlreadyRecorded, Problem, TreatmentRefused, problems_from
from clinic.treatments.services.sessions import (
    lock_for_signing,
    newest_performed_on,
    record_signed,
    sign_locked,
    signed_sessions,
)

__all__ = [
    "AlreadyRecorded",
    "Draw",
    "FittedPoint",
    "FollowUpRefused",
    "Point",
    "Problem",
    "TemplateRefused",
    "TreatmentRefused",
    "close_active",
    "fitted",
    "keep_template",
    "lock_for_signing",
    "log_contact",
    "newest_performed_on",
    "open_follow_up",
    "problems_from",
    "record_signed",
    "rename_template",
    "retire_template",
    "sign_locked",
    "signed_sessions",
    "snooze",
    "stop",
    "templates_at",
    "templates_for",
    "total_of",
    "wake",
    "window_for",
]
