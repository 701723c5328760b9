"""The policy played forward: what goes on the way to a later day if nothing changes."""

from datetime import timedelta

from clinic.reminders.days_ahead import MOST_LOOKS, foresee
from clinic.reminders.rules import default_steps
from clinic.reminders.situation import PlanBook
from tests.reminders.situations import PLANS, contact, follow_up, letter, paris, situation, visit

NOW = paris(11, 10)


SPRING = paris(3, 20)


def foreseen(facts, *, at=NOW, until=SPRING, plans=lambda at: PLANS):
    return [
        (":".join(one.decision.key.split(":")[:2]), one.at, one.decision.reason.value)
        for one in foresee(facts, plans, at=at, until=until)
    ]


def test_a_ladder_goes_rung_by_rung_and_ends_with_the_task():
    assert foreseen(situation()) == [
        ("INVITE:1", paris(11, 17), "NOT_YET"),
        ("REMIND:1", paris(12, 15), "NOT_YET"),
        ("LAST_CALL:1", paris(2, 1), "NOT_YET"),
        ("OVERDUE:1", paris(3, 2), "NOT_YET"),
    ]


def test_what_goes_on_the_way_keeps_its_distance_from_what_comes_after():
    """A letter that is late today puts the next one off; asked today alone, both would be promised for the same week."""
    late = foreseen(situation(), at=paris(12, 14, 17))
    assert late[:2] == [("INVITE:1", paris(12, 14, 17), "DUE"), ("REMIND:1", paris(12, 17, 17), "TOO_SOON")]


def test_three_that_go_unanswered_are_the_last():
    gone = situation(letters=[letter("INVITE", paris(11, 17)), letter("REMIND", paris(12, 15)), letter("LAST_CALL", paris(2, 1))])
    assert [what for what, *_ in foreseen(gone, at=paris(2, 2))] == ["OVERDUE:1"]


def test_the_end_is_not_included_and_the_beginning_is():
    assert foreseen(situation(), until=paris(11, 17)) == []
    assert len(foreseen(situation(), at=paris(11, 17), until=paris(11, 17) + timedelta(seconds=1))) == 1


def test_a_booked_visit_is_reminded_of_and_over_once_its_day_has_passed():
    booked = situation(
        visits=(visit(),),
        follow_ups=(follow_up(is_booked=True, booked_until=paris(12, 11, 9)),),
        letters=[letter("BOOKED", paris(11, 20), key="BOOKED:1:a5:s0")],
    )
    told = foreseen(booked, at=paris(11, 21))
    assert [what for what, *_ in told] == ["VISIT:1", "VISIT:2", "OVERDUE:1"]


def test_a_patient_who_answered_is_written_to_no_more_than_the_policy_says():
    spoken = follow_up(contacts=(contact(paris(11, 18)),))
    facts = situation(follow_ups=(spoken,), letters=[letter("INVITE", paris(11, 17))])
    assert [what for what, *_ in foreseen(facts, at=paris(11, 19))] == ["LAST_CALL:1", "OVERDUE:1"]


def test_a_plan_that_begins_on_the_way_holds_from_its_day():
    begins = paris(12, 1, 0)
    short = PlanBook({}, tuple(step for step in default_steps() if step.step in ("INVITE", "OVERDUE")))
    first = PlanBook({}, default_steps(), {2: begins})
    told = foreseen(situation(), plans=lambda at: first if at < begins else short)
    assert [what for what, *_ in told] == ["INVITE:1", "OVERDUE:1"]


def test_it_ends_whatever_the_plan_asks_for():
    restless = PlanBook({}, (), {2: paris(12, 1)})
    looks = []

    def plans(at):
        looks.append(at)
        return PlanBook({}, (), {2: at + timedelta(seconds=1)})

    assert foreseen(situation(), plans=plans) == []
    assert len(looks) == MOST_LOOKS
    assert foreseen(situation(), plans=lambda at: restless) == []
