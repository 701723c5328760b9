"""Public holidays are proposed; a person takes them over."""

from datetime import date

import pytest

from clinic.scheduling.models import Closure
from clinic.scheduling.services import (
    HoursRefused,
    countries,
    proposals,
    regions_of,
    set_holiday_region,
    take_over_holidays,
)
from tests.factories import NOW, ClosureFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def bavaria(agenda):
    return set_holiday_region(by=agenda.staff, clinic=agenda.clinic, country="DE", region="BY", now=NOW)


def days(clinic, year=2027):
    return {one.on: one.name for one in proposals(clinic=clinic, year=year)}


def test_clinic_that_names_no_country_is_proposed_nothing(agenda):
    assert proposals(clinic=agenda.clinic, year=2027) == []


def test_region_adds_its_own_holidays(agenda, bavaria):
    assert days(bavaria)[date(2027, 1, 6)] == "Epiphany"
    berlin = set_holiday_region(by=agenda.staff, clinic=agenda.clinic, country="DE", region="BE", now=NOW)
    assert date(2027, 1, 6) not in days(berlin)


def test_nothing_is_closed_before_somebody_takes_it_over(bavaria):
    assert not Closure.objects.exists()


def test_holiday_taken_over_is_a_closure_of_the_whole_clinic_with_a_mark(agenda, bavaria):
    taken = take_over_holidays(by=agenda.staff, clinic=bavaria, days=[date(2027, 1, 6), date(2027, 1, 1)], now=NOW)
    assert [(one.from_on, one.until_on, one.reason, one.practitioner, one.is_public_holiday) for one in taken] == [
        (date(2027, 1, 1), date(2027, 1, 1), "New Year's Day", None, True),
        (date(2027, 1, 6), date(2027, 1, 6), "Epiphany", None, True),
    ]


def test_day_that_is_closed_already_is_told_so_and_not_closed_twice(agenda, bavaria):
    ClosureFactory(clinic=bavaria, from_on=date(2026, 12, 24), until_on=date(2027, 1, 3))
    assert {one.on for one in proposals(clinic=bavaria, year=2027) if one.is_closed} == {date(2027, 1, 1)}
    assert take_over_holidays(by=agenda.staff, clinic=bavaria, days=[date(2027, 1, 1)], now=NOW) == []


def test_absence_of_one_practitioner_does_not_count_as_closed(agenda, bavaria):
    ClosureFactory(clinic=bavaria, practitioner=agenda.practitioner, from_on=date(2027, 1, 1), until_on=date(2027, 1, 1))
    assert not any(one.is_closed for one in proposals(clinic=bavaria, year=2027))


@pytest.mark.parametrize("day", [date(2027, 1, 2), date(2026, 1, 1)])
def test_day_that_is_no_holiday_or_is_over_is_refused_with_all_the_others(agenda, bavaria, day):
    with pytest.raises(HoursRefused):
        take_over_holidays(by=agenda.staff, clinic=bavaria, days=[date(2027, 1, 1), day], now=NOW)
    assert not Closure.objects.exists()


@pytest.mark.parametrize(("country", "region", "field"), [("XX", "", "country"), ("DE", "SCT", "region"), ("", "BY", "region")])
def test_country_and_region_are_known_ones(agenda, country, region, field):
    with pytest.raises(HoursRefused) as refused:
        set_holiday_region(by=agenda.staff, clinic=agenda.clinic, country=country, region=region, now=NOW)
    assert [one.field for one in refused.value.problems] == [field]


def test_countries_have_names_and_regions_belong_to_them():
    assert countries()["GB"] == "United Kingdom"
    assert "SCT" in regions_of("GB")
    assert regions_of("XX") == []
