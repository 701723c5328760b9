"""What each role may do. Pure: the table that `visible_to` and every staff page ask."""

from __future__ import annotations

from enum import StrEnum


class Permission(StrEnum):
    """One thing a person may do with the patients of a clinic."""

    VIEW_PATIENTS = "VIEW_PATIENTS"
    EDIT_PATIENTS = "EDIT_PATIENTS"
    WORK_FOLLOW_UPS = "WORK_FOLLOW_UPS"
    BOOK = "BOOK"
    RECORD_TREATMENTS = "RECORD_TREATMENTS"
    VIEW_PHOTOGRAPHS = "VIEW_PHOTOGRAPHS"
    KEEP_STOCK = "KEEP_STOCK"
    REPORT_SIDE_EFFECTS = "REPORT_SIDE_EFFECTS"
    VIEW_SIDE_EFFECT_LOG = "VIEW_SIDE_EFFECT_LOG"
    REVIEW_SIDE_EFFECTS = "REVIEW_SIDE_EFFECTS"
    REVIEW_OVERRIDES = "REVIEW_OVERRIDES"
    VIEW_LETTERS = "VIEW_LETTERS"
    DECIDE_LETTERS = "DECIDE_LETTERS"
    VIEW_ACCESS_LOG = "VIEW_ACCESS_LOG"
    MANAGE_CLINIC = "MANAGE_CLINIC"


class Role(StrEnum):
    """What somebody is at a clinic."""

    FRONT_DESK = "FRONT_DESK"
    CLINICIAN = "CLINICIAN"
    REVIEWER = "REVIEWER"
    ADMIN = "ADMIN"


_EVERYBODY = frozenset({Permission.VIEW_PATIENTS, Permission.REPORT_SIDE_EFFECTS})
_DESK = _EVERYBODY | {
    Permission.EDIT_PATIENTS,
    Permission.WORK_FOLLOW_UPS,
    Permission.BOOK,
    Permission.VIEW_LETTERS,
}

PERMISSIONS: dict[Role, frozenset[Permission]] = {
    Role.FRONT_DESK: frozenset(_DESK),
    Role.CLINICIAN: frozenset(
        _DESK
        | {
            Permission.RECORD_TREATMENTS,
            Permission.VIEW_PHOTOGRAPHS,
            Permission.KEEP_STOCK,
            Permission.VIEW_SIDE_EFFECT_LOG,
        }
    ),
    Role.REVIEWER: frozenset(
        _EVERYBODY
        | {
            Permission.VIEW_PHOTOGRAPHS,
            Permission.VIEW_SIDE_EFFECT_LOG,
            Permission.REVIEW_SIDE_EFFECTS,
            Permission.REVIEW_OVERRIDES,
            Permission.VIEW_ACCESS_LOG,
        }
    ),
    Role.ADMIN: frozenset(Permission),
}


def roles_with(permission: Permission) -> tuple[Role, ...]:
    """The roles that hold `permission`, in the order of the table."""
    return tuple(role for role, granted in PERMISSIONS.items() if permission in granted)
