"""A patient's story, let happen through the services: registered, booked, treated, written to, and where it stands today."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from random import Random

from clinic.audit import Action, Actor, record
from clinic.care.services import complete_visit
from clinic.management.seed import schemes, side_effects
from clinic.management.seed.checks import answers_of, go_on
from clinic.management.seed.courses import Course, Treatment
from clinic.management.seed.doses import reactions
from clinic.management.seed.endings import away, end
from clinic.management.seed.practice import Place
from clinic.management.seed.stock import Stock
from clinic.patients.models import Condition, ConsentPurpose, Patient, StaffTask
from clinic.patients.services import add_condition, create_patient, finish_task, record_signed_leaflet, suggested_code_for
from clinic.practice.models import Practitioner
from clinic.scheduling.models import Appointment
from clinic.scheduling.services import book, cancel, mark_missed
from clinic.toxins.models import Indication, Product, Site
from clinic.treatments.models import FollowUp, InjectionSession
from clinic.treatments.services import Point, note_given_elsewhere

Story = Generator[datetime, None, None]
_GRADES = {1: "I", 2: "II", 3: "III", 4: "IV"}
_CAUSES = ("vascular loop (MRI)", "vascular loop (MRI)", "", "", "after facial palsy")
_NOTES = (
    "",
    "",
    "Well until two weeks ago, then twitching around the eye again.",
    "Happy with the last treatment. Same points.",
    "Twitching of the cheek came back first.",
    "Tolerated well.",
)

_NOTES_ELSEWHERE = ("", "", "", "Happy with the last treatment. Same points.", "", "Tolerated well.")


@dataclass(frozen=True)
class Scene:
    """What every story of a clinic shares."""

    place: Place
    stock: Stock
    indications: Mapping[str, Indication]
    sites: Mapping[str, Site]
    now: datetime
    #: Lets another story begin beside this one.
    begin: Callable[[Story], None]
    #: The next letter to this patient ends in doubt or is refused.
    expect_trouble: Callable[[Patient, str], None]


class Life:
    """One patient of the demonstration."""

    def __init__(self, course: Course, scene: Scene) -> None:
        self.course = course
        self.scene = scene
        self.place = scene.place
        self.rng = course.rng
        #: Not a face: another scheme of points, other side effects.
        self.is_scheme = course.indication in schemes.INDICATIONS
        self.practitioner: Practitioner = self.place.practitioners[course.number % len(self.place.practitioners)]

    def story(self) -> Story:
        """Yield when the story goes on; after each, let the next piece of it happen."""
        at = self.place.office_time(self.course.registered_on, self.rng)
        yield at
        patient = self._register(at)
        condition = self._condition(patient, at)
        self._came_from_elsewhere(patient, at)
        session: InjectionSession | None = None
        for treatment in self.course.treatments:
            starts_at, appointment = yield from self._booking(patient, session, treatment)
            yield starts_at + timedelta(minutes=25)
            self._tell_how_it_went(session, treatment, self.place.today(starts_at))
            session = self._treat(patient, condition, treatment, appointment, starts_at + timedelta(minutes=25))
            self._follow(session)
        if self.course.trouble:
            self.scene.expect_trouble(patient, self.course.trouble)
        yield from end(self, patient, session)

    def _register(self, at: datetime) -> Patient:
        person, course = self.course.person, self.course
        # Some came before the clinic wrote down which leaflet was signed.
        has_leaflet = course.number % 8 != 3
        consents = [] if has_leaflet else [ConsentPurpose.TREATMENT]
        if course.has_email:
            consents += [ConsentPurpose.VISIT, ConsentPurpose.INVITE]
        if course.has_email and self.rng.random() < 0.3:
            consents.append(ConsentPurpose.NEWS)
        patient = create_patient(
            by=self.place.desk,
            clinic=self.place.clinic,
            record_number=f"{self.place.clinic.name[:2].upper()}-{2100 + course.number}",
            given_name=person.given_name,
            family_name=person.family_name,
            born_on=person.born_on,
            email=person.email if course.has_email else "",
            phone=person.phone,
            weight_kg=Decimal(round(self.rng.gauss(70 if person.is_woman else 82, 11))),
            weighed_on=self.place.today(at),
            consents=consents,
            consented_how="on paper at registration",
            now=at,
        )
        if has_leaflet:
            taken_by = str(self.place.doctor.user)
            record_signed_leaflet(
                by=self.place.desk, patient=patient, version="3", signed_on=self.place.today(at), taken_by=taken_by, now=at
            )
        return patient

    def _condition(self, patient: Patient, at: datetime) -> Condition:
        course, indication = self.course, self.scene.indications[self.course.indication]
        is_spasm = indication.code == "HFS"
        return add_condition(
            by=self.place.doctor,
            patient=patient,
            indication=indication,
            side=course.side,
            onset_on=max(course.onset_on, course.person.born_on),
            onset_precision="MONTH",
            cause=self.rng.choice(_CAUSES) if is_spasm else "",
            grade=f"SMC grade {_GRADES[course.grade]}" if is_spasm else "",
            icd10_code=suggested_code_for(indication, course.side),
            now=at + timedelta(minutes=8),
        )

    def _came_from_elsewhere(self, patient: Patient, at: datetime) -> None:
        """Some were treated at another place before they moved here, and bring its letter along."""
        if self.course.number % 24 != 5 or not self.course.treatments:
            return
        first = self.course.treatments[0]
        note_given_elsewhere(
            by=self.place.doctor,
            patient=patient,
            product=Product.objects.get(code=first.product if self.course.number % 48 == 5 else "INCOBOT"),
            units=Decimal(25),
            given_on=first.on - timedelta(days=80),
            place="University hospital of the town before",
            now=at,
        )

    # -- visits -----------------------------------------------------------------------------------------------------------

    def _booking(
        self, patient: Patient, session: InjectionSession | None, treatment: Treatment
    ) -> Generator[datetime, None, tuple[datetime, Appointment]]:
        """Book the visit of a treatment; now and then a first one falls through before it."""
        follow_up = None if session is None else FollowUp.objects.get(session=session)
        lead = self.rng.randint(4, 24) if session is not None else self.rng.randint(3, 6)
        if follow_up is not None and self.rng.random() < 0.09:
            yield from self._falls_through(patient, follow_up, treatment.on - timedelta(days=lead + 4))
        yield (at := self.place.office_time(treatment.on - timedelta(days=lead), self.rng))
        appointment = self.book(patient, follow_up, treatment.on, at)
        return appointment.starts_at, appointment

    def _falls_through(self, patient: Patient, follow_up: FollowUp, on: date) -> Story:
        day = self.place.diary.working_day(self.practitioner.pk, on)
        booked_at = self.place.office_time(day - timedelta(days=12), self.rng)
        yield booked_at
        appointment = self.book(patient, follow_up, day, booked_at)
        if self.rng.random() < 0.55:
            called_at = appointment.starts_at - timedelta(days=2, hours=self.rng.randint(1, 5))
            yield called_at
            cancel(by=self.place.desk, appointment=appointment, reason="the patient cannot come that day", now=called_at)
        else:
            missed_at = appointment.starts_at + timedelta(hours=2)
            yield missed_at
            mark_missed(by=self.place.desk, appointment=appointment, now=missed_at)
        self.place.diary.give_back(self.practitioner.pk, appointment.starts_at)

    def book(
        self, patient: Patient, follow_up: FollowUp | None, on: date, at: datetime, *, later_than: datetime | None = None
    ) -> Appointment:
        """Book a free time on `on`, by the patient's link or by the desk, and let the desk close its tasks about it."""
        starts_at = self.place.diary.take(self.practitioner.pk, on, self.rng, after=later_than or at)
        starts_on = self.place.today(starts_at)
        by_link = self.course.has_email and follow_up is not None and starts_on >= follow_up.opens_on and self.rng.random() < 0.5
        is_early = follow_up is not None and starts_on < follow_up.opens_on
        appointment = book(
            by=Actor.patient() if by_link else self.place.desk,
            patient=patient,
            practitioner=self.practitioner,
            clinic=self.place.clinic,
            kind=self.place.kind,
            starts_at=starts_at,
            follow_up=follow_up,
            window_reason="the effect has worn off" if is_early else "no time was free before",
            now=at,
        )
        self.finish_tasks(patient, "booked a visit", at)
        return appointment

    def finish_tasks(self, patient: Patient, outcome: str, at: datetime) -> None:
        """The desk has done what it had to do about this patient."""
        for task in StaffTask.objects.filter(patient=patient, done_at=None):
            finish_task(by=self.place.desk, task=task, outcome=outcome, now=at)

    # -- treatments -------------------------------------------------------------------------------------------------------

    def _treat(
        self, patient: Patient, condition: Condition, treatment: Treatment, appointment: Appointment, at: datetime
    ) -> InjectionSession:
        record(
            by=self.place.doctor,
            action=Action.VIEWED,
            what=patient,
            patient_public_id=patient.public_id,
            clinic_id=patient.clinic_id,
            now=at - timedelta(minutes=20),
        )
        total = sum((units for _code, _side, units in treatment.points), Decimal(0))
        is_last = treatment is self.course.treatments[-1]
        vials = [self.scene.stock.make_up(treatment.product, total, at)]
        notes = self.rng.choice(_NOTES_ELSEWHERE if self.is_scheme else _NOTES)
        return go_on(
            lambda reasons: complete_visit(
                by=self.place.doctor,
                patient=patient,
                condition=condition,
                practitioner=self.practitioner,
                vials=vials,
                points=[Point(self.scene.sites[code], side, units) for code, side, units in treatment.points],
                performed_on=self.place.today(at),
                own_next_on=self.course.own_next_on if is_last else None,
                notes=notes,
                discard_rest=True,
                appointment=appointment,
                lid_technique="" if self.is_scheme else "PRETARSAL",
                guidance="EMG" if self.course.indication in ("CD", "ULS") else "",
                answers=answers_of(self.course.seed, treatment.on),
                reasons=reasons,
                now=at,
            ),
            Random(f"{self.course.seed} {treatment.on} reasons"),  # noqa: S311 - a story, no secret
        )

    def _tell_how_it_went(self, session: InjectionSession | None, treatment: Treatment, today: date) -> None:
        """At a visit the patient says how long the last treatment worked; many know the day, some do not."""
        if session is None:
            return
        before = self.course.treatments[self.course.treatments.index(treatment) - 1]
        worn_off_on = session.performed_on + timedelta(days=before.days_of_effect)
        known = self.rng.random()
        told: dict[str, date] = {}
        if worn_off_on >= today:
            told = {"last_seen_working_on": today}
        elif known < 0.65:
            told = {"worn_off_on": worn_off_on, "first_seen_worn_off_on": today}
        elif known < 0.88:
            told = {"first_seen_worn_off_on": today}
        if told:
            FollowUp.objects.filter(session=session).update(**told)

    def _follow(self, session: InjectionSession) -> None:
        """What else begins with a treatment: its side effects, now and then a time of absence."""
        treatments = self.course.treatments
        open_as = self.course.open_reaction if session.performed_on >= treatments[-1].on else ""
        drawn = [side_effects.STILL_OPEN[self.course.turn % 3]] if open_as else reactions(self.rng)
        if self.is_scheme:
            drawn = [one for one in drawn if one.term in schemes.REACTIONS[self.course.indication]]
        if self.course.swallowing and session.performed_on < treatments[min(1, len(treatments) - 1)].on:
            drawn.append(side_effects.SWALLOWING)
        for reaction in drawn:
            own = Random(f"{self.course.seed} {session.performed_on} {reaction.term}")  # noqa: S311 - a story, no secret
            self.scene.begin(side_effects.Event(self.place, session, reaction, own, open_as).story())
        if self.rng.random() < 0.03:
            self.scene.begin(away(self, session))
