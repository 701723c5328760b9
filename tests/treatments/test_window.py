"""When a patient may and should come back."""

from dataclasses import dataclass
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinic.treatments.window import (
    DEFAULT_CLOSES_AFTER,
    DEFAULT_OPENS_AFTER,
    OWN_DATE,
    Span,
    after,
    compute,
    in_words,
    suggested_date,
)


@dataclass(frozen=True)
class Floor:
    value: int
    unit: str
    wording: str = "label"
    source: str = "a test"
    verified: bool = True


def window(treated_on, *, floors=(), own_on=None, opens_after=DEFAULT_OPENS_AFTER, closes_after=DEFAULT_CLOSES_AFTER):
    return compute(treated_on=treated_on, opens_after=opens_after, closes_after=closes_after, floors=floors, own_on=own_on)


@pytest.mark.parametrize(
    ("day", "months", "expected"),
    [
        (date(2026, 9, 1), 3, date(2026, 12, 1)),
        (date(2026, 11, 30), 3, date(2027, 2, 28)),
        (date(2027, 11, 30), 3, date(2028, 2, 29)),
        (date(2027, 11, 29), 3, date(2028, 2, 29)),
        (date(2026, 11, 29), 3, date(2027, 2, 28)),
        (date(2026, 11, 28), 3, date(2027, 2, 28)),
        (date(2026, 11, 27), 3, date(2027, 2, 27)),
        (date(2028, 2, 29), 3, date(2028, 5, 29)),
        (date(2028, 2, 29), 12, date(2029, 2, 28)),
        (date(2026, 8, 31), 6, date(2027, 2, 28)),
        (date(2026, 8, 31), 3, date(2026, 11, 30)),
        (date(2026, 10, 1), 3, date(2027, 1, 1)),
    ],
)
def test_calendar_months_end_where_the_month_ends(day, months, expected):
    assert after(day, Span(months, "MONTH")) == expected


@pytest.mark.parametrize(
    ("span", "expected"),
    [
        (Span(12, "WEEK"), date(2026, 11, 24)),
        (Span(84, "DAY"), date(2026, 11, 24)),
        (Span(90, "DAY"), date(2026, 11, 30)),
        (Span(3, "MONTH"), date(2026, 12, 1)),
        (Span(0, "DAY"), date(2026, 9, 1)),
    ],
)
def test_units_are_exact_and_never_converted(span, expected):
    assert after(date(2026, 9, 1), span) == expected


def test_days_and_weeks_are_calendar_days_across_a_change_of_the_clock():
    assert after(date(2026, 10, 24), Span(1, "WEEK")) == date(2026, 10, 31)


@pytest.mark.parametrize(("value", "unit"), [(-1, "DAY"), (3, "YEAR"), (3, "")])
def test_a_span_is_days_weeks_or_months_not_below_zero(value, unit):
    with pytest.raises(ValueError, match="days, weeks or calendar months"):
        Span(value, unit)


def test_policy_alone_opens_after_three_and_closes_after_six_months_with_its_arithmetic():
    result = window(date(2026, 11, 30))
    assert (result.opens_on, result.closes_on) == (date(2027, 2, 28), date(2027, 5, 30))
    assert result.opens_rule == "policy: 3 calendar months after 30 Nov 2026"
    assert result.closes_rule == "policy: 6 calendar months after 30 Nov 2026"


@pytest.mark.parametrize(
    ("treated_on", "opens_on", "rule"),
    [
        # 89 days: three calendar months fall one day short of ninety.
        (date(2026, 2, 1), date(2026, 5, 2), "payer: 90 days, from 1 Feb 2026"),
        # 90 days: both on the same day, both named.
        (
            date(2028, 2, 1),
            date(2028, 5, 1),
            "policy: 3 calendar months after 1 Feb 2028; same day as payer: 90 days, from 1 Feb 2028",
        ),
        # 92 days: the policy is later.
        (date(2026, 7, 1), date(2026, 10, 1), "policy: 3 calendar months after 1 Jul 2026"),
    ],
)
def test_ninety_days_against_three_months(treated_on, opens_on, rule):
    result = window(treated_on, floors=[Floor(90, "DAY", "payer: 90 days")])
    assert (result.opens_on, result.opens_rule) == (opens_on, rule)


def test_twelve_weeks_never_outlast_three_months():
    for month in range(1, 13):
        result = window(date(2026, month, 1), floors=[Floor(12, "WEEK", "label: 12 weeks")])
        assert result.opens_rule.startswith("policy")


def test_unverified_floor_says_so_in_the_rule():
    floors = [Floor(16, "WEEK", "label of Dysport, EU: 16 weeks", verified=False)]
    result = window(date(2026, 9, 1), floors=floors)
    assert result.opens_on == date(2026, 12, 22)
    assert result.opens_rule == "label of Dysport, EU: 16 weeks, from 1 Sep 2026 (not verified at this clinic)"


def test_latest_of_several_floors_wins_and_equal_wordings_are_named_once():
    floors = [Floor(16, "WEEK", "A"), Floor(112, "DAY", "B"), Floor(16, "WEEK", "A"), Floor(100, "DAY", "C")]
    assert window(date(2026, 9, 1), floors=floors).opens_rule == ("A, from 1 Sep 2026; same day as B, from 1 Sep 2026")


def test_without_a_known_wear_off_the_first_three_weeks_are_suggested():
    result = window(date(2026, 9, 1))
    assert (result.suggested_from, result.suggested_until) == (date(2026, 12, 1), date(2026, 12, 22))
    assert "no personal wear-off known" in result.suggested_basis


def test_suggestion_ends_with_a_short_window():
    result = window(date(2026, 9, 1), opens_after=Span(10, "WEEK"), closes_after=Span(12, "WEEK"))
    assert result.suggested_until == result.closes_on == date(2026, 11, 24)


@pytest.mark.parametrize(
    ("weeks", "opens_on", "closes_on"),
    [
        (25, date(2027, 2, 23), date(2027, 3, 1)),
        (26, date(2027, 3, 2), date(2027, 6, 2)),
        (40, date(2027, 6, 8), date(2027, 9, 8)),
    ],
)
def test_floor_past_the_closing_keeps_the_length_of_the_policy(weeks, opens_on, closes_on):
    result = window(date(2026, 9, 1), floors=[Floor(weeks, "WEEK")])
    assert (result.opens_on, result.closes_on) == (opens_on, closes_on)


def test_pushed_closing_tells_what_pushed_it():
    result = window(date(2026, 9, 1), floors=[Floor(26, "WEEK")])
    assert result.closes_rule == (
        "3 calendar months after the opening, because policy: 6 calendar months after 1 Sep 2026, which is 1 Mar 2027, "
        "would end it at once"
    )


def test_floor_on_the_very_day_of_closing_also_keeps_the_length():
    result = window(date(2026, 9, 1), floors=[Floor(181, "DAY")])
    assert (result.opens_on, result.closes_on) == (date(2027, 3, 1), date(2027, 6, 1))


def test_pushed_closing_of_a_policy_in_two_units_keeps_its_days():
    result = window(date(2026, 9, 1), opens_after=Span(12, "WEEK"), closes_after=Span(6, "MONTH"), floors=[Floor(200, "DAY")])
    assert (result.closes_on - result.opens_on).days == (date(2027, 3, 1) - date(2026, 11, 24)).days


def test_own_date_inside_the_window_is_the_only_suggestion_and_moves_no_edge():
    result = window(date(2026, 9, 1), own_on=date(2027, 1, 15))
    assert (result.opens_on, result.closes_on) == (date(2026, 12, 1), date(2027, 3, 1))
    assert result.suggested_from == result.suggested_until == date(2027, 1, 15)
    assert result.suggested_basis == OWN_DATE


def test_own_date_before_a_floor_wins_and_names_the_floors_it_undercuts():
    floors = [Floor(12, "WEEK", "label of Xeomin, EU: 12 weeks", verified=False), Floor(6, "WEEK", "short")]
    result = window(date(2026, 9, 1), floors=floors, own_on=date(2026, 11, 3))
    assert result.opens_on == date(2026, 11, 3)
    assert result.opens_rule == (
        "the clinician's own date, 3 Nov 2026; earlier than policy: 3 calendar months after 1 Sep 2026, which is "
        "1 Dec 2026; earlier than label of Xeomin, EU: 12 weeks, from 1 Sep 2026 (not verified at this clinic), "
        "which is 24 Nov 2026"
    )
    assert result.closes_on == date(2027, 3, 1)


def test_own_date_after_the_window_stretches_it():
    result = window(date(2026, 9, 1), own_on=date(2027, 5, 3))
    assert (result.opens_on, result.closes_on) == (date(2026, 12, 1), date(2027, 5, 3))
    assert result.closes_rule.startswith("the clinician's own date, 3 May 2027; later than policy")


@pytest.mark.parametrize("own_on", [date(2026, 9, 1), date(2026, 8, 31)])
def test_own_date_is_after_the_treatment(own_on):
    with pytest.raises(ValueError, match="after the treatment"):
        window(date(2026, 9, 1), own_on=own_on)


def test_suggested_date_is_the_own_date_then_the_first_suggested_then_the_opening():
    @dataclass
    class Row:
        opens_on: date = date(2026, 12, 1)
        suggested_from: date | None = None
        own_on: date | None = None

    assert suggested_date(Row()) == date(2026, 12, 1)
    assert suggested_date(Row(suggested_from=date(2026, 12, 9))) == date(2026, 12, 9)
    assert suggested_date(Row(suggested_from=date(2026, 12, 9), own_on=date(2027, 1, 4))) == date(2027, 1, 4)


def test_dates_in_the_record_do_not_depend_on_a_locale():
    assert in_words(date(2026, 3, 5)) == "5 Mar 2026"


spans = st.builds(Span, st.integers(0, 40), st.sampled_from(["DAY", "WEEK", "MONTH"]))
floors = st.lists(st.builds(Floor, st.integers(1, 60), st.sampled_from(["DAY", "WEEK", "MONTH"])), max_size=4)
days = st.dates(date(1990, 1, 1), date(2100, 12, 31))


@given(days, spans, spans, floors)
def test_window_never_opens_before_any_floor_and_never_closes_before_it_opens(treated_on, opens, closes, given_floors):
    result = window(treated_on, opens_after=opens, closes_after=closes, floors=given_floors)
    assert result.opens_on >= after(treated_on, opens)
    assert all(result.opens_on >= after(treated_on, Span(floor.value, floor.unit)) for floor in given_floors)
    assert result.opens_on <= result.suggested_from <= result.suggested_until <= result.closes_on
    assert result.opens_on in {
        after(treated_on, opens),
        *(after(treated_on, Span(floor.value, floor.unit)) for floor in given_floors),
    }


@given(days, spans, spans, floors, st.integers(1, 1000))
def test_own_date_always_wins(treated_on, opens, closes, given_floors, ahead):
    own_on = treated_on + timedelta(days=ahead)
    result = window(treated_on, opens_after=opens, closes_after=closes, floors=given_floors, own_on=own_on)
    without = window(treated_on, opens_after=opens, closes_after=closes, floors=given_floors)
    assert result.suggested_from == result.suggested_until == own_on
    assert result.opens_on == min(without.opens_on, own_on)
    assert result.closes_on == max(without.closes_on, own_on)
    assert (own_on < without.opens_on) == result.opens_rule.startswith(OWN_DATE)
