"""Which clinics a person belongs to and what they may do there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db.models import QuerySet

from clinic.practice.models import Clinic
from clinic.practice.roles import Permission, roles_with

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from clinic.accounts import User


def clinics_where(user: User | AnonymousUser, permission: Permission) -> QuerySet[Clinic]:
    """The clinics at which `user` holds `permission`; none for somebody who is not signed in or not active."""
    if not user.is_active:
        return Clinic.objects.none()
    return Clinic.objects.filter(memberships__user=user, memberships__role__in=roles_with(permission))


def may_somewhere(user: User | AnonymousUser, permission: Permission) -> bool:
    """Whether `user` holds `permission` at any clinic: who may open a page at all."""
    return clinics_where(user, permission).exists()
