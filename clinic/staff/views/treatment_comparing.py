"""Two treatments of one patient side by side or laid over one another: what changed since."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

from django.http import HttpRequest, HttpResponse, QueryDict
from django.utils.translation import gettext_lazy as _

from clinic.patients.models import Patient
from clinic.practice.roles import Permission
from clinic.staff.comparing import TwoTreatments
from clinic.staff.comparing_choice import Pair, in_order, treatments_of, usual_pair
from clinic.staff.comparing_facts import facts_of
from clinic.staff.comparing_maps import maps_beside, maps_over
from clinic.staff.forms.comparing import CompareForm
from clinic.staff.patient_pages import PatientPage
from clinic.treatments.models import InjectionSession, SessionState

#: How the maps are shown, as it stands in the address, and what it is called. The first is the usual way.
_WAYS = (("over", _("Laid over")), ("beside", _("Side by side")))
_NAMES = ("one", "other")


class TreatmentCompare(PatientPage):
    """What two treatments of a patient have in common and what not, as both stand now.

    `one` and `other` name them, in whatever order. With only `one` it is compared with the one before it for the same condition;
    with neither, the last two of a condition are. What is no treatment of the patient is answered with 404, a void one with 422.
    """

    permission = Permission.VIEW_PATIENTS
    template = "staff/treatment-compare.html"

    def get(self, request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
        patient = self.get_patient(public_id)
        treatments = treatments_of(patient)
        signed = [one for one in treatments if one.state == SessionState.SIGNED]
        named = {name: request.GET[name] for name in _NAMES if request.GET.get(name)}
        if not {str(one.public_id) for one in treatments}.issuperset(named.values()):
            raise self.denied("InjectionSession")
        known = {str(one.public_id): one for one in signed}
        if len(named) == 1 and (chosen := known.get(next(iter(named.values())))):
            return self.show(patient, signed, usual_pair(signed, chosen), chosen)
        if not named:
            return self.show(patient, signed, usual_pair(signed))
        form = CompareForm(request.GET, signed=signed)
        if form.is_valid():
            return self.show(patient, signed, in_order(*form.pair()))
        return self.answer(patient, status=422, form=form, signed=signed)

    def show(
        self, patient: Patient, signed: Sequence[InjectionSession], pair: Pair | None, chosen: InjectionSession | None = None
    ) -> HttpResponse:
        """The page about two treatments; where there are not two, the choice alone."""
        shown = dict(zip(_NAMES, pair or ([chosen] if chosen else []), strict=False))
        named = {name: str(one.public_id) for name, one in shown.items()}
        form = CompareForm(initial=named, signed=signed)
        if pair is None:
            return self.answer(patient, form=form, signed=signed)
        earlier, later = pair
        self.viewed(patient, earlier)
        two = TwoTreatments(pair)
        may_see_log = Permission.VIEW_SIDE_EFFECT_LOG in self.rights(patient)
        way = self.way
        return self.answer(
            patient,
            seen=later,
            form=form,
            signed=signed,
            two=two,
            facts=facts_of(two, may_see_log=may_see_log),
            way=way,
            tabs=[{"word": word, "query": _query(named, each), "is_current": each == way} for each, word in _WAYS],
            over=maps_over(two) if way == "over" else (),
            beside=maps_beside(two) if way == "beside" else (),
        )

    @property
    def way(self) -> str:
        """How the maps are to be shown; anything unknown is the usual way."""
        wanted = self.request.GET.get("maps", "")
        return wanted if wanted in dict(_WAYS) else _WAYS[0][0]


def _query(named: dict[str, Any], way: str) -> str:
    query = QueryDict(mutable=True)
    query.update({**named, "maps": way})
    return f"?{query.urlencode()}#maps"
