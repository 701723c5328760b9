"""Registering a patient, changing them, and whether they are under care."""

from datetime import date, timedelta
from decimal import Decimal
from unittest.mock import patch

import pytest
from django.db import DatabaseError

from clinic import links
from clinic.audit import Actor, AuditEvent
from clinic.patients.models import Consent, Patient
from clinic.patients.services import Refused, change_patient, create_patient, set_status
from tests.factories import NOW, TODAY, ClinicFactory, FollowUpFactory, PatientFactory, UserFactory
from tests.hostile import hostile

pytestmark = pytest.mark.django_db

ANNA = {"record_number": "P-17", "given_name": "Zoë", "family_name": "Mercer", "born_on": date(1959, 3, 2)}
LATER = NOW + timedelta(days=1)


@pytest.fixture
def clinic():
    return ClinicFactory()


@pytest.fixture
def by():
    return Actor.of_user(UserFactory(), address="192.0.2.7")


def register(clinic, by, **details):
    return create_patient(by=by, clinic=clinic, now=NOW, **{**ANNA, **details})


def problems(refused):
    return {problem.field: problem.message for problem in refused.value.problems}


class TestCreate:
    def test_patient_is_stored_with_what_they_are_found_by(self, clinic, by):
        register(clinic, by, email="zoe@example.org", phone="01", weight_kg=Decimal("61.5"), weighed_on=TODAY)

        patient = Patient.objects.get()
        assert (patient.given_name, patient.family_name, patient.born_on) == ("Zoë", "Mercer", date(1959, 3, 2))
        assert patient.search_text == "zoë mercer p-17 zoe mercer p-17"
        assert patient.status == "ACTIVE"
        assert patient.language == clinic.language
        assert patient.created_at == NOW

    def test_only_what_was_ticked_is_agreed_to(self, clinic, by):
        register(clinic, by, consents=["VISIT"], consented_how="on paper")

        consent = Consent.objects.get()
        assert (consent.purpose, consent.is_given, consent.how, consent.by_user) == ("VISIT", True, "on paper", by.user)

    def test_nothing_ticked_is_nothing_agreed_to(self, clinic, by):
        register(clinic, by)

        assert not Consent.objects.exists()

    def test_audit_row_names_the_fields_and_no_value(self, clinic, by):
        patient = register(clinic, by, email="zoe@example.org", phone="")

        event = AuditEvent.objects.get(action="CREATED")
        assert (event.actor, event.address, event.what, event.what_id) == (by.user, "192.0.2.7", "Patient", patient.public_id)
        assert (event.patient_id_public, event.clinic_id) == (patient.public_id, clinic.pk)
        assert event.fields == ["born_on", "email", "family_name", "given_name", "record_number"]

    def test_name_is_tidied(self, clinic, by):
        patient = register(clinic, by, given_name="  Zoe\u0308  Ann ", family_name="Mer\u00adcer")

        assert (patient.given_name, patient.family_name) == ("Zoë Ann", "Mercer")

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("given_name", ""),
            ("given_name", "\u200b"),
            pytest.param("family_name", "M\ud800", id="half a character"),
            ("family_name", "M" * 81),
            *hostile("given_name", "family_name", "record_number", "email", "phone", "contact_person"),
            ("record_number", ""),
            ("record_number", "9" * 31),
            ("email", "no address"),
            ("email", "zoe@example.org\r\nBcc: thief@example.org"),
            ("email", '"zoe\x01"@example.org'),
            ("email", f"{'z' * 300}@example.org"),
            ("phone", "1" * 41),
            ("language", "xx"),
            ("born_on", TODAY + timedelta(days=1)),
            ("born_on", date(1890, 1, 1)),
            ("born_on", None),
            ("born_on", "yesterday"),
            ("weight_kg", Decimal("-1")),
            ("weight_kg", Decimal("99999")),
            ("weight_kg", Decimal("NaN")),
            ("weight_kg", Decimal("61.55")),
        ],
    )
    def test_what_cannot_be_is_refused_beside_its_field(self, clinic, by, field, value):
        with pytest.raises(Refused) as refused:
            register(
                clinic,
                by,
                consents=["VISIT"],
                consented_how="on paper",
                **{"weighed_on": TODAY, "weight_kg": Decimal(60), field: value},
            )

        assert list(problems(refused)) == [field]
        assert not Patient.objects.exists()
        assert not Consent.objects.exists()
        assert not AuditEvent.objects.exists()

    def test_every_problem_is_told_at_once(self, clinic, by):
        with pytest.raises(Refused) as refused:
            register(clinic, by, given_name="", email="x", record_number="")

        assert set(problems(refused)) == {"given_name", "email", "record_number"}

    def test_text_of_the_refusal_holds_nothing_that_was_typed(self, clinic, by):
        with pytest.raises(Refused) as refused:
            register(clinic, by, email="canary address")

        assert "canary" not in str(refused.value)

    def test_weight_and_its_date_belong_together(self, clinic, by):
        for half in ({"weight_kg": Decimal(60)}, {"weighed_on": TODAY}):
            with pytest.raises(Refused) as refused:
                register(clinic, by, **half)
            assert list(problems(refused)) == ["weighed_on"]

    def test_weighed_before_birth_is_refused(self, clinic, by):
        with pytest.raises(Refused) as refused:
            register(clinic, by, weight_kg=Decimal(60), weighed_on=date(1950, 1, 1))

        assert list(problems(refused)) == ["weighed_on"]

    def test_birth_date_is_judged_by_the_clinics_own_day(self, by):
        # It is past midnight in Auckland already.
        patient = register(ClinicFactory(time_zone="Pacific/Auckland"), by, born_on=TODAY + timedelta(days=0))
        assert patient.born_on == TODAY
        evening = NOW.replace(hour=20)
        create_patient(
            by=by,
            clinic=ClinicFactory(time_zone="Pacific/Auckland"),
            now=evening,
            **{**ANNA, "born_on": TODAY + timedelta(days=1)},
        )
        with pytest.raises(Refused):
            create_patient(
                by=by,
                clinic=ClinicFactory(time_zone="America/Los_Angeles"),
                now=NOW.replace(hour=2),
                **{**ANNA, "born_on": TODAY},
            )

    def test_record_number_is_given_once_in_a_clinic(self, clinic, by):
        register(clinic, by)

        with pytest.raises(Refused) as refused:
            register(clinic, by, given_name="Other")
        assert problems(refused) == {"record_number": "Another patient of this clinic has this record number."}
        assert Patient.objects.count() == 1

    def test_another_clinic_may_give_the_same_record_number(self, clinic, by):
        register(clinic, by)
        register(ClinicFactory(), by)

        assert Patient.objects.filter(record_number="P-17").count() == 2

    def test_number_taken_a_moment_ago_is_told_like_any_other(self, clinic, by):
        """Between the look and the write somebody else registers the same number: the database says no."""
        answers = iter([False, True])
        register(clinic, by)

        with (
            patch("clinic.patients.services.people._number_is_taken", lambda patient: next(answers)),
            pytest.raises(Refused) as refused,
        ):
            register(clinic, by, given_name="Second")
        assert list(problems(refused)) == ["record_number"]
        assert Patient.objects.count() == 1

    def test_without_its_audit_row_there_is_no_patient(self, clinic, by):
        with patch("clinic.audit.insert", side_effect=DatabaseError), pytest.raises(DatabaseError):
            register(clinic, by)

        assert not Patient.objects.exists()


class TestChange:
    def test_only_what_is_named_changes(self, by):
        patient = PatientFactory(phone="01", email="old@example.org")

        changed = change_patient(by=by, patient=patient, phone="02", given_name="Zoë", now=LATER)

        patient.refresh_from_db()
        assert (patient.phone, patient.given_name, patient.email) == ("02", "Zoë", "old@example.org")
        assert changed == patient
        assert patient.search_text.startswith("zoë ")
        assert AuditEvent.objects.get().fields == ["given_name", "phone"]

    def test_nothing_changed_is_nothing_written(self, by):
        patient = PatientFactory()

        change_patient(by=by, patient=patient, given_name=patient.given_name, now=LATER)

        patient.refresh_from_db()
        assert patient.next_check_at is None
        assert not AuditEvent.objects.exists()

    def test_new_address_revokes_old_links_and_has_the_engine_look_again(self, by):
        follow_up = FollowUpFactory()
        patient = follow_up.patient
        token = links.mint(purpose="BOOK", patient=patient, follow_up=follow_up, now=NOW)

        change_patient(by=by, patient=patient, email="new@example.org", now=LATER)

        patient.refresh_from_db()
        assert patient.next_check_at == LATER
        with pytest.raises(links.LinkRefused) as refused:
            links.open_link(token, now=LATER)
        assert refused.value.reason == "REVOKED"

    def test_new_phone_number_leaves_links_as_they_are(self, by):
        follow_up = FollowUpFactory()
        token = links.mint(purpose="BOOK", patient=follow_up.patient, follow_up=follow_up, now=NOW)

        change_patient(by=by, patient=follow_up.patient, phone="09", now=LATER)

        assert links.open_link(token, now=LATER).patient == follow_up.patient
        assert Patient.objects.get().next_check_at is None

    def test_refused_change_leaves_everything_as_it_was(self, by):
        patient = PatientFactory(email="old@example.org")

        with pytest.raises(Refused):
            change_patient(by=by, patient=patient, email="new@example.org", given_name="", now=LATER)

        patient.refresh_from_db()
        assert patient.email == "old@example.org"
        assert not AuditEvent.objects.exists()

    def test_number_of_another_patient_is_refused_and_ones_own_is_not(self, by):
        other = PatientFactory()
        patient = PatientFactory(clinic=other.clinic)

        with pytest.raises(Refused):
            change_patient(by=by, patient=patient, record_number=other.record_number, now=LATER)
        change_patient(by=by, patient=patient, record_number=patient.record_number, phone="03", now=LATER)

        patient.refresh_from_db()
        assert patient.phone == "03"

    def test_colleagues_change_of_another_field_is_kept(self, by):
        stale = PatientFactory(phone="01")
        change_patient(by=by, patient=Patient.objects.get(), phone="02", now=LATER)

        change_patient(by=by, patient=stale, given_name="Ines", now=LATER)

        assert Patient.objects.values_list("phone", "given_name").get() == ("02", "Ines")


class TestStatus:
    def test_paused_patient_is_looked_at_again_and_audited(self, by):
        patient = PatientFactory()

        set_status(by=by, patient=patient, status="PAUSED", now=LATER)

        patient.refresh_from_db()
        assert (patient.status, patient.next_check_at) == ("PAUSED", LATER)
        assert AuditEvent.objects.get().fields == ["status"]

    def test_same_status_again_writes_nothing(self, by):
        set_status(by=by, patient=PatientFactory(), status="ACTIVE", now=LATER)

        assert not AuditEvent.objects.exists()

    @pytest.mark.parametrize("status", ["DECEASED", "DISCHARGED", "NONSENSE", ""])
    def test_status_that_reaches_further_is_refused_here(self, by, status):
        patient = PatientFactory()

        with pytest.raises(Refused):
            set_status(by=by, patient=patient, status=status, now=LATER)
        patient.refresh_from_db()
        assert patient.status == "ACTIVE"

    def test_patient_who_has_died_is_not_taken_up_again(self, by):
        with pytest.raises(Refused):
            set_status(by=by, patient=PatientFactory(status="DECEASED"), status="ACTIVE", now=LATER)
