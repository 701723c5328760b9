"""The register: imports every model so that Django finds it. Nothing else imports this module."""

from clinic.accounts import User
from clinic.audit import AuditEvent, MaintenanceWindow
from clinic.links import PatientLink
from clinic.patients.models import Condition, Consent, Hold, Patient, StaffTask
from clinic.practice.models import Clinic, Membership, Practitioner
from clinic.reminders.models import (
    DeliveryAttempt,
    DomainHold,
    EngineState,
    Heartbeat,
    Message,
    Plan,
    PlanStep,
    Suppression,
)
from clinic.safety.models import Review, SideEffect, SideEffectVersion, Term
from clinic.scheduling.models import Appointment, AppointmentChange, Availability, Closure, VisitKind
from clinic.toxins.models import (
    Indication,
    LabelRule,
    Lot,
    Presentation,
    Product,
    RuleVerification,
    Site,
    SiteDose,
    Vial,
)
from clinic.toxins.stock_models import LotDecision, ProductCode, VialDiscard
from clinic.treatments.check_records import GivenElsewhere, Override, PreCheck
from clinic.treatments.models import (
    ContactAttempt,
    FollowUp,
    Injection,
    InjectionSession,
    SessionVersion,
    SessionVoid,
    TreatmentDraft,
    VialUse,
    VoidedUse,
    WindowPolicy,
)
from clinic.treatments.protocols import ProtocolTemplate, TemplatePoint

__all__ = [
    "Appointment",
    "AppointmentChange",
    "AuditEvent",
    "Availability",
    "Clinic",
    "Closure",
    "Condition",
    "Consent",
    "ContactAttempt",
    "DeliveryAttempt",
    "DomainHold",
    "EngineState",
    "FollowUp",
    "GivenElsewhere",
    "Heartbeat",
    "Hold",
    "Indication",
    "Injection",
    "InjectionSession",
    "LabelRule",
    "Lot",
    "LotDecision",
    "MaintenanceWindow",
    "Membership",
    "Message",
    "Override",
    "Patient",
    "PatientLink",
    "Plan",
    "PlanStep",
    "Practitioner",
    "PreCheck",
    "Presentation",
    "Product",
    "ProductCode",
    "ProtocolTemplate",
    "Review",
    "RuleVerification",
    "SessionVersion",
    "SessionVoid",
    "SideEffect",
    "SideEffectVersion",
    "Site",
    "SiteDose",
    "StaffTask",
    "Suppression",
    "TemplatePoint",
    "Term",
    "TreatmentDraft",
    "User",
    "Vial",
    "VialDiscard",
    "VialUse",
    "VisitKind",
    "VoidedUse",
    "WindowPolicy",
]
