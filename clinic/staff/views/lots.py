"""A lot: how it stands, what was decided about it, and deciding."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.db.models import Count, F, Q, Sum
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from clinic.staff.forms.stock import LotForm
from clinic.staff.views.stock import StockPage
from clinic.toxins.models import Lot, VialState
from clinic.toxins.services import VialRefused, decide_lot


class LotDecide(StockPage):
    """Set a lot aside, recall it or release it, with the reason; below, what was decided before."""

    def get(self, request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
        lot = self.get_lot(public_id)
        return self.answer(lot, LotForm(lot_state=lot.state))

    def post(self, request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
        lot = self.get_lot(public_id)
        form = LotForm(request.POST, lot_state=lot.state)
        if form.is_valid():
            clinic = self.clinics().filter(vials__lot=lot).order_by("pk").distinct()[0]
            values = form.cleaned_data
            try:
                lot = decide_lot(
                    by=self.actor, lot=lot, clinic=clinic, state=values["state"], reason=values["reason"], now=self.now
                )
            except VialRefused as refused:
                form.refuse(refused.field, refused.message)
            else:
                words = _("Lot %(number)s is now %(state)s.") % {"number": lot.number, "state": lot.get_state_display()}
                messages.success(request, words)
                return redirect("staff:lot-decide", lot.public_id)
        return self.answer(lot, form, status=422)

    def get_lot(self, public_id: uuid.UUID) -> Lot:
        """A lot of which a vial lies or lay at a clinic where this person keeps the stock; 404 for any other."""
        here = Lot.objects.filter(public_id=public_id, vials__clinic__in=self.clinics()).select_related("product")
        lot = here.distinct().first()
        if lot is None:
            raise self.denied("Lot")
        return lot

    def answer(self, lot: Lot, form: LotForm, status: int = 200) -> HttpResponse:
        in_stock = ~Q(state=VialState.CLOSED)
        held = (
            self.vials()
            .filter(lot=lot)
            .aggregate(
                vials=Count("pk", filter=in_stock),
                units=Sum(F("labelled_units") - F("units_given") - F("units_wasted"), filter=in_stock),
                used=Count("pk", filter=Q(units_given__gt=0)),
            )
        )
        decisions = lot.decisions.select_related("by", "clinic").order_by("-at", "-pk")
        context = {"lot": lot, "form": form, "held": held, "decisions": decisions}
        return render(self.request, "staff/lot-decide.html", context, status=status)
