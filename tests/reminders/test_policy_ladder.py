"""Which letter of a window is right on which day."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from clinic.reminders.rules import default_steps
from clinic.reminders.situation import PlanBook
from clinic.reminders.steps import Anchor, Audience, PlanStep, Step
from tests.reminders.situations import contact, follow_up, going, letter, outlook, paris, said, situation

SENT = {
    "INVITE": letter("INVITE", paris(11, 17)),
    "REMIND": letter("REMIND", paris(12, 15)),
    "LAST_CALL": letter("LAST_CALL", paris(2, 1)),
}


@pytest.mark.parametrize(
    ("at", "goes"),
    [
        (paris(11, 17, 7, 59), []),
        (paris(11, 17, 8), ["INVITE"]),
        (paris(12, 14, 18, 59), ["INVITE"]),
        (paris(12, 15, 8), ["REMIND"]),
        (paris(1, 29, 12), ["REMIND"]),
        (paris(2, 1, 8), ["LAST_CALL"]),
        (paris(3, 1, 18, 59), ["LAST_CALL"]),
        (paris(3, 2, 7), []),
        (paris(3, 2, 8), ["OVERDUE"]),
        (paris(6, 1, 3, year=2028), ["OVERDUE"]),
    ],
)
def test_after_an_outage_the_letter_that_is_right_today_goes_and_no_other(at, goes):
    assert going(situation(), at) == goes


@pytest.mark.parametrize(
    ("sent", "at", "next_look"),
    [
        ([], paris(9, 2), paris(11, 17)),
        (["INVITE"], paris(11, 17, 8, 1), paris(12, 15)),
        (["INVITE", "REMIND"], paris(12, 15, 8, 1), paris(2, 1)),
        (["INVITE", "REMIND", "LAST_CALL"], paris(2, 1, 8, 1), paris(3, 2)),
    ],
)
def test_the_patient_is_looked_at_again_when_the_next_step_falls_due(sent, at, next_look):
    assert outlook(situation(letters=[SENT[step] for step in sent]), at).look_again_at == next_look


def test_once_staff_have_their_task_nothing_is_left_to_look_at():
    done = situation(letters=SENT.values(), tasks=frozenset({"step:OVERDUE:1:f1:r0"}))
    assert said(done, paris(3, 2, 9))["OVERDUE"] == ("NEVER", "ALREADY_A_TASK")
    assert outlook(done, paris(3, 2, 9)).look_again_at is None


@pytest.mark.parametrize(
    ("window", "invite", "remind", "last_call"),
    [
        # the suggested date lies late in the window: three weeks before it
        ({"suggested_on": date(2027, 1, 12)}, paris(12, 22), paris(1, 12), paris(2, 1)),
        # a date on the closing day: the last letter keeps its distance and the second has no place
        ({"suggested_on": date(2027, 3, 1)}, paris(2, 8), None, paris(2, 15)),
        # a short window: the last letter would come before the first
        ({"closes_on": date(2026, 12, 10)}, paris(11, 17), None, paris(11, 24)),
        # month ends: a window of 28 February and the 31st
        (
            {"opens_on": date(2027, 2, 28), "suggested_on": date(2027, 2, 28), "closes_on": date(2027, 5, 31)},
            paris(2, 15),  # 14 February is a Sunday
            paris(3, 15),  # so is 14 March
            paris(5, 3),
        ),
    ],
)
def test_the_rungs_follow_the_window(window, invite, remind, last_call):
    facts = situation(follow_ups=(follow_up(**window),))
    for step, due in (("INVITE", invite), ("REMIND", remind), ("LAST_CALL", last_call)):
        if due is None:
            assert step not in going(facts, paris(2, 16))
        else:
            assert going(facts, due) == [step]
            assert step not in going(facts, due - timedelta(minutes=1))


def test_a_second_letter_with_no_place_between_first_and_last_is_overtaken():
    facts = situation(follow_ups=(follow_up(suggested_on=date(2027, 3, 1)),))
    assert said(facts, paris(2, 1))["REMIND"] == ("NEVER", "OVERTAKEN")


def test_history_written_down_after_its_window_had_closed_earns_nothing():
    imported = situation(follow_ups=(follow_up(created_on=date(2027, 3, 2)),))
    assert going(imported, paris(3, 10)) == []
    assert set(said(imported, paris(3, 10)).values()) == {("NEVER", "HISTORY")}


def test_history_whose_window_is_open_gets_the_one_letter_of_today():
    assert going(situation(follow_ups=(follow_up(created_on=date(2026, 12, 20)),)), paris(12, 21)) == ["REMIND"]


def test_a_booked_patient_is_not_invited_and_not_phoned():
    booked = situation(follow_ups=(follow_up(is_booked=True),))
    for at in (paris(11, 17), paris(12, 15), paris(2, 1), paris(3, 2)):
        assert going(booked, at) == []
    assert said(booked, paris(11, 17))["INVITE"] == ("NEVER", "BOOKED_AHEAD")


@pytest.mark.parametrize(
    ("at", "goes"),
    [(paris(12, 3, 10), []), (paris(12, 4, 9, 59), []), (paris(12, 4, 10), ["INVITE"]), (paris(12, 16), ["REMIND"])],
)
def test_when_a_visit_falls_through_the_letter_of_the_day_is_owed_again_after_72_hours(at, goes):
    facts = situation(letters=[SENT["INVITE"]], follow_ups=(follow_up(fallen_through=1, fell_through_at=paris(12, 1, 10)),))
    assert going(facts, at) == goes


def test_each_round_after_a_visit_that_fell_through_has_keys_of_its_own():
    keys = {
        rounds: {d.key for d in outlook(situation(follow_ups=(follow_up(fallen_through=rounds),)), paris(11, 17)).decisions}
        for rounds in (0, 1, 2)
    }
    assert not keys[0] & keys[1]
    assert not keys[1] & keys[2]


def test_three_unanswered_letters_are_the_most():
    plans = PlanBook({}, (*default_steps(), PlanStep(Step.LAST_CALL, Anchor.CLOSES, -7, ordinal=2)))
    facts = situation(letters=SENT.values())
    assert said(facts, paris(2, 22), plans)["LAST_CALL:2"] == ("NEVER", "THREE_UNANSWERED")
    spoken_with = replace(facts, follow_ups=(follow_up(contacts=(contact(paris(1, 5)),)),))
    assert said(spoken_with, paris(2, 22), plans)["LAST_CALL:2"] == ("SEND", "DUE")


@pytest.mark.parametrize("state", ["SENT", "UNKNOWN", "HANDOFF", "BOUNCED", "COMPLAINED"])
def test_a_letter_that_went_or_may_have_gone_does_not_go_again(state):
    facts = situation(letters=[letter("INVITE", paris(11, 17), state=state)])
    assert said(facts, paris(11, 25))["INVITE"] == ("NEVER", "ALREADY_SENT")


@pytest.mark.parametrize("state", ["FAILED", "DEAD", "CANCELLED", "SUPERSEDED", "EXPIRED", "SUPPRESSED"])
def test_a_letter_that_ended_otherwise_does_not_come_back_by_itself(state):
    facts = situation(letters=[letter("INVITE", state=state)])
    assert said(facts, paris(11, 25))["INVITE"] == ("NEVER", "ALREADY_SETTLED")


@pytest.mark.parametrize("state", ["READY", "CLAIMED", "HELD"])
def test_a_letter_that_is_on_its_way_is_decided_anew(state):
    facts = situation(letters=[letter("INVITE", state=state)])
    assert said(facts, paris(11, 25))["INVITE"] == ("SEND", "DUE")
    assert said(facts, paris(12, 15))["INVITE"] == ("NEVER", "OVERTAKEN")


def test_a_letter_about_a_follow_up_that_ended_is_no_longer_owed():
    facts = situation(follow_ups=(), letters=[letter("INVITE", state="READY")])
    assert outlook(facts, paris(11, 25)).about("INVITE:1:f1:r0").reason == "ENDED"


@pytest.mark.parametrize(
    ("contacts", "expected"),
    [
        ([contact(paris(11, 14, 8))], ("NEVER", "REPLACED")),  # 72 hours before
        ([contact(paris(11, 14, 7))], ("SEND", "DUE")),
        ([contact(paris(11, 16), reached=False, answered=False)], ("SEND", "DUE")),
        ([contact(paris(11, 16), answered=False)], ("NEVER", "REPLACED")),  # a message on the machine, a letter by hand
        ([contact(paris(10, 1), declined=True)], ("NEVER", "DECLINED")),
    ],
)
def test_a_call_or_a_letter_by_hand_replaces_the_automatic_one(contacts, expected):
    facts = situation(follow_ups=(follow_up(contacts=tuple(contacts)),))
    assert said(facts, paris(11, 17))["INVITE"] == expected


def test_a_call_replaces_only_the_letter_in_whose_time_it_falls():
    facts = situation(follow_ups=(follow_up(contacts=(contact(paris(11, 20), answered=False),)),))
    assert said(facts, paris(12, 15))["REMIND"] == ("SEND", "DUE")


def test_who_spoke_with_us_after_the_invitation_gets_no_second_letter_but_the_last():
    facts = situation(letters=[SENT["INVITE"]], follow_ups=(follow_up(contacts=(contact(paris(11, 19)),)),))
    assert said(facts, paris(12, 15))["REMIND"] == ("NEVER", "ANSWERED")
    assert said(facts, paris(2, 1))["LAST_CALL"] == ("SEND", "DUE")


def test_who_declined_is_not_written_to_but_staff_still_get_their_task():
    facts = situation(follow_ups=(follow_up(contacts=(contact(paris(11, 19), declined=True),)),))
    assert going(facts, paris(2, 1)) == []
    assert going(facts, paris(3, 2)) == ["OVERDUE"]


def test_two_follow_ups_of_one_patient_get_one_letter_the_later_rung_first():
    first, second = follow_up(pk=1), follow_up(pk=2, closes_on=date(2026, 12, 12))
    facts = situation(follow_ups=(first, second))
    decided = {d.key: (d.verdict.value, d.reason.value) for d in outlook(facts, paris(11, 24)).decisions}
    assert decided["LAST_CALL:1:f2:r0"] == ("SEND", "DUE")
    assert decided["INVITE:1:f1:r0"] == ("WAIT", "OTHER_FIRST")
    assert outlook(facts, paris(11, 24)).about("LAST_CALL:1:f2:r0").also_about == (1,)


def test_one_follow_up_booked_leaves_the_other_owed():
    facts = situation(follow_ups=(follow_up(pk=1, is_booked=True), follow_up(pk=2)))
    assert [d.key for d in outlook(facts, paris(11, 17)).decisions if d.verdict == "SEND"] == ["INVITE:1:f2:r0"]


def test_a_plan_of_the_indication_goes_before_the_clinics_and_that_before_the_default():
    own = (PlanStep(Step.INVITE, Anchor.OPENS, 0),)
    clinics = (PlanStep(Step.INVITE, Anchor.OPENS, -7),)
    both = PlanBook({(2, 7): own, (2, None): clinics}, default_steps())
    assert outlook(situation(), paris(9, 1), both).look_again_at == paris(12, 1)
    assert outlook(situation(), paris(9, 1), PlanBook({(2, None): clinics}, ())).look_again_at == paris(11, 24)
    assert outlook(situation(), paris(9, 1), PlanBook({(9, None): own}, default_steps())).look_again_at == paris(11, 17)


def test_a_step_meant_for_staff_becomes_a_task_whatever_the_address():
    plans = PlanBook({}, (PlanStep(Step.INVITE, Anchor.OPENS, -14, audience=Audience.STAFF),))
    assert said(situation(), paris(11, 17), plans)["INVITE"] == ("TASK", "DUE")
