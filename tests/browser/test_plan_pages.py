"""The plan of letters in a real browser, in every look."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from clinic.practice.models import Role
from clinic.reminders.models import Plan
from clinic.reminders.plans import ensure_plan
from tests.factories import ClinicFactory, FollowUpFactory, IndicationFactory, PatientFactory, member
from tests.reminders.running import started

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def clinic(site, sign_in):
    """A clinic with a plan and two patients near their window, and its administrator signed in."""
    started()
    clinic = ClinicFactory(name="Harbour clinic", sending_weekdays=list(range(7)))
    IndicationFactory()
    now = timezone.now()
    ensure_plan(clinic, now)
    for name in ("Aylin", "Jonas"):
        FollowUpFactory(
            patient=PatientFactory(clinic=clinic, given_name=name, family_name="Mercer", next_check_at=now),
            opens_on=now.date() + timedelta(days=40),
            closes_on=now.date() + timedelta(days=130),
            suggested_from=now.date() + timedelta(days=45),
            suggested_until=now.date() + timedelta(days=60),
        )
    sign_in(member(Role.ADMIN, clinic=clinic, name="Karin Holm"))
    return clinic


def test_a_plan_is_changed_seen_and_put_into_force(page: Page, site, clinic, looks):
    page.goto(f"{site}/letters/")
    page.get_by_role("link", name="Plans of letters").click()
    looks(page)
    page.get_by_role("link", name=re.compile("Change ?: Harbour clinic")).click()
    looks(page)
    page.get_by_role("group", name="Second letter").get_by_label("Second letter").select_option("does not go")
    expect(page.get_by_role("group", name="Second letter").get_by_label("How long")).not_to_be_visible()
    page.get_by_role("group", name="Invitation", exact=True).get_by_label("How long").fill("14")
    page.get_by_role("button", name="Show what this would change").click()
    expect(page.get_by_text("Adds 0, drops 2, moves 2")).to_be_visible()
    looks(page)
    page.get_by_role("button", name="Put this plan into force").click()
    expect(page.get_by_text("The plan of letters is saved.")).to_be_visible()
    assert Plan.objects.filter(version=2).count() == 1
    page.get_by_role("link", name=re.compile("Read ?: Harbour clinic")).click()
    expect(page.get_by_text("14 days before the suggested date")).to_be_visible()
    looks(page)


def test_what_is_wrong_stands_beside_its_field_in_every_look(page: Page, site, clinic, watch, looks):
    watch.expected.append("422")
    page.goto(f"{site}/letters/plans/{clinic.public_id}/")
    page.get_by_role("group", name="Reminder of the visit").get_by_label("How long (1)").fill("0")
    page.get_by_role("button", name="Show what this would change").click()
    expect(page.get_by_text("A reminder goes before the visit: at least 1.")).to_be_visible()
    looks(page)


def test_hours_in_every_look(page: Page, site, clinic, looks):
    page.goto(f"{site}/letters/plans/{clinic.public_id}/hours/")
    page.get_by_label("Letters go from").fill("10:00")
    page.get_by_role("button", name="Show what this would change").click()
    expect(page.get_by_text("What this would change")).to_be_visible()
    looks(page)
