"""Moving a visit by staff: what the page offers, and that the old time goes only with the new one taken."""

import pytest
import time_machine
from django.contrib.messages import get_messages
from django.test import Client

from clinic.scheduling.booking_overrides import BookingOverride
from clinic.scheduling.services import mark_arrived, value_of
from tests.factories import NOW
from tests.scheduling.agenda import TUESDAY_9, TUESDAY_930, WEDNESDAY_9, at, make_agenda, with_hours

pytestmark = pytest.mark.django_db


@pytest.fixture
def agenda(db):
    return make_agenda()


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW, tick=False) as moved:
        yield moved


@pytest.fixture
def desk(agenda):
    client = Client()
    client.force_login(agenda.clerk)
    return client


@pytest.fixture
def visit(agenda):
    return agenda.book()


def page_of(visit):
    return f"/appointments/{visit.public_id}/move/"


def value(agenda, starts_at, practitioner=None):
    return value_of((practitioner or agenda.practitioner).public_id, starts_at)


def test_page_offers_the_free_times_from_the_visit_s_day_on(agenda, desk, visit):
    other = with_hours(agenda.clinic, "Dr Other")
    page = desk.get(page_of(visit)).text
    assert "now Tuesday 1 December 2026, 09:00 with Dr Lindqvist" in page
    assert value(agenda, TUESDAY_9) not in page
    for free in (value(agenda, TUESDAY_930), value(agenda, TUESDAY_9, other), value(agenda, at(7, 8))):
        assert free in page
    assert value(agenda, at(8, 8)) not in page
    assert value(agenda, at(8, 8)) in desk.get(page_of(visit), {"from_on": "2026-12-08"}).text


def test_visit_is_moved_and_its_page_tells_from_where_to_where_and_by_whom(agenda, desk, visit):
    other = with_hours(agenda.clinic, "Dr Other")
    answer = desk.post(page_of(visit), {"choice": value(agenda, WEDNESDAY_9, other), "reason": "the patient asked"})
    assert answer["Location"] == f"/appointments/{visit.public_id}/"
    assert "moved to Wednesday 2 December 2026, 09:00 with Dr Other" in str(next(iter(get_messages(answer.wsgi_request))))
    visit.refresh_from_db()
    assert (visit.starts_at, visit.practitioner, visit.state, visit.sequence) == (WEDNESDAY_9, other, "BOOKED", 1)
    page = desk.get(f"/appointments/{visit.public_id}/").text
    for shown in (
        "Moved",
        "from 1 Dec 2026, 09:00 to 2 Dec 2026, 09:00",
        "the patient asked",
        f"by {agenda.clerk}, at the clinic",
    ):
        assert shown in page
    assert visit.changes.latest("id").with_letter is False


def test_old_time_stays_where_the_new_one_is_gone(agenda, desk, visit):
    agenda.book(WEDNESDAY_9, follow_up=agenda.another_follow_up())
    answer = desk.post(page_of(visit), {"choice": value(agenda, WEDNESDAY_9)})
    assert answer.status_code == 409
    assert "has just been taken" in answer.text
    assert value(agenda, TUESDAY_930) in answer.text
    assert "now Tuesday 1 December 2026, 09:00" in answer.text
    visit.refresh_from_db()
    assert visit.starts_at == TUESDAY_9
    again = {"choice": "other", "practitioner": str(agenda.practitioner.public_id), "day": "2026-12-02", "at": "09:00"}
    assert desk.post(page_of(visit), again | {"overbooked_reason": "in pain"}).status_code == 302
    assert BookingOverride.objects.get().kind == "TAKEN"


def test_day_outside_the_window_needs_a_reason(agenda, desk, visit):
    data = {"choice": value(agenda, at(2, 8, month=3, year=2027))}
    answer = desk.post(page_of(visit), data)
    assert answer.status_code == 422
    assert "This is after the window has closed, 1 Mar 2027" in answer.text
    visit.refresh_from_db()
    assert visit.starts_at == TUESDAY_9
    assert desk.post(page_of(visit), data | {"window_reason": "in hospital"}).status_code == 302
    assert BookingOverride.objects.values_list("kind", "reason").get() == ("LATE", "in hospital")


def test_visit_that_has_begun_is_moved_no_more(agenda, desk, visit, clock):
    clock.move_to(TUESDAY_9)
    mark_arrived(by=agenda.staff, appointment=visit, now=TUESDAY_9)
    desk.force_login(agenda.clerk)
    for answer in (desk.get(page_of(visit)), desk.post(page_of(visit), {"choice": value(agenda, WEDNESDAY_9)})):
        assert answer["Location"] == f"/appointments/{visit.public_id}/"
    visit.refresh_from_db()
    assert visit.starts_at == TUESDAY_9


def test_number_of_queries_does_not_grow(agenda, desk, visit, count_queries):
    few = count_queries(lambda: desk.get(page_of(visit)))
    for hour in (8, 9, 10):
        agenda.book(at(2, hour), follow_up=agenda.another_follow_up())
    with_hours(agenda.clinic, "Dr Other")
    assert count_queries(lambda: desk.get(page_of(visit))) == few <= 16
