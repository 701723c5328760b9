"""A clinic's own words: kept in versions, in the letters of those they are for, tried on oneself first."""

from datetime import timedelta
from email import message_from_bytes, policy

import pytest
from django.db import DatabaseError, transaction

from clinic.audit import Action, Actor, AuditEvent
from clinic.patients.models import Patient
from clinic.patients.services import look_again
from clinic.practice.models import Role
from clinic.reminders import delivery, letters
from clinic.reminders.letter_wordings import LetterWording, Words, load_wordings, words_for
from clinic.reminders.letters import Tokens
from clinic.reminders.models import Message
from clinic.reminders.plans import ensure_plan
from clinic.reminders.services import (
    TrialRefused,
    WordingOf,
    WordingOutdated,
    WordingRefused,
    change_words,
    newest_wording,
    preview,
    send_test,
)
from tests.factories import NOW, ClinicFactory, ConsentFactory, FollowUpFactory, LetterWordingFactory, member
from tests.reminders.running import run, states
from tests.reminders.test_letters import LETTERS, message_for

pytestmark = pytest.mark.django_db
OWN = Words("Your next visit", "It is time again, {given_name}.\n\nWe at {clinic} look forward to it.")


@pytest.fixture
def clinic():
    clinic = ClinicFactory()
    ensure_plan(clinic, NOW)
    return clinic


@pytest.fixture
def author(clinic):
    return member(Role.ADMIN, clinic=clinic, email="karin@clinic.example")


def change(clinic, author, words=OWN, *, based_on=0, **of):
    of = WordingOf(clinic, **{"letter": "invite", "language": "en", **of})
    return change_words(by=Actor.of_user(author), of=of, words=words, based_on=based_on, now=NOW)


def text_of(taken):
    message = message_from_bytes(taken.content + b"\r\n", policy=policy.default)
    return message["Subject"], message.get_body(("plain",)).get_content(), message.get_body(("html",)).get_content()


# -- kept -------------------------------------------------------------------------------------------------------------


def test_a_change_is_a_new_version_and_audited_without_its_text(clinic, author):
    change(clinic, author)
    made = change(clinic, author, Words("", OWN.opening), based_on=1)
    assert (made.version, newest_wording(WordingOf(clinic, "invite", "en")).subject) == (2, "")
    rows = AuditEvent.objects.filter(what="LetterWording").order_by("pk")
    assert [(row.action, row.version, row.fields) for row in rows] == [
        (Action.CHANGED, 1, ["opening", "subject"]),
        (Action.CHANGED, 2, ["subject"]),
    ]


def test_the_second_of_two_is_told(clinic, author):
    change(clinic, author)
    with pytest.raises(WordingOutdated):
        change(clinic, author, Words("Another", ""))
    assert LetterWording.objects.count() == 1


@pytest.mark.parametrize(
    ("words", "field"),
    [
        (Words("Your treatment", ""), "subject"),
        (Words("", "Your treatment"), "opening"),
        (Words("", "On {day}"), "opening"),
        (Words("", "a" * 1001), "opening"),
    ],
)
def test_words_that_may_not_stand_are_refused_beside_their_field(clinic, author, words, field):
    with pytest.raises(WordingRefused) as refused:
        change(clinic, author, words)
    assert [problem.field for problem in refused.value.problems] == [field]
    assert not LetterWording.objects.exists()


def test_a_correction_has_no_fuller_words(clinic, author):
    with pytest.raises(WordingRefused):
        change(clinic, author, letter="correction", is_fuller=True)


def test_a_version_is_never_changed():
    kept = LetterWordingFactory()
    with pytest.raises(DatabaseError), transaction.atomic():
        LetterWording.objects.filter(pk=kept.pk).update(subject="Another")


# -- in letters -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("letter", LETTERS)
def test_every_letter_begins_with_the_clinics_own_words_in_text_and_html(letter):
    words = Words("A subject of ours", "First <of> ours, {given_name}.\n\nSecond of ours.")
    found = letters.write(message_for(letter), Tokens("ACT", "STOP"), now=NOW, words=words)
    standard = letters.write(message_for(letter), Tokens("ACT", "STOP"), now=NOW)
    assert found.subject == "A subject of ours"
    assert "First <of> ours, Anna.\n\nSecond of ours.\n" in found.text
    assert "<p" in found.html
    assert "First &lt;of&gt; ours, Anna.</p>" in found.html
    for kept in ("/p/STOP/stop/", "Nobody reads replies at night", "112"):
        assert kept in found.text
        assert kept in found.html
    assert standard.subject != found.subject
    assert "of ours" not in standard.text


def test_a_letter_on_its_way_has_the_words_of_its_clinic_and_language(server, clinic, author):
    change(clinic, author)
    change(clinic, author, Words("Fremd", ""), language="de")
    FollowUpFactory(patient__clinic=clinic, patient__next_check_at=NOW)
    FollowUpFactory(patient__clinic=ClinicFactory(), patient__next_check_at=NOW)
    run()
    assert sorted(text_of(one)[0] for one in server.taken) == ["Time to book your next visit", "Your next visit"]


def test_fuller_words_go_only_with_consent(server, clinic, author):
    change(clinic, author, Words("", "Your treatment is due."), is_fuller=True)
    agreed = FollowUpFactory(patient__clinic=clinic, patient__next_check_at=NOW, patient__email="agreed@example.org")
    ConsentFactory(patient=agreed.patient, purpose="FULLER_WORDING")
    FollowUpFactory(patient__clinic=clinic, patient__next_check_at=NOW, patient__email="neutral@example.org")
    run()
    told = {one.recipient: text_of(one)[1] for one in server.taken}
    assert "Your treatment is due." in told["agreed@example.org"]
    assert "treatment" not in told["neutral@example.org"]


def test_consent_that_is_withdrawn_before_the_handover_wins(server, clinic, author, monkeypatch):
    """The letter is written with the fuller words; before it leaves, the patient takes the consent back."""
    change(clinic, author, Words("", "Your treatment is due."), is_fuller=True)
    follow_up = FollowUpFactory(patient__clinic=clinic, patient__next_check_at=NOW)
    ConsentFactory(patient=follow_up.patient, purpose="FULLER_WORDING")
    written = delivery.Courier._written

    def and_then_withdrawn(courier, in_hand, claimed):
        found = written(courier, in_hand, claimed)
        if not follow_up.patient.consents.filter(purpose="FULLER_WORDING", is_given=False).exists():
            assert b"treatment" in found[1]
            ConsentFactory(patient=follow_up.patient, purpose="FULLER_WORDING", is_given=False, at=NOW + timedelta(seconds=1))
            look_again([follow_up.patient_id], now=NOW)
        return found

    monkeypatch.setattr(delivery.Courier, "_written", and_then_withdrawn)
    run()
    run()
    assert states() == {"SENT": 1}
    assert "treatment" not in text_of(server.taken[0])[1]
    assert len(server.taken) == 1


def test_without_fuller_words_the_neutral_ones_go_and_empty_ones_bring_the_standard_back(clinic):
    LetterWordingFactory(clinic=clinic, opening="Neutral")
    book = load_wordings()
    of = {"clinic_id": clinic.pk, "letter": "invite", "language": "en"}
    assert words_for(book, **of, consents={"FULLER_WORDING"}).opening == "Neutral"
    LetterWordingFactory(clinic=clinic, version=2, subject="", opening="")
    assert words_for(load_wordings(), **of, consents=()) == Words()


# -- looked at and tried ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("letter", LETTERS)
@pytest.mark.parametrize("language", ["en", "de", "es"])
def test_a_preview_is_the_letter_of_an_invented_patient_with_dead_links(clinic, letter, language):
    found = preview(of=WordingOf(clinic, letter, language), words=Words(), now=NOW)
    assert "Anna" in found.text
    assert 'href="#"' in found.html
    assert "/p/" not in found.html
    assert "\ue000" not in found.html + found.text + found.subject
    assert not Patient.objects.exists()
    assert not Message.objects.exists()


def send(clinic, author, now=NOW, words=OWN):
    send_test(by=Actor.of_user(author), user=author, of=WordingOf(clinic, "invite", "en"), words=words, now=now)


def test_a_test_goes_to_the_signed_in_person_marked_as_one_and_is_audited(server, clinic, author):
    FollowUpFactory(patient__clinic=clinic, patient__given_name="Zyxwina")
    send(clinic, author)
    (taken,) = server.taken
    subject, text, html = text_of(taken)
    assert taken.recipient == "karin@clinic.example"
    assert subject == "[Test] Your next visit"
    assert "It is time again, Anna." in text
    assert "Zyxwina" not in text + html
    event = AuditEvent.objects.get(action=Action.SENT)
    assert (event.what, event.clinic, event.actor) == ("TestLetter", clinic, author)
    assert not Message.objects.exists()


def test_tests_are_limited_in_rate(server, clinic, author):
    for _ in range(10):
        send(clinic, author)
    with pytest.raises(TrialRefused, match="enough for this hour"):
        send(clinic, author)
    send(clinic, author, NOW + timedelta(hours=1, seconds=1))
    assert len(server.taken) == 11


def test_words_that_may_not_stand_are_not_tried_either(server, clinic, author):
    with pytest.raises(WordingRefused):
        send(clinic, author, words=Words("Botox", ""))
    assert not server.taken


def test_a_mail_server_out_of_reach_is_told(clinic, author, settings):
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
    with pytest.raises(TrialRefused, match="did not take"):
        send(clinic, author)
