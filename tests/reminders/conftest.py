"""A mail server that misbehaves on order, for the engine."""

import pytest

from clinic.management.faults.smtp import FaultServer, serving


@pytest.fixture
def server(settings):
    """The fault server that the engine hands its letters to."""
    settings.DEFAULT_FROM_EMAIL = "letters@clinic.example"
    settings.SITE_URL = "https://clinic.example"
    settings.SITE_HOST = "clinic.example"
    with serving(FaultServer()) as running:
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", running.port
        yield running
