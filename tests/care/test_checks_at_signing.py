"""Signing asks the checks: what is unanswered refuses everything, what was answered is kept."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from clinic.audit import Actor, AuditEvent
from clinic.practice.models import Role
from clinic.toxins.services import verify_rule
from clinic.treatments.models import InjectionSession, Override, PreCheck
from clinic.treatments.services import Point, TreatmentRefused
from tests.care.test_services import Visit
from tests.factories import (
    ALL_NO,
    NOW,
    TODAY,
    FollowUpFactory,
    GivenElsewhereFactory,
    HoldFactory,
    InjectionSessionFactory,
    LabelRuleFactory,
    PractitionerFactory,
    ProductFactory,
    SideEffectFactory,
    SiteDoseFactory,
    SiteFactory,
    member,
)

pytestmark = pytest.mark.django_db


def asked(visit, **changes):
    """The codes and severities that signing waits for, and the problems; nothing may have been written."""
    before = (InjectionSession.objects.count(), AuditEvent.objects.count())
    with pytest.raises(TreatmentRefused) as refused:
        visit.complete(**{"reasons": {}, "answers": ALL_NO} | changes)
    assert (InjectionSession.objects.count(), AuditEvent.objects.count(), Override.objects.count()) == (*before, 0)
    return refused.value


def codes(refused):
    return [(str(one.code), str(one.severity)) for one in refused.unanswered]


def treated_too_early(*, verified=False, role=Role.CLINICIAN):
    """A patient treated 83 days ago under a floor of twelve weeks; whoever signs has a role at the clinic."""
    visit = Visit(follow_up=FollowUpFactory(session=InjectionSessionFactory(performed_on=TODAY - timedelta(days=83))))
    rule = LabelRuleFactory()
    visit.by = Actor.of_user(member(role, clinic=visit.patient.clinic))
    if verified:
        colleague = Actor.of_user(member(Role.CLINICIAN, clinic=visit.patient.clinic))
        verify_rule(by=colleague, rule=rule, clinic=visit.patient.clinic, now=NOW)
    return visit


@pytest.mark.parametrize("answers", [{}, {"INFECTION": "NO"}, ALL_NO | {"INFECTION": ""}, ALL_NO | {"INFECTION": "PERHAPS"}])
def test_every_question_must_be_answered(answers):
    refused = asked(Visit(), answers=answers)
    missing = {item for item in ("HYPERSENSITIVITY", "INFECTION", "SWALLOWING") if answers.get(item) not in ("YES", "NO")}
    assert {f"answer-{item}" for item in missing} <= {problem.field for problem in refused.problems}
    assert {problem.message for problem in refused.problems} == {"Answer yes or no."}


def test_answers_are_kept_with_the_treatment_and_only_those_that_were_asked():
    session = Visit().complete(answers=ALL_NO | {"ANTICOAGULANT": "YES", "NONSENSE": "YES"})
    kept = dict(session.current_version.pre_checks.values_list("item", "answer"))
    assert kept["ANTICOAGULANT"] == "YES"
    assert set(kept) == {
        "HYPERSENSITIVITY", "INFECTION", "NEUROMUSCULAR", "SWALLOWING", "AMINOGLYCOSIDE", "ANTICOAGULANT", "EARLIER_REACTION",
    }  # fmt: skip
    assert set(PreCheck.objects.values_list("at", flat=True)) == {NOW}


def test_answers_to_the_last_treatment_are_none_today():
    visit = Visit()
    visit.complete()
    assert len(asked(visit, answers={}).problems) == 7


def test_a_rule_that_nobody_here_verified_asks_for_a_reason():
    assert codes(asked(treated_too_early())) == [("TOO_EARLY", "WARNING")]


def test_a_verified_rule_stops_and_a_clinician_goes_past_it_with_a_reason():
    visit = treated_too_early(verified=True)
    refused = asked(visit)
    assert codes(refused) == [("TOO_EARLY", "STOP")]
    key = refused.unanswered[0].key
    session = visit.complete(reasons={key: " effect gone\tafter eight weeks "})
    kept = Override.objects.get()
    assert (kept.session, kept.code, kept.severity, kept.by, kept.at) == (session, "TOO_EARLY", "STOP", visit.by.user, NOW)
    assert kept.reason == "effect gone after eight weeks"
    assert kept.shown == (
        "83 days after the treatment of 1 Sep 2026; not before 24 Nov 2026. · Not more often than every 12 weeks · A test"
        " · verified at this clinic"
    )
    assert AuditEvent.objects.get(action="SIGNED").fields == ["overrides"]


@pytest.mark.parametrize(
    ("role", "injects", "may"),
    [(Role.CLINICIAN, False, True), (Role.ADMIN, True, True), (Role.ADMIN, False, False), (Role.FRONT_DESK, True, False)],
)
def test_who_may_go_past_a_stop(role, injects, may):
    visit = treated_too_early(verified=True, role=role)
    if injects:
        PractitionerFactory(user=visit.by.user, clinics=[visit.patient.clinic])
    reasons = {asked(visit).unanswered[0].key: "effect gone"}
    if may:
        assert visit.complete(reasons=reasons).overrides.count() == 1
    else:
        assert codes(asked(visit, reasons=reasons)) == [("TOO_EARLY", "STOP")]


def test_a_clinician_of_another_clinic_does_not_go_past_a_stop():
    visit = treated_too_early(verified=True)
    visit.by = Actor.of_user(member(Role.CLINICIAN))
    reasons = {asked(visit).unanswered[0].key: "effect gone"}
    assert codes(asked(visit, reasons=reasons)) == [("TOO_EARLY", "STOP")]


def test_a_reason_for_other_numbers_is_none():
    visit = Visit()
    site = SiteFactory(code="CORR")
    SiteDoseFactory(site=site, usual_maximum=Decimal(5))
    first = asked(visit, points=[Point(site, "RIGHT", Decimal("5.01"))])
    reasons = {one.key: "needed" for one in first.unanswered}
    assert codes(asked(visit, points=[Point(site, "RIGHT", Decimal("50"))], reasons=reasons)) == [("ABOVE_USUAL", "WARNING")]
    assert visit.complete(points=[Point(site, "RIGHT", Decimal("5.01"))], reasons=reasons).overrides.count() == 1


def test_impossible_records_and_unanswered_checks_are_told_together():
    refused = asked(treated_too_early(), units=("2.5", "0"), answers={})
    assert [problem.field for problem in refused.problems][:1] == ["points-1-units"]
    assert "answer-INFECTION" in {problem.field for problem in refused.problems}
    assert codes(refused) == [("TOO_EARLY", "WARNING")]


@pytest.mark.parametrize("on", [date.min, date.max, date(1961, 5, 3), TODAY + timedelta(days=1)])
def test_a_day_that_cannot_be_is_refused_and_not_checked(on):
    refused = asked(treated_too_early(), performed_on=on)
    assert {problem.field for problem in refused.problems} - {"vial"} == {"performed_on"}
    assert refused.findings == []


def test_the_clinics_day_counts_not_that_of_greenwich():
    """At 23:30 in Greenwich it is the next day in Paris: the interval is over there."""
    visit = treated_too_early()
    late = NOW.replace(hour=23, minute=30)
    visit.complete(performed_on=TODAY + timedelta(days=1), now=late, reasons={})
    assert not Override.objects.exists()


def test_what_was_given_elsewhere_counts_until_it_is_voided():
    visit = Visit()
    LabelRuleFactory(scope="ROLLING", units=Decimal(100), interval_value=12, interval_unit="WEEK", wording="At most 100 U")
    GivenElsewhereFactory(patient=visit.patient, units=Decimal("97.51"), voided_at=NOW)
    GivenElsewhereFactory(units=Decimal(500))
    visit.complete(points=[Point(SiteFactory(code="A"), "RIGHT", Decimal("2.5"))], reasons={})
    GivenElsewhereFactory(patient=visit.patient, units=Decimal("95.01"))
    refused = asked(visit, points=[Point(SiteFactory(code="A"), "RIGHT", Decimal("2.5"))])
    (told,) = (one for one in refused.unanswered if one.code == "ROLLING_CEILING")
    assert (told.facts["units"], told.facts["elsewhere"]) == (Decimal("100.01"), Decimal("95.01"))


def test_another_product_elsewhere_is_asked_about_and_added_to_nothing():
    visit = Visit()
    GivenElsewhereFactory(patient=visit.patient, product=ProductFactory(code="ABOBOT", brand_name="Dysport"), units=Decimal(300))
    assert codes(asked(visit)) == [("OTHER_PRODUCT", "WARNING")]


def test_a_treatment_that_was_voided_counts_for_nothing():
    session = InjectionSessionFactory(performed_on=TODAY - timedelta(days=5))
    InjectionSession.objects.filter(pk=session.pk).update(state="VOID")
    LabelRuleFactory()
    visit = Visit()
    visit.condition, visit.patient = session.condition, session.patient
    visit.practitioner.clinics.add(session.clinic)
    visit.vial.clinic = session.clinic
    visit.vial.save()
    visit.complete(reasons={})


@pytest.mark.parametrize(
    ("hold", "asks"),
    [
        ({}, [("HOLD", "WARNING")]),
        ({"reason": "SIDE_EFFECT"}, [("HOLD", "STOP")]),
        ({"cleared_at": NOW}, []),
        ({"from_on": TODAY + timedelta(days=1)}, []),
    ],
)
def test_a_hold_that_stands_on_the_day_is_asked_about(hold, asks):
    visit = Visit()
    cleared_by = {"cleared_by": member(Role.CLINICIAN)} if "cleared_at" in hold else {}
    HoldFactory(patient=visit.patient, **hold, **cleared_by)
    if asks:
        assert codes(asked(visit)) == asks
    else:
        visit.complete(reasons={})


@pytest.mark.parametrize(
    ("state", "outcome", "urgency", "asks"),
    [
        ("NEW", "ONGOING", "GREEN", [("OPEN_SIDE_EFFECT", "WARNING")]),
        ("REVIEWED", "RECOVERING", "GREEN", [("OPEN_SIDE_EFFECT", "WARNING")]),
        ("NEW", "RECOVERED", "RED", [("OPEN_SIDE_EFFECT", "STOP")]),
        ("NEW", "RECOVERED", "GREEN", []),
        ("REVIEWED", "RECOVERED", "RED", []),
        ("REVIEWED", "UNKNOWN", "GREEN", []),
    ],
)
def test_a_side_effect_is_asked_about_as_it_stands(state, outcome, urgency, asks):
    visit = Visit()
    SideEffectFactory(
        patient=visit.patient, session=None, state=state, version__outcome=outcome, version__term__urgency=urgency,
        version__onset_on=TODAY - timedelta(days=3),
    )  # fmt: skip
    if asks:
        assert codes(asked(visit)) == asks
    else:
        visit.complete(reasons={})


def test_a_side_effect_of_a_later_day_is_not_held_against_an_earlier_treatment():
    visit = Visit()
    SideEffectFactory(patient=visit.patient, session=None, state="NEW", version__onset_on=TODAY, version__outcome="ONGOING")
    visit.complete(performed_on=TODAY - timedelta(days=1), reasons={})


@pytest.mark.parametrize("points", [1, 30])
def test_as_many_queries_for_thirty_points_and_their_overrides_as_for_one_and_25_at_most(points, django_assert_num_queries):
    visit = treated_too_early()
    given = []
    for number in range(points):
        site = SiteFactory(code=f"S{number}", warning="mind", risk="ptosis")
        SiteDoseFactory(site=site, usual_maximum=Decimal("0.5"))
        given.append(Point(site, "RIGHT", Decimal(1)))
    reasons = {one.key: "needed" for one in asked(visit, points=given).unanswered}
    with django_assert_num_queries(24):
        visit.complete(points=given, reasons=reasons)
    assert Override.objects.count() == 2
