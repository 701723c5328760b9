"""A patient's record, as staff read it."""

from datetime import date, timedelta

import pytest
from django.urls import reverse

from clinic.audit import AuditEvent
from clinic.practice.models import Role
from tests.factories import (
    NOW,
    TODAY,
    AppointmentFactory,
    ConditionFactory,
    ConsentFactory,
    ContactAttemptFactory,
    FollowUpFactory,
    HoldFactory,
    InjectionSessionFactory,
    MessageFactory,
    PatientFactory,
    ReviewFactory,
    SideEffectFactory,
    StaffTaskFactory,
    TermFactory,
    UserFactory,
)
from tests.staff.follow_up_reading import text

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("morning")]

LIST = reverse("staff:patient-list")
NEW = reverse("staff:patient-create")


def page_of(patient, name="staff:patient-show", *more):
    return reverse(name, args=[patient.public_id, *more])


class TestShow:
    def test_header_says_who_and_what_to_know_first(self, desk, clinic):
        patient = PatientFactory(
            clinic=clinic, given_name="Ines", family_name="Moss", born_on=date(1959, 3, 2), email="", consents=["VISIT"]
        )
        HoldFactory(patient=patient, reason="AWAY", review_on=TODAY - timedelta(days=1))
        SideEffectFactory(
            session=InjectionSessionFactory(patient=patient),
            version__term=TermFactory(code="AE20", plain_name="trouble swallowing", urgency="RED"),
        )

        page = text(desk.get(page_of(patient)))

        for said in (
            "Ines Moss",
            "born 2 Mar 1959, 67 years",
            "No e-mail address: staff phone instead",
            "No consent to invitations to the next visit",
            "On hold: away, was to be looked at on 22 Nov 2026",
            "Side effect reported: trouble swallowing",
        ):
            assert said in page
        assert "No consent to letters about booked visits" not in page

    @pytest.mark.parametrize(("status", "said"), [("PAUSED", "Paused"), ("DISCHARGED", "Discharged"), ("DECEASED", "Deceased")])
    def test_patient_who_is_not_under_care_is_marked(self, desk, clinic, status, said):
        page = text(desk.get(page_of(PatientFactory(clinic=clinic, status=status, email=""))))

        assert said in page.split('class="flags"')[1].split("</ul>")[0]
        assert "No e-mail address" not in page

    def test_condition_stands_with_the_window_of_its_newest_follow_up(self, desk, clinic):
        condition = ConditionFactory(
            patient__clinic=clinic, icd10_code="G51.31", onset_on=date(2019, 5, 1), onset_precision="MONTH"
        )
        old = InjectionSessionFactory(condition=condition, performed_on=date(2026, 1, 5))
        FollowUpFactory(session=old, state="TREATED")
        FollowUpFactory(session=InjectionSessionFactory(condition=condition))

        page = text(desk.get(page_of(condition.patient)))

        assert "Hemifacial spasm, right" in page
        assert "G51.31 since May 2019" in page
        assert "Treated 1 Sep 2026. Opens 1 Dec, suggested 1 Dec to 22 Dec, closes 1 Mar 2027; not booked" in page
        assert page.count('class="bar"') == 1

    def test_what_may_be_done_follows_the_role(self, browse_as, clinic):
        follow_up = FollowUpFactory(patient=PatientFactory(clinic=clinic))
        patient = follow_up.patient
        links = {
            "staff:treatment-record": {Role.CLINICIAN, Role.ADMIN},
            "staff:patient-edit": {Role.FRONT_DESK, Role.CLINICIAN, Role.ADMIN},
            "staff:condition-add": {Role.FRONT_DESK, Role.CLINICIAN, Role.ADMIN},
            "staff:hold-set": {Role.FRONT_DESK, Role.CLINICIAN, Role.ADMIN},
            "staff:side-effect-report": {Role.FRONT_DESK, Role.CLINICIAN, Role.REVIEWER, Role.ADMIN},
            "staff:access-log": {Role.REVIEWER, Role.ADMIN},
        }
        for role in Role:
            page = text(browse_as(role).get(page_of(patient)))
            assert {name for name in links if f'href="{page_of(patient, name)}' in page} == {
                name for name, roles in links.items() if role in roles
            }, role

    def test_open_tasks_can_be_done_and_done_ones_are_gone(self, desk, clinic):
        task = StaffTaskFactory(patient__clinic=clinic, note="two letters")
        StaffTaskFactory(patient=task.patient, note="long ago", done_at=NOW, done_by=UserFactory())

        page = text(desk.get(page_of(task.patient)))

        assert "two letters" in page
        assert "long ago" not in page
        assert page_of(task.patient, "staff:task-finish", task.public_id) in page

    def test_consent_stands_by_purpose(self, desk, clinic):
        patient = PatientFactory(clinic=clinic, consents=())
        ConsentFactory(patient=patient, purpose="NEWS", at=NOW, how="by phone")
        ConsentFactory(patient=patient, purpose="RESEARCH", at=NOW)
        ConsentFactory(patient=patient, purpose="RESEARCH", is_given=False, at=NOW)

        page = text(desk.get(page_of(patient)))

        assert "News of the clinic: <strong>yes</strong>" in page
        assert "since 23 Nov 2026, by phone" in page
        assert "Research: <strong>no</strong>" in page
        assert 'value="NEWS:withdraw"' in page
        assert 'value="RESEARCH:give"' in page

    def test_view_leaves_a_row(self, desk, clinic):
        patient = PatientFactory(clinic=clinic)

        desk.get(page_of(patient))

        event = AuditEvent.objects.get(action="VIEWED")
        assert (event.what, event.what_id, event.patient_id_public) == ("Patient", patient.public_id, patient.public_id)

    def test_as_many_queries_for_a_long_history_as_for_a_short_one(self, desk, clinic, count_queries):
        short, long = (FollowUpFactory(patient=PatientFactory(clinic=clinic)) for _ in range(2))
        for follow_up, many in ((short, 1), (long, 500)):
            user = UserFactory()
            HoldFactory(patient=follow_up.patient)
            StaffTaskFactory(patient=follow_up.patient)
            MessageFactory(follow_up=follow_up, state="SENT")
            for number in range(many):
                ContactAttemptFactory(follow_up=follow_up, by=user, at=NOW - timedelta(hours=number))
            for _ in range(many // 20 + 1):
                ReviewFactory(side_effect=SideEffectFactory(session=follow_up.session))
                ConsentFactory(patient=follow_up.patient)

        desk.get(page_of(short.patient))  # the names of the catalogue are kept for a minute

        queries = count_queries(lambda: desk.get(page_of(short.patient)))

        assert count_queries(lambda: desk.get(page_of(long.patient))) == queries
        assert queries <= MOST_QUERIES_OF_A_RECORD


#: Of a patient's page, with the session, the frame and the row in the audit log.
MOST_QUERIES_OF_A_RECORD = 14


class TestHistory:
    @pytest.fixture
    def follow_up(self, clinic):
        return FollowUpFactory(patient=PatientFactory(clinic=clinic, consents=()))

    def history(self, client, patient, **asked):
        return text(client.get(page_of(patient), asked)).split('id="history"')[1].split("</section>")[0]

    def test_each_kind_is_told_in_words_and_leads_to_what_it_is_about(self, browse_as, clinic, follow_up):
        patient = follow_up.patient
        side_effect = SideEffectFactory(session=follow_up.session, reported_by=UserFactory(name="Jo"))
        ReviewFactory(side_effect=side_effect)
        ContactAttemptFactory(follow_up=follow_up, note="line busy")
        visit = AppointmentFactory(follow_up=follow_up)
        HoldFactory(patient=patient, reason="AWAY")
        ConsentFactory(patient=patient, purpose="NEWS")
        MessageFactory(follow_up=follow_up, state="SENT", due_at=NOW)

        told = self.history(browse_as(Role.ADMIN), patient)

        for said in (
            "Treated: Botox 6.25 U",
            "Hemifacial spasm, right",
            "Side effect: drooping upper eyelid",
            "mild · not recovered · reported 21 Nov 2026 by Jo",
            "Side effect reviewed: drooping upper eyelid",
            "caused by the treatment: probable",
            "Contact, phone: no answer",
            "line busy",
            "Visit of 7 Dec 2026, 10:00: booked",
            "On hold: away",
            "Agreed to: news of the clinic",
            "Letter: Invitation",
            reverse("staff:treatment-show", args=[follow_up.session.public_id]),
            reverse("staff:side-effect-show", args=[side_effect.public_id]),
            reverse("staff:follow-up-show", args=[follow_up.public_id]),
            reverse("staff:appointment-show", args=[visit.public_id]),
        ):
            assert said in told, said

    def test_front_desk_sees_that_a_report_exists_and_not_how_it_was_judged(self, desk, clinic, follow_up):
        side_effect = SideEffectFactory(session=follow_up.session, state="REVIEWED", version__narrative="canary words")
        ReviewFactory(side_effect=side_effect, note="canary words", action="canary words")

        told = self.history(desk, follow_up.patient)

        assert "Side effect: drooping upper eyelid" in told
        for hidden in ("canary", "probable", "reviewed", "mild", str(side_effect.public_id)):
            assert hidden not in told

    @pytest.mark.parametrize(("kind", "said"), [("CONTACT", "Contact, phone"), ("TREATMENT", "Treated: Botox")])
    def test_one_kind_can_be_shown_alone(self, desk, clinic, follow_up, kind, said):
        ContactAttemptFactory(follow_up=follow_up)

        told = self.history(desk, follow_up.patient, kind=kind)

        assert said in told
        assert told.count("<time") == 1

    @pytest.mark.parametrize(
        "asked", [{"kind": "NONSENSE"}, {"page": "-1"}, {"page": "x"}, {"page": "9" * 50}, {"page": "٣"}, {"kind": "\x00"}]
    )
    def test_address_that_makes_no_sense_shows_the_beginning(self, desk, follow_up, asked):
        assert "Treated: Botox" in self.history(desk, follow_up.patient, **asked)

    def test_older_entries_are_a_page_away(self, desk, clinic, follow_up):
        for number in range(60):
            ContactAttemptFactory(follow_up=follow_up, note=f"try {number:02}", at=NOW - timedelta(hours=number))

        first = self.history(desk, follow_up.patient)
        second = self.history(desk, follow_up.patient, page="2")

        assert "try 29" in first
        assert "try 30" not in first
        assert "?page=2" in first
        assert "try 30" in second
        assert "try 59" in second
        assert "Treated: Botox" in self.history(desk, follow_up.patient, page="3")

    def test_past_the_end_there_is_nothing_and_a_way_back(self, desk, follow_up):
        told = self.history(desk, follow_up.patient, page="7")

        assert "Nothing of this kind has happened." in told
        assert "?page=6" in told


@pytest.mark.parametrize(
    "name",
    [
        "staff:patient-show",
        "staff:patient-edit",
        "staff:patient-status",
        "staff:hold-set",
        "staff:condition-add",
        "staff:side-effect-report",
        "staff:access-log",
    ],
)
def test_patient_of_another_clinic_does_not_exist(browse_as, name):
    stranger = PatientFactory(given_name="Canary", family_name="Canary", record_number="CANARY", email="canary@example.org")
    browser = browse_as(Role.ADMIN)

    for answer in (browser.get(page_of(stranger, name)), browser.post(page_of(stranger, name), {"given_name": "x"})):
        assert answer.status_code in (404, 405)
        assert b"anary" not in answer.content
    assert browser.get(page_of(stranger, name)).status_code == 404
    assert AuditEvent.objects.filter(action="DENIED").exists()
    stranger.refresh_from_db()
    assert stranger.given_name == "Canary"
