"""A follow-up from its opening to its end."""

from datetime import date, timedelta

import pytest
from django.db import IntegrityError, transaction

from clinic.audit import Actor, AuditEvent
from clinic.toxins.models import RuleVerification
from clinic.treatments.models import ContactAttempt, FollowUp, WindowPolicy
from clinic.treatments.services import (
    FollowUpRefused,
    close_active,
    log_contact,
    open_follow_up,
    snooze,
    stop,
    wake,
)
from tests.factories import (
    NOW,
    TODAY,
    ClinicFactory,
    FollowUpFactory,
    IndicationFactory,
    InjectionSessionFactory,
    LabelRuleFactory,
    UserFactory,
    WindowPolicyFactory,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def by():
    return Actor.of_user(UserFactory())


def opened(session, **options):
    return open_follow_up(session=session, now=NOW, **options)


def test_without_policy_and_label_the_window_is_three_to_six_months_and_says_that_no_interval_is_on_file():
    follow_up = opened(InjectionSessionFactory(performed_on=date(2026, 9, 1)))
    assert (follow_up.opens_on, follow_up.closes_on) == (date(2026, 12, 1), date(2027, 3, 1))
    assert follow_up.opens_rule == ("policy: 3 calendar months after 1 Sep 2026 (label of Botox, EU: no interval on file)")
    assert (follow_up.state, follow_up.created_at) == ("ACTIVE", NOW)


def test_label_of_the_clinics_jurisdiction_and_indication_sets_the_opening_when_it_is_later():
    LabelRuleFactory(interval_value=16, wording="16 weeks between treatments")
    LabelRuleFactory(interval_value=40, jurisdiction="US")
    LabelRuleFactory(interval_value=40, indication=IndicationFactory(code="CD", name="Cervical dystonia"))
    follow_up = opened(InjectionSessionFactory(performed_on=date(2026, 9, 1)))
    assert follow_up.opens_on == date(2026, 12, 22)
    assert follow_up.opens_rule == (
        "label of Botox, EU: 16 weeks between treatments, from 1 Sep 2026 (not verified at this clinic)"
    )


def test_label_rule_for_all_uses_counts_too():
    LabelRuleFactory(interval_value=100, interval_unit="DAY", indication=None, wording="100 days apart")
    assert "100 days apart" in opened(InjectionSessionFactory()).opens_rule


def test_rule_verified_at_this_clinic_drops_the_note_and_at_another_does_not():
    rule = LabelRuleFactory(interval_value=16, wording="16 weeks")
    session, elsewhere = InjectionSessionFactory(), InjectionSessionFactory(patient__clinic=ClinicFactory())
    RuleVerification.objects.create(rule=rule, clinic=session.clinic, by=UserFactory(), at=NOW)
    assert "not verified" not in opened(session).opens_rule
    assert "not verified at this clinic" in opened(elsewhere).opens_rule


def test_rules_for_children_do_not_hold_back_an_adult():
    LabelRuleFactory(interval_value=16, age_until=17, wording="Child: 16 weeks")
    adult = InjectionSessionFactory(patient__born_on=date(1961, 5, 4))
    child = InjectionSessionFactory(patient__born_on=date(2015, 5, 4))
    assert "Child" not in opened(adult).opens_rule
    assert "Child" in opened(child).opens_rule


def test_policy_for_the_indication_goes_before_the_one_for_any_and_other_clinics_do_not_count():
    session = InjectionSessionFactory(performed_on=date(2026, 9, 1))
    WindowPolicyFactory(clinic=ClinicFactory(), opens_after=1, closes_after=2)
    assert opened(session).opens_on == date(2026, 12, 1)
    second = InjectionSessionFactory(patient__clinic=session.clinic, performed_on=date(2026, 9, 1))
    WindowPolicyFactory(clinic=session.clinic, opens_after=4, closes_after=7)
    assert opened(second).opens_on == date(2027, 1, 1)
    third = InjectionSessionFactory(patient__clinic=session.clinic, performed_on=date(2026, 9, 1))
    hfs = third.condition.indication
    WindowPolicyFactory(
        clinic=session.clinic, indication=hfs, opens_after=14, opens_unit="WEEK", closes_after=20, closes_unit="WEEK"
    )
    follow_up = opened(third)
    assert (follow_up.opens_on, follow_up.closes_on) == (date(2026, 12, 8), date(2027, 1, 19))
    assert follow_up.opens_rule.startswith("policy: 14 weeks after 1 Sep 2026")


def test_own_date_is_kept_and_wins():
    follow_up = opened(InjectionSessionFactory(performed_on=date(2026, 9, 1)), own_on=date(2026, 11, 10))
    assert follow_up.own_on == follow_up.opens_on == follow_up.suggested_from == date(2026, 11, 10)
    assert follow_up.opens_rule.startswith("the clinician's own date")


def test_closing_ends_the_active_follow_up_of_this_condition_only():
    mine, other = FollowUpFactory(), FollowUpFactory()
    assert close_active(condition=mine.condition, now=NOW) == mine
    mine.refresh_from_db()
    other.refresh_from_db()
    assert (mine.state, mine.ended_at, other.state) == ("TREATED", NOW, "ACTIVE")
    assert close_active(condition=mine.condition, now=NOW) is None


@pytest.mark.parametrize("days", [1, 30])
def test_snoozed_until_a_day_with_its_reason(by, days):
    follow_up = FollowUpFactory()
    snooze(by=by, follow_up=follow_up, until=TODAY + timedelta(days=days), note=" away \n till then ", now=NOW)
    follow_up.refresh_from_db()
    assert (follow_up.snoozed_until, follow_up.snooze_note) == (TODAY + timedelta(days=days), "away till then")
    follow_up.patient.refresh_from_db()
    assert follow_up.patient.next_check_at == NOW
    event = AuditEvent.objects.get(action="SNOOZED")
    assert (event.what_id, event.fields) == (follow_up.public_id, ["snooze_note", "snoozed_until"])


@pytest.mark.parametrize(
    ("until", "note", "field"),
    [
        (TODAY, "away", "until"),
        (TODAY - timedelta(days=1), "away", "until"),
        (date(2027, 3, 1) + timedelta(days=184), "away", "until"),
        (date(9999, 12, 31), "away", "until"),
        (TODAY + timedelta(days=9), "  ", "note"),
    ],
)
def test_snooze_needs_a_coming_day_not_too_far_off_and_a_reason(by, until, note, field):
    follow_up = FollowUpFactory()
    with pytest.raises(FollowUpRefused) as refused:
        snooze(by=by, follow_up=follow_up, until=until, note=note, now=NOW)
    assert (refused.value.field, bool(refused.value.message)) == (field, True)
    follow_up.refresh_from_db()
    assert follow_up.snoozed_until is None
    assert not AuditEvent.objects.exists()


@pytest.mark.parametrize("closed_days_ago", [-98, 0, 400])
def test_snooze_reaches_half_a_year_past_the_window_or_today(by, closed_days_ago):
    closes_on = TODAY - timedelta(days=closed_days_ago)
    follow_up = FollowUpFactory(
        opens_on=closes_on - timedelta(days=90), closes_on=closes_on, suggested_from=None, suggested_until=None
    )
    latest = max(closes_on, TODAY) + timedelta(days=183)
    with pytest.raises(FollowUpRefused):
        snooze(by=by, follow_up=follow_up, until=latest + timedelta(days=1), note="away", now=NOW)
    snooze(by=by, follow_up=follow_up, until=latest, note="away", now=NOW)
    follow_up.refresh_from_db()
    assert follow_up.snoozed_until == latest


def test_waking_ends_the_snooze_and_is_harmless_when_awake(by):
    follow_up = FollowUpFactory(snoozed_until=TODAY + timedelta(days=9), snooze_note="away")
    wake(by=by, follow_up=follow_up, now=NOW)
    wake(by=by, follow_up=follow_up, now=NOW)
    follow_up.refresh_from_db()
    assert (follow_up.snoozed_until, follow_up.snooze_note) == (None, "")
    assert AuditEvent.objects.filter(action="CHANGED").count() == 1


def test_stopped_with_a_reason(by):
    follow_up = FollowUpFactory()
    stop(by=by, follow_up=follow_up, reason="MOVED_AWAY", note="to Lisbon", now=NOW)
    follow_up.refresh_from_db()
    assert (follow_up.state, follow_up.stop_reason, follow_up.stop_note) == ("STOPPED", "MOVED_AWAY", "to Lisbon")
    assert follow_up.ended_at == NOW
    assert AuditEvent.objects.get().action == "STOPPED"


@pytest.mark.parametrize(("reason", "note", "field"), [("", "x", "reason"), ("NONSENSE", "x", "reason"), ("OTHER", " ", "note")])
def test_stop_needs_a_known_reason_and_other_needs_words(by, reason, note, field):
    follow_up = FollowUpFactory()
    with pytest.raises(FollowUpRefused) as refused:
        stop(by=by, follow_up=follow_up, reason=reason, note=note, now=NOW)
    assert refused.value.field == field
    follow_up.refresh_from_db()
    assert follow_up.state == "ACTIVE"


@pytest.mark.parametrize("state", ["TREATED", "STOPPED"])
def test_ended_follow_up_is_neither_snoozed_nor_stopped_again(by, state):
    follow_up = FollowUpFactory(state=state)
    for act in (
        lambda: snooze(by=by, follow_up=follow_up, until=TODAY + timedelta(days=9), note="away", now=NOW),
        lambda: stop(by=by, follow_up=follow_up, reason="MOVED_AWAY", note="", now=NOW),
        lambda: wake(by=by, follow_up=follow_up, now=NOW),
    ):
        with pytest.raises(FollowUpRefused, match="ended meanwhile"):
            act()
    follow_up.refresh_from_db()
    assert follow_up.state == state


def test_contact_is_logged_with_who_how_and_what_came_of_it(by):
    follow_up = FollowUpFactory(state="STOPPED")
    attempt = log_contact(by=by, follow_up=follow_up, channel="PHONE", outcome="VOICEMAIL", note="asked\nto call", now=NOW)
    saved = ContactAttempt.objects.get()
    assert saved == attempt
    assert (saved.by, saved.at, saved.note) == (by.user, NOW, "asked to call")
    follow_up.patient.refresh_from_db()
    assert follow_up.patient.next_check_at == NOW
    assert AuditEvent.objects.get().action == "CONTACTED"


@pytest.mark.parametrize(("channel", "outcome", "field"), [("PIGEON", "REACHED", "channel"), ("PHONE", "", "outcome")])
def test_unknown_ways_and_outcomes_are_refused(by, channel, outcome, field):
    with pytest.raises(FollowUpRefused) as refused:
        log_contact(by=by, follow_up=FollowUpFactory(), channel=channel, outcome=outcome, note="", now=NOW)
    assert refused.value.field == field
    assert not ContactAttempt.objects.exists()


def test_a_contact_is_made_by_a_person():
    with pytest.raises(ValueError, match="made by a person"):
        log_contact(by=Actor.system(), follow_up=FollowUpFactory(), channel="PHONE", outcome="REACHED", note="", now=NOW)


@pytest.mark.parametrize(
    "broken",
    [
        {"opens_on": date(2027, 3, 2)},
        {"suggested_from": date(2027, 1, 1), "suggested_until": date(2026, 12, 31)},
        {"state": "STOPPED", "ended_at": NOW, "stop_reason": ""},
        {"stop_reason": "OTHER"},
        {"ended_at": NOW},
        {"state": "TREATED", "ended_at": None},
    ],
)
def test_database_refuses_a_follow_up_that_cannot_be(broken):
    follow_up = FollowUpFactory()
    with pytest.raises(IntegrityError), transaction.atomic():
        FollowUp.objects.filter(pk=follow_up.pk).update(**broken)


def test_database_keeps_one_active_follow_up_per_condition():
    follow_up = FollowUpFactory()
    again = InjectionSessionFactory(condition=follow_up.condition)
    with pytest.raises(IntegrityError), transaction.atomic():
        opened(again)


@pytest.mark.parametrize(
    "policy",
    [
        {"opens_after": 6, "closes_after": 6},
        {"opens_after": 7, "closes_after": 6},
        {"opens_after": 0, "opens_unit": "WEEK", "closes_after": 6},
    ],
)
def test_database_refuses_a_policy_that_closes_before_it_opens(policy):
    clinic = ClinicFactory()
    with pytest.raises(IntegrityError), transaction.atomic():
        WindowPolicyFactory(clinic=clinic, **policy)


def test_database_keeps_one_policy_per_clinic_and_indication_and_one_for_any():
    clinic, hfs = ClinicFactory(), IndicationFactory()
    WindowPolicyFactory(clinic=clinic)
    WindowPolicyFactory(clinic=clinic, indication=hfs)
    for indication in (None, hfs):
        with pytest.raises(IntegrityError), transaction.atomic():
            WindowPolicyFactory(clinic=clinic, indication=indication)
    assert WindowPolicy.objects.count() == 2
