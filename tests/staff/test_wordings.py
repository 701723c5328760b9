"""The words of letters on screen."""

import pytest
from django.urls import reverse

from clinic.practice.models import Role
from clinic.reminders.letter_wordings import LetterWording
from tests.factories import NOW, ClinicFactory, LetterWordingFactory, member
from tests.page_reading import Page
from tests.staff.test_letters import words

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def clock(time_machine):
    """Every test happens on Monday 23 November 2026, 10:00 in Paris."""
    time_machine.move_to(NOW, tick=False)


@pytest.fixture
def clinic(db):
    return ClinicFactory(name="Harbour clinic")


@pytest.fixture
def admin(client, clinic):
    client.force_login(member(Role.ADMIN, clinic=clinic))
    return client


def page(name, clinic, query=""):
    return reverse(f"staff:{name}", args=[clinic.public_id]) + query


def sent(**changed):
    return {"version": "0", "subject": "Your next visit", "opening": "It is time, {given_name}.", **changed}


def test_the_list_tells_where_the_clinic_has_words_of_its_own(admin, clinic, count_queries):
    first = count_queries(lambda: admin.get(page("wording-list", clinic)))
    assert "own words" not in words(admin.get(page("wording-list", clinic)))
    LetterWordingFactory(clinic=clinic, language="de")
    LetterWordingFactory(clinic=clinic, letter="visit", is_fuller=True)
    said = words(admin.get(page("wording-list", clinic)))
    assert "own words (Invitation, Deutsch)" in said
    assert "fuller words (Reminder of the visit, English)" in said
    assert said.count("own words (") == 1
    assert count_queries(lambda: admin.get(page("wording-list", clinic))) == first


def test_words_are_saved_for_one_letter_and_language(admin, clinic):
    answer = admin.post(
        page("wording-edit", clinic, "?letter=remind&language=de"), sent(opening="Bitte wählen Sie, {given_name}.")
    )
    assert (answer.status_code, answer.headers["Location"]) == (302, page("wording-list", clinic))
    kept = LetterWording.objects.get()
    assert (kept.letter, kept.language, kept.is_fuller, kept.opening) == (
        "remind",
        "de",
        False,
        "Bitte wählen Sie, {given_name}.",
    )
    again = Page(admin.get(page("wording-edit", clinic, "?letter=remind&language=de")))
    assert (again.held("version"), again.held("subject")) == (["1"], ["Your next visit"])


@pytest.mark.parametrize(
    ("changed", "field", "why"),
    [
        ({"subject": "Your treatment"}, "subject", "Leave out: treatment."),
        ({"subject": "For {given_name}"}, "subject", "leave out given_name"),
        ({"opening": "On {day}"}, "opening", "knows only {given_name}, {clinic}, not: day"),
        ({"opening": "<b>x</b>"}, "opening", "plain text"),
        ({"opening": "a" * 1001}, "opening", "At most 1000 characters"),
    ],
)
def test_what_may_not_stand_is_told_beside_its_field_and_nothing_is_lost(admin, clinic, changed, field, why):
    response = admin.post(page("wording-edit", clinic), sent(**changed))
    assert response.status_code == 422
    assert why in Page(response).error_at(field)
    assert Page(response).held(field) == [sent(**changed)[field]]
    assert not LetterWording.objects.exists()


def test_the_second_of_two_people_is_told_with_what_the_first_wrote(admin, clinic):
    LetterWordingFactory(clinic=clinic, opening="By somebody else")
    response = admin.post(page("wording-edit", clinic), sent())
    assert response.status_code == 409
    assert "By somebody else" in Page(response).alerts
    assert Page(response).held("opening") == ["It is time, {given_name}."]
    assert LetterWording.objects.count() == 1


def test_a_preview_shows_what_is_typed_and_saves_nothing(admin, clinic):
    response = admin.post(page("wording-preview", clinic), sent(opening="It is time, {given_name}. <3"))
    html = response.content.decode()
    assert "It is time, Anna. &lt;3" in html
    assert "sandbox" in response.headers["Content-Security-Policy"]
    assert "allow" not in response.headers["Content-Security-Policy"]
    text = admin.post(page("wording-preview", clinic, "?as=text"), sent())
    assert text.headers["Content-Type"].startswith("text/plain")
    assert text.content.decode().startswith("Your next visit\n\nDear Anna,")
    assert not LetterWording.objects.exists()


def test_a_preview_of_what_may_not_stand_says_why(admin, clinic):
    response = admin.post(page("wording-preview", clinic), sent(opening="<script>x</script>"))
    assert response.status_code == 422
    assert "plain text" in response.content.decode()
    assert "<script" not in response.content.decode()


def test_a_test_letter_that_does_not_go_is_told(admin, clinic, settings):
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
    response = admin.post(page("wording-edit", clinic), sent(test="1"))
    assert response.status_code == 422
    assert "The mail server did not take the letter." in Page(response).alerts
    assert Page(response).held("subject") == ["Your next visit"]


@pytest.mark.parametrize("query", ["?letter=none", "?language=fr", "?letter=correction&words=fuller", "?letter=%00"])
def test_words_that_there_are_not_do_not_exist(admin, clinic, query):
    assert admin.get(page("wording-edit", clinic, query)).status_code == 404
