"""What every change of a side effect does: take its row, tidy what was written, leave a row in the audit log."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import TYPE_CHECKING

from clinic import audit
from clinic.patients.names import flaw_of, tidy
from clinic.practice.roles import Permission
from clinic.practice.services import clinic_keys_where
from clinic.safety.models import SideEffect
from clinic.safety.querysets import SideEffectQuerySet

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from clinic.accounts import User

#: No text about a side effect is longer; anything longer is refused unread.
LONGEST_NARRATIVE = 4000


def visible_to(user: User | AnonymousUser, permission: Permission = Permission.VIEW_SIDE_EFFECT_LOG) -> SideEffectQuerySet:
    """The side effects with which `user` may do `permission`: those of the patients with whom they may."""
    return SideEffect.objects.filter(patient__clinic__in=clinic_keys_where(user, permission))


def locked(side_effect: SideEffect) -> SideEffect:
    """The side effect as stored, its row taken until the transaction ends, with all that decides about it."""
    rows = SideEffect.objects.select_for_update(of=("self",))
    return rows.select_related("patient__clinic", "session", "current_version").get(pk=side_effect.pk)


def tidied(text: str) -> str:
    """`text` with its line ends and spaces in order, if it is fit to be kept."""
    # Flawed or endless text stays as it is: it is refused with the rest.
    if len(text) > LONGEST_NARRATIVE or flaw_of(text, several_lines=True):
        return text
    return tidy(text, several_lines=True)


def leave_trace(by: audit.Actor, action: str, side_effect: SideEffect, fields: Collection[str], now: datetime) -> None:
    """Add the audit row of a change that leads to the side effect's current version."""
    audit.record(
        by=by,
        action=action,
        what=side_effect,
        patient_public_id=side_effect.patient.public_id,
        clinic_id=side_effect.patient.clinic_id,
        fields=fields,
        version=side_effect.facts.number,
        now=now,
    )
