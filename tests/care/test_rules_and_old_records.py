"""Changing or ending a rule changes no record that there is; the version of the day of treatment is the one that is asked."""

from datetime import timedelta

import pytest
from django.apps import apps
from django.urls import reverse

from clinic.audit import Actor
from clinic.practice.models import Role
from clinic.toxins.services import RuleText, end_rule, replace_rule, verify_rule
from clinic.treatments.models import FollowUp, Override
from tests.care.test_services import Visit
from tests.factories import NOW, TODAY, FollowUpFactory, InjectionSessionFactory, LabelRuleFactory, member
from tests.staff.recording import text

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)
#: Everything that a treatment leaves behind.
RECORDS = ("InjectionSession", "SessionVersion", "Injection", "VialUse", "PreCheck", "Override", "FollowUp")


def records():
    return {name: list(apps.get_model("clinic", name).objects.order_by("pk").values()) for name in RECORDS}


def weeks(number):
    return RuleText(
        wording=f"Not more often than every {number} weeks", source="SmPC of November 2026", interval_value=number,
        interval_unit="WEEK",
    )  # fmt: skip


@pytest.fixture
def visit():
    """A patient treated 83 days ago, and a clinician who signs."""
    visit = Visit(follow_up=FollowUpFactory(session=InjectionSessionFactory(performed_on=TODAY - 83 * DAY)))
    visit.by = Actor.of_user(member(Role.CLINICIAN, clinic=visit.patient.clinic))
    return visit


def test_a_record_reads_as_before_whatever_becomes_of_its_rule(client, time_machine, visit):
    time_machine.move_to(NOW, tick=False)
    clinic, rule = visit.patient.clinic, LabelRuleFactory()
    verify_rule(by=visit.by, rule=rule, clinic=clinic, now=NOW)
    session = visit.complete()
    override, follow_up = Override.objects.get(), FollowUp.objects.get(session=session)
    assert "not before 24 Nov 2026. · Not more often than every 12 weeks · A test · verified at this clinic" in override.shown
    client.force_login(visit.by.user)
    pages = [
        reverse("staff:treatment-show", args=[session.public_id]),
        reverse("staff:follow-up-show", args=[follow_up.public_id]),
    ]
    before, shown = records(), [text(client.get(page)) for page in pages]

    after = replace_rule(by=visit.by, clinic=clinic, rule=rule, says=weeks(16), valid_from=TODAY, now=NOW)
    verify_rule(by=visit.by, rule=after, clinic=clinic, note="SmPC of November 2026", now=NOW)
    end_rule(by=visit.by, clinic=clinic, rule=after, last_day=TODAY, now=NOW)

    assert records() == before
    assert [text(client.get(page)) for page in pages] == shown


@pytest.mark.parametrize("from_tomorrow", [False, True])
def test_the_version_of_the_day_of_treatment_is_asked(visit, from_tomorrow):
    """83 days after the last treatment 12 weeks are too early and 10 weeks are not."""
    clinic = visit.patient.clinic
    replace_rule(
        by=visit.by, clinic=clinic, rule=LabelRuleFactory(), says=weeks(10), valid_from=TODAY + from_tomorrow * DAY, now=NOW
    )
    visit.complete()
    assert Override.objects.filter(code="TOO_EARLY").count() == from_tomorrow


def test_a_treatment_entered_late_is_asked_by_the_rule_of_its_day(visit):
    """Recorded after a rule has changed, but given before: the rule of that day is the one that was to be kept."""
    clinic = visit.patient.clinic
    replace_rule(by=visit.by, clinic=clinic, rule=LabelRuleFactory(), says=weeks(10), valid_from=TODAY, now=NOW)
    visit.complete(performed_on=TODAY - 3 * DAY)
    assert "Not more often than every 12 weeks" in Override.objects.get(code="TOO_EARLY").shown


def test_an_own_rule_stops_once_it_is_verified(visit):
    clinic = visit.patient.clinic
    after = replace_rule(by=visit.by, clinic=clinic, rule=LabelRuleFactory(), says=weeks(16), valid_from=TODAY, now=NOW)
    verify_rule(by=visit.by, rule=after, clinic=clinic, now=NOW)
    visit.complete()
    override = Override.objects.get(code="TOO_EARLY")
    assert (override.severity, override.rule) == ("STOP", after.code)
