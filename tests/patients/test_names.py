"""What may be typed into a line and a text, and how a name is found again."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinic.patients.names import Flaw, flaw_of, fold, search_text, tidy


@pytest.mark.parametrize(
    ("text", "flaw"),
    [
        ("Anna\r\nBcc: thief@example.org", Flaw.LINE_BREAK),
        ("Anna\nMercer", Flaw.LINE_BREAK),
        ("Anna\u2028Mercer", Flaw.LINE_BREAK),
        ("Anna\x85Mercer", Flaw.LINE_BREAK),
        ("Anna\x00", Flaw.CONTROL),
        ("Anna\tMercer", Flaw.CONTROL),
        ("Anna\x1b[31m", Flaw.CONTROL),
        ("Anna\x9f", Flaw.CONTROL),
        ("Anna\u202egnp.exe", Flaw.DIRECTION),
        ("\u200fAnna", Flaw.DIRECTION),
        ("Anna\u2066Mercer\u2069", Flaw.DIRECTION),
        ("Anna\ud800", Flaw.UNREADABLE),
        ("\ufffd Anna", Flaw.UNREADABLE),
        ("Anna\uffff", Flaw.UNREADABLE),
    ],
)
def test_line_that_would_do_harm_is_refused(text, flaw):
    assert flaw_of(text) == flaw


@pytest.mark.parametrize(
    "name",
    [
        "Anna",
        "Zoë O’Brien-Čapek",
        "Nguyễn Thị Ánh",
        "李雷",
        "محمد",
        "אסתר",
        "می\u200cخواهم",
        "क्\u200dष",
        "Anna 😀",
        "van der Berg, jr.",
    ],
)
def test_name_of_any_writing_is_accepted(name):
    assert flaw_of(name) is None


def test_text_of_several_lines_may_hold_line_breaks_and_tabs_but_no_other_control():
    assert flaw_of("first\r\nsecond\n\tthird", several_lines=True) is None
    assert flaw_of("first\x00", several_lines=True) == Flaw.CONTROL
    assert flaw_of("first\x0bsecond", several_lines=True) == Flaw.LINE_BREAK


@given(st.text())
def test_accepted_line_never_breaks_a_header_or_a_file_of_rows(text):
    if flaw_of(text) is None:
        assert len(f"x{tidy(text)}x".splitlines()) == 1
        assert flaw_of(tidy(text)) is None
        tidy(text).encode()


@given(st.text())
def test_tidying_twice_changes_nothing_more(text):
    if flaw_of(text, several_lines=True) is None:
        for several in (True, False):
            assert tidy(tidy(text, several_lines=several), several_lines=several) == tidy(text, several_lines=several)


def test_tidying_joins_accents_and_spaces_and_drops_what_nobody_sees():
    assert tidy("  Zoe\u0308\u00a0 O\u00adBrien\u200b ") == "Zoë OBrien"
    assert tidy("one\r\n  two \r", several_lines=True) == "one\n  two"


def test_person_is_found_with_and_without_accents():
    found_by = search_text("Zoë", "O’Brien-Čapek", "P00017")

    for typed in ("zoë", "ZOE", "O'Brien", "o’brien", "čapek", "Capek", "p00017"):
        assert fold(typed) in found_by


def test_name_without_accents_stands_once_in_its_search_text():
    assert search_text("Anna", "Mercer", "P1") == "anna mercer p1"
