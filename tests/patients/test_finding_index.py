"""The index by which PostgreSQL finds a patient by a piece of a name, and what is told where it cannot be made."""

from importlib import import_module
from unittest.mock import MagicMock

import pytest
from django.db import ProgrammingError, connection

from clinic.patients.models import Patient
from tests.factories import PatientFactory

pytestmark = pytest.mark.django_db

migration = import_module("clinic.migrations.0028_names_by_pieces")


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has no such index")
def test_piece_of_a_name_is_looked_up_in_the_index():
    PatientFactory(family_name="Featherstone")
    with connection.cursor() as cursor:
        # With a handful of patients reading them all is cheaper, so that is forbidden here.
        cursor.execute("SET LOCAL enable_seqscan = off")
        plan = Patient.objects.found_by("thersto").order_by().explain()

    assert migration.INDEX in plan
    assert Patient.objects.found_by("thersto").count() == 1


def test_role_that_may_not_create_the_extension_is_told_what_to_do():
    editor = MagicMock()
    editor.connection.vendor = "postgresql"
    cursor = editor.connection.cursor.return_value.__enter__.return_value
    cursor.fetchone.return_value = None
    cursor.execute.side_effect = [None, ProgrammingError('permission denied to create extension "pg_trgm"')]

    with pytest.raises(RuntimeError, match="CREATE EXTENSION pg_trgm;"):
        migration.create(None, editor)


def test_sqlite_is_asked_for_nothing():
    editor = MagicMock()
    editor.connection.vendor = "sqlite"
    migration.create(None, editor)
    migration.drop(None, editor)

    editor.connection.cursor.assert_not_called()
    editor.execute.assert_not_called()
