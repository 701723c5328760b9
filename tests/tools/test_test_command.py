"""`manage.py test`: what it runs, what it leaves out only when asked, what it says is missing."""

import contextlib

import pytest

from botox_tracker import bootstrap, servers
from clinic.management.commands import test as command_module
from clinic.management.commands.test import Command


@pytest.fixture
def ran(monkeypatch):
    """Records each program that would have been run, with its DATABASE_URL; everything passes."""
    steps = []

    def step(self, name, command, environment=None):
        steps.append((name, command[2:] if "-m" in command else command[1:], (environment or {}).get("DATABASE_URL")))
        return ran_codes.get(name.split(" (")[0], 0)

    @contextlib.contextmanager
    def postgres():
        yield "postgresql://private"

    ran_codes: dict[str, int] = {}
    monkeypatch.setattr(Command, "_step", step)
    monkeypatch.setattr(servers, "postgres", postgres)
    monkeypatch.setattr(servers, "find_postgres", lambda: "/programs")
    monkeypatch.setattr(command_module, "find_chromium", lambda: "/programs/chromium")
    return type("Ran", (), {"steps": steps, "codes": ran_codes})


def run(*arguments: str) -> int:
    with pytest.raises(SystemExit) as ended:
        Command().run_from_argv(["manage.py", "test", *arguments])
    return ended.value.code


def test_everything_is_checked_then_run_on_both_databases(ran, capsys):
    assert run() == 0

    assert [step[0] for step in ran.steps] == [
        "Checks",
        "Tests on SQLite (journey or not (browser or once))",
        "Tests on PostgreSQL",
    ]
    assert [step[2] for step in ran.steps] == [None, "", "postgresql://private"]
    assert "-m" not in ran.steps[2][1]
    assert "LEFT OUT" not in capsys.readouterr().out


@pytest.mark.parametrize(("failing", "run_before"), [("Checks", 1), ("Tests on SQLite", 2), ("Tests on PostgreSQL", 3)])
def test_a_failure_ends_the_run_with_its_code(ran, failing, run_before):
    ran.codes[failing] = 3

    assert run() == 3
    assert len(ran.steps) == run_before


def test_arguments_go_on_to_pytest_for_a_single_run(ran):
    assert run("--install", "tests/care", "-k", "lids") == 0

    (only,) = ran.steps
    assert only[0] == "Tests on PostgreSQL"
    assert only[1] == ["pytest", "tests/care", "-k", "lids"]


def test_what_is_left_out_is_said_loudly(ran, capsys):
    assert run("--sqlite-only", "--without-browser") == 0

    said = capsys.readouterr().out
    assert "LEFT OUT because you asked for it: the browser tests" in said
    assert "LEFT OUT because you asked for it: the tests on PostgreSQL" in said
    assert [step[0] for step in ran.steps] == ["Checks", "Tests on SQLite (not browser)"]


def test_sqlite_only_with_a_browser_runs_everything_there(ran):
    assert run("--sqlite-only") == 0

    assert ran.steps[-1][0] == "Tests on SQLite"
    assert "-m" not in ran.steps[-1][1]


def test_what_the_machine_lacks_is_named_with_its_command_and_nothing_is_skipped(ran, monkeypatch, capsys):
    monkeypatch.setattr(servers, "find_postgres", lambda: None)
    monkeypatch.setattr(command_module, "find_chromium", lambda: None)

    assert run() == 1

    said = capsys.readouterr().err
    assert "The tests need a PostgreSQL server and Chromium" in said
    assert "apt-get install -y --no-install-recommends postgresql chromium fonts-liberation" in said
    assert ran.steps == []


def test_install_brings_what_is_missing(ran, monkeypatch):
    there, installed = [], []
    monkeypatch.setattr(servers, "find_postgres", lambda: there or None)
    monkeypatch.setattr(bootstrap, "apt_works", lambda: True)
    monkeypatch.setattr(bootstrap, "apt_install", lambda packages: (installed.extend(packages), there.append("postgresql")))

    assert run("--install") == 0

    assert installed == ["postgresql"]
    assert len(ran.steps) == 3


def test_install_without_the_right_to_says_what_to_type(ran, monkeypatch, capsys):
    monkeypatch.setattr(servers, "find_postgres", lambda: None)
    monkeypatch.setattr(bootstrap, "apt_works", lambda: False)

    assert run("--install") == 1
    assert "as root:  python3 manage.py test --install" in capsys.readouterr().err
