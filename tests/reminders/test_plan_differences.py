"""What another plan would change about one patient: asked with the engine's own policy."""

from dataclasses import replace
from datetime import date, time

from clinic.reminders.plan_differences import Change, differences
from clinic.reminders.rules import default_steps
from clinic.reminders.situation import PlanBook
from clinic.reminders.steps import Step
from tests.reminders.situations import PLANS, follow_up, hours, letter, paris, situation, visit

NOW = paris(11, 10)


def without(*codes):
    return PlanBook({}, tuple(step for step in default_steps() if step.step not in codes))


def with_offset(code, offset):
    return PlanBook({}, tuple(replace(s, offset=offset) if s.step == code else s for s in default_steps()))


def told(facts, *, before=PLANS, after=PLANS, at=NOW, starts_at=None, **more):
    found = differences(facts, before=before, after=after, at=at, starts_at=starts_at or at, **more)
    return [(one.change, one.step, one.before, one.after) for one in found]


def test_the_same_plan_changes_nothing():
    assert told(situation(visits=(visit(),))) == []


def test_a_step_that_is_switched_off_is_dropped_and_the_other_way_round_added():
    second = paris(12, 15)
    assert told(situation(), after=without(Step.REMIND)) == [(Change.DROPPED, Step.REMIND, second, None)]
    assert told(situation(), before=without(Step.REMIND)) == [(Change.ADDED, Step.REMIND, None, second)]


def test_a_step_on_another_day_is_moved():
    found = told(situation(), after=with_offset(Step.LAST_CALL, -21))
    assert found == [(Change.MOVED, Step.LAST_CALL, paris(2, 1), paris(2, 8))]


def test_other_hours_move_what_goes_by_them():
    found = told(situation(), hours=hours(opens=time(10)))
    assert (Change.MOVED, Step.INVITE, paris(11, 17), paris(11, 17, 10)) in found


def test_what_has_gone_is_no_difference():
    facts = situation(letters=(letter(Step.INVITE, NOW),))
    assert Step.INVITE not in {step for _change, step, *_ in told(facts, after=without(Step.INVITE))}


def test_what_goes_before_the_new_plan_begins_goes_either_way():
    later = paris(11, 20)
    assert told(situation(), after=without(Step.INVITE), starts_at=later) == []
    assert [step for _c, step, *_ in told(situation(), after=without(Step.INVITE), starts_at=paris(11, 16))] == [Step.INVITE]


def test_a_patient_about_whom_no_decision_can_be_made_has_no_differences(caplog):
    broken = situation(follow_ups=(follow_up(closes_on=date(9999, 12, 31)),))
    assert told(broken, after=without(Step.REMIND)) == []
    assert "no decision about patient 3" in caplog.text
