"""Who may see which patients, and how the reminder engine is asked to look at one again."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING

from django.db.models import F

from clinic.patients.models import Patient
from clinic.patients.querysets import PatientQuerySet
from clinic.practice.roles import Permission
from clinic.practice.services import clinic_keys_where
from clinic.prepared import PreparedUpdate

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from clinic.accounts import User

_RISEN = F("facts_revision") + 1


def visible_to(user: User | AnonymousUser, permission: Permission = Permission.VIEW_PATIENTS) -> PatientQuerySet:
    """The patients with whom `user` may do `permission`: those of the clinics where their role allows it.

    Every view loads its objects through this function; an id outside it is an id that does not exist.
    """
    return Patient.objects.filter(clinic__in=clinic_keys_where(user, permission))


def look_again(patients: Iterable[int], *, now: datetime) -> None:
    """Ask the reminder engine to look at these patients (by primary key) at its next run.

    Every service that changes what decides over letters calls this in its own transaction, before it locks anything else. A
    worker that has a letter of theirs in hand notices by the risen revision, whatever happens to the mark meanwhile.
    """
    keys = list(patients)
    if len(keys) == 1:
        _look_again().run({"patient": keys[0], "now": now})
    else:
        Patient.objects.filter(pk__in=keys).update(next_check_at=now, facts_revision=_RISEN)


@cache
def _look_again() -> PreparedUpdate:
    """One patient is to be looked at: what nearly every act begins with."""
    never = datetime(4242, 6, 15, tzinfo=UTC)
    changes = {"next_check_at": never, "facts_revision": _RISEN}
    return PreparedUpdate(Patient.objects.filter(pk=-1), changes, {"patient": -1, "now": never})
