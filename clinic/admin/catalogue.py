"""Upkeep of the catalogue: products, their label rules, points, and what is known of side effects."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _

from clinic.admin.shipped import FromTheCatalogue, is_open
from clinic.admin.upkeep import Inside, Upkeep
from clinic.practice.models import Clinic
from clinic.safety.models import Term
from clinic.toxins.models import (
    OWN_POINT,
    Indication,
    LabelRule,
    Presentation,
    Product,
    ProductCode,
    RuleVerification,
    Site,
    SiteDose,
)

#: A clinic's own points come after those of the catalogue.
LAST = 10_000


class Presentations(Inside):
    """Vial sizes: another one can be added to any product, none is changed. What is in the refrigerator points at them."""

    model = Presentation

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


@admin.register(Product)
class Products(FromTheCatalogue):
    """Whether a product is in use is each installation's to say; the rest of a shipped one is the catalogue's."""

    inlines = (Presentations,)
    open_when_shipped = open_when_used = ("is_active",)
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
class Indications(FromTheCatalogue):
    list_display = ("name", "code", "one_sided")
    search_fields = ("name", "code")


class Verifications(Inside):
    model = RuleVerification
    fields = readonly_fields = ("clinic", "by", "at", "note")

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


@admin.register(LabelRule)
class LabelRules(Upkeep):
    """What the labels say, to be read. Clinicians compare rules, write their clinic's own and end them on the page "Rules"."""

    inlines = (Verifications,)
    list_display = (
        "wording",
        "product",
        "indication",
        "jurisdiction",
        "scope",
        "clinic",
        "valid_from",
        "valid_until",
        "verified_at",
    )
    list_filter = (
        "jurisdiction", "scope", "product", "indication", "from_general_knowledge", "clinic", "verifications__clinic",
    )  # fmt: skip
    search_fields = ("code", "wording", "source")
    list_select_related = ("product", "indication", "clinic")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def get_queryset(self, request: HttpRequest) -> QuerySet[LabelRule]:
        return super().get_queryset(request).prefetch_related("verifications__clinic")

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        words = _("Rules are compared with the label, followed by new versions and ended by a clinic's clinicians: see “Rules”.")
        self.message_user(request, str(words), messages.INFO)
        return super().change_view(request, object_id, form_url, extra_context)

    @admin.display(description=_("verified at"))
    def verified_at(self, rule: LabelRule) -> str:
        return ", ".join(one.clinic.name for one in rule.verifications.all())


class SiteDoses(Inside):
    """Doses of a clinic's own point, until it is used."""

    model = SiteDose
    exclude = ("catalogue_mark",)

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return is_open(obj)

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return is_open(obj)


class SiteForm(forms.ModelForm):  # type: ignore[type-arg]
    """A clinic's own point. Its code is what is typed to find it, and begins as no code of the catalogue does."""

    clinic = forms.ModelChoiceField(
        label=_("Clinic"), queryset=Clinic.objects.order_by("name"), help_text=_("Whose point it is: nobody else is offered it.")
    )

    class Meta:
        model = Site
        fields = (
            "clinic", "code", "muscle", "point", "indications", "laterality", "view", "x", "y", "around_eye",
            "may_be_contralateral", "is_avoided", "risk", "warning", "source", "from_general_knowledge", "is_selectable",
        )  # fmt: skip

    def clean_code(self) -> str:
        code = str(self.cleaned_data["code"]).strip().upper()
        if not code.startswith(OWN_POINT) or code == OWN_POINT:
            raise ValidationError(_("Begin it with %(start)s, such as %(start)sMASS.") % {"start": OWN_POINT})
        return code

    def clean_source(self) -> str:
        source = str(self.cleaned_data["source"]).strip()
        if not source:
            raise ValidationError(_("Say where this was read, or who at the clinic decided it."))
        return source


@admin.register(Site)
class Sites(FromTheCatalogue):
    """Points. Those of the catalogue are read here; a clinic adds its own, which no catalogue touches."""

    form = SiteForm
    inlines = (SiteDoses,)
    open_when_used = ("is_selectable",)
    list_display = ("__str__", "code", "clinic", "laterality", "view", "x", "y", "is_avoided", "is_selectable")
    list_filter = ("clinic", "indications", "view", "is_selectable", "is_avoided", "laterality")
    search_fields = ("code", "muscle", "point")
    autocomplete_fields = ("indications",)
    list_select_related = ("clinic",)

    def save_model(self, request: HttpRequest, obj: Site, form: Any, change: bool) -> None:
        if not change:
            obj.order = LAST
        super().save_model(request, obj, form, change)


@admin.register(Term)
class Terms(Upkeep):
    list_display = ("plain_name", "clinical_name", "region", "urgency", "distant_sign", "is_active")
    list_filter = ("urgency", "is_active", "region")
    search_fields = ("code", "plain_name", "clinical_name")
