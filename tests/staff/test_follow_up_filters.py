"""Finding somebody in the follow-up list: filters and pages."""

import pytest
from django.urls import reverse

from clinic import audit
from clinic.audit import Action, Actor
from clinic.practice.models import Role
from clinic.staff import paging
from clinic.treatments.models import FollowUp
from tests.factories import (
    NOW,
    ClinicFactory,
    ConditionFactory,
    ContactAttemptFactory,
    IndicationFactory,
    InjectionSessionFactory,
    MessageFactory,
    PatientFactory,
    PractitionerFactory,
    member,
)
from tests.staff.follow_up_reading import make, names, text

pytestmark = pytest.mark.django_db

LIST = reverse("staff:follow-up-list")


@pytest.fixture(autouse=True)
def clock(time_machine):
    """Every test happens on Monday 23 November 2026 in the morning."""
    time_machine.move_to(NOW, tick=False)


@pytest.fixture
def clinic(db):
    return ClinicFactory(name="Harbour clinic")


@pytest.fixture
def desk(client, clinic):
    """A browser in which a member of the front desk is signed in."""
    client.force_login(member(Role.FRONT_DESK, clinic=clinic))
    return client


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("q=kowal", ["Marta Kowalczyk"]),
        ("q=r-7 marta", ["Marta Kowalczyk"]),
        ("q=nobody", []),
        ("indication=BLEPH", ["Aylin Demir"]),
        ("product=ONABOT", ["Marta Kowalczyk", "Aylin Demir"]),
        ("opens_from=2026-12-01", ["Aylin Demir"]),
        ("opens_until=2026-11-30", ["Marta Kowalczyk"]),
        ("closes_from=2027-01-01&closes_until=2027-02-01", []),
        ("stage=OPEN&q=aylin", []),
        ("stage=APPROACHING&q=aylin", ["Aylin Demir"]),
        ("as_of=2026-12-24&stage=OPEN", ["Aylin Demir"]),
        ("as_of=2027-06-01&stage=OVERDUE", ["Marta Kowalczyk", "Aylin Demir"]),
    ],
)
def test_filters_narrow_the_list_and_its_counts(desk, clinic, query, expected):
    make(clinic, patient=PatientFactory(clinic=clinic, given_name="Marta", family_name="Kowalczyk", record_number="R-7"),
         opens_in=-70, lasts=80)  # fmt: skip
    aylin = PatientFactory(clinic=clinic, given_name="Aylin", family_name="Demir")
    blepharospasm = ConditionFactory(patient=aylin, indication=IndicationFactory(code="BLEPH", name="Blepharospasm"), side="BOTH")
    make(clinic, patient=aylin, condition=blepharospasm, opens_in=20)

    response = desk.get(f"{LIST}?{query}")

    assert names(response) == expected
    assert response.status_code == 200
    if "stage" not in query:
        assert f">All <b>{len(expected)}</b>" in text(response)


def test_the_practitioner_filter_offers_those_of_the_clinic(desk, clinic):
    ours = PractitionerFactory(name="Dr Lindqvist", clinics=[clinic])
    PractitionerFactory(name="Dr Elsewhere")
    patient = PatientFactory(clinic=clinic, given_name="Ines", family_name="Duarte")
    make(clinic, patient=patient, session=InjectionSessionFactory(patient=patient, practitioner=ours))
    make(clinic, "Peter Osei")

    page = desk.get(LIST, {"practitioner": ours.public_id.hex})

    assert names(page) == ["Ines Duarte"]
    assert "Dr Lindqvist</option>" in text(page)
    assert "Dr Elsewhere" not in text(page)


def test_filters_stay_in_the_form_the_tabs_and_the_next_page(desk, clinic, monkeypatch):
    monkeypatch.setattr(paging, "ROWS", 1)
    for number in range(3):
        make(clinic, f"Marta Number{number}", opens_in=number)

    page = text(desk.get(LIST, {"q": "marta", "as_of": "2026-12-24"}))

    assert 'name="q" value="marta"' in page
    assert 'name="as_of" value="2026-12-24"' in page
    assert "?q=marta&as_of=2026-12-24&stage=OPEN" in page
    assert "as of 24 Dec 2026" in page


@pytest.mark.parametrize(
    ("query", "complaint"),
    [
        ("as_of=tomorrow", "Enter a day as 2026-12-03."),
        ("as_of=9999-12-31", "less than or equal to"),
        ("opens_from=2026-02-30", "Enter a day as 2026-12-03."),
        ("stage=NONSENSE", "Choose a stage from the list above."),
        ("indication=%27%22", "Select a valid choice."),
        ("practitioner=1", "Select a valid choice."),
        ("q=a%00b", "Null characters are not allowed."),
        ("q=" + "a" * 101, "at most 100 characters"),
    ],
)
def test_a_filter_that_makes_no_sense_is_named_and_nobody_is_shown(desk, clinic, query, complaint):
    make(clinic)
    response = desk.get(f"{LIST}?{query}")
    assert response.status_code == 422
    assert complaint in text(response)
    assert names(response) == []


# -- pages of the list --------------------------------------------------------------------------------------------------


def test_a_long_list_comes_in_pages_that_hold_everybody_once(desk, clinic, monkeypatch):
    monkeypatch.setattr("clinic.staff.paging.ROWS", 2)
    for number in range(5):
        make(clinic, f"Patient Number{number}", opens_in=number)
    seen, address = [], LIST
    while address:
        response = desk.get(address)
        seen += names(response)
        page = response.context["page"]
        address = LIST + page.next_query if page.next_query else ""
    assert seen == [f"Patient Number{number}" for number in range(5)]


def test_a_place_that_does_not_exist_shows_the_beginning_and_says_so(desk, clinic):
    make(clinic)
    response = desk.get(LIST, {"after": "not-a-place"})
    assert names(response) == ["Marta Kowalczyk"]
    assert "this is its beginning" in text(response)


@pytest.mark.parametrize("query", ["", "q=marta", "stage=OVERDUE", "after={place}"])
def test_the_list_makes_an_object_of_no_follow_up(desk, clinic, monkeypatch, query):
    place = make(clinic, opens_in=-300)
    make(clinic, patient=PatientFactory(clinic=clinic, given_name="Aylin", family_name="Demir"), opens_in=-200)

    def made(*row):
        raise AssertionError("The list reads rows of fifty, never follow-ups from end to end.")

    monkeypatch.setattr(FollowUp, "from_db", made)

    assert desk.get(f"{LIST}?{query.format(place=place.public_id)}").status_code == 200


def test_the_list_takes_the_same_queries_for_one_as_for_five_hundred(desk, clinic, count_queries):
    def queries():
        """How many after something changed, how many with nothing changed, and how many lines."""
        audit.record(by=Actor.system(), action=Action.CHANGED, what="Something", now=NOW)
        return count_queries(lambda: desk.get(LIST)), count_queries(lambda: desk.get(LIST)), len(names(desk.get(LIST)))

    first = make(clinic, opens_in=-200)
    ContactAttemptFactory(follow_up=first)
    MessageFactory(follow_up=first, state="SENT")
    one = queries()
    for number in range(499):
        patient = PatientFactory(clinic=clinic)
        session = InjectionSessionFactory(patient=patient, practitioner=first.session.practitioner, signed=False)
        make(clinic, patient=patient, session=session, opens_in=number % 200 - 100)
    five_hundred = queries()

    assert (one[2], five_hundred[2]) == (1, 50)
    assert one[:2] == five_hundred[:2]
    assert one[1] <= 12
