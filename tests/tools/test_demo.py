"""`manage.py demo`: everything from one command, and nothing left of it."""

import os
import re
import signal
import socket
import subprocess
import sys
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from smtplib import SMTP

import pytest

from botox_tracker import servers
from tests.tools.test_servers import eventually, is_alive

PROJECT = Path(__file__).resolve().parent.parent.parent
pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("demo")]


@dataclass
class Demo:
    process: subprocess.Popen
    output: Path
    var: Path

    @property
    def said(self) -> str:
        return self.output.read_text()

    @property
    def address(self) -> str:
        return re.search(r"http://localhost:\d+", self.said)[0]

    def children(self) -> dict[str, int]:
        """Return what runs, by what its command line holds."""
        pids = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        commands = {int(pid): Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ") for pid in pids}
        words = {
            "broker": "valkey.sock",
            "mail": "catching_mail",
            "web": "gunicorn",
            "worker": " worker ",
            "beat": " beat ",
        }
        return {name: pid for name, word in words.items() for pid, command in commands.items() if word in command}

    def everything(self) -> set[int]:
        """Return the pids of all descendants."""
        found, waiting = set(), [self.process.pid]
        while waiting:
            pid = waiting.pop()
            for task in Path(f"/proc/{pid}/task").glob("*/children"):
                children = [int(child) for child in task.read_text().split()]
                found |= set(children)
                waiting += children
        return found

    def get(self, path: str) -> tuple[int, str]:
        with urllib.request.urlopen(self.address + path, timeout=10) as answer:
            return answer.status, answer.read().decode()


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory):
    folder = tmp_path_factory.mktemp("a demo")
    with socket.socket() as somebody:
        somebody.bind(("127.0.0.1", 0))
        somebody.listen()
        taken = somebody.getsockname()[1]
        environment = {
            **os.environ,
            "BOTOX_TRACKER_VAR": str(folder / "var"),
            "STATIC_ROOT": str(folder / "static"),
            "DATABASE_URL": "",
            "DJANGO_SETTINGS_MODULE": "botox_tracker.settings",
        }
        output = folder / "output"
        with output.open("wb") as file:
            process = subprocess.Popen(
                [sys.executable, PROJECT / "manage.py", "demo", "--port", str(taken), "--workers", "1"],
                env=environment,
                stdout=file,
                stderr=subprocess.STDOUT,
            )
        demo = Demo(process, output, folder / "var")
        try:
            ready = eventually(lambda: "Ready after" in demo.said or process.poll() is not None, 300)
            assert ready, demo.said
            assert process.poll() is None, demo.said
            demo.taken = taken
            yield demo
        finally:
            process.terminate()
            process.wait(40)


EVERYTHING = {"broker", "mail", "web", "worker", "beat"}


def test_a_taken_port_is_passed_over_and_said(demo):
    assert f"Port {demo.taken} is taken; using " in demo.said
    assert not demo.address.endswith(f":{demo.taken}")


def test_the_first_page_has_its_styles(demo):
    status, page = demo.get("/account/login/")

    styles = re.findall(r'<link rel="stylesheet" href="(/static/[^"]+)"', page)
    assert status == 200
    assert len(styles) > 2
    assert all(re.search(r"\.[0-9a-f]{12}\.css$", style) for style in styles), "names that carry their content's hash"
    assert all(demo.get(style)[0] == 200 for style in styles)


def test_the_accounts_to_sign_in_with_are_printed(demo):
    assert re.search(r"\S+@\S+", demo.said)
    assert "password" in demo.said.lower()
    assert "/mailbox/" in demo.said


def test_everything_runs(demo):
    assert demo.children().keys() == EVERYTHING


def test_letters_are_caught(demo):
    port = int(re.search(r"catching_mail\0(\d+)", Path(f"/proc/{demo.children()['mail']}/cmdline").read_text())[1])
    before = set((demo.var / "mailbox").glob("*.eml"))
    # Another test may have killed it a moment ago.
    assert eventually(lambda: servers.answers(("127.0.0.1", port)))

    with SMTP("127.0.0.1", port) as smtp:
        smtp.sendmail("a@clinic.test", ["b@post.test"], "Subject: caught\r\n\r\nHello")

    new = set((demo.var / "mailbox").glob("*.eml")) - before
    assert any("caught" in path.read_text() for path in new)


@pytest.mark.parametrize("name", ["web", "worker", "beat", "mail", "broker"])
def test_what_is_killed_comes_back(demo, name):
    # What another test has killed a moment ago may still be on its way back.
    assert eventually(lambda: demo.children().keys() == EVERYTHING, 60), demo.said
    before = demo.children()
    os.kill(before[name], signal.SIGKILL)

    assert eventually(lambda: demo.children().get(name) not in {None, before[name]}, 60), demo.said
    assert eventually(lambda: demo.children().keys() == before.keys(), 60), demo.said
    if name == "web":
        assert eventually(lambda: servers.answers(("127.0.0.1", int(demo.address.rsplit(":", 1)[1]))), 60)
        assert demo.get("/account/login/")[0] == 200
    assert {other: pid for other, pid in demo.children().items() if other != name} == {
        other: pid for other, pid in before.items() if other != name
    }


def start_again(demo: Demo, tmp_path: Path) -> Demo:
    """A second demonstration on the same data, as on the next day."""
    output = tmp_path / "output"
    with output.open("wb") as file:
        process = subprocess.Popen(
            [sys.executable, PROJECT / "manage.py", "demo", "--port", str(servers.free_port()), "--workers", "1"],
            env={
                **os.environ,
                "BOTOX_TRACKER_VAR": str(demo.var),
                "STATIC_ROOT": str(demo.var.parent / "static"),
                "DATABASE_URL": "",
                "DJANGO_SETTINGS_MODULE": "botox_tracker.settings",
            },
            stdout=file,
            stderr=subprocess.STDOUT,
        )
    again = Demo(process, output, demo.var)
    assert eventually(lambda: "Ready after" in again.said or process.poll() is not None, 120)
    assert process.poll() is None, again.said
    return again


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT, signal.SIGTERM])
def test_nothing_is_left_over_however_it_ends(demo, tmp_path, number):
    again = start_again(demo, tmp_path)
    assert "two years of an invented clinic" not in again.said
    assert float(re.search(r"Ready after ([\d.]+) s", again.said)[1]) < 15
    running = again.everything()
    assert len(running) >= 6

    again.process.send_signal(number)
    ended = again.process.wait(40)

    assert eventually(lambda: not any(is_alive(pid) for pid in running), 20), [
        Path(f"/proc/{pid}/cmdline").read_text() for pid in running if is_alive(pid)
    ]
    if number != signal.SIGKILL:
        assert ended == 0
        assert again.said.rstrip().endswith("All stopped.")


def test_it_answers_this_machine_only(demo):
    port = int(demo.address.rsplit(":", 1)[1])
    rows = [line.split() for table in ("tcp", "tcp6") for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:]]

    assert {row[1] for row in rows if row[3] == "0A" and row[1].endswith(f":{port:04X}")} == {f"0100007F:{port:04X}"}
