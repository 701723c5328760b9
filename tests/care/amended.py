"""A treatment that is signed, amended and declared void, in as few words as a test needs."""

from decimal import Decimal

from clinic.audit import Actor
from clinic.care.amending import amend_treatment
from clinic.care.services import complete_visit
from clinic.care.voiding import void_treatment
from clinic.treatments.models import FollowUp
from clinic.treatments.services import Draw, Point, total_of
from tests.factories import (
    ALL_NO,
    NOW,
    TODAY,
    ConditionFactory,
    PractitionerFactory,
    SiteFactory,
    UserFactory,
    VialFactory,
    past_the_checks,
)


class Course:
    """A patient with a right-sided hemifacial spasm, two vials of 100 U, a practitioner and a person who signs."""

    def __init__(self, **patient):
        self.condition = ConditionFactory(**{f"patient__{name}": value for name, value in patient.items()})
        self.patient = self.condition.patient
        self.clinic = self.patient.clinic
        self.practitioner = PractitionerFactory(clinics=[self.clinic])
        self.vial, self.other_vial = (VialFactory(clinic=self.clinic) for _each in range(2))
        self.by = Actor.of_user(UserFactory(name="Dr Amender"))

    def sign(self, *units, on=TODAY, vial=None, **more):
        values = {
            "by": self.by,
            "patient": self.patient,
            "condition": self.condition,
            "practitioner": self.practitioner,
            "vials": [vial or self.vial],
            "points": points(*(units or ("2.5",))),
            "performed_on": on,
            "answers": ALL_NO,
            "now": NOW,
        }
        return past_the_checks(lambda reasons: complete_visit(**(values | more), reasons=reasons))

    def amend(self, session, *units, vial=None, **changes):
        """Amend; what is not given stays as it is on record."""
        session.refresh_from_db()
        version = session.current_version
        said = changes.pop("points", None) or (points(*units) if units else points_of(version))
        vial = vial or version.vial_uses.order_by("-units_given").first().vial
        running = FollowUp.objects.filter(session=session).first()
        values = {
            "by": self.by,
            "session": session,
            "expected_version": version.number,
            "practitioner": session.practitioner,
            "points": said,
            "draws": [Draw(vial, total_of(said))],
            "performed_on": session.performed_on,
            "own_next_on": running.own_on if running else None,
            "notes": version.notes,
            "guidance": version.guidance,
            "lid_technique": version.lid_technique,
            "reason": "a slip of the pen",
            "now": NOW,
        }
        return amend_treatment(**(values | changes))

    def void(self, session, units="GIVEN_TO_ANOTHER", reason="signed for the wrong patient", now=NOW):
        return void_treatment(by=self.by, session=session, units=units, reason=reason, now=now)

    def running(self):
        return FollowUp.objects.filter(condition=self.condition, state="ACTIVE").first()


def points(*units):
    """Points on the right, each in a muscle of its own."""
    return [Point(SiteFactory(code=f"SITE{number}"), "RIGHT", Decimal(one)) for number, one in enumerate(units)]


def points_of(version):
    return [
        Point(one.site, one.side, one.units, label=one.point)
        for one in version.injections.select_related("site").order_by("order")
    ]


def state_of(vial):
    """(given, thrown away, state) as stored."""
    vial.refresh_from_db()
    return vial.units_given, vial.units_wasted, vial.state


def state_of_follow_up(session):
    return FollowUp.objects.filter(session=session).values_list("state", flat=True).first()
