"""What every staff page does before anything else: sign-in, permission, scope, and the row in the audit log."""

from __future__ import annotations

import uuid
from typing import Any, ClassVar, cast

from django.contrib.auth.mixins import LoginRequiredMixin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponseBase
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.generic import View

from clinic import audit
from clinic.accounts import User
from clinic.patients.models import Patient
from clinic.patients.querysets import PatientQuerySet
from clinic.patients.services import visible_to
from clinic.practice.models import Clinic
from clinic.practice.roles import Permission
from clinic.practice.services import clinics_where, may_somewhere


class StaffPage(LoginRequiredMixin, View):
    """A page behind a login. `permission` says who may open it; objects come from `patients()` or `clinics()`.

    Not signed in: sent to the sign-in page. No clinic at which the permission is held: 403. An object of another
    clinic: 404, as if it did not exist, and a DENIED row in the audit log.
    """

    permission: ClassVar[Permission]

    def setup(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        super().setup(request, *args, **kwargs)
        self.now = timezone.now()

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.user.is_authenticated and not may_somewhere(request.user, self.permission):
            raise PermissionDenied
        return super().dispatch(request, *args, **kwargs)

    @property
    def user(self) -> User:
        """The signed-in person; `dispatch` has turned everybody else away."""
        return cast(User, self.request.user)

    @property
    def actor(self) -> audit.Actor:
        """The signed-in person as the audit log names them."""
        return audit.Actor.of_user(self.user, address=self.request.META.get("REMOTE_ADDR", ""))

    def clinics(self) -> QuerySet[Clinic]:
        """The clinics at which this person holds the page's permission."""
        return clinics_where(self.user, self.permission)

    def patients(self) -> PatientQuerySet:
        """The patients with whom this person may do what the page does."""
        return visible_to(self.user, self.permission)

    def get_patient(self, public_id: uuid.UUID) -> Patient:
        """The patient with this public id, with their clinic; 404 (and a DENIED row) outside the scope."""
        patient = self.patients().select_related("clinic").filter(public_id=public_id).first()
        if patient is None:
            raise self.denied("Patient")
        return patient

    def denied(self, what: str) -> Http404:
        """Record that an id outside the person's scope was asked for; return the 404 to raise."""
        audit.record(by=self.actor, action=audit.Action.DENIED, what=what, now=self.now)
        return Http404()

    def came_from(self, otherwise: str) -> str:
        """Where the person came from (`next` in the address or the form), if that is a page of this site; else `otherwise`."""
        wanted = self.request.POST.get("next") or self.request.GET.get("next", "")
        return wanted if wanted and url_has_allowed_host_and_scheme(wanted, allowed_hosts=None) else otherwise

    def viewed(self, patient: Patient, what: Any = None) -> None:
        """Record that this person saw the record of `patient` (or one thing `what` of it)."""
        audit.record(
            by=self.actor,
            action=audit.Action.VIEWED,
            what=what if what is not None else patient,
            patient_public_id=patient.public_id,
            clinic_id=patient.clinic_id,
            now=self.now,
        )

    def listed(self, what: str, count: int) -> None:
        """Record that this person saw a list of `count` patients' rows."""
        audit.record(by=self.actor, action=audit.Action.LISTED, what=what, count=count, now=self.now)
