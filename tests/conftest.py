"""What every test may ask for: servers of its own, a mail server that records, a browser that notices."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller
from django.core.cache import cache
from django.db.backends.base.operations import BaseDatabaseOperations
from django.test import TransactionTestCase
from django.utils import timezone

from botox_tracker import servers
from botox_tracker.stack import Mailbox
from clinic import audit
from clinic.reminders import deployment

pytest_plugins = ("tests.browsing",)

# Playwright runs an event loop in the test's own thread, which Django takes for asynchronous code.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark tests by what they use and where they stand, so that nobody has to remember to."""
    for item in items:
        folders = Path(item.path).parts
        fixtures = set(getattr(item, "fixturenames", ()))
        if "browser" in folders or {"page", "browser"} & fixtures:
            item.add_marker(pytest.mark.browser)
        if "tools" in folders or not uses_the_database(item, fixtures):
            item.add_marker(pytest.mark.once)
        if "journeys" in folders:
            item.add_marker(pytest.mark.journey)


def uses_the_database(item: pytest.Item, fixtures: set[str]) -> bool:
    """Tell whether what a test says may depend on the database."""
    django_test = isinstance(getattr(item, "cls", None), type) and issubclass(item.cls, TransactionTestCase)
    return django_test or item.get_closest_marker("django_db") is not None or bool({"db", "transactional_db"} & fixtures)


@pytest.fixture(autouse=True, scope="session")
def _records_are_cleaned_up_by_the_named_path() -> Iterator[None]:
    """Let a test with real transactions be cleaned up after: the database refuses to empty its protected tables otherwise."""
    flush = BaseDatabaseOperations.execute_sql_flush
    window = audit.MaintenanceWindow._meta.db_table

    def flush_with_the_guards_open(operations, statements):
        with audit.maintenance("clean-up after a test"):
            flush(operations, sorted(statements, key=lambda statement: window in statement))

    BaseDatabaseOperations.execute_sql_flush = flush_with_the_guards_open
    yield
    BaseDatabaseOperations.execute_sql_flush = flush


@pytest.fixture(autouse=True)
def _empty_cache() -> Iterator[None]:
    """Forget the failed sign-ins that another test counted."""
    yield
    cache.clear()


@pytest.fixture(autouse=True)
def _engine_of_this_test(settings, tmp_path, monkeypatch):
    """Each test is a deployment of its own, and its database tells the test's time."""
    settings.ENGINE_MARK = tmp_path / "engine.mark"
    monkeypatch.setattr(deployment, "database_time", lambda: timezone.now())


@pytest.fixture(scope="session")
def valkey_url() -> Iterator[str]:
    """A Valkey or Redis of this test process's own."""
    with servers.valkey() as url:
        yield url


@pytest.fixture
def smtp_server(settings) -> Iterator[Mailbox]:
    """A real SMTP server that Django's mail goes to, recording what it accepts."""
    mailbox = Mailbox()
    controller = Controller(mailbox, hostname="127.0.0.1", port=servers.free_port())
    controller.start()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", controller.port
    yield mailbox
    controller.stop()
