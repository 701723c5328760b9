"""What staff and patients change about a patient, and who may see whom."""

from clinic.patients.services.conditions import add_condition, suggested_code_for
from clinic.patients.services.consents import WORDING_VERSION, consents_of, give_consent, withdraw_consent
from clinic.patients.services.holds import clear_hold, set_hold
from clinic.patients.services.people import (
    PatientDetails,
    change_patient,
    create_patient,
    set_status,
)
from clinic.patients.services.refusals import Problem, Refused
from clinic.patients.services.scope import look_again, visible_to
from clinic.patients.services.tasks import assign_task, finish_task, raise_task
from clinic.patients.services.treatment_consents import TreatmentConsent, record_signed_leaflet, treatment_consent_on

__all__ = [
    "WORDING_VERSION",
    "PatientDetails",
    "Problem",
    "Refused",
    "TreatmentConsent",
    "add_condition",
    "assign_task",
    "change_patient",
    "clear_hold",
    "consents_of",
    "create_patient",
    "finish_task",
    "give_consent",
    "look_again",
    "raise_task",
    "record_signed_leaflet",
    "set_hold",
    "set_status",
    "suggested_code_for",
    "treatment_consent_on",
    "visible_to",
    "withdraw_consent",
]
