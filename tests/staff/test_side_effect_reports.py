"""Reporting a side effect and amending a report, as staff do it."""

import uuid
from datetime import date

import pytest
from django.urls import reverse

from clinic.audit import AuditEvent
from clinic.practice.models import Role
from clinic.safety.models import SideEffect
from tests.factories import (
    InjectionSessionFactory,
    PatientFactory,
    SideEffectFactory,
    SideEffectVersionFactory,
    TermFactory,
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
    def test_everybody_reports(self, browse_as, session, ptosis, role):
        browser = browse_as(role, name="Desk Person")

        answer = browser.post(at(session.patient, "side-effect-report"), statement(session, narrative="lid hangs"), follow=True)

        side_effect = SideEffect.objects.get()
        assert (side_effect.patient, side_effect.session) == (session.patient, session)
        assert (side_effect.facts.term, side_effect.facts.severity, side_effect.facts.onset_on) == (ptosis, 2, date(2026, 9, 5))
        assert side_effect.reported_by.name == "Desk Person"
        assert "The side effect is reported." in text(answer)
        shown = at(session.patient, "patient-show") if role == Role.FRONT_DESK else at(side_effect, "side-effect-show")
        assert answer.redirect_chain == [(shown, 302)]

    def test_form_offers_terms_by_region_in_plain_and_clinical_words(self, browse_as, session, ptosis, dysphagia):
        TermFactory(code="OLD", plain_name="canary term", is_active=False)

        page = text(browse_as(Role.FRONT_DESK).get(at(session.patient, "side-effect-report")))

        assert '<optgroup label="throat">' in page
        assert "drooping upper eyelid (Eyelid ptosis)" in page
        assert "urgent: trouble swallowing (Dysphagia)" in page
        assert 'data-urgent="trouble swallowing"' in page
        assert "canary term" not in page
        assert "In an emergency call 112." in page

    def test_newest_treatment_is_chosen_and_another_or_none_can_be(self, browse_as, session, ptosis):
        older = InjectionSessionFactory(condition=session.condition, performed_on=date(2026, 3, 2))
        draft = InjectionSessionFactory(condition=session.condition, signed=False)
        browser = browse_as(Role.FRONT_DESK)

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

    def test_treatments_own_address_leads_to_the_report(self, browse_as, session):
        answer = browse_as(Role.FRONT_DESK).get(at(session, "side-effect-report-treatment"))

        assert answer.url == f"{at(session.patient, 'side-effect-report')}?session={session.public_id}"

    @pytest.mark.parametrize("role", [Role.FRONT_DESK, Role.CLINICIAN])
    def test_urgent_term_is_said_at_once_after_saving(self, browse_as, session, dysphagia, role):
        answer = browse_as(role).post(at(session.patient, "side-effect-report"), statement(session, "AE20"), follow=True)

        page = text(answer)
        assert "Urgent: trouble swallowing." in page
        assert "A doctor must see the patient at once." in page
        assert "In an emergency call 112." in page

    def test_urgent_term_is_said_although_the_form_is_refused(self, browse_as, session, dysphagia):
        page = browse_as(Role.FRONT_DESK).post(at(session.patient, "side-effect-report"), statement(session, "AE20", severity=""))

        assert page.status_code == 422
        assert "Urgent: trouble swallowing." in text(page)

    def test_sent_twice_it_is_reported_once(self, browse_as, session, ptosis):
        browser, given = browse_as(Role.FRONT_DESK), statement(session)

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
    def test_bad_input_is_told_the_form_kept_and_nothing_written(self, browse_as, session, ptosis, field, typed):
        given = statement(session, **({"outcome": "RECOVERED"} if field == "resolved_on" else {}))

        page = browse_as(Role.FRONT_DESK).post(at(session.patient, "side-effect-report"), {**given, field: typed})

        assert page.status_code == 422
        assert field in page.context["form"].errors or (field, typed) == ("outcome", "FATAL")
        assert 'value="2026-09-05"' in text(page) or field == "onset_on"
        assert not SideEffect.objects.exists()

    def test_every_contradiction_is_told_beside_its_field(self, browse_as, session, ptosis):
        given = statement(session, onset_on="2026-08-01", severity="5", outcome="RECOVERED", serious_criteria=["DEATH"])

        page = browse_as(Role.FRONT_DESK).post(at(session.patient, "side-effect-report"), given)

        assert set(page.context["form"].errors) == {"onset_on", "outcome", "serious_criteria"}
        assert "It began before the treatment of 1 Sep 2026." in text(page)

    def test_view_of_the_form_leaves_a_row(self, browse_as, session):
        browse_as(Role.FRONT_DESK).get(at(session.patient, "side-effect-report"))

        assert AuditEvent.objects.get(action="VIEWED").patient_id_public == session.patient.public_id


class TestAmend:
    def given(self, browser, side_effect):
        form = browser.get(at(side_effect, "side-effect-amend")).context["form"]
        return {name: form[name].value() for name in form.fields if form[name].value() not in (None, "")}

    def test_amendment_adds_a_version(self, browse_as, session):
        side_effect = SideEffectFactory(session=session, state="REVIEWED")
        browser = browse_as(Role.CLINICIAN)

        answer = browser.post(
            at(side_effect, "side-effect-amend"),
            {**self.given(browser, side_effect), "outcome": "RECOVERED", "resolved_on": "2026-10-01", "reason": "better"},
            follow=True,
        )

        side_effect.refresh_from_db()
        assert (side_effect.facts.number, side_effect.facts.outcome, side_effect.state) == (2, "RECOVERED", "IN_REVIEW")
        assert "ended 1 Oct 2026" in text(answer)

    def test_somebody_else_was_quicker(self, browse_as, session):
        side_effect = SideEffectFactory(session=session)
        browser = browse_as(Role.CLINICIAN)
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
    def test_bad_input_is_told_and_nothing_written(self, browse_as, session, field, typed):
        side_effect = SideEffectFactory(session=session)
        browser = browse_as(Role.CLINICIAN)

        page = browser.post(
            at(side_effect, "side-effect-amend"),
            {**self.given(browser, side_effect), "outcome": "RECOVERED", "reason": "better", field: typed},
        )

        assert page.status_code == 422
        assert list(page.context["form"].errors) == [field]
        assert side_effect.versions.count() == 1

    def test_term_that_is_no_longer_in_use_can_be_kept(self, browse_as, session):
        side_effect = SideEffectFactory(session=session, version__term=TermFactory(code="OLD", is_active=False))
        browser = browse_as(Role.CLINICIAN)

        browser.post(
            at(side_effect, "side-effect-amend"),
            {**self.given(browser, side_effect), "outcome": "RECOVERED", "reason": "better"},
        )

        assert side_effect.versions.count() == 2
