"""`manage.py engine_check`: for cron, without Celery, and for whoever is on call."""

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import call_command
from django.db import DatabaseError

from clinic.management.commands import engine_check
from clinic.reminders.models import EngineState, Heartbeat
from tests.factories import NOW, ClinicFactory, MembershipFactory, MessageFactory, UserFactory
from tests.reminders.conftest import server as server
from tests.reminders.running import mark, started

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def _clinic(settings):
    """A clinic with one administrator, one who has left, and a front desk; and somebody on call."""
    settings.ADMINS = [("", "on-call@clinic.example")]
    clinic = ClinicFactory()
    for email, role, is_active in (
        ("admin@clinic.example", "ADMIN", True),
        ("left@clinic.example", "ADMIN", False),
        ("desk@clinic.example", "FRONT_DESK", True),
    ):
        MembershipFactory(user=UserFactory(email=email, is_active=is_active), clinic=clinic, role=role)
    started()


def last_run(at):
    Heartbeat.objects.update(last_tick_at=at, last_success_at=at)


@pytest.fixture
def check(time_machine):
    """Look at a moment; return the exit code and what was said."""

    def looked(at=NOW, *arguments):
        time_machine.move_to(at, tick=False)
        out = StringIO()
        with pytest.raises(SystemExit) as ended:
            call_command("engine_check", *arguments, stdout=out, stderr=out)
        return ended.value.code, out.getvalue()

    return looked


@pytest.mark.parametrize(("silence", "code", "level"), [
    (timedelta(minutes=15), 0, "green"), (timedelta(minutes=15, seconds=1), 1, "amber"), (26 * HOUR, 1, "amber"),
    (timedelta(hours=26, seconds=1), 2, "red"),
])  # fmt: skip
def test_the_exit_code_says_how_letters_are_doing(server, check, silence, code, level):
    last_run(NOW - silence)
    found, told = check()
    assert (found, told.split(":")[0]) == (code, level)
    assert len(server.taken) == (0 if level == "green" else 2)


def test_administrators_and_whoever_is_on_call_are_told_and_nobody_else(server, check):
    last_run(NOW - 27 * HOUR)
    MessageFactory(state="UNKNOWN", patient__family_name="Mercer")
    check()
    assert {letter.recipient for letter in server.taken} == {"on-call@clinic.example", "admin@clinic.example"}
    content = server.taken[0].content.decode()
    assert "RED: Letters: last run 1" in content
    assert "In doubt: 1" in content
    assert "https://clinic.example/letters/" in content
    assert "Mercer" not in content


def test_the_same_is_said_again_only_after_hours(server, check):
    last_run(NOW - HOUR)
    check()
    check(NOW + timedelta(hours=5, minutes=59))
    assert len(server.taken) == 2
    check(NOW + 6 * HOUR)
    assert len(server.taken) == 4
    check(NOW + 7 * HOUR, "--every", "1")
    assert len(server.taken) == 6


def test_each_change_is_said_and_that_all_is_well_again(server, check):
    levels = []
    server.on_letter = lambda letter: levels.append(letter.content.decode().split("Subject: ")[1].splitlines()[0])
    for silence in (0, 1, 27, 0, 0):
        last_run(NOW - silence * HOUR)
        check()
    assert levels == [f"clinic.example: {level}" for level in ("amber", "amber", "red", "red", "green", "green")]


def test_what_comes_and_goes_is_not_said_each_time(server, check):
    for minute in range(0, 60, 5):
        now = NOW + timedelta(minutes=minute)
        last_run(now - (HOUR if minute % 10 else timedelta(0)))
        check(now)
    assert len(server.taken) == 4  # amber once, green once, to two people


def test_without_mail_nobody_is_told(server, check):
    last_run(NOW - 27 * HOUR)
    assert check(NOW, "--no-mail")[0] == 2
    assert server.taken == []
    assert mark().read().told == ""


def test_a_database_that_does_not_answer_is_red_and_whoever_is_on_call_hears_of_it(server, check, monkeypatch):
    def away(**_asked):
        raise DatabaseError

    monkeypatch.setattr(engine_check, "take_pulse", away)
    assert check() == (2, "red: the database does not answer\n")
    assert [letter.recipient for letter in server.taken] == ["on-call@clinic.example"]


def test_who_could_not_be_told_is_told_at_the_next_look(server, check, settings):
    last_run(NOW - 27 * HOUR)
    port, settings.EMAIL_PORT = settings.EMAIL_PORT, 1
    code, told = check()
    assert code == 2
    assert "0 of 2 administrators could be told" in told
    settings.EMAIL_PORT = port
    check(NOW + timedelta(minutes=5))
    assert len(server.taken) == 2


def test_where_it_cannot_be_noted_it_is_rather_said_too_often(server, check, settings, tmp_path):
    last_run(NOW - 27 * HOUR)
    settings.ENGINE_MARK = tmp_path
    for minute in (0, 5):
        assert "cannot be noted" in check(NOW + timedelta(minutes=minute))[1]
    assert len(server.taken) == 4


def test_a_pause_is_told_with_its_reason(server, check):
    last_run(NOW)
    EngineState.objects.update(paused_at=NOW, paused_reason="The clock was set by 60 minutes.")
    assert check() == (1, "amber: Letters are paused: The clock was set by 60 minutes.\n")
