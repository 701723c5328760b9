"""The forecast as a page: a picture, the same numbers in words, and whose window is in danger."""

import re
from datetime import date, timedelta
from html import unescape

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from clinic.audit import Action, AuditEvent
from clinic.care.capacity import Week
from clinic.staff.pictures.capacity_chart import HEIGHT, LEFT, WIDTH, lay_out
from tests import factories
from tests.factories import NOW
from tests.scheduling.agenda import make_agenda

pytestmark = pytest.mark.django_db
MONDAY = date(2026, 11, 23)


@pytest.fixture
def agenda(db):
    return make_agenda()


@pytest.fixture(autouse=True)
def clock(time_machine):
    time_machine.move_to(NOW, tick=False)


def text(response):
    """What the page says, cell after cell."""
    return " ".join(unescape(re.sub("<[^>]*>", " ", response.content.decode())).split())


def test_numbers_of_the_picture_stand_in_a_table(agenda, client):
    client.force_login(agenda.clerk)
    response = client.get(reverse("staff:capacity-show"))
    # The agenda's follow-up opens on Tuesday 1 December; thirty times are free in that week.
    assert "30 Nov 2026 1 0 30" in text(response)
    assert "There is room for everybody whose window has not closed yet." in text(response)


def test_who_would_be_pushed_is_named_with_a_link_and_that_is_logged(agenda, client):
    factories.ClosureFactory(clinic=agenda.clinic, from_on=MONDAY, until_on=date(2027, 3, 1))
    client.force_login(agenda.clerk)
    response = client.get(reverse("staff:capacity-show"))
    assert str(agenda.patient) in text(response)
    assert reverse("staff:follow-up-show", args=[agenda.follow_up.public_id]) in response.content.decode()
    assert AuditEvent.objects.filter(actor=agenda.clerk, action=Action.LISTED, what="FollowUp", count=1).exists()


def test_number_of_queries_does_not_grow(agenda, client):
    factories.ClosureFactory(clinic=agenda.clinic, from_on=MONDAY, until_on=date(2027, 3, 1))
    client.force_login(agenda.clerk)
    address = reverse("staff:capacity-show")
    client.get(address)
    counted = []
    for more in (0, 4):
        for _ in range(more):
            agenda.another_follow_up()
        with CaptureQueriesContext(connection) as queries:
            client.get(address)
        counted.append(len(queries))
    assert counted[0] == counted[1]


def weeks(*numbers):
    return [Week(MONDAY + timedelta(days=7 * at), wanted, 0, free) for at, (wanted, free) in enumerate(numbers)]


def test_columns_stand_on_the_ground_and_fit_the_picture():
    chart = lay_out(weeks((3, 30), (41, 7), (0, 0)))
    for column in chart.columns:
        assert column.free_y + column.free_height == pytest.approx(chart.ground)
        assert column.wanted_y >= 0
        assert LEFT <= column.x <= WIDTH - chart.wide
    assert chart.ground < HEIGHT
    assert [column.is_short for column in chart.columns] == [False, True, False]


def test_lines_stand_at_round_numbers_up_to_the_highest_column():
    assert [line.number for line in lay_out(weeks((3, 30))).lines] == [0, 10, 20, 30, 40]
    assert [line.number for line in lay_out(weeks((0, 0))).lines] == [0, 1, 2, 3, 4]


def test_month_is_named_where_its_first_week_stands():
    chart = lay_out(weeks(*[(0, 0)] * 7))
    assert [month.first for month in chart.months] == [date(2026, 12, 7), date(2027, 1, 4)]
