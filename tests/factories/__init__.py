"""Rows for tests: valid and boring by default, so that a test names only what it is about.

No factory reads the clock: everything is told from NOW, a Monday morning. What belongs together is kept together: a factory
that is given a condition takes its patient from it, a patient its clinic, and so on.
"""

from tests.factories.base import NOW, TODAY, Factory
from tests.factories.checks import ALL_NO, GivenElsewhereFactory, OverrideFactory, PreCheckFactory, past_the_checks
from tests.factories.documents import PDF, DocumentFactory, DocumentWithdrawalFactory, PhotographFactory, picture
from tests.factories.patients import (
    ConditionFactory,
    ConsentFactory,
    HoldFactory,
    PatientFactory,
    SignedLeafletFactory,
    StaffTaskFactory,
)
from tests.factories.practice import PASSWORD, ClinicFactory, MembershipFactory, PractitionerFactory, UserFactory, member
from tests.factories.reminders import USUAL_STEPS, AuditEventFactory, DeliveryAttemptFactory, MessageFactory, PlanFactory
from tests.factories.safety import ReviewFactory, SideEffectFactory, SideEffectVersionFactory, TermFactory
from tests.factories.scheduling import (
    AppointmentChangeFactory,
    AppointmentFactory,
    AvailabilityFactory,
    ClosureFactory,
    VisitKindFactory,
)
from tests.factories.toxins import (
    IndicationFactory,
    LabelRuleFactory,
    LotDecisionFactory,
    LotFactory,
    PresentationFactory,
    ProductCodeFactory,
    ProductFactory,
    SiteDoseFactory,
    SiteFactory,
    VialDiscardFactory,
    VialFactory,
    free_site,
)
from tests.factories.treatments import (
    RIGHT_POINTS,
    TREATED_ON,
    ContactAttemptFactory,
    FollowUpFactory,
    InjectionSessionFactory,
    ProtocolTemplateFactory,
    SessionVersionFactory,
    SessionVoidFactory,
    TreatmentDraftFactory,
    VoidedUseFactory,
    WindowPolicyFactory,
)

__all__ = [
    "ALL_NO",
    "NOW",
    "PASSWORD",
    "PDF",
    "RIGHT_POINTS",
    "TODAY",
    "TREATED_ON",
    "USUAL_STEPS",
    "AppointmentChangeFactory",
    "AppointmentFactory",
    "AuditEventFactory",
    "AvailabilityFactory",
    "ClinicFactory",
    "ClosureFactory",
    "ConditionFactory",
    "ConsentFactory",
    "ContactAttemptFactory",
    "DeliveryAttemptFactory",
    "DocumentFactory",
    "DocumentWithdrawalFactory",
    "Factory",
    "FollowUpFactory",
    "GivenElsewhereFactory",
    "HoldFactory",
    "IndicationFactory",
    "InjectionSessionFactory",
    "LabelRuleFactory",
    "LotDecisionFactory",
    "LotFactory",
    "MembershipFactory",
    "MessageFactory",
    "OverrideFactory",
    "PatientFactory",
    "PhotographFactory",
    "PlanFactory",
    "PractitionerFactory",
    "PreCheckFactory",
    "PresentationFactory",
    "ProductCodeFactory",
    "ProductFactory",
    "ProtocolTemplateFactory",
    "ReviewFactory",
    "SessionVersionFactory",
    "SessionVoidFactory",
    "SideEffectFactory",
    "SideEffectVersionFactory",
    "SignedLeafletFactory",
    "SiteDoseFactory",
    "SiteFactory",
    "StaffTaskFactory",
    "TermFactory",
    "TreatmentDraftFactory",
    "UserFactory",
    "VialDiscardFactory",
    "VialFactory",
    "VisitKindFactory",
    "VoidedUseFactory",
    "WindowPolicyFactory",
    "free_site",
    "member",
    "past_the_checks",
    "picture",
]
