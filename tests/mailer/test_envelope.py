"""The envelope's sender: where reports go, and a name of the letter that nobody else can make."""

import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinic.mailer import Dialogue, Unsendable, message_named_by, return_path

LETTER = uuid.UUID("0e1c9a52-7b1f-4c55-9f6e-2d6c1f2a9003")


@pytest.fixture(autouse=True)
def addresses(settings):
    settings.DEFAULT_FROM_EMAIL = "Letters <letters@clinic.example>"
    settings.REPORT_ADDRESS = "reports@clinic.example"


def tag_of(public_id):
    return return_path(public_id).partition("+")[2].partition("@")[0]


def test_each_letter_has_a_sender_of_its_own_by_which_a_report_names_it():
    sender = return_path(LETTER)
    assert sender.startswith("reports+")
    assert sender.endswith("@clinic.example")
    assert message_named_by(tag_of(LETTER)) == LETTER
    assert message_named_by(tag_of(LETTER).upper()) == LETTER


def test_without_a_mailbox_for_reports_they_go_where_letters_come_from(settings):
    settings.REPORT_ADDRESS = ""
    assert return_path(LETTER) == "letters@clinic.example"


def test_the_longest_mailbox_leaves_room_for_the_tag(settings):
    settings.REPORT_ADDRESS = f"{'r' * 15}@clinic.example"
    assert len(return_path(LETTER).partition("@")[0]) == 64


def test_whoever_knows_a_letter_s_id_cannot_make_its_tag(settings):
    tag = tag_of(LETTER)
    assert message_named_by(LETTER.hex + "0" * 16) is None
    assert message_named_by(uuid.uuid4().hex + tag[32:]) is None
    settings.SECRET_KEY = "another installation's " + "k3j5h6d7s8" * 5
    assert message_named_by(tag) is None


@given(st.text(max_size=60))
def test_whatever_a_tag_holds_it_names_nothing(text):
    assert message_named_by(text) is None


@pytest.mark.parametrize("sender", ["a@b.example>\r\nRCPT TO:<c@d.example", "größe@b.example"])
def test_a_sender_that_could_not_stand_in_the_dialogue_is_never_spoken(sender):
    with Dialogue() as speaking, pytest.raises(Unsendable, match="sender"):
        speaking.address("anna@example.org", sender=sender)
