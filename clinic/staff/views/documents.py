"""Photographs and papers: attached, listed, looked at, withdrawn. The files are read here and nowhere else."""

from __future__ import annotations

import logging
import uuid
from typing import Any, ClassVar

from django.contrib import messages
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from clinic.patients.models import Patient
from clinic.patients.services import Refused
from clinic.practice.roles import Permission
from clinic.staff.document_lines import part_of
from clinic.staff.forms.documents import PaperForm, PhotographForm, WithdrawForm
from clinic.staff.forms.fields import PlainForm
from clinic.staff.patient_pages import PatientFormPage, PatientPage, page_number
from clinic.treatments.models import ContentType, Document, InjectionSession, SessionState
from clinic.treatments.models.documents import DocumentQuerySet
from clinic.treatments.services import (
    attach_paper,
    attach_photographs,
    documents_storage,
    is_stored,
    may_be_photographed,
    withdraw_document,
)

logger = logging.getLogger(__name__)
#: Documents on a page of all that a patient has.
LISTED = 48
#: Treatments that a document may be attached to: the newest, ten years of a patient who comes every three months.
SESSIONS = 40
#: Whatever a file holds, a browser runs nothing of it and asks for nothing.
FILE_POLICY = "default-src 'none'; style-src 'none'; frame-ancestors 'none'; sandbox"


class DocumentList(PatientPage):
    """Every photograph and paper of a patient that the reader may see, newest first."""

    permission = Permission.VIEW_PATIENTS
    template = "staff/document-list.html"

    def get(self, request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
        patient = self.get_patient(public_id)
        number = page_number(request.GET.get("page", ""))
        part = part_of(patient, self.rights(patient), skip=(number - 1) * LISTED, rows=LISTED)
        return self.answer(patient, documents=part, newer=number - 1, older=number + 1 if part.has_more else 0)


class _AttachPage(PatientFormPage):
    """A form with files. The files themselves cannot be filled in again: the page says so."""

    form_class: ClassVar[type[PhotographForm | PaperForm]]

    def fresh_form(self, patient: Patient) -> PlainForm:
        wanted = self.request.GET.get("session", "")
        return self.form_class(initial={"session": wanted}, **self.asked(patient))

    def filled_form(self, patient: Patient) -> PlainForm:
        return self.form_class(self.request.POST, self.request.FILES, **self.asked(patient))

    def asked(self, patient: Patient) -> dict[str, Any]:
        """What the form has to know of the patient."""
        return {"sessions": self.sessions(patient), "today": self.today(patient)}

    def sessions(self, patient: Patient) -> list[InjectionSession]:
        """The patient's signed treatments, newest first."""
        signed = patient.sessions.filter(state=SessionState.SIGNED).select_related("condition__indication")
        return list(signed.order_by("-performed_on", "-pk")[:SESSIONS])

    def act(self, patient: Patient, form: Any) -> str:
        self.session: InjectionSession | None = form.cleaned_data["session"]
        return self.attach(patient, form)

    def attach(self, patient: Patient, form: Any) -> str:
        raise NotImplementedError

    def next_page(self, patient: Patient) -> str:
        if self.session is not None:
            return reverse("staff:treatment-show", args=[self.session.public_id]) + "#documents"
        return super().next_page(patient) + "#documents"


class PhotographAdd(_AttachPage):
    """Attach photographs to a patient, and to a treatment."""

    permission = Permission.RECORD_TREATMENTS
    template = "staff/photograph-add.html"
    form_class = PhotographForm

    def asked(self, patient: Patient) -> dict[str, Any]:
        return super().asked(patient) | {"asks_for_consent": not may_be_photographed(patient=patient)}

    def attach(self, patient: Patient, form: PhotographForm) -> str:
        given = form.cleaned_data
        kept = attach_photographs(
            by=self.actor,
            patient=patient,
            files=form.chosen(),
            title=given["title"],
            taken_on=given["taken_on"],
            session=given["session"],
            consent_how=given.get("consent_how", ""),
            now=self.now,
        )
        return ngettext("%(count)d photograph is attached.", "%(count)d photographs are attached.", len(kept)) % {
            "count": len(kept)
        }


class DocumentAdd(_AttachPage):
    """Attach a signed consent, a letter or another paper to a patient, and to a treatment."""

    permission = Permission.EDIT_PATIENTS
    template = "staff/document-add.html"
    form_class = PaperForm

    def attach(self, patient: Patient, form: PaperForm) -> str:
        attached = attach_paper(by=self.actor, patient=patient, now=self.now, **form.cleaned_data)
        return _("Attached: %(title)s.") % {"title": attached.title}


class _DocumentPage(PatientPage):
    """A page about one document, within the scope of its patient and of what the page is for."""

    is_about_photographs: ClassVar[bool] = False

    def load(self, public_id: uuid.UUID) -> Document:
        """The document, with its patient; 404 outside the scope, and for a kind that the page is not for."""
        documents: DocumentQuerySet = Document.objects.filter(patient__in=self.patients(), public_id=public_id)
        documents = documents.photographs() if self.is_about_photographs else documents.without_photographs()
        found = documents.select_related("patient__clinic", "session", "withdrawal__by", "uploaded_by").first()
        if found is None:
            raise self.denied("Document")
        return found


class PhotographShow(_DocumentPage):
    """One photograph, large, with what is known of it."""

    permission = Permission.VIEW_PHOTOGRAPHS
    template = "staff/photograph-show.html"
    is_about_photographs = True

    def get(self, request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
        document = self.load(public_id)
        patient = document.patient
        return self.answer(
            patient,
            document=document,
            zone=patient.clinic.zone,
            is_missing=not is_stored(document),
            may_withdraw=Permission.RECORD_TREATMENTS in self.rights(patient) and not document.is_withdrawn,
        )


class _FilePage(_DocumentPage):
    """The bytes of one file. Seeing them is a view of the record; a small picture belongs to the page that lists it."""

    def get(self, request: HttpRequest, public_id: uuid.UUID) -> HttpResponseBase:
        document = self.load(public_id)
        response = self.file_of(document, document.stored_as)
        self.viewed(document.patient, document)
        return response

    def file_of(self, document: Document, name: str) -> HttpResponseBase:
        """The file, shown if it is a picture, handed over to be saved if it is not; 404 if it is not there."""
        try:
            file = documents_storage().open(name)
        except FileNotFoundError:
            logger.error("The file of document %s is missing.", document.public_id)
            raise Http404 from None
        is_picture = document.is_picture
        response = FileResponse(
            file,
            as_attachment=not is_picture,
            filename=f"document-{document.taken_on:%Y-%m-%d}.{'jpg' if is_picture else 'pdf'}",
            content_type=ContentType.JPEG.value if is_picture else ContentType.PDF.value,
        )
        response.headers["Cache-Control"] = "private, no-store"
        response.headers["Content-Security-Policy"] = FILE_POLICY
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Cross-Origin-Resource-Policy"] = "same-origin"
        return response


class DocumentFile(_FilePage):
    """A paper: a picture of it is shown, a PDF is saved."""

    permission = Permission.VIEW_PATIENTS


class PhotographFile(_FilePage):
    """A photograph as it is kept."""

    permission = Permission.VIEW_PHOTOGRAPHS
    is_about_photographs = True


class PhotographThumbnail(_FilePage):
    """A small picture of a photograph. The page that shows it has noted the view."""

    permission = Permission.VIEW_PHOTOGRAPHS
    is_about_photographs = True

    def get(self, request: HttpRequest, public_id: uuid.UUID) -> HttpResponseBase:
        document = self.load(public_id)
        return self.file_of(document, document.thumbnail_as)


class DocumentWithdraw(_DocumentPage):
    """Say that a paper counts for nothing any more, and why. The file stays."""

    permission = Permission.EDIT_PATIENTS
    template = "staff/document-withdraw.html"

    def get(self, request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
        document = self.load(public_id)
        if document.is_withdrawn:
            messages.info(request, _("This is withdrawn already; nothing was changed."))
            return redirect(self.next_page(document))
        return self.answer(document.patient, document=document, form=WithdrawForm())

    def post(self, request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
        document = self.load(public_id)
        form = WithdrawForm(request.POST)
        if form.is_valid():
            try:
                withdraw_document(by=self.actor, document=document, reason=form.cleaned_data["reason"], now=self.now)
            except Refused as refused:
                form.refuse(refused.problems)
            else:
                messages.success(request, _("It is withdrawn, and can still be read."))
                return redirect(self.next_page(document))
        return self.answer(document.patient, status=422, document=document, form=form)

    def next_page(self, document: Document) -> str:
        """The page about what it was attached to."""
        if document.session is not None:
            return reverse("staff:treatment-show", args=[document.session.public_id]) + "#documents"
        return reverse("staff:patient-show", args=[document.patient.public_id]) + "#documents"


class PhotographWithdraw(DocumentWithdraw):
    """The same for a photograph."""

    permission = Permission.RECORD_TREATMENTS
    is_about_photographs = True
