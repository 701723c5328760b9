"""Trying to do past every rule what the database itself has to refuse."""

from django.db import IntegrityError, connection, transaction


def refuses(act):
    """Whether the database refuses, leaving everything as it was."""
    try:
        with transaction.atomic():
            act()
    except IntegrityError:
        return True
    return False


def execute(statement, *parameters):
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)


def values_of(row):
    return type(row)._base_manager.filter(pk=row.pk).values().get()


def write_over(row, **taken):
    """Insert a copy of `row`, with some columns taken from elsewhere, over whatever it collides with."""
    table = row._meta.db_table
    columns = [field.column for field in row._meta.concrete_fields]
    into = ", ".join(f'"{name}"' for name in columns)
    values = ", ".join(str(taken.get(name, f'"{name}"')) for name in columns)
    copy = f"INTO {table} ({into}) SELECT {values} FROM {table} WHERE id = {row.pk}"
    if connection.vendor == "sqlite":
        execute(f"INSERT OR REPLACE {copy}")
    else:
        execute(f"INSERT {copy} ON CONFLICT (id) DO UPDATE SET id = excluded.id")


def empty(table):
    """Empty a table in one go, and whatever hangs on it; SQLite's word for it is a DELETE without a condition."""
    connection.check_constraints()
    execute(f"TRUNCATE {table} CASCADE" if connection.vendor == "postgresql" else f"DELETE FROM {table}")
    connection.check_constraints()
