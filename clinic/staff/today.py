"""The numbers of the staff home: what needs a hand now, each with the list that holds exactly what it counts."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from urllib.parse import urlencode

from django.db.models import CharField, Count, QuerySet, Value
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from clinic.accounts import User
from clinic.care import worklist
from clinic.care.worklist import Stage
from clinic.patients.models import PHONE_KINDS, StaffTask
from clinic.practice.models import Clinic, Membership
from clinic.practice.roles import Permission
from clinic.reminders.models import Message
from clinic.reminders.states import State
from clinic.safety.models import SideEffectState, Urgency
from clinic.safety.services import visible_to as side_effects_of
from clinic.scheduling.models import Appointment
from clinic.staff.filters import TO_BOOK
from clinic.staff.forms.task_filters import MINE, OTHER, PHONE
from clinic.staff.kept import Kept
from clinic.staff.stage_counts import stage_counts
from clinic.staff.stock_lines import narrowed
from clinic.toxins.models import Vial, VialState
from clinic.treatments.models import FollowUp


@dataclass(frozen=True, slots=True)
class Number:
    """How many of something there are, and where they are listed."""

    code: str
    label: Promise
    count: int
    url: str
    #: Red: before everything else.
    is_alert: bool = False


@dataclass(frozen=True, slots=True)
class _Counted:
    """A number still to be counted."""

    code: str
    label: Promise
    rows: QuerySet[Any]
    url: str
    is_alert: bool = False


_KEPT: Kept[Hashable, dict[str, int]] = Kept()


def clinics_for(memberships: Sequence[Membership], permission: Permission) -> list[Clinic]:
    """The clinics at which somebody with these memberships holds `permission`."""
    return [one.clinic for one in memberships if one.may(permission)]


def begins_at(day: date, clinic: Clinic) -> datetime:
    """When a day begins at a clinic."""
    return datetime.combine(day, time.min, clinic.zone)


def numbers(user: User, memberships: Sequence[Membership], *, now: datetime, newest_change: Hashable) -> list[Number]:
    """Every number that this person may see, in the order in which they matter. Two queries, or none where nothing changed."""
    counted = list(_counted(user, memberships, now))
    # What a person may see follows from who they are, and every change of that leaves its trace too.
    days = tuple((one.clinic.public_id, now.astimezone(one.clinic.zone).date()) for one in memberships)
    found = _KEPT.get((newest_change, user.public_id, days), lambda: _count(counted))
    shown = [Number(one.code, one.label, found.get(one.code, 0), one.url, one.is_alert) for one in counted]
    shown += _stages(clinics_for(memberships, Permission.VIEW_PATIENTS), now, newest_change)
    return sorted(shown, key=lambda one: _ORDER.index(one.code))


#: Red ones first, then what needs a hand, in the order of the day.
_ORDER = (
    "alerts", "doubtful", "phone", "mine", "other", "opening", "overdue", "closing", "unnoted", "review", "expiring",
)  # fmt: skip


def _count(counted: Sequence[_Counted]) -> dict[str, int]:
    """All counts in one statement."""
    first, *others = [
        one.rows.order_by()
        .annotate(counted_as=Value(one.code, CharField()))
        .values("counted_as")
        .annotate(number=Count("pk"))
        .values_list("counted_as", "number")
        for one in counted
    ]
    return dict(first.union(*others, all=True) if others else first)


def _counted(user: User, memberships: Sequence[Membership], now: datetime) -> Iterator[_Counted]:
    def here(permission: Permission) -> list[Clinic]:
        return clinics_for(memberships, permission)

    if here(Permission.VIEW_SIDE_EFFECT_LOG):
        seen = side_effects_of(user)
        yield _Counted(
            "alerts",
            _("Urgent side effects that nobody has noticed yet"),
            seen.filter(acknowledged_at__isnull=True, current_version__term__urgency=Urgency.RED),
            _at("side-effect-list", urgency=Urgency.RED, seen="no"),
            is_alert=True,
        )
        yield _Counted(
            "review",
            _("Side effects waiting for review"),
            seen.filter(state=SideEffectState.NEW),
            _at("side-effect-list", state=SideEffectState.NEW),
        )
    if clinics := here(Permission.VIEW_LETTERS):
        doubtful = Message.objects.filter(clinic__in=clinics, patient__isnull=False, state=State.UNKNOWN)
        yield _Counted("doubtful", _("Letters in doubt"), doubtful, _at("letter-list", show="problems", state=State.UNKNOWN))
    if clinics := here(Permission.WORK_FOLLOW_UPS):
        today = now.astimezone(clinics[0].zone).date()
        to_do = StaffTask.objects.filter(patient__clinic__in=clinics, done_at__isnull=True)
        due = to_do.filter(due_on__lte=today)
        yield _Counted(
            "phone", _("Patients to phone"), due.filter(kind__in=PHONE_KINDS), _at("task-list", kind=PHONE, until=today)
        )
        yield _Counted(
            "other", _("Other tasks due"), due.exclude(kind__in=PHONE_KINDS), _at("task-list", kind=OTHER, until=today)
        )
        yield _Counted("mine", _("Tasks that are yours"), to_do.filter(assignee=user), _at("task-list", assignee=MINE))
    if clinics := here(Permission.VIEW_PATIENTS):
        today = now.astimezone(clinics[0].zone).date()
        monday = today - timedelta(days=today.weekday())
        sunday = monday + timedelta(days=6)
        opening = FollowUp.objects.filter(patient__clinic__in=clinics, opens_on__range=(monday, sunday))
        yield _Counted(
            "opening",
            _("Windows opening this week without a booking"),
            worklist.to_be_booked(opening, today),
            _at("follow-up-list", opens_from=monday, opens_until=sunday, booking=TO_BOOK),
        )
        days = {one.pk: begins_at(now.astimezone(one.zone).date(), one) for one in clinics}
        unnoted = Appointment.objects.filter(patient__clinic__in=clinics).unnoted(days)
        yield _Counted("unnoted", _("Past visits of which nobody said what came of them"), unnoted, _at("visit-unnoted-list"))
    if clinics := here(Permission.KEEP_STOCK):
        vials = Vial.objects.filter(clinic__in=clinics).exclude(state=VialState.CLOSED)
        yield _Counted(
            "expiring", _("Vials that expire soon"), narrowed(vials, "expiring", clinics, now), _at("vial-list", state="expiring")
        )


def _stages(clinics: Sequence[Clinic], now: datetime, newest_change: Hashable) -> list[Number]:
    """Overdue and closing: counted, and kept, as the follow-up list does it."""
    if not clinics:
        return []
    today = now.astimezone(clinics[0].zone).date()
    counts: Mapping[Stage, int] = stage_counts(
        FollowUp.objects.filter(patient__clinic__in=clinics),
        today,
        today=today,
        known_as=tuple(sorted(clinic.public_id for clinic in clinics)),
        newest_change=newest_change,
    )
    return [
        Number(code, label, counts[stage], _at("follow-up-list", stage=stage))
        for code, label, stage in (
            ("overdue", _("Overdue: the window has closed"), Stage.OVERDUE),
            ("closing", _("Windows closing soon without a booking"), Stage.CLOSING),
        )
    ]


def _at(name: str, **query: Any) -> str:
    address = reverse(f"staff:{name}")
    return f"{address}?{urlencode(query)}" if query else address
