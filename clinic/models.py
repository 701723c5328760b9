"""The register: imports every model so that Django finds it. Nothing else imports this module."""

from clinic.accounts import User
from clinic.audit import AuditEvent, MaintenanceWindow
from clinic.links import PatientLink
from clinic.patients.joined_causes import JoinedCause
from clinic.patients.models import Condition, Consent, Hold, Patient, StaffTask
from clinic.patients.signed_leaflets import SignedLeaflet
from clinic.practice.models import Clinic, Membership, Practitioner
from clinic.practice.saved_views import SavedView
from clinic.reminders.delivery_reports import DeliveryReport, UsedSignature
from clinic.reminders.letter_wordings import LetterWording
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
from clinic.reminders.pacing import DomainPace
from clinic.reminders.piles import LetterPile
from clinic.reminders.safeguard_state import SafeguardState
from clinic.safety.models import Review, SideEffect, SideEffectVersion, Term
from clinic.scheduling.booking_overrides import BookingOverride
from clinic.scheduling.calendar_feeds import CalendarFeed
from clinic.scheduling.hours_exceptions import HoursException
from clinic.scheduling.models import Appointment, AppointmentChange, Availability, Closure, VisitKind
from clinic.scheduling.waiting_entries import WaitingEntry
from clinic.toxins.models import (
    Indication,
    LabelRule,
    Lot,
    LotDecision,
    Presentation,
    Product,
    ProductCode,
    RuleVerification,
    Site,
    SiteDose,
    Vial,
    VialDiscard,
)
from clinic.treatments.models import (
    ContactAttempt,
    Document,
    DocumentWithdrawal,
    FollowUp,
    GivenElsewhere,
    Injection,
    InjectionSession,
    IntervalReason,
    Override,
    PreCheck,
    ProtocolTemplate,
    SessionVersion,
    SessionVoid,
    TemplatePoint,
    TreatmentDraft,
    VialUse,
    VoidedUse,
    WindowPolicy,
)

__all__ = [
    "Appointment",
    "AppointmentChange",
    "AuditEvent",
    "Availability",
    "BookingOverride",
    "CalendarFeed",
    "Clinic",
    "Closure",
    "Condition",
    "Consent",
    "ContactAttempt",
    "DeliveryAttempt",
    "DeliveryReport",
    "Document",
    "DocumentWithdrawal",
    "DomainHold",
    "DomainPace",
    "EngineState",
    "FollowUp",
    "GivenElsewhere",
    "Heartbeat",
    "Hold",
    "HoursException",
    "Indication",
    "Injection",
    "InjectionSession",
    "IntervalReason",
    "JoinedCause",
    "LabelRule",
    "LetterPile",
    "LetterWording",
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
    "SafeguardState",
    "SavedView",
    "SessionVersion",
    "SessionVoid",
    "SideEffect",
    "SideEffectVersion",
    "SignedLeaflet",
    "Site",
    "SiteDose",
    "StaffTask",
    "Suppression",
    "TemplatePoint",
    "Term",
    "TreatmentDraft",
    "UsedSignature",
    "User",
    "Vial",
    "VialDiscard",
    "VialUse",
    "VisitKind",
    "VoidedUse",
    "WaitingEntry",
    "WindowPolicy",
]
