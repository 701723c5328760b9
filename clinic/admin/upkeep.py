"""What all pages of the upkeep have in common: who may, and the row in the audit log."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any, ClassVar, cast

from django.contrib import admin
from django.db import transaction
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from clinic import audit
from clinic.accounts import User
from clinic.care.recheck import look_again_at
from clinic.practice.models import Clinic


class Upkeep(admin.ModelAdmin):  # type: ignore[type-arg]  # not generic when the program runs
    """What all of these pages have in common: who may, and the row in the audit log."""

    #: Most of what is kept here is pointed at by records: it is put out of use, not deleted.
    may_be_deleted: ClassVar[bool] = False
    list_per_page = 50
    show_full_result_count = False

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        user = request.user
        return bool(user.is_active and isinstance(user, User) and user.is_staff)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return self.has_view_permission(request)

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return self.may_be_deleted and self.has_view_permission(request)

    def construct_change_message(
        self, request: HttpRequest, form: Any, formsets: Iterable[Any] | None, add: bool = False
    ) -> list[dict[str, Any]]:
        # The admin's own message names fields in the reader's language; the audit log names them as they are.
        inside = {formset.prefix for formset in formsets or () if formset.has_changed()}
        cast(Any, request).changed_fields = {*form.changed_data, *inside}
        return super().construct_change_message(request, form, cast(Any, formsets), add)

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        formset.save()
        for obj in formset.new_objects:
            self.write_down(request, obj, audit.Action.CREATED)
        for obj, fields in formset.changed_objects:
            self.write_down(request, obj, audit.Action.CHANGED, fields)
        for obj in formset.deleted_objects:
            self.write_down(request, obj, audit.Action.DELETED)

    def log_addition(self, request: HttpRequest, obj: Model, message: Any) -> Any:
        self.write_down(request, obj, audit.Action.CREATED)
        self.concerns(obj, timezone.now())
        return super().log_addition(request, obj, message)

    def log_change(self, request: HttpRequest, obj: Model, message: Any) -> Any:
        fields = cast(Any, request).changed_fields
        if fields:
            self.write_down(request, obj, audit.Action.CHANGED, fields)
            self.concerns(obj, timezone.now())
        return super().log_change(request, obj, message)

    def log_deletions(self, request: HttpRequest, queryset: QuerySet[Any]) -> Any:
        for obj in queryset:
            self.write_down(request, obj, audit.Action.DELETED)
            self.concerns(obj, timezone.now())
        return super().log_deletions(request, queryset)

    def write_down(self, request: HttpRequest, obj: Any, action: str, fields: Iterable[str] = ()) -> None:
        """Add the row to the audit log: inside the transaction of the page, so that neither stands without the other."""
        clinic_id = obj.pk if isinstance(obj, Clinic) else getattr(obj, "clinic_id", None)
        audit.record(by=actor(request), action=action, what=obj, clinic_id=clinic_id, fields=fields, now=timezone.now())

    def concerns(self, obj: Any, now: datetime) -> None:
        """Ask for another look at the patients whose letters depend on `obj`; nobody's do, by default."""

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        return {name: action for name, action in super().get_actions(request).items() if name != "delete_selected"}

    def delete_view(self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        with transaction.atomic():
            return super().delete_view(request, object_id, extra_context)


class Inside(admin.TabularInline):  # type: ignore[type-arg]
    """Rows that are kept on the page of what they belong to: whoever may open the page may keep them."""

    extra = 0
    may_be_deleted: ClassVar[bool] = False

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return True

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return True

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return True

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return self.may_be_deleted


def actor(request: HttpRequest) -> audit.Actor:
    """The signed-in person as the audit log names them."""
    return audit.Actor.of_user(cast(User, request.user), address=request.META.get("REMOTE_ADDR", ""))


class ConcernsTheClinic(Upkeep):
    """Upkeep of what decides over the letters of a clinic, at once."""

    def concerns(self, obj: Any, now: datetime) -> None:
        clinic_id = obj.pk if isinstance(obj, Clinic) else obj.clinic_id
        look_again_at(clinic_id=clinic_id, indication=getattr(obj, "indication", None), at=now)
