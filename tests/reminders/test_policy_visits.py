"""Letters about visits: the news of a change, and the reminders before."""

from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from tests.reminders.situations import going, hours, letter, outlook, paris, said, situation, visit


def with_visit(**facts):
    return situation(follow_ups=(), visits=(visit(**facts),))


@pytest.mark.parametrize(
    ("at", "goes"),
    [
        (paris(11, 20, 10), ["BOOKED"]),
        (paris(11, 27, 9, 59), ["BOOKED"]),
        (paris(11, 27, 10), []),  # a confirmation a week late is no news
        (paris(12, 3, 9, 29), []),
        (paris(12, 3, 9, 30), ["VISIT"]),  # seven days before, by the wall
        (paris(12, 8, 9, 29), ["VISIT"]),
        (paris(12, 8, 9, 30), ["VISIT:2"]),  # 48 hours before
        (paris(12, 9, 18), ["VISIT:2"]),
    ],
)
def test_a_booked_visit_is_confirmed_and_then_announced_twice(at, goes):
    assert going(with_visit(), at) == goes


def test_a_reminder_later_than_three_hours_before_the_visit_does_not_go():
    afternoon = with_visit(starts_at=paris(12, 10, 16))
    assert going(afternoon, paris(12, 10, 12, 59)) == ["VISIT:2"]
    assert said(afternoon, paris(12, 10, 13))["VISIT:2"] == ("NEVER", "EXPIRED")


@pytest.mark.parametrize(
    ("starts_at", "due"),
    [
        (paris(12, 14, 9, 30), paris(12, 11, 18, 30)),  # Monday: 48 hours before is Saturday, so Friday evening
        (paris(12, 15, 9, 30), paris(12, 11, 18, 30)),  # Tuesday: Sunday, so Friday evening
        (paris(12, 16, 7, 30), paris(12, 11, 18, 30)),  # Wednesday early: Monday before eight, so Friday evening
        (paris(12, 16, 9, 30), paris(12, 14, 9, 30)),
    ],
)
def test_a_reminder_that_falls_into_quiet_hours_moves_back(starts_at, due):
    facts = with_visit(starts_at=starts_at)
    assert going(facts, due) == ["VISIT:2"]
    assert "VISIT:2" not in going(facts, due - timedelta(minutes=1))


@pytest.mark.parametrize(
    ("zone", "starts", "due"),
    [
        # clocks change on 4 April 2027 in Lord Howe (by half an hour) and on 28 March in Dublin
        ("Australia/Lord_Howe", datetime(2027, 4, 7, 10), datetime(2027, 3, 31, 10)),
        ("Europe/Dublin", datetime(2027, 3, 31, 10), datetime(2027, 3, 24, 10)),
        ("Pacific/Apia", datetime(2012, 1, 4, 10), datetime(2011, 12, 28, 10)),
    ],
)
def test_seven_days_before_is_the_same_time_by_the_wall(zone, starts, due):
    wall = ZoneInfo(zone)
    facts = replace(
        with_visit(starts_at=starts.replace(tzinfo=wall), changed_at=(due - timedelta(days=9)).replace(tzinfo=wall)),
        hours=hours(zone),
    )
    assert going(facts, due.replace(tzinfo=wall)) == ["VISIT"]
    assert going(facts, due.replace(tzinfo=wall) - timedelta(minutes=1)) == []


def test_a_visit_booked_within_a_day_of_its_reminder_has_been_told_enough():
    tight = with_visit(changed_at=paris(12, 7, 14))  # for the 10th; 48 hours before is the 8th at 09:30
    assert said(tight, paris(12, 8, 9, 30))["VISIT:2"] == ("NEVER", "JUST_BOOKED")
    assert said(with_visit(changed_at=paris(12, 7, 9)), paris(12, 8, 9, 30))["VISIT:2"] == ("SEND", "DUE")


def test_once_a_reminder_is_due_it_says_what_the_confirmation_would_have_said():
    facts = with_visit(changed_at=paris(12, 1, 10))
    assert said(facts, paris(12, 3, 9))["BOOKED"] == ("SEND", "DUE")
    assert said(facts, paris(12, 3, 9, 30))["BOOKED"] == ("NEVER", "OVERTAKEN")
    assert said(facts, paris(12, 3, 9, 30))["VISIT"] == ("SEND", "DUE")


def test_staff_may_book_and_cancel_without_a_letter():
    assert said(with_visit(with_letter=False), paris(11, 20, 10))["BOOKED"] == ("NEVER", "WITHOUT_LETTER")
    cancelled = with_visit(with_letter=False, state="CANCELLED", change="CANCELLED")
    assert said(cancelled, paris(11, 20, 10))["CANCELLED"] == ("NEVER", "WITHOUT_LETTER")
    assert said(with_visit(with_letter=False), paris(12, 3, 9, 30))["VISIT"] == ("SEND", "DUE")


def test_a_cancelled_visit_is_neither_confirmed_nor_announced_and_its_open_letters_end():
    facts = situation(
        follow_ups=(),
        visits=(visit(state="CANCELLED", change="CANCELLED", sequence=1),),
        letters=[letter("BOOKED", state="READY", key="BOOKED:1:a5:s0"), letter("VISIT", state="READY", key="VISIT:1:a5:t1")],
    )
    decided = {d.key: (d.verdict.value, d.reason.value) for d in outlook(facts, paris(12, 3, 9, 30)).decisions}
    assert decided == {
        "CANCELLED:1:a5:s1": ("SEND", "DUE"),
        "BOOKED:1:a5:s0": ("NEVER", "ENDED"),
        "VISIT:1:a5:t1": ("NEVER", "ENDED"),
    }


def test_news_of_a_cancelled_visit_is_worth_telling_until_it_would_have_begun():
    cancelled = with_visit(state="CANCELLED", change="CANCELLED")
    assert going(cancelled, paris(12, 10, 9, 29)) == ["CANCELLED"]
    assert said(cancelled, paris(12, 10, 9, 30))["CANCELLED"] == ("NEVER", "EXPIRED")


def test_who_has_arrived_is_not_reminded():
    arrived = with_visit(state="ARRIVED")
    assert going(arrived, paris(12, 9, 10)) == []


def test_a_visit_moved_to_another_time_is_announced_for_the_new_one():
    old, new = with_visit(), with_visit(starts_at=paris(12, 17, 9, 30), change="MOVED", sequence=1, changed_at=paris(12, 4))
    keys = [{d.key for d in outlook(facts, paris(12, 4)).decisions} for facts in (old, new)]
    assert not keys[0] & keys[1]


def test_a_reminder_that_went_does_not_go_again_when_something_else_about_the_visit_changed():
    facts = with_visit()
    key = next(d.key for d in outlook(facts, paris(12, 3, 9, 30)).decisions if d.key.startswith("VISIT:1"))
    again = replace(with_visit(sequence=3), letters={key: letter("VISIT", paris(12, 3, 9, 31), key=key)})
    assert said(again, paris(12, 3, 10))["VISIT"] == ("NEVER", "ALREADY_SENT")


def test_two_visits_have_their_own_letters_on_one_day():
    facts = situation(follow_ups=(), visits=(visit(pk=5), visit(pk=6, starts_at=paris(12, 10, 14))))
    assert [d.key.split(":")[2] for d in outlook(facts, paris(12, 3, 14)).decisions if d.verdict == "SEND"] == ["a5", "a6"]


def test_a_visits_letter_goes_and_the_invitation_of_the_same_hour_waits():
    facts = situation(visits=(visit(follow_up_id=None),))
    decided = said(facts, paris(12, 3, 9, 30))
    assert decided["VISIT"] == ("SEND", "DUE")
    assert decided["INVITE"] == ("WAIT", "OTHER_FIRST")
