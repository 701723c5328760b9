"""The window bar: where things stand on it, and the same in words."""

from datetime import date, timedelta

import pytest
from django.template import Context, Template
from django.utils import translation

from clinic.staff.pictures.window_bar import WIDTH, Axis, WindowFacts, describe, lay_out, month_name

AS_OF = date(2026, 11, 23)
AXIS = Axis.around(AS_OF)


def facts(**changes):
    plain = {
        "treated_on": date(2026, 8, 19),
        "opens_on": date(2026, 11, 19),
        "closes_on": date(2027, 2, 19),
        "suggested_from": date(2026, 12, 1),
        "suggested_until": date(2026, 12, 18),
    }
    return WindowFacts(**{**plain, **changes})


def test_axis_around_a_day_shows_twelve_whole_months():
    assert (AXIS.from_on, AXIS.until_on) == (date(2026, 6, 1), date(2027, 6, 1))
    assert [month_name(first) for first in AXIS.months()][:3] == ["Jun", "Jul", "Aug"]
    assert len(AXIS.months()) == 12


def test_axis_around_a_leap_day_keeps_whole_months():
    axis = Axis.around(date(2028, 2, 29))
    assert (axis.from_on, axis.until_on) == (date(2027, 9, 1), date(2028, 9, 1))
    # 366 days, and 1 March comes one day after the 29th of February.
    assert axis.x(date(2028, 3, 1)) - axis.x(date(2028, 2, 29)) == pytest.approx(WIDTH / 366, abs=0.11)


def test_axis_that_covers_a_follow_up_holds_all_its_days():
    own = facts(appointment_on=date(2027, 3, 31))
    axis = Axis.covering(AS_OF, own.days())
    assert (axis.from_on, axis.until_on) == (date(2026, 8, 1), date(2027, 4, 1))
    bar = lay_out(own, axis)
    assert not bar.earlier
    assert not bar.later


def test_axis_cannot_end_before_it_starts():
    with pytest.raises(ValueError, match="ends after it starts"):
        Axis(from_on=AS_OF, until_on=AS_OF, as_of=AS_OF)


def test_days_stand_in_proportion_to_the_axis():
    axis = Axis(from_on=date(2026, 1, 1), until_on=date(2026, 1, 1) + timedelta(days=330), as_of=AS_OF)
    assert axis.x(date(2026, 1, 1)) == 0
    assert axis.x(date(2026, 1, 11)) == 10
    assert axis.x(date(2025, 12, 31)) == -1


def test_window_runs_through_its_closing_day():
    bar = lay_out(facts(), AXIS)
    assert bar.window.x == AXIS.x(date(2026, 11, 19))
    assert bar.window.x + bar.window.width == pytest.approx(AXIS.x(date(2027, 2, 20)), abs=0.11)
    assert bar.lead.x == bar.treated == AXIS.x(date(2026, 8, 19))


def test_what_lies_before_the_axis_is_cut_at_its_edge_and_told_by_an_arrow():
    bar = lay_out(facts(treated_on=date(2026, 3, 2), opens_on=date(2026, 6, 2)), AXIS)
    assert bar.treated is None
    assert bar.lead.x == 0
    assert bar.earlier
    assert not bar.later


def test_what_lies_after_the_axis_is_cut_at_its_edge_and_told_by_an_arrow():
    bar = lay_out(facts(closes_on=date(2027, 9, 1), appointment_on=date(2027, 8, 1)), AXIS)
    assert bar.window.x + bar.window.width == pytest.approx(WIDTH)
    assert bar.appointment is None
    assert bar.later


def test_follow_up_wholly_before_the_axis_draws_no_window():
    bar = lay_out(facts(treated_on=date(2025, 1, 1), opens_on=date(2025, 4, 1), closes_on=date(2025, 7, 1)), AXIS)
    assert bar.window is None
    assert bar.lead is None
    # What is overdue since then still runs from the edge to today.
    assert bar.late.x == 0
    assert bar.late.x + bar.late.width == pytest.approx(AXIS.x(AS_OF))


def test_suggested_band_of_one_day_stays_visible():
    bar = lay_out(facts(suggested_from=date(2026, 12, 1), suggested_until=date(2026, 12, 1)), AXIS)
    assert bar.suggested.width == 4
    at_the_edge = lay_out(facts(suggested_from=date(2027, 5, 31), suggested_until=None), AXIS)
    assert at_the_edge.suggested.x + at_the_edge.suggested.width == WIDTH


def test_window_of_a_single_day_is_drawn():
    bar = lay_out(facts(opens_on=date(2026, 12, 1), closes_on=date(2026, 12, 1), suggested_from=None), AXIS)
    assert bar.window.width > 0
    assert bar.suggested is None


def test_closed_window_is_late_up_to_today_unless_booked():
    closed = {"closes_on": date(2026, 11, 14), "opens_on": date(2026, 8, 14), "suggested_from": None}
    late = lay_out(facts(**closed), AXIS).late
    assert late.x == AXIS.x(date(2026, 11, 15))
    assert late.x + late.width == pytest.approx(AXIS.x(AS_OF), abs=0.11)
    assert lay_out(facts(**closed, appointment_on=date(2026, 12, 1)), AXIS).late is None


def test_letters_outside_the_axis_are_left_out():
    bar = lay_out(facts(letters_on=[date(2026, 1, 1), date(2026, 11, 4)]), AXIS)
    assert bar.letters == (AXIS.x(date(2026, 11, 4)),)


def test_overdue_follow_up_in_words():
    own = facts(
        treated_on=date(2026, 5, 14),
        opens_on=date(2026, 8, 14),
        closes_on=date(2026, 11, 14),
        suggested_from=date(2026, 8, 14),
        suggested_until=date(2026, 9, 4),
        letters_on=[date(2026, 8, 28), date(2026, 7, 24)],
    )
    assert describe(own, AS_OF) == (
        "Treated 14 May 2026. Opens 14 Aug, suggested 14 Aug to 4 Sep, closes 14 Nov 2026; not booked; "
        "letters on 24 Jul, 28 Aug. 9 days past the window."
    )


def test_booked_follow_up_in_words():
    own = facts(appointment_on=date(2026, 12, 10), worn_off_on=date(2026, 11, 2), letters_on=[date(2026, 11, 4)])
    assert describe(own, AS_OF) == (
        "Treated 19 Aug 2026. Opens 19 Nov, suggested 1 Dec to 18 Dec, closes 19 Feb 2027; booked for 10 Dec; "
        "worn off by 2 Nov; letter on 4 Nov."
    )


def test_words_leave_out_what_is_not_known():
    own = facts(suggested_from=None, suggested_until=None)
    assert describe(own, date(2027, 2, 20)) == (
        "Treated 19 Aug 2026. Opens 19 Nov 2026, closes 19 Feb 2027; not booked. 1 day past the window."
    )


def test_day_of_closing_is_not_past_the_window():
    assert "past" not in describe(facts(), date(2027, 2, 19))


def test_months_are_written_in_the_reader_s_language():
    with translation.override("de"):
        assert "19. Aug" in describe(facts(), AS_OF) or "19 Aug" in describe(facts(), AS_OF)
        assert month_name(date(2026, 12, 1)) == "Dez"
    assert month_name(date(2026, 12, 1)) == "Dec"


def render(template, **context):
    return Template("{% load clinic_pictures %}" + template).render(Context(context))


def test_bar_carries_its_words_as_its_name():
    html = render("{% window_bar facts axis %}", facts=facts(), axis=AXIS)
    assert 'role="img" aria-label="Treated 19 Aug 2026. Opens 19 Nov' in html
    assert "19 Nov to 19 Feb 2027" in html
    assert html.count('class="bar-suggested"') == 1
    assert "style=" not in html


def test_bar_draws_only_what_is_there():
    html = render("{% window_bar facts axis %}", facts=facts(suggested_from=None, suggested_until=None), axis=AXIS)
    assert "bar-suggested" not in html
    assert "bar-booked" not in html
    booked = render("{% window_bar facts axis %}", facts=facts(appointment_on=date(2026, 12, 10)), axis=AXIS)
    assert "bar-booked" in booked


def test_axis_names_every_month_and_today():
    html = render("{% window_axis axis %}", axis=AXIS)
    assert html.count("bar-month-text") == 12
    assert "today 23 Nov" in html


def test_long_axis_names_every_other_month():
    axis = Axis(from_on=date(2025, 1, 1), until_on=date(2027, 1, 1), as_of=AS_OF)
    assert render("{% window_axis axis %}", axis=axis).count("bar-month-text") == 12


def test_axis_without_today_says_nothing_of_it():
    axis = Axis(from_on=date(2025, 1, 1), until_on=date(2025, 7, 1), as_of=AS_OF)
    assert "today" not in render("{% window_axis axis %}", axis=axis)
