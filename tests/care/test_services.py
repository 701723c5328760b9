"""Completing a visit: everything that follows from a signed treatment, or nothing at all."""

import uuid
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from clinic.audit import Actor, AuditEvent
from clinic.care.services import complete_visit, visits_left_over
from clinic.scheduling.models import Appointment
from clinic.toxins.models import VialState
from clinic.treatments.models import FollowUp, InjectionSession
from clinic.treatments.services import AlreadyRecorded, Point, TreatmentRefused
from tests.factories import (
    ALL_NO,
    NOW,
    TODAY,
    AppointmentFactory,
    ClinicFactory,
    ConditionFactory,
    FollowUpFactory,
    InjectionSessionFactory,
    LabelRuleFactory,
    PatientFactory,
    PractitionerFactory,
    SiteFactory,
    UserFactory,
    VialFactory,
    past_the_checks,
)

pytestmark = pytest.mark.django_db


class Visit:
    """A patient with a right-sided hemifacial spasm, an unopened 100 U vial, a practitioner and a person who signs."""

    def __init__(self, *, follow_up=None, **patient):
        self.condition = follow_up.condition if follow_up else ConditionFactory(patient=PatientFactory(**patient))
        self.patient = self.condition.patient
        self.practitioner = PractitionerFactory(clinics=[self.patient.clinic])
        self.vial = VialFactory(clinic=self.patient.clinic)
        self.by = Actor.of_user(UserFactory())

    def complete(self, *, units=("2.5",), points=None, **changes):
        if points is None:
            points = [Point(SiteFactory(code=f"SITE{n}"), "RIGHT", Decimal(one)) for n, one in enumerate(units)]
        values = {
            "by": self.by,
            "patient": self.patient,
            "condition": self.condition,
            "practitioner": self.practitioner,
            "vials": [self.vial],
            "points": points,
            "answers": ALL_NO,
            "performed_on": TODAY,
            "now": NOW,
        }
        if "reasons" in changes:
            return complete_visit(**(values | changes))
        return past_the_checks(lambda reasons: complete_visit(**(values | changes), reasons=reasons))

    def refusal(self, **changes):
        before = (InjectionSession.objects.count(), FollowUp.objects.filter(state="ACTIVE").count(), AuditEvent.objects.count())
        with pytest.raises(TreatmentRefused) as refused:
            self.complete(**changes)
        after = (InjectionSession.objects.count(), FollowUp.objects.filter(state="ACTIVE").count(), AuditEvent.objects.count())
        assert before == after
        return [problem.field for problem in refused.value.problems]


@pytest.fixture
def visit():
    return Visit()


def test_units_leave_the_vial_which_stays_open(visit):
    visit.complete(units=("2.5", "5"))
    visit.vial.refresh_from_db()
    assert (visit.vial.units_given, visit.vial.units_wasted, visit.vial.state) == (Decimal("7.50"), 0, VialState.OPEN)


def test_rest_of_the_vial_is_discarded_with_a_reason_when_asked(visit):
    session = visit.complete(units=("2.5",), discard_rest=True)
    visit.vial.refresh_from_db()
    use = session.current_version.vial_uses.get()
    assert (visit.vial.units_given, visit.vial.units_wasted, visit.vial.state) == (Decimal("2.50"), Decimal("97.50"), "CLOSED")
    assert (use.units_given, use.units_wasted, use.waste_reason) == (
        Decimal("2.50"),
        Decimal("97.50"),
        "rest of the vial discarded",
    )


def test_vial_used_to_its_last_unit_has_no_rest_to_discard(visit):
    use = visit.complete(units=("100",), discard_rest=True).current_version.vial_uses.get()
    assert (use.units_wasted, use.waste_reason) == (0, "")


def test_first_treatment_opens_a_follow_up_with_its_window(visit):
    LabelRuleFactory(interval_value=16, wording="16 weeks")
    session = visit.complete()
    follow_up = FollowUp.objects.get()
    assert (follow_up.session, follow_up.condition, follow_up.patient) == (session, visit.condition, visit.patient)
    assert (follow_up.state, follow_up.opens_on, follow_up.closes_on) == ("ACTIVE", date(2027, 3, 15), date(2027, 5, 23))


def test_retreatment_ends_the_old_follow_up_and_opens_the_new_one():
    old = FollowUpFactory()
    Visit(follow_up=old).complete(own_next_on=date(2027, 4, 6))
    old.refresh_from_db()
    new = FollowUp.objects.get(state="ACTIVE")
    assert (old.state, old.ended_at) == ("TREATED", NOW)
    assert (new.own_on, new.suggested_from) == (date(2027, 4, 6), date(2027, 4, 6))


def test_follow_up_of_another_condition_is_left_alone():
    visit = Visit()
    other = FollowUpFactory(condition=ConditionFactory(patient=visit.patient, side="LEFT"))
    visit.complete()
    other.refresh_from_db()
    assert other.state == "ACTIVE"


def test_stopped_follow_up_stays_stopped_and_a_new_one_opens():
    stopped = FollowUpFactory(state="STOPPED")
    Visit(follow_up=stopped).complete()
    stopped.refresh_from_db()
    assert stopped.state == "STOPPED"
    assert FollowUp.objects.get(state="ACTIVE").session.performed_on == TODAY


@pytest.mark.parametrize("performed_on", [date(2026, 8, 31), date(2026, 3, 2)])
def test_treatment_entered_after_a_newer_one_moves_no_follow_up(performed_on):
    current = FollowUpFactory(session=InjectionSessionFactory(performed_on=date(2026, 9, 1)))
    session = Visit(follow_up=current).complete(performed_on=performed_on)
    current.refresh_from_db()
    assert (session.state, current.state) == ("SIGNED", "ACTIVE")
    assert not FollowUp.objects.filter(session=session).exists()


def test_older_treatment_does_not_bring_back_a_stopped_follow_up():
    stopped = FollowUpFactory(state="STOPPED", session=InjectionSessionFactory(performed_on=date(2026, 9, 1)))
    Visit(follow_up=stopped).complete(performed_on=date(2026, 3, 2))
    assert not FollowUp.objects.filter(state="ACTIVE").exists()


def test_second_treatment_of_the_same_day_takes_over_the_follow_up():
    first = FollowUpFactory(session=InjectionSessionFactory(performed_on=TODAY))
    session = Visit(follow_up=first).complete()
    first.refresh_from_db()
    assert (first.state, FollowUp.objects.get(state="ACTIVE").session) == ("TREATED", session)


def test_treatment_of_somebody_who_has_died_opens_no_follow_up():
    session = Visit(status="DECEASED").complete(performed_on=date(2026, 11, 2))
    assert session.state == "SIGNED"
    assert not FollowUp.objects.exists()


def test_visit_booked_for_that_day_becomes_treated():
    follow_up = FollowUpFactory()
    booked = AppointmentFactory(follow_up=follow_up, starts_at=NOW, state="ARRIVED")
    Visit(follow_up=follow_up).complete()
    booked.refresh_from_db()
    assert (booked.state, booked.follow_up) == ("TREATED", follow_up)
    assert booked.changes.order_by("-id").first().kind == "TREATED"


def test_visit_booked_for_a_later_day_is_left_to_staff_and_does_not_silence_the_new_follow_up():
    follow_up = FollowUpFactory()
    booked = AppointmentFactory(follow_up=follow_up, starts_at=NOW + timedelta(days=14))
    session = Visit(follow_up=follow_up).complete()
    booked.refresh_from_db()
    assert (booked.state, booked.follow_up) == ("BOOKED", follow_up)
    assert list(visits_left_over(session=session)) == [booked]
    assert not Appointment.objects.filter(follow_up__state="ACTIVE").exists()


def test_visits_of_other_conditions_and_finished_ones_are_not_left_over():
    follow_up = FollowUpFactory()
    AppointmentFactory(follow_up=follow_up, starts_at=NOW - timedelta(days=30), state="MISSED")
    AppointmentFactory(follow_up=FollowUpFactory(state="TREATED"))
    session = Visit(follow_up=follow_up).complete()
    AppointmentFactory(follow_up=FollowUp.objects.get(session=session), starts_at=NOW + timedelta(days=100))
    assert list(visits_left_over(session=session)) == []


def test_visit_given_by_name_becomes_treated_even_without_a_follow_up(visit):
    walk_in = AppointmentFactory(patient=visit.patient, starts_at=NOW)
    visit.complete(appointment=walk_in)
    walk_in.refresh_from_db()
    assert walk_in.state == "TREATED"


@pytest.mark.parametrize("wrong", ["another patient's", "another day's", "cancelled"])
def test_wrong_visit_given_by_name_refuses_everything(visit, wrong):
    appointment = {
        "another patient's": lambda: AppointmentFactory(starts_at=NOW),
        "another day's": lambda: AppointmentFactory(patient=visit.patient, starts_at=NOW + timedelta(days=1)),
        "cancelled": lambda: AppointmentFactory(patient=visit.patient, starts_at=NOW, state="CANCELLED"),
    }[wrong]()
    assert visit.refusal(appointment=appointment) == ["appointment"]
    visit.vial.refresh_from_db()
    assert visit.vial.units_given == 0


def test_refusal_tells_everything_and_writes_nothing():
    follow_up = FollowUpFactory()
    visit = Visit(follow_up=follow_up)
    fields = visit.refusal(units=("60", "50"), performed_on=TODAY + timedelta(days=1), own_next_on=TODAY)
    assert fields == ["performed_on", "vial", "own_next_on"]
    visit.vial.refresh_from_db()
    follow_up.refresh_from_db()
    assert (visit.vial.units_given, visit.vial.state, follow_up.state) == (0, "UNOPENED", "ACTIVE")


@pytest.mark.parametrize("broken", [{"lot__expires_on": TODAY - timedelta(days=1)}, {"lot__state": "QUARANTINED"}])
def test_vial_that_may_not_be_used_refuses_everything(visit, broken):
    assert visit.refusal(vials=[VialFactory(clinic=visit.patient.clinic, **broken)]) == ["vial"]


def test_vial_of_another_clinic_refuses_everything(visit):
    foreign = VialFactory(clinic=ClinicFactory())
    assert visit.refusal(vials=[foreign]) == ["vial"]
    foreign.refresh_from_db()
    assert foreign.units_given == 0


def test_units_are_read_from_the_vial_as_it_is_now_not_as_it_was_loaded(visit):
    visit.complete(units=("60",))
    stale = visit.vial
    assert stale.units_given == 0
    assert visit.refusal(units=("60",), vials=[stale]) == ["vial"]


def test_form_sent_twice_gives_and_opens_once(visit):
    token = uuid.uuid4()
    session = visit.complete(public_id=token)
    with pytest.raises(AlreadyRecorded) as recorded:
        visit.complete(public_id=token)
    visit.vial.refresh_from_db()
    assert recorded.value.session == session
    assert (visit.vial.units_given, FollowUp.objects.count()) == (Decimal("2.50"), 1)


def test_every_change_leaves_its_audit_row():
    follow_up = FollowUpFactory()
    booked = AppointmentFactory(follow_up=follow_up, starts_at=NOW)
    visit = Visit(follow_up=follow_up)
    session = visit.complete()
    events = {(event.action, event.what, event.what_id) for event in AuditEvent.objects.all()}
    new = FollowUp.objects.get(session=session)
    assert {
        ("SIGNED", "InjectionSession", session.public_id),
        ("CHANGED", "Vial", visit.vial.public_id),
        ("CHANGED", "FollowUp", follow_up.public_id),
        ("CREATED", "FollowUp", new.public_id),
        ("CHANGED", "Appointment", booked.public_id),
    } == events
    visit.patient.refresh_from_db()
    assert visit.patient.next_check_at == NOW


@pytest.mark.parametrize("points", [1, 40])
@pytest.mark.parametrize(("booked", "statements"), [(False, 21), (True, 22)])
def test_number_of_statements_does_not_depend_on_the_points(points, booked, statements):
    follow_up = FollowUpFactory()
    if booked:
        AppointmentFactory(follow_up=follow_up, starts_at=NOW)
    visit = Visit(follow_up=follow_up)
    given_points = [Point(SiteFactory(code=f"SITE{number}"), "RIGHT", Decimal(1)) for number in range(points)]
    with CaptureQueriesContext(connection) as captured:
        visit.complete(points=given_points)
    assert len([one for one in captured if "SAVEPOINT" not in one["sql"]]) == statements


amounts = st.decimals("0.01", 60, places=2)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(amounts, st.booleans()), min_size=1, max_size=8))
def test_given_and_discarded_never_exceed_the_label(visit, attempts):
    vial = VialFactory(clinic=visit.patient.clinic)
    taken = Decimal(0)
    for units, discard in attempts:
        try:
            visit.complete(vials=[vial], units=(units,), discard_rest=discard)
        except TreatmentRefused:
            assert taken + units > vial.labelled_units
            continue
        taken = vial.labelled_units if discard else taken + units
        vial.refresh_from_db()
        assert vial.units_given + vial.units_wasted == taken <= vial.labelled_units
        uses = vial.uses.all()
        assert sum(use.units_given for use in uses) == vial.units_given
        assert sum(use.units_wasted for use in uses) == vial.units_wasted
        assert (vial.state == "CLOSED") == (taken == vial.labelled_units)
