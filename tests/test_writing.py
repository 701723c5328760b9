"""Objects written by SQL that is put together once: what stands in the database is what Django itself would have written."""

from decimal import Decimal

import pytest
from django.db import DatabaseError, IntegrityError, transaction

from clinic.audit import AuditEvent, MaintenanceWindow
from clinic.patients.models import Patient
from clinic.treatments.models import FollowUp
from clinic.writing import insert, update
from tests.factories import NOW, TODAY, AppointmentFactory, ClinicFactory, FollowUpFactory, PatientFactory, UserFactory

pytestmark = pytest.mark.django_db


def values(thing):
    return {field.attname: getattr(thing, field.attname) for field in thing._meta.concrete_fields}


def events():
    """Two acts: between them every kind of field that an audit row has, filled and empty."""
    clinic, patient = ClinicFactory(), PatientFactory()
    return [
        AuditEvent(
            actor_kind="USER", actor=UserFactory(), address="192.0.2.7", action="CHANGED", what="Patient", clinic=clinic,
            what_id=patient.public_id, patient_id_public=patient.public_id, fields=["email", "phone"], version=2, at=NOW,
        ),
        AuditEvent(actor_kind="SYSTEM", action="LISTED", what="Vial", count=3, at=NOW),
    ]  # fmt: skip


def test_rows_are_what_django_would_have_written(django_assert_num_queries):
    ours, theirs = events(), events()
    for one, other in zip(ours, theirs, strict=True):
        for field in ("actor", "clinic", "what_id", "patient_id_public"):
            setattr(other, field, getattr(one, field))
    with django_assert_num_queries(1):
        insert(ours)
    for other in theirs:
        other.save(force_insert=True)

    for one, other in zip(ours, theirs, strict=True):
        written, expected = values(AuditEvent.objects.get(pk=one.pk)), values(AuditEvent.objects.get(pk=other.pk))
        assert written | {"id": None} == expected | {"id": None}


def test_each_object_gets_the_key_of_its_own_row():
    rows = events()
    insert(rows)

    assert [AuditEvent.objects.get(pk=row.pk).action for row in rows] == ["CHANGED", "LISTED"]
    assert not any(row._state.adding for row in rows)


def test_moment_that_a_field_fills_in_itself_is_filled_in():
    window = MaintenanceWindow(reason="counting")
    insert([window])

    assert MaintenanceWindow.objects.get(pk=window.pk).opened_at == window.opened_at


def test_nothing_to_write_asks_nothing(django_assert_num_queries):
    with django_assert_num_queries(0):
        insert([])


def test_second_row_of_a_unique_value_is_refused_and_spoils_the_transaction():
    known = FollowUpFactory()
    again = FollowUp(**{name: value for name, value in values(known).items() if name != "id"})
    with transaction.atomic():
        with pytest.raises(IntegrityError):
            insert([again])
        with pytest.raises(transaction.TransactionManagementError):
            Patient.objects.exists()
        transaction.set_rollback(True)

    assert FollowUp.objects.count() == 1


def test_named_fields_are_written_and_no_others(django_assert_num_queries):
    patient = PatientFactory(given_name="Ada", weight_kg=None, weighed_on=None)
    patient.given_name, patient.weight_kg, patient.weighed_on = "Eve", Decimal("61.5"), TODAY
    with django_assert_num_queries(1):
        update(patient, ["weight_kg", "weighed_on"])

    patient.refresh_from_db()
    assert (patient.given_name, patient.weight_kg, patient.weighed_on) == ("Ada", Decimal("61.5"), TODAY)


def test_field_that_points_elsewhere_is_named_as_in_the_model():
    appointment, follow_up = AppointmentFactory(follow_up=None), FollowUpFactory()
    appointment.follow_up = follow_up
    update(appointment, ["follow_up"])

    appointment.refresh_from_db()
    assert appointment.follow_up == follow_up


def test_row_that_is_gone_is_told():
    user = UserFactory()
    type(user).objects.filter(pk=user.pk).delete()
    with pytest.raises(DatabaseError, match="no such row of User"):
        update(user, ["name"])


def test_field_that_the_model_does_not_have_is_told():
    with pytest.raises(ValueError, match="shoe_size"):
        update(PatientFactory(), ["given_name", "shoe_size"])
