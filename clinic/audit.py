"""Who did or saw what. Rows are only ever added: the database itself refuses to change them.

A row names things by public id and fields by name; it never holds a value of the record.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from django.db import models, transaction
from django.utils.translation import gettext_lazy as _

from clinic.writing import insert

if TYPE_CHECKING:
    from clinic.accounts import User


class ActorKind(models.TextChoices):
    """Who can act."""

    USER = "USER", _("member of staff")
    PATIENT = "PATIENT", _("patient, by a link")
    SYSTEM = "SYSTEM", _("the system")


@dataclass(frozen=True)
class Actor:
    """Who acts. `user` is set for members of staff; `address` is where the request came from, if any."""

    kind: str
    user: User | None = None
    address: str = ""

    @classmethod
    def of_user(cls, user: User, *, address: str = "") -> Actor:
        return cls(ActorKind.USER, user, address)

    @classmethod
    def patient(cls, *, address: str = "") -> Actor:
        return cls(ActorKind.PATIENT, None, address)

    @classmethod
    def system(cls) -> Actor:
        return cls(ActorKind.SYSTEM)


class Action(models.TextChoices):
    """What was done. A new kind of act gets a new member, never a free text."""

    VIEWED = "VIEWED", _("viewed")
    LISTED = "LISTED", _("listed")
    CREATED = "CREATED", _("created")
    CHANGED = "CHANGED", _("changed")
    DELETED = "DELETED", _("deleted")
    SIGNED = "SIGNED", _("signed")
    AMENDED = "AMENDED", _("amended")
    VOIDED = "VOIDED", _("declared void")
    BOOKED = "BOOKED", _("booked")
    CANCELLED = "CANCELLED", _("cancelled")
    CONTACTED = "CONTACTED", _("logged a contact")
    SNOOZED = "SNOOZED", _("snoozed")
    STOPPED = "STOPPED", _("stopped")
    REVIEWED = "REVIEWED", _("reviewed")
    LINK_OPENED = "LINK_OPENED", _("opened a link")
    DENIED = "DENIED", _("was refused")
    SENT = "SENT", _("sent")
    RELEASED = "RELEASED", _("released")
    PAUSED = "PAUSED", _("paused")
    RESUMED = "RESUMED", _("resumed")
    EXPORTED = "EXPORTED", _("exported")


class AuditEvent(models.Model):
    """One act. Append-only: the database refuses UPDATE, DELETE and TRUNCATE (see `guards`)."""

    actor_kind = models.CharField(max_length=8, choices=ActorKind.choices)
    actor = models.ForeignKey("clinic.User", on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    address = models.GenericIPAddressField(null=True, blank=True)
    action = models.CharField(max_length=16, choices=Action.choices)
    what = models.CharField(max_length=40, help_text=_("the kind of thing, by its model's name"))
    what_id = models.UUIDField(null=True, blank=True, help_text=_("its public id"))
    patient_id_public = models.UUIDField(null=True, blank=True, help_text=_("the patient's public id"))
    clinic = models.ForeignKey("clinic.Clinic", on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    fields = models.JSONField(default=list, blank=True, help_text=_("names of the changed fields, never values"))
    version = models.PositiveIntegerField(null=True, blank=True)
    count = models.PositiveIntegerField(null=True, blank=True, help_text=_("how many rows a list showed"))
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(actor_kind=ActorKind.USER, actor__isnull=False)
                | (~models.Q(actor_kind=ActorKind.USER) & models.Q(actor__isnull=True)),
                name="audit_event_user_named_iff_user_acted",
            ),
        ]
        indexes = [
            models.Index(fields=["patient_id_public", "-at"], name="audit_event_by_patient"),
            models.Index(fields=["clinic", "-at"], name="audit_event_by_clinic"),
        ]

    def __str__(self) -> str:
        return f"{self.action} {self.what} {self.what_id} at {self.at:%Y-%m-%d %H:%M:%S}"


class _Named(Protocol):
    @property
    def pk(self) -> object: ...


#: The rows that the open `together` block will add; None outside of one.
_gathered: ContextVar[list[AuditEvent] | None] = ContextVar("audit_rows_gathered", default=None)


@contextmanager
def together() -> Iterator[None]:
    """Add every row recorded in this block in one statement, in their order, when it ends; none if it is left by an exception.

    For an act that several rooms write down. To be opened inside the act's transaction, and only where no part of the act is
    undone while the rest goes on: its rows would stay. A block inside another one leaves the adding to the outer one.
    """
    if _gathered.get() is not None:
        yield
        return
    rows: list[AuditEvent] = []
    token = _gathered.set(rows)
    try:
        yield
    finally:
        _gathered.reset(token)
    insert(rows)


def record(
    *,
    by: Actor,
    action: str,
    what: _Named | str,
    now: datetime,
    clinic_id: int | None = None,
    patient_public_id: uuid.UUID | None = None,
    fields: Iterable[str] = (),
    version: int | None = None,
    count: int | None = None,
) -> AuditEvent:
    """Add one row. `what` is a model instance (named by its class and public id) or the name of a list.

    Call it inside the transaction of the change it tells of, so that neither exists without the other.
    """
    name, public_id = (what, None) if isinstance(what, str) else (type(what).__name__, getattr(what, "public_id", None))
    row = AuditEvent(
        actor_kind=by.kind,
        actor=by.user,
        address=by.address or None,
        action=action,
        what=name,
        what_id=public_id,
        patient_id_public=patient_public_id,
        clinic_id=clinic_id,
        fields=sorted(fields),
        version=version,
        count=count,
        at=now,
    )
    rows = _gathered.get()
    if rows is None:
        insert([row])
    else:
        rows.append(row)
    return row


class MaintenanceWindow(models.Model):
    """While a row stands here, the guards of the database let its own transaction change protected rows."""

    reason = models.CharField(max_length=200)
    opened_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.reason


@contextmanager
def maintenance(reason: str) -> Iterator[None]:
    """The one named path around the guards: retention, and the clean-up of tests.

    The row lives only inside this transaction, so nobody else ever sees the window open.
    """
    with transaction.atomic():
        window = MaintenanceWindow.objects.create(reason=reason)
        yield
        MaintenanceWindow.objects.filter(pk=window.pk).delete()
