"""Which clinics a person belongs to and what they may do there."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from typing import TYPE_CHECKING

from django.contrib.auth import get_user_model
from django.db.models import Exists, OuterRef, QuerySet

from clinic.practice.models import Clinic, Membership, Practitioner, Role
from clinic.practice.roles import Permission, roles_with
from clinic.prepared import PreparedObjects

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from clinic.accounts import User

_KEPT = "_memberships_read"


def clinics_where(user: User | AnonymousUser, permission: Permission) -> QuerySet[Clinic]:
    """The clinics at which `user` holds `permission`; none for somebody who is not signed in or not active."""
    if not user.is_active:
        return Clinic.objects.none()
    return Clinic.objects.filter(memberships__user=user, memberships__role__in=roles_with(permission))


def memberships_of(user: User | AnonymousUser) -> Sequence[Membership]:
    """What `user` is at which clinic, by the clinics' names, each with its clinic.

    Asked for once and kept with the user, who is read anew for each request: the frame of a page, the page and its permission
    all need it. None for somebody who is not signed in or not active.
    """
    if not user.is_active:
        return ()
    kept: Sequence[Membership] | None = getattr(user, _KEPT, None)
    if kept is None:
        kept = tuple(_memberships().all({"user": user.pk}))
        setattr(user, _KEPT, kept)
    return kept


@cache
def _memberships() -> PreparedObjects[Membership]:
    """A person's memberships: what every page asks for first."""
    rows = Membership.objects.filter(user=-1).select_related("clinic").order_by("clinic__name", "clinic_id")
    return PreparedObjects(rows, {"user": -1})


def clinic_keys_where(user: User | AnonymousUser, permission: Permission) -> list[int]:
    """The primary keys of `clinics_where`, by what is kept with the user: a list narrowed by them asks for nobody's roles again,
    and a database that is told the keys plans better than one that must look them up."""
    return [membership.clinic_id for membership in memberships_of(user) if membership.may(permission)]


def people_who(permission: Permission, *, clinics: Iterable[Clinic | int]) -> QuerySet[User]:
    """Who may do `permission` at one of these clinics and can sign in, by name."""
    here = Membership.objects.filter(user=OuterRef("pk"), clinic__in=list(clinics), role__in=roles_with(permission))
    return get_user_model().objects.filter(Exists(here), is_active=True).order_by("name", "pk")


def may_at(user: User, permission: Permission, clinic_id: int) -> bool:
    """Whether `user`, who can sign in, holds `permission` at this clinic."""
    return people_who(permission, clinics=[clinic_id]).filter(pk=user.pk).exists()


def may_somewhere(user: User | AnonymousUser, permission: Permission) -> bool:
    """Whether `user` holds `permission` at any clinic: who may open a page at all."""
    return any(membership.may(permission) for membership in memberships_of(user))


def is_clinician(user: User, clinic_id: int) -> bool:
    """Whether `user` may decide there what only a clinician may: a clinician, or an administrator who injects at that clinic.

    An administrator without a practitioner's entry keeps the system and treats nobody, so it is not for them to say.
    """
    role = next((one.role for one in memberships_of(user) if one.clinic_id == clinic_id), None)
    if role == Role.ADMIN:
        return Practitioner.objects.filter(user=user, is_active=True, clinics=clinic_id).exists()
    return role == Role.CLINICIAN
