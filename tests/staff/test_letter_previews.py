"""A letter to come on screen: as its patient would see it, shut in, and noted as a view of them."""

import re
from datetime import timedelta

import pytest
from django.urls import reverse

from clinic.audit import AuditEvent
from clinic.links import PatientLink
from clinic.practice.models import Role
from clinic.reminders.models import Message
from tests.factories import NOW, ClinicFactory, ConditionFactory, FollowUpFactory, HoldFactory, member
from tests.page_reading import Page
from tests.reminders.running import started
from tests.staff.test_letters import words

pytestmark = pytest.mark.django_db
LIST = reverse("staff:letter-list")


@pytest.fixture(autouse=True)
def clock(time_machine):
    """Every test happens on Monday 23 November 2026, 10:00 in Paris."""
    time_machine.move_to(NOW, tick=False)
    started()


@pytest.fixture
def clinic():
    return ClinicFactory()


@pytest.fixture
def desk(client, clinic):
    client.force_login(member(Role.FRONT_DESK, clinic=clinic))
    return client


def due(clinic, family_name, **facts):
    given = {"patient__email": "anna@example.org", "patient__next_check_at": NOW}
    return FollowUpFactory(patient__clinic=clinic, patient__family_name=family_name, **{**given, **facts})


def links_to_letters(response):
    return [one.get("href") for one in Page(response).elements if "/next-letter/" in one.get("href")]


def frame(response):
    return next(one for one in Page(response).elements if one.tag == "iframe")


@pytest.mark.parametrize("query", [{}, {"until": "today"}, {"on": "2026-12-01"}])
def test_from_the_forecast_each_letter_can_be_seen_and_no_task(desk, clinic, query):
    later = {"snoozed_until": NOW.date() + timedelta(days=8)} if "on" in query else {}
    mercer = due(clinic, "Mercer", **later)
    due(clinic, "Phoned", patient__email="", **later)
    listed = desk.get(LIST, query)
    assert "Anna Phoned" in words(listed)
    (address,) = links_to_letters(listed)
    shown = desk.get(address)
    assert shown.status_code == 200
    assert "Anna Mercer" in words(shown)
    assert str(mercer.pk) not in re.sub(r"[0-9a-f-]{32,36}", "", address)
    assert "anna@example.org" in words(shown)
    assert ("Tue 1 Dec 08:00" if later else "today 10:00") in words(shown)
    sheet = desk.get(frame(shown).get("src"))
    assert "Dear Anna," in sheet.content.decode()


def test_from_the_page_of_a_follow_up_the_next_letter_can_be_seen(desk, clinic):
    page = desk.get(reverse("staff:follow-up-show", args=[due(clinic, "Mercer").public_id]))
    (address,) = links_to_letters(page)
    assert "Invitation" in words(desk.get(address))


def test_a_follow_up_about_which_nothing_goes_or_staff_phone_has_no_such_link(desk, clinic):
    held, phoned = due(clinic, "Held"), due(clinic, "Phoned", patient__email="")
    HoldFactory(patient=held.patient)
    for follow_up in (held, phoned):
        assert links_to_letters(desk.get(reverse("staff:follow-up-show", args=[follow_up.public_id]))) == []
    assert links_to_letters(desk.get(LIST, {"show": "why"})) == []


def test_it_is_shut_in_a_frame_and_its_links_lead_nowhere(desk, clinic):
    patient = due(clinic, "Mercer").patient
    around = desk.get(reverse("staff:letter-preview", args=[patient.public_id]))
    assert "sandbox" in frame(around).attributes
    assert not frame(around).get("sandbox")
    assert "frame-src 'self'" in around.headers["Content-Security-Policy"]
    sheet = desk.get(frame(around).get("src"))
    assert "sandbox" in sheet.headers["Content-Security-Policy"]
    assert "allow" not in sheet.headers["Content-Security-Policy"]
    assert {one.get("href") for one in Page(sheet).elements if one.tag == "a"} == {"#"}
    text = desk.get(reverse("staff:letter-sheet", args=[patient.public_id]), {"as": "text"})
    assert text.headers["Content-Type"].startswith("text/plain")
    assert "Dear Anna," in text.content.decode()
    assert not PatientLink.objects.exists()
    assert not Message.objects.exists()


def test_it_is_in_the_patients_language_whatever_the_readers(desk, clinic):
    patient = due(clinic, "Mercer", patient__language="de").patient
    around = desk.get(reverse("staff:letter-preview", args=[patient.public_id]), headers={"accept-language": "es"})
    assert '<html lang="de"' in desk.get(frame(around).get("src"), headers={"accept-language": "es"}).content.decode()


@pytest.mark.parametrize("name", ["letter-preview", "letter-sheet"])
def test_it_is_noted_as_a_view_of_the_patient(desk, clinic, name):
    patient = due(clinic, "Mercer").patient
    desk.get(reverse(f"staff:{name}", args=[patient.public_id]))
    seen = AuditEvent.objects.get(action="VIEWED")
    assert (seen.what, seen.patient_id_public) == ("Patient", patient.public_id)


@pytest.mark.parametrize("name", ["letter-preview", "letter-sheet"])
def test_a_letter_that_goes_no_more_is_not_found_and_that_none_goes_is_an_answer(desk, clinic, name):
    follow_up = due(clinic, "Mercer")
    (address,) = links_to_letters(desk.get(LIST))
    HoldFactory(patient=follow_up.patient)
    asked = address.replace("/next-letter/", "/next-letter/sheet/") if name == "letter-sheet" else address
    gone = desk.get(asked)
    assert gone.status_code == 404
    assert "As things stand this letter does not go." in words(gone)
    none = desk.get(reverse(f"staff:{name}", args=[follow_up.patient.public_id]))
    assert none.status_code == 200
    assert "As things stand this letter does not go." in words(none)


@pytest.mark.parametrize("name", ["letter-preview", "letter-sheet"])
def test_a_patient_of_another_clinic_does_not_exist(desk, name):
    foreign = due(ClinicFactory(), "Zzyzx").patient
    response = desk.get(reverse(f"staff:{name}", args=[foreign.public_id]))
    assert response.status_code == 404
    assert b"Zzyzx" not in response.content


def test_a_page_costs_the_same_however_much_there_is_to_come(desk, clinic, count_queries):
    one = due(clinic, "Mercer").patient
    address = reverse("staff:letter-preview", args=[one.public_id])
    first = count_queries(lambda: desk.get(address))
    condition = ConditionFactory(patient=one, side="LEFT")
    FollowUpFactory(patient=one, condition=condition, session__condition=condition)
    due(clinic, "Other")
    assert count_queries(lambda: desk.get(address)) == first
