"""What was injected, and when the patient may and should come back."""

from clinic.treatments.models.checks import GivenElsewhere, Override, OverrideSeverity, PreCheck, PreCheckAnswer
from clinic.treatments.models.documents import ContentType, Document, DocumentKind, DocumentWithdrawal
from clinic.treatments.models.drafts import TreatmentDraft
from clinic.treatments.models.follow_ups import (
    ContactAttempt,
    ContactChannel,
    ContactOutcome,
    DeclineReason,
    FollowUp,
    FollowUpState,
    StopReason,
    WindowPolicy,
)
from clinic.treatments.models.interval_reasons import IntervalCause, IntervalReason
from clinic.treatments.models.protocols import ProtocolTemplate, TemplatePoint
from clinic.treatments.models.sessions import (
    Guidance,
    Injection,
    InjectionSession,
    LidTechnique,
    PointSide,
    SessionState,
    SessionVersion,
    VialUse,
)
from clinic.treatments.models.voids import SessionVoid, UnitsFate, VoidedUse

__all__ = [
    "ContactAttempt",
    "ContactChannel",
    "ContactOutcome",
    "ContentType",
    "DeclineReason",
    "Document",
    "DocumentKind",
    "DocumentWithdrawal",
    "FollowUp",
    "FollowUpState",
    "GivenElsewhere",
    "Guidance",
    "Injection",
    "InjectionSession",
    "IntervalCause",
    "IntervalReason",
    "LidTechnique",
    "Override",
    "OverrideSeverity",
    "PointSide",
    "PreCheck",
    "PreCheckAnswer",
    "ProtocolTemplate",
    "SessionState",
    "SessionVersion",
    "SessionVoid",
    "StopReason",
    "TemplatePoint",
    "TreatmentDraft",
    "UnitsFate",
    "VialUse",
    "VoidedUse",
    "WindowPolicy",
]
