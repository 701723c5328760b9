"""The stage of a follow-up, and the lines of the worklist."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from clinic.care.stages import NEAR, Stage, StageFacts, stage_of
from clinic.care.worklist import LISTED_STAGES, ORDER, Entry, counts, entries, first_entries, in_stage, with_stage
from clinic.scheduling.models import UNCLEAR_AFTER
from clinic.treatments.models import FollowUp
from tests.factories import (
    TODAY,
    AppointmentFactory,
    ClinicFactory,
    ConditionFactory,
    ContactAttemptFactory,
    FollowUpFactory,
    HoldFactory,
    InjectionSessionFactory,
    MessageFactory,
    PatientFactory,
    PractitionerFactory,
    UserFactory,
    VisitKindFactory,
)

OPENS, CLOSES = date(2026, 12, 1), date(2027, 3, 1)
VISIT_ON = date(2026, 12, 1)


def facts(**changed):
    usual = {
        "is_stopped": False, "is_booked": False, "is_held": False, "snoozed_until": None, "opens_on": OPENS, "closes_on": CLOSES,
    }  # fmt: skip
    return StageFacts(**usual | changed)


@pytest.mark.parametrize(
    ("as_of", "stage"),
    [
        (OPENS - timedelta(days=29), Stage.WAITING),
        (OPENS - timedelta(days=28), Stage.APPROACHING),
        (OPENS - timedelta(days=1), Stage.APPROACHING),
        (OPENS, Stage.OPEN),
        (CLOSES - timedelta(days=29), Stage.OPEN),
        (CLOSES - timedelta(days=28), Stage.CLOSING),
        (CLOSES, Stage.CLOSING),
        (CLOSES + timedelta(days=1), Stage.OVERDUE),
    ],
)
def test_a_free_follow_up_moves_with_its_window(as_of, stage):
    assert stage_of(facts(), as_of) is stage


@pytest.mark.parametrize(
    ("changed", "stage"),
    [
        ({"is_stopped": True, "is_booked": True, "is_held": True}, Stage.STOPPED),
        ({"is_booked": True, "is_held": True, "snoozed_until": date(2030, 1, 1)}, Stage.BOOKED),
        ({"is_held": True}, Stage.ON_HOLD),
        ({"snoozed_until": CLOSES + timedelta(days=2)}, Stage.ON_HOLD),
        ({"snoozed_until": CLOSES + timedelta(days=1)}, Stage.OVERDUE),
    ],
)
def test_what_counts_before_the_window(changed, stage):
    assert stage_of(facts(**changed), CLOSES + timedelta(days=1)) is stage


def test_a_short_window_is_not_closing_before_it_opens():
    short = facts(opens_on=TODAY + timedelta(days=5), closes_on=TODAY + timedelta(days=9))
    assert stage_of(short, TODAY) is Stage.APPROACHING
    assert stage_of(short, TODAY + timedelta(days=5)) is Stage.CLOSING


days = st.integers(-60, 60).map(lambda number: TODAY + timedelta(days=number))
cases = st.fixed_dictionaries(
    {
        "state": st.sampled_from(["ACTIVE", "ACTIVE", "ACTIVE", "STOPPED", "TREATED"]),
        "opens_on": days,
        "lasts": st.sampled_from([0, 1, 10, 27, 28, 29, 90]),
        "snoozed_until": st.none() | days,
        "status": st.sampled_from(["ACTIVE", "ACTIVE", "ACTIVE", "PAUSED", "DISCHARGED", "DECEASED"]),
        "appointment": st.none() | st.sampled_from(["BOOKED", "ARRIVED", "TREATED", "MISSED", "CANCELLED"]),
        "hold": st.none() | st.tuples(days, st.booleans()),
    }
)


class TestBothWaysAgree(TestCase):
    @classmethod
    def setUpTestData(cls):
        cls.owner = UserFactory()
        cls.clinic = ClinicFactory()
        cls.practitioner = PractitionerFactory(clinics=[cls.clinic])
        cls.kind = VisitKindFactory(clinic=cls.clinic)

    def make(self, number, case):
        patient = PatientFactory(clinic=self.clinic, status=case["status"], consents=())
        condition = ConditionFactory(patient=patient)
        session = InjectionSessionFactory(condition=condition, practitioner=self.practitioner, signed=False)
        follow_up = FollowUpFactory(
            session=session,
            state=case["state"],
            opens_on=case["opens_on"],
            closes_on=case["opens_on"] + timedelta(days=case["lasts"]),
            suggested_from=None,
            suggested_until=None,
            snoozed_until=case["snoozed_until"],
        )
        if case["appointment"]:
            starts_at = datetime(VISIT_ON.year, VISIT_ON.month, VISIT_ON.day, 9, tzinfo=UTC) + timedelta(hours=number)
            AppointmentFactory(
                follow_up=follow_up, practitioner=self.practitioner, kind=self.kind, starts_at=starts_at,
                state=case["appointment"], cancel_reason="wish" if case["appointment"] == "CANCELLED" else "",
            )  # fmt: skip
        if case["hold"]:
            from_on, cleared = case["hold"]
            cleared_by = {"cleared_by": self.owner, "cleared_at": timezone.now()} if cleared else {}
            HoldFactory(patient=patient, from_on=from_on, review_on=from_on, owner=self.owner, **cleared_by)
        return follow_up

    def expected(self, case, as_of, today):
        # Every visit is on VISIT_ON: three days later it does not count any more, unless somebody only looks ahead.
        is_forgotten = min(as_of, today) > VISIT_ON + UNCLEAR_AFTER
        held = case["hold"] is not None and not case["hold"][1] and case["hold"][0] <= as_of
        return stage_of(
            StageFacts(
                is_stopped=case["state"] == "STOPPED",
                is_booked=case["appointment"] in ("BOOKED", "ARRIVED") and not is_forgotten,
                is_held=held or case["status"] != "ACTIVE",
                snoozed_until=case["snoozed_until"],
                opens_on=case["opens_on"],
                closes_on=case["opens_on"] + timedelta(days=case["lasts"]),
            ),
            as_of,
        )

    @settings(max_examples=60, deadline=None)
    @given(made=st.lists(cases, max_size=6), as_of=days, today=days)
    def test_the_database_and_the_pure_rule_give_the_same_stage(self, made, as_of, today):
        follow_ups = [self.make(number, case) for number, case in enumerate(made)]
        expected = {
            follow_up.pk: self.expected(case, as_of, today)
            for follow_up, case in zip(follow_ups, made, strict=True)
            if case["state"] != "TREATED"
        }
        listed = FollowUp.objects.all()

        assert dict(with_stage(listed, as_of, today=today).values_list("pk", "stage")) == expected
        for stage in Stage:
            found = set(in_stage(listed, stage, as_of, today=today).values_list("pk", flat=True))
            assert found == {pk for pk, expected_stage in expected.items() if expected_stage is stage}
        assert counts(listed, as_of, today=today) == {stage: list(expected.values()).count(stage) for stage in Stage}
        rest = listed.exclude(state="TREATED")
        assert {row.id: Entry(*row).stage(as_of) for row in entries(rest, as_of, today=today)} == expected
        for stage in (None, *Stage):
            found = entries(in_stage(listed, stage, as_of, today=today), as_of, today=today).order_by(*ORDER)
            assert first_entries([self.clinic.pk], stage, as_of, today=today, most=20) == [Entry(*row) for row in found]


@pytest.fixture
def follow_up(db):
    return FollowUpFactory(
        patient=PatientFactory(given_name="Marta", family_name="Kowalczyk", record_number="R-20417", born_on=date(1968, 11, 24))
    )


def entry_of(follow_up, as_of=TODAY):
    return Entry(*entries(FollowUp.objects.filter(pk=follow_up.pk), as_of).get())


def test_an_entry_holds_what_its_line_says(follow_up):
    entry = entry_of(follow_up)

    assert (entry.given_name, entry.family_name, entry.record_number) == ("Marta", "Kowalczyk", "R-20417")
    assert (entry.age(TODAY), entry.age(TODAY + timedelta(days=1))) == (57, 58)
    session = follow_up.session
    assert (entry.indication_id, entry.side) == (follow_up.condition.indication_id, "RIGHT")
    assert (entry.product_id, entry.units, entry.practitioner_id) == (
        session.product_id, Decimal("6.25"), session.practitioner_id,
    )  # fmt: skip
    assert (entry.treated_on, entry.opens_on, entry.closes_on) == (date(2026, 9, 1), OPENS, CLOSES)
    assert (entry.contacts, entry.last_outcome, entry.appointment_at, entry.hold_reason) == (0, None, None, None)


def test_an_entry_counts_contacts_and_keeps_the_newest_outcome(follow_up):
    now = datetime(2026, 11, 20, 9, tzinfo=UTC)
    ContactAttemptFactory(follow_up=follow_up, outcome="REACHED", at=now)
    ContactAttemptFactory(follow_up=follow_up, outcome="NO_ANSWER", at=now - timedelta(days=1))
    ContactAttemptFactory(outcome="DECLINED")

    entry = entry_of(follow_up)

    assert (entry.contacts, entry.last_outcome) == (2, "REACHED")


def test_an_entry_has_its_coming_appointment_and_no_other(follow_up):
    now = datetime(2026, 12, 10, 8, 30, tzinfo=UTC)
    AppointmentFactory(follow_up=follow_up, starts_at=now - timedelta(days=3), state="CANCELLED", cancel_reason="ill")
    coming = AppointmentFactory(follow_up=follow_up, starts_at=now)

    entry = entry_of(follow_up)

    assert (entry.appointment_at, entry.appointment_public_id) == (now, coming.public_id)
    assert entry.appointment_practitioner_id == coming.practitioner_id


def test_a_visit_before_the_day_somebody_looks_ahead_to_still_counts(follow_up):
    AppointmentFactory(follow_up=follow_up, starts_at=datetime(2026, 12, 10, 8, 30, tzinfo=UTC))
    ahead = date(2027, 1, 15)
    everybody = FollowUp.objects.all()

    assert list(in_stage(everybody, Stage.BOOKED, ahead, today=TODAY)) == [follow_up]
    assert list(in_stage(everybody, Stage.OPEN, ahead)) == [follow_up]


def test_two_holds_make_one_line_with_the_reason_of_the_first(follow_up):
    HoldFactory(patient=follow_up.patient, reason="AWAY", from_on=TODAY - timedelta(days=1))
    HoldFactory(patient=follow_up.patient, reason="SURGERY", from_on=TODAY - timedelta(days=9))

    assert entry_of(follow_up).hold_reason == "SURGERY"


def test_a_hold_counts_from_its_first_day(follow_up):
    HoldFactory(patient=follow_up.patient, from_on=TODAY + timedelta(days=3))

    assert entry_of(follow_up).stage(TODAY) is Stage.APPROACHING
    assert entry_of(follow_up, TODAY + timedelta(days=3)).stage(TODAY + timedelta(days=3)) is Stage.ON_HOLD


def test_who_leaves_the_window_first_stands_first(db):
    late = FollowUpFactory(opens_on=OPENS, closes_on=CLOSES + timedelta(days=1))
    first = FollowUpFactory(opens_on=OPENS, closes_on=CLOSES)
    second = FollowUpFactory(opens_on=OPENS, closes_on=CLOSES)

    assert [row.id for row in entries(FollowUp.objects.all(), TODAY).order_by(*ORDER)] == [first.pk, second.pk, late.pk]


@pytest.mark.parametrize("number", [1, 12])
def test_the_list_takes_one_query_and_its_counts_another(db, number, django_assert_num_queries):
    for _ in range(number):
        follow_up = FollowUpFactory()
        ContactAttemptFactory(follow_up=follow_up)
        MessageFactory(follow_up=follow_up, state="SENT")
    with django_assert_num_queries(1):
        assert len(entries(FollowUp.objects.all(), TODAY)) == number
    with django_assert_num_queries(1):
        assert sum(counts(FollowUp.objects.all(), TODAY).values()) == number


def test_the_first_entries_are_those_of_the_given_clinics_and_no_more_than_asked_for(db, django_assert_num_queries):
    here, there, elsewhere = (FollowUpFactory(closes_on=CLOSES + timedelta(days=days)) for days in (2, 1, 0))
    clinics = [follow_up.patient.clinic_id for follow_up in (here, there, elsewhere)]

    def first(clinic_ids, most=50):
        with django_assert_num_queries(1):
            return [entry.id for entry in first_entries(clinic_ids, None, TODAY, most=most)]

    assert first(clinics[:2]) == [there.pk, here.pk]
    assert first(clinics) == [elsewhere.pk, there.pk, here.pk]
    assert first(clinics, most=2) == [elsewhere.pk, there.pk]
    assert first([clinics[2]]) == [elsewhere.pk]


def test_what_was_treated_again_or_stopped_is_not_listed_by_default(db):
    FollowUpFactory(state="TREATED")
    FollowUpFactory(state="STOPPED")
    running = FollowUpFactory()

    assert list(in_stage(FollowUp.objects.all(), None, TODAY)) == [running]
    assert Stage.STOPPED not in LISTED_STAGES


def test_near_is_four_weeks():
    assert timedelta(weeks=4) == NEAR
