"""What staff change about a patient on record: details, status, consent, holds, conditions, tasks."""

from datetime import date, timedelta

import pytest
from django.urls import reverse

from clinic import links
from clinic.audit import AuditEvent
from clinic.patients.models import Condition, Consent, Hold, Patient, StaffTask
from clinic.patients.services import consents_of
from clinic.practice.models import Role
from clinic.scheduling.models import Appointment
from clinic.treatments.models import FollowUp
from tests.factories import (
    NOW,
    TODAY,
    AppointmentFactory,
    FollowUpFactory,
    HoldFactory,
    IndicationFactory,
    PatientFactory,
    StaffTaskFactory,
    UserFactory,
    member,
)
from tests.hostile import hostile
from tests.staff.follow_up_reading import text

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("morning")]


@pytest.fixture
def patient(clinic):
    return PatientFactory(clinic=clinic, given_name="Ines", family_name="Moss", born_on=date(1959, 3, 2), phone="0511")


def at(patient, name, *more):
    return reverse(f"staff:{name}", args=[patient.public_id, *more])


def shown(page):
    """What the form of the page would send if it was sent as it stands."""
    form = page.context["form"]
    return {name: form[name].value() for name in form.fields if form[name].value() not in (None, "")}


class TestEdit:
    def test_change_is_stored_and_told(self, desk, patient):
        given = shown(desk.get(at(patient, "patient-edit")))

        answer = desk.post(at(patient, "patient-edit"), {**given, "phone": "0999", "given_name": "Inês"}, follow=True)

        patient.refresh_from_db()
        assert (patient.phone, patient.given_name, patient.family_name) == ("0999", "Inês", "Moss")
        assert "The record of Inês Moss is saved." in text(answer)
        assert AuditEvent.objects.get(action="CHANGED").fields == ["given_name", "phone"]

    def test_form_shows_what_is_on_record(self, desk, patient):
        page = text(desk.get(at(patient, "patient-edit")))

        for said in ('value="Ines"', 'value="Moss"', 'value="1959-03-02"', 'value="0511"', f'value="{patient.email}"'):
            assert said in page

    def test_new_address_ends_the_links_to_the_old_one(self, desk, patient):
        follow_up = FollowUpFactory(patient=patient)
        token = links.mint(purpose="BOOK", patient=patient, follow_up=follow_up, now=NOW)
        given = shown(desk.get(at(patient, "patient-edit")))

        answer = desk.post(at(patient, "patient-edit"), {**given, "email": "new@example.org"}, follow=True)

        assert "Links in letters to the old address open nothing any more." in text(answer)
        with pytest.raises(links.LinkRefused):
            links.open_link(token, now=NOW)

    def test_colleagues_change_is_not_overwritten_unseen(self, desk, patient):
        given = shown(desk.get(at(patient, "patient-edit")))
        Patient.objects.update(phone="0777")

        page = desk.post(at(patient, "patient-edit"), {**given, "given_name": "Inês"})

        assert page.status_code == 422
        assert "Somebody has changed this record since you opened it." in text(page)
        patient.refresh_from_db()
        assert (patient.phone, patient.given_name) == ("0777", "Ines")

        assert desk.post(at(patient, "patient-edit"), {**shown(page)}).status_code == 302
        patient.refresh_from_db()
        assert (patient.phone, patient.given_name) == ("0511", "Inês")

    @pytest.mark.parametrize(
        ("field", "typed"), hostile("given_name", "family_name", "record_number", "email", "phone", "contact_person")
    )
    def test_harmful_text_is_refused_beside_its_field(self, desk, patient, field, typed):
        given = shown(desk.get(at(patient, "patient-edit")))

        page = desk.post(at(patient, "patient-edit"), {**given, field: typed})

        assert page.status_code == 422
        assert list(page.context["form"].errors) == [field]
        assert f'id="error_1_id_{field}"' in text(page)
        stored = Patient.objects.get()
        assert getattr(stored, field) == getattr(patient, field)


class TestStatus:
    def test_patient_is_paused_and_taken_up_again(self, desk, patient):
        desk.post(at(patient, "patient-status"), {"status": "PAUSED"})
        patient.refresh_from_db()
        assert patient.status == "PAUSED"

        answer = desk.post(at(patient, "patient-status"), {"status": "ACTIVE"}, follow=True)
        patient.refresh_from_db()
        assert patient.status == "ACTIVE"
        assert "Ines Moss is now active." in text(answer)

    def test_death_ends_everything_planned_and_can_be_taken_back(self, desk, patient):
        follow_up = FollowUpFactory(patient=patient)
        AppointmentFactory(follow_up=follow_up)

        answer = desk.post(at(patient, "patient-status"), {"status": "DECEASED", "is_certain": "on"}, follow=True)
        assert "follow-ups, visits and letters have ended" in text(answer)
        assert FollowUp.objects.get().stop_reason == "DECEASED"
        assert Appointment.objects.get().state == "CANCELLED"

        desk.post(at(patient, "patient-status"), {"status": "ACTIVE"})
        patient.refresh_from_db()
        assert patient.status == "ACTIVE"
        assert FollowUp.objects.get().state == "ACTIVE"

    @pytest.mark.parametrize(
        ("given", "field"),
        [
            ({"status": "DECEASED"}, "is_certain"),
            ({"status": "DISCHARGED"}, "reason"),
            ({"status": "DISCHARGED", "reason": "DECEASED"}, "reason"),
            ({"status": "DISCHARGED", "reason": "OTHER"}, "note"),
            ({"status": "DISCHARGED", "reason": "OTHER", "note": "x\x00"}, "note"),
            ({"status": "GONE"}, "status"),
            ({}, "status"),
        ],
    )
    def test_what_is_missing_is_asked_for(self, desk, patient, given, field):
        FollowUpFactory(patient=patient)

        page = desk.post(at(patient, "patient-status"), given)

        assert page.status_code == 422
        assert list(page.context["form"].errors) == [field]
        patient.refresh_from_db()
        assert patient.status == "ACTIVE"
        assert FollowUp.objects.get().state == "ACTIVE"

    def test_discharge_waits_for_a_booked_visit_to_be_cancelled(self, desk, patient):
        AppointmentFactory(patient=patient)

        page = desk.post(at(patient, "patient-status"), {"status": "DISCHARGED", "reason": "MOVED_AWAY"})

        assert page.status_code == 422
        assert "A visit is booked for 7 Dec 2026, 10:00. Cancel it first." in text(page)

    def test_patient_who_has_died_becomes_active_or_nothing(self, desk, clinic):
        died = PatientFactory(clinic=clinic, status="DECEASED")

        page = desk.post(at(died, "patient-status"), {"status": "PAUSED"})

        assert page.status_code == 422
        died.refresh_from_db()
        assert died.status == "DECEASED"


class TestConsent:
    def test_button_gives_and_withdraws(self, desk, patient):
        answer = desk.post(at(patient, "consent-change"), {"change": "NEWS:give", "how": "by phone"}, follow=True)
        assert "Ines Moss agrees to news of the clinic." in text(answer)
        assert "NEWS" in consents_of([patient.pk])[patient.pk]

        desk.post(at(patient, "consent-change"), {"change": "NEWS:withdraw", "how": "by phone"})
        assert "NEWS" not in consents_of([patient.pk])[patient.pk]
        assert Consent.objects.filter(purpose="NEWS").count() == 2
        assert Consent.objects.filter(purpose="NEWS").latest("id").by_user.name == "Desk Person"

    def test_pressed_twice_it_is_written_once(self, desk, patient):
        for _ in range(2):
            answer = desk.post(at(patient, "consent-change"), {"change": "NEWS:give", "how": "by phone"}, follow=True)

        assert Consent.objects.filter(purpose="NEWS").count() == 1
        assert "It was so already" in text(answer)

    @pytest.mark.parametrize(
        "given", [{}, {"change": "NEWS"}, {"change": "X:give", "how": "by phone"}, {"change": "NEWS:give", "how": "by\r\nmagic"}]
    )
    def test_anything_else_is_refused(self, desk, patient, given):
        before = Consent.objects.count()

        assert desk.post(at(patient, "consent-change"), given).status_code == 422
        assert Consent.objects.count() == before

    def test_it_is_changed_by_a_button_only(self, desk, patient):
        assert desk.get(at(patient, "consent-change")).status_code == 405

    def test_reviewer_changes_nothing(self, client, clinic, patient):
        client.force_login(member(Role.REVIEWER, clinic))

        assert client.post(at(patient, "consent-change"), {"change": "NEWS:give", "how": "by phone"}).status_code == 403


class TestHolds:
    GIVEN = {"reason": "AWAY", "review_on": "2026-12-24", "note": "sails"}

    def test_hold_is_set_for_today_and_ended_again(self, desk, patient):
        answer = desk.post(at(patient, "hold-set"), self.GIVEN, follow=True)
        hold = Hold.objects.get()
        assert (hold.patient, hold.from_on, hold.review_on, hold.owner.name) == (
            patient,
            TODAY,
            date(2026, 12, 24),
            "Desk Person",
        )
        assert "On hold: away" in text(answer)

        answer = desk.post(at(patient, "hold-clear", hold.public_id), follow=True)
        hold.refresh_from_db()
        assert hold.cleared_at == NOW
        assert "None: invitations may go." in text(answer)

    @pytest.mark.parametrize(
        ("field", "typed"),
        [
            ("reason", ""),
            ("reason", "NONSENSE"),
            ("review_on", ""),
            ("review_on", "2026-11-22"),
            ("review_on", "24 December"),
            ("review_on", "10000-01-01"),
            ("from_on", "2026-12-25x"),
            *hostile("note"),
        ],
    )
    def test_bad_input_is_told_beside_its_field(self, desk, patient, field, typed):
        page = desk.post(at(patient, "hold-set"), {**self.GIVEN, field: typed})

        assert page.status_code == 422
        assert list(page.context["form"].errors) == [field]
        assert not Hold.objects.exists()

    def test_hold_of_somebody_else_is_not_ended(self, desk, patient):
        other = HoldFactory(patient__clinic=patient.clinic)
        stranger = HoldFactory()

        for hold in (other, stranger):
            assert desk.post(at(patient, "hold-clear", hold.public_id)).status_code == 404
            hold.refresh_from_db()
            assert hold.cleared_at is None


class TestConditions:
    @pytest.fixture
    def hfs(self):
        return IndicationFactory()

    def test_condition_is_added_with_the_code_of_its_side(self, desk, patient, hfs):
        answer = desk.post(
            at(patient, "condition-add"), {"indication": hfs.code, "side": "LEFT", "began": "2019-05"}, follow=True
        )

        condition = Condition.objects.get()
        assert (condition.patient, condition.side, condition.icd10_code) == (patient, "LEFT", "G51.32")
        assert (condition.onset_on, condition.onset_precision) == (date(2019, 5, 1), "MONTH")
        assert "Hemifacial spasm, left" in text(answer)

    @pytest.mark.parametrize(
        ("typed", "stored"), [("2019", (date(2019, 1, 1), "YEAR")), ("2019-05-14", (date(2019, 5, 14), "DAY")), ("", (None, ""))]
    )
    def test_beginning_is_kept_as_exactly_as_it_is_known(self, desk, patient, hfs, typed, stored):
        desk.post(at(patient, "condition-add"), {"indication": hfs.code, "side": "RIGHT", "began": typed})

        condition = Condition.objects.get()
        assert (condition.onset_on, condition.onset_precision) == stored

    @pytest.mark.parametrize(
        ("field", "typed"),
        [
            ("indication", ""),
            ("indication", "NOPE"),
            ("indication", "9" * 400),
            ("indication", "x\x00"),
            ("side", ""),
            ("side", "NONE"),
            ("icd10_code", "G51.32"),
            ("icd10_code", "G51.3"),
            ("began", "May 2019"),
            ("began", "2019-13"),
            ("began", "2019-02-30"),
            ("began", "٢٠١٩"),
            ("began", "2999"),
            ("began", "1900"),
            *hostile("cause", "associated", "icd10_code"),
        ],
    )
    def test_bad_input_is_told_and_nothing_written(self, desk, patient, hfs, field, typed):
        page = desk.post(at(patient, "condition-add"), {"indication": hfs.code, "side": "RIGHT", field: typed})

        assert page.status_code == 422
        assert list(page.context["form"].errors) == [field]
        assert not Condition.objects.exists()


class TestTasks:
    def test_done_task_leaves_the_page_with_its_outcome_kept(self, desk, patient):
        task = StaffTaskFactory(patient=patient)

        answer = desk.post(at(patient, "task-finish", task.public_id), {"outcome": "will call back"}, follow=True)

        task.refresh_from_db()
        assert (task.outcome, task.done_by.name, task.done_at) == ("will call back", "Desk Person", NOW)
        assert "Done: phone: the window has closed." in text(answer)
        assert 'id="tasks"' not in text(answer)

    @pytest.mark.parametrize(("field", "typed"), [("outcome", ""), ("outcome", "  "), *hostile("outcome")])
    def test_bad_outcome_is_told_beside_its_field(self, desk, patient, field, typed):
        task = StaffTaskFactory(patient=patient)

        page = desk.post(at(patient, "task-finish", task.public_id), {field: typed})

        assert page.status_code == 422
        assert list(page.context["form"].errors) == [field]
        assert StaffTask.objects.get().done_at is None

    def test_colleague_was_quicker(self, desk, patient):
        task = StaffTaskFactory(
            patient=patient, done_by=UserFactory(name="Jo Quick"), done_at=NOW - timedelta(hours=1), outcome="reached"
        )

        page = desk.post(at(patient, "task-finish", task.public_id), {"outcome": "again"})

        assert page.status_code == 422
        assert "Jo Quick has already done this." in text(page)
        assert StaffTask.objects.get().outcome == "reached"

    def test_task_of_somebody_else_does_not_exist(self, desk, patient):
        other = StaffTaskFactory()

        assert desk.get(at(patient, "task-finish", other.public_id)).status_code == 404
        assert desk.post(at(patient, "task-finish", other.public_id), {"outcome": "x"}).status_code == 404


@pytest.mark.parametrize("name", ["patient-edit", "patient-status", "hold-set", "condition-add", "task-finish"])
def test_page_with_a_patients_data_leaves_a_view_in_the_log(desk, patient, name):
    more = [StaffTaskFactory(patient=patient).public_id] if name == "task-finish" else []

    desk.get(at(patient, name, *more))

    assert AuditEvent.objects.filter(action="VIEWED", patient_id_public=patient.public_id).count() == 1
