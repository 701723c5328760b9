"""Reports that come in as files."""

import io
import sys
from types import SimpleNamespace

import pytest
from django.core.management import CommandError, call_command

from clinic.reminders.delivery_reports import DeliveryReport
from tests.factories import NOW, MessageFactory
from tests.mailer.test_reports import FOLDER, corpus

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def message(settings, tmp_path):
    settings.REPORTS_DIR = tmp_path / "kept"
    return MessageFactory(state="SENT", message_id="<letter-1@clinic.example>", handoff_at=NOW)


@pytest.fixture
def inbox(tmp_path):
    """A folder into which a mail server writes each report as a file."""
    folder = tmp_path / "inbox"
    folder.mkdir()
    (folder / "1.eml").write_bytes(corpus("postfix-failed"))
    (folder / "2.eml").write_bytes(b"hello")
    (folder / ".being-written").write_bytes(corpus("complaint"))
    return folder


def read_reports(*paths):
    said = io.StringIO()
    call_command("read_reports", *map(str, paths), stdout=said)
    return said.getvalue().strip()


def test_a_folder_is_read_and_emptied_and_reading_it_again_changes_nothing(inbox, message):
    assert read_reports(inbox) == "1 taken in, 0 known before, 1 kept for a person"
    message.refresh_from_db()
    assert message.state == "BOUNCED"
    assert sorted(path.name for path in (inbox / "done").iterdir()) == ["1.eml", "2.eml"]
    assert (inbox / ".being-written").exists()
    assert read_reports(inbox) == "0 taken in, 0 known before, 0 kept for a person"
    (inbox / "1.eml").write_bytes(corpus("postfix-failed"))
    assert read_reports(inbox) == "0 taken in, 1 known before, 0 kept for a person"
    assert sorted(path.name for path in (inbox / "done").iterdir()) == ["1-1.eml", "1.eml", "2.eml"]


def test_what_was_cut_off_between_reading_and_moving_is_read_again_without_harm(inbox, monkeypatch):
    def fail(*_arguments):
        raise OSError("cut off")

    with monkeypatch.context() as broken:
        broken.setattr("clinic.management.commands.read_reports._move_away", fail)
        with pytest.raises(OSError, match="cut off"):
            read_reports(inbox)
    assert read_reports(inbox) == "0 taken in, 1 known before, 1 kept for a person"


def test_of_a_maildir_what_is_there_whole_is_read(tmp_path, message):
    maildir = tmp_path / "Maildir"
    for name in ("new", "cur", "tmp"):
        (maildir / name).mkdir(parents=True)
    (maildir / "new" / "1795424403.M1P1.mx").write_bytes(corpus("exim-failed"))
    (maildir / "cur" / "1795424404.M1P2.mx:2,S").write_bytes(corpus("postfix-delayed"))
    (maildir / "tmp" / "half").write_bytes(corpus("complaint")[:100])
    assert read_reports(maildir) == "2 taken in, 0 known before, 0 kept for a person"
    assert len(list((maildir / "done").iterdir())) == 2
    assert (maildir / "tmp" / "half").exists()


def test_single_files_stay_where_they_are():
    assert read_reports(FOLDER / "postfix-failed.eml", FOLDER / "gmail-failed.eml").startswith("2 taken in")
    assert (FOLDER / "postfix-failed.eml").exists()


def test_a_mail_server_may_hand_one_in_by_a_pipe(monkeypatch, message):
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(corpus("postfix-failed"))))
    assert read_reports("-").startswith("1 taken in")
    message.refresh_from_db()
    assert message.state == "BOUNCED"


def test_what_is_not_there_is_said(tmp_path):
    with pytest.raises(CommandError, match="no such file or folder"):
        read_reports(tmp_path / "nothing")
    assert not DeliveryReport.objects.exists()
