"""All that a patient's page shows at a glance, read in a fixed number of queries and put into words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import QuerySet
from django.utils.formats import date_format
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from clinic.care import worklist
from clinic.patients.models import (
    Condition,
    Consent,
    ConsentPurpose,
    Hold,
    OnsetPrecision,
    Patient,
    PatientStatus,
    Side,
    StaffTask,
)
from clinic.practice.roles import Permission
from clinic.safety.models import SideEffect, SideEffectState, Urgency
from clinic.staff.follow_up_lines import Line, Reader, Rights, line
from clinic.staff.names import Kind, Names
from clinic.staff.next_letters import Letters, letters_sent
from clinic.staff.pictures.window_bar import Axis
from clinic.treatments.models import FollowUp

#: Purposes without which a patient gets no letter at all about coming back.
_CARE = (ConsentPurpose.VISIT, ConsentPurpose.INVITE)


@dataclass(frozen=True, slots=True)
class Flag:
    """What whoever opens the record must know first. `level` is danger, warning or info."""

    text: str
    level: str = "warning"


@dataclass(frozen=True, slots=True)
class ConditionLine:
    """What the patient is treated for, with the newest follow-up of it if there is one."""

    condition: Condition
    name: str
    began: str
    follow_up: Line | None


@dataclass(frozen=True, slots=True)
class ConsentLine:
    """One purpose: whether the patient agrees to it now, and since when."""

    purpose: str
    label: str
    is_given: bool
    since: datetime | None
    how: str


@dataclass(frozen=True, slots=True)
class Chart:
    """A patient's page above the timeline."""

    flags: list[Flag]
    conditions: list[ConditionLine]
    axis: Axis | None
    consents: list[ConsentLine]
    holds: list[Hold]
    tasks: list[StaffTask]


def chart_of(patient: Patient, *, rights: frozenset[Permission], back_to: str, today: date) -> Chart:
    """Read the chart of `patient` for a reader with these rights. As many queries for a long history as for a short one."""
    holds = list(patient.holds.filter(cleared_at__isnull=True).select_related("owner").order_by("from_on", "pk"))
    consents = _consents(patient)
    conditions = _conditions(patient, rights, back_to, today)
    bars = [one.follow_up.facts for one in conditions if one.follow_up]
    return Chart(
        flags=_flags(patient, holds, consents, _open_side_effects(patient), rights, today),
        conditions=conditions,
        axis=Axis.covering(today, [day for facts in bars for day in facts.days()]) if bars else None,
        consents=consents,
        holds=holds,
        tasks=list(patient.tasks.filter(done_at__isnull=True).select_related("assignee").order_by("due_on", "pk")),
    )


def _conditions(patient: Patient, rights: frozenset[Permission], back_to: str, today: date) -> list[ConditionLine]:
    reader = Reader(
        as_of=today,
        zone=patient.clinic.zone,
        rights=Rights(work=Permission.WORK_FOLLOW_UPS in rights, book=Permission.BOOK in rights),
        names=Names([patient.clinic]),
        back_to=back_to,
        language=get_language(),
    )
    # The newest follow-up of each condition: the last one written wins. A patient has each indication once on a side.
    follow_ups = FollowUp.objects.filter(patient=patient)
    newest: dict[tuple[int, str], worklist.Entry] = {}
    for row in worklist.entries(follow_ups, today).order_by("session__performed_on", "pk"):
        entry = worklist.Entry(*row)
        newest[entry.indication_id, entry.side] = entry
    letters = letters_sent(entry.id for entry in newest.values())
    lines = []
    for condition in patient.conditions.order_by("pk"):
        found = newest.get((condition.indication_id, condition.side))
        side = Side(condition.side)
        indication = reader.names.of(Kind.INDICATION, condition.indication_id)
        lines.append(
            ConditionLine(
                condition=condition,
                name=indication if side == Side.NONE else f"{indication}, {side.label}",
                began=began(condition),
                follow_up=line(found, Letters(tuple(letters.get(found.id, ())), None), reader) if found else None,
            )
        )
    return lines


def began(condition: Condition) -> str:
    """When a condition began, no more exactly than is known."""
    if condition.onset_on is None:
        return ""
    pattern = {OnsetPrecision.YEAR: "Y", OnsetPrecision.MONTH: "M Y"}.get(OnsetPrecision(condition.onset_precision), "j M Y")
    return date_format(condition.onset_on, pattern)


def _consents(patient: Patient) -> list[ConsentLine]:
    newest = {row.purpose: row for row in Consent.objects.filter(patient=patient).order_by("at", "id")}
    return [
        ConsentLine(
            purpose=purpose,
            label=str(label),
            is_given=(row := newest.get(purpose)) is not None and row.is_given,
            since=row.at if row else None,
            how=row.how if row else "",
        )
        for purpose, label in ConsentPurpose.choices
    ]


def _open_side_effects(patient: Patient) -> QuerySet[SideEffect]:
    return (
        SideEffect.objects.filter(patient=patient)
        .exclude(state=SideEffectState.REVIEWED)
        .select_related("current_version__term")
        .order_by("-reported_at", "-pk")[:5]
    )


def _flags(
    patient: Patient,
    holds: Sequence[Hold],
    consents: Sequence[ConsentLine],
    side_effects: QuerySet[SideEffect],
    rights: frozenset[Permission],
    today: date,
) -> list[Flag]:
    flags = []
    if patient.status != PatientStatus.ACTIVE:
        level = "danger" if patient.status == PatientStatus.DECEASED else "warning"
        flags.append(Flag(str(PatientStatus(patient.status).label).capitalize(), level))
    for side_effect in side_effects:
        term = side_effect.facts.term
        text = _("Side effect reported: %(term)s") % {"term": term.plain_name}
        if Permission.VIEW_SIDE_EFFECT_LOG in rights:
            text = f"{term.plain_name}: {side_effect.get_state_display()}"
        flags.append(Flag(text, "danger" if term.urgency == Urgency.RED else "warning"))
    for hold in holds:
        words = {"reason": hold.get_reason_display(), "day": date_format(hold.review_on, "j M Y")}
        is_late = hold.review_on < today
        flags.append(
            Flag((_("On hold: %(reason)s, was to be looked at on %(day)s") if is_late else _("On hold: %(reason)s")) % words)
        )
    if patient.status == PatientStatus.ACTIVE:
        if not patient.email:
            flags.append(Flag(_("No e-mail address: staff phone instead")))
        refused = [one.label for one in consents if one.purpose in _CARE and not one.is_given]
        flags.extend(Flag(_("No consent to %(purpose)s") % {"purpose": label}, "info") for label in refused)
    return flags
