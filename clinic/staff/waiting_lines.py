"""Those who wait for a sooner time, in words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from django.urls import reverse
from django.utils.dates import WEEKDAYS_ABBR
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from clinic.scheduling.waiting_entries import WaitingEntry
from clinic.scheduling.waiting_order import Part, Waiting


@dataclass(frozen=True)
class WaitingLine:
    """One line of the waiting list."""

    entry: WaitingEntry
    why: str
    is_pressing: bool
    wishes: str
    visit: str
    since: str
    book_url: str


#: So few days before the window closes a line is marked.
PRESSING = 7


def waiting_line(entry: WaitingEntry, facts: Waiting, *, now: datetime, may_book: bool) -> WaitingLine:
    """Return one who waits, with the reason for their place."""
    zone = entry.clinic.zone
    today = now.astimezone(zone).date()
    visit_at = facts.visit_at.astimezone(zone) if facts.visit_at else None
    book = reverse("staff:appointment-book", args=[entry.follow_up.public_id]) if may_book and visit_at is None else ""
    return WaitingLine(
        entry=entry,
        why=place_words(facts, today),
        is_pressing=facts.days_left(today) <= PRESSING,
        wishes=wishes_words(entry, facts, today),
        visit=date_format(visit_at, "D j M, H:i") if visit_at else "",
        since=date_format(entry.since.astimezone(zone), "j M Y"),
        book_url=book,
    )


def place_words(facts: Waiting, today: date) -> str:
    """Why they stand where they stand: "window closes in 6 days"."""
    days = facts.days_left(today)
    if days > 0:
        return ngettext("window closes in %(days)d day", "window closes in %(days)d days", days) % {"days": days}
    if days == 0:
        return _("window closes today")
    return ngettext("window closed %(days)d day ago", "window closed %(days)d days ago", -days) % {"days": -days}


def wishes_words(entry: WaitingEntry, facts: Waiting, today: date) -> str:
    """What suits them: "Mon, Tue, in the morning, with Dr Lindqvist, until 4 Dec"."""
    parts = [", ".join(str(WEEKDAYS_ABBR[day]) for day in sorted(facts.weekdays)) or _("any day")]
    if facts.part is not Part.ANY:
        parts.append(str(entry.get_part_of_day_display()))
    if entry.practitioner is not None:
        parts.append(_("with %(person)s") % {"person": entry.practitioner})
    if facts.until_on is not None:
        pattern = _("only until %(day)s, which has passed") if facts.until_on < today else _("until %(day)s")
        parts.append(pattern % {"day": date_format(facts.until_on, "j M Y")})
    if facts.opens_on > today:
        parts.append(_("not before %(day)s") % {"day": date_format(facts.opens_on, "j M Y")})
    return ", ".join(parts)
