"""The database itself keeps signed and appended records, whoever asks and however: by ORM or by raw SQL."""

import pytest
from django.db import connection, models

from clinic import audit, guards
from clinic.models import AuditEvent, InjectionSession
from tests import factories
from tests.factories import NOW
from tests.guarding import empty, execute, refuses, values_of, write_over

pytestmark = pytest.mark.django_db


def part_of(kind):
    """A part of a signed version."""
    return getattr(factories.InjectionSessionFactory().current_version, kind).first()


#: A protected row of each table, as the product would have written it.
PROTECTED = {
    "clinic_auditevent": factories.AuditEventFactory,
    "clinic_consent": factories.ConsentFactory,
    "clinic_contactattempt": factories.ContactAttemptFactory,
    "clinic_appointmentchange": factories.AppointmentChangeFactory,
    "clinic_sideeffectversion": factories.SideEffectVersionFactory,
    "clinic_review": factories.ReviewFactory,
    "clinic_deliveryattempt": factories.DeliveryAttemptFactory,
    "clinic_sessionvoid": factories.SessionVoidFactory,
    "clinic_voideduse": factories.VoidedUseFactory,
    "clinic_lotdecision": factories.LotDecisionFactory,
    "clinic_vialdiscard": factories.VialDiscardFactory,
    "clinic_override": factories.OverrideFactory,
    "clinic_bookingoverride": factories.BookingOverrideFactory,
    "clinic_joinedcause": factories.JoinedCauseFactory,
    "clinic_intervalreason": factories.IntervalReasonFactory,
    "clinic_signedleaflet": factories.SignedLeafletFactory,
    "clinic_document": factories.DocumentFactory,
    "clinic_letterwording": factories.LetterWordingFactory,
    "clinic_documentwithdrawal": factories.DocumentWithdrawalFactory,
    "clinic_ruleverification": factories.RuleVerificationFactory,
    "clinic_sessionversion": lambda: factories.InjectionSessionFactory().current_version,
    "clinic_injection": lambda: part_of("injections"),
    "clinic_vialuse": lambda: part_of("vial_uses"),
    "clinic_precheck": lambda: part_of("pre_checks"),
    "clinic_givenelsewhere": factories.GivenElsewhereFactory,
}
tables = pytest.mark.parametrize("table", PROTECTED)


def test_no_protected_table_is_left_out():
    assert set(PROTECTED) == {*guards.APPEND_ONLY, guards.VERSION, *guards.PARTS_OF_A_VERSION, *guards.VOIDABLE}


def some_column(row):
    """A column that is not a key, and the value it has."""
    field = next(f for f in row._meta.concrete_fields if not f.primary_key and not f.is_relation and not f.unique)
    return field.attname


@tables
def test_a_protected_row_cannot_be_changed(table):
    row = PROTECTED[table]()
    before, column = values_of(row), some_column(row)
    every = type(row)._base_manager.filter(pk=row.pk)

    assert refuses(row.save)
    assert refuses(lambda: every.update(**{column: getattr(row, column)}))
    assert refuses(lambda: type(row)._base_manager.bulk_update([row], [column]))
    assert refuses(lambda: execute(f"UPDATE {table} SET id = id"))
    assert refuses(lambda: execute(f"UPDATE {table} SET id = %s WHERE id = %s", row.pk + 1000, row.pk))

    assert values_of(row) == before


@tables
def test_a_protected_row_cannot_be_deleted(table):
    row = PROTECTED[table]()
    every = type(row)._base_manager.filter(pk=row.pk)

    assert refuses(lambda: every._raw_delete(every.db))
    assert refuses(lambda: execute(f"DELETE FROM {table}"))
    assert refuses(lambda: execute(f"DELETE FROM {table} WHERE id = %s", row.pk))

    assert every.exists()


@tables
def test_a_protected_row_cannot_be_written_over(table):
    row = PROTECTED[table]()
    before = values_of(row)
    assert refuses(lambda: write_over(row))
    assert values_of(row) == before


@tables
def test_a_protected_table_cannot_be_emptied_at_once(table):
    row = PROTECTED[table]()
    assert refuses(lambda: empty(table))
    assert type(row)._base_manager.filter(pk=row.pk).exists()


@pytest.mark.parametrize("above", ["clinic_injectionsession", "clinic_patient", "clinic_user"])
def test_emptying_what_protected_rows_hang_on_is_refused_too(above):
    factories.InjectionSessionFactory()
    assert refuses(lambda: empty(above))
    assert InjectionSession.objects.exists()


# -- what is voided instead of deleted ----------------------------------------------------------------------------------


def test_what_was_given_elsewhere_is_voided_once_and_for_good():
    entry = factories.GivenElsewhereFactory()
    entry.voided_by, entry.voided_at, entry.void_reason = factories.UserFactory(), NOW, "entered twice"
    entry.save(update_fields=["voided_by", "voided_at", "void_reason"])

    every = type(entry).objects.filter(pk=entry.pk)
    assert refuses(lambda: every.update(void_reason="another reason"))
    assert refuses(lambda: every.update(voided_by=None, voided_at=None, void_reason=""))
    assert values_of(entry)["void_reason"] == "entered twice"


@pytest.mark.parametrize("column", sorted({"units", "given_on", "place", "patient_id", "product_id"}))
def test_what_was_said_of_it_never_changes_not_even_while_it_is_voided(column):
    entry, other = (
        factories.GivenElsewhereFactory(),
        factories.GivenElsewhereFactory(
            units=7, place="Elsewhere", given_on=NOW.date(), product=factories.ProductFactory(code="ABOBOT")
        ),
    )
    void = {"voided_by": factories.UserFactory(), "voided_at": NOW, "void_reason": "entered twice"}
    assert refuses(lambda: type(entry).objects.filter(pk=entry.pk).update(**void, **{column: getattr(other, column)}))


# -- documents --------------------------------------------------------------------------------------------------------


def test_a_document_names_no_other_patients_treatment():
    session = factories.InjectionSessionFactory()
    assert refuses(lambda: factories.DocumentFactory(patient=factories.PatientFactory(), session=session))
    assert factories.DocumentFactory(patient=session.patient, session=session).pk


# -- the one way around -------------------------------------------------------------------------------------------------


def test_maintenance_is_the_only_way_and_closes_behind_itself():
    event = factories.AuditEventFactory()
    with audit.maintenance("retention"):
        AuditEvent.objects.filter(pk=event.pk).update(what="Something")
        execute("DELETE FROM clinic_auditevent WHERE id = %s", event.pk)
    assert not AuditEvent.objects.exists()
    assert not audit.MaintenanceWindow.objects.exists()
    assert refuses(factories.AuditEventFactory().save)


def test_maintenance_that_fails_changes_nothing_and_closes_too():
    event = factories.AuditEventFactory(what="Patient")

    def fail():
        with audit.maintenance("retention"):
            AuditEvent.objects.update(what="Something")
            raise InterruptedError

    with pytest.raises(InterruptedError):
        fail()
    assert AuditEvent.objects.get().what == "Patient"
    assert refuses(event.save)


# -- how they come to stand ---------------------------------------------------------------------------------------------


def test_putting_the_guards_in_place_again_changes_nothing():
    before = guards.installed(connection)
    guards.install()
    guards.install()
    assert guards.installed(connection) == before
    assert refuses(factories.AuditEventFactory().save)


def test_guards_are_out_of_the_way_while_sqlite_rebuilds_tables_and_only_then():
    before = guards.installed(connection)
    guards.lift(plan=[])
    assert guards.installed(connection) == before
    guards.lift()
    assert guards.installed(connection) == (before if connection.vendor == "postgresql" else set())
    guards.install()
    assert guards.installed(connection) == before


def test_every_protected_table_has_its_guard():
    standing = " ".join(guards.installed(connection))
    for table in (*PROTECTED, guards.SESSION, guards.RULE):
        assert f"{table}_no_" in standing
    for overlap in (guards.PRACTITIONER_OVERLAP, guards.PATIENT_OVERLAP):
        assert overlap in standing


@pytest.mark.django_db(transaction=True)
def test_guards_come_back_after_a_table_was_rebuilt():
    """SQLite rebuilds a table for most changes of its shape and drops its triggers without a word."""
    with connection.schema_editor() as editor:
        field = AuditEvent._meta.get_field("what")
        wider = models.CharField(max_length=60)
        wider.set_attributes_from_name("what")
        wider.model = AuditEvent
        editor.alter_field(AuditEvent, field, wider)
        if connection.vendor == "sqlite":
            editor.execute("DROP TRIGGER IF EXISTS clinic_consent_no_update")
    try:
        guards.install(using=connection.alias)
        assert refuses(factories.AuditEventFactory().save)
        assert refuses(factories.ConsentFactory().save)
    finally:
        with connection.schema_editor() as editor:
            editor.alter_field(AuditEvent, wider, field)
        guards.install(using=connection.alias)
    assert refuses(factories.AuditEventFactory().save)
