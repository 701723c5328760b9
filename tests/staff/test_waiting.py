"""The waiting list as staff see it."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from clinic.scheduling.models import Appointment
from clinic.scheduling.services import put_on_waiting_list
from clinic.scheduling.waiting_entries import WaitingEntry
from tests.factories import NOW, member
from tests.scheduling.agenda import CLOSES, make_agenda

pytestmark = pytest.mark.django_db
LIST = "/waiting/"


@pytest.fixture(autouse=True)
def _clock(time_machine):
    time_machine.move_to(NOW, tick=False)


@pytest.fixture
def agenda(client):
    agenda = make_agenda()
    client.force_login(agenda.clerk)
    return agenda


def wait(agenda, follow_up=None, **wishes):
    return put_on_waiting_list(by=agenda.staff, follow_up=follow_up or agenda.follow_up, now=NOW, **wishes)


def add(follow_up):
    return reverse("staff:waiting-add", args=[follow_up.public_id])


def test_nobody_waits(client, agenda):
    assert "Nobody waits for a sooner time." in client.get(LIST).text


def test_each_line_says_who_why_and_what_suits(client, agenda):
    soon = agenda.another_follow_up(given_name="Soon")
    type(soon).objects.filter(pk=soon.pk).update(opens_on=NOW.date(), closes_on=NOW.date() + timedelta(days=6))
    wait(agenda, weekdays=[0, 3], part_of_day="MORNING", practitioner=agenda.practitioner, until_on=CLOSES, note="a day's notice")
    wait(agenda, soon)
    agenda.book()
    page = client.get(LIST).text
    for said in (
        "window closes in 6 days",
        "window closes in 98 days",
        "Mon, Thu, in the morning, with Dr Lindqvist, until 1 Mar 2027, not before 1 Dec 2026",
        "any day",
        "a day&#x27;s notice",
        "Tue 1 Dec, 09:00",
        "none yet",
        "2 patients wait.",
    ):
        assert said in page
    assert page.index("Soon") < page.index("Ines")
    assert page.count("/book/") == 1


def test_number_of_queries_is_the_same_for_one_and_for_many(client, agenda):

    wait(agenda)
    client.get(LIST)
    with CaptureQueriesContext(connection) as one:
        client.get(LIST)
    for _ in range(6):
        wait(agenda, agenda.another_follow_up(), practitioner=agenda.practitioner)
    client.get(LIST)
    with CaptureQueriesContext(connection) as many:
        client.get(LIST)
    assert len(many) == len(one)


def test_patient_is_put_on_from_the_follow_up_s_page(client, agenda):
    shown = client.get(reverse("staff:follow-up-show", args=[agenda.follow_up.public_id])).text
    assert add(agenda.follow_up) in shown
    answer = client.post(
        add(agenda.follow_up),
        {
            "practitioner": str(agenda.practitioner.public_id),
            "weekdays": ["1", "2"],
            "part_of_day": "AFTERNOON",
            "until_on": "2026-12-20",
            "note": "phone first",
        },
        follow=True,
    )
    entry = WaitingEntry.objects.get()
    assert (entry.practitioner, entry.weekdays, entry.part_of_day) == (agenda.practitioner, [1, 2], "AFTERNOON")
    assert "is on the waiting list." in answer.text
    again = client.get(add(agenda.follow_up)).text
    assert "phone first" in again
    assert 'value="2026-12-20"' in again


def test_what_is_wrong_is_told_beside_its_field_and_nothing_is_written(client, agenda):
    answer = client.post(add(agenda.follow_up), {"part_of_day": "ANY", "until_on": "2026-11-24", "note": "phone first"})
    assert answer.status_code == 422
    assert "Choose a day on or after the earliest date." in answer.text
    assert "phone first" in answer.text
    for sent in (
        {},
        {"part_of_day": "NIGHT"},
        {"part_of_day": "ANY", "weekdays": "9"},
        {"part_of_day": "ANY", "practitioner": "x"},
    ):
        assert client.post(add(agenda.follow_up), sent).status_code == 422
    assert not WaitingEntry.objects.exists()


def test_patient_is_taken_off_with_one_press_and_a_second_changes_nothing(client, agenda):
    entry = wait(agenda)
    for _ in range(2):
        answer = client.post(reverse("staff:waiting-end", args=[entry.public_id]), follow=True)
        assert "is no longer on the waiting list." in answer.text
    entry.refresh_from_db()
    assert entry.state == "WITHDRAWN"
    assert not Appointment.objects.exists()


def test_reviewer_who_may_not_book_is_not_led_to_the_list(client, agenda):

    client.force_login(member("REVIEWER", agenda.clinic))
    assert LIST not in client.get("/follow-ups/").text
    assert client.get(LIST).status_code == 403
