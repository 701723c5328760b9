"""Finding, registering, reading and changing patients."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from clinic.care.death import record_death, take_back_death
from clinic.care.discharge import discharge
from clinic.care.timeline import Kind, timeline
from clinic.patients.models import Patient, PatientStatus
from clinic.patients.services import Refused, change_patient, create_patient, set_status
from clinic.practice.roles import Permission
from clinic.practice.services import may_somewhere
from clinic.staff.chart import chart_of
from clinic.staff.document_lines import part_of
from clinic.staff.forms.patients import HOW_TOLD, NewPatientForm, PatientForm, SearchForm, StatusForm
from clinic.staff.kept import change_seen_by
from clinic.staff.names import names_at
from clinic.staff.pages import StaffPage
from clinic.staff.paging import page_of
from clinic.staff.patient_lines import facts_of, laid_out, lines_of
from clinic.staff.patient_pages import PatientFormPage, PatientPage, page_number
from clinic.staff.timeline_lines import Reader, item, letters

#: By name; served by the index `patient_by_name`.
ORDER = ("family_name", "given_name", "id")
#: Entries of the history on a page: about a year of a patient who comes every three months.
HISTORY_ROWS = 30


class PatientList(StaffPage):
    """The patients by name, or those whom the search may mean."""

    permission = Permission.VIEW_PATIENTS

    def get(self, request: HttpRequest) -> HttpResponse:
        form = SearchForm(request.GET)
        if not form.is_valid():
            return render(request, "staff/patient-list.html", {"form": form}, status=422)
        found = facts_of(self.patients().found_by(form.cleaned_data["q"]), now=self.now)
        page = page_of(found, params=request.GET, order=ORDER, scope=self.patients())
        lines = lines_of(page.rows)
        self.listed("Patient", len(lines))
        context = {
            "form": form,
            "page": page,
            "rows": [laid_out(line, get_language()) for line in lines],
            "sought": form.cleaned_data["q"],
            "shows_clinic": any(line.clinic for line in lines),
            "may_register": may_somewhere(self.user, Permission.EDIT_PATIENTS),
        }
        return render(request, "staff/patient-list.html", context)


class PatientCreate(StaffPage):
    """Register a patient with what they agree to."""

    permission = Permission.EDIT_PATIENTS

    def get(self, request: HttpRequest) -> HttpResponse:
        return self.answer(NewPatientForm(clinics=list(self.clinics()), initial={"language": self.clinics()[0].language}))

    def post(self, request: HttpRequest) -> HttpResponse:
        form = NewPatientForm(request.POST, clinics=list(self.clinics()))
        namesakes: list[Patient] = []
        if form.is_valid():
            namesakes = [] if form.cleaned_data["is_another"] else self.namesakes(form)
            if namesakes:
                self.listed("Patient", len(namesakes))
                form.ask_whether_another()
            else:
                try:
                    patient = create_patient(
                        by=self.actor,
                        clinic=form.clinic_chosen,
                        consents=form.cleaned_data["consents"],
                        consented_how=form.cleaned_data["consented_how"] or HOW_TOLD[0][0],
                        now=self.now,
                        **form.details,
                    )
                except Refused as refused:
                    form.refuse(refused.problems)
                else:
                    messages.success(request, _("%(patient)s is registered.") % {"patient": patient})
                    return redirect("staff:patient-show", patient.public_id)
        return self.answer(form, status=422, namesakes=namesakes)

    def namesakes(self, form: NewPatientForm) -> list[Patient]:
        """Patients of the clinic who may be the same person: born on that day, with that family name."""
        given = form.cleaned_data
        same_day = Patient.objects.filter(clinic=form.clinic_chosen, born_on=given["born_on"])
        return list(same_day.matching(given["family_name"])[:5])

    def answer(self, form: NewPatientForm, status: int = 200, **context: Any) -> HttpResponse:
        return render(self.request, "staff/patient-create.html", {"form": form, **context}, status=status)


class PatientShow(PatientPage):
    """The record at a glance, and what happened, newest first."""

    permission = Permission.VIEW_PATIENTS
    template = "staff/patient-show.html"

    def get(self, request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
        patient = self.get_patient(public_id)
        rights = self.rights(patient)
        kind = _kind(request.GET.get("kind", ""))
        number = page_number(request.GET.get("page", ""))
        may_see_log = Permission.VIEW_SIDE_EFFECT_LOG in rights
        history = timeline(
            patient=patient,
            kinds=[kind] if kind else list(Kind),
            with_reviews=may_see_log,
            with_photographs=Permission.VIEW_PHOTOGRAPHS in rights,
            letters=letters,
            skip=(number - 1) * HISTORY_ROWS,
            rows=HISTORY_ROWS,
        )
        reader = Reader(patient.clinic.zone, may_see_log, Permission.VIEW_LETTERS in rights, get_language())
        names = names_at([patient.clinic], newest_change=change_seen_by(request))
        return self.answer(
            patient,
            age=patient.age_on(self.today(patient)),
            chart=chart_of(patient, rights=rights, names=names, back_to=request.path, today=self.today(patient)),
            rights={right.value: True for right in rights},
            items=[item(entry, reader) for entry in history.entries],
            tabs=[{"word": word, "query": _query(each), "is_current": each is kind} for each, word in _TABS],
            newer=_query(kind, number - 1) if number > 1 else "",
            older=_query(kind, number + 1) if history.has_more else "",
            documents=part_of(patient, rights),
            how_told=HOW_TOLD,
            zone=patient.clinic.zone,
        )


_TABS = (
    (None, gettext_lazy("Everything")),
    (Kind.TREATMENT, gettext_lazy("Treatments")),
    (Kind.SIDE_EFFECT, gettext_lazy("Side effects")),
    (Kind.APPOINTMENT, gettext_lazy("Visits")),
    (Kind.LETTER, gettext_lazy("Letters")),
    (Kind.CONTACT, gettext_lazy("Contacts")),
    (Kind.HOLD, gettext_lazy("Holds")),
    (Kind.CONSENT, gettext_lazy("Consent")),
    (Kind.DOCUMENT, gettext_lazy("Photographs and papers")),
)


def _kind(text: str) -> Kind | None:
    """What the timeline is narrowed to; anything unknown narrows nothing."""
    return Kind(text) if text in set(Kind) else None


def _query(kind: Kind | None, number: int = 1) -> str:
    query = QueryDict(mutable=True)
    if kind:
        query["kind"] = kind
    if number > 1:
        query["page"] = str(number)
    return f"?{query.urlencode()}#history"


class PatientEdit(PatientFormPage):
    """Change who a patient is and how they are reached."""

    permission = Permission.EDIT_PATIENTS
    template = "staff/patient-edit.html"
    form_class = PatientForm

    def fresh_form(self, patient: Patient) -> PatientForm:
        return PatientForm(initial=PatientForm.of(patient))

    def filled_form(self, patient: Patient) -> PatientForm:
        return PatientForm(self.request.POST, initial=PatientForm.of(patient))

    def act(self, patient: Patient, form: PatientForm) -> str:
        if not form.has_seen(patient):
            form.show_again(patient)
            message = _("Somebody has changed this record since you opened it. Press save again to write what stands here.")
            raise Refused.for_field("", message)
        changed = change_patient(by=self.actor, patient=patient, now=self.now, **form.changed_details)
        if patient.email and changed.email != patient.email:
            messages.info(self.request, _("Links in letters to the old address open nothing any more."))
        return _("The record of %(patient)s is saved.") % {"patient": changed}


class PatientStatusChange(PatientFormPage):
    """Pause, take up again, discharge, or record a death."""

    permission = Permission.EDIT_PATIENTS
    template = "staff/patient-status.html"
    form_class = StatusForm

    def fresh_form(self, patient: Patient) -> StatusForm:
        return StatusForm(initial={"status": patient.status})

    def act(self, patient: Patient, form: StatusForm) -> str:
        given = form.cleaned_data
        status = given["status"]
        if status == PatientStatus.DECEASED:
            record_death(by=self.actor, patient=patient, now=self.now)
            return _("The death of %(patient)s is recorded: follow-ups, visits and letters have ended.") % {"patient": patient}
        if patient.status == PatientStatus.DECEASED:
            if status != PatientStatus.ACTIVE:
                raise Refused.for_field("status", _("To take the death back choose “active”."))
            take_back_death(by=self.actor, patient=patient, now=self.now)
            return _("The death is taken back. Follow-ups run again; visits that were cancelled have to be booked anew.")
        if status == PatientStatus.DISCHARGED:
            discharge(by=self.actor, patient=patient, reason=given["reason"], note=given["note"], now=self.now)
        else:
            set_status(by=self.actor, patient=patient, status=status, now=self.now)
        return _("%(patient)s is now %(status)s.") % {"patient": patient, "status": PatientStatus(status).label}
