"""The stock: vials of the clinic, what came in, what was made up."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from decimal import Decimal

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from clinic.practice.models import Clinic
from clinic.practice.roles import Permission
from clinic.staff.forms.stock import MakeUpForm, ReceiveForm, expiry_in_words
from clinic.staff.pages import StaffPage
from clinic.staff.paging import page_of
from clinic.staff.stock_lines import VIAL_FILTERS, narrowed, newest_decisions, vial_line
from clinic.staff.vials import plain, size_text, units_per_tenth, use_by
from clinic.toxins.gs1 import BoxCode
from clinic.toxins.models import Presentation, Product, Vial, VialState
from clinic.toxins.services import OnHand, VialRefused, known_presentation, on_hand, receive_vials, reconstitute

#: Volumes of diluent whose concentrations are shown while a vial is made up, in mL.
COMMON_DILUENTS = tuple(map(Decimal, ("0.6", "1", "1.25", "1.5", "2", "2.5", "4", "5", "8", "10")))


class StockPage(StaffPage):
    """What the pages of the stock share: vials of the clinics where this person keeps the stock."""

    permission = Permission.KEEP_STOCK

    def vials(self) -> QuerySet[Vial]:
        return Vial.objects.filter(clinic__in=self.clinics()).select_related("clinic", "lot__product")

    def get_vial(self, public_id: uuid.UUID) -> Vial:
        vial = self.vials().filter(public_id=public_id).first()
        if vial is None:
            raise self.denied("Vial")
        return vial


class VialList(StockPage):
    """What is on hand, and the vials: in stock by expiry, or those used up or discarded, newest first."""

    def get(self, request: HttpRequest) -> HttpResponse:
        scope = self.vials()
        clinics = list(self.clinics())
        is_past = request.GET.get("show") == "past"
        in_stock, past = scope.exclude(state=VialState.CLOSED), scope.filter(state=VialState.CLOSED)
        product = Product.objects.filter(code=request.GET.get("product", "").replace("\0", "")).first()
        listed = past if is_past else in_stock
        if product is not None:
            listed = listed.filter(lot__product=product)
        narrowed_to = "" if is_past else request.GET.get("state", "")
        listed = narrowed(listed, narrowed_to, clinics, self.now)
        order = ("-received_on", "-id") if is_past else ("lot__expires_on", "id")
        page = page_of(listed, params=request.GET, order=order, scope=scope)
        decisions = newest_decisions(vial.lot_id for vial in page.rows)
        context = {
            "page": page,
            "lines": [vial_line(vial, self.now, decisions.get(vial.lot_id)) for vial in page.rows],
            "on_hand": [] if is_past else [(one, *self.expiry(one, clinics)) for one in on_hand(clinics=clinics, now=self.now)],
            "is_past": is_past,
            "counts": {"in_stock": in_stock.count(), "past": past.count()},
            "product": product,
            "products": Product.objects.filter(lots__vials__in=scope).distinct().order_by("brand_name"),
            "states": VIAL_FILTERS,
            "narrowed_to": narrowed_to,
            "several_clinics": len(clinics) > 1,
        }
        return render(request, "staff/vial-list.html", context)

    def expiry(self, size: OnHand, clinics: Sequence[Clinic]) -> tuple[str, str]:
        """The name of the vial size, and how soon the first of it expires, where that is soon."""
        today = self.now.astimezone(clinics[0].zone).date()
        name = _("%(product)s %(units)s U") % {
            "product": size.presentation.product,
            "units": plain(size.presentation.vial_units),
        }
        return name, expiry_in_words(size.soonest_expiry, today) if size.soonest_expiry else ""


class VialReceive(StockPage):
    """Take a delivery into the stock."""

    def get(self, request: HttpRequest) -> HttpResponse:
        clinics = list(self.clinics())
        today = self.now.astimezone(clinics[0].zone).date()
        return self.answer(self.form(initial={"received_on": today, "count": 1}))

    def post(self, request: HttpRequest) -> HttpResponse:
        has_code = bool(request.POST.get("code", "").strip())
        # A scanner ends with Enter, which presses the form's first button: after a scan that means "read", never "receive".
        if "read" in request.POST or ("enter" in request.POST and has_code):
            return self.read(request.POST)
        form = self.form(request.POST)
        if form.is_valid():
            values = form.cleaned_data
            size: Presentation = values["presentation"]
            try:
                vials = receive_vials(
                    by=self.actor,
                    clinic=form.clinic_given,
                    product=size.product,
                    presentation=size,
                    lot_number=values["lot_number"],
                    expires_on=values["expires_on"],
                    count=values["count"],
                    received_on=values["received_on"],
                    gtin=values["code"].gtin,
                    serial=values["code"].serial,
                    now=self.now,
                )
            except VialRefused as refused:
                form.refuse(refused.field, refused.message)
            else:
                told = ngettext("%(count)d vial of lot %(lot)s received.", "%(count)d vials of lot %(lot)s received.", len(vials))
                messages.success(request, told % {"count": len(vials), "lot": vials[0].lot.number})
                return redirect("staff:vial-list")
        return self.answer(form, status=422)

    def form(self, data: QueryDict | None = None, initial: dict[str, object] | None = None) -> ReceiveForm:
        sizes = Presentation.objects.filter(product__is_active=True).select_related("product")
        return ReceiveForm(
            data,
            initial=initial,
            clinics=list(self.clinics().order_by("name")),
            presentations=list(sizes.order_by("product__brand_name", "vial_units")),
            today=self.now.date(),
        )

    def read(self, typed: QueryDict) -> HttpResponse:
        """Fill in what the scanned code says and keep the rest as it was typed. Nothing is written."""
        form = self.form(typed)
        form.is_valid()
        faults = form.errors.get("code")
        if faults or not typed.get("code", "").strip():
            form.errors.clear()
            form.refuse("code", str(faults[0]) if faults else _("Scan or paste the code first."))
            return self.answer(form, status=422)
        code: BoxCode = form.cleaned_data["code"]
        found = form.found(code, known_presentation(gtin=code.gtin))
        is_new = bool(code.gtin) and "presentation" not in found
        return self.answer(self.form(initial={**typed.dict(), **found}), code=code, is_new=is_new)

    def answer(self, form: ReceiveForm, status: int = 200, *, code: BoxCode | None = None, is_new: bool = False) -> HttpResponse:
        context = {"form": form, "code": code, "is_new": is_new}
        return render(self.request, "staff/vial-receive.html", context, status=status)


class VialReconstitute(StockPage):
    """Note that a vial was made up; its concentration and its clock follow from that."""

    def get(self, request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
        vial = self.get_vial(public_id)
        local = self.now.astimezone(vial.clinic.zone)
        return self.answer(vial, MakeUpForm(zone=vial.clinic.zone, initial={"at": local.replace(tzinfo=None)}))

    def post(self, request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
        vial = self.get_vial(public_id)
        form = MakeUpForm(request.POST, zone=vial.clinic.zone)
        if form.is_valid():
            try:
                made_up = reconstitute(
                    by=self.actor,
                    vial=vial,
                    diluent_ml=form.cleaned_data["diluent_ml"],
                    at=form.cleaned_data["at"],
                    now=self.now,
                )
            except VialRefused as refused:
                form.refuse(refused.field, refused.message)
            else:
                messages.success(request, self.told(made_up))
                return redirect("staff:vial-list")
        return self.answer(vial, form, status=422)

    def answer(self, vial: Vial, form: MakeUpForm, status: int = 200) -> HttpResponse:
        strengths = [(volume, (vial.labelled_units / volume / 10).quantize(Decimal("0.01"))) for volume in COMMON_DILUENTS]
        context = {"vial": vial, "size": size_text(vial), "form": form, "strengths": strengths}
        return render(self.request, "staff/vial-reconstitute.html", context, status=status)

    def told(self, vial: Vial) -> str:
        """What the vial holds now and until when, for the message after it was made up."""
        strength, until = units_per_tenth(vial), use_by(vial)
        return _("Made up: %(units)s U per 0.1 mL, use by %(time)s.") % {
            "units": "" if strength is None else plain(strength),
            "time": "" if until is None else date_format(until.astimezone(vial.clinic.zone), "j M Y, H:i"),
        }
