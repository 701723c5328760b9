"""The engine under fire with real processes, and the suite's own judgement put to the test."""

import sys
from collections import Counter
from contextlib import nullcontext
from io import StringIO
from types import SimpleNamespace

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from botox_tracker import servers, stack
from clinic.management.commands import faults
from clinic.management.faults import playing
from clinic.management.faults.cases import CASES, NOT_RUN, Family, play
from clinic.management.faults.ground import POSTGRESQL, SQLITE, prepared
from clinic.management.faults.results import Bounds, Result, judge
from clinic.management.faults.smtp import Taken

#: Those that stand for their families; played on the kind of database that these tests run on.
SHORT = [name for name, case in CASES.items() if case.is_short]


@pytest.fixture(scope="module")
def ground():
    kind = POSTGRESQL if connection.vendor == "postgresql" else SQLITE
    with prepared({kind}) as ground:
        yield ground


@pytest.mark.slow
@pytest.mark.parametrize("name", SHORT)
def test_no_letter_is_lost_and_none_goes_twice(name, ground):
    kind = POSTGRESQL if connection.vendor == "postgresql" else SQLITE
    case = CASES[name]
    if kind not in case.databases:
        pytest.skip(f"cannot be played on {kind}")
    result = play(name, ground=ground, kind=kind, count=case.few)
    assert result.is_good, (result.lost, result.doubled, result.broken)
    assert result.tried > 0
    assert result.owed - result.in_doubt - result.given_up <= result.accepted <= result.owed
    assert result.owed >= case.few


# -- what there is to play ----------------------------------------------------------------------------------------------


def test_two_faults_of_each_family_are_short():
    assert Counter(case.family for case in CASES.values() if case.is_short) == dict.fromkeys(Family, 2)


def test_every_fault_of_the_list_is_played_or_said_not_to_be():
    played = {case.number for case in CASES.values()}
    said = {number for numbers in NOT_RUN for number in numbers.split(", ")}
    assert played | said == {f"F{number}" for number in range(1, 22)}


def test_the_tests_that_stand_for_a_fault_are_there():
    named = {word.strip(",;") for reason in NOT_RUN.values() for word in reason.split() if word.strip(",;").endswith(".py")}
    assert named
    folders = ("", "tests/reminders/")
    missing = [name for name in named if not any((stack.PROJECT / folder / name).is_file() for folder in folders)]
    assert missing == []


# -- the judgement ----------------------------------------------------------------------------------------------------


def judged(taken, messages, *, owed=None, in_doubt=0, unwritable=(), too_long=0, attempts=1):
    """What the suite says of such an end."""
    result = Result("test", "none")
    seen = {
        "messages": [{"email": e, "message_id": i, "state": s, "step": "INVITE", "attempts": attempts} for e, i, s in messages],
        "states": Counter(state for _e, _i, state in messages),
        "too_long_in_hand": too_long,
    }
    letters = [Taken(email, b"", message_id, 0.0) for email, message_id in taken]
    judge(result, owed=owed or {}, taken=letters, seen=seen, bounds=Bounds(in_doubt=in_doubt, unwritable=unwritable))
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


def test_a_letter_that_cannot_be_written_is_not_lost_and_any_other_that_is_given_up_is():
    dead = [BOTH_SENT[0], ("b@x", "2", "DEAD")]
    found = judged([("a@x", "1")], dead, owed=OWED, unwritable=["b@x"])
    assert found.is_good
    assert found.given_up == 1
    assert judged([("a@x", "1")], dead, owed=OWED).lost == ["b@x"]
    assert judged([("a@x", "1"), ("b@x", "2")], BOTH_SENT, owed=OWED, unwritable=["b@x"]).broken


@pytest.mark.parametrize(
    ("messages", "more"),
    [
        ([BOTH_SENT[0], ("b@x", "2", "UNKNOWN")], {}),  # more doubt than the fault can cause
        ([BOTH_SENT[0], ("b@x", "9", "SENT")], {}),  # sent, but the server never saw it
        ([BOTH_SENT[0], ("b@x", "2", "READY")], {}),
        (BOTH_SENT, {"too_long": 1}),
        (BOTH_SENT, {"attempts": 6}),
    ],
)
def test_whatever_else_is_amiss_is_told(messages, more):
    assert judged([("a@x", "1"), ("b@x", "2")], messages, owed=OWED, **more).broken


# -- the command ------------------------------------------------------------------------------------------------------


@pytest.fixture
def asked(monkeypatch):
    """Let the command play without any process; returns what it asked for."""
    asked = []

    def played(jobs, ground, *, at_once):
        for name, kind, count in jobs:
            asked.append((name, kind, count))
            result = Result(name, kind, owed=count, accepted=count, tried=1, healed_after=1.5)
            if name == "intent":
                result.lost.append("a@x")
            yield result

    monkeypatch.setattr(faults, "played", played)
    monkeypatch.setattr(faults, "prepared", lambda kinds: nullcontext(SimpleNamespace()))
    return asked


def test_the_command_prints_a_row_for_each_fault_and_what_they_are_together(asked):
    out = StringIO()
    call_command("faults", "twice", "flushed", "--short", stdout=out)
    assert asked == [("twice", SQLITE, 60), ("flushed", SQLITE, 60)]
    rows = out.getvalue().splitlines()
    assert [row.split()[0] for row in rows] == ["fault", "twice", "flushed", "together", "after"]
    told = [" ".join(row.split()) for row in rows]
    assert told[0] == "fault family database tried due accepted lost twice in doubt given up healed after"
    assert told[1] == "twice queue lost SQLite 1 60 60 0 0 0 0 1.5 s ok"
    assert told[3] == "together 2 120 120 0 0 0 0 1.5 s"


def test_a_short_run_plays_two_of_each_family_and_says_what_it_cannot_play(asked):
    out = StringIO()
    with pytest.raises(CommandError):
        call_command("faults", "--short", stdout=out)
    assert [(name, kind) for name, kind, _count in asked] == [(name, CASES[name].short_on) for name in SHORT]
    assert "F21        not run" in out.getvalue()


def test_few_patients_on_every_database_where_that_is_asked_for(asked):
    call_command("faults", "planners", "twice", "--few", stdout=StringIO())
    assert asked == [("planners", POSTGRESQL, 20), ("twice", POSTGRESQL, 60), ("twice", SQLITE, 60)]


def test_a_full_run_has_all_patients_on_postgresql(asked):
    call_command("faults", "twice", stdout=StringIO())
    assert asked == [("twice", POSTGRESQL, 2000), ("twice", SQLITE, 60)]


def test_the_command_fails_when_a_letter_is_lost(asked):
    out = StringIO()
    with pytest.raises(CommandError):
        call_command("faults", "intent", "--short", stdout=out)
    assert "lost: a@x" in out.getvalue()


def test_the_command_knows_its_faults(asked):
    with pytest.raises(CommandError, match="no fault called nonsense"):
        call_command("faults", "nonsense")


@pytest.mark.parametrize("at_once", [1, 2])
def test_results_come_in_order_whoever_is_ready_first(monkeypatch, tmp_path, at_once):
    jobs = [("twice", SQLITE, 2), ("away", SQLITE, 1)]
    told = 'import json; print(json.dumps({"name": NAME, "database": "SQLite", "owed": COUNT}))'

    def start(number, job, ground):
        name, _kind, count = job
        program = f"import time; time.sleep({count} / 10); " + told.replace("NAME", repr(name)).replace("COUNT", str(count))
        return servers.leashed([sys.executable, "-c", program], output=ground.folder / f"{number}.told")

    monkeypatch.setattr(playing, "_start", start)
    monkeypatch.setattr(playing, "play", lambda name, *, ground, kind, count: Result(name, kind, owed=count))
    found = list(playing.played(jobs, SimpleNamespace(folder=tmp_path), at_once=at_once))
    assert [(result.name, result.owed) for result in found] == [("twice", 2), ("away", 1)]


def test_a_fault_that_could_not_be_played_is_told(monkeypatch, tmp_path):
    def start(number, job, ground):
        program = "raise SystemExit('no broker here')"
        return servers.leashed([sys.executable, "-c", program], output=ground.folder / f"{number}.told")

    monkeypatch.setattr(playing, "_start", start)
    with pytest.raises(servers.ServerError, match="no broker here"):
        list(playing.played([("twice", SQLITE, 2)] * 2, SimpleNamespace(folder=tmp_path), at_once=2))


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
