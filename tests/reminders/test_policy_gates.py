"""What keeps an earned letter back, step by step as the table of gates says."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from clinic.reminders.rules import RULES
from clinic.reminders.situation import Address, PlanBook
from clinic.reminders.steps import Anchor, Audience, PlanStep, Step
from tests.reminders.situations import follow_up, going, hours, letter, outlook, paris, said, situation, visit

BOOKED_BY_STAFF = situation(follow_ups=(follow_up(is_booked=True),), visits=(visit(),))
CANCELLED_BY_STAFF = situation(
    follow_ups=(follow_up(fallen_through=1, fell_through_at=paris(11, 20, 10)),),
    visits=(visit(state="CANCELLED", change="CANCELLED", sequence=1),),
)
MOVED_BY_STAFF = situation(
    follow_ups=(follow_up(is_booked=True),),
    visits=(visit(starts_at=paris(12, 17, 9, 30), change="MOVED", sequence=1, changed_at=paris(12, 4, 10)),),
)
#: The visit of 10 December was missed, and staff said so at eleven.
MISSED = situation(follow_ups=(follow_up(fallen_through=1, fell_through_at=paris(12, 10, 11), missed=visit(state="MISSED")),))
#: Invited a fortnight before; since then the treatment was amended, and the window opens only in December.
CORRECTED = situation(
    follow_ups=(follow_up(corrected_at=paris(11, 6, 10)),), letters=[letter("INVITE", paris(10, 23), key="INVITE:1:f1:r0")]
)
#: For each step a patient who has earned it, and when.
EARNED = {
    Step.INVITE: (situation(), paris(11, 17)),
    Step.REMIND: (situation(), paris(12, 15)),
    Step.LAST_CALL: (situation(), paris(2, 1)),
    Step.OVERDUE: (situation(), paris(3, 2)),
    Step.BOOKED: (BOOKED_BY_STAFF, paris(11, 20, 10)),
    Step.MOVED: (MOVED_BY_STAFF, paris(12, 4, 10)),
    Step.MISSED: (MISSED, paris(12, 11, 11)),
    Step.CANCELLED: (CANCELLED_BY_STAFF, paris(11, 20, 10)),
    Step.VISIT: (BOOKED_BY_STAFF, paris(12, 3, 9, 30)),
    Step.CORRECTION: (CORRECTED, paris(11, 6, 10)),
}
LADDER = {Step.INVITE, Step.REMIND, Step.LAST_CALL}
#: What waits for holds and for the last letter to be three days old; the others are news of a visit or of an error.
IN_NO_HURRY = LADDER | {Step.MISSED}
NO_LETTER = {Step.OVERDUE}
JUST_WRITTEN_TO = {"X": letter("VISIT", None, key="X")}


def test_every_step_of_the_table_stands_in_the_tests():
    assert set(EARNED) == set(RULES)


@pytest.mark.parametrize("step", EARNED)
def test_the_step_is_earned_as_the_tests_have_it(step):
    facts, at = EARNED[step]
    assert said(facts, at)[step] == ("TASK" if step in NO_LETTER else "SEND", "DUE")


@pytest.mark.parametrize("step", EARNED)
@pytest.mark.parametrize(("status", "reason"), [("DECEASED", "DECEASED"), ("DISCHARGED", "DISCHARGED")])
def test_nothing_goes_to_the_dead_or_to_those_who_left(step, status, reason):
    facts, at = EARNED[step]
    assert said(replace(facts, status=status), at)[step] == ("NEVER", reason)


@pytest.mark.parametrize("step", EARNED)
@pytest.mark.parametrize(
    ("held", "reason"),
    [
        ({"on_hold": True}, "ON_HOLD"),
        ({"status": "PAUSED"}, "PATIENT_PAUSED"),
        ({"asked_to_be_called": True}, "ASKED_TO_BE_CALLED"),
    ],
)
def test_a_hold_keeps_back_invitations_and_calls_but_no_news_of_a_visit(step, held, reason):
    facts, at = EARNED[step]
    expected = ("WAIT", reason) if step in IN_NO_HURRY | NO_LETTER else ("SEND", "DUE")
    assert said(replace(facts, **held), at)[step] == expected


@pytest.mark.parametrize("step", EARNED)
def test_without_consent_to_its_purpose_no_letter_goes(step):
    facts, at = EARNED[step]
    other = {"INVITE"} if RULES[step].purpose == "VISIT" else {"VISIT"}
    # By phone: that it is time to come back, and that the clinic cancelled or moved a visit, lest the patient comes for nothing.
    expected = ("TASK" if step in LADDER | {Step.CANCELLED, Step.MOVED} else "NEVER", "NO_CONSENT")
    expected = ("TASK", "DUE") if step in NO_LETTER else expected
    assert said(replace(facts, consents=frozenset(other)), at)[step] == expected


def test_while_somebody_is_to_phone_about_an_opt_out_no_step_of_the_ladder_raises_a_second_task():
    facts = situation(consents=frozenset({"VISIT"}), tasks=frozenset({"opted-out:4"}))
    assert said(facts, paris(11, 17))["INVITE"] == ("TASK", "NO_CONSENT")
    assert said(replace(facts, open_tasks=facts.tasks), paris(11, 17))["INVITE"] == ("NEVER", "NO_CONSENT")


def test_who_cancelled_by_themselves_and_agreed_to_no_letter_is_not_phoned():
    facts, at = EARNED[Step.CANCELLED]
    own = replace(facts, consents=frozenset(), visits=tuple(replace(v, by_patient=True) for v in facts.visits))
    assert said(own, at)["CANCELLED"] == ("NEVER", "NO_CONSENT")


@pytest.mark.parametrize("step", EARNED)
@pytest.mark.parametrize("address", [Address.MISSING, Address.SUPPRESSED])
def test_without_a_usable_address_staff_get_the_step_as_a_task(step, address):
    facts, at = EARNED[step]
    verdict = "NEVER" if step is Step.BOOKED else "TASK"
    reason = "NO_ADDRESS" if address is Address.MISSING else "ADDRESS_SUPPRESSED"
    assert said(replace(facts, address=address), at)[step] == (verdict, "DUE" if step in NO_LETTER else reason)


def test_a_task_for_the_phone_needs_no_consent_to_letters_and_no_civil_hour():
    facts = situation(address=Address.MISSING, consents=frozenset())
    assert said(facts, paris(11, 21, 23))["INVITE"] == ("TASK", "NO_ADDRESS")


def test_while_one_task_is_open_the_next_step_raises_no_second():
    first = situation(address=Address.MISSING, tasks=frozenset({"step:INVITE:1:f1:r0"}))
    waiting = replace(first, open_tasks=first.tasks)
    assert said(waiting, paris(12, 15))["REMIND"] == ("NEVER", "ALREADY_A_TASK")
    assert said(first, paris(12, 15))["REMIND"] == ("TASK", "NO_ADDRESS")
    assert said(waiting, paris(3, 2))["OVERDUE"] == ("TASK", "DUE")


@pytest.mark.parametrize(
    ("facts", "open_task", "reason"),
    [
        ({"address": Address.MISSING}, "step:VISIT:1:a5:t1", "NO_ADDRESS"),
        ({"consents": frozenset({"INVITE"})}, "opted-out:4", "NO_CONSENT"),
    ],
)
def test_that_a_visit_was_cancelled_is_a_task_whatever_else_somebody_is_to_phone_about(facts, open_task, reason):
    cancelled = replace(CANCELLED_BY_STAFF, tasks=frozenset({open_task}), open_tasks=frozenset({open_task}), **facts)
    assert said(cancelled, paris(11, 20, 10))["CANCELLED"] == ("TASK", reason)


@pytest.mark.parametrize("step", EARNED)
@pytest.mark.parametrize(("since", "may_go"), [(timedelta(hours=71, minutes=59), False), (timedelta(hours=72), True)])
def test_one_letter_in_72_hours_unless_it_is_news_of_a_visit(step, since, may_go):
    facts, at = EARNED[step]
    facts = replace(facts, letters={**facts.letters, "X": letter("BOOKED", at - since, key="X", follow_up_id=None)})
    free = may_go or step not in IN_NO_HURRY
    verdict = "TASK" if step in NO_LETTER else "SEND"
    assert said(facts, at)[step] == ((verdict, "DUE") if free else ("WAIT", "TOO_SOON"))


def test_a_letter_that_never_went_does_not_count_for_the_72_hours():
    for state in ("READY", "FAILED", "DEAD", "CANCELLED"):
        facts = situation(letters=[letter("VISIT", paris(11, 16), key="X:1:a9:t0", state=state)])
        assert said(facts, paris(11, 17))["INVITE"] == ("SEND", "DUE")


def test_the_wait_for_72_hours_ends_at_a_civil_hour():
    facts = situation(letters=[letter("VISIT", paris(11, 17, 20), key="X")])  # until Friday at 20:00
    decision = outlook(facts, paris(11, 18)).about("INVITE:1:f1:r0")
    assert (decision.reason, decision.when) == ("TOO_SOON", paris(11, 23, 8))


@pytest.mark.parametrize("step", EARNED)
def test_at_night_every_letter_waits_for_the_morning(step):
    facts, at = EARNED[step]
    night = at.replace(hour=22)
    expected = ("TASK", "DUE") if step in NO_LETTER else ("WAIT", "QUIET_HOURS")
    assert said(facts, night)[step] == expected


def test_a_letter_that_waits_for_the_morning_says_when():
    assert outlook(situation(), paris(11, 20, 23)).about("INVITE:1:f1:r0").when == paris(11, 23, 8)


@pytest.mark.parametrize("step", [Step.BOOKED, Step.CANCELLED])
def test_the_patients_own_act_is_answered_at_any_hour(step):
    facts, at = EARNED[step]
    own = replace(facts, visits=tuple(replace(v, by_patient=True) for v in facts.visits))
    assert said(own, at.replace(hour=22))[step] == ("SEND", "DUE")


def test_a_change_of_tomorrow_mornings_visit_is_told_at_night():
    tomorrow = visit(starts_at=paris(11, 24, 9), state="CANCELLED", change="CANCELLED", changed_at=paris(11, 23, 21))
    assert said(situation(visits=(tomorrow,)), paris(11, 23, 21))["CANCELLED"] == ("SEND", "DUE")
    later = replace(tomorrow, starts_at=paris(11, 24, 10, 30))
    assert said(situation(visits=(later,)), paris(11, 23, 21))["CANCELLED"] == ("WAIT", "QUIET_HOURS")


def test_a_snoozed_follow_up_waits_until_its_day_and_then_the_letter_of_that_day_goes():
    facts = situation(follow_ups=(follow_up(snoozed_until=date(2026, 12, 18)),))
    decision = outlook(facts, paris(11, 17)).about("INVITE:1:f1:r0")
    assert (decision.verdict, decision.reason, decision.when) == ("WAIT", "SNOOZED", paris(12, 18))
    assert going(facts, paris(12, 17, 12)) == []
    assert going(facts, paris(12, 18)) == ["REMIND"]


def test_a_snooze_keeps_back_neither_the_confirmation_nor_the_reminder_of_a_visit():
    snoozed = replace(BOOKED_BY_STAFF, follow_ups=(follow_up(is_booked=True, snoozed_until=date(2027, 1, 1)),))
    assert said(snoozed, paris(12, 3, 9, 30))["VISIT"] == ("SEND", "DUE")


@pytest.mark.parametrize(
    ("paused", "reason"), [({"engine_paused": True}, "ENGINE_PAUSED"), ({"clinic_paused": True}, "CLINIC_PAUSED")]
)
def test_while_paused_a_letter_is_earned_but_does_not_go(paused, reason):
    decision = outlook(situation(**paused), paris(11, 17)).about("INVITE:1:f1:r0")
    assert (decision.verdict, decision.reason, decision.is_earned) == ("WAIT", reason, True)


def test_a_pause_does_not_keep_tasks_from_staff():
    assert going(situation(engine_paused=True), paris(3, 2)) == ["OVERDUE"]


def test_a_domain_that_asked_us_to_wait_is_left_alone():
    facts = situation(domain_held_until=paris(11, 17, 8, 15))
    decision = outlook(facts, paris(11, 17)).about("INVITE:1:f1:r0")
    assert (decision.verdict, decision.reason, decision.when) == ("WAIT", "DOMAIN_HELD", paris(11, 17, 8, 15))
    assert said(facts, paris(11, 17, 8, 15))["INVITE"] == ("SEND", "DUE")


def test_a_clinic_that_never_sends_keeps_its_letters_and_says_why():
    decision = outlook(situation(hours=hours(weekdays=())), paris(11, 18)).about("INVITE:1:f1:r0")
    assert (decision.verdict, decision.reason, decision.when) == ("WAIT", "QUIET_HOURS", None)


def test_an_explanation_knows_what_will_still_come_and_what_comes_too_late():
    soon = outlook(situation(), paris(11, 16)).about("INVITE:1:f1:r0")
    assert soon.will_go
    snoozed = situation(follow_ups=(follow_up(snoozed_until=date(2026, 12, 18)),))
    assert not outlook(snoozed, paris(11, 17)).about("INVITE:1:f1:r0").will_go
    assert outlook(snoozed, paris(11, 17)).about("LAST_CALL:1:f1:r0").will_go
    assert not outlook(situation(on_hold=True), paris(11, 17)).about("INVITE:1:f1:r0").will_go


def test_an_empty_plan_owes_nothing():
    empty = PlanBook({(2, None): ()}, (PlanStep(Step.INVITE, Anchor.OPENS, audience=Audience.PATIENT),))
    assert outlook(situation(), paris(12, 1), empty).decisions == ()
