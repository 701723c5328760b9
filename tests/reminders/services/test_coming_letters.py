"""A letter that is still to come reads as the one that goes; looking at it leaves nothing behind."""

import re
from datetime import timedelta
from email import message_from_bytes, policy

import pytest

from clinic.links import PatientLink
from clinic.reminders.models import Message
from clinic.reminders.plans import ensure_plan
from clinic.reminders.services import forecast, handle_of, letter_to_come
from tests.factories import (
    NOW,
    AppointmentFactory,
    ClinicFactory,
    ConditionFactory,
    ConsentFactory,
    FollowUpFactory,
    HoldFactory,
    LetterWordingFactory,
    MessageFactory,
)
from tests.reminders.running import plan, run, started

pytestmark = pytest.mark.django_db


@pytest.fixture
def clinic():
    started()
    clinic = ClinicFactory()
    ensure_plan(clinic, NOW)
    return clinic


def due(clinic, **patient):
    """A follow-up whose invitation is owed now."""
    given = {"email": "anna@example.org", "next_check_at": NOW, **patient}
    return FollowUpFactory(patient__clinic=clinic, **{f"patient__{name}": value for name, value in given.items()})


def also_due(first):
    """The other side of the same patient, due as well."""
    condition = ConditionFactory(patient=first.patient, side="LEFT")
    return FollowUpFactory(patient=first.patient, condition=condition, session__condition=condition)


def without_links(text):
    """A letter as it reads, whatever its links are and however the mail folds its lines."""
    return " ".join(re.sub(r"https://\S+|#", "LINK", text).split())


def parts(taken):
    # As it went over the wire: RFC 5321 section 4.5.2 doubles a full stop at the beginning of a line.
    mail = message_from_bytes(taken.content.replace(b"\n..", b"\n."), policy=policy.default)
    return {kind: mail.get_body((kind,)).get_content() for kind in ("plain", "html")}


def dead(html):
    return re.sub(r'href="(https:[^"]*|#)"', 'href="LINK"', html)


@pytest.mark.parametrize("language", ["en", "de", "es"])
def test_what_is_shown_is_what_goes_but_for_its_links(server, clinic, language):
    follow_up = due(clinic, language=language, given_name="Zoë & Co")
    LetterWordingFactory(clinic=clinic, language="de", subject="Ihr Besuch", opening="Es ist Zeit, {given_name}.")
    also_due(follow_up)

    shown = letter_to_come(patient=follow_up.patient, now=NOW)
    assert not PatientLink.objects.exists()
    run()

    (taken,) = server.taken
    went = parts(taken)
    assert (shown.when, shown.language) == (NOW, language)
    assert message_from_bytes(taken.content, policy=policy.default)["Subject"] == shown.letter.subject
    assert without_links(went["plain"]) == without_links(shown.letter.text)
    assert dead(went["html"]).split() == dead(shown.letter.html).split()
    # One for each follow-up, and one to stop.
    assert shown.letter.text.count("#") == len(set(re.findall(r"https://\S+/p/\S+", went["plain"]))) == 3
    assert "/p/" not in shown.letter.text + shown.letter.html


def test_looking_writes_nothing_down(clinic):
    follow_up = due(clinic)
    assert letter_to_come(patient=follow_up.patient, now=NOW) is not None
    assert not PatientLink.objects.exists()
    assert not Message.objects.exists()


def test_each_letter_that_is_foreseen_can_be_asked_for_by_its_handle(clinic):
    follow_up = due(clinic)
    first, second = (f"{step}:1:f{follow_up.pk}:r0" for step in ("INVITE", "REMIND"))
    now, later = (letter_to_come(patient=follow_up.patient, handle=handle_of(key), now=NOW) for key in (first, second))
    assert (now.title, later.title) == ("Invitation", "Second letter")
    assert now.when == NOW < later.when
    assert now.letter.text != later.letter.text
    (coming,) = forecast(patient_ids=[follow_up.patient_id], at=NOW, until=NOW + timedelta(days=7))
    assert handle_of(coming.key) == handle_of(first)


def test_the_letter_about_a_visit_says_when_it_is_and_has_its_calendar_file(clinic):
    follow_up = due(clinic)
    AppointmentFactory(follow_up=follow_up, patient=follow_up.patient, starts_at=NOW + timedelta(days=14))
    shown = letter_to_come(patient=follow_up.patient, now=NOW)
    assert shown.title == "Confirmation of the visit"
    assert "Monday 7 December 2026" in shown.letter.text
    assert shown.letter.calendar is not None


def test_fuller_words_are_shown_only_of_whoever_has_agreed_to_them(clinic):
    LetterWordingFactory(clinic=clinic, is_fuller=True, opening="Your treatment is due.")
    follow_up = due(clinic)
    assert "treatment is due" not in letter_to_come(patient=follow_up.patient, now=NOW).letter.text
    ConsentFactory(patient=follow_up.patient, purpose="FULLER_WORDING")
    assert "Your treatment is due." in letter_to_come(patient=follow_up.patient, now=NOW).letter.text


def test_one_that_is_written_down_already_is_shown_in_the_language_it_is_to_go_in(clinic):
    follow_up = due(clinic, language="en")
    plan()
    Message.objects.update(language="de")
    assert letter_to_come(patient=follow_up.patient, now=NOW).language == "de"


def test_what_is_not_a_letter_or_does_not_go_is_not_shown(clinic):
    phoned = due(clinic, email="")
    held = due(clinic)
    HoldFactory(patient=held.patient)
    invited = due(clinic)
    MessageFactory(follow_up=invited, patient=invited.patient, state="SENT", dedupe_key=f"INVITE:1:f{invited.pk}:r0", sent_at=NOW)
    for follow_up in (phoned, held, invited):
        handle = handle_of(f"INVITE:1:f{follow_up.pk}:r0")
        assert letter_to_come(patient=follow_up.patient, handle=handle, now=NOW) is None
    assert letter_to_come(patient=phoned.patient, now=NOW) is None
    assert letter_to_come(patient=held.patient, now=NOW) is None


def test_the_letter_of_another_patient_is_not_shown_under_this_one(clinic):
    mine, theirs = due(clinic), due(clinic)
    handle = handle_of(f"INVITE:1:f{theirs.pk}:r0")
    assert letter_to_come(patient=mine.patient, handle=handle, now=NOW) is None


def test_a_handle_gives_away_no_number_of_the_house(settings):
    first, second = handle_of("INVITE:1:f1:r0"), handle_of("INVITE:1:f2:r0")
    assert re.fullmatch("[0-9a-f]{32}", first)
    assert first != second
    settings.SECRET_KEY = "another"
    assert handle_of("INVITE:1:f1:r0") != first
