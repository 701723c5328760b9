"""What makes the engine pause itself: a clock that was set, a copy in another deployment, a mark that cannot be written."""

import uuid
from datetime import timedelta

import pytest

from clinic.audit import Action, Actor, AuditEvent
from clinic.management.faults.crowd import make_clinic, make_due
from clinic.reminders import engine
from clinic.reminders.mark import MarkUnusable
from clinic.reminders.models import EngineState, Heartbeat, Message
from clinic.reminders.safeguard_state import Safeguard, SafeguardState
from clinic.reminders.services import DecisionRefused, pause_engine, resume_engine, take_pulse
from tests.factories import NOW, UserFactory
from tests.reminders.running import Clock, deployment, mark, plan, run, states

pytestmark = pytest.mark.django_db
EDGE = timedelta(minutes=10)
OVER = timedelta(minutes=10, seconds=1)


@pytest.fixture
def person():
    return Actor.of_user(UserFactory())


class Machine:
    """A machine whose time of day can be set while its seconds go on."""

    def __init__(self, now=NOW):
        self.clock, self.seconds, self.boot = Clock(now), 1000.0, "this start"
        self.database_time = self.clock

    def wait(self, delta):
        self.seconds += delta.total_seconds()
        self.clock.now += delta

    def set_clock(self, delta):
        self.clock.now += delta

    def run(self):
        here = deployment(self.clock, steady=lambda: self.seconds, boot=self.boot, database_time=lambda: self.database_time())
        return run(self.clock, deployment=here)


@pytest.fixture
def machine():
    return Machine()


def guards():
    return SafeguardState.objects.get().guards


def due(count=3, at=NOW):
    return make_due(make_clinic(now=at), count, now=at)


# -- the clock ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize(("moved", "stops"), [(EDGE, False), (OVER, True)])
def test_f14_a_clock_that_was_set_by_more_than_ten_minutes_stops_letters(server, machine, moved, stops, sign):
    machine.run()
    machine.wait(timedelta(minutes=1))
    machine.set_clock(sign * moved)
    due(at=machine.clock())
    machine.run()
    assert (guards() == {Safeguard.CLOCK}) is stops
    assert len(server.taken) == (0 if stops else 3)


@pytest.mark.parametrize("moved", [
    timedelta(hours=1), timedelta(days=1), timedelta(days=400), timedelta(hours=-1), timedelta(days=-1),
])  # fmt: skip
def test_f14_under_a_wrong_clock_nothing_is_decided_and_nothing_is_lost(server, machine, person, moved):
    machine.run()
    due(60)
    machine.wait(timedelta(minutes=1))
    machine.set_clock(moved)
    assert machine.run().planned.patients == 0
    assert Message.objects.count() == 0
    assert EngineState.objects.get().paused_reason.startswith("The clock was set by ")
    assert AuditEvent.objects.filter(action=Action.PAUSED, actor_kind="SYSTEM", what="EngineState").count() == 1
    # Set right again, and that noticed by somebody, everything goes that is owed: once.
    machine.set_clock(-moved)
    machine.run()
    resume_engine(by=person, now=machine.clock())
    machine.wait(timedelta(minutes=1))
    machine.run()
    assert guards() == set()
    assert len(Message.objects.filter(state="READY")) == 60  # a pile of its own: sixty are more than are usual here
    assert server.taken == []


def test_an_engine_that_stood_still_for_days_has_not_had_its_clock_set(server, machine):
    machine.run()
    machine.wait(timedelta(days=3))
    due(at=machine.clock())
    machine.run()
    assert guards() == set()
    assert len(server.taken) == 3


def test_two_starts_of_the_machine_are_not_compared(server, machine):
    machine.run()
    machine.boot, machine.seconds = "the next start", 5.0
    machine.set_clock(timedelta(hours=5))
    machine.run()
    assert guards() == set()


def test_a_clock_that_went_back_over_a_new_start_is_noticed_by_the_last_run(server, machine):
    machine.run()
    machine.boot, machine.seconds = "the next start", 5.0
    machine.set_clock(-OVER)
    machine.run()
    assert guards() == {Safeguard.CLOCK}
    assert Heartbeat.objects.get().last_tick_at == machine.clock()


@pytest.mark.parametrize(("differs", "stops"), [(EDGE, False), (OVER, True), (-EDGE, False), (-OVER, True)])
def test_a_machine_whose_clock_is_not_the_databases_sends_nothing(server, machine, person, differs, stops):
    machine.database_time = lambda: machine.clock() - differs
    due()
    machine.run()
    assert len(server.taken) == (0 if stops else 3)
    if stops:
        resume_engine(by=person, now=machine.clock())
        machine.wait(timedelta(minutes=1))
        machine.run()
        assert guards() == {Safeguard.CLOCK}, "as long as it differs"


def test_resumed_after_a_step_the_engine_goes_on_by_the_new_time(server, machine, person):
    machine.run()
    machine.set_clock(timedelta(hours=1))
    machine.run()
    due(at=machine.clock())
    resume_engine(by=person, now=machine.clock())
    machine.wait(timedelta(minutes=1))
    machine.run()
    assert guards() == set()
    assert len(server.taken) == 3


# -- whose database -----------------------------------------------------------------------------------------------------


def test_the_first_run_gives_database_and_deployment_the_same_name(server, settings):
    run()
    assert SafeguardState.objects.get().instance_id == mark().read().instance


def test_f18_a_copy_of_the_database_starts_paused_in_another_deployment(server, settings, tmp_path, person):
    run()
    at_home = SafeguardState.objects.get().instance_id
    due()
    settings.ENGINE_MARK = tmp_path / "elsewhere" / "engine.mark"
    for minute in range(1, 4):
        run(Clock(NOW + timedelta(minutes=minute)))
    assert (server.taken, Message.objects.count(), guards()) == ([], 0, {Safeguard.INSTANCE})
    assert EngineState.objects.get().paused_reason == "This database belongs to another installation: is this the right one?"
    later = NOW + timedelta(minutes=5)
    with pytest.raises(DecisionRefused, match="right database"):
        resume_engine(by=person, now=later)
    resume_engine(by=person, now=later, is_right_database=True)
    state = SafeguardState.objects.get()
    assert state.instance_id == mark().read().instance != at_home
    assert AuditEvent.objects.get(action=Action.RESUMED).fields == ["instance_id", "paused_at"]
    run(Clock(later))
    assert len(server.taken) == 3
    assert guards() == set()


def test_where_a_database_is_confirmed_the_deployment_that_had_it_stops(server, settings, tmp_path, person):
    run()
    at_home = settings.ENGINE_MARK
    settings.ENGINE_MARK = tmp_path / "elsewhere" / "engine.mark"
    run(Clock(NOW + timedelta(minutes=1)))
    resume_engine(by=person, now=NOW + timedelta(minutes=2), is_right_database=True)
    settings.ENGINE_MARK = at_home
    run(Clock(NOW + timedelta(minutes=3)))
    assert guards() == {Safeguard.INSTANCE}


def test_what_was_done_with_another_database_is_not_held_against_the_confirmed_one(server, settings, person):
    due()
    run()
    assert states() == {"SENT": 3}
    # As if another database had been put in: it has another name and knows none of these letters.
    SafeguardState.objects.update(instance_id=uuid.uuid4())
    Message.objects.update(handoff_at=None)
    Heartbeat.objects.update(last_tick_at=NOW - timedelta(days=1))
    run(Clock(NOW + timedelta(minutes=1)))
    assert guards() == {Safeguard.INSTANCE}
    resume_engine(by=person, now=NOW + timedelta(minutes=2), is_right_database=True)
    run(Clock(NOW + timedelta(minutes=3)))
    assert guards() == set()
    assert states() == {"SENT": 3}


def test_several_machines_that_the_settings_give_one_name_are_one_deployment(server, settings, tmp_path):
    name = uuid.uuid4()
    clock = Clock()
    for machine in ("one", "two"):
        settings.ENGINE_MARK = tmp_path / machine
        run(clock, deployment=deployment(clock, instance=name))
        clock.tick(minutes=1)
    assert SafeguardState.objects.get().instance_id == name
    assert guards() == set()


def test_a_helper_in_another_deployment_hands_nothing_over(server, settings, tmp_path):
    due()
    run(budget=timedelta(0))
    plan()
    settings.ENGINE_MARK = tmp_path / "elsewhere"
    assert engine.help_out(clock=Clock(), worker="helper", deployment=deployment(Clock())).sent == 0
    assert guards() == {Safeguard.INSTANCE}
    assert server.taken == []


def test_a_persons_pause_does_not_hide_a_guards(server, settings, tmp_path, person):
    run()
    pause_engine(by=person, reason="moving house", now=NOW)
    settings.ENGINE_MARK = tmp_path / "elsewhere"
    run(Clock(NOW + timedelta(minutes=1)))
    with pytest.raises(DecisionRefused):
        resume_engine(by=person, now=NOW + timedelta(minutes=2))
    assert "another installation" in EngineState.objects.get().paused_reason


# -- a mark that cannot be used -----------------------------------------------------------------------------------------


def test_where_the_mark_cannot_be_written_nothing_is_sent_and_it_is_said(server, settings, tmp_path, caplog):
    due()
    settings.ENGINE_MARK = tmp_path  # a folder
    run()
    assert server.taken == []
    assert states() == {"READY": 3}
    pulse = take_pulse(now=NOW)
    assert (pulse.level, pulse.mark_failing_since, pulse.last_success_at) == ("amber", NOW, None)
    assert "nothing is sent" in caplog.text
    assert take_pulse(now=NOW + timedelta(hours=27)).level == "red"
    settings.ENGINE_MARK = tmp_path / "mended"
    run(Clock(NOW + timedelta(minutes=1)))
    assert len(server.taken) == 3
    assert take_pulse(now=NOW + timedelta(minutes=1)).level == "green"


def test_a_mark_that_fails_in_the_middle_of_a_batch_stops_before_the_next_letter(server, monkeypatch):
    due(5)
    noted = []

    def note(self, message, at):
        if len(noted) == 2:
            raise MarkUnusable("No space left on device")
        noted.append(message)

    monkeypatch.setattr("clinic.reminders.mark.Mark.handed_over", note)
    run()
    assert len(server.taken) == 2
    assert states() == {"SENT": 2, "READY": 3}
    assert set(Message.objects.filter(state="READY").values_list("attempts", flat=True)) == {0}
    monkeypatch.undo()
    run(Clock(NOW + timedelta(minutes=2)))
    assert states() == {"SENT": 5}
    assert len({letter.message_id for letter in server.taken}) == len(server.taken) == 5


def test_every_letter_is_noted_outside_the_database_before_it_leaves(server):
    due(2)
    noted = []
    server.on_letter = lambda letter: noted.append((letter.message_id, mark().read().handed))
    run()
    assert [str(handed) in message_id for message_id, handed in noted] == [True, True]


def test_a_rerun_of_the_same_minute_pauses_nothing(server, machine):
    for _run in range(3):
        machine.run()
    assert guards() == set()
