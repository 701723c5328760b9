"""The engine's pulse on staff pages, and for whoever watches from outside."""

from datetime import timedelta

import pytest
from django.db import DatabaseError, connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from clinic.reminders.models import EngineState, Heartbeat
from clinic.reminders.safeguard_state import SafeguardState
from clinic.reminders.services import take_pulse
from clinic.staff import pulse
from tests.factories import NOW, MessageFactory, member
from tests.reminders.running import started

pytestmark = pytest.mark.django_db
HEALTH = "/healthz/engine"


@pytest.fixture(autouse=True)
def clock(time_machine):
    time_machine.move_to(NOW, tick=False)


def beat(**fields):
    started()
    Heartbeat.objects.update(**{"last_tick_at": NOW, "last_success_at": NOW, **fields})


def shown():
    return pulse.sentence(take_pulse(now=NOW), NOW).replace("\xa0", " ")


def test_the_sentence_says_how_letters_are_doing_the_worst_first():
    assert shown() == "Letters: not yet run"
    beat(last_success_at=NOW - timedelta(seconds=40))
    assert shown() == "Letters: last run 40 s ago"
    beat(last_success_at=NOW - timedelta(hours=27))
    assert shown() == "Letters: last run 1 day ago"
    beat()
    MessageFactory(state="UNKNOWN")
    assert shown() == "Letters: last run 0 s ago · 1 needs you"
    MessageFactory(state="DEAD")
    assert shown() == "Letters: last run 0 s ago · 2 need you"
    beat(mail_failing_since=NOW - timedelta(minutes=20))
    assert shown() == "Letters: the mail server has taken none for 20 minutes"
    SafeguardState.objects.create(pk=1, mark_failing_since=NOW)
    assert shown() == "Letters: none goes, for what is done cannot be noted outside the database"
    EngineState.objects.update(paused_at=NOW, paused_reason="a strange list")
    assert shown() == "Letters are paused: a strange list"
    MessageFactory(step="URGENT", created_at=NOW - timedelta(minutes=6))
    assert shown() == "Letters: an urgent one has not gone"


def test_every_staff_page_shows_the_pulse_and_asks_nothing_before_it_does(client, count_queries):
    beat()
    client.force_login(member())
    html = client.get(reverse("staff:patient-list")).content.decode()
    assert "pulse-green" in html
    assert "Letters: last run 0 s ago" in html
    user = member()

    def look():
        request = type("Request", (), {"user": user})()
        with CaptureQueriesContext(connection) as captured:
            assert pulse.engine_pulse(request)["engine_pulse"].level == "green"
        return len(captured)

    # Where the person works, whether anything has changed, and the pulse.
    assert [look(), look()] == [3, 1]
    MessageFactory()
    assert look() == 2


def test_who_is_not_signed_in_sees_no_pulse(client):
    beat()
    assert "pulse-" not in client.get(reverse("account_login")).content.decode()


@pytest.mark.parametrize(
    ("last_success", "status", "level"),
    [(timedelta(minutes=1), 200, "green"), (timedelta(minutes=16), 200, "amber"), (timedelta(hours=27), 503, "red")],
)
def test_whoever_watches_from_outside_is_told_without_a_word_about_patients(client, last_success, status, level):
    beat(last_success_at=NOW - last_success)
    MessageFactory(state="UNKNOWN")
    response = client.get(HEALTH)
    assert (response.status_code, response.json()["status"]) == (status, level)
    assert set(response.json()) == {
        "status", "last_tick_at", "last_success_at", "paused", "in_doubt", "given_up", "stuck", "mail_failing_since",
        "guards", "pile", "mark_failing_since", "urgent_unsent",
    }  # fmt: skip
    assert response.json()["in_doubt"] == 1
    assert "no-store" in response["Cache-Control"]


def test_before_the_first_run_the_answer_is_amber_and_without_a_database_red(client, monkeypatch):
    assert client.get(HEALTH).json()["status"] == "amber"

    def away(**_asked):
        raise DatabaseError

    monkeypatch.setattr(pulse, "take_pulse", away)
    response = client.get(HEALTH)
    assert (response.status_code, response.json()) == (503, {"status": "red", "database": "away"})


def test_nothing_is_changed_from_outside(client):
    assert client.post(HEALTH).status_code == 405
