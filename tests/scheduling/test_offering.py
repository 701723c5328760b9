"""Which times somebody is offered, and in how many queries."""

from datetime import date, time, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from clinic.scheduling.services import (
    OutsideWindow,
    offer_times,
    others_treat_at,
    outside_window,
    read_value,
    standard_kind,
    value_of,
)
from tests.factories import NOW, AppointmentFactory, ClosureFactory, VisitKindFactory
from tests.scheduling.agenda import CLOSES, OPENS, TUESDAY_9, WEDNESDAY_9, at, make_agenda, with_hours


def days(times):
    return sorted({time.on for time in times})


def offered(agenda, **changed):
    return offer_times(**{"follow_up": agenda.follow_up, "limit": 6, "now": NOW} | changed)


def test_times_are_those_nearest_to_the_suggested_date_in_order(agenda):
    times = offered(agenda, limit=14)
    assert [time.starts_at for time in times][:2] == [TUESDAY_9, TUESDAY_9 + timedelta(minutes=30)]
    assert days(times) == [OPENS, OPENS + timedelta(days=1)]
    assert times == sorted(times, key=lambda time: time.starts_at)
    assert times[0].ends_at == TUESDAY_9 + timedelta(minutes=30)
    assert times[0].practitioner == agenda.practitioner


def test_the_clinicians_own_date_is_aimed_at(agenda):
    agenda.follow_up.own_on = date(2027, 1, 13)
    assert days(offered(agenda)) == [date(2027, 1, 13)]


def test_nothing_is_offered_before_the_earliest_date(agenda):
    times = offered(agenda, from_on=NOW.date(), limit=500)
    assert min(days(times)) == OPENS


def test_staff_may_look_before_the_earliest_date(agenda):
    times = offered(agenda, from_on=NOW.date(), may_be_early=True, limit=12)
    assert days(times) == [NOW.date(), NOW.date() + timedelta(days=1)]
    assert all(time.starts_at > NOW for time in times)


def test_inside_the_window_times_begin_today(agenda):
    now = at(10, 9)
    assert min(time.starts_at for time in offered(agenda, now=now, limit=500)) > now


def test_times_far_from_the_suggested_date_are_found_where_there_are_none_nearer(agenda):
    ClosureFactory(clinic=agenda.clinic, from_on=OPENS, until_on=OPENS + timedelta(days=30))
    assert days(offered(agenda)) == [date(2027, 1, 1)]
    ClosureFactory(clinic=agenda.clinic, from_on=OPENS, until_on=OPENS + timedelta(days=90))
    assert offered(agenda) == []


@pytest.mark.parametrize("limit", [1, 6, 20, 100, 1000])
def test_looking_a_little_way_first_finds_the_same_times(agenda, limit, monkeypatch):
    with_hours(agenda.clinic, "Dr Other", weekdays=[2], starts=time(13), ends=time(15))
    found = offered(agenda, limit=limit, now=at(20, 9))
    monkeypatch.setattr("clinic.scheduling.services.offering.REACHES", [timedelta(days=60)])
    assert offered(agenda, limit=limit, now=at(20, 9)) == found


def test_after_the_window_the_soonest_times_are_offered(agenda):
    now = at(15, 6, month=3, year=2027)
    assert days(offered(agenda, now=now)) == [now.date()]


def test_other_days_are_the_first_from_the_one_asked_for(agenda):
    assert days(offered(agenda, from_on=date(2027, 1, 20), limit=12)) == [date(2027, 1, 20), date(2027, 1, 21)]


@pytest.mark.parametrize(("from_on", "first"), [(date.min, OPENS), (date.max, date(2028, 11, 22))])
def test_absurd_days_are_answered_with_the_nearest_sensible_ones(agenda, from_on, first):
    assert days(offered(agenda, from_on=from_on)) == [first]


def test_somebody_else_who_treats_here_is_known_of(agenda):
    assert not others_treat_at(agenda.clinic, agenda.practitioner)
    with_hours(agenda.clinic, "Dr Other")
    assert others_treat_at(agenda.clinic, agenda.practitioner)


def test_a_days_times_are_spread_so_that_several_days_have_room(agenda):
    times = offered(agenda, limit=12, per_day=3)
    assert len(days(times)) == 4
    assert [f"{time.starts_at:%H:%M}" for time in times[:3]] == ["08:00", "09:00", "10:30"]


def test_every_practitioner_of_the_clinic_is_offered_or_just_the_one_asked_for(agenda):
    other = with_hours(agenda.clinic, "Dr Other", starts=time(14), ends=time(16))
    assert {time.practitioner for time in offered(agenda, limit=20)} == {agenda.practitioner, other}
    assert {time.practitioner for time in offered(agenda, practitioner=other, limit=20)} == {other}


def test_practitioner_who_left_or_belongs_to_another_clinic_is_not_offered(agenda):
    gone = with_hours(agenda.clinic, "Dr Gone")
    gone.is_active = False
    gone.save()
    with_hours(make_agenda().clinic, "Dr Elsewhere")
    assert {time.practitioner for time in offered(agenda, limit=200)} == {agenda.practitioner}


def test_what_is_booked_anywhere_is_not_offered_and_what_was_cancelled_is(agenda):
    elsewhere = make_agenda()
    AppointmentFactory(clinic=elsewhere.clinic, practitioner=agenda.practitioner, kind=elsewhere.kind, starts_at=TUESDAY_9)
    AppointmentFactory(
        clinic=agenda.clinic, practitioner=agenda.practitioner, kind=agenda.kind, starts_at=WEDNESDAY_9, state="CANCELLED"
    )
    starts = {time.starts_at for time in offered(agenda, limit=50)}
    assert TUESDAY_9 not in starts
    assert WEDNESDAY_9 in starts


def test_closures_of_the_clinic_and_of_one_practitioner_count(agenda):
    other = with_hours(agenda.clinic, "Dr Other")
    ClosureFactory(clinic=agenda.clinic, practitioner=other, from_on=OPENS, until_on=OPENS)
    ClosureFactory(clinic=agenda.clinic, from_on=OPENS + timedelta(days=1), until_on=OPENS + timedelta(days=1))
    found = {(time.on, time.practitioner) for time in offered(agenda, limit=40)}
    assert (OPENS, agenda.practitioner) in found
    assert (OPENS, other) not in found
    assert not any(on == OPENS + timedelta(days=1) for on, _ in found)


def test_clinic_without_a_kind_of_visit_offers_nothing(agenda):
    agenda.kind.delete()
    VisitKindFactory(clinic=agenda.clinic, code="TALK")
    assert standard_kind(agenda.clinic) is None
    assert offered(agenda) == []


def test_number_of_queries_does_not_grow_with_practitioners_or_bookings(agenda, django_assert_num_queries):
    with CaptureQueriesContext(
        connection,
    ) as few:
        offered(agenda)
    for number in range(6):
        other = with_hours(agenda.clinic, f"Dr Other {number}")
        for day in range(1, 20):
            AppointmentFactory(clinic=agenda.clinic, practitioner=other, kind=agenda.kind, starts_at=at(day, 8))
        ClosureFactory(clinic=agenda.clinic, practitioner=other)
    with django_assert_num_queries(len(few)):
        offered(agenda, limit=100)
    assert len(few) == 5


def test_days_outside_the_window_are_told(agenda):
    assert outside_window(agenda.follow_up, OPENS - timedelta(days=1)) is OutsideWindow.EARLY
    assert outside_window(agenda.follow_up, OPENS) is None
    assert outside_window(agenda.follow_up, CLOSES) is None
    assert outside_window(agenda.follow_up, CLOSES + timedelta(days=1)) is OutsideWindow.LATE


def test_a_time_can_be_named_in_a_form_and_read_back(agenda):
    time = offered(agenda)[0]
    assert read_value(time.value) == (agenda.practitioner.public_id, time.starts_at)
    assert value_of(agenda.practitioner.public_id, time.starts_at) == time.value


@pytest.mark.parametrize(
    "value",
    [
        "",
        "09:30",
        "8a0c1c2e-0000-4000-8000-000000000000",
        "8a0c1c2e-0000-4000-8000-000000000000@20261301T0800Z",
        "8a0c1c2e-0000-4000-8000-000000000000@20261201T0860Z",
        "8a0c1c2e-0000-4000-8000-000000000000@00001201T0800Z",
        "8a0c1c2e-0000-4000-8000-000000000000@20261201T0800Z\n",
        "8a0c1c2e-0000-4000-8000-000000000000@２０２６1201T0800Z",
        "1@20261201T0800Z",
        "\x00" * 60,
        "x" * 100_000,
    ],
)
def test_what_does_not_name_a_time_is_refused(value):
    with pytest.raises(ValueError, match=r".+"):
        read_value(value)
