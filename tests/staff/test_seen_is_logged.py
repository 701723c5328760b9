"""Nobody sees anything of a patient without a row in the audit log, not even in the answer to a refused form."""

from datetime import date

import pytest
from django.urls import reverse

from clinic.audit import AuditEvent
from tests.factories import PatientFactory, member
from tests.staff.recording import RecordPage, text

pytestmark = pytest.mark.django_db


def test_refused_treatment_form_shows_the_patient_and_says_so_in_the_log(client):
    page = RecordPage(client)

    refused = page.post(("ZYG_MAJ", "RIGHT", "-1"))

    assert refused.status_code == 422
    assert "Duarte" in text(refused)
    seen = AuditEvent.objects.get(action="VIEWED")
    assert (seen.actor, seen.patient_id_public) == (page.user, page.patient.public_id)


def test_namesakes_shown_while_registering_are_a_list_that_somebody_saw(client):
    known = PatientFactory(family_name="Mercer", born_on=date(1959, 3, 2), search_text="zoe mercer p-1", record_number="P-1")
    client.force_login(member("FRONT_DESK", clinic=known.clinic))
    given = {
        "clinic": str(known.clinic.public_id),
        "given_name": "Zoe",
        "family_name": "Mercer",
        "born_on": "1959-03-02",
        "record_number": "P-17",
        "language": "en",
    }

    shown = client.post(reverse("staff:patient-create"), given)

    assert "P-1" in text(shown)
    assert AuditEvent.objects.get(action="LISTED").count == 1
