"""What staff must do for a patient, and that it is done."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from clinic.patients.models import Patient, StaffTask
from clinic.patients.services import Refused, finish_task
from clinic.practice.roles import Permission
from clinic.staff.forms.patients import TaskForm
from clinic.staff.patient_pages import PatientPage


class TaskFinish(PatientPage):
    """Say what came of a task. The form also stands on the patient's page."""

    permission = Permission.WORK_FOLLOW_UPS
    template = "staff/task-finish.html"

    def get(self, request: HttpRequest, public_id: uuid.UUID, task_id: uuid.UUID) -> HttpResponse:
        patient = self.get_patient(public_id)
        return self.answer(patient, task=self.task(patient, task_id), form=TaskForm())

    def post(self, request: HttpRequest, public_id: uuid.UUID, task_id: uuid.UUID) -> HttpResponse:
        patient = self.get_patient(public_id)
        task = self.task(patient, task_id)
        form = TaskForm(request.POST)
        if form.is_valid():
            try:
                finish_task(by=self.actor, task=task, outcome=form.cleaned_data["outcome"], now=self.now)
            except Refused as refused:
                form.refuse(refused.problems)
            else:
                messages.success(request, _("Done: %(task)s.") % {"task": task.get_kind_display()})
                return redirect("staff:patient-show", patient.public_id)
        return self.answer(patient, status=422, task=task, form=form)

    def task(self, patient: Patient, task_id: uuid.UUID) -> StaffTask:
        """The task of this patient; 404 for any other."""
        task = StaffTask.objects.filter(patient=patient, public_id=task_id).select_related("done_by").first()
        if task is None:
            raise self.denied("StaffTask")
        return task
