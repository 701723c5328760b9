"""Programs that are kept running together."""

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from botox_tracker.supervisor import Program, Supervisor
from tests.tools.test_servers import eventually, is_alive


@pytest.fixture
def supervisor(tmp_path):
    said: list[str] = []
    supervisor = Supervisor(dict(os.environ), tmp_path / "log", said.append)
    supervisor.said = said
    yield supervisor
    supervisor.stopping.set()
    supervisor.stop_all()


def starts(path: Path) -> int:
    return len(path.read_text().splitlines()) if path.exists() else 0


def watch_until(supervisor: Supervisor, what, seconds: float = 10) -> bool:
    """Watch in this thread, as `demo` does; another one tells it to stop."""
    seen = []

    def look() -> None:
        seen.append(eventually(what, seconds))
        supervisor.stopping.set()

    looker = threading.Thread(target=look)
    looker.start()
    supervisor.watch()
    looker.join()
    return seen[0]


def test_what_ends_is_started_again_and_said(supervisor, tmp_path):
    supervisor.start(Program("short", ["sh", "-c", f"echo x >> {tmp_path}/starts; exit 7"]))

    assert watch_until(supervisor, lambda: starts(tmp_path / "starts") >= 3)

    assert supervisor.said[0].startswith("short ended (7), starting it again in 1 s")
    assert supervisor.said[1].startswith("short ended (7), starting it again in 2 s")


def test_a_killed_program_is_started_again_while_the_others_go_on(supervisor, tmp_path):
    steady, killed = Program("steady", ["sleep", "300"]), Program("killed", ["sleep", "300"])
    supervisor.start(steady)
    supervisor.start(killed)
    first = killed.process.pid
    steady_pid = steady.process.pid
    os.kill(first, signal.SIGKILL)

    assert watch_until(supervisor, lambda: killed.process is not None and killed.process.pid != first)

    assert steady.process.pid == steady_pid
    assert steady.process.poll() is None


def test_programs_are_stopped_in_reverse(supervisor, tmp_path):
    order = tmp_path / "order"
    for name in ("broker", "web"):
        wait = f"trap 'echo {name} >> {order}; exit 0' TERM; touch {tmp_path}/{name}; while :; do sleep 0.05; done"
        supervisor.start(Program(name, ["sh", "-c", wait], ready=(tmp_path / name).exists))

    supervisor.stop_all()

    assert order.read_text().split() == ["web", "broker"]


def test_the_pause_grows_to_half_a_minute_and_shrinks_after_a_good_run(supervisor):
    program = Program("failing", ["false"])
    pauses = []
    for _ in range(7):
        program.process = subprocess.Popen(["true"])
        program.process.wait()
        program.started = time.monotonic()
        supervisor._look_after(program, time.monotonic())
        pauses.append(program.pause)
    assert pauses == [1, 2, 4, 8, 16, 30, 30]

    program.process = subprocess.Popen(["true"])
    program.process.wait()
    program.started = time.monotonic() - 60
    supervisor._look_after(program, time.monotonic())

    assert program.pause == 1


SUPERVISED = """
import os, sys
from pathlib import Path
from botox_tracker.supervisor import Program, Supervisor
supervisor = Supervisor(dict(os.environ), Path(sys.argv[1]), print)
supervisor.stop_on_signals()
for number in range(3):
    supervisor.start(Program(f"sleeper{number}", ["sh", "-c", "sleep 300"]))
print(*[program.process.pid for program in supervisor.programs], flush=True)
supervisor.watch()
supervisor.stop_all()
"""


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_nothing_is_left_over_however_the_supervisor_goes(tmp_path, number):
    with subprocess.Popen([sys.executable, "-c", SUPERVISED, tmp_path], stdout=subprocess.PIPE, text=True) as supervisor:
        pids = [int(pid) for pid in supervisor.stdout.readline().split()]
        assert len(pids) == 3
        assert all(is_alive(pid) for pid in pids)

        supervisor.send_signal(number)
        supervisor.wait(20)

    assert eventually(lambda: not any(is_alive(pid) for pid in pids))
