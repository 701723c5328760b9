"""Toxin given somewhere else: written down on its page, shown on the patient's, voided with a reason."""

from decimal import Decimal

import pytest
from django.urls import reverse

from clinic.practice.models import Role
from clinic.treatments.models import GivenElsewhere
from tests.factories import NOW, ClinicFactory, GivenElsewhereFactory, PatientFactory, ProductFactory, member
from tests.staff.recording import error_at, text, value_of

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def clock(time_machine):
    time_machine.move_to(NOW, tick=False)


@pytest.fixture
def patient(client):
    patient = PatientFactory(clinic=ClinicFactory())
    client.force_login(member(Role.CLINICIAN, clinic=patient.clinic))
    return patient


def form(**changes):
    product = ProductFactory()
    return {
        "product": str(product.public_id), "units": "97,5", "given_on": "2026-10-01", "place": "A hospital in Aarhus",
    } | changes  # fmt: skip


def add(client, patient, **changes):
    return client.post(reverse("staff:given-elsewhere-add", args=[patient.public_id]), form(**changes))


def show(client, patient):
    return text(client.get(reverse("staff:patient-show", args=[patient.public_id])))


def test_an_entry_stands_on_the_patients_page(client, patient):
    assert "Nothing on record." in show(client, patient)
    assert add(client, patient).status_code == 302
    entry = GivenElsewhere.objects.get()
    assert (entry.patient, entry.units, entry.place) == (patient, Decimal("97.50"), "A hospital in Aarhus")
    assert "Botox 97.5 U , 1 Oct 2026" in show(client, patient)


@pytest.mark.parametrize(
    ("field", "value", "says"),
    [
        ("product", "", "Choose the product."),
        ("product", "nonsense", "Choose the product."),
        ("units", "0", "more than zero"),
        ("units", "-1", "more than zero"),
        ("units", "10000.01", "At most 10000 U"),
        ("units", "0.001", "two decimals"),
        ("units", "1e400", "number such as 2.5"),
        ("units", "NaN", "number such as 2.5"),
        ("given_on", "2026-11-24", "still to come"),
        ("given_on", "1961-05-03", "before the patient was born"),
        ("given_on", "soon", "Enter a date"),
        ("place", "", "required"),
        ("place", "a\0b", "invisible control character"),
        ("place", "x" * 121, "At most 120"),
    ],
)
def test_impossible_entries_are_refused_in_place(client, patient, field, value, says):
    response = add(client, patient, **{field: value})
    assert response.status_code == 422
    assert says in text(response)
    if field != "units":
        assert value_of(response, "units") == "97,5"
    assert not GivenElsewhere.objects.exists()


def test_a_wrong_entry_is_voided_with_a_reason_and_stays_on_record(client, patient):
    entry = GivenElsewhereFactory(patient=patient)
    address = reverse("staff:given-elsewhere-void", args=[patient.public_id, entry.public_id])
    assert "A hospital abroad" in text(client.get(address))
    refused = client.post(address, {"reason": " "})
    assert (refused.status_code, bool(error_at(refused, "reason"))) == (422, True)
    assert client.post(address, {"reason": "it was another patient"}).status_code == 302
    entry.refresh_from_db()
    assert (entry.void_reason, entry.voided_at) == ("it was another patient", NOW)
    assert "Does not count: it was another patient" in show(client, patient)
    assert client.post(address, {"reason": "again"}).status_code == 302
    entry.refresh_from_db()
    assert entry.void_reason == "it was another patient"


def test_an_entry_of_another_patient_is_unknown_here(client, patient):
    entry = GivenElsewhereFactory(patient=PatientFactory(clinic=patient.clinic))
    address = reverse("staff:given-elsewhere-void", args=[patient.public_id, entry.public_id])
    assert client.get(address).status_code == 404
    assert client.post(address, {"reason": "x"}).status_code == 404
    entry.refresh_from_db()
    assert entry.voided_at is None


def test_the_front_desk_reads_but_does_not_write(client, patient):
    entry = GivenElsewhereFactory(patient=patient)
    client.force_login(member(Role.FRONT_DESK, clinic=patient.clinic))
    assert entry.place in show(client, patient)
    assert add(client, patient).status_code == 403
