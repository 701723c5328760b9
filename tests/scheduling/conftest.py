"""Fixtures about booking."""

import pytest

from tests.scheduling.agenda import make_agenda


@pytest.fixture
def agenda(db):
    return make_agenda()
