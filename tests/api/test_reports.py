"""Reports handed in over HTTP: only by whoever holds a secret, only once, only in time."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from clinic.reminders.delivery_reports import DeliveryReport, UsedSignature
from clinic.reminders.signatures import signature
from tests.factories import NOW, MessageFactory
from tests.mailer.test_reports import corpus

pytestmark = pytest.mark.django_db
ADDRESS = reverse("api:report-take")
SECRET, OLD_SECRET = "k3j5h6d7s8" * 4, "p9x8c7v6b5" * 4


@pytest.fixture(autouse=True)
def clock(time_machine, settings, tmp_path):
    """Every test happens on Monday 23 November 2026 in the morning, where two secrets are in use."""
    time_machine.move_to(NOW, tick=False)
    settings.REPORT_SECRETS = [SECRET, OLD_SECRET]
    settings.REPORTS_DIR = tmp_path
    return time_machine


@pytest.fixture
def message(db):
    return MessageFactory(state="SENT", message_id="<letter-1@clinic.example>", handoff_at=NOW)


def hand_in(content=None, *, secret=SECRET, at=NOW, client=None, **headers):
    content = corpus("postfix-failed") if content is None else content
    timestamp = str(int(at.timestamp()))
    sent = {
        "X-Report-Timestamp": timestamp,
        "X-Report-Signature": f"sha256={signature(secret, timestamp, content)}",
        **headers,
    }
    sent = {name: value for name, value in sent.items() if value is not None}
    # As another machine does it: no cookie, no token of a form.
    client = client or Client(enforce_csrf_checks=True)
    return client.post(ADDRESS, content, content_type="message/rfc822", headers=sent)


@pytest.mark.parametrize("secret", [SECRET, OLD_SECRET])
def test_a_signed_report_is_taken_in(message, secret):
    response = hand_in(secret=secret)
    assert (response.status_code, response.json()) == (200, {"report": "taken"})
    message.refresh_from_db()
    assert message.state == "BOUNCED"
    assert DeliveryReport.objects.get().way == "WEBHOOK"


def test_a_report_that_nobody_can_read_is_kept_and_the_caller_is_told():
    assert hand_in(b"hello").json() == {"report": "kept for a person"}
    assert DeliveryReport.objects.get().why == "NOT_A_REPORT"


def test_the_same_signature_counts_once_and_the_same_report_changes_nothing(message, clock):
    assert hand_in().status_code == 200
    assert hand_in().status_code == 409
    clock.move_to(NOW + timedelta(seconds=30), tick=False)
    again = hand_in(at=NOW + timedelta(seconds=30))
    assert (again.status_code, again.json()) == (200, {"report": "known"})
    assert DeliveryReport.objects.count() == 1


def test_a_signature_whose_report_could_not_be_taken_counts_again(message, monkeypatch):
    def fail(**_report):
        raise OSError("no room")

    with monkeypatch.context() as broken:
        broken.setattr("clinic.api.reports.take_report", fail)
        with pytest.raises(OSError, match="no room"):
            hand_in()
    assert hand_in().status_code == 200


def test_signatures_are_forgotten_once_they_are_too_old_to_count(clock):
    hand_in(b"one")
    clock.move_to(NOW + timedelta(minutes=11), tick=False)
    hand_in(b"two", at=NOW + timedelta(minutes=11))
    assert UsedSignature.objects.count() == 1


REFUSED = {
    "no signature": ({"X-Report-Signature": None}, 401),
    "no time": ({"X-Report-Timestamp": None}, 401),
    "another scheme": ({"X-Report-Signature": "sha1=abc"}, 401),
    "an empty signature": ({"X-Report-Signature": "sha256="}, 401),
    "a wrong signature": ({"X-Report-Signature": "sha256=" + "0" * 64}, 401),
    "no ASCII": ({"X-Report-Signature": "sha256=größe"}, 401),
    "another time": ({"X-Report-Timestamp": str(int(NOW.timestamp()) + 1)}, 401),
    "a time in words": ({"X-Report-Timestamp": "now"}, 400),
    "a negative time": ({"X-Report-Timestamp": "-1"}, 400),
    "other digits": ({"X-Report-Timestamp": "١٧٩٥٤٢٤٤٠٠"}, 400),
    "an endless time": ({"X-Report-Timestamp": "9" * 400}, 400),
    "no length": ({"Content-Length": ""}, 411),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_not_signed_is_refused_in_words_and_changes_nothing(message, name):
    headers, status = REFUSED[name]
    response = hand_in(**headers)
    assert response.status_code == status
    assert response.json()["error"]
    assert_untouched(message)


@pytest.mark.parametrize("minutes", [-6, 6, 60 * 24 * 365])
def test_a_signature_of_another_hour_does_not_count(message, minutes):
    assert hand_in(at=NOW + timedelta(minutes=minutes)).status_code == 400
    assert_untouched(message)


@pytest.mark.parametrize("minutes", [-5, 5])
def test_clocks_may_differ_by_five_minutes(message, minutes):
    assert hand_in(at=NOW + timedelta(minutes=minutes)).status_code == 200


def test_a_signature_does_not_count_for_another_report(message):
    timestamp = str(int(NOW.timestamp()))
    borrowed = f"sha256={signature(SECRET, timestamp, b'another')}"
    assert hand_in(**{"X-Report-Signature": borrowed}).status_code == 401
    assert_untouched(message)


def test_a_stranger_s_secret_does_not_count(message):
    assert hand_in(secret="x" * 40).status_code == 401
    assert_untouched(message)


def test_what_is_too_long_is_not_even_read(message):
    assert hand_in(b"x" * ((2 << 20) + 1)).status_code == 413
    assert_untouched(message)


def test_two_megabytes_are_taken(message):
    content = corpus("exim-failed") + b"y" * (2 << 20)
    assert hand_in(content[: 2 << 20]).json() == {"report": "taken"}


def test_without_a_secret_the_address_does_not_exist(message, settings):
    settings.REPORT_SECRETS = []
    assert hand_in().status_code == 404
    assert hand_in(secret="").status_code == 404
    assert_untouched(message)


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_reports_are_only_posted(client, method):
    assert client.generic(method, ADDRESS).status_code == 405


def assert_untouched(message):
    message.refresh_from_db()
    assert message.state == "SENT"
    assert not DeliveryReport.objects.exists()
    assert not UsedSignature.objects.exists()
