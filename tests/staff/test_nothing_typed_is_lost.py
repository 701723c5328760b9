"""Whatever goes wrong on the record page: what was typed stands there again, and nothing was written by halves."""

import re
from html import unescape

import pytest
from django.db import OperationalError
from django.urls import reverse

from clinic.staff.forms.points import MOST_ROWS
from clinic.treatments.models import Injection, InjectionSession, TreatmentDraft
from tests.factories import NOW, PASSWORD, free_site
from tests.staff.recording import RecordPage, text, value_of

pytestmark = pytest.mark.django_db

SCRIPT = {"X-Draft": "1"}
FREE = {"site": "FREE", "side": "RIGHT", "units": "5", "name": "Masseter", "view": "FACE_FRONT", "x": "27.5", "y": "66"}
MARKUP = "'\"><svg onload=1>{{7*7}}"


@pytest.fixture(autouse=True)
def clock(time_machine):
    time_machine.move_to(NOW, tick=False)


@pytest.fixture
def desk(client):
    page = RecordPage(client)
    free_site()
    return page


def draft_url(desk):
    return reverse("staff:treatment-draft", args=[desk.patient.public_id]) + f"?condition={desk.condition.public_id}"


def free_row(number, **changes):
    return {f"points-{number}-{name}": value for name, value in {**FREE, **changes}.items()}


def rows_on(response, count):
    return [tuple(value_of(response, f"points-{n}-{name}") for name in ("site", "side", "units")) for n in range(count)]


def nothing_was_written():
    return not InjectionSession.objects.exists() and not Injection.objects.exists()


# -- signed out in the middle of it ---------------------------------------------------------------------------------------


def test_whoever_is_signed_out_while_signing_finds_everything_after_signing_in_again(desk):
    form = desk.form(("ZYG_MAJ", "RIGHT", "2.5"), **free_row(1), notes="before lunch", own_next_on="2027-04-06")
    desk.client.post(draft_url(desk), form | {"draft_revision": "0"}, headers=SCRIPT)
    desk.client.logout()

    refused = desk.client.post(desk.url, form | {"draft_revision": "1", "sign": "1"})
    assert refused.status_code == 302
    assert reverse("account_login") in refused.headers["Location"]
    assert nothing_was_written()

    offered = desk.client.post(refused.headers["Location"], {"login": desk.user.email, "password": PASSWORD}, follow=True)
    assert "There is a draft of this treatment" in text(offered)
    again = desk.get("&draft=1")
    assert rows_on(again, 2) == [("ZYG_MAJ", "RIGHT", "2.5"), ("FREE", "RIGHT", "5")]
    assert {name: value_of(again, f"points-1-{name}") for name in FREE} == FREE
    assert value_of(again, "own_next_on") == "2027-04-06"
    assert "before lunch</textarea>" in again.content.decode()
    signed = desk.client.post(desk.url, form | {"draft_revision": value_of(again, "draft_revision")})
    assert (signed.status_code, InjectionSession.objects.count(), TreatmentDraft.objects.count()) == (302, 1, 0)


def test_script_of_a_page_that_is_signed_out_is_sent_away_without_a_word_of_the_patient(desk):
    desk.client.logout()
    answer = desk.client.post(draft_url(desk), desk.form(notes="kept here alone"), headers=SCRIPT)
    assert answer.status_code == 302
    assert "Duarte" not in answer.content.decode() + answer.headers["Location"]
    assert not TreatmentDraft.objects.exists()


# -- two tabs -------------------------------------------------------------------------------------------------------------


def test_second_tab_that_signs_what_the_first_has_changed_keeps_its_own_and_is_shown_the_other(desk):
    form = desk.form(("ZYG_MAJ", "RIGHT", "2.5"), notes="from the first tab")
    desk.client.post(draft_url(desk), form | {"draft_revision": "0"}, headers=SCRIPT)
    second = desk.form(("ZYG_MAJ", "RIGHT", "1"), notes="from the second tab", draft_revision="0")
    response = desk.client.post(desk.url, second)
    assert response.status_code == 409
    assert rows_on(response, 1) == [("ZYG_MAJ", "RIGHT", "1")]
    assert "from the second tab</textarea>" in response.content.decode()
    assert "from the first tab" in text(response)
    assert nothing_was_written()


# -- a save that fails ----------------------------------------------------------------------------------------------------


def failing(error):
    def complete_visit(**_given):
        raise error

    return complete_visit


def test_database_that_does_not_take_a_treatment_leaves_the_page_as_it_was_typed(desk, monkeypatch, caplog):
    monkeypatch.setattr("clinic.staff.views.treatments.complete_visit", failing(OperationalError("database is locked")))
    response = desk.post(("ZYG_MAJ", "RIGHT", "2.5"), **free_row(1), notes="a word on Duarte")
    assert response.status_code == 503
    assert "Nothing was written: the database did not take it." in text(response)
    assert rows_on(response, 2) == [("ZYG_MAJ", "RIGHT", "2.5"), ("FREE", "RIGHT", "5")]
    assert "a word on Duarte</textarea>" in response.content.decode()
    assert nothing_was_written()
    assert "Duarte" not in caplog.text
    monkeypatch.undo()
    token = value_of(response, "token")
    assert desk.post(("ZYG_MAJ", "RIGHT", "2.5"), **free_row(1), token=token).status_code == 302


def test_database_that_does_not_take_an_amendment_leaves_the_page_as_it_was_typed(desk, monkeypatch, caplog):
    desk.post(("ZYG_MAJ", "RIGHT", "2.5"))
    session = InjectionSession.objects.get()
    url = reverse("staff:treatment-amend", args=[session.public_id])
    form = desk.form(("ZYG_MAJ", "RIGHT", "3"), **free_row(1), notes="a word on Duarte", based_on="1", reason="typed 2.5 for 3")
    monkeypatch.setattr("clinic.staff.views.treatment_amending.amend_treatment", failing(OperationalError("database is locked")))
    response = desk.client.post(url, form)
    assert response.status_code == 503
    assert "Nothing was written: the database did not take it." in text(response)
    assert rows_on(response, 2) == [("ZYG_MAJ", "RIGHT", "3"), ("FREE", "RIGHT", "5")]
    assert "a word on Duarte</textarea>" in response.content.decode()
    assert "typed 2.5 for 3" in response.content.decode()
    assert session.versions.count() == 1
    assert "Duarte" not in caplog.text
    monkeypatch.undo()
    assert desk.client.post(url, form).status_code == 302
    assert session.versions.count() == 2


def test_fault_nobody_thought_of_leaves_the_draft(desk, monkeypatch):
    form = desk.form(("ZYG_MAJ", "RIGHT", "2.5"), notes="typed before")
    desk.client.post(draft_url(desk), form | {"draft_revision": "0"}, headers=SCRIPT)
    monkeypatch.setattr("clinic.staff.views.treatments.complete_visit", failing(ZeroDivisionError()))
    desk.client.raise_request_exception = False
    assert desk.client.post(desk.url, form | {"draft_revision": "1"}).status_code == 500
    assert nothing_was_written()
    assert "typed before</textarea>" in desk.get("&draft=1").content.decode()


# -- 500 points -----------------------------------------------------------------------------------------------------------


MANY = [("ZYG_MAJ", "RIGHT", f"{number % 9 + 1}.25") for number in range(500)]
#: What a browser sends of each row besides: fields that are out of sight.
UNSEEN = {f"points-{number}-{name}": "" for number in range(500) for name in ("name", "view", "x", "y")}


def test_500_points_are_refused_in_words_and_every_one_stands_there_again(desk):
    response = desk.post(*MANY, separate_points="on", **UNSEEN)
    assert response.status_code == 422
    assert f"At most {MOST_ROWS} points." in text(response)
    forms = response.context["points"].forms
    assert [(form["site"].value(), form["side"].value(), form["units"].value()) for form in forms[:500]] == MANY
    assert len(re.findall(r'name="points-\d+-units"', response.content.decode())) >= 500
    assert nothing_was_written()


def test_500_points_of_a_draft_come_back(desk):
    form = desk.form(*MANY, **UNSEEN)
    assert desk.client.post(draft_url(desk), form | {"draft_revision": "0"}, headers=SCRIPT).status_code == 200
    forms = desk.get("&draft=1").context["points"].forms
    assert [(form["site"].value(), form["units"].value()) for form in forms[:500]] == [(s, u) for s, _side, u in MANY]


def test_more_rows_than_a_treatment_has_stay_when_the_next_window_is_asked_for(desk):
    forms = desk.post(*MANY[:70], preview="1").context["points"].forms
    assert [form["units"].value() for form in forms if form["site"].value()] == [units for _site, _side, units in MANY[:70]]


def test_an_absurd_number_of_rows_is_cut_without_a_fault(desk):
    assert desk.post(("ZYG_MAJ", "RIGHT", "2.5"), **{"points-TOTAL_FORMS": "99999999"}).status_code == 422
    assert nothing_was_written()


# -- hostile text in every field ------------------------------------------------------------------------------------------


def test_hostile_text_in_every_field_at_once_is_told_and_comes_back_as_text(desk):
    names = [name for name in desk.form(**free_row(1)) if not name.startswith("points-") or name[7] in "01"]
    names = [*names, "wasted_units", "waste_reason", "vial_2", "vial_3", "reason-ANYTHING"]
    hidden = {"token", "points-TOTAL_FORMS"}
    typed = {name: MARKUP for name in names if name not in hidden} | {"points-0-site": "ZYG_MAJ", "points-1-site": "FREE"}
    response = desk.post(**typed)
    page = response.content.decode()
    assert response.status_code == 422
    assert "<svg onload" not in page
    assert "49" not in re.sub(r"\d{3,}", "", value_of(response, "points-0-units"))
    for name in ("performed_on", "own_next_on", "points-0-units", "points-1-name", "points-1-x", "points-1-y", "wasted_units"):
        assert value_of(response, name) == MARKUP, name
    notes = re.search(r'<textarea[^>]* name="notes".*?>\s*(.*?)</textarea>', page, re.S)
    assert unescape(notes[1]) == MARKUP
    assert nothing_was_written()


@pytest.mark.parametrize("field", ["notes", "points-1-name", "waste_reason"])
@pytest.mark.parametrize("typed", ["a\x00b", "a\u202eb", "a\x1b[31mb", "x" * 100_000], ids=["NUL", "turned", "escape", "100 kB"])
def test_text_that_does_harm_is_told_and_the_points_stay(desk, field, typed):
    given = free_row(1) | {"wasted_units": "1", "waste_reason": "spilt"} | {field: typed}
    response = desk.post(("ZYG_MAJ", "RIGHT", "2.5"), **given)
    assert response.status_code == 422
    assert rows_on(response, 2) == [("ZYG_MAJ", "RIGHT", "2.5"), ("FREE", "RIGHT", "5")]
    assert nothing_was_written()
