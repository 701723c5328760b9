"""One side effect with all that is known of it, and its review."""

import pytest
from django.urls import reverse

from clinic.audit import AuditEvent
from clinic.practice.models import Role
from tests.factories import (
    NOW,
    TREATED_ON,
    InjectionSessionFactory,
    PatientFactory,
    ReviewFactory,
    SessionVersionFactory,
    SideEffectFactory,
    SideEffectVersionFactory,
    TermFactory,
    UserFactory,
)
from tests.hostile import hostile
from tests.staff.follow_up_reading import text

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("morning")]


@pytest.fixture
def session(clinic):
    patient = PatientFactory(clinic=clinic, given_name="Ines", family_name="Moss")
    return InjectionSessionFactory(patient=patient)


@pytest.fixture
def ptosis():
    return TermFactory(region="upper lid")


@pytest.fixture
def dysphagia():
    return TermFactory(code="AE20", plain_name="trouble swallowing", clinical_name="Dysphagia", urgency="RED", region="throat")


def at(thing, name):
    return reverse(f"staff:{name}", args=[thing.public_id])


class TestShow:
    @pytest.fixture
    def side_effect(self, session, dysphagia):
        return SideEffectFactory(session=session, version__term=dysphagia, version__narrative="a wooden throat")

    def test_report_stands_with_the_treatment_its_lot_and_its_map(self, browse_as, side_effect, session):
        page = text(browse_as(Role.CLINICIAN).get(at(side_effect, "side-effect-show")))

        lot = session.current_version.vial_uses.get().vial.lot
        for said in (
            "Trouble swallowing",
            "6 Sep 2026, 5 days after the treatment",
            "a wooden throat",
            lot.number,
            "Botox, 6.25 U",
            'class="face-map',
            "by nobody yet",
            "Urgent: trouble swallowing.",
            "Nobody has reviewed it yet.",
        ):
            assert said in page, said

    def test_versions_and_reviews_stand_with_who_and_why(self, browse_as, side_effect):
        side_effect.current_version = SideEffectVersionFactory(
            side_effect=side_effect, term=side_effect.facts.term, outcome="RECOVERED", reason="the patient called", at=NOW
        )
        side_effect.save()
        ReviewFactory(side_effect=side_effect, by=UserFactory(name="Kim Review"), note="looked twice", is_expected=False)

        page = text(browse_as(Role.REVIEWER).get(at(side_effect, "side-effect-show")))

        for said in (
            "Version 2: trouble swallowing",
            "the patient called",
            "Version 1",
            "Kim Review",
            "looked twice",
            "not listed in the label",
        ):
            assert said in page, said

    def test_other_side_effects_of_the_patient_are_named(self, browse_as, side_effect, session, ptosis):
        other = SideEffectFactory(session=session, version__term=ptosis)

        assert at(other, "side-effect-show") in text(browse_as(Role.REVIEWER).get(at(side_effect, "side-effect-show")))

    def test_side_effect_without_a_treatment_or_a_beginning_is_shown(self, browse_as, clinic):
        side_effect = SideEffectFactory(
            patient=PatientFactory(clinic=clinic), session=None, reported_by_patient=True, version__onset_on=None
        )

        page = text(browse_as(Role.REVIEWER).get(at(side_effect, "side-effect-show")))

        for said in ("None is known.", "not known", "by the patient"):
            assert said in page

    def test_first_to_see_it_says_so(self, browse_as, side_effect):
        browser = browse_as(Role.CLINICIAN, name="Dr Quick")

        page = text(browser.post(at(side_effect, "side-effect-acknowledge"), follow=True))

        side_effect.refresh_from_db()
        assert side_effect.acknowledged_by.name == "Dr Quick"
        assert "23 Nov 2026, 10:00 by Dr Quick" in page
        assert "I have seen this" not in page
        assert browser.get(at(side_effect, "side-effect-acknowledge")).status_code == 405

    def test_view_leaves_a_row_that_names_patient_and_side_effect(self, browse_as, side_effect):
        browse_as(Role.REVIEWER).get(at(side_effect, "side-effect-show"))

        event = AuditEvent.objects.get(action="VIEWED")
        assert (event.what, event.what_id) == ("SideEffect", side_effect.public_id)
        assert event.patient_id_public == side_effect.patient.public_id

    def test_as_many_queries_for_a_long_file_as_for_a_short_one(self, browse_as, session, count_queries):
        browser = browse_as(Role.REVIEWER)
        short, long = (
            SideEffectFactory(session=InjectionSessionFactory(patient=PatientFactory(clinic=session.clinic))) for _ in range(2)
        )
        for side_effect, many in ((short, 1), (long, 30)):
            for _ in range(many):
                ReviewFactory(side_effect=side_effect)
                SideEffectFactory(session=side_effect.session)
            SideEffectVersionFactory(side_effect=side_effect)

        assert count_queries(lambda: browser.get(at(long, "side-effect-show"))) == count_queries(
            lambda: browser.get(at(short, "side-effect-show"))
        )


class TestReview:
    GIVEN = {"causality": "PROBABLE", "is_expected": "yes", "is_distant": "", "resulting_state": "REVIEWED", "note": "seen"}

    def test_review_is_kept(self, browse_as, session):
        side_effect = SideEffectFactory(session=session)

        answer = browse_as(Role.REVIEWER, name="Kim Review").post(at(side_effect, "side-effect-review"), self.GIVEN, follow=True)

        review = side_effect.reviews.get()
        assert (review.by.name, review.causality, review.is_expected, review.is_distant) == ("Kim Review", "PROBABLE", True, None)
        side_effect.refresh_from_db()
        assert side_effect.state == "REVIEWED"
        assert "The review is kept." in text(answer)
        assert "caused by the treatment: probable" in text(answer)

    @pytest.mark.parametrize(
        ("role", "status"), [(Role.FRONT_DESK, 403), (Role.CLINICIAN, 403), (Role.REVIEWER, 200), (Role.ADMIN, 200)]
    )
    def test_only_reviewers_review(self, browse_as, session, role, status):
        side_effect = SideEffectFactory(session=session)
        browser = browse_as(role)

        assert browser.get(at(side_effect, "side-effect-review")).status_code == status
        browser.post(at(side_effect, "side-effect-review"), self.GIVEN)
        assert side_effect.reviews.exists() == (status == 200)

    def test_form_stands_beside_the_report_its_map_and_lot(self, browse_as, session):
        side_effect = SideEffectFactory(session=session, version__narrative="a heavy lid")

        page = text(browse_as(Role.REVIEWER).get(at(side_effect, "side-effect-review")))

        lot = session.current_version.vial_uses.get().vial.lot
        for said in ("a heavy lid", lot.number, 'class="face-map', 'name="causality"'):
            assert said in page, said

    def test_nothing_is_judged_beforehand(self, browse_as, session):
        form = browse_as(Role.REVIEWER).get(at(SideEffectFactory(session=session), "side-effect-review")).context["form"]

        assert {form[name].value() for name in form.fields} == {None}

    @pytest.mark.parametrize(
        ("field", "typed"),
        [
            ("causality", ""),
            ("causality", "MAYBE"),
            ("is_expected", "perhaps"),
            ("resulting_state", ""),
            ("resulting_state", "NEW"),
            *hostile("action"),
            *hostile("note", several_lines=True),
        ],
    )
    def test_bad_input_is_told_and_nothing_written(self, browse_as, session, field, typed):
        side_effect = SideEffectFactory(session=session)

        page = browse_as(Role.REVIEWER).post(at(side_effect, "side-effect-review"), {**self.GIVEN, field: typed})

        assert page.status_code == 422
        assert list(page.context["form"].errors) == [field]
        assert not side_effect.reviews.exists()

    def test_side_effect_of_unknown_outcome_is_not_closed(self, browse_as, session):
        side_effect = SideEffectFactory(session=session, version__outcome="UNKNOWN")

        page = browse_as(Role.REVIEWER).post(at(side_effect, "side-effect-review"), self.GIVEN)

        assert page.status_code == 422
        assert "Its outcome is unknown" in text(page)


@pytest.mark.parametrize("name", ["side-effect-show", "side-effect-review", "side-effect-amend", "side-effect-acknowledge"])
def test_side_effect_of_another_clinic_does_not_exist(browse_as, name):
    stranger = SideEffectFactory(
        session=InjectionSessionFactory(patient=PatientFactory(given_name="Canary", family_name="Canary")),
        version__narrative="canary",
    )
    browser = browse_as(Role.ADMIN)

    answers = [browser.post(at(stranger, name), {"note": "x"})] if name != "side-effect-show" else []
    answers += [browser.get(at(stranger, name))] if name != "side-effect-acknowledge" else []
    for answer in answers:
        assert answer.status_code == 404
        assert b"anary" not in answer.content
    assert AuditEvent.objects.filter(action="DENIED", what="SideEffect").count() == len(answers)


def test_treatment_of_another_clinic_leads_nowhere(browse_as):
    assert browse_as(Role.ADMIN).get(at(InjectionSessionFactory(), "side-effect-report-treatment")).status_code == 404


def test_amended_treatment_shows_what_was_given_in_the_end(browse_as, session, ptosis):
    session.current_version = SessionVersionFactory(session=session, points=(("ZYG_MAJ", "RIGHT", "2"),))
    session.save()

    page = text(browse_as(Role.REVIEWER).get(at(SideEffectFactory(session=session), "side-effect-show")))

    assert "Botox, 2 U" in page
    assert str(TREATED_ON.year) in page
