"""The letter about a visit that was moved, and the one to somebody who did not come."""

from dataclasses import replace
from datetime import timedelta
from email import message_from_string

import pytest
from icalendar import Calendar

from clinic.audit import Actor
from clinic.reminders.models import Message
from clinic.reminders.rules import default_steps
from clinic.reminders.situation import Address
from clinic.scheduling.models import Appointment
from clinic.scheduling.services import mark_missed, move
from tests.factories import NOW
from tests.reminders.running import Clock, run, started
from tests.reminders.situations import contact, follow_up, going, letter, outlook, paris, said, situation, visit
from tests.scheduling.agenda import TUESDAY_9, WEDNESDAY_9, make_agenda


def with_moved(**facts):
    """Moved by staff on 4 December to Thursday 17 December at 09:30."""
    told = {"starts_at": paris(12, 17, 9, 30), "change": "MOVED", "sequence": 1, "changed_at": paris(12, 4, 10)}
    return situation(follow_ups=(), visits=(visit(**told | facts),))


MISSED_AT = paris(12, 10, 11)


def after_a_miss(*, at=MISSED_AT, letters=(), **facts):
    """The visit of Thursday 10 December was missed, and staff said so at eleven."""
    missed = visit(state="MISSED")
    return situation(
        follow_ups=(follow_up(fallen_through=1, fell_through_at=at, missed=missed, **facts),), visits=(), letters=letters
    )


class TestMoved:
    def test_it_is_told_at_once_and_until_a_reminder_of_the_visit_says_it_all(self):
        assert going(with_moved(), paris(12, 4, 10)) == ["MOVED"]
        assert said(with_moved(), paris(12, 10, 9, 29))["MOVED"] == ("SEND", "DUE")
        assert said(with_moved(), paris(12, 10, 9, 30))["MOVED"] == ("NEVER", "OVERTAKEN")
        assert going(with_moved(), paris(12, 10, 9, 30)) == ["VISIT"]

    def test_a_confirmation_that_had_not_gone_is_overtaken_so_that_one_true_letter_goes(self):
        waiting = letter("BOOKED", state="READY", key="BOOKED:1:a5:s0")
        facts = replace(with_moved(), letters={waiting.key: waiting})
        decided = outlook(facts, paris(12, 4, 10))
        assert (decided.about("BOOKED:1:a5:s0").verdict, decided.about("BOOKED:1:a5:s0").reason) == ("NEVER", "OVERTAKEN")
        assert decided.about("MOVED:1:a5:s1").verdict == "SEND"

    def test_each_move_is_told_by_a_letter_of_its_own(self):
        first = letter("MOVED", paris(12, 4, 10), key="MOVED:1:a5:s1")
        again = replace(with_moved(sequence=2, changed_at=paris(12, 4, 12)), letters={first.key: first})
        assert said(again, paris(12, 4, 12))["MOVED"] == ("SEND", "DUE")
        assert said(replace(with_moved(), letters={first.key: first}), paris(12, 4, 12))["MOVED"] == ("NEVER", "ALREADY_SENT")

    def test_what_staff_moved_without_a_letter_is_not_told(self):
        assert said(with_moved(with_letter=False), paris(12, 4, 10))["MOVED"] == ("NEVER", "WITHOUT_LETTER")

    def test_a_visit_that_no_longer_stands_is_not_told_of_as_moved(self):
        assert said(with_moved(state="ARRIVED"), paris(12, 4, 10))["MOVED"] == ("NEVER", "NOT_BOOKED")

    def test_it_waits_for_no_hold_and_no_other_letter_but_for_civil_hours(self):
        invited = letter("INVITE", paris(12, 4, 9))
        facts = replace(with_moved(), on_hold=True, letters={invited.key: invited})
        assert going(facts, paris(12, 4, 10)) == ["MOVED"]
        night = with_moved(changed_at=paris(12, 4, 22))
        assert said(night, paris(12, 4, 22))["MOVED"] == ("WAIT", "QUIET_HOURS")
        assert going(replace(night, visits=(replace(night.visits[0], by_patient=True),)), paris(12, 4, 22)) == ["MOVED"]

    @pytest.mark.parametrize("lacks", [{"address": Address.MISSING}, {"consents": frozenset()}], ids=["no address", "no consent"])
    def test_whoever_cannot_be_written_to_is_phoned_lest_they_come_at_the_old_time(self, lacks):
        assert outlook(replace(with_moved(), **lacks), paris(12, 4, 10)).about("MOVED:1:a5:s1").verdict == "TASK"

    def test_whoever_moved_it_and_agreed_to_no_letter_is_not_phoned(self):
        facts = replace(with_moved(by_patient=True), consents=frozenset())
        assert said(facts, paris(12, 4, 10))["MOVED"] == ("NEVER", "NO_CONSENT")


class TestMissed:
    def test_it_goes_the_day_after_and_for_a_fortnight(self):
        assert said(after_a_miss(), paris(12, 10, 12))["MISSED"] == ("WAIT", "NOT_YET")
        assert going(after_a_miss(), paris(12, 11, 8)) == ["MISSED"]
        assert said(after_a_miss(), paris(12, 24, 9, 30))["MISSED"] == ("NEVER", "EXPIRED")

    def test_over_a_weekend_it_waits_for_a_civil_hour(self):
        friday = after_a_miss(at=paris(12, 11, 11))
        assert going(friday, paris(12, 12, 10)) == []
        assert going(friday, paris(12, 14, 8)) == ["MISSED"]

    @pytest.mark.parametrize(
        ("facts", "reason"),
        [
            ({"is_booked": True}, "BOOKED_AHEAD"),
            ({"contacts": (contact(paris(12, 10, 15)),)}, "REPLACED"),
            ({"contacts": (contact(paris(12, 10, 15), declined=True),)}, "DECLINED"),
        ],
    )
    def test_it_does_not_go_to_somebody_who_is_booked_again_or_was_spoken_to(self, facts, reason):
        assert said(after_a_miss(**facts), paris(12, 11, 8))["MISSED"] == ("NEVER", reason)

    def test_it_keeps_the_holds_and_the_distance_of_other_letters(self):
        assert said(replace(after_a_miss(), on_hold=True), paris(12, 11, 8))["MISSED"] == ("WAIT", "ON_HOLD")
        reminded = letter("VISIT", paris(12, 9, 8), key="VISIT:2:a5:t1")
        assert said(after_a_miss(letters=[reminded]), paris(12, 11, 8))["MISSED"] == ("WAIT", "TOO_SOON")
        assert going(after_a_miss(letters=[reminded]), paris(12, 14, 8)) == ["MISSED"]

    def test_it_stands_in_place_of_the_invitation_of_those_days_and_the_next_one_goes(self):
        told = letter("MISSED", paris(12, 11, 8), key="MISSED:1:f1:r1")
        facts = after_a_miss(letters=[told])
        assert said(facts, paris(12, 14, 11))["INVITE"] == ("NEVER", "TOLD_TOGETHER")
        assert going(facts, paris(12, 14, 11)) == []
        assert going(facts, paris(12, 15, 8)) == ["REMIND"]

    def test_an_invitation_of_the_same_hour_waits_for_it_and_is_not_told_of_as_another_visit(self):
        both = after_a_miss(letters=[letter("VISIT", paris(12, 10, 11), key="VISIT:2:a5:t1")])
        decided = outlook(both, paris(12, 14, 8))
        assert decided.about("MISSED:1:f1:r1").also_about == ()
        assert [d.verdict for d in decided.decisions if d.key.startswith("INVITE")] == ["WAIT"]

    def test_each_missed_visit_has_a_letter_of_its_own(self):
        told = letter("MISSED", paris(12, 1, 8), key="MISSED:1:f1:r1")
        second = after_a_miss(letters=[told])
        second = replace(second, follow_ups=(replace(second.follow_ups[0], fallen_through=2),))
        assert going(second, paris(12, 11, 8)) == ["MISSED"]

    def test_whoever_has_no_address_is_phoned_once(self):
        facts = replace(after_a_miss(), address=Address.MISSING)
        assert going(facts, paris(12, 11, 8)) == ["MISSED"]
        key = "step:MISSED:1:f1:r1"
        phoned = replace(facts, tasks=frozenset({key}), open_tasks=frozenset({key}))
        assert going(phoned, paris(12, 14, 11)) == []


def test_both_stand_in_the_plan_that_every_clinic_starts_with():
    assert {"MOVED", "MISSED"} <= {step.step for step in default_steps()}


@pytest.mark.django_db
class TestFromTheVisitToTheLetter:
    @pytest.fixture
    def agenda(self):
        started()
        return make_agenda()

    def steps(self):
        return list(Message.objects.order_by("pk").values_list("step", "state"))

    def test_patient_who_moves_at_once_gets_one_letter_with_the_newer_calendar_file(self, server, agenda):
        visit = agenda.book(by=Actor.patient())
        move(by=Actor.patient(), appointment=visit, practitioner=agenda.practitioner, starts_at=WEDNESDAY_9, now=NOW)
        run()
        assert self.steps() == [("MOVED", "SENT")]
        text = server.taken[0].content.decode()
        for said_there in (
            "Your visit has a new time",
            "Wednesday 2 December 2026, 09:00",
        ):
            assert said_there in text
        assert "1 December" not in text
        (file,) = [part for part in message_from_string(text).walk() if part.get_content_type() == "text/calendar"]
        (event,) = Calendar.from_ical(file.get_payload(decode=True)).walk("VEVENT")
        assert str(event["UID"]).startswith(str(visit.public_id))
        assert (event["SEQUENCE"], event.decoded("DTSTART")) == (1, WEDNESDAY_9)

    def test_confirmation_that_was_waiting_gives_way_to_the_letter_about_the_move(self, server, agenda):
        evening = NOW + timedelta(hours=11)
        visit = agenda.book(now=evening)
        run(Clock(evening))
        assert self.steps() in ([("BOOKED", "READY")], [])
        move(by=agenda.staff, appointment=visit, practitioner=agenda.practitioner, starts_at=WEDNESDAY_9, now=evening)
        run(Clock(evening + timedelta(hours=12)))
        assert [step for step, state in self.steps() if state == "SENT"] == ["MOVED"]
        assert len(server.taken) == 1

    def test_somebody_who_did_not_come_is_written_to_kindly_and_once(self, server, agenda):
        agenda.book(with_letter=False)
        visit = Appointment.objects.get()
        mark_missed(by=agenda.staff, appointment=visit, now=TUESDAY_9 + timedelta(hours=1))
        for hours in (2, 24, 30, 50, 76):
            run(Clock(TUESDAY_9 + timedelta(hours=hours)))
        assert [step for step, state in self.steps() if state == "SENT"] == ["MISSED"]
        (taken,) = server.taken
        text = taken.content.decode()
        for said_there in ("We missed you", "Tuesday 1 December 2026, 09:00", "Choose another time"):
            assert said_there in text
        assert "VCALENDAR" not in text
