"""What was signed before versions carried date, practitioner and product gets them from its session, past the guards."""

import pytest
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from clinic import audit
from clinic.treatments.models import SessionVersion
from tests.factories import InjectionSessionFactory

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


def go_to(name):
    call_command("migrate", "clinic", name, verbosity=0)


def test_signed_versions_are_filled_in_and_stay_guarded():
    session = InjectionSessionFactory()
    newest = MigrationExecutor(connection).loader.graph.leaf_nodes("clinic")[0][1]
    try:
        go_to("0003_versions")
        with audit.maintenance("as it was before"):
            SessionVersion.objects.update(performed_on=None, practitioner=None, product=None)
    finally:
        go_to(newest)

    version = SessionVersion.objects.get()
    assert (version.performed_on, version.practitioner_id, version.product_id) == (
        session.performed_on,
        session.practitioner_id,
        session.product_id,
    )
    assert not audit.MaintenanceWindow.objects.exists()
    with pytest.raises(Exception, match="signed version never changes"):
        version.save()
