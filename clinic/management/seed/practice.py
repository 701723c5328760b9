"""The two invented clinics: their people, hours and closed days."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cache
from random import Random

from django.contrib.auth.hashers import make_password

from clinic.accounts import User
from clinic.audit import Actor
from clinic.management.seed.diary import Diary
from clinic.practice.models import Clinic, Membership, Practitioner, Role
from clinic.reminders.plans import ensure_plan
from clinic.scheduling.models import Availability, Closure, VisitKind
from clinic.toxins.models import LabelRule
from clinic.toxins.services import verify_rule
from clinic.treatments.models import WindowPolicy

PASSWORD = "quiet-harbour-hill"  # noqa: S105 - printed for everybody: of an invented clinic
#: The accounts of the demonstration, and what each is for.
ACCOUNTS = (
    ("desk.harbour@clinic.example", "front desk, Harbour clinic"),
    ("doctor.harbour@clinic.example", "clinician, Harbour clinic"),
    ("admin.harbour@clinic.example", "administrator, Harbour clinic; also Django's admin"),
    ("reviewer@clinic.example", "side-effect reviewer at both clinics"),
    ("desk.hill@clinic.example", "front desk, Hill clinic"),
    ("doctor.hill@clinic.example", "clinician, Hill clinic"),
    ("admin.hill@clinic.example", "administrator, Hill clinic"),
)
_NAMES = {
    "desk.harbour": "Tilda Hargreave",
    "doctor.harbour": "Dr Eluned Marchbanks",
    "admin.harbour": "Rowan Castellane",
    "reviewer": "Dr Ottoline Vance",
    "desk.hill": "Marlon Eastbrook",
    "doctor.hill": "Dr Isadora Quill",
    "admin.hill": "Perrin Aldous",
}
_ROLES = {"desk": Role.FRONT_DESK, "doctor": Role.CLINICIAN, "admin": Role.ADMIN}
_MORNING, _AFTERNOON = (time(9), time(12)), (time(13), time(16, 30))


@dataclass(frozen=True)
class Place:
    """One clinic with everybody who acts in its stories."""

    clinic: Clinic
    desk: Actor
    doctor: Actor
    admin: Actor
    reviewer: Actor
    practitioners: tuple[Practitioner, ...]
    kind: VisitKind
    diary: Diary
    #: Products in use here with their weights, by code.
    products: dict[str, int]
    #: Telephone numbers of a range kept for fiction, with a place for three digits.
    phone: str

    def today(self, now: datetime) -> date:
        """The clinic's date at `now`."""
        return now.astimezone(self.clinic.zone).date()

    def office_time(self, day: date, rng: Random) -> datetime:
        """Some minute between nine and five on `day`, or on the next weekday after it."""
        while day.weekday() > 4:
            day += timedelta(days=1)
        return datetime.combine(day, time(rng.randint(9, 16), rng.randint(0, 59)), tzinfo=self.clinic.zone)


def open_clinics(now: datetime) -> tuple[Place, Place]:
    """Make both clinics with their people, hours, policy and plan, as they were when the two years began.

    Letters go in civil hours only; `let_letters_go_at_any_hour` ends that for the demonstration's present.
    """
    reviewer = _account("reviewer@clinic.example")
    harbour = Clinic(
        name="Harbour clinic",
        sender_name="Harbour clinic",
        phone="020 7946 0147",
        emergency_text="In an emergency call 999.",
        emergency_texts={"de": "Wählen Sie im Notfall die 999.", "es": "En una urgencia, llame al 999."},
        emergency_number="999",
        address="4 Quay Street, Harbourside",
        time_zone="Europe/London",
        jurisdiction="UK",
        country="GB",
        region="ENG",
        reply_to="desk.harbour@clinic.example",
    )
    hill = Clinic(
        name="Hill clinic",
        sender_name="Hill clinic",
        phone="+1 212 555 0123",
        emergency_text="In an emergency call 911.",
        emergency_texts={"de": "Wählen Sie im Notfall die 911.", "es": "En una urgencia, llame al 911."},
        emergency_number="911",
        address="210 Hill Road, Upper Hill",
        time_zone="America/New_York",
        jurisdiction="US",
        country="US",
        region="NY",
        reply_to="desk.hill@clinic.example",
    )
    return (
        _open(
            harbour, "harbour", reviewer, "Dr Casimir Holloway", {"ONABOT": 50, "ABOBOT": 32, "INCOBOT": 18},
            "07700 900{:03}", now,
        ),
        _open(hill, "hill", reviewer, "Dr Thora Winterbourne", {"ONABOT": 78, "INCOBOT": 22}, "+1 212 555 0{:03}", now),
    )  # fmt: skip


def let_letters_go_at_any_hour() -> None:
    """Whoever tries the demonstration sees mail within minutes, at night and on Sundays too."""
    Clinic.objects.update(sending_from=time(0), sending_until=time(23, 59), sending_weekdays=list(range(7)))


def _open(clinic: Clinic, place: str, reviewer: User, second: str, products: dict[str, int], phone: str, now: datetime) -> Place:
    clinic.save()
    began_on = now.astimezone(clinic.zone).date() - timedelta(days=3 * 365)
    people = {what: _account(f"{what}.{place}@clinic.example") for what in _ROLES}
    Membership.objects.create(user=reviewer, clinic=clinic, role=Role.REVIEWER)
    for what, user in people.items():
        Membership.objects.create(user=user, clinic=clinic, role=_ROLES[what])
    first = Practitioner.objects.create(name=people["doctor"].name, user=people["doctor"])
    practitioners = (first, Practitioner.objects.create(name=second))
    weekdays = ((0, 1, 2, 3), (1, 2, 4))
    hours = []
    for practitioner, days in zip(practitioners, weekdays, strict=True):
        practitioner.clinics.add(clinic)
        hours += [
            Availability(practitioner=practitioner, clinic=clinic, weekday=day, starts=starts, ends=ends, valid_from=began_on)
            for day in days
            for starts, ends in ((_MORNING, _AFTERNOON) if day != 4 else (_MORNING,))
        ]
    Availability.objects.bulk_create(hours)
    closures = Closure.objects.bulk_create(_closures(clinic, practitioners, range(began_on.year, now.year + 6)))
    kind = VisitKind.objects.create(clinic=clinic, code="TREATMENT", name="Visit", minutes=30)
    VisitKind.objects.create(clinic=clinic, code="CHECK", name="Short check", minutes=15)
    WindowPolicy.objects.create(clinic=clinic)
    ensure_plan(clinic, now - timedelta(days=3 * 365))
    return Place(
        clinic=clinic,
        desk=Actor.of_user(people["desk"]),
        doctor=Actor.of_user(people["doctor"]),
        admin=Actor.of_user(people["admin"]),
        reviewer=Actor.of_user(reviewer),
        practitioners=practitioners,
        kind=kind,
        diary=Diary(clinic.zone, kind.minutes, hours, closures),
        products=products,
        phone=phone,
    )


def _account(email: str) -> User:
    upkeep = email == "admin.harbour@clinic.example"
    user = User.objects.create_user(email, name=_NAMES[email.partition("@")[0]], is_staff=upkeep, is_superuser=upkeep)
    User.objects.filter(pk=user.pk).update(password=_hashed())
    return user


@cache
def _hashed() -> str:
    """Hashing is slow on purpose: the one password of all is hashed once."""
    return make_password(PASSWORD)


def _closures(clinic: Clinic, practitioners: tuple[Practitioner, ...], years: range) -> list[Closure]:
    closures = []
    for year in years:
        closures.append(Closure(clinic=clinic, from_on=date(year, 12, 24), until_on=date(year + 1, 1, 1), reason="Winter break"))
        for at, practitioner in enumerate(practitioners):
            starts = date(year, 7, 6 + 14 * at)
            closures.append(
                Closure(
                    clinic=clinic,
                    practitioner=practitioner,
                    from_on=starts,
                    until_on=starts + timedelta(days=11),
                    reason="Holiday",
                )
            )
    return closures


def verify_some_rules(place: Place, at: datetime) -> Generator[datetime, None, None]:
    """At `at` somebody compares the intervals for hemifacial spasm with the current label; the rest is still to do."""
    yield at
    rules = LabelRule.objects.filter(
        jurisdiction=place.clinic.jurisdiction, indication__code="HFS", scope="INTERVAL", from_general_knowledge=False
    )
    for rule in rules:
        verify_rule(by=place.doctor, rule=rule, clinic=place.clinic, now=at)
