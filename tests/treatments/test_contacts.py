"""What follows from how a contact went: nobody is lost between a call and the next."""

from datetime import date, timedelta

import pytest
from django.db import IntegrityError, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from clinic.audit import Actor
from clinic.care.stages import Stage
from clinic.care.worklist import counts, with_stage
from clinic.patients.models import StaffTask
from clinic.patients.services import clear_hold, set_hold
from clinic.treatments.models import ContactAttempt, DeclineReason, FollowUp
from clinic.treatments.services import FollowUpRefused, assign_follow_up, log_contact, snooze, stop, wake
from tests.factories import (
    NOW,
    TODAY,
    ClinicFactory,
    ContactAttemptFactory,
    FollowUpFactory,
    UserFactory,
    member,
)

pytestmark = pytest.mark.django_db
FRIDAY = date(2026, 11, 27)


@pytest.fixture
def by():
    return Actor.of_user(UserFactory())


@pytest.fixture
def follow_up():
    return FollowUpFactory(opens_on=TODAY - timedelta(days=20), closes_on=TODAY + timedelta(days=70))


def log(by, follow_up, outcome, **more):
    return log_contact(by=by, follow_up=follow_up, channel="PHONE", outcome=outcome, now=NOW, **{"note": "", **more})


def stage_on(follow_up, day):
    return with_stage(FollowUp.objects.filter(pk=follow_up.pk), day).values_list("stage", flat=True).get()


def test_who_will_call_back_rests_until_that_day_and_is_on_somebody_s_list_then(by, follow_up):
    attempt = log(by, follow_up, "WILL_CALL_BACK", call_back_on=FRIDAY)

    task = StaffTask.objects.get()
    assert (task.kind, task.due_on, task.patient) == ("PHONE_BACK", FRIDAY, follow_up.patient)
    assert attempt.call_back_on == FRIDAY
    assert stage_on(follow_up, FRIDAY - timedelta(days=1)) == Stage.ON_HOLD
    assert stage_on(follow_up, FRIDAY) == Stage.OPEN


def test_who_calls_back_today_is_not_laid_aside(by, follow_up):
    log(by, follow_up, "WILL_CALL_BACK", call_back_on=TODAY)
    assert StaffTask.objects.get().due_on == TODAY
    assert stage_on(follow_up, TODAY) == Stage.OPEN


def test_a_longer_rest_stays_as_long_as_it_was(by, follow_up):
    snooze(by=by, follow_up=follow_up, until=FRIDAY + timedelta(days=9), note="abroad", now=NOW)
    log(by, follow_up, "WILL_CALL_BACK", call_back_on=FRIDAY)
    follow_up.refresh_from_db()
    assert (follow_up.snoozed_until, follow_up.snooze_note) == (FRIDAY + timedelta(days=9), "abroad")


def test_a_wrong_number_raises_one_task_to_find_the_right_one(by, follow_up):
    log(by, follow_up, "WRONG_NUMBER")
    log(by, follow_up, "WRONG_NUMBER")
    task = StaffTask.objects.get()
    assert (task.kind, task.due_on) == ("FIND_NUMBER", TODAY)
    StaffTask.objects.update(done_at=NOW, outcome="found")
    log(by, follow_up, "WRONG_NUMBER")
    assert StaffTask.objects.filter(done_at=None).count() == 1


def test_who_declines_says_why_and_stays_on_the_list_unless_it_ends(by, follow_up):
    log(by, follow_up, "DECLINED", declined_why="LATER")
    assert stage_on(follow_up, TODAY) == Stage.OPEN

    log(by, follow_up, "DECLINED", declined_why="TOO_FAR", note="no bus", ends=True)

    follow_up.refresh_from_db()
    assert (follow_up.state, follow_up.stop_reason, follow_up.stop_note) == (
        "STOPPED", "PATIENT_DECLINED", "the way is too far: no bus",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("outcome", "more", "field"),
    [
        ("WILL_CALL_BACK", {}, "call_back_on"),
        ("WILL_CALL_BACK", {"call_back_on": TODAY - timedelta(days=1)}, "call_back_on"),
        ("WILL_CALL_BACK", {"call_back_on": TODAY + timedelta(days=400)}, "call_back_on"),
        ("DECLINED", {}, "declined_why"),
        ("DECLINED", {"declined_why": "MOOD"}, "declined_why"),
        ("DECLINED", {"declined_why": "OTHER"}, "note"),
    ],
)
def test_what_is_missing_is_named_and_nothing_is_kept(by, follow_up, outcome, more, field):
    with pytest.raises(FollowUpRefused) as refused:
        log(by, follow_up, outcome, **more)
    assert refused.value.field == field
    assert not ContactAttempt.objects.exists()
    assert not StaffTask.objects.exists()


def test_a_day_and_a_reason_are_kept_only_with_the_outcome_they_belong_to(by, follow_up):
    attempt = log(by, follow_up, "REACHED", call_back_on=FRIDAY, declined_why="LATER", ends=True)
    assert (attempt.call_back_on, attempt.declined_why) == (None, "")
    assert stage_on(follow_up, TODAY) == Stage.OPEN
    for wrong in ({"call_back_on": FRIDAY}, {"declined_why": DeclineReason.LATER}):
        with pytest.raises(IntegrityError), transaction.atomic():
            ContactAttemptFactory(follow_up=follow_up, outcome="REACHED", **wrong)


def test_a_follow_up_that_has_ended_is_not_laid_aside_by_a_late_call(by):
    ended = FollowUpFactory(state="STOPPED")
    log(by, ended, "WILL_CALL_BACK", call_back_on=FRIDAY)
    ended.refresh_from_db()
    assert ended.snoozed_until is None


def test_only_who_works_at_the_clinic_is_given_a_follow_up(by, follow_up):
    here = follow_up.patient.clinic
    desk = member("FRONT_DESK", clinic=here)
    gone = member("FRONT_DESK", clinic=here, is_active=False)
    for nobody in (member("REVIEWER", clinic=here), member("FRONT_DESK"), gone):
        with pytest.raises(FollowUpRefused) as refused:
            assign_follow_up(by=by, follow_up=follow_up, assignee=nobody, now=NOW)
        assert refused.value.field == "assignee"
    assign_follow_up(by=by, follow_up=follow_up, assignee=desk, now=NOW)
    follow_up.refresh_from_db()
    assert follow_up.assignee == desk
    stop(by=by, follow_up=follow_up, reason="MOVED_AWAY", note="", now=NOW)
    with pytest.raises(FollowUpRefused, match="ended meanwhile"):
        assign_follow_up(by=by, follow_up=follow_up, assignee=None, now=NOW)


# -- nobody leaves the list without treatment or a reason ---------------------------------------------------------------

days = st.integers(0, 40).map(lambda number: TODAY + timedelta(days=number))
acts = st.lists(
    st.one_of(
        st.tuples(st.just("contact"), st.sampled_from(["REACHED", "NO_ANSWER", "VOICEMAIL", "WRONG_NUMBER"])),
        st.tuples(st.just("call back"), days),
        st.tuples(st.just("decline"), st.booleans()),
        st.tuples(st.just("snooze"), days),
        st.tuples(st.just("wake"), st.none()),
        st.tuples(st.just("hold"), days),
        st.tuples(st.just("assign"), st.booleans()),
        st.tuples(st.just("stop"), st.none()),
    ),
    max_size=8,
)


class TestNobodyIsLost(TestCase):
    @classmethod
    def setUpTestData(cls):
        cls.clinic = ClinicFactory()
        cls.desk = member("FRONT_DESK", clinic=cls.clinic)

    def act(self, by, follow_up, what, value):
        if what == "contact":
            log(by, follow_up, value)
        elif what == "call back":
            log(by, follow_up, "WILL_CALL_BACK", call_back_on=value)
        elif what == "decline":
            log(by, follow_up, "DECLINED", declined_why="WELL", ends=value)
        elif what == "snooze":
            snooze(by=by, follow_up=follow_up, until=value, note="x", now=NOW)
        elif what == "wake":
            wake(by=by, follow_up=follow_up, now=NOW)
        elif what == "hold":
            hold = set_hold(by=by, patient=follow_up.patient, reason="AWAY", review_on=value, now=NOW)
            if value.day % 2:
                clear_hold(by=by, hold=hold, now=NOW)
        elif what == "assign":
            assign_follow_up(by=by, follow_up=follow_up, assignee=self.desk if value else None, now=NOW)
        else:
            stop(by=by, follow_up=follow_up, reason="MOVED_AWAY", note="", now=NOW)

    @settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(acts=acts, looked_on=st.integers(0, 120))
    def test_whatever_staff_do_a_follow_up_stands_in_one_stage_or_has_ended_with_a_reason(self, acts, looked_on):
        follow_up = FollowUpFactory(
            patient__clinic=self.clinic, opens_on=TODAY - timedelta(days=20), closes_on=TODAY + timedelta(days=30)
        )
        by = Actor.of_user(self.desk)
        for what, value in acts:
            try:
                self.act(by, follow_up, what, value)
            except FollowUpRefused:
                continue
        mine = FollowUp.objects.filter(pk=follow_up.pk)
        for ahead in (0, looked_on):
            assert sum(counts(mine, TODAY + timedelta(days=ahead), today=TODAY).values()) == 1
        stands = mine.get()
        assert stands.is_active or stands.stop_reason
        if stands.is_active:
            # Whoever rests does so until a day, and is back on it; a promise to call back has its task.
            back_on = max(stands.snoozed_until or TODAY, TODAY)
            if not stands.patient.holds.filter(cleared_at=None).exists():
                assert stage_on(stands, back_on) in (Stage.OPEN, Stage.CLOSING, Stage.OVERDUE)
        promised = stands.contact_attempts.exclude(call_back_on=None).count()
        assert StaffTask.objects.filter(patient=stands.patient, kind="PHONE_BACK").count() == promised
