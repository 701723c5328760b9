"""The engine under fire with real processes, and the suite's own judgement put to the test."""

import threading
from collections import Counter
from contextlib import ExitStack, nullcontext
from io import StringIO
from types import SimpleNamespace

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from botox_tracker import servers
from clinic.management.commands import faults
from clinic.management.faults import cases
from clinic.management.faults.cases import CASES, Result, play
from clinic.management.faults.smtp import Taken

#: How many threads a test may leave behind: none.
THREADS = threading.active_count


def played(name):
    """One fault on a private database of the kind that these tests run on; all patients on PostgreSQL, few on SQLite."""
    _fault, full, few, _doubt = CASES[name]
    with ExitStack() as around:
        if connection.vendor == "postgresql":
            return play(name, database_url=around.enter_context(servers.postgres()), count=full)
        return play(name, database_url="", count=few)


@pytest.mark.slow
@pytest.mark.parametrize("name", CASES)
def test_no_letter_is_lost_and_none_goes_twice(name):
    result = played(name)
    assert result.is_good, (result.lost, result.doubled, result.broken)
    assert result.owed - result.in_doubt <= result.accepted <= result.owed
    assert result.owed == (CASES[name][1] if connection.vendor == "postgresql" else CASES[name][2])


# -- the judgement ----------------------------------------------------------------------------------------------------


def judged(taken, messages, *, owed=None, in_doubt=0, too_long=0):
    """What the suite says of such an end."""
    result = Result("test", "none", len(owed or {}))
    mail = SimpleNamespace(taken=[Taken(email, b"", message_id, 0.0) for email, message_id in taken])
    seen = {
        "messages": [{"email": e, "message_id": i, "state": s, "step": "INVITE"} for e, i, s in messages],
        "states": Counter(state for _e, _i, state in messages),
        "too_long_in_hand": too_long,
    }
    cases._judge(result, SimpleNamespace(mail=mail, owed=owed or {}), seen, in_doubt)
    return result


OWED = {"a@x": "INVITE", "b@x": "INVITE"}
BOTH_SENT = [("a@x", "1", "SENT"), ("b@x", "2", "SENT")]


def test_a_good_end_is_told_as_good():
    assert judged([("a@x", "1"), ("b@x", "2")], BOTH_SENT, owed=OWED).is_good


def test_a_letter_taken_twice_is_told():
    assert judged([("a@x", "1"), ("a@x", "1"), ("b@x", "2")], BOTH_SENT, owed=OWED).doubled == ["1", "a@x"]


def test_a_letter_to_somebody_who_was_owed_none_is_told():
    found = judged([("a@x", "1"), ("b@x", "2"), ("c@x", "3")], [*BOTH_SENT, ("c@x", "3", "SENT")], owed=OWED)
    assert found.doubled == ["c@x"]
    assert not found.is_good


def test_a_letter_that_never_came_is_told_unless_it_is_in_doubt():
    assert judged([("a@x", "1")], BOTH_SENT[:1], owed=OWED).lost == ["b@x"]
    doubtful = judged([("a@x", "1")], [BOTH_SENT[0], ("b@x", "2", "UNKNOWN")], owed=OWED, in_doubt=1)
    assert doubtful.is_good
    assert doubtful.in_doubt == 1


@pytest.mark.parametrize(
    ("messages", "more"),
    [
        ([BOTH_SENT[0], ("b@x", "2", "UNKNOWN")], {}),  # more doubt than the fault can cause
        ([BOTH_SENT[0], ("b@x", "9", "SENT")], {}),  # sent, but the server never saw it
        ([BOTH_SENT[0], ("b@x", "2", "READY")], {}),
        (BOTH_SENT, {"too_long": 1}),
    ],
)
def test_whatever_else_is_amiss_is_told(messages, more):
    assert judged([("a@x", "1"), ("b@x", "2")], messages, owed=OWED, **more).broken


# -- the command ------------------------------------------------------------------------------------------------------


@pytest.fixture
def playing(monkeypatch):
    """Let the command play without any process; returns what it asked for."""
    asked = []

    def play(name, *, database_url, count):
        asked.append((name, bool(database_url), count))
        result = Result(name, "PostgreSQL" if database_url else "SQLite", count, accepted=count)
        if name == "killed":
            result.lost.append("a@x")
        return result

    monkeypatch.setattr(faults, "play", play)
    return asked


def test_the_command_prints_a_row_for_each_fault(playing):
    out = StringIO()
    call_command("faults", "twice", "flushed", "--short", stdout=out)
    assert playing == [("twice", False, 300), ("flushed", False, 200)]
    rows = out.getvalue().splitlines()
    assert [row.split()[0] for row in rows] == ["fault", "twice", "flushed"]
    assert rows[1].split()[1:] == ["SQLite", "300", "300", "0", "0", "0", "0.0", "ok"]


def test_the_command_says_what_it_cannot_play(playing):
    out = StringIO()
    with pytest.raises(CommandError):
        call_command("faults", "--short", stdout=out)
    assert [name for name, _database, _count in playing] == list(CASES)
    assert "not run: a full disk" in out.getvalue()


def test_the_command_fails_when_a_letter_is_lost(playing):
    out = StringIO()
    with pytest.raises(CommandError):
        call_command("faults", "killed", "--short", stdout=out)
    assert "lost: a@x" in out.getvalue()


def test_the_command_knows_its_faults(playing):
    with pytest.raises(CommandError, match="no fault called nonsense"):
        call_command("faults", "nonsense")


@pytest.mark.parametrize(("code", "fails"), [(0, False), (1, True)])
def test_the_command_asks_for_ten_thousand_histories(monkeypatch, code, fails):
    asked = []

    def run(command, *, env, **options):
        asked.append((command[-1], env["ORACLE_EXAMPLES"]))
        return SimpleNamespace(returncode=code)

    monkeypatch.setattr(faults.subprocess, "run", run)
    with pytest.raises(CommandError, match="differ") if fails else nullcontext():
        call_command("faults", "oracle", stdout=StringIO())
    assert asked == [("says_what_the_oracle_says", "10000")]
