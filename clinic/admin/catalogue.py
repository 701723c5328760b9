"""Upkeep of the catalogue: products, their label rules, points, and what is known of side effects."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, ClassVar, cast

from django.contrib import admin, messages
from django.db import transaction
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from clinic import audit
from clinic.accounts import User
from clinic.admin.upkeep import Inside, Upkeep, actor
from clinic.practice.models import Clinic
from clinic.practice.roles import Permission
from clinic.practice.services import clinics_where
from clinic.safety.models import Term
from clinic.toxins.models import Indication, LabelRule, Presentation, Product, ProductCode, RuleVerification, Site, SiteDose
from clinic.toxins.services import verify_rule


class Presentations(Inside):
    model = Presentation


@admin.register(Product)
class Products(Upkeep):
    inlines = (Presentations,)
    list_display = ("brand_name", "generic_name", "serotype", "unit_code", "hours_after_reconstitution", "is_active")
    list_filter = ("is_active", "serotype")
    search_fields = ("brand_name", "generic_name", "code")


@admin.register(ProductCode)
class ProductCodes(Upkeep):
    """What the boxes' codes stand for: learned at deliveries, corrected here."""

    list_display = ("gtin", "presentation")
    search_fields = ("gtin", "presentation__product__brand_name")
    list_select_related = ("presentation__product",)


@admin.register(Indication)
class Indications(Upkeep):
    list_display = ("name", "code", "one_sided")
    search_fields = ("name", "code")


class Verifications(Inside):
    model = RuleVerification
    fields = readonly_fields = ("clinic", "by", "at")

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


@admin.register(LabelRule)
class LabelRules(Upkeep):
    """What the labels say. A clinic's clinicians say by an action that they have compared a rule with their current label."""

    #: What a rule demands. A change of any of these makes it another rule, which nobody has compared yet.
    CONTENT: ClassVar[frozenset[str]] = frozenset(
        {
            "product", "indication", "jurisdiction", "scope", "units", "units_per_kg", "age_from", "age_until", "interval_value",
            "interval_unit", "only_first", "muscle",
        }
    )  # fmt: skip
    inlines = (Verifications,)
    list_display = ("wording", "product", "indication", "jurisdiction", "scope", "verified_at")
    list_filter = ("jurisdiction", "scope", "product", "indication", "from_general_knowledge", "verifications__clinic")
    search_fields = ("code", "wording", "source")
    list_select_related = ("product", "indication")

    def get_queryset(self, request: HttpRequest) -> QuerySet[LabelRule]:
        return super().get_queryset(request).prefetch_related("verifications__clinic")

    @admin.display(description=_("verified at"))
    def verified_at(self, rule: LabelRule) -> str:
        return ", ".join(one.clinic.name for one in rule.verifications.all())

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """One action for each clinic at which this person treats: who verifies a rule answers for it there."""
        actions = super().get_actions(request)
        for clinic in clinics_where(cast(User, request.user), Permission.RECORD_TREATMENTS).order_by("name"):
            name = f"verify_{clinic.public_id.hex}"
            words = gettext("Verified against the label at %(clinic)s") % {"clinic": clinic.name}
            actions[name] = (self.verify_at(clinic), name, words)
        return actions

    def verify_at(self, clinic: Clinic) -> Callable[..., None]:
        return partial(self._verify, clinic=clinic)

    @transaction.atomic
    def _verify(self, modeladmin: Any, request: HttpRequest, rules: QuerySet[LabelRule], *, clinic: Clinic) -> None:
        for rule in rules:
            verify_rule(by=actor(request), rule=rule, clinic=clinic, now=timezone.now())
        words = gettext("Verified at %(clinic)s: %(number)d.") % {"clinic": clinic.name, "number": len(rules)}
        self.message_user(request, words, messages.SUCCESS)

    def save_model(self, request: HttpRequest, obj: LabelRule, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        changed = self.CONTENT & set(form.changed_data)
        if change and changed:
            for verification in obj.verifications.all():
                audit.record(
                    by=actor(request), action=audit.Action.DELETED, what=verification, clinic_id=verification.clinic_id,
                    fields=changed, now=timezone.now(),
                )  # fmt: skip
                verification.delete()
                words = gettext("%(clinic)s has to compare this rule with the label again.") % {"clinic": verification.clinic}
                self.message_user(request, words, messages.WARNING)


class SiteDoses(Inside):
    model = SiteDose


@admin.register(Site)
class Sites(Upkeep):
    inlines = (SiteDoses,)
    list_display = ("__str__", "code", "laterality", "view", "x", "y", "is_avoided", "is_selectable")
    list_filter = ("indications", "view", "is_selectable", "is_avoided", "laterality")
    search_fields = ("code", "muscle", "point")
    autocomplete_fields = ("indications",)


@admin.register(Term)
class Terms(Upkeep):
    list_display = ("plain_name", "clinical_name", "region", "urgency", "distant_sign", "is_active")
    list_filter = ("urgency", "is_active", "region")
    search_fields = ("code", "plain_name", "clinical_name")
