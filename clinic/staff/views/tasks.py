"""What staff must do for a patient, and that it is done."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from clinic.care.phoning import finish_with_call
from clinic.patients.models import Patient, StaffTask
from clinic.patients.services import Problem, Refused, finish_task
from clinic.practice.roles import Permission
from clinic.staff.forms.contacts import TaskForm
from clinic.staff.patient_pages import PatientPage
from clinic.treatments.models import FollowUp, FollowUpState
from clinic.treatments.services import FollowUpRefused


class TaskFinish(PatientPage):
    """Say what came of a task. The form also stands on the patient's page."""

    permission = Permission.WORK_FOLLOW_UPS
    template = "staff/task-finish.html"

    def get(self, request: HttpRequest, public_id: uuid.UUID, task_id: uuid.UUID) -> HttpResponse:
        patient = self.get_patient(public_id)
        return self.answer(patient, task=self.task(patient, task_id), form=TaskForm(follow_ups=self.follow_ups(patient)))

    def post(self, request: HttpRequest, public_id: uuid.UUID, task_id: uuid.UUID) -> HttpResponse:
        patient = self.get_patient(public_id)
        task = self.task(patient, task_id)
        form = TaskForm(request.POST, follow_ups=self.follow_ups(patient))
        if form.is_valid():
            try:
                self.finish(task, form)
            except Refused as refused:
                form.refuse(refused.problems)
            except FollowUpRefused as refused:
                form.refuse(
                    [Problem({"outcome": "contact", "note": "outcome"}.get(refused.field, refused.field), refused.message)]
                )
            else:
                messages.success(request, _("Done: %(task)s.") % {"task": task.get_kind_display()})
                return redirect(self.came_from(reverse("staff:patient-show", args=[patient.public_id])))
        return self.answer(patient, status=422, task=task, form=form)

    def finish(self, task: StaffTask, form: TaskForm) -> None:
        """Finish the task, with the call where one is logged. Raises Refused and FollowUpRefused."""
        outcome, call = form.cleaned_data["outcome"], form.call()
        if call:
            finish_with_call(by=self.actor, task=task, outcome=outcome, now=self.now, **call)
        else:
            finish_task(by=self.actor, task=task, outcome=outcome, now=self.now)

    def follow_ups(self, patient: Patient) -> list[FollowUp]:
        """Those of the patient that run, whoever leaves the window first first."""
        runs = FollowUp.objects.filter(patient=patient, state=FollowUpState.ACTIVE)
        return list(runs.select_related("condition__indication", "patient__clinic").order_by("closes_on", "id"))

    def task(self, patient: Patient, task_id: uuid.UUID) -> StaffTask:
        """The task of this patient; 404 for any other."""
        task = StaffTask.objects.filter(patient=patient, public_id=task_id).select_related("done_by").first()
        if task is None:
            raise self.denied("StaffTask")
        return task
