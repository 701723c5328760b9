"""A mail server that misbehaves on order, for the engine; templates that show what they lack."""

import pytest
from django.template import engines

from clinic.management.faults.smtp import FaultServer, serving
from clinic.reminders import letters


@pytest.fixture
def server(settings):
    """The fault server that the engine hands its letters to."""
    settings.DEFAULT_FROM_EMAIL = "letters@clinic.example"
    settings.SITE_URL = "https://clinic.example"
    settings.SITE_HOST = "clinic.example"
    with serving(FaultServer()) as running:
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", running.port
        yield running


@pytest.fixture
def strict_templates():
    """Show a variable that a template names and nobody gives."""
    engine = engines["django"].engine
    before, engine.string_if_invalid = engine.string_if_invalid, "UNRESOLVED(%s)"
    letters._sheet.cache_clear()
    yield
    engine.string_if_invalid = before
    letters._sheet.cache_clear()
