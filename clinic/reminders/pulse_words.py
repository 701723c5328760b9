"""How letters are doing, in one sentence: for staff pages and for administrators."""

from __future__ import annotations

from datetime import datetime

from django.utils.timesince import timesince
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from clinic.reminders.services.pulse import AMBER_AFTER, Pulse


def sentence(pulse: Pulse, now: datetime) -> str:
    """Say how letters are doing, the worst first."""
    if pulse.is_urgent_unsent:
        return _("Letters: an urgent one has not gone")
    if pulse.paused_at is not None:
        return _("Letters are paused: %(reason)s") % {"reason": pulse.paused_reason}
    if pulse.clinic_paused_reason:
        return _("The clinic's letters are paused: %(reason)s") % {"reason": pulse.clinic_paused_reason}
    if pulse.mark_failing_since is not None:
        return _("Letters: none goes, for what is done cannot be noted outside the database")
    if pulse.last_success_at is None:
        return _("Letters: not yet run")
    if pulse.mail_failing_since is not None and now - pulse.mail_failing_since > AMBER_AFTER:
        return _("Letters: the mail server has taken none for %(time)s") % {"time": _ago(pulse.mail_failing_since, now)}
    words = _("Letters: last run %(time)s ago") % {"time": _ago(pulse.last_success_at, now)}
    waiting = pulse.in_doubt + pulse.given_up
    if waiting:
        words += ngettext(" · %(count)d needs you", " · %(count)d need you", waiting) % {"count": waiting}
    return words


def _ago(moment: datetime, now: datetime) -> str:
    seconds = max(int((now - moment).total_seconds()), 0)
    return _("%(count)d s") % {"count": seconds} if seconds < 60 else timesince(moment, now, depth=1)
