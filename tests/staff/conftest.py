"""What the tests of staff pages share."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from clinic.practice.models import Role
from clinic.staff import pulse
from tests.factories import NOW, ClinicFactory, member


@pytest.fixture
def morning(time_machine):
    """It is Monday 23 November 2026 in the morning, and stays so."""
    time_machine.move_to(NOW, tick=False)


@pytest.fixture
def clinic(db):
    return ClinicFactory(name="Harbour clinic", emergency_text="In an emergency call 112.")


@pytest.fixture
def browse_as(client, clinic):
    """A browser in which somebody with this role at the clinic is signed in."""

    def signed_in(role, **user):
        client.force_login(member(role, clinic=clinic, **user))
        return client

    return signed_in


@pytest.fixture
def desk(browse_as):
    """A browser in which a member of the front desk is signed in."""
    return browse_as(Role.FRONT_DESK, name="Desk Person")


@pytest.fixture
def count_queries():
    """How many queries an act takes, the pulse in the frame included: as if it had not been taken just before."""

    def count(act):
        pulse._KEPT.forget()
        with CaptureQueriesContext(connection) as captured:
            act()
        return len(captured)

    return count
