"""What Celery runs, and the watchdog that leaves when Celery has gone deaf."""

import os
import re
import signal
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings as project
from kombu.exceptions import OperationalError

from clinic import tasks
from clinic.management.faults.crowd import make_clinic, make_due, make_used_to
from clinic.reminders.models import Heartbeat
from tests.factories import NOW
from tests.reminders.conftest import server as server
from tests.reminders.running import started, states


@pytest.fixture
def kept_connection(monkeypatch):
    """Between two tasks a worker lets go of a stale connection; a test has only the one."""
    monkeypatch.setattr(tasks, "close_old_connections", lambda: None)


@pytest.mark.usefixtures("kept_connection")
@pytest.mark.django_db
def test_a_tick_runs_the_engine(server, time_machine):
    time_machine.move_to(NOW, tick=False)
    make_due(make_clinic(now=NOW), 2, now=NOW)
    tasks.tick()
    assert states() == {"SENT": 2}
    assert Heartbeat.objects.get().last_worker.endswith(f":{os.getpid()}")


@pytest.mark.usefixtures("kept_connection")
@pytest.mark.django_db
def test_more_hands_are_called_for_a_backlog_and_their_absence_stops_nothing(server, time_machine, monkeypatch):
    time_machine.move_to(NOW, tick=False)
    clinic = make_clinic(now=NOW)
    make_due(clinic, 201, now=NOW)
    make_used_to(clinic, 201, now=NOW)
    called = []
    monkeypatch.setattr(tasks.hand_over, "apply_async", lambda **options: called.append(options))
    tasks._call_helpers(2)
    assert called == [{"expires": 55, "retry": False}] * 2

    def no_broker(**_options):
        raise OperationalError

    monkeypatch.setattr(tasks.hand_over, "apply_async", no_broker)
    tasks.tick()
    assert states() == {"SENT": 201 + 67}


@pytest.mark.usefixtures("kept_connection")
@pytest.mark.django_db
def test_a_helper_hands_over_what_is_ready(server, time_machine):
    time_machine.move_to(NOW, tick=False)
    started()
    tasks.hand_over()
    assert server.taken == []


def test_no_task_carries_anything_or_waits_in_the_broker():
    """What stands in the broker may be lost or delivered twice: so it must not matter, nor be about anybody."""
    source = "\n".join(path.read_text() for path in Path(project.BASE_DIR, "clinic").rglob("*.py"))
    assert not re.search(r"\b(eta|countdown)=", source)
    assert re.findall(r"@shared_task.*\ndef (\w+)\(([^)]*)\)", source) == [("tick", ""), ("hand_over", "")]
    assert project.CELERY_RESULT_BACKEND is None
    assert all(entry["options"]["expires"] < entry["schedule"] for entry in project.CELERY_BEAT_SCHEDULE.values())


# -- the watchdog -----------------------------------------------------------------------------------------------------


class Time:
    def __init__(self):
        self.now = 1000.0

    def __call__(self):
        return self.now


@pytest.fixture
def watched():
    """A watchdog with a clock of its own, and how often it has left."""
    left, clock = [], Time()
    return tasks.Watchdog(leave=lambda: left.append(clock.now), now=clock), clock, left


@pytest.mark.django_db
def test_a_worker_that_hears_its_ticks_stays(watched):
    watchdog, clock, left = watched
    for _minute in range(60):
        clock.now += 60
        watchdog.seen()
        watchdog.look()
    assert left == []


@pytest.mark.django_db
def test_a_worker_that_has_heard_no_tick_for_five_minutes_leaves(watched):
    watchdog, clock, left = watched
    clock.now += tasks.SILENCE_SECONDS
    watchdog.look()
    assert left == []
    clock.now += 1
    watchdog.look()
    assert left


@pytest.mark.django_db
def test_one_of_many_workers_waits_longer_for_its_turn_but_not_for_ever(watched, time_machine):
    time_machine.move_to(NOW, tick=False)
    started()
    Heartbeat.objects.update(last_tick_at=NOW - timedelta(seconds=30))
    watchdog, clock, left = watched
    clock.now += tasks.SILENCE_SECONDS * tasks.PATIENCE
    watchdog.look()
    assert left == []
    clock.now += 1
    watchdog.look()
    assert left


def is_gone(group, seconds=15):
    """Whether no process of the group is left; whoever adopts the dead may take a moment to bury them."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.1)
    return False


@pytest.mark.slow
def test_a_deaf_worker_really_ends_with_its_children(valkey_url, tmp_path):
    program = (
        "from botox_tracker.celery import app; import django; django.setup(); import clinic.tasks as tasks; "
        "tasks.SILENCE_SECONDS = 1.0; "
        "app.worker_main(['worker', '-c', '2', '-l', 'warning', '--without-gossip', '--without-mingle'])"
    )
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith(("DJANGO_", "PYTEST_", "COV_"))},
        "BOTOX_TRACKER_VAR": str(tmp_path),
        "DATABASE_URL": f"sqlite:///{tmp_path / 'none.sqlite3'}",
        "REDIS_URL": valkey_url,
    }
    worker = subprocess.Popen(
        [sys.executable, "-c", program], env=environment, cwd=project.BASE_DIR, start_new_session=True, stderr=subprocess.PIPE
    )
    try:
        _out, told = worker.communicate(timeout=60)
        assert worker.returncode == 1
        assert b"no tick for" in told
        assert is_gone(worker.pid)
    finally:
        if worker.poll() is None:
            os.killpg(worker.pid, signal.SIGKILL)
            worker.wait()
