"""Reporting, amending, reviewing: what is kept, what is refused, who is named."""

import uuid
from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.db.utils import DatabaseError

from clinic.audit import Actor, AuditEvent
from clinic.patients.services import Refused
from clinic.practice.models import Role
from clinic.practice.roles import Permission
from clinic.safety import services
from clinic.safety.models import Review, SideEffect, SideEffectVersion
from tests.factories import (
    NOW,
    TODAY,
    TREATED_ON,
    InjectionSessionFactory,
    PatientFactory,
    ReviewFactory,
    SideEffectFactory,
    SideEffectVersionFactory,
    TermFactory,
    UserFactory,
    member,
)
from tests.hostile import HOSTILE

pytestmark = pytest.mark.django_db

LATER = NOW + timedelta(hours=3)


@pytest.fixture
def by():
    return Actor.of_user(UserFactory(name="Ines Reviewer"))


@pytest.fixture
def session():
    return InjectionSessionFactory()


def statement(**said):
    return {
        "term": said.pop("term", None) or TermFactory(),
        "onset_on": TREATED_ON + timedelta(days=4),
        "resolved_on": None,
        "severity": 2,
        "outcome": "ONGOING",
        "serious_criteria": [],
        "narrative": "",
        **said,
    }


def report(treatment, by, **said):
    target = {"patient": treatment.patient, "session": treatment}
    target |= {name: said.pop(name) for name in ("patient", "session", "public_id") if name in said}
    return services.report(by=by, now=NOW, **target, **statement(**said))


def review(side_effect, by, **said):
    judged = {"causality": "PROBABLE", "is_expected": True, "is_distant": None, "resulting_state": "REVIEWED"}
    return services.review(by=by, side_effect=side_effect, now=LATER, **{**judged, **said})


def fields_of(refused):
    return [problem.field for problem in refused.value.problems]


class TestReport:
    def test_report_is_stored_as_new_with_its_first_version(self, session, by):
        report(session, by, narrative="  lid hangs\r\nsince Tuesday ", serious_criteria={"OTHER", "HOSPITAL"})

        side_effect = SideEffect.objects.get()
        assert (side_effect.patient, side_effect.session, side_effect.state) == (session.patient, session, "NEW")
        assert (side_effect.reported_by, side_effect.reported_by_patient, side_effect.reported_at) == (by.user, False, NOW)
        version = side_effect.versions.get()
        assert side_effect.current_version == version
        assert (version.number, version.severity, version.outcome) == (1, 2, "ONGOING")
        assert version.narrative == "lid hangs\nsince Tuesday"
        assert version.serious_criteria == ["HOSPITAL", "OTHER"]

    def test_audit_row_names_fields_and_the_engine_looks_again(self, session, by):
        side_effect = report(session, by)

        event = AuditEvent.objects.get()
        assert (event.action, event.what, event.what_id, event.version) == ("CREATED", "SideEffect", side_effect.public_id, 1)
        assert event.patient_id_public == session.patient.public_id
        assert event.fields == ["onset_on", "outcome", "severity", "term"]
        session.patient.refresh_from_db()
        assert session.patient.next_check_at == NOW

    def test_side_effect_without_a_known_treatment_is_taken(self, session, by):
        side_effect = report(session, by, session=None, onset_on=None)

        assert side_effect.session is None

    def test_report_by_the_patient_names_no_member_of_staff(self, session):
        side_effect = report(session, Actor.patient())

        assert (side_effect.reported_by_patient, side_effect.reported_by) == (True, None)

    def test_form_sent_twice_reports_once(self, session, by):
        same = uuid.uuid4()

        assert report(session, by, public_id=same) == report(session, by, public_id=same)
        assert SideEffect.objects.get().public_id == same
        assert AuditEvent.objects.count() == 1

    @pytest.mark.parametrize(
        ("field", "said"),
        [
            ("onset_on", {"onset_on": TREATED_ON - timedelta(days=1)}),
            ("onset_on", {"onset_on": TODAY + timedelta(days=1)}),
            ("resolved_on", {"resolved_on": TREATED_ON + timedelta(days=3), "outcome": "RECOVERED"}),
            ("outcome", {"resolved_on": TODAY}),
            ("outcome", {"outcome": "FINE"}),
            ("outcome", {"severity": 5}),
            ("severity", {"severity": 0}),
            ("severity", {"severity": 6}),
            ("severity", {"severity": -1}),
            ("serious_criteria", {"serious_criteria": ["ANNOYING"]}),
            ("serious_criteria", {"serious_criteria": ["DEATH"]}),
            *[pytest.param("narrative", {"narrative": HOSTILE[name]}, id=name) for name in HOSTILE if name != "header injection"],
        ],
    )
    def test_what_cannot_be_is_refused_beside_its_field_and_nothing_is_written(self, session, by, field, said):
        with pytest.raises(Refused) as refused:
            report(session, by, **said)

        assert fields_of(refused) == [field]
        assert not SideEffect.objects.exists()
        assert not AuditEvent.objects.exists()

    def test_treatment_of_another_patient_is_refused(self, session, by):
        with pytest.raises(Refused) as refused:
            report(session, by, session=InjectionSessionFactory())
        assert fields_of(refused) == ["session"]

    def test_draft_is_no_treatment(self, session, by):
        draft = InjectionSessionFactory(condition=session.condition, signed=False)

        with pytest.raises(Refused) as refused:
            report(session, by, session=draft)
        assert fields_of(refused) == ["session"]

    def test_term_out_of_use_is_refused(self, session, by):
        with pytest.raises(Refused) as refused:
            report(session, by, term=TermFactory(code="OLD", is_active=False))
        assert fields_of(refused) == ["term"]

    def test_today_is_the_clinics_day(self, by):
        session = InjectionSessionFactory(patient=PatientFactory(clinic__time_zone="Pacific/Auckland"))
        evening = NOW.replace(hour=20)

        side_effect = services.report(
            by=by,
            patient=session.patient,
            session=session,
            now=evening,
            **statement(onset_on=TODAY + timedelta(days=1)),
        )
        assert side_effect.facts.onset_on == TODAY + timedelta(days=1)


class TestAmend:
    def amend(self, side_effect, by, **said):
        given = statement(**{"narrative": "better", **said})
        return services.amend(
            by=by,
            side_effect=side_effect,
            now=LATER,
            based_on=given.pop("based_on", 1),
            reason=given.pop("reason", "the patient called"),
            **given,
        )

    def test_amendment_is_a_second_version_and_the_first_stays(self, session, by):
        side_effect = report(session, by)

        self.amend(side_effect, by, outcome="RECOVERED", resolved_on=TODAY)

        side_effect.refresh_from_db()
        assert side_effect.facts.number == 2
        assert (side_effect.facts.outcome, side_effect.facts.reason) == ("RECOVERED", "the patient called")
        assert side_effect.versions.get(number=1).outcome == "ONGOING"
        event = AuditEvent.objects.get(action="CHANGED")
        assert (event.version, event.fields) == (2, ["narrative", "outcome", "resolved_on"])

    def test_reviewed_side_effect_goes_back_to_the_reviewer(self, session, by):
        side_effect = report(session, by)
        review(side_effect, by)

        self.amend(side_effect, by)

        side_effect.refresh_from_db()
        assert side_effect.state == "IN_REVIEW"

    def test_amendment_of_an_older_version_is_refused(self, session, by):
        side_effect = report(session, by)
        self.amend(side_effect, by)

        with pytest.raises(Refused) as refused:
            self.amend(side_effect, by, narrative="worse")

        assert "meanwhile" in refused.value.problems[0].message
        assert side_effect.versions.count() == 2

    @pytest.mark.parametrize(
        ("field", "said"),
        [
            ("reason", {"reason": "  "}),
            ("reason", {"reason": "r" * 201}),
            ("reason", {"reason": "x\r\ny"}),
            ("onset_on", {"onset_on": TODAY + timedelta(days=1)}),
            ("", {"narrative": ""}),
        ],
    )
    def test_amendment_without_reason_sense_or_difference_is_refused(self, session, by, field, said):
        side_effect = report(session, by)

        with pytest.raises(Refused) as refused:
            self.amend(side_effect, by, **said)

        assert fields_of(refused) == [field]
        assert side_effect.versions.count() == 1


class TestReview:
    def test_review_is_kept_and_leads_to_its_state(self, session, by):
        side_effect = report(session, by)

        review(side_effect, by, note=" looked at \n twice ", action="smaller dose")

        side_effect.refresh_from_db()
        row = Review.objects.get()
        assert (row.by, row.at, row.causality, row.is_expected, row.is_distant) == (by.user, LATER, "PROBABLE", True, None)
        assert (row.action, row.note) == ("smaller dose", "looked at \n twice")
        assert side_effect.state == "REVIEWED"
        assert (side_effect.acknowledged_by, side_effect.acknowledged_at) == (by.user, LATER)
        assert AuditEvent.objects.get(action="REVIEWED").fields == ["causality", "state"]

    def test_each_look_is_a_row_of_its_own(self, session, by):
        side_effect = report(session, by)
        review(side_effect, by, resulting_state="FOLLOWING")
        review(side_effect, by)

        assert list(side_effect.reviews.order_by("pk").values_list("resulting_state", flat=True)) == ["FOLLOWING", "REVIEWED"]

    def test_nothing_is_reviewed_while_its_outcome_is_unknown(self, session, by):
        side_effect = report(session, by, outcome="UNKNOWN")

        with pytest.raises(Refused) as refused:
            review(side_effect, by)
        assert fields_of(refused) == ["resulting_state"]
        review(side_effect, by, resulting_state="FOLLOWING")

        side_effect.refresh_from_db()
        assert side_effect.state == "FOLLOWING"

    @pytest.mark.parametrize(
        ("field", "said"),
        [
            ("resulting_state", {"resulting_state": "NEW"}),
            ("resulting_state", {"resulting_state": "DONE"}),
            ("causality", {"causality": "MAYBE"}),
            ("action", {"action": "a" * 251}),
            ("action", {"action": "a\r\nb"}),
            *[pytest.param("note", {"note": HOSTILE[name]}, id=name) for name in HOSTILE if name != "header injection"],
        ],
    )
    def test_review_that_makes_no_sense_is_refused_beside_its_field(self, session, by, field, said):
        side_effect = report(session, by)

        with pytest.raises(Refused) as refused:
            review(side_effect, by, **said)

        assert fields_of(refused) == [field]
        side_effect.refresh_from_db()
        assert (side_effect.state, Review.objects.count()) == ("NEW", 0)


def test_first_to_take_notice_is_named(session, by):
    side_effect = report(session, by)
    services.acknowledge(by=by, side_effect=side_effect, now=NOW)
    services.acknowledge(by=Actor.of_user(UserFactory()), side_effect=side_effect, now=LATER)

    side_effect.refresh_from_db()
    assert (side_effect.acknowledged_by, side_effect.acknowledged_at, side_effect.state) == (by.user, NOW, "NEW")


class TestScope:
    def test_only_side_effects_of_ones_own_patients_are_seen(self):
        here = SideEffectFactory()
        SideEffectFactory()
        reviewer = member(Role.REVIEWER, here.patient.clinic)

        assert list(services.visible_to(reviewer)) == [here]

    def test_front_desk_sees_no_log(self):
        clerk = member(Role.FRONT_DESK, SideEffectFactory().patient.clinic)

        assert not services.visible_to(clerk).exists()
        assert services.visible_to(clerk, Permission.REPORT_SIDE_EFFECTS).exists()


class TestDatabase:
    @pytest.mark.parametrize(
        "broken",
        [
            {"severity": 0},
            {"severity": 6},
            {"severity": 5},
            {"outcome": "FATAL"},
            {"onset_on": TODAY, "resolved_on": TODAY - timedelta(days=1)},
            {"number": 1},
            {"number": 2, "reason": ""},
        ],
    )
    def test_version_that_may_never_be_is_refused(self, broken):
        side_effect = SideEffectFactory()

        with pytest.raises(IntegrityError), transaction.atomic():
            SideEffectVersionFactory(side_effect=side_effect, **broken)

    @pytest.mark.parametrize("broken", [{"reported_by_patient": True}, {"reported_by": None}, {"acknowledged_at": NOW}])
    def test_side_effect_that_may_never_be_is_refused(self, broken):
        given = {"reported_by": UserFactory(), **broken}

        with pytest.raises(IntegrityError), transaction.atomic():
            SideEffectFactory(**given)

    @pytest.mark.parametrize("model", [SideEffectVersion, Review])
    def test_versions_and_reviews_are_never_changed_or_deleted(self, model):
        ReviewFactory()
        rows = model.objects.filter(pk=model.objects.get().pk)

        with pytest.raises(DatabaseError), transaction.atomic():
            rows.update(at=LATER)
        with pytest.raises(DatabaseError), transaction.atomic():
            rows._raw_delete(rows.db)

        assert not rows.filter(at=LATER).exists()
        assert rows.count() == 1
