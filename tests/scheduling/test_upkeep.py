"""Changing when patients are seen: what was stays, what comes is as somebody said, and nothing impossible is written."""

from datetime import date, time, timedelta

import pytest

from clinic.scheduling.hours_exceptions import HoursException
from clinic.scheduling.models import Availability, Closure, VisitKind
from clinic.scheduling.services import (
    HoursRefused,
    add_visit_kind,
    be_away,
    change_visit_kind,
    change_weekly_hours,
    close,
    end_closure,
    end_exception,
    is_within_hours,
    offer_times,
    set_special_hours,
)
from clinic.scheduling.slots import WeeklyHours
from tests.factories import NOW, TODAY, AppointmentFactory, ClosureFactory, HoursExceptionFactory, VisitKindFactory
from tests.scheduling.agenda import TUESDAY_9, at, with_hours

pytestmark = pytest.mark.django_db
DEC, JAN = date(2026, 12, 1), date(2027, 1, 1)


def monday(starts=9, ends=12):
    return WeeklyHours(0, time(starts), time(ends))


def change(agenda, hours, from_on, until_on=None, **more):
    given = {"clinic": agenda.clinic, "practitioner": agenda.practitioner, "now": NOW, "by": agenda.staff}
    change_weekly_hours(**given | {"hours": hours, "from_on": from_on, "until_on": until_on} | more)


def rows(agenda, weekday=0):
    found = Availability.objects.filter(practitioner=agenda.practitioner, weekday=weekday).order_by("valid_from")
    return list(found.values_list("starts", "ends", "valid_from", "valid_until"))


LONG_AGO = date(2024, 1, 1)


def refused(call, **given):
    with pytest.raises(HoursRefused) as caught:
        call(**given)
    return {one.field for one in caught.value.problems}


def test_changed_hours_end_the_old_ones_the_day_before(agenda):
    change(agenda, [monday(10, 14)], DEC)
    assert rows(agenda) == [(time(9), time(12), LONG_AGO, date(2026, 11, 30)), (time(10), time(14), DEC, None)]
    # A weekday that is not named any more ends too.
    assert rows(agenda, weekday=1) == [(time(9), time(12), LONG_AGO, date(2026, 11, 30))]


def test_hours_of_a_season_give_way_to_the_old_ones_afterwards(agenda):
    change(agenda, [monday(7, 11)], DEC, JAN)
    assert rows(agenda) == [
        (time(9), time(12), LONG_AGO, date(2026, 11, 30)),
        (time(7), time(11), DEC, JAN),
        (time(9), time(12), date(2027, 1, 2), None),
    ]


def test_change_that_was_planned_for_later_gives_way_to_one_for_good_before_it(agenda):
    change(agenda, [monday(10, 14)], JAN)
    change(agenda, [monday(8, 10)], DEC)
    assert rows(agenda) == [(time(9), time(12), LONG_AGO, date(2026, 11, 30)), (time(8), time(10), DEC, None)]


def test_hours_at_another_clinic_and_of_others_stay_as_they_are(agenda):
    other = with_hours(agenda.clinic, name="Dr Berg", weekdays=[0])
    change(agenda, [], DEC)
    assert Availability.objects.filter(practitioner=other, valid_until__isnull=True).count() == 1


def test_hours_do_not_change_on_a_day_that_has_begun(agenda):
    assert refused(change, agenda=agenda, hours=[monday()], from_on=TODAY) == {"from_on"}
    assert refused(change, agenda=agenda, hours=[monday()], from_on=TODAY - timedelta(days=3)) == {"from_on"}
    assert len(rows(agenda)) == 1


def test_first_hours_may_begin_today(agenda):
    Availability.objects.all().delete()
    change(agenda, [monday()], TODAY)
    assert rows(agenda) == [(time(9), time(12), TODAY, None)]


@pytest.mark.parametrize(
    ("hours", "field"),
    [([monday(12, 9)], "day_0"), ([monday(9, 12), monday(11, 14)], "day_0"), ([WeeklyHours(4, time(9), time(9))], "day_4")],
)
def test_times_of_a_day_are_in_order_and_apart(agenda, hours, field):
    assert refused(change, agenda=agenda, hours=hours, from_on=DEC) == {field}
    assert len(rows(agenda)) == 1


def test_last_day_is_not_before_the_first(agenda):
    assert refused(change, agenda=agenda, hours=[monday()], from_on=JAN, until_on=DEC) == {"until_on"}


def place(agenda):
    return {"clinic": agenda.clinic, "practitioner": agenda.practitioner, "now": NOW, "by": agenda.staff, "reason": "course"}


def offers(agenda, day):
    found = offer_times(follow_up=agenda.follow_up, limit=20, now=NOW, from_on=day)
    return [f"{one.starts_at.astimezone(agenda.clinic.zone):%H:%M}" for one in found if one.on == day]


def test_other_hours_of_a_day_are_offered_in_place_of_the_weekly_ones(agenda):
    set_special_hours(**place(agenda), on=DEC, spans=[(time(15), time(16))])
    assert offers(agenda, DEC) == ["15:00", "15:30"]
    assert not is_within_hours(practitioner=agenda.practitioner, clinic=agenda.clinic, kind=agenda.kind, starts_at=TUESDAY_9)


def test_other_hours_set_again_replace_those_set_before(agenda):
    set_special_hours(**place(agenda), on=DEC, spans=[(time(15), time(16)), (time(17), time(18))])
    set_special_hours(**place(agenda), on=DEC, spans=[(time(10), time(11))])
    assert offers(agenda, DEC) == ["10:00", "10:30"]


def test_day_without_any_hours_is_a_closure_and_not_other_hours(agenda):
    assert refused(set_special_hours, **place(agenda), on=DEC, spans=[]) == {"spans"}


def test_part_of_a_day_away_is_not_offered(agenda):
    be_away(**place(agenda), on=DEC, starts=time(9), ends=time(11))
    assert offers(agenda, DEC) == ["11:00", "11:30"]


def test_clinic_that_is_away_sees_nobody_whoever_treats(agenda):
    with_hours(agenda.clinic, name="Dr Berg")
    be_away(**place(agenda) | {"practitioner": None}, on=DEC, starts=time(9), ends=time(11, 30))
    assert offers(agenda, DEC) == ["11:30", "11:30"]


def test_closure_of_one_practitioner_leaves_the_others(agenda):
    other = with_hours(agenda.clinic, name="Dr Berg")
    close(**place(agenda), from_on=DEC, until_on=DEC)
    found = offer_times(follow_up=agenda.follow_up, limit=5, now=NOW, from_on=DEC)
    assert {one.practitioner for one in found if one.on == DEC} == {other}


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"from_on": TODAY - timedelta(days=1)}, "from_on"),
        ({"until_on": DEC - timedelta(days=1)}, "until_on"),
        ({"until_on": DEC + timedelta(days=400)}, "until_on"),
        ({"from_on": date(2050, 1, 1), "until_on": date(2050, 1, 1)}, "from_on"),
        ({"reason": "  "}, "reason"),
    ],
)
def test_closure_is_to_come_in_order_and_with_a_reason(agenda, changed, field):
    assert refused(close, **place(agenda) | {"from_on": DEC, "until_on": DEC} | changed) == {field}
    assert not Closure.objects.exists()


def test_absence_has_its_times_in_order(agenda):
    assert refused(be_away, **place(agenda), on=DEC, starts=time(11), ends=time(9)) == {"ends"}


def test_closure_that_has_not_begun_goes_when_it_is_taken_back(agenda):
    closure = ClosureFactory(clinic=agenda.clinic, from_on=TODAY, until_on=DEC)
    end_closure(by=agenda.staff, closure=closure, now=NOW)
    assert not Closure.objects.exists()


def test_closure_that_runs_keeps_the_days_that_were(agenda):
    closure = ClosureFactory(clinic=agenda.clinic, from_on=TODAY - timedelta(days=5), until_on=DEC)
    end_closure(by=agenda.staff, closure=closure, now=NOW)
    closure.refresh_from_db()
    assert closure.until_on == TODAY - timedelta(days=1)
    assert refused(end_closure, by=agenda.staff, closure=closure, now=NOW) == {""}


def test_other_hours_taken_back_go_as_a_whole_and_no_absence_with_them(agenda):
    row, _ = set_special_hours(**place(agenda), on=DEC, spans=[(time(15), time(16)), (time(17), time(18))])
    be_away(**place(agenda), on=DEC, starts=time(9), ends=time(10))
    end_exception(by=agenda.staff, exception=row, now=NOW)
    assert [one.kind for one in HoursException.objects.all()] == ["AWAY"]


def test_day_that_is_over_is_not_taken_back(agenda):
    past = HoursExceptionFactory(clinic=agenda.clinic, on=TODAY - timedelta(days=1))
    assert refused(end_exception, by=agenda.staff, exception=past, now=NOW) == {""}


def test_first_kind_of_visit_is_the_one_for_follow_ups(agenda):
    VisitKind.objects.all().delete()
    kinds = [
        add_visit_kind(by=agenda.staff, clinic=agenda.clinic, name=name, minutes=30, buffer_minutes=0, now=NOW)
        for name in ("Visit", "Check")
    ]
    assert [kind.code for kind in kinds] == ["TREATMENT", "KIND_2"]


def test_booked_visit_keeps_its_time_when_its_kind_takes_longer(agenda):
    visit = AppointmentFactory(clinic=agenda.clinic, kind=agenda.kind, patient=agenda.patient)
    change_visit_kind(by=agenda.staff, kind=agenda.kind, name="Visit", minutes=60, buffer_minutes=15, now=NOW)
    visit.refresh_from_db()
    assert visit.ends_at == at(7, 9, 30)
    assert visit.visit_ends_at == visit.ends_at


@pytest.mark.parametrize(
    ("given", "field"),
    [({"minutes": 4}, "minutes"), ({"minutes": 481}, "minutes"), ({"buffer_minutes": 241}, "buffer_minutes"),
     ({"name": "check"}, "name")],
)  # fmt: skip
def test_kind_of_visit_has_a_name_of_its_own_and_a_sensible_length(agenda, given, field):
    VisitKindFactory(clinic=agenda.clinic, code="CHECK", name="Check")
    values = {"name": "Long", "minutes": 30, "buffer_minutes": 0} | given
    assert refused(add_visit_kind, by=agenda.staff, clinic=agenda.clinic, now=NOW, **values) == {field}
    assert refused(change_visit_kind, by=agenda.staff, kind=agenda.kind, now=NOW, **values) == {field}
