"""Several visits of one patient that are due go in one letter; none of them is lost when that letter does not go."""

import re
from dataclasses import replace
from datetime import date, timedelta

import pytest

from clinic import links
from clinic.management.faults.smtp import Act, At, Fault
from clinic.patients.services import look_again
from clinic.reminders.models import Message
from clinic.reminders.plans import ensure_plan
from tests.factories import NOW, ClinicFactory, ConditionFactory, FollowUpFactory
from tests.reminders.running import Clock, run, started, states
from tests.reminders.situations import follow_up, going, letter, outlook, paris, said, situation

BOTH = (follow_up(pk=1), follow_up(pk=2))
TOLD = letter("INVITE", paris(11, 17), key="INVITE:1:f1:r0")


def told_of(also_about, **facts):
    """An invitation about the first went on 17 November and told of these."""
    told = replace(TOLD, state=facts.pop("state", "SENT"), also_about=also_about)
    return situation(follow_ups=BOTH, letters=[told], **facts)


class TestWhatIsOwed:
    def test_what_the_letter_told_of_is_not_sent_by_itself(self):
        assert said(told_of((2,)), paris(11, 24))["INVITE"] == ("NEVER", "TOLD_TOGETHER")

    def test_what_it_did_not_tell_of_goes_after_72_hours(self):
        facts = told_of(())
        assert going(facts, paris(11, 18)) == []
        assert outlook(facts, paris(11, 20)).about("INVITE:1:f2:r0").verdict == "SEND"

    @pytest.mark.parametrize("state", ["FAILED", "DEAD", "CANCELLED", "READY"])
    def test_a_letter_that_never_went_told_of_nothing(self, state):
        found = outlook(told_of((2,), state=state), paris(11, 24)).about("INVITE:1:f2:r0")
        assert found.verdict == "SEND"

    def test_the_next_rung_goes_for_both_in_one_letter_again(self):
        found = outlook(told_of((2,)), paris(12, 15))
        assert [(d.key, d.also_about) for d in found.decisions if d.verdict == "SEND"] == [("REMIND:1:f2:r0", (1,))]

    def test_it_counts_towards_three_unanswered_of_each(self):
        letters = [
            replace(TOLD, key=f"INVITE:1:f1:r{number}", gone_at=paris(9, number), also_about=(2,)) for number in (1, 10, 20)
        ]
        facts = situation(follow_ups=BOTH, letters=letters)
        assert outlook(facts, paris(12, 15)).about("REMIND:1:f2:r0").reason == "THREE_UNANSWERED"

    def test_what_is_booked_or_snoozed_is_not_told_of(self):
        one = (follow_up(pk=1), follow_up(pk=2, is_booked=True), follow_up(pk=3, snoozed_until=date(2026, 12, 20)))
        assert outlook(situation(follow_ups=one), paris(11, 17)).about("INVITE:1:f1:r0").also_about == ()


@pytest.mark.django_db
class TestTheLetter:
    @pytest.fixture
    def due(self):
        """Two follow-ups of one patient whose invitations are owed now."""
        started()
        clinic = ClinicFactory()
        ensure_plan(clinic, NOW)
        first = FollowUpFactory(patient__clinic=clinic, patient__email="anna@example.org", patient__next_check_at=NOW)
        condition = ConditionFactory(patient=first.patient, side="LEFT")
        second = FollowUpFactory(patient=first.patient, condition=condition, session__condition=condition)
        return first, second

    def links_in(self, taken):
        # A stop link is behind another address.
        found = re.findall(r"/p/([\w-]{43})/\s", taken.content.decode().replace("=\n", ""))
        return [links.open_link(token, now=NOW).follow_up_id for token in dict.fromkeys(found)]

    def test_one_letter_has_a_link_for_each_and_nothing_goes_later(self, server, due):
        first, second = due
        run()
        (taken,) = server.taken
        assert sorted(self.links_in(taken)) == sorted([first.pk, second.pk])
        assert "Another visit of yours is to be booked as well" in taken.content.decode().replace("=\n", "")
        message = Message.objects.get()
        assert message.also_about == [second.pk if message.follow_up_id == first.pk else first.pk]
        for days in range(1, 8):
            look_again([first.patient_id], now=NOW + timedelta(days=days))
            run(Clock(NOW + timedelta(days=days)))
        assert len(server.taken) == 1

    def test_a_letter_that_is_refused_takes_the_other_visit_not_with_it(self, server, due):
        first, _second = due
        server.fault = Fault(At.DOT, Act.REPLY, "554 5.7.1 not this one", times=1)
        run()
        assert states() == {"FAILED": 1}
        failed = Message.objects.get()
        later = NOW + timedelta(hours=2)
        look_again([first.patient_id], now=later)
        run(Clock(later))
        sent = Message.objects.get(state="SENT")
        assert sent.follow_up_id != failed.follow_up_id
