"""Drafts of treatments and amendments that nobody has signed: kept as one types, never over what somebody else typed."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime

from django.db import IntegrityError, transaction
from django.db.models import F, QuerySet

from clinic import audit
from clinic.patients.models import Condition, Patient
from clinic.treatments.models import InjectionSession, TreatmentDraft

#: More than any form of ours can hold. What is longer is not kept.
LONGEST_DRAFT = 200_000


class DraftConflict(Exception):
    """The draft is not the one that the person saw: nothing was written. `draft` is as it stands; None where it is gone."""

    def __init__(self, draft: TreatmentDraft | None) -> None:
        super().__init__("The draft has been changed meanwhile.")
        self.draft = draft


class DraftTooLong(Exception):
    """More was sent than a treatment can say: nothing was written."""


def draft_of(*, condition: Condition, session: InjectionSession | None = None) -> TreatmentDraft | None:
    """The draft of the condition's next treatment, or of the amendment of `session`, with who wrote last; None without one."""
    return _drafts(condition, session).select_related("by").first()


def _drafts(condition: Condition, session: InjectionSession | None) -> QuerySet[TreatmentDraft]:
    if session is None:
        return TreatmentDraft.objects.filter(condition=condition, session__isnull=True)
    return TreatmentDraft.objects.filter(condition=condition, session=session)


def typed_in(draft: TreatmentDraft) -> dict[str, list[str]]:
    """The fields of the form as they were sent, each with all its values."""
    fields: dict[str, list[str]] = json.loads(draft.typed)
    return fields


def keep_draft(
    *,
    by: audit.Actor,
    patient: Patient,
    condition: Condition,
    revision: int,
    typed: Mapping[str, Sequence[str]],
    session: InjectionSession | None = None,
    now: datetime,
) -> TreatmentDraft:
    """Keep what was typed, on top of `revision` (0: on top of nothing), and return the draft: of the next treatment, or of the
    amendment of `session`.

    The beginning of a draft, and each time that another person goes on with it, leave a row in the audit log; keystrokes do not.
    Raises DraftConflict where the draft has another revision by now, or is gone; DraftTooLong; ValueError when no person types.
    """
    if by.user is None:
        raise ValueError("A draft is written by a person.")
    text = json.dumps({name: list(values) for name, values in typed.items()})
    if len(text) > LONGEST_DRAFT:
        raise DraftTooLong
    with transaction.atomic():
        known = draft_of(condition=condition, session=session)
        if (known.revision if known else 0) != revision:
            raise DraftConflict(known)
        if known is None:
            return _begin(by, patient, condition, session, text, now)
        # The database settles who was first: of two on top of one revision the second finds no row.
        kept = TreatmentDraft.objects.filter(pk=known.pk, revision=revision).update(
            by=by.user, revision=F("revision") + 1, typed=text, updated_at=now
        )
        if not kept:
            raise DraftConflict(draft_of(condition=condition, session=session))
        if known.by_id != by.user.pk:
            _trace(by, audit.Action.CHANGED, known, patient, now)
        known.by, known.revision, known.typed, known.updated_at = by.user, revision + 1, text, now
    return known


@transaction.atomic
def discard_draft(
    *,
    by: audit.Actor,
    patient: Patient,
    condition: Condition,
    revision: int,
    session: InjectionSession | None = None,
    now: datetime,
) -> None:
    """Throw the draft away. One that is gone already stays gone; raises DraftConflict where somebody has gone on with it."""
    known = draft_of(condition=condition, session=session)
    if known is not None:
        use_up_draft(condition=condition, revision=revision, session=session)
        _trace(by, audit.Action.DELETED, known, patient, now)


def use_up_draft(*, condition: Condition, revision: int, session: InjectionSession | None = None) -> None:
    """The draft has been signed. Raises DraftConflict where the one who signs has not seen what it says by now.

    One statement where all is well.
    """
    gone = _drafts(condition, session).filter(revision=revision).delete()[0] if revision else 0
    if not gone and (draft := draft_of(condition=condition, session=session)) is not None:
        raise DraftConflict(draft)


def drop_amendment(*, by: audit.Actor, session: InjectionSession, now: datetime) -> None:
    """Throw away what was typed of an amendment of a treatment that can be amended no more."""
    known = draft_of(condition=session.condition, session=session)
    if known is not None:
        known.delete()
        _trace(by, audit.Action.DELETED, known, session.patient, now)


def _begin(
    by: audit.Actor, patient: Patient, condition: Condition, session: InjectionSession | None, text: str, now: datetime
) -> TreatmentDraft:
    draft = TreatmentDraft(patient=patient, condition=condition, session=session, by=by.user, typed=text, updated_at=now)
    try:
        with transaction.atomic():
            draft.save(force_insert=True)
    except IntegrityError as error:
        raise DraftConflict(draft_of(condition=condition, session=session)) from error
    _trace(by, audit.Action.CREATED, draft, patient, now)
    return draft


def _trace(by: audit.Actor, action: str, draft: TreatmentDraft, patient: Patient, now: datetime) -> None:
    audit.record(by=by, action=action, what=draft, patient_public_id=patient.public_id, clinic_id=patient.clinic_id, now=now)
