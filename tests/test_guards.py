"""The database itself keeps signed and appended records, whoever asks and however: by ORM or by raw SQL."""

from datetime import datetime, timedelta
from uuid import UUID, uuid4

import pytest
from django.db import IntegrityError, connection, models, transaction

from clinic import audit, guards
from clinic.models import AuditEvent, Injection, InjectionSession, SessionVersion, VialUse
from tests import factories
from tests.factories import NOW

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
    "clinic_signedleaflet": factories.SignedLeafletFactory,
    "clinic_document": factories.DocumentFactory,
    "clinic_letterwording": factories.LetterWordingFactory,
    "clinic_documentwithdrawal": factories.DocumentWithdrawalFactory,
    "clinic_sessionversion": lambda: factories.InjectionSessionFactory().current_version,
    "clinic_injection": lambda: part_of("injections"),
    "clinic_vialuse": lambda: part_of("vial_uses"),
    "clinic_precheck": lambda: part_of("pre_checks"),
    "clinic_givenelsewhere": factories.GivenElsewhereFactory,
}
tables = pytest.mark.parametrize("table", PROTECTED)


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


@tables
def test_a_protected_row_cannot_be_written_over(table):
    row = PROTECTED[table]()
    before = values_of(row)
    assert refuses(lambda: write_over(row))
    assert values_of(row) == before


def empty(table):
    """Empty a table in one go, and whatever hangs on it; SQLite's word for it is a DELETE without a condition."""
    connection.check_constraints()
    execute(f"TRUNCATE {table} CASCADE" if connection.vendor == "postgresql" else f"DELETE FROM {table}")
    connection.check_constraints()


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


# -- versions and their parts -------------------------------------------------------------------------------------------


@pytest.fixture
def signed(db):
    return factories.InjectionSessionFactory().current_version


@pytest.fixture
def draft(signed):
    """A version of the same session that nobody has signed, with one part."""
    version = SessionVersion.objects.create(
        session=signed.session,
        number=2,
        performed_on=signed.performed_on,
        practitioner=signed.practitioner,
        product=signed.product,
        total_units=1,
        amendment_reason="a slip of the pen",
    )
    copy_part(signed.injections.first(), version)
    return version


def copy_part(part, version):
    part.pk, part.version = None, version
    part.save(force_insert=True)
    return part


def test_nothing_is_added_to_a_signed_version(signed):
    use, point = signed.vial_uses.get(), signed.injections.first()
    vial = factories.VialFactory(clinic=signed.session.clinic, lot=use.vial.lot)
    point.order = 90
    use.vial = vial
    assert refuses(lambda: copy_part(point, signed))
    assert refuses(lambda: copy_part(use, signed))
    assert (signed.injections.count(), signed.vial_uses.count()) == (3, 1)


def test_no_part_is_moved_into_a_signed_version(signed, draft):
    mine = draft.injections.get()
    assert refuses(lambda: Injection.objects.filter(pk=mine.pk).update(version=signed, order=90))
    assert refuses(lambda: execute('UPDATE clinic_injection SET version_id = %s, "order" = 90 WHERE id = %s', signed.pk, mine.pk))
    assert signed.injections.count() == 3


def test_no_part_is_moved_out_of_a_signed_version(signed, draft):
    assert refuses(lambda: signed.injections.update(version=draft, order=models.F("order") + 50))
    assert refuses(lambda: VialUse.objects.filter(version=signed).update(version=draft))


def test_nothing_that_is_not_signed_replaces_what_is(signed, draft):
    part, mine = signed.injections.first(), draft.injections.get()
    update = "UPDATE OR REPLACE" if connection.vendor == "sqlite" else "UPDATE"
    assert refuses(lambda: write_over(mine, id=part.pk))
    assert refuses(lambda: execute(f"{update} clinic_injection SET id = %s WHERE id = %s", part.pk, mine.pk))
    assert refuses(lambda: execute(f"{update} clinic_sessionversion SET number = 1 WHERE id = %s", draft.pk))
    assert refuses(lambda: execute(f"{update} clinic_sessionversion SET id = %s WHERE id = %s", signed.pk, draft.pk))
    assert (values_of(part)["version_id"], SessionVersion.objects.filter(number=1).get()) == (signed.pk, signed)


def test_a_version_that_is_not_signed_may_change_until_it_is(draft):
    draft.notes = "looked at again"
    draft.save()
    draft.injections.update(units=2)
    draft.injections.all().delete()
    draft.signed_by, draft.signed_at = factories.UserFactory(), NOW
    draft.save()

    draft.notes = "too late"
    assert refuses(draft.save)
    assert refuses(lambda: SessionVersion.objects.filter(pk=draft.pk).update(signed_at=None, signed_by=None))


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


# -- overlapping visits -------------------------------------------------------------------------------------------------

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
    for table in PROTECTED:
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
