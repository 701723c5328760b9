"""The demonstration's mailbox: only there, and a letter in it can do no harm."""

import importlib
import shutil
import sys
from email.message import EmailMessage
from pathlib import Path
from smtplib import SMTP

import pytest
from django.conf import settings as django_settings
from django.urls import NoReverseMatch, clear_url_caches, reverse

import botox_tracker.urls
import clinic.staff.urls
from botox_tracker import servers
from tests.factories import MembershipFactory

PAGE = '<p>Hello <a href="http://localhost:8000/p/abc/">choose a time</a></p><script>alert(1)</script>'


def reload_urls() -> None:
    importlib.reload(clinic.staff.urls)
    importlib.reload(botox_tracker.urls)
    clear_url_caches()


@pytest.fixture
def demo(settings, tmp_path):
    settings.DEMO = True
    settings.MAILBOX_DIR = tmp_path / "mailbox"
    reload_urls()
    yield settings.MAILBOX_DIR
    settings.DEMO = False
    reload_urls()


@pytest.fixture
def catching_server(demo: Path):
    port = servers.free_port()
    process = servers.leashed(
        [sys.executable, "-m", "botox_tracker.catching_mail", str(port), demo], cwd=django_settings.BASE_DIR
    )
    servers.wait_until(lambda: servers.answers(("127.0.0.1", port)), process, demo, "The mail server")
    yield port
    servers.stop(process)


@pytest.fixture
def letters(catching_server: int, demo: Path) -> list[str]:
    """Three letters, handed over by SMTP; their names in the order of arrival."""
    with SMTP("127.0.0.1", catching_server) as smtp:
        for number in (1, 2, 3):
            letter = EmailMessage()
            letter["From"], letter["To"], letter["Subject"] = "clinic@clinic.test", "ann@post.test", f"Your next visit {number} é"
            letter.set_content("Hello\n\nhttp://localhost:8000/p/abc/\n")
            letter.add_alternative(PAGE, subtype="html")
            letter.add_attachment("BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n", subtype="calendar", filename="visit.ics")
            smtp.send_message(letter)
    return sorted(path.stem for path in demo.glob("*.eml"))


@pytest.fixture
def front_desk(client):
    client.force_login(MembershipFactory(role="FRONT_DESK").user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def test_there_is_no_mailbox_outside_the_demonstration():
    with pytest.raises(NoReverseMatch):
        reverse("staff:mailbox-list")


@pytest.mark.django_db
def test_letters_are_listed_newest_first(front_desk, letters):
    page = front_desk.get("/mailbox/").content.decode()

    assert [page.index(f"Your next visit {number} é") for number in (3, 2, 1)] == sorted(
        page.index(f"Your next visit {number} é") for number in (1, 2, 3)
    )
    assert "ann@post.test" in page


@pytest.mark.django_db
def test_a_letter_shows_its_text_with_a_link_to_follow_and_what_is_attached(front_desk, letters):
    page = front_desk.get(f"/mailbox/{letters[0]}/").content.decode()

    assert '<a href="http://localhost:8000/p/abc/"' in page
    assert "BEGIN:VCALENDAR" in page
    assert "visit.ics" in page
    assert "alert(1)" not in page


@pytest.mark.django_db
def test_the_layout_of_a_letter_is_shut_in(front_desk, letters):
    response = front_desk.get(f"/mailbox/{letters[0]}/body/")

    assert "choose a time" in response.content.decode()
    assert response.headers["Content-Security-Policy"].startswith("sandbox allow-popups")
    assert "script-src" not in response.headers["Content-Security-Policy"]
    assert response.headers["Referrer-Policy"] == "no-referrer"


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/mailbox/", "/mailbox/1/", "/mailbox/1/body/"])
def test_the_mailbox_needs_a_sign_in(client, demo, path):
    assert client.get(path).status_code == 302


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["nothing", "..", "secret-key"])
def test_what_is_no_letter_is_not_found(front_desk, letters, name):
    assert front_desk.get(f"/mailbox/{name}/").status_code == 404


@pytest.mark.django_db
def test_an_empty_mailbox_says_when_letters_come(front_desk, demo):
    assert "No letter yet." in front_desk.get("/mailbox/").content.decode()


def test_a_mailbox_that_was_thrown_away_is_made_anew(catching_server, letters, demo):
    shutil.rmtree(demo)

    with SMTP("127.0.0.1", catching_server) as smtp:
        smtp.sendmail("a@clinic.test", ["b@post.test"], "Subject: again\r\n\r\nHello")

    assert len(list(demo.glob("*.eml"))) == 1


def test_an_interrupted_letter_is_not_listed(catching_server, demo):
    with SMTP("127.0.0.1", catching_server) as smtp:
        smtp.mail("a@clinic.test")
        smtp.rcpt("b@post.test")
        smtp.putcmd("data")
        smtp.getreply()
        smtp.send(b"Subject: half\r\n\r\nhalf a let")
        smtp.close()

    assert list(demo.glob("*.eml")) == []


def test_only_this_machine_can_hand_over_letters(catching_server):
    rows = [line.split() for table in ("tcp", "tcp6") for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:]]
    listening = [row[1] for row in rows if row[3] == "0A" and row[1].endswith(f":{catching_server:04X}")]

    assert listening == [f"0100007F:{catching_server:04X}"]
