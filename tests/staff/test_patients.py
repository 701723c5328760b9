"""Finding and registering patients, as staff do it."""

from datetime import date

import pytest
from django.urls import reverse

from clinic.audit import AuditEvent
from clinic.patients.models import Consent, Patient
from clinic.practice.models import Role
from tests.factories import (
    AppointmentFactory,
    ClinicFactory,
    ConditionFactory,
    MembershipFactory,
    PatientFactory,
    member,
)
from tests.hostile import HOSTILE, hostile
from tests.staff.follow_up_reading import names, row_of, text

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("morning")]

LIST = reverse("staff:patient-list")
NEW = reverse("staff:patient-create")


def page_of(patient, name="staff:patient-show", *more):
    return reverse(name, args=[patient.public_id, *more])


class TestList:
    def test_patients_stand_by_name_with_what_the_desk_needs(self, desk, clinic):
        moss = PatientFactory(clinic=clinic, given_name="Ines", family_name="Moss", born_on=date(1959, 3, 2), phone="0511")
        ConditionFactory(patient=moss, side="LEFT")
        AppointmentFactory(patient=moss)
        PatientFactory(clinic=clinic, given_name="Jo", family_name="Ash", status="DECEASED")

        page = desk.get(LIST)

        assert names(page) == ["Ash, Jo", "Moss, Ines"]
        row = row_of(page, "Moss, Ines")
        for said in ("2 Mar 1959", moss.record_number, "Hemifacial spasm, left", "0511", "7 Dec 2026, 10:00", "active"):
            assert said in row
        assert "deceased" in row_of(page, "Ash, Jo")

    @pytest.mark.parametrize("typed", ["moss", "INES", "r-77", "1959-03-02", "02.03.1959", "2/3/1959", "moss 2.3.59"])
    def test_patient_is_found(self, desk, clinic, typed):
        PatientFactory(
            clinic=clinic,
            given_name="Ines",
            family_name="Moss",
            record_number="R-77",
            born_on=date(1959, 3, 2),
            search_text="ines moss r-77",
        )
        PatientFactory(clinic=clinic, family_name="Ash")

        assert names(desk.get(LIST, {"q": typed})) == ["Moss, Ines"]

    def test_nobody_found_says_how_to_search(self, desk, clinic):
        PatientFactory(clinic=clinic)

        page = desk.get(LIST, {"q": "nobody"})

        assert page.status_code == 200
        assert "Nobody is found." in text(page)

    def test_empty_clinic_offers_to_register_the_first(self, desk):
        assert NEW in text(desk.get(LIST))

    @pytest.mark.parametrize("typed", [*HOSTILE.values(), "a" * 121], ids=[*HOSTILE, "a line too long"])
    def test_search_that_would_do_harm_is_refused_beside_its_field(self, desk, clinic, typed):
        PatientFactory(clinic=clinic, family_name="Canary")

        page = desk.get(LIST, {"q": typed})

        assert page.status_code == 422
        assert "is-invalid" in text(page)
        assert "Canary" not in text(page)

    def test_pages_show_every_patient_once(self, desk, clinic):
        for number in range(120):
            PatientFactory(clinic=clinic, family_name=f"Moss{number:03}")
        page = desk.get(LIST, {"q": "moss"})
        seen = names(page)
        while page.context["page"].next_query:
            page = desk.get(LIST + page.context["page"].next_query)
            seen += names(page)

        assert len(seen) == 120
        assert seen == sorted(set(seen))

    def test_patients_of_other_clinics_are_not_listed(self, desk, clinic):
        PatientFactory(family_name="Canary")

        assert "Canary" not in text(desk.get(LIST))
        assert names(desk.get(LIST, {"q": "canary"})) == []

    def test_listing_leaves_a_row_with_how_many(self, desk, clinic):
        PatientFactory(clinic=clinic)
        PatientFactory(clinic=clinic)

        desk.get(LIST)

        event = AuditEvent.objects.get(action="LISTED")
        assert (event.what, event.count) == ("Patient", 2)

    def test_as_many_queries_for_one_as_for_a_full_page(self, desk, clinic, count_queries):
        ConditionFactory(patient=PatientFactory(clinic=clinic))
        one = count_queries(lambda: desk.get(LIST))
        for _ in range(60):
            ConditionFactory(patient=PatientFactory(clinic=clinic))

        assert count_queries(lambda: desk.get(LIST)) == one


class TestRegister:
    GIVEN = {
        "given_name": "Zoë",
        "family_name": "Mercer",
        "born_on": "1959-03-02",
        "record_number": "P-17",
        "email": "zoe@example.org",
        "phone": "0511",
        "language": "de",
        "weight_kg": "61.5",
        "weighed_on": "2026-10-01",
    }

    def test_patient_is_registered_with_what_was_ticked(self, desk, clinic):
        answer = desk.post(NEW, {**self.GIVEN, "consents": ["VISIT", "INVITE"], "consented_how": "on paper"}, follow=True)

        patient = Patient.objects.get()
        assert answer.redirect_chain == [(page_of(patient), 302)]
        assert (patient.clinic, patient.given_name, patient.born_on) == (clinic, "Zoë", date(1959, 3, 2))
        assert set(Consent.objects.values_list("purpose", "how")) == {("VISIT", "on paper"), ("INVITE", "on paper")}
        assert "Zoë Mercer is registered." in text(answer)

    def test_nothing_is_ticked_beforehand(self, desk):
        page = text(desk.get(NEW))

        assert page.count('name="consents"') == 8
        assert "checked" not in page

    @pytest.mark.parametrize(
        ("field", "typed"),
        [
            ("given_name", ""),
            ("family_name", "M" * 81),
            ("family_name", "\u200b"),
            ("email", "zoe"),
            ("email", "zoe@example.org\r\nBcc: thief@example.org"),
            ("born_on", ""),
            ("born_on", "1959-02-30"),
            ("born_on", "yesterday"),
            ("born_on", "2999-01-01"),
            ("born_on", "1959-03-02\x00"),
            ("born_on", "99999-01-01"),
            ("weight_kg", "-4"),
            ("weight_kg", "1e9"),
            ("weight_kg", "NaN"),
            ("weight_kg", "9" * 5000),
            ("weighed_on", "2999-01-01"),
            ("consents", "NONSENSE"),
            *hostile("given_name", "family_name", "record_number", "email", "contact_person_phone"),
            ("consented_how", "by magic"),
        ],
    )
    def test_bad_input_is_told_beside_its_field_the_form_kept_and_nothing_written(self, desk, field, typed):
        page = desk.post(NEW, {**self.GIVEN, field: typed})

        assert page.status_code == 422
        assert list(page.context["form"].errors) == [field]
        assert f'id="error_1_id_{field}"' in text(page)
        assert 'value="0511"' in text(page)
        assert not Patient.objects.exists()
        assert not AuditEvent.objects.filter(action="CREATED").exists()

    def test_bytes_that_are_no_text_are_refused(self, desk):
        body = b"given_name=%C3%28&family_name=Mercer&born_on=1959-03-02&record_number=P-17&language=en"

        page = desk.post(NEW, body, content_type="application/x-www-form-urlencoded")

        assert page.status_code == 422
        assert list(page.context["form"].errors) == ["given_name"]

    def test_number_that_is_taken_is_told_beside_it(self, desk, clinic):
        PatientFactory(clinic=clinic, record_number="P-17")

        page = desk.post(NEW, self.GIVEN)

        assert page.status_code == 422
        assert "Another patient of this clinic has this record number." in text(page)

    def test_somebody_of_the_same_name_and_birth_date_is_shown_first(self, desk, clinic):
        known = PatientFactory(
            clinic=clinic, family_name="Mercer", born_on=date(1959, 3, 2), search_text="zoe mercer p-1", record_number="P-1"
        )

        page = desk.post(NEW, self.GIVEN)
        assert page.status_code == 422
        assert page_of(known) in text(page)
        assert Patient.objects.count() == 1
        assert AuditEvent.objects.get(action="LISTED").count == 1

        desk.post(NEW, {**self.GIVEN, "is_another": "on"})
        assert Patient.objects.count() == 2

    def test_person_of_two_clinics_says_which(self, desk, clinic):
        other = ClinicFactory(name="Hill clinic")
        MembershipFactory(user=member(Role.FRONT_DESK, clinic, email="two@clinic.example"), clinic=other, role=Role.FRONT_DESK)
        desk.force_login(clinic.memberships.get(user__email="two@clinic.example").user)

        assert desk.post(NEW, self.GIVEN).status_code == 422
        assert desk.post(NEW, {**self.GIVEN, "clinic": "x"}).status_code == 422
        desk.post(NEW, {**self.GIVEN, "clinic": str(other.public_id)})

        assert Patient.objects.get().clinic == other

    @pytest.mark.parametrize(
        ("role", "status"), [(Role.FRONT_DESK, 200), (Role.CLINICIAN, 200), (Role.REVIEWER, 403), (Role.ADMIN, 200)]
    )
    def test_reviewers_register_nobody(self, browse_as, role, status):
        assert browse_as(role).get(NEW).status_code == status
