"""The database itself lets nobody be in two places at once."""

from datetime import datetime, timedelta
from uuid import UUID, uuid4

import pytest
from django.db import connection

from clinic import audit
from tests import factories
from tests.guarding import execute, refuses

pytestmark = pytest.mark.django_db

START = datetime.fromisoformat("2026-12-10T09:00:00+00:00")
HALF_AN_HOUR = timedelta(minutes=30)


@pytest.fixture
def visit(db):
    return factories.AppointmentFactory(starts_at=START, ends_at=START + HALF_AN_HOUR)


def as_stored(value):
    """A value as Django writes it into this database."""
    if isinstance(value, datetime):
        return connection.ops.adapt_datetimefield_value(value)
    return value.hex if isinstance(value, UUID) and connection.vendor == "sqlite" else value


def insert_beside(visit, *, shift=timedelta(0), state="BOOKED", overbooked="", practitioner=None, patient=None):
    """Write a visit at the same time by raw SQL, past every rule but the database's own."""
    row = dict(
        type(visit)._base_manager.filter(pk=visit.pk).values().get(),
        public_id=uuid4(),
        starts_at=visit.starts_at + shift,
        ends_at=visit.ends_at + shift,
        state=state,
        overbooked_reason=overbooked,
        cancel_reason="wish" if state == "CANCELLED" else "",
        practitioner_id=(practitioner or visit.practitioner).pk,
        patient_id=(patient or factories.PatientFactory(clinic=visit.clinic)).pk,
        follow_up_id=None,
    )
    del row["id"]
    columns = ", ".join(f'"{name}"' for name in row)
    values = [as_stored(value) for value in row.values()]
    execute(f"INSERT INTO clinic_appointment ({columns}) VALUES ({', '.join(['%s'] * len(row))})", *values)


@pytest.mark.parametrize("shift", [timedelta(0), timedelta(minutes=29), -timedelta(minutes=29)])
@pytest.mark.parametrize("state", ["BOOKED", "ARRIVED", "TREATED"])
def test_no_practitioner_is_in_two_places_at_once(visit, shift, state):
    assert refuses(lambda: insert_beside(visit, shift=shift, state=state))


def test_no_patient_is_in_two_places_at_once(visit):
    other = factories.PractitionerFactory(clinics=[visit.clinic])
    assert refuses(lambda: insert_beside(visit, practitioner=other, patient=visit.patient))
    assert not refuses(lambda: insert_beside(visit, practitioner=other))


@pytest.mark.parametrize(
    "beside",
    [
        {"shift": HALF_AN_HOUR},
        {"shift": -HALF_AN_HOUR},
        {"state": "CANCELLED"},
        {"state": "MISSED"},
        {"overbooked": "emergency"},
    ],
)
def test_visits_may_touch_and_the_cancelled_and_the_overbooked_take_no_time(visit, beside):
    assert not refuses(lambda: insert_beside(visit, **beside))


def test_a_visit_is_neither_moved_nor_taken_up_again_onto_another(visit):
    later = factories.AppointmentFactory(
        starts_at=START + timedelta(hours=2), practitioner=visit.practitioner, clinic=visit.clinic, kind=visit.kind
    )
    cancelled = factories.AppointmentFactory(
        starts_at=START,
        state="CANCELLED",
        cancel_reason="wish",
        practitioner=visit.practitioner,
        clinic=visit.clinic,
        kind=visit.kind,
    )
    move = "UPDATE clinic_appointment SET starts_at = %s, ends_at = %s WHERE id = %s"
    assert refuses(lambda: execute(move, as_stored(START), as_stored(START + HALF_AN_HOUR), later.pk))
    assert refuses(lambda: execute("UPDATE clinic_appointment SET state = 'BOOKED' WHERE id = %s", cancelled.pk))
    assert not refuses(lambda: execute("UPDATE clinic_appointment SET sequence = sequence + 1"))


def test_not_even_maintenance_lets_visits_overlap(visit):
    with audit.maintenance("retention"):
        assert refuses(lambda: insert_beside(visit))
