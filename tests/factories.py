"""Rows for tests: valid and boring by default, so that a test names only what it is about.

No factory reads the clock: everything is told from NOW, a Monday morning. What belongs together is kept together: a factory
that is given a condition takes its patient from it, a patient its clinic, and so on.
"""

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

import factory
from dateutil.relativedelta import relativedelta
from factory.django import DjangoModelFactory

from clinic.accounts import User
from clinic.audit import AuditEvent
from clinic.patients.models import Condition, Consent, ConsentPurpose, Hold, Patient, StaffTask
from clinic.practice.models import Clinic, Membership, Practitioner, Role
from clinic.reminders.models import DeliveryAttempt, Message, Plan, PlanStep
from clinic.safety.models import Review, SideEffect, SideEffectVersion, Term
from clinic.scheduling.models import Appointment, AppointmentChange, Availability, Closure, VisitKind
from clinic.toxins.lot_numbers import lot_key
from clinic.toxins.models import (
    Indication,
    LabelRule,
    Lot,
    Presentation,
    Product,
    ProductFamily,
    Site,
    SiteDose,
    Vial,
    VialState,
)
from clinic.treatments.models import (
    ContactAttempt,
    FollowUp,
    Injection,
    InjectionSession,
    SessionState,
    SessionVersion,
    VialUse,
    WindowPolicy,
)

#: The clock of every test that does not choose its own: Monday 23 November 2026, 10:00 in Paris.
NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
TODAY = NOW.date()
PASSWORD = "a quiet harbour wall"
#: The default treatment, on the patient's right; its window opens on 1 December 2026 and closes on 1 March 2027.
TREATED_ON = date(2026, 9, 1)
RIGHT_POINTS = (("OO_UL_LAT", "RIGHT", "2.5"), ("OO_LL_LAT", "RIGHT", "2.5"), ("ZYG_MAJ", "RIGHT", "1.25"))


class Factory(DjangoModelFactory):
    """Takes what belongs to a given row from that row, unless the test says otherwise."""

    class Meta:
        abstract = True
        skip_postgeneration_save = True

    #: given argument → {argument to fill: attribute of the given row}
    _taken_from: dict[str, dict[str, str]] = {}

    @classmethod
    def _generate(cls, strategy, params):
        for given, filled in cls._taken_from.items():
            row = params.get(given)
            if row is not None:
                for name, attribute in filled.items():
                    params.setdefault(name, getattr(row, attribute))
        return super()._generate(strategy, params)


# -- practice ---------------------------------------------------------------------------------------------------------


class UserFactory(Factory):
    class Meta:
        model = User

    email = factory.Sequence(lambda n: f"member{n}@clinic.example")
    name = factory.Sequence(lambda n: f"Member {n}")
    password = PASSWORD

    @classmethod
    def _create(cls, model_class, *args, **kwargs):
        return model_class.objects.create_user(*args, **kwargs)


class ClinicFactory(Factory):
    class Meta:
        model = Clinic

    name = factory.Sequence(lambda n: f"Harbour clinic {n}" if n else "Harbour clinic")
    sender_name = "Harbour clinic"
    phone = "+33 1 99 00 12 34"
    emergency_text = "In an emergency call 112."
    address = "1 Quay Road, Harbourtown"
    time_zone = "Europe/Paris"
    jurisdiction = "EU"
    sending_from = time(8)
    sending_until = time(19)
    reply_to = "desk@clinic.example"


class MembershipFactory(Factory):
    class Meta:
        model = Membership

    user = factory.SubFactory(UserFactory)
    clinic = factory.SubFactory(ClinicFactory)
    role = Role.ADMIN


def member(role=Role.ADMIN, clinic=None, **user):
    """A person with an account and this role at a clinic."""
    return MembershipFactory(role=role, clinic=clinic or ClinicFactory(), user=UserFactory(**user)).user


class PractitionerFactory(Factory):
    class Meta:
        model = Practitioner

    name = factory.Sequence(lambda n: f"Dr Practitioner {n}")

    @factory.post_generation
    def clinics(self, create, given, **kwargs):
        """`clinics=[…]`, or a new one."""
        if create:
            self.clinics.set([ClinicFactory()] if given is None else given)


# -- toxins -----------------------------------------------------------------------------------------------------------


class IndicationFactory(Factory):
    class Meta:
        model = Indication
        django_get_or_create = ("code",)

    code = "HFS"
    name = "Hemifacial spasm"
    one_sided = True


class ProductFactory(Factory):
    class Meta:
        model = Product
        django_get_or_create = ("code",)

    code = "ONABOT"
    generic_name = "onabotulinumtoxinA"
    brand_name = "Botox"
    serotype = "A"
    family = ProductFamily.ONA_INCO
    unit_code = "[USP'U]"
    hours_after_reconstitution = 24
    contents = "human albumin, sodium chloride"


class PresentationFactory(Factory):
    class Meta:
        model = Presentation
        django_get_or_create = ("product", "vial_units")

    product = factory.SubFactory(ProductFactory)
    vial_units = Decimal(100)


class LotFactory(Factory):
    class Meta:
        model = Lot

    product = factory.SubFactory(ProductFactory)
    number = factory.Sequence(lambda n: f"C77{n:03}")
    number_key = factory.LazyAttribute(lambda lot: lot_key(lot.number))
    expires_on = date(2028, 1, 31)


class VialFactory(Factory):
    class Meta:
        model = Vial

    clinic = factory.SubFactory(ClinicFactory)
    lot = factory.SubFactory(LotFactory)
    presentation = factory.LazyAttribute(lambda vial: PresentationFactory(product=vial.lot.product))
    labelled_units = factory.LazyAttribute(lambda vial: vial.presentation.vial_units)
    received_on = date(2026, 8, 3)


class SiteFactory(Factory):
    class Meta:
        model = Site
        django_get_or_create = ("code",)

    code = "ZYG_MAJ"
    muscle = factory.LazyAttribute(lambda site: "Zygomaticus major" if site.code == "ZYG_MAJ" else f"Muscle {site.code}")
    x = Decimal("28.50")
    y = Decimal("61.20")

    @factory.post_generation
    def indications(self, create, given, **kwargs):
        if create and given is not None:
            self.indications.set(given)
        elif create and not self.indications.exists():
            self.indications.add(IndicationFactory())


class SiteDoseFactory(Factory):
    class Meta:
        model = SiteDose
        django_get_or_create = ("site", "family")

    site = factory.SubFactory(SiteFactory)
    family = ProductFamily.ONA_INCO
    start_from = Decimal(1)
    start_until = Decimal("2.5")
    usual_maximum = Decimal(5)
    source = "A test"


class LabelRuleFactory(Factory):
    """By default: an interval floor of twelve weeks for hemifacial spasm in the EU."""

    class Meta:
        model = LabelRule

    code = factory.Sequence(lambda n: f"RULE-{n}")
    product = factory.SubFactory(ProductFactory)
    indication = factory.SubFactory(IndicationFactory)
    jurisdiction = "EU"
    scope = "INTERVAL"
    interval_value = 12
    interval_unit = "WEEK"
    wording = "Not more often than every 12 weeks"
    source = "A test"


# -- patients ---------------------------------------------------------------------------------------------------------


class PatientFactory(Factory):
    """Under care, with an address, and content to get letters about visits and invitations (`consents=()` for none)."""

    class Meta:
        model = Patient

    clinic = factory.SubFactory(ClinicFactory)
    record_number = factory.Sequence(lambda n: f"P{n:05}")
    given_name = "Anna"
    family_name = factory.Sequence(lambda n: f"Mercer{n}")
    search_text = factory.LazyAttribute(lambda p: f"{p.given_name} {p.family_name} {p.record_number}".casefold())
    born_on = date(1961, 5, 4)
    email = factory.Sequence(lambda n: f"patient{n}@example.org")
    phone = "+33 1 99 00 00 00"
    created_at = datetime(2026, 1, 12, 9, 0, tzinfo=UTC)

    @factory.post_generation
    def consents(self, create, given, **kwargs):
        if not create:
            return
        for purpose in (ConsentPurpose.VISIT, ConsentPurpose.INVITE) if given is None else given:
            ConsentFactory(patient=self, purpose=purpose, at=self.created_at)


class ConsentFactory(Factory):
    class Meta:
        model = Consent

    patient = factory.SubFactory(PatientFactory, consents=())
    purpose = ConsentPurpose.INVITE
    is_given = True
    by_patient = True
    how = "at registration"
    wording_version = "1"
    at = NOW


class ConditionFactory(Factory):
    class Meta:
        model = Condition

    patient = factory.SubFactory(PatientFactory)
    indication = factory.SubFactory(IndicationFactory)
    side = "RIGHT"
    created_at = factory.LazyAttribute(lambda condition: condition.patient.created_at)


class HoldFactory(Factory):
    class Meta:
        model = Hold

    patient = factory.SubFactory(PatientFactory)
    reason = "PATIENT_WISH"
    from_on = TODAY - timedelta(days=7)
    review_on = TODAY + timedelta(days=30)
    owner = factory.SubFactory(UserFactory)


class StaffTaskFactory(Factory):
    class Meta:
        model = StaffTask

    patient = factory.SubFactory(PatientFactory)
    kind = "PHONE_OVERDUE"
    cause_key = factory.Sequence(lambda n: f"test-cause-{n}")
    due_on = TODAY
    created_at = NOW


# -- treatments -------------------------------------------------------------------------------------------------------


class WindowPolicyFactory(Factory):
    class Meta:
        model = WindowPolicy

    clinic = factory.SubFactory(ClinicFactory)


class InjectionSessionFactory(Factory):
    """A signed treatment with its version, points and vial; `signed=False` leaves a draft without a version.

    `points` are (site code, side, units); `vial` is drawn from (a new one by default).
    """

    class Meta:
        model = InjectionSession

    _taken_from = {
        "condition": {"patient": "patient"},
        "vial": {"clinic": "clinic"},
        "patient": {"clinic": "clinic"},
    }

    patient = factory.SubFactory(PatientFactory)
    condition = factory.LazyAttribute(lambda session: ConditionFactory(patient=session.patient))
    clinic = factory.LazyAttribute(lambda session: session.patient.clinic)
    product = factory.SubFactory(ProductFactory)
    practitioner = factory.LazyAttribute(lambda session: PractitionerFactory(clinics=[session.clinic]))
    performed_on = TREATED_ON
    state = SessionState.DRAFT
    created_at = factory.LazyAttribute(lambda s: datetime.combine(s.performed_on, time(10), tzinfo=UTC))

    @classmethod
    def _generate(cls, strategy, params):
        if params.get("vial") is not None:
            params.setdefault("product", params["vial"].lot.product)
        return super()._generate(strategy, params)

    @classmethod
    def _create(cls, model_class, *args, signed=True, points=RIGHT_POINTS, vial=None, signed_by=None, **kwargs):
        session = super()._create(model_class, *args, **kwargs)
        if signed:
            version = SessionVersionFactory(session=session, points=points, vial=vial, signed_by=signed_by)
            session.state, session.current_version = SessionState.SIGNED, version
            session.save()
        return session


class SessionVersionFactory(Factory):
    """A signed version: its parts go in first, because once it is signed the database takes none."""

    class Meta:
        model = SessionVersion

    session = factory.SubFactory(InjectionSessionFactory, signed=False)
    number = factory.LazyAttribute(lambda version: version.session.versions.count() + 1)
    amendment_reason = factory.LazyAttribute(lambda version: "" if version.number == 1 else "a slip of the pen")

    @classmethod
    def _create(cls, model_class, *args, points=RIGHT_POINTS, vial=None, signed_by=None, signed_at=None, **kwargs):
        session = kwargs["session"]
        total = sum((Decimal(units) for _, _, units in points), Decimal(0))
        version = super()._create(model_class, *args, total_units=total, **kwargs)
        for order, (code, side, units) in enumerate(points):
            site = SiteFactory(code=code)
            x = 100 - site.x if side == "LEFT" else site.x
            Injection.objects.create(version=version, order=order, site=site, side=side, x=x, y=site.y, units=Decimal(units))
        vial = vial or VialFactory(clinic=session.clinic, lot__product=session.product)
        VialUse.objects.create(version=version, vial=vial, units_drawn=total, units_given=total)
        vial.units_given += total
        vial.state = VialState.OPEN
        vial.save()
        version.signed_by = signed_by or UserFactory()
        version.signed_at = signed_at or session.created_at
        version.save()
        return version


class FollowUpFactory(Factory):
    """An active follow-up with the window of three to six months."""

    class Meta:
        model = FollowUp

    _taken_from = {"session": {"patient": "patient", "condition": "condition"}, "condition": {"patient": "patient"}}

    patient = factory.SubFactory(PatientFactory)
    condition = factory.LazyAttribute(lambda f: ConditionFactory(patient=f.patient))
    session = factory.LazyAttribute(lambda f: InjectionSessionFactory(condition=f.condition))
    opens_on = factory.LazyAttribute(lambda f: f.session.performed_on + relativedelta(months=3))
    opens_rule = "3 months after the treatment"
    closes_on = factory.LazyAttribute(lambda f: f.session.performed_on + relativedelta(months=6))
    closes_rule = "6 months after the treatment"
    suggested_from = factory.LazyAttribute(lambda f: f.own_on or f.opens_on)
    suggested_until = factory.LazyAttribute(lambda f: f.own_on or min(f.opens_on + timedelta(days=21), f.closes_on))
    suggested_basis = "first three weeks of the window"
    own_on = None
    ended_at = factory.LazyAttribute(lambda f: None if f.state == "ACTIVE" else NOW)
    stop_reason = factory.LazyAttribute(lambda f: "NOT_REACHED" if f.state == "STOPPED" else "")
    state = "ACTIVE"
    created_at = factory.LazyAttribute(lambda f: f.session.created_at)


class ContactAttemptFactory(Factory):
    class Meta:
        model = ContactAttempt

    follow_up = factory.SubFactory(FollowUpFactory)
    channel = "PHONE"
    outcome = "NO_ANSWER"
    by = factory.SubFactory(UserFactory)
    at = NOW


# -- scheduling -------------------------------------------------------------------------------------------------------


class VisitKindFactory(Factory):
    class Meta:
        model = VisitKind
        django_get_or_create = ("clinic", "code")

    clinic = factory.SubFactory(ClinicFactory)
    code = "TREATMENT"
    name = "Treatment"
    minutes = 30


class AvailabilityFactory(Factory):
    """Mondays from nine to noon."""

    class Meta:
        model = Availability

    clinic = factory.SubFactory(ClinicFactory)
    practitioner = factory.LazyAttribute(lambda a: PractitionerFactory(clinics=[a.clinic]))
    weekday = 0
    starts = time(9)
    ends = time(12)
    valid_from = date(2024, 1, 1)


class ClosureFactory(Factory):
    class Meta:
        model = Closure

    clinic = factory.SubFactory(ClinicFactory)
    from_on = date(2026, 12, 24)
    until_on = date(2027, 1, 1)
    reason = "Winter break"


class AppointmentFactory(Factory):
    """Booked by staff for a Monday at ten, with the row that tells of it; `changes=()` leaves that row out."""

    class Meta:
        model = Appointment

    _taken_from = {"follow_up": {"patient": "patient"}, "patient": {"clinic": "clinic"}}

    patient = factory.SubFactory(PatientFactory)
    clinic = factory.LazyAttribute(lambda a: a.patient.clinic)
    practitioner = factory.LazyAttribute(lambda a: PractitionerFactory(clinics=[a.clinic]))
    kind = factory.LazyAttribute(lambda a: VisitKindFactory(clinic=a.clinic))
    starts_at = datetime(2026, 12, 7, 9, 0, tzinfo=UTC)
    ends_at = factory.LazyAttribute(lambda a: a.starts_at + timedelta(minutes=a.kind.minutes))
    cancel_reason = factory.LazyAttribute(lambda a: "the patient asked" if a.state == "CANCELLED" else "")
    state = "BOOKED"
    created_at = NOW - timedelta(days=5)

    @factory.post_generation
    def changes(self, create, given, **kwargs):
        if not create:
            return
        for kind in ("BOOKED",) if given is None else given:
            AppointmentChangeFactory(appointment=self, kind=kind)


class AppointmentChangeFactory(Factory):
    class Meta:
        model = AppointmentChange

    appointment = factory.SubFactory(AppointmentFactory, changes=())
    kind = "BOOKED"
    sequence = factory.LazyAttribute(lambda change: change.appointment.sequence)
    starts_at = factory.LazyAttribute(lambda change: change.appointment.starts_at)
    by_user = factory.SubFactory(UserFactory)
    at = factory.LazyAttribute(lambda change: change.appointment.created_at)


# -- safety -----------------------------------------------------------------------------------------------------------


class TermFactory(Factory):
    class Meta:
        model = Term
        django_get_or_create = ("code",)

    code = "AE01"
    plain_name = "drooping upper eyelid"
    clinical_name = "Eyelid ptosis"
    urgency = "GREEN"


class SideEffectFactory(Factory):
    """Reported by staff, new, with its first version; give what the version says as `version__…`."""

    class Meta:
        model = SideEffect

    _taken_from = {"session": {"patient": "patient"}}

    patient = factory.SubFactory(PatientFactory)
    session = factory.LazyAttribute(lambda s: InjectionSessionFactory(patient=s.patient))
    reported_by = factory.LazyAttribute(lambda s: None if s.reported_by_patient else UserFactory())
    reported_by_patient = False
    reported_at = NOW - timedelta(days=2)

    @factory.post_generation
    def version(self, create, given, **kwargs):
        if create:
            self.current_version = given or SideEffectVersionFactory(side_effect=self, **kwargs)
            self.save()


class SideEffectVersionFactory(Factory):
    class Meta:
        model = SideEffectVersion

    side_effect = factory.SubFactory(SideEffectFactory)
    number = factory.LazyAttribute(lambda version: version.side_effect.versions.count() + 1)
    term = factory.SubFactory(TermFactory)
    onset_on = factory.LazyAttribute(
        lambda v: v.side_effect.session.performed_on + timedelta(days=5) if v.side_effect.session else None
    )
    severity = 1
    outcome = "ONGOING"
    reason = factory.LazyAttribute(lambda version: "" if version.number == 1 else "the patient told more")
    by_user = factory.LazyAttribute(lambda version: version.side_effect.reported_by)
    at = factory.LazyAttribute(lambda version: version.side_effect.reported_at)


class ReviewFactory(Factory):
    class Meta:
        model = Review

    side_effect = factory.SubFactory(SideEffectFactory)
    causality = "PROBABLE"
    resulting_state = "REVIEWED"
    by = factory.SubFactory(UserFactory)
    at = NOW


# -- reminders --------------------------------------------------------------------------------------------------------

#: step, ordinal, anchor, offset, unit, floor anchor, floor offset in days, audience
USUAL_STEPS = (
    ("INVITE", 1, "SUGGESTED", -21, "DAY", "OPENS", -14, "PATIENT"),
    ("REMIND", 1, "OPENS", 14, "DAY", "SUGGESTED", 0, "PATIENT"),
    ("LAST_CALL", 1, "CLOSES", -28, "DAY", "", 0, "PATIENT"),
    ("OVERDUE", 1, "CLOSES", 1, "DAY", "", 0, "STAFF"),
    ("BOOKED", 1, "CHANGE", 0, "DAY", "", 0, "PATIENT"),
    ("CANCELLED", 1, "CHANGE", 0, "DAY", "", 0, "PATIENT"),
    ("VISIT", 1, "APPOINTMENT", -7, "DAY", "", 0, "PATIENT"),
    ("VISIT", 2, "APPOINTMENT", -48, "HOUR", "", 0, "PATIENT"),
)


class PlanFactory(Factory):
    """The usual letters for any indication; `steps=()` for an empty plan."""

    class Meta:
        model = Plan

    clinic = factory.SubFactory(ClinicFactory)
    active_from = date(2024, 1, 1)

    @factory.post_generation
    def steps(self, create, given, **kwargs):
        if not create:
            return
        for step, ordinal, anchor, offset, unit, floor, floor_days, audience in USUAL_STEPS if given is None else given:
            PlanStep.objects.create(
                plan=self,
                step=step,
                ordinal=ordinal,
                anchor=anchor,
                offset=offset,
                offset_unit=unit,
                floor_anchor=floor,
                floor_offset_days=floor_days,
                audience=audience,
            )


class MessageFactory(Factory):
    """An invitation, ready to go."""

    class Meta:
        model = Message

    _taken_from = {
        "follow_up": {"patient": "patient"},
        "appointment": {"patient": "patient"},
        "patient": {"clinic": "clinic"},
    }

    patient = factory.SubFactory(PatientFactory)
    clinic = factory.LazyAttribute(lambda message: message.patient.clinic)
    step = "INVITE"
    letter = factory.LazyAttribute(lambda message: message.step.lower())
    dedupe_key = factory.Sequence(lambda n: f"test-{n}")
    message_id = factory.Sequence(lambda n: f"<test-{n}@clinic.example>")
    language = "en"
    due_at = NOW
    ready_at = factory.LazyAttribute(lambda message: message.due_at)
    expires_at = factory.LazyAttribute(lambda message: message.due_at + timedelta(days=14))
    sent_at = factory.LazyAttribute(lambda message: message.due_at if message.state == "SENT" else None)
    state = "READY"
    created_at = factory.LazyAttribute(lambda message: message.due_at)
    changed_at = factory.LazyAttribute(lambda message: message.created_at)


class DeliveryAttemptFactory(Factory):
    class Meta:
        model = DeliveryAttempt

    message = factory.SubFactory(MessageFactory)
    from_state = "HANDOFF"
    to_state = "SENT"
    phase = "DATA"
    outcome = "ACCEPTED"
    smtp_code = 250
    at = NOW


class AuditEventFactory(Factory):
    class Meta:
        model = AuditEvent

    actor_kind = "SYSTEM"
    action = "VIEWED"
    what = "Patient"
    at = NOW
