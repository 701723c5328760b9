"""Addresses of the staff pages. Names are `staff:<noun>-<verb>`; the view and its template are called alike."""

from django.conf import settings
from django.urls import URLPattern, path
from django.views.generic import RedirectView

from clinic.staff.pulse import EngineHealth
from clinic.staff.views import (
    access_log,
    appointment_booking,
    appointments,
    conditions,
    consents,
    delivery_reports,
    documents,
    follow_ups,
    given_elsewhere,
    holds,
    leaflets,
    letters,
    lots,
    mailbox,
    overrides,
    patients,
    side_effect_reports,
    side_effects,
    stock,
    suppressions,
    tasks,
    templates,
    treatment_amending,
    treatment_comparing,
    treatment_drafts,
    treatment_printing,
    treatment_reading,
    treatment_void,
    treatments,
    vials,
)

app_name = "staff"

urlpatterns: list[URLPattern] = [
    path("", RedirectView.as_view(pattern_name="staff:follow-up-list"), name="start"),
    path("appointments/<uuid:public_id>/", appointments.AppointmentShow.as_view(), name="appointment-show"),
    path("appointments/<uuid:public_id>/arrive/", appointments.AppointmentArrive.as_view(), name="appointment-arrive"),
    path("appointments/<uuid:public_id>/cancel/", appointments.AppointmentCancel.as_view(), name="appointment-cancel"),
    path("appointments/<uuid:public_id>/miss/", appointments.AppointmentMiss.as_view(), name="appointment-miss"),
    path("documents/<uuid:public_id>/file/", documents.DocumentFile.as_view(), name="document-file"),
    path("documents/<uuid:public_id>/withdraw/", documents.DocumentWithdraw.as_view(), name="document-withdraw"),
    path("follow-ups/", follow_ups.FollowUpList.as_view(), name="follow-up-list"),
    path("follow-ups/<uuid:public_id>/", follow_ups.FollowUpShow.as_view(), name="follow-up-show"),
    path("follow-ups/<uuid:public_id>/book/", appointment_booking.AppointmentBook.as_view(), name="appointment-book"),
    path("follow-ups/<uuid:public_id>/contact/", follow_ups.FollowUpContact.as_view(), name="follow-up-contact"),
    path("follow-ups/<uuid:public_id>/snooze/", follow_ups.FollowUpSnooze.as_view(), name="follow-up-snooze"),
    path("follow-ups/<uuid:public_id>/stop/", follow_ups.FollowUpStop.as_view(), name="follow-up-stop"),
    path("follow-ups/<uuid:public_id>/wake/", follow_ups.FollowUpWake.as_view(), name="follow-up-wake"),
    path("healthz/engine", EngineHealth.as_view(), name="engine-health"),
    path("letters/", letters.LetterList.as_view(), name="letter-list"),
    path("letters/pause/", letters.LetterPause.as_view(), name="letter-pause"),
    path("letters/addresses/", suppressions.SuppressionList.as_view(), name="suppression-list"),
    path("letters/addresses/<uuid:public_id>/", suppressions.SuppressionLift.as_view(), name="suppression-lift"),
    path("letters/reports/", delivery_reports.DeliveryReportList.as_view(), name="delivery-report-list"),
    path("letters/reports/<uuid:public_id>/", delivery_reports.DeliveryReportShow.as_view(), name="delivery-report-show"),
    path(
        "letters/reports/<uuid:public_id>/settle/",
        delivery_reports.DeliveryReportSettle.as_view(),
        name="delivery-report-settle",
    ),
    path("letters/<uuid:public_id>/", letters.LetterShow.as_view(), name="letter-show"),
    path("letters/<uuid:public_id>/decide/", letters.LetterDecide.as_view(), name="letter-decide"),
    path("overrides/", overrides.OverrideList.as_view(), name="override-list"),
    path("patients/", patients.PatientList.as_view(), name="patient-list"),
    path("patients/new/", patients.PatientCreate.as_view(), name="patient-create"),
    path("patients/<uuid:public_id>/", patients.PatientShow.as_view(), name="patient-show"),
    path("patients/<uuid:public_id>/access/", access_log.AccessLog.as_view(), name="access-log"),
    path("patients/<uuid:public_id>/conditions/new/", conditions.ConditionAdd.as_view(), name="condition-add"),
    path("patients/<uuid:public_id>/consents/", consents.ConsentChange.as_view(), name="consent-change"),
    path("patients/<uuid:public_id>/consents/treatment/", leaflets.LeafletRecord.as_view(), name="leaflet-record"),
    path("patients/<uuid:public_id>/documents/", documents.DocumentList.as_view(), name="document-list"),
    path("patients/<uuid:public_id>/documents/new/", documents.DocumentAdd.as_view(), name="document-add"),
    path("patients/<uuid:public_id>/edit/", patients.PatientEdit.as_view(), name="patient-edit"),
    path(
        "patients/<uuid:public_id>/given-elsewhere/new/", given_elsewhere.GivenElsewhereAdd.as_view(), name="given-elsewhere-add"
    ),
    path(
        "patients/<uuid:public_id>/given-elsewhere/<uuid:entry_id>/void/",
        given_elsewhere.GivenElsewhereVoid.as_view(),
        name="given-elsewhere-void",
    ),
    path("patients/<uuid:public_id>/holds/new/", holds.HoldSet.as_view(), name="hold-set"),
    path("patients/<uuid:public_id>/holds/<uuid:hold_id>/clear/", holds.HoldClear.as_view(), name="hold-clear"),
    path("patients/<uuid:public_id>/photographs/new/", documents.PhotographAdd.as_view(), name="photograph-add"),
    path(
        "patients/<uuid:public_id>/side-effects/new/", side_effect_reports.SideEffectReport.as_view(), name="side-effect-report"
    ),
    path("patients/<uuid:public_id>/status/", patients.PatientStatusChange.as_view(), name="patient-status"),
    path("patients/<uuid:public_id>/tasks/<uuid:task_id>/", tasks.TaskFinish.as_view(), name="task-finish"),
    path(
        "patients/<uuid:public_id>/treatments/compare/", treatment_comparing.TreatmentCompare.as_view(), name="treatment-compare"
    ),
    path("patients/<uuid:public_id>/treatments/draft/", treatment_drafts.TreatmentDraftKeep.as_view(), name="treatment-draft"),
    path(
        "patients/<uuid:public_id>/treatments/draft/discard/",
        treatment_drafts.TreatmentDraftDiscard.as_view(),
        name="treatment-draft-discard",
    ),
    path("patients/<uuid:public_id>/treatments/new/", treatments.TreatmentRecord.as_view(), name="treatment-record"),
    path("photographs/<uuid:public_id>/", documents.PhotographShow.as_view(), name="photograph-show"),
    path("photographs/<uuid:public_id>/file/", documents.PhotographFile.as_view(), name="photograph-file"),
    path("photographs/<uuid:public_id>/thumbnail/", documents.PhotographThumbnail.as_view(), name="photograph-thumbnail"),
    path("photographs/<uuid:public_id>/withdraw/", documents.PhotographWithdraw.as_view(), name="photograph-withdraw"),
    path("side-effects/", side_effects.SideEffectList.as_view(), name="side-effect-list"),
    path("side-effects/<uuid:public_id>/", side_effects.SideEffectShow.as_view(), name="side-effect-show"),
    path(
        "side-effects/<uuid:public_id>/acknowledge/", side_effects.SideEffectAcknowledge.as_view(), name="side-effect-acknowledge"
    ),
    path("side-effects/<uuid:public_id>/amend/", side_effect_reports.SideEffectAmend.as_view(), name="side-effect-amend"),
    path("side-effects/<uuid:public_id>/review/", side_effects.SideEffectReview.as_view(), name="side-effect-review"),
    path("stock/", stock.VialList.as_view(), name="vial-list"),
    path("stock/receive/", stock.VialReceive.as_view(), name="vial-receive"),
    path("stock/lots/<uuid:public_id>/", lots.LotDecide.as_view(), name="lot-decide"),
    path("stock/<uuid:public_id>/", vials.VialShow.as_view(), name="vial-show"),
    path("stock/<uuid:public_id>/discard/", vials.VialDiscard.as_view(), name="vial-discard"),
    path("stock/<uuid:public_id>/make-up/", stock.VialReconstitute.as_view(), name="vial-reconstitute"),
    path("templates/", templates.TemplateList.as_view(), name="template-list"),
    path("templates/<uuid:public_id>/", templates.TemplateRename.as_view(), name="template-rename"),
    path("templates/<uuid:public_id>/retire/", templates.TemplateRetire.as_view(), name="template-retire"),
    path("treatments/<uuid:public_id>/", treatment_reading.TreatmentShow.as_view(), name="treatment-show"),
    path("treatments/<uuid:public_id>/amend/", treatment_amending.TreatmentAmend.as_view(), name="treatment-amend"),
    path("treatments/<uuid:public_id>/record.pdf", treatment_printing.TreatmentPrint.as_view(), name="treatment-print"),
    path("treatments/<uuid:public_id>/template/", templates.TemplateKeep.as_view(), name="template-keep"),
    path(
        "treatments/<uuid:public_id>/side-effects/new/",
        side_effect_reports.SideEffectReportTreatment.as_view(),
        name="side-effect-report-treatment",
    ),
    path("treatments/<uuid:public_id>/version/", treatment_reading.TreatmentVersion.as_view(), name="treatment-version"),
    path("treatments/<uuid:public_id>/void/", treatment_void.TreatmentVoid.as_view(), name="treatment-void"),
]

# Only the demonstration keeps letters where they can be read.
if settings.DEMO:
    urlpatterns += [
        path("mailbox/", mailbox.MailboxList.as_view(), name="mailbox-list"),
        path("mailbox/<slug:name>/", mailbox.MailboxShow.as_view(), name="mailbox-show"),
        path("mailbox/<slug:name>/body/", mailbox.MailboxBody.as_view(), name="mailbox-body"),
    ]
