"""A clinic with hours and a patient whose window opens soon: what every test about booking begins with.

Dr Lindqvist sees patients on weekdays from nine to noon in Paris (08:00 to 11:00 UTC in winter), half an hour each. The clock
stands at Monday 23 November 2026; the follow-up opens on 1 December and closes on 1 March.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time

from clinic.accounts import User
from clinic.audit import Actor
from clinic.patients.models import Patient
from clinic.practice.models import Clinic, Practitioner
from clinic.scheduling.models import VisitKind
from clinic.scheduling.services import book
from clinic.treatments.models import FollowUp
from tests.factories import (
    NOW,
    AvailabilityFactory,
    ClinicFactory,
    ConditionFactory,
    FollowUpFactory,
    InjectionSessionFactory,
    PatientFactory,
    PractitionerFactory,
    VisitKindFactory,
    member,
)

OPENS, CLOSES = date(2026, 12, 1), date(2027, 3, 1)
WEEKDAYS = range(5)


def at(day, hour, minute=0, month=12, year=2026):
    """A moment in UTC, by default in December 2026."""
    return datetime(year, month, day, hour, minute, tzinfo=UTC)


#: Times that the practitioner's hours offer.
TUESDAY_9, TUESDAY_930, WEDNESDAY_9 = at(1, 8), at(1, 8, 30), at(2, 8)


@dataclass
class Agenda:
    """One clinic, one practitioner with hours, one patient with an open follow-up."""

    clinic: Clinic
    practitioner: Practitioner
    kind: VisitKind
    patient: Patient
    follow_up: FollowUp
    clerk: User

    @property
    def staff(self) -> Actor:
        return Actor.of_user(self.clerk)

    def book(self, starts_at=TUESDAY_9, *, by=None, follow_up=None, **changed):
        """Book for the follow-up, by staff unless the test says otherwise."""
        follow_up = follow_up or self.follow_up
        given = {
            "by": by or self.staff,
            "patient": follow_up.patient,
            "practitioner": self.practitioner,
            "clinic": self.clinic,
            "kind": self.kind,
            "starts_at": starts_at,
            "follow_up": follow_up,
            "window_reason": "the clinic is full",
            "now": NOW,
        }
        return book(**given | changed)

    def another_follow_up(self, **patient):
        """The open follow-up of another patient of the same practitioner."""
        return follow_up_of(PatientFactory(clinic=self.clinic, **patient), self.practitioner)


def follow_up_of(patient, practitioner, **changed):
    """An open follow-up of a treatment that `practitioner` gave, each of a patient for another condition."""
    side = ("RIGHT", "LEFT", "BOTH")[patient.conditions.count()]
    session = InjectionSessionFactory(
        condition=ConditionFactory(patient=patient, side=side),
        clinic=patient.clinic,
        practitioner=practitioner,
        performed_on=date(2026, 9, 1),
    )
    return FollowUpFactory(session=session, **changed)


def with_hours(clinic, name="Dr Lindqvist", weekdays=WEEKDAYS, starts=time(9), ends=time(12)):
    """A practitioner who sees patients on these weekdays."""
    practitioner = PractitionerFactory(name=name, clinics=[clinic])
    for weekday in weekdays:
        AvailabilityFactory(clinic=clinic, practitioner=practitioner, weekday=weekday, starts=starts, ends=ends)
    return practitioner


def make_agenda(*, given_name="Ines", buffer_minutes=0, weekdays=WEEKDAYS, **clinic):
    """The agenda described above."""
    clinic = ClinicFactory(**clinic)
    practitioner = with_hours(clinic, weekdays=weekdays)
    patient = PatientFactory(clinic=clinic, given_name=given_name)
    return Agenda(
        clinic,
        practitioner,
        VisitKindFactory(clinic=clinic, minutes=30, buffer_minutes=buffer_minutes),
        patient,
        follow_up_of(patient, practitioner),
        member("FRONT_DESK", clinic),
    )
