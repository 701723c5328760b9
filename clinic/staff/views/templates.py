"""Protocol templates: keep a treatment's points, name them, take them out of use."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from clinic.practice.models import Practitioner
from clinic.practice.roles import Permission
from clinic.staff.forms.templates import CLINIC, OWN, TemplateKeepForm, TemplateNameForm
from clinic.staff.pages import StaffPage
from clinic.staff.treatment_maps import given_maps
from clinic.treatments.models import InjectionSession, ProtocolTemplate, SessionState
from clinic.treatments.services import TemplateRefused, keep_template, rename_template, retire_template, templates_at


class TemplatePage(StaffPage):
    """A page about protocol templates. They hold nothing of any patient."""

    permission = Permission.RECORD_TREATMENTS

    def get_template(self, public_id: uuid.UUID, *, or_retired: bool = False) -> ProtocolTemplate:
        """A template in use at one of the person's clinics: the clinic's, or their own. 404 for any other."""
        found = templates_at(self.clinics(), user=self.user, or_retired=or_retired).filter(public_id=public_id).first()
        if found is None:
            raise self.denied("ProtocolTemplate")
        return found


class TemplateList(TemplatePage):
    """Every template that the person may use, by clinic and name."""

    def get(self, request: HttpRequest) -> HttpResponse:
        clinics = list(self.clinics().order_by("name", "pk"))
        templates = list(templates_at(clinics, user=self.user))
        shelves = [(clinic, [one for one in templates if one.clinic_id == clinic.pk]) for clinic in clinics]
        return render(request, "staff/template-list.html", {"shelves": shelves})


class TemplateKeep(TemplatePage):
    """Keep the points of a signed treatment under a name."""

    def get(self, request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
        session = self.get_session(public_id)
        mine = self.practitioner(session)
        form = TemplateKeepForm(
            clinic=str(session.clinic), is_practitioner=mine is not None, initial={"owner": OWN if mine else CLINIC}
        )
        return self.answer(session, form)

    def post(self, request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
        session = self.get_session(public_id)
        mine = self.practitioner(session)
        form = TemplateKeepForm(request.POST, clinic=str(session.clinic), is_practitioner=mine is not None)
        if form.is_valid():
            try:
                template = keep_template(
                    by=self.actor,
                    session=session,
                    name=form.cleaned_data["name"],
                    practitioner=mine if form.cleaned_data["owner"] == OWN else None,
                    now=self.now,
                )
            except TemplateRefused as refused:
                form.refuse(refused.problems)
            else:
                messages.success(request, _("Kept as the template “%(name)s”.") % {"name": template.name})
                return redirect("staff:template-list")
        return self.answer(session, form, status=422)

    def get_session(self, public_id: uuid.UUID) -> InjectionSession:
        session = (
            InjectionSession.objects.filter(patient__in=self.patients(), public_id=public_id, state=SessionState.SIGNED)
            .select_related("patient__clinic", "clinic", "condition__indication", "product", "current_version")
            .first()
        )
        if session is None:
            raise self.denied("InjectionSession")
        return session

    def practitioner(self, session: InjectionSession) -> Practitioner | None:
        """The person as one who treats at the treatment's clinic."""
        return Practitioner.objects.filter(user=self.user, clinics=session.clinic_id, is_active=True).first()

    def answer(self, session: InjectionSession, form: TemplateKeepForm, status: int = 200) -> HttpResponse:
        self.viewed(session.patient, session)
        points = session.current_version.injections.select_related("site").order_by("order") if session.current_version else []
        context = {"patient": session.patient, "session": session, "form": form, "points": points}
        return render(self.request, "staff/template-keep.html", context, status=status)


class TemplateRename(TemplatePage):
    """Give a template another name; the page shows its points and has the button that retires it."""

    def get(self, request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
        template = self.get_template(public_id)
        return self.answer(template, TemplateNameForm(initial={"name": template.name}))

    def post(self, request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
        template = self.get_template(public_id)
        form = TemplateNameForm(request.POST)
        if form.is_valid():
            try:
                rename_template(by=self.actor, template=template, name=form.cleaned_data["name"], now=self.now)
            except TemplateRefused as refused:
                form.refuse(refused.problems)
            else:
                messages.success(request, _("The template is called “%(name)s”.") % {"name": form.cleaned_data["name"]})
                return redirect("staff:template-list")
        return self.answer(template, form, status=422)

    def answer(self, template: ProtocolTemplate, form: TemplateNameForm, status: int = 200) -> HttpResponse:
        points = list(template.points.select_related("site").order_by("order"))
        context = {"template": template, "form": form, "points": points, "maps": given_maps(points)}
        return render(self.request, "staff/template-rename.html", context, status=status)


class TemplateRetire(TemplatePage):
    """Offer a template no more. A button, not a page."""

    def post(self, request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
        template = self.get_template(public_id, or_retired=True)
        try:
            retire_template(by=self.actor, template=template, now=self.now)
        except TemplateRefused as refused:
            messages.info(request, refused.problems[0].message)
        else:
            messages.success(request, _("The template “%(name)s” is offered no more.") % {"name": template.name})
        return redirect("staff:template-list")
