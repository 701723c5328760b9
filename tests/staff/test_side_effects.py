"""Reporting a side effect, reading the log, reviewing, as staff see it."""

import uuid
from datetime import date, timedelta

import pytest
from django.urls import reverse

from clinic.audit import AuditEvent
from clinic.practice.models import Role
from clinic.safety.models import SideEffect
from tests.factories import (
    NOW,
    TREATED_ON,
    ClinicFactory,
    InjectionSessionFactory,
    PatientFactory,
    ReviewFactory,
    SessionVersionFactory,
    SideEffectFactory,
    SideEffectVersionFactory,
    TermFactory,
    UserFactory,
    VialFactory,
    member,
)
from tests.hostile import hostile
from tests.staff.follow_up_reading import names, row_of, text

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def clock(time_machine):
    """Every test happens on Monday 23 November 2026 in the morning."""
    time_machine.move_to(NOW, tick=False)


@pytest.fixture
def clinic():
    return ClinicFactory(emergency_text="In an emergency call 112.")


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


@pytest.fixture
def sign_in(client, clinic):
    def as_a(role, **user):
        client.force_login(member(role, clinic=clinic, **user))
        return client

    return as_a


def at(thing, name):
    return reverse(f"staff:{name}", args=[thing.public_id])


def statement(session=None, term="AE01", **more):
    return {
        "token": str(uuid.uuid4()),
        "session": str(session.public_id) if session else "",
        "term": term,
        "onset_on": "2026-09-05",
        "severity": "2",
        "outcome": "ONGOING",
        **more,
    }


class TestReport:
    @pytest.mark.parametrize("role", list(Role))
    def test_everybody_reports(self, sign_in, session, ptosis, role):
        browser = sign_in(role, name="Desk Person")

        answer = browser.post(at(session.patient, "side-effect-report"), statement(session, narrative="lid hangs"), follow=True)

        side_effect = SideEffect.objects.get()
        assert (side_effect.patient, side_effect.session) == (session.patient, session)
        assert (side_effect.facts.term, side_effect.facts.severity, side_effect.facts.onset_on) == (ptosis, 2, date(2026, 9, 5))
        assert side_effect.reported_by.name == "Desk Person"
        assert "The side effect is reported." in text(answer)
        shown = at(session.patient, "patient-show") if role == Role.FRONT_DESK else at(side_effect, "side-effect-show")
        assert answer.redirect_chain == [(shown, 302)]

    def test_form_offers_terms_by_region_in_plain_and_clinical_words(self, sign_in, session, ptosis, dysphagia):
        TermFactory(code="OLD", plain_name="canary term", is_active=False)

        page = text(sign_in(Role.FRONT_DESK).get(at(session.patient, "side-effect-report")))

        assert '<optgroup label="throat">' in page
        assert "drooping upper eyelid (Eyelid ptosis)" in page
        assert "urgent: trouble swallowing (Dysphagia)" in page
        assert 'data-urgent="trouble swallowing"' in page
        assert "canary term" not in page
        assert "In an emergency call 112." in page

    def test_newest_treatment_is_chosen_and_another_or_none_can_be(self, sign_in, session, ptosis):
        older = InjectionSessionFactory(condition=session.condition, performed_on=date(2026, 3, 2))
        draft = InjectionSessionFactory(condition=session.condition, signed=False)
        browser = sign_in(Role.FRONT_DESK)

        form = browser.get(at(session.patient, "side-effect-report")).context["form"]
        assert form["session"].value() == str(session.public_id)
        assert [label for _, label in form.fields["session"].choices] == [
            "1 Sep 2026: Botox, Hemifacial spasm, right",
            "2 Mar 2026: Botox, Hemifacial spasm, right",
            "none known",
        ]
        form = browser.get(at(session.patient, "side-effect-report"), {"session": older.public_id}).context["form"]
        assert form["session"].value() == str(older.public_id)
        browser.post(at(session.patient, "side-effect-report"), statement(None, onset_on=""))
        assert SideEffect.objects.get().session is None
        assert browser.post(at(session.patient, "side-effect-report"), statement(draft)).status_code == 422

    def test_treatments_own_address_leads_to_the_report(self, sign_in, session):
        answer = sign_in(Role.FRONT_DESK).get(at(session, "side-effect-report-treatment"))

        assert answer.url == f"{at(session.patient, 'side-effect-report')}?session={session.public_id}"

    @pytest.mark.parametrize("role", [Role.FRONT_DESK, Role.CLINICIAN])
    def test_urgent_term_is_said_at_once_after_saving(self, sign_in, session, dysphagia, role):
        answer = sign_in(role).post(at(session.patient, "side-effect-report"), statement(session, "AE20"), follow=True)

        page = text(answer)
        assert "Urgent: trouble swallowing." in page
        assert "A doctor must see the patient at once." in page
        assert "In an emergency call 112." in page

    def test_urgent_term_is_said_although_the_form_is_refused(self, sign_in, session, dysphagia):
        page = sign_in(Role.FRONT_DESK).post(at(session.patient, "side-effect-report"), statement(session, "AE20", severity=""))

        assert page.status_code == 422
        assert "Urgent: trouble swallowing." in text(page)

    def test_sent_twice_it_is_reported_once(self, sign_in, session, ptosis):
        browser, given = sign_in(Role.FRONT_DESK), statement(session)

        for _ in range(2):
            browser.post(at(session.patient, "side-effect-report"), given)

        assert SideEffect.objects.count() == 1

    @pytest.mark.parametrize(
        ("field", "typed"),
        [
            ("term", ""),
            ("term", "NONSENSE"),
            ("term", "AE01\x00"),
            ("session", str(uuid.UUID(int=0))),
            ("session", "x" * 100_000),
            ("onset_on", "2026-08-31"),
            ("onset_on", "2026-11-24"),
            ("onset_on", "soon"),
            ("onset_on", "2026-02-30"),
            ("severity", ""),
            ("severity", "6"),
            ("severity", "-1"),
            ("severity", "2.5"),
            ("severity", "1e1"),
            ("severity", "9" * 5000),
            ("outcome", ""),
            ("outcome", "FINE"),
            ("outcome", "FATAL"),
            ("resolved_on", "2026-11-24"),
            ("serious_criteria", "ANNOYING"),
            ("serious_criteria", "DEATH"),
            ("token", ""),
            ("token", "x"),
            *hostile("narrative", several_lines=True),
        ],
    )
    def test_bad_input_is_told_the_form_kept_and_nothing_written(self, sign_in, session, ptosis, field, typed):
        given = statement(session, **({"outcome": "RECOVERED"} if field == "resolved_on" else {}))

        page = sign_in(Role.FRONT_DESK).post(at(session.patient, "side-effect-report"), {**given, field: typed})

        assert page.status_code == 422
        assert field in page.context["form"].errors or (field, typed) == ("outcome", "FATAL")
        assert 'value="2026-09-05"' in text(page) or field == "onset_on"
        assert not SideEffect.objects.exists()

    def test_every_contradiction_is_told_beside_its_field(self, sign_in, session, ptosis):
        given = statement(session, onset_on="2026-08-01", severity="5", outcome="RECOVERED", serious_criteria=["DEATH"])

        page = sign_in(Role.FRONT_DESK).post(at(session.patient, "side-effect-report"), given)

        assert set(page.context["form"].errors) == {"onset_on", "outcome", "serious_criteria"}
        assert "It began before the treatment of 1 Sep 2026." in text(page)

    def test_view_of_the_form_leaves_a_row(self, sign_in, session):
        sign_in(Role.FRONT_DESK).get(at(session.patient, "side-effect-report"))

        assert AuditEvent.objects.get(action="VIEWED").patient_id_public == session.patient.public_id


class TestLog:
    LIST = reverse("staff:side-effect-list")

    def test_row_says_what_happened_to_whom_after_what(self, sign_in, clinic):
        vial = VialFactory(clinic=clinic, lot__number="C7719")
        session = InjectionSessionFactory(patient=PatientFactory(clinic=clinic, given_name="Ines", family_name="Moss"), vial=vial)
        SideEffectFactory(session=session, version__severity=3, version__serious_criteria=["HOSPITAL"])

        row = row_of(sign_in(Role.REVIEWER).get(self.LIST), "drooping upper eyelid")

        for said in (
            "Ines Moss",
            "6 Sep 2026",
            "1 Sep 2026: Botox",
            "C7719",
            session.practitioner.name,
            "severe",
            "serious",
            "not recovered",
            "21 Nov 2026",
            "new",
        ):
            assert said in row, said

    @pytest.mark.parametrize(
        ("role", "status"), [(Role.FRONT_DESK, 403), (Role.CLINICIAN, 200), (Role.REVIEWER, 200), (Role.ADMIN, 200)]
    )
    def test_log_is_for_those_who_may_see_it(self, sign_in, role, status):
        assert sign_in(role).get(self.LIST).status_code == status

    def test_counts_stand_by_state_and_one_can_be_shown(self, sign_in, session):
        for state in ("NEW", "NEW", "REVIEWED"):
            SideEffectFactory(session=session, state=state)

        page = sign_in(Role.REVIEWER).get(self.LIST, {"state": "REVIEWED"})

        assert len(page.context["page"].rows) == 1
        assert {str(tab["word"]): tab["count"] for tab in page.context["tabs"]} == {
            "All": 3, "new": 2, "in review": 0, "being followed": 0, "reviewed": 1,
        }  # fmt: skip

    @pytest.mark.parametrize(
        "asked",
        [
            {"term": "AE20"},
            {"urgency": "RED"},
            {"severity": "3"},
            {"q": "moss"},
            {"q": "WOODEN"},
            {"lot": "c 77-19"},
            {"reported_from": "2026-11-20"},
            {"product": "DYSPORT"},
            {"term": "AE20", "q": "ines", "severity": "2"},
        ],
    )
    def test_log_is_narrowed(self, sign_in, clinic, dysphagia, asked):
        SideEffectFactory(
            session=InjectionSessionFactory(patient=PatientFactory(clinic=clinic, search_text="jo ash")),
            reported_at=NOW - timedelta(days=30),
        )
        vial = VialFactory(clinic=clinic, lot__number="C7719", lot__product__code="DYSPORT", lot__product__brand_name="Dysport")
        wanted = SideEffectFactory(
            session=InjectionSessionFactory(patient=PatientFactory(clinic=clinic, search_text="ines moss"), vial=vial),
            version__term=dysphagia,
            version__severity=3,
            version__narrative="a wooden throat",
        )

        assert sign_in(Role.REVIEWER).get(self.LIST, asked).context["page"].rows == [wanted]

    def test_log_is_narrowed_by_who_treated_and_until_when(self, sign_in, session):
        early = SideEffectFactory(session=session, reported_at=NOW - timedelta(days=30))
        SideEffectFactory(session=InjectionSessionFactory(patient=PatientFactory(clinic=session.clinic)))
        browser = sign_in(Role.REVIEWER)

        by = browser.get(self.LIST, {"practitioner": session.practitioner.public_id.hex})
        until = browser.get(self.LIST, {"reported_until": "2026-10-24"})

        assert by.context["page"].rows == until.context["page"].rows == [early]
        assert browser.get(self.LIST, {"reported_until": "2026-10-23"}).context["page"].rows == []

    @pytest.mark.parametrize(
        "asked",
        [
            {"state": "NONSENSE"},
            {"term": "x"},
            {"severity": "9"},
            {"product": "x"},
            {"practitioner": "x"},
            {"reported_from": "x"},
            {"reported_until": "9999-12-31"},
            {"q": "a\x00"},
            {"q": "a" * 101},
            {"lot": "a\u202e"},
            {"lot": "a" * 41},
        ],
    )
    def test_filter_that_cannot_be_is_refused_and_nothing_shown(self, sign_in, session, asked):
        SideEffectFactory(session=session, version__term=TermFactory(code="C", plain_name="canary term", is_active=False))

        page = sign_in(Role.REVIEWER).get(self.LIST, asked)

        assert page.status_code == 422
        assert "row-link" not in text(page)
        assert "Correct what is marked." in text(page)

    def test_lot_of_separators_only_finds_nothing(self, sign_in, session):
        SideEffectFactory(session=session)

        assert sign_in(Role.REVIEWER).get(self.LIST, {"lot": "--"}).context["page"].rows == []

    def test_pages_show_every_report_once_with_the_filters_kept(self, sign_in, session):
        for number in range(120):
            SideEffectFactory(session=session, reported_at=NOW - timedelta(minutes=number // 3))
        browser = sign_in(Role.REVIEWER)

        page = browser.get(self.LIST, {"severity": "1"})
        seen = [row.pk for row in page.context["page"].rows]
        while page.context["page"].next_query:
            assert "severity=1" in page.context["page"].next_query
            page = browser.get(self.LIST + page.context["page"].next_query)
            seen += [row.pk for row in page.context["page"].rows]

        assert len(seen) == len(set(seen)) == 120

    def test_nothing_of_another_clinic_is_listed_or_counted(self, sign_in, clinic):
        SideEffectFactory(version__term=TermFactory(code="C", plain_name="canary term", is_active=False))

        page = sign_in(Role.ADMIN).get(self.LIST)

        assert names(page) == []
        assert page.context["total"] == 0

    def test_listing_leaves_a_row_with_how_many(self, sign_in, session):
        SideEffectFactory(session=session)

        sign_in(Role.REVIEWER).get(self.LIST)

        event = AuditEvent.objects.get(action="LISTED")
        assert (event.what, event.count) == ("SideEffect", 1)

    def test_as_many_queries_for_one_as_for_a_full_page(self, sign_in, session, count_queries):
        browser = sign_in(Role.REVIEWER)
        SideEffectFactory(session=session)
        one = count_queries(lambda: browser.get(self.LIST))
        for _ in range(55):
            SideEffectFactory(session=InjectionSessionFactory(patient=PatientFactory(clinic=session.clinic)))

        assert count_queries(lambda: browser.get(self.LIST)) == one
        assert one <= 14


class TestShow:
    @pytest.fixture
    def side_effect(self, session, dysphagia):
        return SideEffectFactory(session=session, version__term=dysphagia, version__narrative="a wooden throat")

    def test_report_stands_with_the_treatment_its_lot_and_its_map(self, sign_in, side_effect, session):
        page = text(sign_in(Role.CLINICIAN).get(at(side_effect, "side-effect-show")))

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

    def test_versions_and_reviews_stand_with_who_and_why(self, sign_in, side_effect):
        side_effect.current_version = SideEffectVersionFactory(
            side_effect=side_effect, term=side_effect.facts.term, outcome="RECOVERED", reason="the patient called", at=NOW
        )
        side_effect.save()
        ReviewFactory(side_effect=side_effect, by=UserFactory(name="Kim Review"), note="looked twice", is_expected=False)

        page = text(sign_in(Role.REVIEWER).get(at(side_effect, "side-effect-show")))

        for said in (
            "Version 2: trouble swallowing",
            "the patient called",
            "Version 1",
            "Kim Review",
            "looked twice",
            "not listed in the label",
        ):
            assert said in page, said

    def test_other_side_effects_of_the_patient_are_named(self, sign_in, side_effect, session, ptosis):
        other = SideEffectFactory(session=session, version__term=ptosis)

        assert at(other, "side-effect-show") in text(sign_in(Role.REVIEWER).get(at(side_effect, "side-effect-show")))

    def test_side_effect_without_a_treatment_or_a_beginning_is_shown(self, sign_in, clinic):
        side_effect = SideEffectFactory(
            patient=PatientFactory(clinic=clinic), session=None, reported_by_patient=True, version__onset_on=None
        )

        page = text(sign_in(Role.REVIEWER).get(at(side_effect, "side-effect-show")))

        for said in ("None is known.", "not known", "by the patient"):
            assert said in page

    def test_first_to_see_it_says_so(self, sign_in, side_effect):
        browser = sign_in(Role.CLINICIAN, name="Dr Quick")

        page = text(browser.post(at(side_effect, "side-effect-acknowledge"), follow=True))

        side_effect.refresh_from_db()
        assert side_effect.acknowledged_by.name == "Dr Quick"
        assert "23 Nov 2026, 10:00 by Dr Quick" in page
        assert "I have seen this" not in page
        assert browser.get(at(side_effect, "side-effect-acknowledge")).status_code == 405

    def test_view_leaves_a_row_that_names_patient_and_side_effect(self, sign_in, side_effect):
        sign_in(Role.REVIEWER).get(at(side_effect, "side-effect-show"))

        event = AuditEvent.objects.get(action="VIEWED")
        assert (event.what, event.what_id) == ("SideEffect", side_effect.public_id)
        assert event.patient_id_public == side_effect.patient.public_id

    def test_as_many_queries_for_a_long_file_as_for_a_short_one(self, sign_in, session, count_queries):
        browser = sign_in(Role.REVIEWER)
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

    def test_review_is_kept(self, sign_in, session):
        side_effect = SideEffectFactory(session=session)

        answer = sign_in(Role.REVIEWER, name="Kim Review").post(at(side_effect, "side-effect-review"), self.GIVEN, follow=True)

        review = side_effect.reviews.get()
        assert (review.by.name, review.causality, review.is_expected, review.is_distant) == ("Kim Review", "PROBABLE", True, None)
        side_effect.refresh_from_db()
        assert side_effect.state == "REVIEWED"
        assert "The review is kept." in text(answer)
        assert "caused by the treatment: probable" in text(answer)

    @pytest.mark.parametrize(
        ("role", "status"), [(Role.FRONT_DESK, 403), (Role.CLINICIAN, 403), (Role.REVIEWER, 200), (Role.ADMIN, 200)]
    )
    def test_only_reviewers_review(self, sign_in, session, role, status):
        side_effect = SideEffectFactory(session=session)
        browser = sign_in(role)

        assert browser.get(at(side_effect, "side-effect-review")).status_code == status
        browser.post(at(side_effect, "side-effect-review"), self.GIVEN)
        assert side_effect.reviews.exists() == (status == 200)

    def test_form_stands_beside_the_report_its_map_and_lot(self, sign_in, session):
        side_effect = SideEffectFactory(session=session, version__narrative="a heavy lid")

        page = text(sign_in(Role.REVIEWER).get(at(side_effect, "side-effect-review")))

        lot = session.current_version.vial_uses.get().vial.lot
        for said in ("a heavy lid", lot.number, 'class="face-map', 'name="causality"'):
            assert said in page, said

    def test_nothing_is_judged_beforehand(self, sign_in, session):
        form = sign_in(Role.REVIEWER).get(at(SideEffectFactory(session=session), "side-effect-review")).context["form"]

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
    def test_bad_input_is_told_and_nothing_written(self, sign_in, session, field, typed):
        side_effect = SideEffectFactory(session=session)

        page = sign_in(Role.REVIEWER).post(at(side_effect, "side-effect-review"), {**self.GIVEN, field: typed})

        assert page.status_code == 422
        assert list(page.context["form"].errors) == [field]
        assert not side_effect.reviews.exists()

    def test_side_effect_of_unknown_outcome_is_not_closed(self, sign_in, session):
        side_effect = SideEffectFactory(session=session, version__outcome="UNKNOWN")

        page = sign_in(Role.REVIEWER).post(at(side_effect, "side-effect-review"), self.GIVEN)

        assert page.status_code == 422
        assert "Its outcome is unknown" in text(page)


class TestAmend:
    def given(self, browser, side_effect):
        form = browser.get(at(side_effect, "side-effect-amend")).context["form"]
        return {name: form[name].value() for name in form.fields if form[name].value() not in (None, "")}

    def test_amendment_adds_a_version(self, sign_in, session):
        side_effect = SideEffectFactory(session=session, state="REVIEWED")
        browser = sign_in(Role.CLINICIAN)

        answer = browser.post(
            at(side_effect, "side-effect-amend"),
            {**self.given(browser, side_effect), "outcome": "RECOVERED", "resolved_on": "2026-10-01", "reason": "better"},
            follow=True,
        )

        side_effect.refresh_from_db()
        assert (side_effect.facts.number, side_effect.facts.outcome, side_effect.state) == (2, "RECOVERED", "IN_REVIEW")
        assert "ended 1 Oct 2026" in text(answer)

    def test_somebody_else_was_quicker(self, sign_in, session):
        side_effect = SideEffectFactory(session=session)
        browser = sign_in(Role.CLINICIAN)
        given = self.given(browser, side_effect)
        side_effect.current_version = SideEffectVersionFactory(side_effect=side_effect, outcome="RECOVERED")
        side_effect.save()

        page = browser.post(at(side_effect, "side-effect-amend"), {**given, "severity": "3", "reason": "worse"})

        assert page.status_code == 422
        assert "Somebody has changed this report meanwhile." in text(page)
        assert side_effect.versions.count() == 2

    @pytest.mark.parametrize(
        ("field", "typed"),
        [
            ("reason", ""),
            ("based_on", ""),
            ("based_on", "x"),
            ("based_on", "9" * 500),
            ("severity", ""),
            *hostile("reason"),
            *hostile("narrative", several_lines=True),
        ],
    )
    def test_bad_input_is_told_and_nothing_written(self, sign_in, session, field, typed):
        side_effect = SideEffectFactory(session=session)
        browser = sign_in(Role.CLINICIAN)

        page = browser.post(
            at(side_effect, "side-effect-amend"),
            {**self.given(browser, side_effect), "outcome": "RECOVERED", "reason": "better", field: typed},
        )

        assert page.status_code == 422
        assert list(page.context["form"].errors) == [field]
        assert side_effect.versions.count() == 1

    def test_term_that_is_no_longer_in_use_can_be_kept(self, sign_in, session):
        side_effect = SideEffectFactory(session=session, version__term=TermFactory(code="OLD", is_active=False))
        browser = sign_in(Role.CLINICIAN)

        browser.post(
            at(side_effect, "side-effect-amend"),
            {**self.given(browser, side_effect), "outcome": "RECOVERED", "reason": "better"},
        )

        assert side_effect.versions.count() == 2


@pytest.mark.parametrize("name", ["side-effect-show", "side-effect-review", "side-effect-amend", "side-effect-acknowledge"])
def test_side_effect_of_another_clinic_does_not_exist(sign_in, name):
    stranger = SideEffectFactory(
        session=InjectionSessionFactory(patient=PatientFactory(given_name="Canary", family_name="Canary")),
        version__narrative="canary",
    )
    browser = sign_in(Role.ADMIN)

    answers = [browser.post(at(stranger, name), {"note": "x"})] if name != "side-effect-show" else []
    answers += [browser.get(at(stranger, name))] if name != "side-effect-acknowledge" else []
    for answer in answers:
        assert answer.status_code == 404
        assert b"anary" not in answer.content
    assert AuditEvent.objects.filter(action="DENIED", what="SideEffect").count() == len(answers)


def test_treatment_of_another_clinic_leads_nowhere(sign_in):
    assert sign_in(Role.ADMIN).get(at(InjectionSessionFactory(), "side-effect-report-treatment")).status_code == 404


def test_amended_treatment_shows_what_was_given_in_the_end(sign_in, session, ptosis):
    session.current_version = SessionVersionFactory(session=session, points=(("ZYG_MAJ", "RIGHT", "2"),))
    session.save()

    page = text(sign_in(Role.REVIEWER).get(at(SideEffectFactory(session=session), "side-effect-show")))

    assert "Botox, 2 U" in page
    assert str(TREATED_ON.year) in page
