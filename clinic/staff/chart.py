"""All that a patient's page shows at a glance, read in a fixed number of queries and put into words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

from django.db.models import Count, Q, QuerySet
from django.utils.formats import date_format
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from clinic.care import worklist
from clinic.care.standing import Elsewhere, Standing, standing_of
from clinic.patients.models import Condition, ConsentPurpose, HoldReason, OnsetPrecision, Patient, PatientStatus, Side, TaskKind
from clinic.practice.roles import Permission
from clinic.prepared import PreparedQuery
from clinic.safety.models import SideEffectState, Urgency
from clinic.staff.follow_up_lines import Line, Reader, Rights, line
from clinic.staff.names import Kind, Names
from clinic.staff.next_letters import Letters, letters_sent
from clinic.staff.pictures.window_bar import Axis
from clinic.treatments.models import FollowUp, FollowUpState, SessionState

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
    is_treated_again: bool


@dataclass(frozen=True, slots=True)
class ConsentLine:
    """One purpose: whether the patient agrees to it now, and since when."""

    purpose: str
    label: str
    is_given: bool
    since: datetime | None
    how: str
    leaflet: str = ""
    signed_on: date | None = None

    @property
    def is_to_treatment(self) -> bool:
        """Whether it is recorded with the leaflet that was signed."""
        return self.purpose == ConsentPurpose.TREATMENT


@dataclass(frozen=True, slots=True)
class HoldLine:
    """A hold that stands, in words."""

    public_id: UUID
    reason: str
    note: str
    from_on: date
    review_on: date
    owner: str


@dataclass(frozen=True, slots=True)
class TaskLine:
    """A task nobody has done yet, in words."""

    public_id: UUID
    title: str
    note: str
    due_on: date


@dataclass(frozen=True, slots=True)
class Chart:
    """A patient's page above the timeline."""

    flags: list[Flag]
    conditions: list[ConditionLine]
    axis: Axis | None
    consents: list[ConsentLine]
    holds: list[HoldLine]
    tasks: list[TaskLine]
    elsewhere: list[Elsewhere]
    #: Whether some condition was treated more than once, as far as follow-ups tell.
    is_treated_again: bool


def chart_of(patient: Patient, *, rights: frozenset[Permission], names: Names, back_to: str, today: date) -> Chart:
    """Read the chart of `patient` for a reader with these rights. As many queries for a long history as for a short one."""
    standing = standing_of(patient.pk)
    conditions = _conditions(patient, rights, names, back_to, today)
    bars = [one.follow_up.facts for one in conditions if one.follow_up]
    return Chart(
        flags=_flags(patient, standing, rights, today),
        conditions=conditions,
        axis=Axis.covering(today, [day for facts in bars for day in facts.days()]) if bars else None,
        consents=_consents(standing),
        holds=[
            HoldLine(one.public_id, str(HoldReason(one.reason).label), one.note, one.from_on, one.review_on, one.owner)
            for one in standing.holds
        ],
        tasks=[TaskLine(one.public_id, str(TaskKind(one.kind).label), one.note, one.due_on) for one in standing.tasks],
        elsewhere=standing.elsewhere,
        is_treated_again=any(one.is_treated_again for one in conditions),
    )


def _conditions(patient: Patient, rights: frozenset[Permission], names: Names, back_to: str, today: date) -> list[ConditionLine]:
    reader = Reader(
        as_of=today,
        zone=patient.clinic.zone,
        rights=Rights(work=Permission.WORK_FOLLOW_UPS in rights, book=Permission.BOOK in rights),
        names=names,
        back_to=back_to,
        language=get_language(),
    )
    # The newest follow-up of each condition: the last one written wins. A patient has each indication once on a side.
    newest: dict[tuple[int, str], worklist.Entry] = {}
    for row in _follow_ups(today).rows(patient.pk):
        entry = worklist.Entry(*row)
        newest[entry.indication_id, entry.side] = entry
    letters = letters_sent(entry.id for entry in newest.values())
    lines = []
    # Not by its follow-ups: a treatment that was entered late has none.
    signed = Count("sessions", filter=Q(sessions__state=SessionState.SIGNED))
    for condition in patient.conditions.annotate(times=signed).order_by("pk"):
        kind = (condition.indication_id, condition.side)
        found = newest.get(kind)
        side = Side(condition.side)
        indication = reader.names.of(Kind.INDICATION, condition.indication_id)
        lines.append(
            ConditionLine(
                condition=condition,
                name=indication if side == Side.NONE else f"{indication}, {side.label}",
                began=began(condition),
                follow_up=line(found, Letters(tuple(letters.get(found.id, ())), None), reader) if found else None,
                is_treated_again=condition.times > 1,
            )
        )
    return lines


@lru_cache(maxsize=8)
def _follow_ups(as_of: date) -> PreparedQuery:
    """A patient's follow-ups as entries of the worklist on that day, the oldest treatment first."""

    def make(patient_id: int) -> QuerySet[FollowUp, Any]:
        follow_ups = FollowUp.objects.filter(patient_id=patient_id).exclude(state=FollowUpState.VOID)
        return worklist.entries(follow_ups, as_of).order_by("session__performed_on", "pk")

    return PreparedQuery(make)


def began(condition: Condition) -> str:
    """When a condition began, no more exactly than is known."""
    if condition.onset_on is None:
        return ""
    pattern = {OnsetPrecision.YEAR: "Y", OnsetPrecision.MONTH: "M Y"}.get(OnsetPrecision(condition.onset_precision), "j M Y")
    return date_format(condition.onset_on, pattern)


def _consents(standing: Standing) -> list[ConsentLine]:
    return [
        ConsentLine(
            purpose=purpose,
            label=str(label),
            is_given=(word := standing.consents.get(purpose)) is not None and word.is_given,
            since=word.since if word else None,
            how=word.how if word else "",
            leaflet=word.leaflet if word else "",
            signed_on=word.signed_on if word else None,
        )
        for purpose, label in ConsentPurpose.choices
    ]


def _flags(patient: Patient, standing: Standing, rights: frozenset[Permission], today: date) -> list[Flag]:
    flags = []
    if patient.status != PatientStatus.ACTIVE:
        level = "danger" if patient.status == PatientStatus.DECEASED else "warning"
        flags.append(Flag(str(PatientStatus(patient.status).label).capitalize(), level))
    for side_effect in standing.side_effects:
        text = _("Side effect reported: %(term)s") % {"term": side_effect.term}
        if Permission.VIEW_SIDE_EFFECT_LOG in rights:
            text = f"{side_effect.term}: {SideEffectState(side_effect.state).label}"
        flags.append(Flag(text, "danger" if side_effect.urgency == Urgency.RED else "warning"))
    for hold in standing.holds:
        text = _("On hold: %(reason)s, was to be looked at on %(day)s") if hold.review_on < today else _("On hold: %(reason)s")
        flags.append(Flag(text % {"reason": HoldReason(hold.reason).label, "day": date_format(hold.review_on, "j M Y")}))
    if patient.status == PatientStatus.ACTIVE:
        if not patient.email:
            flags.append(Flag(_("No e-mail address: staff phone instead")))
        for purpose in _CARE:
            word = standing.consents.get(purpose)
            if word is None or not word.is_given:
                flags.append(Flag(_("No consent to %(purpose)s") % {"purpose": ConsentPurpose(purpose).label}, "info"))
    return flags
