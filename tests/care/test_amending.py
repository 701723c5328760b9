"""Amending a signed treatment: a further version, and everything that hangs on the treatment follows it once."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from clinic.audit import AuditEvent
from clinic.treatments.models import FollowUp, SessionVersion
from clinic.treatments.services import AmendedMeanwhile, Point, TreatmentRefused
from tests.care.amended import Course, points, state_of, state_of_follow_up
from tests.factories import (
    NOW,
    TODAY,
    ClinicFactory,
    LabelRuleFactory,
    LotFactory,
    PractitionerFactory,
    ProductFactory,
    SiteFactory,
    VialFactory,
)

pytestmark = pytest.mark.django_db

LATER = NOW + timedelta(days=2)


@pytest.fixture
def course():
    return Course()


def refusal(act):
    """The fields refused, with nothing written."""
    before = (SessionVersion.objects.count(), AuditEvent.objects.count(), list(FollowUp.objects.order_by("pk").values()))
    with pytest.raises(TreatmentRefused) as refused:
        act()
    assert before == (SessionVersion.objects.count(), AuditEvent.objects.count(), list(FollowUp.objects.order_by("pk").values()))
    return [problem.field for problem in refused.value.problems]


# -- versions -----------------------------------------------------------------------------------------------------------


def test_earlier_version_stays_readable_and_the_session_reads_the_new_one(course):
    session = course.sign("2.5", "5", notes="calm")
    first = session.current_version
    course.amend(session, "2.5", "7.5", notes="calm, one more", reason="  typed 5  for 7.5 ")
    session.refresh_from_db()
    second = session.current_version
    assert (first.number, first.total_units, first.notes) == (1, Decimal("7.50"), "calm")
    assert [one.units for one in first.injections.order_by("order")] == [Decimal("2.5"), Decimal(5)]
    assert (second.number, second.total_units, second.notes) == (2, Decimal("10.00"), "calm, one more")
    assert (second.amendment_reason, second.signed_by, second.signed_at) == ("typed 5 for 7.5", course.by.user, NOW)
    assert session.versions.count() == 2


def test_date_and_practitioner_stand_on_each_version_as_they_were_signed(course):
    session, other = course.sign(), PractitionerFactory(clinics=[course.clinic])
    course.amend(session, practitioner=other, performed_on=TODAY - timedelta(days=1))
    session.refresh_from_db()
    said = list(session.versions.order_by("number").values_list("performed_on", "practitioner"))
    assert said == [(TODAY, course.practitioner.pk), (TODAY - timedelta(days=1), other.pk)]
    assert (session.performed_on, session.practitioner) == (TODAY - timedelta(days=1), other)


def test_own_point_of_another_clinic_is_refused_and_that_of_this_clinic_taken(course):
    session = course.sign()
    foreign, own = SiteFactory(code="OWN_1", clinic=ClinicFactory()), SiteFactory(code="OWN_2", clinic=course.clinic)
    assert refusal(lambda: course.amend(session, points=[Point(foreign, "RIGHT", Decimal(3))])) == ["points-0-site"]
    course.amend(session, points=[Point(own, "RIGHT", Decimal(3))])
    session.refresh_from_db()
    assert [one.site for one in session.current_version.injections.all()] == [own]


def test_point_keeps_its_place_when_the_catalogue_has_moved_since(course):
    session = course.sign("2.5")
    site = session.current_version.injections.get().site
    was = site.x
    site.x = was + 5
    site.save()
    course.amend(session, "3")
    session.refresh_from_db()
    assert session.current_version.injections.get().x == was


@pytest.mark.parametrize("reason", ["", "   ", "x" * 251, "a\0b", "two\nlines"])
def test_amendment_needs_a_reason_that_can_be_kept(course, reason):
    session = course.sign()
    assert refusal(lambda: course.amend(session, "3", reason=reason)) == ["reason"]


def test_amendment_that_changes_nothing_is_refused(course):
    session = course.sign("2.5", "5")
    assert refusal(lambda: course.amend(session)) == [""]


def test_everything_wrong_is_told_at_once(course):
    session = course.sign()
    stranger = PractitionerFactory()
    fields = refusal(
        lambda: course.amend(session, "2.5", "101", reason="", practitioner=stranger, performed_on=TODAY + timedelta(days=1))
    )
    assert fields == ["reason", "practitioner", "performed_on", "vial"]


def test_whoever_amends_what_another_has_amended_meanwhile_is_told_and_nothing_is_lost(course):
    session = course.sign("2.5")
    course.amend(session, "5")
    with pytest.raises(AmendedMeanwhile) as meanwhile:
        course.amend(session, "7.5", expected_version=1)
    assert meanwhile.value.session.current_version.total_units == Decimal(5)
    assert (session.versions.count(), state_of(course.vial)[0]) == (2, Decimal(5))


def test_void_treatment_is_not_amended(course):
    session = course.sign()
    course.void(session)
    assert refusal(lambda: course.amend(session, "3")) == [""]


# -- vials --------------------------------------------------------------------------------------------------------------


def test_vial_is_booked_by_the_difference_only(course):
    session = course.sign("10")
    course.amend(session, "12.5")
    assert state_of(course.vial) == (Decimal("12.50"), 0, "OPEN")
    course.amend(session, "4")
    assert state_of(course.vial) == (Decimal(4), 0, "OPEN")


def test_more_than_the_vial_still_holds_is_refused(course):
    session = course.sign("10")
    course.sign("80")
    assert refusal(lambda: course.amend(session, "20.01")) == ["vial"]
    course.amend(session, "20")
    assert state_of(course.vial) == (Decimal(100), 0, "CLOSED")


def test_changed_vial_gives_back_to_the_old_and_draws_from_the_new(course):
    session = course.sign("10")
    course.amend(session, vial=course.other_vial)
    assert state_of(course.vial) == (0, 0, "UNOPENED")
    assert state_of(course.other_vial) == (Decimal(10), 0, "OPEN")
    course.vial.refresh_from_db()
    assert course.vial.reconstituted_at is None


def test_old_vial_that_others_drew_from_stays_open_with_their_units(course):
    session = course.sign("10")
    course.sign("5")
    course.amend(session, vial=course.other_vial)
    assert state_of(course.vial) == (Decimal(5), 0, "OPEN")


def test_rest_that_was_thrown_away_follows_the_units(course):
    session = course.sign("10", discard_rest=True)
    course.amend(session, "12", discard_rest=True)
    session.refresh_from_db()
    use = session.current_version.vial_uses.get()
    assert (use.units_given, use.units_wasted) == (Decimal(12), Decimal(88))
    assert state_of(course.vial) == (Decimal(12), Decimal(88), "CLOSED")


def test_vial_closed_by_a_slip_opens_again_within_its_hours(course):
    session = course.sign("100")
    course.amend(session, "10", now=NOW + timedelta(hours=1))
    assert state_of(course.vial) == (Decimal(10), 0, "OPEN")


def test_what_comes_back_to_a_vial_that_is_gone_is_booked_as_waste_with_a_reason(course):
    session = course.sign("100")
    course.amend(session, "90", now=LATER)
    session.refresh_from_db()
    use = session.current_version.vial_uses.get()
    assert (use.units_given, use.units_wasted) == (Decimal(90), Decimal(10))
    assert use.waste_reason == "not given after all; the vial was gone"
    assert state_of(course.vial) == (Decimal(90), Decimal(10), "CLOSED")


def test_vial_whose_rest_another_treatment_threw_away_stays_closed(course):
    session = course.sign("10")
    course.sign("5", discard_rest=True)
    course.amend(session, "4")
    assert state_of(course.vial) == (Decimal(9), Decimal(91), "CLOSED")


def test_old_vial_that_is_gone_stands_on_the_new_version_with_what_was_thrown_away(course):
    session = course.sign("10")
    course.sign("90")
    course.amend(session, vial=course.other_vial, now=LATER)
    session.refresh_from_db()
    uses = {use.vial_id: (use.units_given, use.units_wasted) for use in session.current_version.vial_uses.all()}
    assert uses == {course.vial.pk: (0, Decimal(10)), course.other_vial.pk: (Decimal(10), 0)}
    assert state_of(course.vial) == (Decimal(90), Decimal(10), "CLOSED")


def test_lot_recalled_since_does_not_stop_a_correction_of_what_was_given(course):
    session = course.sign("10")
    course.vial.lot.state = "RECALLED"
    course.vial.lot.save()
    course.amend(session, "12")
    assert state_of(course.vial)[0] == Decimal(12)
    recalled = VialFactory(clinic=course.clinic, lot__state="RECALLED")
    assert refusal(lambda: course.amend(session, vial=recalled)) == ["vial"]


def test_date_may_not_move_past_the_expiry_of_the_lot(course):
    session = course.sign(on=TODAY - timedelta(days=9))
    course.vial.lot.expires_on = TODAY - timedelta(days=5)
    course.vial.lot.save()
    course.amend(session, notes="still in date")
    assert refusal(lambda: course.amend(session, performed_on=TODAY - timedelta(days=4))) == ["vial"]


def test_another_product_needs_the_word_that_the_units_are_its_own(course):
    session = course.sign("10")
    xeomin = VialFactory(
        clinic=course.clinic, lot=LotFactory(product=ProductFactory(code="INCO", brand_name="Xeomin", unit_code="[xU]"))
    )
    assert refusal(lambda: course.amend(session, vial=xeomin)) == ["units_are_of_product"]
    course.amend(session, vial=xeomin, units_are_of_product=True)
    session.refresh_from_db()
    assert (session.product.code, session.versions.get(number=1).product.code) == ("INCO", "ONABOT")
    assert (state_of(course.vial), state_of(xeomin)) == ((0, 0, "UNOPENED"), (Decimal(10), 0, "OPEN"))


# -- follow-ups ---------------------------------------------------------------------------------------------------------


def test_window_follows_the_date(course):
    session = course.sign()
    course.amend(session, performed_on=TODAY - timedelta(days=7))
    running = course.running()
    assert (running.session, running.opens_on, running.closes_on) == (session, date(2027, 2, 16), date(2027, 5, 16))
    changed = AuditEvent.objects.filter(what="FollowUp", action="CHANGED").latest("pk")
    assert changed.what_id == running.public_id
    assert "opens_on" in changed.fields


def test_window_follows_the_rule_of_another_product(course):
    inco = ProductFactory(code="INCO", brand_name="Xeomin")
    LabelRuleFactory(product=inco, interval_value=16, wording="16 weeks")
    session = course.sign()
    course.amend(session, vial=VialFactory(clinic=course.clinic, lot=LotFactory(product=inco)), units_are_of_product=True)
    assert course.running().opens_on == date(2027, 3, 15)


def test_window_stays_when_only_units_change(course):
    session = course.sign()
    FollowUp.objects.update(opens_on=date(2027, 3, 1), opens_rule="as it was")
    course.amend(session, "5")
    assert (course.running().opens_on, course.running().opens_rule) == (date(2027, 3, 1), "as it was")


def test_own_date_wins_over_the_new_window_and_may_change_without_a_further_version(course):
    session = course.sign(own_next_on=date(2027, 4, 6))
    course.amend(session, performed_on=TODAY - timedelta(days=7))
    assert (course.running().own_on, course.running().suggested_from) == (date(2027, 4, 6), date(2027, 4, 6))
    course.amend(session, own_next_on=date(2027, 4, 20))
    session.refresh_from_db()
    assert (course.running().suggested_from, session.current_version.number) == (date(2027, 4, 20), 2)
    assert refusal(lambda: course.amend(session, own_next_on=TODAY - timedelta(days=8))) == ["own_next_on"]


def test_follow_up_that_has_ended_keeps_its_window(course):
    old = course.sign(on=date(2026, 8, 3), vial=course.other_vial)
    course.sign()
    was = FollowUp.objects.get(session=old)
    course.amend(old, performed_on=date(2026, 8, 4), own_next_on=date(2027, 1, 1))
    now = FollowUp.objects.get(session=old)
    assert (now.state, now.opens_on, now.own_on) == ("TREATED", was.opens_on, None)


def test_treatment_moved_before_another_hands_the_follow_up_to_it(course):
    earlier = course.sign(on=date(2026, 8, 3), vial=course.other_vial)
    later = course.sign()
    course.amend(later, performed_on=date(2026, 7, 1))
    assert (state_of_follow_up(earlier), state_of_follow_up(later)) == ("ACTIVE", "TREATED")
    course.amend(later, performed_on=date(2026, 9, 1))
    running = course.running()
    assert (running.session, running.opens_on) == (later, date(2026, 12, 1))


def test_treatment_entered_late_that_turns_out_the_newest_opens_the_follow_up(course):
    first = course.sign(on=date(2026, 9, 1))
    late = course.sign(on=date(2026, 8, 3))
    course.amend(late, performed_on=date(2026, 11, 2))
    assert (state_of_follow_up(first), course.running().session) == ("TREATED", late)


def test_follow_up_that_staff_stopped_stays_stopped(course):
    session = course.sign()
    FollowUp.objects.update(state="STOPPED", stop_reason="MOVED_AWAY", ended_at=NOW)
    course.amend(session, performed_on=TODAY - timedelta(days=7))
    assert state_of_follow_up(session) == "STOPPED"
    assert course.running() is None


# -- traces -------------------------------------------------------------------------------------------------------------


def test_amendment_leaves_its_audit_rows_and_has_the_letters_looked_at_again(course):
    session = course.sign("2.5")
    course.patient.next_check_at = None
    course.patient.save()
    before = AuditEvent.objects.count()
    course.amend(session, "5", notes="more")
    rows = AuditEvent.objects.order_by("pk")[before:]
    assert [(row.action, row.what, row.fields, row.version) for row in rows] == [
        ("CHANGED", "Vial", ["units_given"], None),
        ("AMENDED", "InjectionSession", ["injections", "notes", "vial_uses"], 2),
    ]
    course.patient.refresh_from_db()
    assert course.patient.next_check_at == NOW


def test_number_of_statements_does_not_depend_on_the_points(course):
    def statements(count):
        session = course.sign(*["1"] * count)
        said = points(*["1.5"] * count)
        with CaptureQueriesContext(connection) as captured:
            course.amend(session, points=said)
        return len([one for one in captured if "SAVEPOINT" not in one["sql"]])

    assert statements(1) == statements(30)
