"""A patient with a link, and what they see through it."""

import re
from dataclasses import dataclass

import pytest
import time_machine
from django.test import Client

from clinic.links import mint
from tests.factories import NOW
from tests.scheduling.agenda import Agenda, make_agenda


@pytest.fixture
def agenda(db):
    return make_agenda()


@pytest.fixture(autouse=True)
def clock():
    """Monday 23 November 2026, ten o'clock in Paris; a test may move it."""
    with time_machine.travel(NOW, tick=False) as moved:
        yield moved


@dataclass
class Reader:
    """A patient with a letter open, in a browser that has never been here and keeps no cookies."""

    agenda: Agenda
    token: str
    client: Client

    @property
    def address(self):
        return f"/p/{self.token}/"

    def get(self, part="", **query):
        return self.client.get(self.address + part, query)

    def post(self, part="", **data):
        return self.client.post(self.address + part, data)

    def choices(self, response):
        """The times on a page, as its form would send them."""
        return re.findall(r'name="time" value="([^"]+)"', response.text)

    def book(self, number=0):
        """Press the time with this number on the page."""
        return self.post("book/", time=self.choices(self.get())[number])


def reader(agenda, purpose="BOOK", **about):
    about = about or {"follow_up": agenda.follow_up}
    token = mint(purpose=purpose, patient=agenda.patient, now=NOW, **about)
    return Reader(agenda, token, Client(enforce_csrf_checks=True))


@pytest.fixture
def booker(agenda):
    """Somebody with an invitation."""
    return reader(agenda)


@pytest.fixture
def visitor(agenda):
    """Somebody with a letter about a booked visit (Tuesday 1 December, nine o'clock)."""
    return reader(agenda, "VISIT", appointment=agenda.book())


@pytest.fixture
def stopper(agenda):
    """Somebody about to stop invitations."""
    return reader(agenda, "STOP", consent_purpose="INVITE")
