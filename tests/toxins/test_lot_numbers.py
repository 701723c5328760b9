"""A lot is found however its number is typed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinic.toxins.lot_numbers import lot_key


@pytest.mark.parametrize("typed", ["C7719-C3", "c7719c3", " C7719 C3 ", "C7719.C3", "C7719–c3", "C 7 7 1 9 / C 3"])
def test_spaces_dashes_dots_and_case_say_nothing(typed):
    assert lot_key(typed) == "C7719C3"


@pytest.mark.parametrize("typed", ["", "  ", "-", ". . ."])
def test_nothing_is_left_of_a_number_that_says_nothing(typed):
    assert lot_key(typed) == ""


def test_different_numbers_stay_different():
    assert lot_key("C7719C3") != lot_key("C7719C8")


@given(st.text(max_size=40))
def test_key_of_a_key_is_itself(typed):
    assert lot_key(lot_key(typed)) == lot_key(typed)
