"""The database itself keeps a signed version and its parts, whoever asks and however."""

import pytest
from django.db import connection, models

from clinic.models import Injection, SessionVersion, VialUse
from tests import factories
from tests.factories import NOW
from tests.guarding import execute, refuses, values_of, write_over

pytestmark = pytest.mark.django_db


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
