"""Upkeep of the accounts: who may sign in, and who may use these pages."""

from __future__ import annotations

from typing import Any, ClassVar, cast

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.forms import AdminUserCreationForm, UserChangeForm
from django.db import transaction
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _

from clinic.accounts import User
from clinic.admin.upkeep import Inside, Upkeep
from clinic.practice.models import Membership


class NewUserForm(AdminUserCreationForm):  # type: ignore[type-arg]
    """An account is known by its address; whoever has none yet sets a password by mail."""

    class Meta:
        model = User
        fields = ("email", "name")
        field_classes: ClassVar[dict[str, Any]] = {}

    def clean_email(self) -> str:
        return str(self.cleaned_data["email"]).lower()


class UserForm(UserChangeForm):  # type: ignore[type-arg]
    """Changing an account; the password has a page of its own."""

    class Meta:
        model = User
        fields = ("email", "name", "password", "is_active", "is_staff")
        field_classes: ClassVar[dict[str, Any]] = {}

    def clean_email(self) -> str:
        return str(self.cleaned_data["email"]).lower()


class Memberships(Inside):
    model = Membership
    may_be_deleted = True
    autocomplete_fields = ("clinic",)


@admin.register(User)
class Users(Upkeep, UserAdmin):  # type: ignore[type-arg]
    form = UserForm
    add_form = NewUserForm
    inlines = (Memberships,)
    fieldsets = (
        (None, {"fields": ("email", "name", "password")}),
        (_("What this person may do"), {"fields": ("is_active", "is_staff")}),
        (None, {"fields": ("last_login", "joined_at")}),
    )
    add_fieldsets = ((None, {"fields": ("email", "name", "usable_password", "password1", "password2")}),)
    list_display = ("email", "name", "is_active", "is_staff", "last_login")
    list_filter = ("is_active", "is_staff", "memberships__clinic", "memberships__role")
    search_fields = ("email", "name")
    ordering = ("email",)
    filter_horizontal = ()
    readonly_fields = ("last_login", "joined_at")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        # Who may use these pages is decided by a superuser; nobody but a superuser touches one's account.
        own = cast(User, request.user)
        return self.readonly_fields if own.is_superuser else (*self.readonly_fields, "is_staff")

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        is_above = isinstance(obj, User) and obj.is_superuser and not cast(User, request.user).is_superuser
        return super().has_change_permission(request, obj) and not is_above

    def user_change_password(self, request: HttpRequest, id: str, form_url: str = "") -> HttpResponse:  # noqa: A002
        with transaction.atomic():
            return super().user_change_password(request, id, form_url)

    def get_inlines(self, request: HttpRequest, obj: Any) -> tuple[Any, ...]:
        return self.inlines if obj is not None else ()
