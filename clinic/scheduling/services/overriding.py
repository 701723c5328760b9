"""Going past a warning when a visit is booked or moved: only by staff, only with a reason, and kept."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from clinic import audit
from clinic.practice.models import Clinic, Practitioner
from clinic.scheduling.booking_overrides import BookingOverride, BookingOverrideKind
from clinic.scheduling.models import Appointment, VisitKind
from clinic.scheduling.services.offering import OutsideWindow, is_within_hours, outside_window
from clinic.scheduling.services.refusals import OutsideTheWindow
from clinic.treatments.models import FollowUp

_SHOWN = 300


def check_window(*, by: audit.Actor, follow_up: FollowUp | None, on: date, reason: str) -> OutsideWindow | None:
    """Say on which side of the window the local day `on` lies. Raises OutsideTheWindow where staff give no reason for that.

    A patient never books too early (they are not offered it), and too late is better than never. `follow_up` is read anew by
    the caller.
    """
    outside = outside_window(follow_up, on) if follow_up is not None and by.kind == audit.ActorKind.USER else None
    if outside is not None and follow_up is not None and not reason:
        raise OutsideTheWindow(outside, words_of(outside, follow_up))
    return outside


def words_of(outside: OutsideWindow, follow_up: FollowUp) -> str:
    """What staff are warned of: the day that the visit would lie beyond, and the rule that set it."""
    if outside is OutsideWindow.EARLY:
        return _("This is before the earliest date, %(day)s (%(rule)s).") % {
            "day": date_format(follow_up.opens_on, "j M Y"),
            "rule": follow_up.opens_rule,
        }
    return _("This is after the window has closed, %(day)s (%(rule)s).") % {
        "day": date_format(follow_up.closes_on, "j M Y"),
        "rule": follow_up.closes_rule,
    }


def past_the_window(
    outside: OutsideWindow | None, follow_up: FollowUp | None, *, reason: str
) -> dict[BookingOverrideKind, tuple[str, str]]:
    """What a day that staff took with `reason` went past of the window: nothing where it lies within."""
    if outside is None or follow_up is None:
        return {}
    return {BookingOverrideKind(outside): (words_of(outside, follow_up), reason)}


def past_the_hours(
    *, practitioner: Practitioner, clinic: Clinic, kind: VisitKind, starts_at: datetime, is_taken: bool, reason: str
) -> dict[BookingOverrideKind, tuple[str, str]]:
    """What a time that staff took with `reason` went past: another visit, the hours, both, or in the end neither."""
    found: dict[BookingOverrideKind, tuple[str, str]] = {}
    if is_taken:
        found[BookingOverrideKind.TAKEN] = (
            _("Another visit takes this time with %(person)s.") % {"person": practitioner},
            reason,
        )
    if not is_within_hours(practitioner=practitioner, clinic=clinic, kind=kind, starts_at=starts_at):
        shown = _("%(person)s sees nobody at this time, or the day is closed.") % {"person": practitioner}
        found[BookingOverrideKind.OUTSIDE_HOURS] = (shown, reason)
    return found


def keep_overrides(
    *, by: audit.Actor, appointment: Appointment, gone_past: Mapping[BookingOverrideKind, tuple[str, str]], now: datetime
) -> None:
    """Write a row for each warning that was gone past: what was shown, and the reason. In the caller's transaction."""
    BookingOverride.objects.bulk_create(
        BookingOverride(
            appointment=appointment,
            kind=kind,
            shown=shown[:_SHOWN],
            reason=reason,
            starts_at=appointment.starts_at,
            by=by.user,
            at=now,
        )
        for kind, (shown, reason) in gone_past.items()
    )
