"""An invitation that an amendment or a void treatment made untrue is taken back, once, and what is true later is told later."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from clinic.reminders.models import Message
from clinic.treatments.models import FollowUp
from tests.care.amended import Course
from tests.factories import NOW, TODAY, MessageFactory
from tests.reminders.running import Clock, run, started, states
from tests.reminders.situations import contact, follow_up, going, letter, outlook, paris, said, situation

INVITED = letter("INVITE", paris(10, 23), key="INVITE:1:f1:r0")
AMENDED = paris(11, 6, 10)
TAKEN_BACK = letter("CORRECTION", paris(11, 6, 10), key="CORRECTION:1:f1:r0")


def corrected(*letters, **facts):
    """The window opens on 1 December, the invitation is due on 17 November; it went in October, before the amendment."""
    return situation(follow_ups=(follow_up(corrected_at=AMENDED, **facts),), letters=letters or [INVITED])


class TestWhatIsOwed:
    def test_an_invitation_that_went_too_early_is_taken_back(self):
        assert going(corrected(), AMENDED) == ["CORRECTION"]

    def test_nobody_is_told_to_disregard_what_never_came(self):
        assert "CORRECTION" not in said(corrected(letter("INVITE", None, key="INVITE:1:f1:r0", state="FAILED")), AMENDED)
        assert "CORRECTION" not in said(situation(follow_ups=(follow_up(corrected_at=AMENDED),)), AMENDED)

    def test_what_may_have_come_is_taken_back_too(self):
        doubtful = replace(INVITED, state="UNKNOWN")
        assert going(corrected(doubtful), AMENDED) == ["CORRECTION"]

    def test_an_amendment_that_leaves_the_invitation_due_takes_nothing_back(self):
        early = corrected(opens_on=date(2026, 11, 1), suggested_on=date(2026, 11, 1))
        assert "CORRECTION" not in said(early, AMENDED)

    def test_it_is_not_said_any_more_once_it_is_time(self):
        assert "CORRECTION" in said(corrected(), paris(11, 17, 7, 59))
        assert said(corrected(), paris(11, 17)) == {
            "CORRECTION": ("NEVER", "EXPIRED"),
            "INVITE": ("NEVER", "ALREADY_SENT"),
            "REMIND": ("WAIT", "NOT_YET"),
            "LAST_CALL": ("WAIT", "NOT_YET"),
            "OVERDUE": ("WAIT", "NOT_YET"),
        }

    def test_whoever_was_phoned_since_is_not_written_to(self):
        assert said(corrected(contacts=(contact(paris(11, 6, 11)),)), paris(11, 6, 12))["CORRECTION"] == ("NEVER", "REPLACED")

    def test_whoever_has_booked_keeps_their_visit(self):
        assert said(corrected(is_booked=True), AMENDED)["CORRECTION"] == ("NEVER", "BOOKED_AHEAD")

    def test_after_it_the_invitation_is_owed_anew_when_it_is_time(self):
        later = corrected(INVITED, TAKEN_BACK)
        assert going(later, paris(11, 7)) == []
        assert outlook(later, paris(11, 17)).about("INVITE:1:f1:r1").verdict == "SEND"

    def test_it_goes_once_however_often_the_patient_is_looked_at(self):
        assert "CORRECTION" not in said(corrected(INVITED, TAKEN_BACK), paris(11, 8))

    def test_a_second_amendment_takes_back_the_second_invitation(self):
        again = letter("INVITE", paris(11, 17), key="INVITE:1:f1:r1")
        moved = situation(
            follow_ups=(follow_up(corrected_at=paris(11, 20, 10), opens_on=date(2027, 1, 10), suggested_on=date(2027, 1, 10)),),
            letters=[INVITED, TAKEN_BACK, again],
        )
        assert outlook(moved, paris(11, 20, 10)).about("CORRECTION:1:f1:r1").verdict == "SEND"

    def test_letters_taken_back_do_not_count_towards_three_unanswered(self):
        three = [letter("INVITE", paris(9, day), key=f"INVITE:1:f1:r7{day}") for day in (1, 5, 9)]
        assert said(corrected(*three), paris(11, 17))["INVITE"] == ("NEVER", "THREE_UNANSWERED")
        taken_back = [letter("CORRECTION", paris(9, 12), key="CORRECTION:1:f1:r0"), *three]
        assert said(corrected(*taken_back), paris(11, 17))["INVITE"] == ("SEND", "DUE")

    def test_a_void_treatment_takes_its_invitation_back_for_four_weeks(self):
        void = situation(
            follow_ups=(), void_follow_ups=(follow_up(corrected_at=AMENDED, opens_on=date(2026, 10, 1)),), letters=[INVITED]
        )
        assert going(void, AMENDED) == ["CORRECTION"]
        assert going(void, AMENDED + timedelta(days=27, hours=23)) == ["CORRECTION"]
        assert said(void, AMENDED + timedelta(days=28))["CORRECTION"] == ("NEVER", "EXPIRED")

    def test_where_another_follow_up_is_due_it_was_true_that_it_is_time(self):
        void = situation(
            follow_ups=(follow_up(pk=2, opens_on=date(2026, 11, 1), suggested_on=date(2026, 11, 1)),),
            void_follow_ups=(follow_up(corrected_at=AMENDED),),
            letters=[INVITED],
        )
        assert "CORRECTION" not in said(void, AMENDED)


@pytest.mark.django_db
class TestFromTheRecordToTheLetter:
    @pytest.fixture
    def course(self):
        started()
        return Course(email="anna@example.org", consents=["INVITE", "VISIT"])

    def test_an_amended_date_takes_the_letter_back_and_says_nothing_of_why(self, server, course):
        session = course.sign(on=date(2026, 8, 3))
        invited = FollowUp.objects.get(session=session)
        MessageFactory(
            follow_up=invited, patient=course.patient, state="SENT", sent_at=NOW - timedelta(days=5),
            dedupe_key=f"INVITE:1:f{invited.pk}:r0",
        )  # fmt: skip
        course.amend(session, performed_on=TODAY)
        run()
        (taken,) = server.taken
        text = taken.content.decode()
        assert "that letter no longer holds" in text
        assert "/p/" in text  # only the way to stop the letters
        assert [word for word in ("amend", "void", "treat", "spasm") if word in text.lower()] == []
        assert states() == {"SENT": 2}
        run(Clock(NOW + timedelta(days=4)))
        assert len(server.taken) == 1

    def test_a_void_treatment_takes_its_letter_back(self, server, course):
        session = course.sign(on=date(2026, 8, 3))
        invited = FollowUp.objects.get(session=session)
        MessageFactory(
            follow_up=invited, patient=course.patient, state="SENT", sent_at=NOW - timedelta(days=5),
            dedupe_key=f"INVITE:1:f{invited.pk}:r0",
        )  # fmt: skip
        course.void(session)
        run()
        assert Message.objects.get(step="CORRECTION").state == "SENT"
        assert len(server.taken) == 1
