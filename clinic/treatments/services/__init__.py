"""What is written down about treatments and follow-ups. Callers import from here."""

from clinic.treatments.services.checking import NO_ANSWERS, REASON_LENGTH, Checked, check_treatment
from clinic.treatments.services.drafts import (
    DraftConflict,
    DraftTooLong,
    discard_draft,
    draft_of,
    keep_draft,
    typed_in,
    use_up_draft,
)
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
from clinic.treatments.services.parts import Draw, Point, draws_from, total_of
from clinic.treatments.services.refusals import AlreadyRecorded, AmendedMeanwhile, Problem, TreatmentRefused, problems_from
from clinic.treatments.services.sessions import (
    lock_for_signing,
    record_signed,
    sign_locked,
    signed_sessions,
    used_for_others,
)
from clinic.treatments.services.settling import set_window, settle, void_follow_up
from clinic.treatments.services.versions import (
    Wording,
    add_version,
    current_of,
    keep_places,
    lock_for_amending,
    problems_of_version,
    said_anew,
    said_by,
)

__all__ = [
    "NO_ANSWERS",
    "REASON_LENGTH",
    "AlreadyRecorded",
    "AmendedMeanwhile",
    "Checked",
    "DraftConflict",
    "DraftTooLong",
    "Draw",
    "FollowUpRefused",
    "Point",
    "Problem",
    "TreatmentRefused",
    "Wording",
    "add_version",
    "check_treatment",
    "close_active",
    "current_of",
    "discard_draft",
    "draft_of",
    "draws_from",
    "keep_draft",
    "keep_places",
    "lock_for_amending",
    "lock_for_signing",
    "log_contact",
    "note_given_elsewhere",
    "open_follow_up",
    "problems_from",
    "problems_of_version",
    "record_signed",
    "said_anew",
    "said_by",
    "set_window",
    "settle",
    "sign_locked",
    "signed_sessions",
    "snooze",
    "stop",
    "total_of",
    "typed_in",
    "use_up_draft",
    "used_for_others",
    "void_follow_up",
    "void_given_elsewhere",
    "wake",
    "window_for",
]
