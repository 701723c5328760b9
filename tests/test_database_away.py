"""What people see while the database does not answer."""

import logging

import pytest
from django.db import IntegrityError, InterfaceError, OperationalError
from django.test import Client

from clinic.portal.views.links import LinkShow

pytestmark = pytest.mark.django_db


@pytest.fixture
def away(monkeypatch):
    """Let the database be gone while the patient's page is made: with this exception, as the driver words it."""

    def fail_with(error):
        def dispatch(self, *args, **kwargs):
            raise error

        monkeypatch.setattr(LinkShow, "dispatch", dispatch)

    return fail_with


@pytest.mark.parametrize("error", [OperationalError("the connection is lost"), InterfaceError("connection already closed")])
def test_a_database_that_is_away_is_told_in_words_and_to_be_tried_again(away, caplog, error):
    away(error)
    with caplog.at_level(logging.ERROR):
        response = Client(raise_request_exception=False).get("/p/dGhlIHRva2Vu/")
    assert response.status_code == 503
    assert int(response.headers["Retry-After"]) > 0
    assert "no-store" in response.headers["Cache-Control"]
    page = response.content.decode()
    assert "cannot be reached just now" in page
    assert "emergency" in page
    assert "connection" not in page
    assert any(record.name == "django.request" for record in caplog.records)


def test_what_is_wrong_in_the_program_stays_an_error_of_its_own(away):
    away(IntegrityError("a row that must not be"))
    response = Client(raise_request_exception=False).get("/p/dGhlIHRva2Vu/")
    assert response.status_code == 500
    assert "Something went wrong" in response.content.decode()


def test_the_page_asks_nothing_of_the_database(away, django_assert_num_queries):
    away(OperationalError("the connection is lost"))
    with django_assert_num_queries(0):
        Client(raise_request_exception=False).get("/p/dGhlIHRva2Vu/")
