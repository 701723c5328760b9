"""Hours, closed days and visits."""

from datetime import UTC, date, datetime, time, timedelta

import factory

from clinic.scheduling.booking_overrides import BookingOverride
from clinic.scheduling.hours_exceptions import HoursException
from clinic.scheduling.models import Appointment, AppointmentChange, Availability, Closure, VisitKind
from clinic.scheduling.waiting_entries import WaitingEntry
from tests.factories.base import NOW, Factory
from tests.factories.patients import PatientFactory
from tests.factories.practice import ClinicFactory, PractitionerFactory, UserFactory


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


class HoursExceptionFactory(Factory):
    """Away for an hour of a Monday morning."""

    class Meta:
        model = HoursException

    clinic = factory.SubFactory(ClinicFactory)
    practitioner = factory.LazyAttribute(lambda a: PractitionerFactory(clinics=[a.clinic]))
    kind = "AWAY"
    on = date(2026, 12, 7)
    starts = time(9)
    ends = time(10)
    reason = "Course"
    changed_at = NOW


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
    from_at = factory.LazyAttribute(lambda c: c.appointment.starts_at - timedelta(days=7) if c.kind == "MOVED" else None)
    from_practitioner = factory.LazyAttribute(lambda c: c.appointment.practitioner if c.kind == "MOVED" else None)
    starts_at = factory.LazyAttribute(lambda change: change.appointment.starts_at)
    by_user = factory.SubFactory(UserFactory)
    at = factory.LazyAttribute(lambda change: change.appointment.created_at)


class WaitingEntryFactory(Factory):
    """Whom any time with anybody would suit."""

    class Meta:
        model = WaitingEntry

    _taken_from = {"follow_up": {"patient": "patient"}, "patient": {"clinic": "clinic"}}

    follow_up = factory.SubFactory("tests.factories.treatments.FollowUpFactory")
    patient = factory.LazyAttribute(lambda entry: entry.follow_up.patient)
    clinic = factory.LazyAttribute(lambda entry: entry.patient.clinic)
    since = NOW - timedelta(days=3)


class BookingOverrideFactory(Factory):
    class Meta:
        model = BookingOverride

    appointment = factory.SubFactory(AppointmentFactory)
    kind = "EARLY"
    shown = "This is before the earliest date, 1 Dec 2026."
    reason = "the effect has worn off"
    starts_at = factory.LazyAttribute(lambda override: override.appointment.starts_at)
    by = factory.SubFactory(UserFactory)
    at = NOW
