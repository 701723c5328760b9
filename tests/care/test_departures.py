"""A patient dies or leaves: nothing more is planned, sent or phoned about."""

from datetime import timedelta

import pytest

from clinic import links
from clinic.audit import Actor, AuditEvent
from clinic.care.death import record_death, take_back_death
from clinic.care.discharge import discharge
from clinic.patients.models import Patient, StaffTask
from clinic.patients.services import Refused
from clinic.scheduling.models import Appointment, AppointmentChange
from clinic.treatments.models import FollowUp
from tests.factories import (
    NOW,
    AppointmentFactory,
    ConditionFactory,
    FollowUpFactory,
    InjectionSessionFactory,
    PatientFactory,
    StaffTaskFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db

LATER = NOW + timedelta(hours=1)


@pytest.fixture
def by():
    return Actor.of_user(UserFactory())


@pytest.fixture
def booked():
    """A patient with a visit for their follow-up, a link to it and a task about them."""
    follow_up = FollowUpFactory()
    AppointmentFactory(follow_up=follow_up)
    StaffTaskFactory(patient=follow_up.patient)
    return follow_up.patient


class TestDeath:
    def test_everything_planned_for_the_patient_ends(self, booked, by):
        token = links.mint(purpose="BOOK", patient=booked, follow_up=FollowUp.objects.get(), now=NOW)

        record_death(by=by, patient=booked, now=NOW)

        assert Patient.objects.get().status == "DECEASED"
        follow_up = FollowUp.objects.get()
        assert (follow_up.state, follow_up.stop_reason, follow_up.ended_at) == ("STOPPED", "DECEASED", NOW)
        assert Appointment.objects.get().state == "CANCELLED"
        assert StaffTask.objects.get().outcome == "the patient died"
        with pytest.raises(links.LinkRefused):
            links.open_link(token, now=LATER)

    def test_no_letter_tells_of_the_cancelled_visit(self, booked, by):
        record_death(by=by, patient=booked, now=NOW)

        assert AppointmentChange.objects.get(kind="CANCELLED").with_letter is False

    def test_each_thing_that_ends_is_audited(self, booked, by):
        record_death(by=by, patient=booked, now=NOW)

        ended = AuditEvent.objects.exclude(fields=[]).values_list("what", flat=True)
        assert sorted(ended) == ["Appointment", "FollowUp", "Patient", "StaffTask"]

    def test_what_others_have_planned_stays(self, booked, by):
        other = FollowUpFactory()

        record_death(by=by, patient=booked, now=NOW)

        other.refresh_from_db()
        assert other.state == "ACTIVE"

    def test_second_time_changes_nothing(self, booked, by):
        record_death(by=by, patient=booked, now=NOW)
        count = AuditEvent.objects.count()

        record_death(by=by, patient=booked, now=LATER)

        assert AuditEvent.objects.count() == count

    def test_past_visits_stay_as_they_are(self, by):
        missed = AppointmentFactory(state="MISSED")

        record_death(by=by, patient=missed.patient, now=NOW)

        missed.refresh_from_db()
        assert missed.state == "MISSED"


class TestTakenBack:
    def test_patient_is_followed_up_again(self, booked, by):
        record_death(by=by, patient=booked, now=NOW)

        take_back_death(by=by, patient=booked, now=LATER)

        booked.refresh_from_db()
        assert (booked.status, booked.next_check_at) == ("ACTIVE", LATER)
        assert FollowUp.objects.get().state == "ACTIVE"
        assert Appointment.objects.get().state == "CANCELLED"

    def test_follow_up_stopped_for_another_reason_stays_stopped(self, by):
        stopped = FollowUpFactory(state="STOPPED", stop_reason="MOVED_AWAY")
        record_death(by=by, patient=stopped.patient, now=NOW)

        take_back_death(by=by, patient=stopped.patient, now=LATER)

        stopped.refresh_from_db()
        assert stopped.state == "STOPPED"

    def test_only_the_newest_follow_up_of_a_condition_runs_again(self, by):
        condition = ConditionFactory()
        old = FollowUpFactory(
            session=InjectionSessionFactory(condition=condition, performed_on=NOW.date() - timedelta(days=400)),
            state="STOPPED",
            stop_reason="DECEASED",
        )
        new = FollowUpFactory(session=InjectionSessionFactory(condition=condition))
        record_death(by=by, patient=condition.patient, now=NOW)

        take_back_death(by=by, patient=condition.patient, now=LATER)

        assert list(FollowUp.objects.filter(state="ACTIVE")) == [new]
        old.refresh_from_db()
        assert old.state == "STOPPED"

    def test_living_patient_stays_as_they_are(self, booked, by):
        take_back_death(by=by, patient=booked, now=LATER)

        assert not AuditEvent.objects.exists()


class TestDischarge:
    def test_follow_ups_stop_for_the_reason(self, by):
        follow_up = FollowUpFactory()

        discharge(by=by, patient=follow_up.patient, reason="MOVED_AWAY", now=NOW)

        follow_up.refresh_from_db()
        assert (follow_up.state, follow_up.stop_reason) == ("STOPPED", "MOVED_AWAY")
        assert Patient.objects.get().status == "DISCHARGED"

    def test_patient_who_is_expected_is_talked_to_first(self, booked, by):
        with pytest.raises(Refused) as refused:
            discharge(by=by, patient=booked, reason="MOVED_AWAY", now=NOW)

        assert "7 Dec 2026, 10:00" in refused.value.problems[0].message
        assert Patient.objects.get().status == "ACTIVE"
        assert FollowUp.objects.get().state == "ACTIVE"

    @pytest.mark.parametrize(
        ("field", "reason"), [("reason", "DECEASED"), ("reason", "NONSENSE"), ("reason", ""), ("note", "OTHER")]
    )
    def test_reason_is_asked_for(self, by, field, reason):
        follow_up = FollowUpFactory()

        with pytest.raises(Refused) as refused:
            discharge(by=by, patient=follow_up.patient, reason=reason, now=NOW)

        assert refused.value.problems[0].field == field
        assert Patient.objects.get().status == "ACTIVE"

    def test_patient_who_has_died_is_not_discharged(self, by):
        with pytest.raises(Refused):
            discharge(by=by, patient=PatientFactory(status="DECEASED"), reason="MOVED_AWAY", now=NOW)
