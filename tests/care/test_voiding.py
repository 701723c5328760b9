"""A treatment that is void stays readable and counts for nothing: not in follow-ups, vials, visits or letters."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from clinic.audit import AuditEvent
from clinic.patients.models import PatientStatus
from clinic.scheduling.models import AppointmentChange
from clinic.scheduling.services import cancel
from clinic.treatments.models import FollowUp, SessionVoid
from clinic.treatments.services import TreatmentRefused, signed_sessions
from tests.care.amended import Course, state_of, state_of_follow_up
from tests.factories import NOW, AppointmentFactory, FollowUpFactory

pytestmark = pytest.mark.django_db

EARLIER = date(2026, 8, 3)
LATER = NOW + timedelta(days=2)


@pytest.fixture
def course():
    return Course()


def test_void_treatment_keeps_its_version_and_says_who_when_and_why(course):
    session = course.sign("2.5")
    course.void(session, reason=" signed for  the wrong patient ")
    session.refresh_from_db()
    void = SessionVoid.objects.get()
    assert (session.state, session.current_version.total_units) == ("VOID", Decimal("2.50"))
    assert (void.session, void.reason, void.by, void.at) == (session, "signed for the wrong patient", course.by.user, NOW)
    assert list(signed_sessions(condition=course.condition)) == []


@pytest.mark.parametrize(
    ("units", "reason", "field"), [("", "x", "units"), ("EATEN", "x", "units"), ("STILL_IN_VIAL", " ", "reason")]
)
def test_void_needs_a_reason_and_what_became_of_the_units(course, units, reason, field):
    session = course.sign()
    with pytest.raises(TreatmentRefused) as refused:
        course.void(session, units=units, reason=reason)
    session.refresh_from_db()
    assert [problem.field for problem in refused.value.problems] == [field]
    assert (session.state, SessionVoid.objects.count()) == ("SIGNED", 0)


def test_second_time_changes_nothing(course):
    session = course.sign("5")
    course.void(session)
    events = AuditEvent.objects.count()
    course.void(session, units="THROWN_AWAY", reason="again")
    assert (SessionVoid.objects.get().reason, AuditEvent.objects.count()) == ("signed for the wrong patient", events)
    assert state_of(course.vial) == (0, 0, "UNOPENED")


# -- vials --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("discard_rest", [False, True])
def test_units_given_to_another_can_be_recorded_for_the_right_patient_from_the_same_vial(course, discard_rest):
    session = course.sign("60", discard_rest=discard_rest)
    course.void(session, now=LATER)
    right = Course()
    right.vial.delete()
    right.patient, right.clinic = right.patient, course.clinic
    right.patient.clinic = course.clinic
    right.patient.save()
    right.practitioner = course.practitioner
    again = right.sign("60", vial=course.vial, discard_rest=discard_rest, now=LATER)
    assert again.current_version.total_units == Decimal(60)
    assert state_of(course.vial)[:2] == (Decimal(60), Decimal(40) if discard_rest else 0)


def test_vial_that_somebody_else_finished_opens_again_for_the_units_to_be_recorded(course):
    session = course.sign("10")
    course.sign("90")
    course.void(session, now=LATER)
    assert state_of(course.vial) == (Decimal(90), 0, "OPEN")


def test_units_never_taken_out_are_waste_where_the_vial_is_gone(course):
    session = course.sign("10")
    course.sign("90")
    course.void(session, units="STILL_IN_VIAL", now=LATER)
    use = SessionVoid.objects.get().vial_uses.get()
    assert state_of(course.vial) == (Decimal(90), Decimal(10), "CLOSED")
    assert (use.units_returned, use.units_wasted, use.waste_reason) == (0, Decimal(10), "not given after all; the vial was gone")


def test_units_thrown_away_are_booked_as_waste(course):
    session = course.sign("10")
    course.void(session, units="THROWN_AWAY")
    use = SessionVoid.objects.get().vial_uses.get()
    assert state_of(course.vial) == (0, Decimal(10), "OPEN")
    assert (use.units_wasted, use.waste_reason) == (Decimal(10), "drawn up for a treatment that is void")


def test_units_of_an_amended_treatment_are_those_of_its_current_version(course):
    session = course.sign("10")
    course.amend(session, "12.5", vial=course.other_vial)
    course.void(session)
    assert (state_of(course.vial)[0], state_of(course.other_vial)[0]) == (0, 0)


# -- follow-ups ---------------------------------------------------------------------------------------------------------


def test_follow_up_that_the_treatment_opened_ends_and_the_one_it_had_ended_runs_again(course):
    before = course.sign(on=EARLIER, vial=course.other_vial, own_next_on=date(2026, 12, 7))
    wrong = course.sign()
    course.void(wrong)
    running = course.running()
    assert (running.session, running.ended_at, running.own_on) == (before, None, date(2026, 12, 7))
    assert state_of_follow_up(wrong) == "VOID"


def test_only_treatment_leaves_no_follow_up(course):
    course.void(course.sign())
    assert course.running() is None


def test_older_treatment_that_is_void_leaves_the_newer_follow_up_alone(course):
    old = course.sign(on=EARLIER, vial=course.other_vial)
    new = course.sign()
    course.void(old)
    assert (course.running().session, state_of_follow_up(old)) == (new, "VOID")


def test_treatment_entered_late_is_followed_up_when_the_newer_one_is_void(course):
    new = course.sign()
    late = course.sign(on=EARLIER, vial=course.other_vial)
    course.void(new)
    assert (course.running().session, course.running().opens_on) == (late, date(2026, 11, 3))


def test_window_of_a_treatment_amended_while_it_did_not_run_is_computed_anew(course):
    before = course.sign(on=EARLIER, vial=course.other_vial)
    wrong = course.sign()
    course.amend(before, performed_on=EARLIER + timedelta(days=1))
    course.void(wrong)
    assert course.running().opens_on == date(2026, 11, 4)


def test_what_staff_had_stopped_stays_stopped_and_keeps_its_reason(course):
    course.sign(on=EARLIER, vial=course.other_vial)
    wrong = course.sign()
    FollowUp.objects.filter(session=wrong).update(state="STOPPED", stop_reason="PATIENT_DECLINED", ended_at=NOW)
    course.void(wrong)
    stopped = FollowUp.objects.get(session=wrong)
    assert (stopped.state, stopped.stop_reason, course.running()) == ("VOID", "PATIENT_DECLINED", None)


@pytest.mark.parametrize("status", [PatientStatus.DECEASED, PatientStatus.DISCHARGED])
def test_nothing_runs_again_for_who_has_died_or_left(course, status):
    course.sign(on=EARLIER, vial=course.other_vial)
    wrong = course.sign()
    course.patient.status = status
    course.patient.save()
    course.void(wrong)
    assert course.running() is None


# -- visits and traces --------------------------------------------------------------------------------------------------


def arrived_visit(course):
    follow_up = FollowUpFactory(condition=course.condition)
    visit = AppointmentFactory(follow_up=follow_up, starts_at=NOW)
    AppointmentChange.objects.create(appointment=visit, kind="ARRIVED", sequence=1, starts_at=NOW, at=NOW - timedelta(minutes=5))
    return visit


def test_visit_that_was_marked_as_treated_goes_back_without_a_letter(course):
    visit = arrived_visit(course)
    session = course.sign(now=NOW + timedelta(minutes=20))
    course.void(session, now=LATER)
    visit.refresh_from_db()
    last = visit.changes.latest("pk")
    assert (visit.state, visit.follow_up.state) == ("ARRIVED", "ACTIVE")
    assert (last.kind, last.with_letter, last.reason) == ("ARRIVED", False, "the treatment is void")


def test_visit_goes_back_with_the_follow_up_it_was_for(course):
    course.sign(on=EARLIER, vial=course.other_vial)
    visit = AppointmentFactory(follow_up=course.running(), starts_at=NOW)
    session = course.sign()
    assert AppointmentChange.objects.filter(appointment=visit, kind="TREATED").exists()
    course.void(session)
    visit.refresh_from_db()
    assert (visit.state, visit.follow_up) == ("BOOKED", course.running())


def test_void_is_refused_while_another_visit_is_booked_in_the_place_of_that_one(course):
    before = course.sign(on=EARLIER, vial=course.other_vial)
    AppointmentFactory(follow_up=course.running(), starts_at=NOW)
    session = course.sign()
    again = AppointmentFactory(
        follow_up=FollowUp.objects.get(session=before), starts_at=NOW + timedelta(days=7), patient=course.patient
    )
    with pytest.raises(TreatmentRefused) as refused:
        course.void(session)
    assert "Cancel that one first" in refused.value.problems[0].message
    session.refresh_from_db()
    assert (session.state, state_of(course.vial)[0]) == ("SIGNED", Decimal("2.50"))
    cancel(by=course.by, appointment=again, reason="made in error", now=NOW)
    course.void(session)
    session.refresh_from_db()
    assert session.state == "VOID"


def test_void_leaves_its_audit_rows_and_has_the_letters_looked_at_again(course):
    session = course.sign("2.5")
    course.patient.next_check_at = None
    course.patient.save()
    before = AuditEvent.objects.count()
    course.void(session)
    rows = [(row.action, row.what) for row in AuditEvent.objects.order_by("pk")[before:]]
    assert rows == [("CHANGED", "Vial"), ("CHANGED", "FollowUp"), ("VOIDED", "InjectionSession")]
    course.patient.refresh_from_db()
    assert course.patient.next_check_at == NOW
