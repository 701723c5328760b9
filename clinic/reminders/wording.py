"""The policy's codes in words for staff."""

from __future__ import annotations

from datetime import datetime, time
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from clinic.reminders.rules import RULES
from clinic.reminders.states import HELD_BY_PERSON
from clinic.reminders.steps import Reason, Step

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

REASONS: dict[Reason, _StrPromise] = {
    Reason.DUE: lazy("goes with the next run"),
    Reason.NOT_YET: lazy("not yet due"),
    Reason.SNOOZED: lazy("snoozed"),
    Reason.TOO_SOON: lazy("72 hours after the last letter"),
    Reason.OTHER_FIRST: lazy("after another letter to the same patient"),
    Reason.QUIET_HOURS: lazy("outside the hours at which letters go"),
    Reason.DOMAIN_HELD: lazy("the patient's mail provider asked us to wait"),
    Reason.ENGINE_PAUSED: lazy("all letters are paused"),
    Reason.CLINIC_PAUSED: lazy("the clinic's letters are paused"),
    Reason.ON_HOLD: lazy("on hold"),
    Reason.PATIENT_PAUSED: lazy("the patient is paused"),
    Reason.ASKED_TO_BE_CALLED: lazy("the patient asked to be called"),
    Reason.ALREADY_SENT: lazy("has gone"),
    Reason.ALREADY_A_TASK: lazy("staff have it as a task"),
    Reason.ALREADY_SETTLED: lazy("was settled before"),
    Reason.DECEASED: lazy("the patient has died"),
    Reason.DISCHARGED: lazy("the patient is discharged"),
    Reason.HISTORY: lazy("entered after the window had closed"),
    Reason.ENDED: lazy("what it was about has ended"),
    Reason.BOOKED_AHEAD: lazy("a visit is booked"),
    Reason.VISIT_UNCLEAR: lazy("say first what became of the last visit"),
    Reason.NOT_BOOKED: lazy("the visit is no longer booked"),
    Reason.ANSWERED: lazy("the patient has answered"),
    Reason.DECLINED: lazy("the patient declined"),
    Reason.REPLACED: lazy("the patient was contacted by hand"),
    Reason.TOLD_TOGETHER: lazy("told in the letter about another visit"),
    Reason.THREE_UNANSWERED: lazy("three letters went unanswered"),
    Reason.NO_CONSENT: lazy("no consent to these letters"),
    Reason.NO_ADDRESS: lazy("no usable e-mail address"),
    Reason.ADDRESS_SUPPRESSED: lazy("the e-mail address is blocked"),
    Reason.WITHOUT_LETTER: lazy("made without a letter"),
    Reason.JUST_BOOKED: lazy("booked only just before"),
    Reason.OVERTAKEN: lazy("a later letter stands in its place"),
    Reason.EXPIRED: lazy("too late"),
}

#: How far a dialogue with the mail server had come (`mailer.Phase`), or that a report tells of the letter.
PHASES: dict[str, _StrPromise] = {
    "connect": lazy("while connecting"),
    "tls": lazy("while agreeing on encryption"),
    "login": lazy("while signing in"),
    "mail": lazy("at the sender"),
    "rcpt": lazy("at the recipient"),
    "data-command": lazy("before the text"),
    "body": lazy("in the middle of the text"),
    "dot": lazy("after the whole text"),
    "accepted": lazy("taken"),
    "report": lazy("by a report"),
}

#: Why nothing goes to an address (`suppressions`).
SUPPRESSED: dict[str, _StrPromise] = {
    "NO_SUCH_ADDRESS": lazy("the mail server refused the address"),
    "BOUNCED": lazy("letters came back"),
    "COMPLAINED": lazy("a letter was called unwanted"),
}

#: Why a report needs a person (`mailer.reports.Unreadable`, `services.reporting.Misfit`).
UNREAD: dict[str, _StrPromise] = {
    "NOT_A_REPORT": lazy("not a report: perhaps an answer"),
    "NO_STATUS": lazy("says nothing that can be read"),
    "UNKNOWN_ACTION": lazy("says something unknown"),
    "OTHER_FEEDBACK": lazy("feedback of another kind"),
    "OLD_BOUNCE": lazy("a mail server's words for people"),
    "TOO_DEEP": lazy("too many parts within parts"),
    "EMPTY": lazy("empty"),
    "NOT_OURS": lazy("names no letter from here"),
    "NAMES_SEVERAL": lazy("names more than one letter"),
    "NEVER_SENT": lazy("names a letter that never went"),
    "CANNOT_BE_READ": lazy("cannot be read"),
}

#: What a message's row may give as its reason besides the policy's codes.
OUTCOMES: dict[str, _StrPromise] = {
    HELD_BY_PERSON: lazy("held back by a member of staff"),
    "ACCEPTED": lazy("the mail server took it"),
    "ACCEPTED_LATE": lazy("the mail server took it after all"),
    "CLAIMED": lazy("taken by a worker"),
    "INTENT": lazy("about to be handed over"),
    "LEASE_RAN_OUT": lazy("the worker did not come back"),
    "TIME_IS_UP": lazy("its turn did not come in this run"),
    "FACTS_CHANGED": lazy("written anew: something changed"),
    "DOMAIN_PACED": lazy("its mail provider gets only so many a minute"),
    "REPORT_FAILED": lazy("the mail server reports that it could not be delivered"),
    "REPORT_COMPLAINED": lazy("the recipient called it unwanted"),
    "REPORT_ARRIVED": lazy("a report shows that it went"),
    "MAIL_SERVER_AWAY": lazy("the mail server was out of reach"),
    "TOO_MANY_ATTEMPTS": lazy("tried too often"),
    "CANNOT_BE_WRITTEN": lazy("it could not be written"),
    "CANNOT_BE_DECIDED": lazy("the patient's dates allow no decision"),
    "NO_RECIPIENT": lazy("nobody to write to"),
    "SENT_AGAIN": lazy("a member of staff sends it again"),
    "LET_BE": lazy("a member of staff let it be"),
    "MARKED_AS_SENT": lazy("a member of staff knows that it arrived"),
    "RELEASED": lazy("released by a member of staff"),
    "MAY_HAVE_GONE": lazy("the database is a restored copy: it may have gone before"),
    "NOT_REMEMBERED": lazy("not given away: it could not be written down outside the database"),
}
_VERDICTS: dict[str, _StrPromise] = {
    "LATER": lazy("not taken for now"),
    "REFUSED": lazy("refused by the mail server"),
    "UNKNOWN": lazy("no answer: it may have arrived"),
    "UNSENDABLE": lazy("the address cannot be written to"),
}


def step_words(step: str) -> str:
    """Return a step in words; the code itself where a later version of the program knew it and this one does not."""
    rule = RULES.get(Step(step))
    return _(rule.title) if rule else step


def step_choices() -> list[tuple[str, str]]:
    """Return (code, words) of every step, in the order of the table."""
    return [(str(step), _(rule.title)) for step, rule in RULES.items()]


def reason_words(code: str) -> str:
    """Return a stored reason or outcome in words; the code itself where it has none."""
    if code in Reason.__members__:
        return str(REASONS[Reason(code)])
    return str(OUTCOMES.get(code) or _VERDICTS.get(code.partition("_")[0]) or code)


def why_suppressed(code: str) -> str:
    """Return in words why nothing goes to an address; the code itself where it has none."""
    return str(SUPPRESSED.get(code, code))


def why_unread(code: str) -> str:
    """Return in words why a report needs a person; the code itself where it has none."""
    return str(UNREAD.get(code, code))


def known_words(phase: str, smtp_code: int | None, enhanced_code: str) -> str:
    """Return what is known of a dialogue's end in words and codes: "after the whole text, 451 4.3.0"; empty: nothing is."""
    codes = " ".join(str(code) for code in (smtp_code, enhanced_code) if code)
    return ", ".join(part for part in (str(PHASES.get(phase, phase)), codes) if part)


def moment_words(moment: datetime, zone: ZoneInfo, *, at: datetime) -> str:
    """Return a moment by the clinic's wall, as short as it is clear: "today 14:00", "Wed 25 Nov 08:00".

    Midnight is written as the day alone: a clinic that writes at any hour owes a letter from the first minute of its day.
    """
    local, today = moment.astimezone(zone), at.astimezone(zone).date()
    if local.time() == time.min:
        if local.date() == today:
            return _("today")
        return date_format(local, "D j M" if local.year == today.year else "D j M Y")
    if local.date() == today:
        return _("today %(time)s") % {"time": date_format(local, "H:i")}
    return date_format(local, "D j M H:i" if local.year == today.year else "D j M Y H:i")
