"""Diagnosis codes and the side they say."""

import pytest

from clinic.patients.coding import HEMIFACIAL_SPASM, is_a_code, is_incomplete, side_of_code, suggested_code, tidy_code


@pytest.mark.parametrize(("side", "code"), [("RIGHT", "G51.31"), ("LEFT", "G51.32"), ("BOTH", "G51.33"), ("NONE", "G51.39")])
def test_hemifacial_spasm_is_coded_by_its_side(side, code):
    assert suggested_code("HFS", side) == code


def test_condition_without_a_side_of_its_own_has_one_code():
    assert suggested_code("BLEPH", "BOTH") == suggested_code("BLEPH", "NONE") == "G24.5"


def test_unknown_indication_has_no_suggestion():
    assert suggested_code("SOMETHING", "RIGHT") == ""


@pytest.mark.parametrize("typed", ["g51.31", "G5131", " g51 .31 "])
def test_code_is_tidied(typed):
    assert tidy_code(typed) == "G51.31"


@pytest.mark.parametrize("code", ["G51.31", "G24.5", "L74.510", "N32.81", "K11.7", "C4A.0"])
def test_code_of_the_right_shape_is_one(code):
    assert is_a_code(code)


@pytest.mark.parametrize("code", ["", "G5", "51.31", "G51.31345", "G51,31", "hemifacial", "U51.31\n"])
def test_anything_else_is_none(code):
    assert not is_a_code(code)


def test_code_without_its_last_digit_is_incomplete():
    assert is_incomplete("G51.3")
    assert is_incomplete("G51.30")
    assert not any(is_incomplete(code) for code in HEMIFACIAL_SPASM.values())


def test_only_codes_of_a_known_side_state_one():
    assert [side_of_code(code) for code in HEMIFACIAL_SPASM.values()] == ["RIGHT", "LEFT", "BOTH", ""]
    assert side_of_code("G24.5") == ""
