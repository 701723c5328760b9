"""Plans, letters and what became of them; the audit log."""

from datetime import date, timedelta

import factory

from clinic.audit import AuditEvent
from clinic.reminders.addresses import address_hash
from clinic.reminders.delivery_reports import DeliveryReport
from clinic.reminders.models import DeliveryAttempt, Message, Plan, PlanStep, Suppression
from tests.factories.base import NOW, Factory
from tests.factories.patients import PatientFactory
from tests.factories.practice import ClinicFactory

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


class SuppressionFactory(Factory):
    """Nothing goes to the address of a patient whose letter came back."""

    class Meta:
        model = Suppression

    _taken_from = {"message": {"clinic": "clinic"}}

    message = factory.SubFactory(MessageFactory, state="BOUNCED", handoff_at=NOW, sent_at=NOW)
    clinic = factory.LazyAttribute(lambda suppression: suppression.message.clinic)
    address_hash = factory.LazyAttribute(lambda suppression: address_hash(suppression.message.patient.email))
    reason = "BOUNCED"
    at = NOW


class DeliveryReportFactory(Factory):
    """A report that no program could read."""

    class Meta:
        model = DeliveryReport

    message = factory.SubFactory(MessageFactory, state="SENT", handoff_at=NOW)
    content_hash = factory.Sequence(lambda n: f"{n:064}")
    way = "FILE"
    kind = "UNREADABLE"
    why = "NOT_A_REPORT"
    size = 1234
    received_at = NOW


class AuditEventFactory(Factory):
    class Meta:
        model = AuditEvent

    actor_kind = "SYSTEM"
    action = "VIEWED"
    what = "Patient"
    at = NOW
