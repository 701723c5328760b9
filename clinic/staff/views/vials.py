"""One vial: what happened to it, and throwing it away."""

from __future__ import annotations

import uuid
from decimal import Decimal

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from clinic.patients.services import visible_to
from clinic.practice.roles import Permission
from clinic.staff.forms.stock import USUAL_WASTE, DiscardForm
from clinic.staff.stock_lines import movements, newest_decisions, unexplained, vial_line
from clinic.staff.vials import plain, size_text
from clinic.staff.views.stock import StockPage
from clinic.toxins.models import Vial, VialState
from clinic.toxins.services import VialRefused, discard


class VialShow(StockPage):
    """A vial with everything that went in and out of it. Its treatments are named to those who may open them."""

    def get(self, request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
        vial = self.get_vial(public_id)
        told = movements(vial, visible_to(self.user, Permission.VIEW_PATIENTS))
        context = {
            "vial": vial,
            "line": vial_line(vial, self.now, newest_decisions([vial.lot_id]).get(vial.lot_id)),
            "movements": told,
            "unexplained": unexplained(vial, told),
        }
        return render(request, "staff/vial-show.html", context)


class VialDiscard(StockPage):
    """Throw away what is left in a vial, or a part of it, with the reason."""

    def get(self, request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
        vial = self.get_vial(public_id)
        return self.answer(vial, DiscardForm(initial={"units": plain(vial.units_left)}))

    def post(self, request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
        vial = self.get_vial(public_id)
        form = DiscardForm(request.POST)
        if form.is_valid():
            units: Decimal = form.cleaned_data["units"]
            try:
                vial = discard(by=self.actor, vial=vial, units=units, reason=form.cleaned_data["reason"], now=self.now)
            except VialRefused as refused:
                form.refuse(refused.field, refused.message)
            else:
                self.tell(vial, units)
                return redirect("staff:vial-show", vial.public_id)
        return self.answer(vial, form, status=422)

    def tell(self, vial: Vial, units: Decimal) -> None:
        words = (
            _("%(units)s U discarded; the vial is closed.")
            if vial.state == VialState.CLOSED
            else _("%(units)s U discarded; %(left)s U are left.")
        )
        messages.success(self.request, words % {"units": plain(units), "left": plain(vial.units_left)})

    def answer(self, vial: Vial, form: DiscardForm, status: int = 200) -> HttpResponse:
        context = {"vial": vial, "size": size_text(vial), "form": form, "usual_waste": USUAL_WASTE}
        return render(self.request, "staff/vial-discard.html", context, status=status)
