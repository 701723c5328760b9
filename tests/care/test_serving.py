"""Serving everybody in the order in which windows close, against every other way of giving out the days."""

from datetime import date, timedelta
from itertools import permutations

from hypothesis import given
from hypothesis import strategies as st

from clinic.care.serving import Waiting, serve_in_order

FIRST = date(2026, 12, 7)


def day(number):
    return FIRST + timedelta(days=number)


def waiting(key, opens, closes):
    return Waiting(key, day(opens), day(closes))


def turns(people, room):
    served = serve_in_order(people, {day(number): count for number, count in room.items()}, from_on=FIRST)
    return {one.waiting.key: one.on for one in served}


def pushed(people, room, last=9):
    served = serve_in_order(people, {day(number): count for number, count in room.items()}, from_on=FIRST)
    return {one.waiting.key for one in served if one.is_pushed(from_on=FIRST, until_on=day(last))}


def test_whose_window_closes_first_goes_first():
    assert turns([waiting(1, 0, 9), waiting(2, 0, 3)], {0: 1, 5: 1}) == {2: day(0), 1: day(5)}


def test_nobody_is_served_before_their_window_opens():
    assert turns([waiting(1, 4, 9)], {0: 1, 3: 1, 5: 1}) == {1: day(5)}


def test_day_serves_as_many_as_it_has_room_for():
    people = [waiting(key, 0, 9) for key in range(3)]
    assert turns(people, {0: 2, 1: 1}) == {0: day(0), 1: day(0), 2: day(1)}


def test_who_gets_a_turn_only_after_the_window_is_pushed_past_it():
    assert pushed([waiting(1, 0, 1), waiting(2, 0, 2)], {0: 1, 5: 1}) == {2}


def test_who_gets_no_turn_is_pushed_if_the_window_closes_within_the_days_that_are_known():
    assert pushed([waiting(1, 0, 9), waiting(2, 0, 10)], {}) == {1}


def test_who_was_late_already_takes_a_turn_and_is_not_counted_as_pushed():
    assert pushed([waiting(1, -9, -1), waiting(2, 0, 0)], {0: 1}) == {2}


def test_days_before_the_first_are_not_given_out():
    assert turns([waiting(1, -9, 9)], {-3: 1, 2: 1}) == {1: day(2)}


@st.composite
def people_and_room(draw):
    people = []
    for key in range(draw(st.integers(0, 4))):
        opens = draw(st.integers(-2, 5))
        people.append(waiting(key, opens, max(0, opens) + draw(st.integers(0, 3))))
    room = draw(st.dictionaries(st.integers(0, 8), st.integers(0, 2), max_size=4))
    return people, room


@given(people_and_room())
def test_somebody_is_pushed_only_if_no_order_at_all_serves_everybody_in_time(situation):
    people, room = situation
    seats = [day(number) for number, count in room.items() for _ in range(count)]
    seats += [None] * len(people)

    def is_in_time(one, seat):
        return seat is not None and one.opens_on <= seat <= one.closes_on

    could_all = any(
        all(is_in_time(one, seat) for one, seat in zip(people, chosen, strict=True))
        for chosen in set(permutations(seats, len(people)))
    )
    assert (pushed(people, room, last=20) == set()) is could_all


@given(people_and_room())
def test_no_day_is_overfilled_and_nobody_has_two_turns(situation):
    people, room = situation
    given_out = turns(people, room)
    assert set(given_out) == {one.key for one in people}
    for number, count in room.items():
        assert sum(on == day(number) for on in given_out.values()) <= count
    for one in people:
        assert given_out[one.key] is None or given_out[one.key] >= max(one.opens_on, FIRST)
