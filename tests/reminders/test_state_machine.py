"""The engine and its faults in any order: what must hold after every step, holds.

`MACHINE_EXAMPLES` says how many lives are lived; few with the tests.
"""

import os
from collections import Counter
from datetime import timedelta
from pathlib import Path
from unittest import mock

import pytest
from django.conf import settings
from django.db import transaction
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from clinic.audit import Actor
from clinic.mailer.dialogue import Dialogue
from clinic.management.faults.smtp import Act, At, Fault
from clinic.patients.services import give_consent, look_again, withdraw_consent
from clinic.reminders import consequences, delivery
from clinic.reminders.models import EngineState, Message
from clinic.reminders.plans import ensure_plan
from clinic.reminders.services import pause_engine, resume_engine
from clinic.reminders.states import IN_HAND
from clinic.scheduling.models import Appointment
from clinic.scheduling.services import cancel, mark_missed
from clinic.treatments.services import close_active, log_contact
from tests.factories import NOW, AppointmentFactory, ClinicFactory, FollowUpFactory, InjectionSessionFactory, UserFactory
from tests.reminders.running import Clock, run

pytestmark = [pytest.mark.django_db, pytest.mark.slow]

PATIENT = Actor.patient()
FAULTS = [
    Fault(At.BANNER, Act.DROP), Fault(At.RCPT, Act.REPLY, "451 4.3.0 later"), Fault(At.DATA, Act.DROP),
    Fault(At.DOT, Act.DROP, keeps=True), Fault(At.DOT, Act.DROP, keeps=False), Fault(At.DOT, Act.REPLY, "451 4.3.0 later"),
]  # fmt: skip
#: Where a worker dies: what it would have called next never runs.
DEATHS = {
    "CLAIMED": (delivery.letters, "write"),
    "ADDRESSED": (delivery.Courier, "_intend"),
    "INTENDED": (Dialogue, "give"),
    "GIVEN": (consequences, "record"),
}


class Killed(BaseException):
    """The process is gone: nothing catches this."""


class Lives(RuleBasedStateMachine):
    """Two patients of one clinic, an engine that is run now and then, and everything that may happen to them."""

    def __init__(self):
        super().__init__()
        # The courier insists on transactions that are nobody's part; this one is undone at the end, like a test's own.
        self.around = transaction.atomic()
        self.around._from_testcase = True
        self.around.__enter__()
        Path(settings.ENGINE_MARK).unlink(missing_ok=True)
        self.server.fault, self.opted_out = None, {}
        self.server.taken.clear()

    def teardown(self):
        transaction.set_rollback(True)
        self.around.__exit__(None, None, None)

    @initialize()
    def begin(self):
        self.clock = Clock(NOW - timedelta(days=10))
        self.staff = Actor.of_user(UserFactory())
        clinic = ClinicFactory()
        ensure_plan(clinic, NOW - timedelta(days=60))
        self.follow_ups = [
            FollowUpFactory(patient__clinic=clinic, patient__next_check_at=self.clock.now) for _patient in range(2)
        ]

    # -- what people do -----------------------------------------------------------------------------------------------

    def visit_of(self, follow_up):
        return Appointment.objects.filter(follow_up=follow_up, state="BOOKED").first()

    @rule(which=st.integers(0, 1), days=st.integers(1, 30))
    def book(self, which, days):
        follow_up = self.follow_ups[which]
        if self.visit_of(follow_up) is None:
            AppointmentFactory(
                follow_up=follow_up, starts_at=self.clock.now + timedelta(days=days), created_at=self.clock.now,
            )  # fmt: skip
            look_again([follow_up.patient_id], now=self.clock.now)

    @rule(which=st.integers(0, 1))
    def cancel_or_miss(self, which):
        visit = self.visit_of(self.follow_ups[which])
        if visit is not None and visit.starts_at > self.clock.now:
            cancel(by=self.staff, appointment=visit, reason="ill", now=self.clock.now)
        elif visit is not None:
            mark_missed(by=self.staff, appointment=visit, now=self.clock.now)

    @rule(which=st.integers(0, 1))
    def treat(self, which):
        old = self.follow_ups[which]
        close_active(condition=old.condition, now=self.clock.now)
        Appointment.objects.filter(follow_up=old, state="BOOKED").update(state="TREATED")
        session = InjectionSessionFactory(condition=old.condition, performed_on=self.clock.now.date())
        self.follow_ups[which] = FollowUpFactory(session=session)
        look_again([old.patient_id], now=self.clock.now)

    @rule(which=st.integers(0, 1), agrees=st.booleans())
    def opt_out_or_in(self, which, agrees):
        patient = self.follow_ups[which].patient
        if agrees:
            give_consent(by=self.staff, patient=patient, purpose="INVITE", how="by phone", now=self.clock.now)
            self.opted_out.pop(patient.email, None)
        else:
            withdraw_consent(by=PATIENT, patient=patient, purpose="INVITE", how="by a link", now=self.clock.now)
            self.opted_out.setdefault(patient.email, len(self.server.taken))

    @rule(which=st.integers(0, 1), outcome=st.sampled_from(["NO_ANSWER", "REACHED"]))
    def phone(self, which, outcome):
        log_contact(
            by=self.staff, follow_up=self.follow_ups[which], channel="PHONE", outcome=outcome, note="", now=self.clock.now
        )

    @rule()
    def pause_or_resume(self):
        EngineState.objects.get_or_create(pk=1)
        if EngineState.objects.filter(paused_at=None).exists():
            pause_engine(by=self.staff, reason="to look", now=self.clock.now)
        else:
            resume_engine(by=self.staff, now=self.clock.now)

    # -- what the machines do -----------------------------------------------------------------------------------------

    @rule(fault=st.none() | st.sampled_from(FAULTS))
    def run_engine(self, fault):
        self.server.fault = fault
        assert run(self.clock).missed == 0
        in_hand = Message.objects.filter(state__in=sorted(IN_HAND), lease_until__lte=self.clock.now)
        assert not in_hand.exists()
        if fault is None and EngineState.objects.filter(paused_at=None).exists():
            assert not Message.objects.filter(state="READY", ready_at__lte=self.clock.now).exists()

    @rule(death=st.sampled_from(sorted(DEATHS)))
    def kill_worker(self, death):
        self.server.fault = None
        with mock.patch.object(*DEATHS[death], side_effect=Killed):
            try:
                run(self.clock)
            except Killed:
                self.clock.tick(seconds=1)

    @rule(hours=st.sampled_from([1, 7, 24, 80, 24 * 14, 24 * 40]))
    def time_passes(self, hours):
        self.clock.tick(hours=hours)

    # -- what always holds --------------------------------------------------------------------------------------------

    @invariant()
    def none_goes_twice(self):
        assert all(count == 1 for count in Counter(letter.message_id for letter in self.server.taken).values())

    @invariant()
    def what_the_server_has_is_written_down_and_what_is_sent_it_has(self):
        taken = {letter.message_id for letter in self.server.taken}
        states = dict(Message.objects.values_list("message_id", "state"))
        assert {states[message_id] for message_id in taken} <= {"SENT", "UNKNOWN", "HANDOFF"}
        assert {message_id for message_id, state in states.items() if state == "SENT"} <= taken

    @invariant()
    def who_opted_out_gets_no_invitation(self):
        steps = dict(Message.objects.values_list("message_id", "step"))
        for email, since in self.opted_out.items():
            after = [letter for letter in self.server.taken[since:] if letter.recipient == email]
            assert not {steps[letter.message_id] for letter in after} & {"INVITE", "REMIND", "LAST_CALL"}


def test_whatever_happens_in_whatever_order_no_letter_goes_twice_or_astray(server):
    run_state_machine_as_test(
        type("Living", (Lives,), {"server": server}),
        settings=hypothesis(
            max_examples=int(os.environ.get("MACHINE_EXAMPLES", "10")), stateful_step_count=20, deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )  # fmt: skip
