"""When somebody must see to a patient's e-mail address: four weeks before a window opens, so that the invitation can go. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta

from clinic.reminders.situation import FollowUpFacts, Situation

#: How long before a window opens an address is looked at: two weeks before the first invitation may go.
EARLY = timedelta(days=28)
#: How the cause of the task begins that asks for an address, and of one that a returned letter has raised.
ADDRESS_PREFIX = "address:"
RETURNED_PREFIX = "refused:"
#: Whoever has not agreed to invitations is phoned instead: their address is of no use for them.
_PURPOSE = "INVITE"


def cause_of(follow_up_id: int) -> str:
    """Return the cause key of the task about this follow-up."""
    return f"{ADDRESS_PREFIX}f{follow_up_id}"


def checked_now(facts: Situation, at: datetime) -> list[FollowUpFacts]:
    """Return the follow-ups for whose sake the patient's address is to be looked at now, and was not before.

    None while somebody is to phone about a letter that came back: they will ask.
    """
    if any(cause.startswith(RETURNED_PREFIX) for cause in facts.open_tasks):
        return []
    return [
        follow_up
        for follow_up in _expected(facts, at)
        if _begins_at(facts, follow_up) <= at and not _is_asked_for(facts, follow_up)
    ]


def next_check_at(facts: Situation, at: datetime) -> datetime | None:
    """Return the next moment at which time alone brings such a look; None if none will."""
    begins = [_begins_at(facts, follow_up) for follow_up in _expected(facts, at)]
    return min((moment for moment in begins if moment > at), default=None)


def _expected(facts: Situation, at: datetime) -> list[FollowUpFacts]:
    """The follow-ups whose window is to come and to which a letter will invite, as things stand."""
    if facts.status != "ACTIVE" or facts.on_hold or _PURPOSE not in facts.consents:
        return []
    today = facts.hours.local_date(at)
    return [follow_up for follow_up in facts.follow_ups if not follow_up.is_booked and follow_up.opens_on > today]


def _is_asked_for(facts: Situation, follow_up: FollowUpFacts) -> bool:
    """Whether staff have, or had, a task about this follow-up: to ask for an address, or in the place of a letter."""
    return any(cause == cause_of(follow_up.pk) or f":f{follow_up.pk}:" in cause for cause in facts.tasks)


def _begins_at(facts: Situation, follow_up: FollowUpFacts) -> datetime:
    return facts.hours.at_opening(follow_up.opens_on - EARLY)
