"""A code on a box says what is printed on it, or is refused; it is never guessed."""

import calendar
from datetime import date

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from clinic.toxins.gs1 import SEPARATOR, BoxCode, Fault, Unreadable, has_check_digit, read_code
from clinic.toxins.wording import code_sentence

TODAY = date(2026, 11, 23)
GS = SEPARATOR
GTIN = "09501101530003"
BOX = BoxCode(GTIN, date(2028, 1, 31), "C7719C3", "12345678")


@pytest.mark.parametrize(
    "text",
    [
        f"01{GTIN}1728013110C7719C3{GS}2112345678",
        f"]d201{GTIN}1728013110C7719C3{GS}2112345678",
        f"]C101{GTIN}1728013110C7719C3{GS}2112345678",
        f"]d2{GS}01{GTIN}1728013110C7719C3{GS}2112345678",
        f"{GS}01{GTIN}1728013110C7719C3{GS}2112345678{GS}",
        f"01{GTIN}2112345678{GS}1728013110C7719C3",
        f"10C7719C3{GS}2112345678{GS}17280131{GS}01{GTIN}",
        f"01{GTIN}1728013110C7719C3{{GS}}2112345678",
        f"01{GTIN}1728013110C7719C3\u241d2112345678",
        f"(01){GTIN}(17)280131(10)C7719C3(21)12345678",
        f"(01) {GTIN} (17) 280131 (10) C7719C3 (21) 12345678",
        f"(21)12345678(10)C7719C3(17)280131(01){GTIN}",
        f"  01{GTIN}1728013110C7719C3{GS}2112345678\r\n",
    ],
)
def test_code_is_read_in_any_order_and_any_dress(text):
    assert read_code(text, today=TODAY) == BOX


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("17280131", BoxCode(expires_on=date(2028, 1, 31))),
        (f"01{GTIN}", BoxCode(gtin=GTIN)),
        (f"01{GTIN}1728013110C7719C3", BoxCode(GTIN, date(2028, 1, 31), "C7719C3")),
        # Nothing else can begin here: whatever is not there yet does not fit, whatever fits is there already.
        (f"01{GTIN}1728013110X17", BoxCode(GTIN, date(2028, 1, 31), "X17")),
        (f"01{GTIN}1728013110X0117280131", BoxCode(GTIN, date(2028, 1, 31), "X0117280131")),
        (f"01{GTIN}1728013110AB21", BoxCode(GTIN, date(2028, 1, 31), "AB21")),
        # A lot that begins with the digits of an element: it cannot be empty, so it is the lot.
        (f"01{GTIN}17280131102", BoxCode(GTIN, date(2028, 1, 31), "2")),
        # One separator shows that the scanner sends them.
        (f"01{GTIN}2199{GS}1728013110A121X", BoxCode(GTIN, date(2028, 1, 31), "A121X", "99")),
        (f"01{GTIN}1728013110A121X{GS}", BoxCode(GTIN, date(2028, 1, 31), "A121X")),
        ("(10)A(B)-1/2", BoxCode(lot_number="A(B)-1/2")),
        (f"(10){'L' * 20}", BoxCode(lot_number="L" * 20)),
    ],
)
def test_code_says_no_more_than_stands_in_it(text, code):
    assert read_code(text, today=TODAY) == code


@pytest.mark.parametrize(
    ("written", "day"),
    [
        ("280100", date(2028, 1, 31)),
        ("280200", date(2028, 2, 29)),
        ("270200", date(2027, 2, 28)),
        ("280229", date(2028, 2, 29)),
        ("271231", date(2027, 12, 31)),
        # At most 50 years ahead, at most 49 behind.
        ("760101", date(2076, 1, 1)),
        ("770101", date(1977, 1, 1)),
        ("000100", date(2000, 1, 31)),
    ],
)
def test_expiry_without_a_day_is_the_last_of_its_month_and_its_century_is_the_nearest(written, day):
    assert read_code(f"17{written}", today=TODAY).expires_on == day


@pytest.mark.parametrize(
    ("today", "written", "year"),
    [
        (date(2051, 1, 1), "01", 2101),
        (date(2051, 1, 1), "02", 2002),
        (date(2049, 1, 1), "99", 2099),
        (date(2048, 1, 1), "99", 1999),
        (date(2099, 1, 1), "00", 2100),
    ],
)
def test_century_turns_where_the_years_are_fifty_apart(today, written, year):
    assert read_code(f"17{written}0115", today=today).expires_on == date(year, 1, 15)


@pytest.mark.parametrize(
    ("text", "fault", "says"),
    [
        ("", Fault.EMPTY, "no code to read"),
        ("   ", Fault.EMPTY, "no code to read"),
        ("]d2", Fault.EMPTY, "no code to read"),
        (GS * 3, Fault.EMPTY, "no code to read"),
        ("1" * 201, Fault.TOO_LONG, "at most 200 characters"),
        (f"]d101{GTIN}", Fault.NOT_GS1, "not the GS1 code"),
        ("(lot)C7719", Fault.NOT_GS1, "not the GS1 code"),
        ("()", Fault.NOT_GS1, "not the GS1 code"),
        ("C7719C3", Fault.UNKNOWN_ELEMENT, "“C7”"),
        (f"01{GTIN}2401234", Fault.UNKNOWN_ELEMENT, "“240”"),
        (f"01{GTIN}31030012", Fault.UNKNOWN_ELEMENT, "“3103”"),
        (f"01{GTIN}11270131", Fault.UNKNOWN_ELEMENT, "“11”"),
        (f"(01){GTIN}(240)1234", Fault.UNKNOWN_ELEMENT, "“240”"),
        (f"01{GTIN}01{GTIN}", Fault.TWICE, "product number (01) stands twice"),
        (f"10A{GS}10B", Fault.TWICE, "lot (10) stands twice"),
        ("010950110153", Fault.CUT_SHORT, "has not its 14 digits"),
        (f"172801{GS}3110A", Fault.CUT_SHORT, "has not its 6 digits"),
        ("(01)9501101530003", Fault.CUT_SHORT, "has not its 14 digits"),
        ("010950110153000A", Fault.NOT_DIGITS, "not made of 14 digits"),
        ("01٠٩٥٠١١٠١٥٣٠٠٠٣", Fault.NOT_DIGITS, "not made of 14 digits"),
        ("17-80131", Fault.NOT_DIGITS, "not made of 6 digits"),
        ("0109501101530004", Fault.WRONG_CHECK_DIGIT, "09501101530004"),
        ("17281331", Fault.NO_SUCH_DAY, "281331"),
        ("17270229", Fault.NO_SUCH_DAY, "270229"),
        ("17280001", Fault.NO_SUCH_DAY, "280001"),
        ("10", Fault.NO_VALUE, "lot (10) is empty"),
        (f"10{GS}21X", Fault.NO_VALUE, "lot (10) is empty"),
        ("(10)(21)X", Fault.NO_VALUE, "lot (10) is empty"),
        (f"10{'L' * 21}{GS}21X", Fault.VALUE_TOO_LONG, "more than 20 characters"),
        (f"10C 77{GS}21X", Fault.WRONG_CHARACTER, "lot (10) holds a character"),
        (f"10Ü7{GS}21X", Fault.WRONG_CHARACTER, "lot (10) holds a character"),
        (f"10\x007{GS}21X", Fault.WRONG_CHARACTER, "lot (10) holds a character"),
        # The separator was not sent, and another element may begin inside the last value.
        (f"01{GTIN}1728013110C7719C32112345678", Fault.SEPARATOR_MISSING, "separator after the lot (10)"),
        (f"01{GTIN}10C7719C317280131", Fault.SEPARATOR_MISSING, "separator after the lot (10)"),
        (f"10C771901{GTIN}", Fault.SEPARATOR_MISSING, "separator after the lot (10)"),
        (f"01{GTIN}21998810C7719", Fault.SEPARATOR_MISSING, "separator after the serial number (21)"),
        (f"10{'L' * 21}", Fault.SEPARATOR_MISSING, "separator after the lot (10)"),
    ],
)
def test_code_that_is_not_whole_or_can_be_read_in_two_ways_is_refused_in_words(text, fault, says):
    with pytest.raises(Unreadable) as refused:
        read_code(text, today=TODAY)
    assert refused.value.fault == fault
    assert says in code_sentence(refused.value)
    assert "%(" not in code_sentence(refused.value)


def gtin_of(digits):
    """Thirteen digits with their check digit, reckoned from the right as the specification does."""
    odd, even = digits[::-1][::2], digits[::-1][1::2]
    return digits + str(-(3 * sum(map(int, odd)) + sum(map(int, even))) % 10)


@given(st.text("0123456789", min_size=13, max_size=13), st.integers(0, 13), st.integers(1, 9))
def test_check_digit_catches_every_single_wrong_digit(digits, place, off):
    gtin = gtin_of(digits)
    assert has_check_digit(gtin)
    wrong = gtin[:place] + str((int(gtin[place]) + off) % 10) + gtin[place + 1 :]
    assert not has_check_digit(wrong)


VALUES = st.text("!\"%&'()*+,-./0123456789:;<=>?ABCXYZ_abcxyz", min_size=1, max_size=20)
ELEMENTS = st.fixed_dictionaries(
    {},
    optional={
        "01": st.text("0123456789", min_size=13, max_size=13).map(gtin_of),
        "17": st.dates(date(1980, 1, 1), date(2070, 12, 31)),
        "10": VALUES,
        "21": VALUES,
    },
).filter(bool)


def read_or_fault(text):
    """What the text says, or the fault for which it is refused."""
    try:
        return read_code(text, today=TODAY)
    except Unreadable as refused:
        return refused.fault


def meant(elements):
    return BoxCode(elements.get("01", ""), elements.get("17"), elements.get("10", ""), elements.get("21", ""))


def as_written(ai, value):
    return f"{value:%y%m%d}" if ai == "17" else value


@given(ELEMENTS, st.randoms())
def test_what_is_written_with_separators_is_read_as_it_was_meant(elements, random):
    order = random.sample(sorted(elements), len(elements))
    text = "".join(ai + as_written(ai, elements[ai]) + (GS if ai in ("10", "21") else "") for ai in order)
    assert read_code(text, today=TODAY) == meant(elements)
    assert read_code("]d2" + text, today=TODAY) == meant(elements)


@given(ELEMENTS, st.randoms())
def test_what_is_printed_in_brackets_is_read_as_it_was_meant(elements, random):
    assume(not any("(" in str(value) for value in elements.values()))
    order = random.sample(sorted(elements), len(elements))
    text = "".join(f"({ai}){as_written(ai, elements[ai])}" for ai in order)
    assert read_code(text, today=TODAY) == meant(elements)


@given(ELEMENTS, st.randoms())
def test_what_lost_its_separators_is_read_as_it_was_meant_or_refused(elements, random):
    order = random.sample(sorted(elements), len(elements))
    text = "".join(ai + as_written(ai, elements[ai]) for ai in order)
    assume(not text.startswith(("(", "]")))
    assert read_or_fault(text) in (meant(elements), Fault.SEPARATOR_MISSING, Fault.TWICE)


@given(st.dates(date(1977, 1, 1), date(2076, 12, 31)))
def test_every_day_of_a_hundred_years_is_read_as_itself(day):
    assert read_code(f"17{day:%y%m%d}", today=TODAY).expires_on == day
    month = read_code(f"17{day:%y%m}00", today=TODAY).expires_on
    assert month == day.replace(day=calendar.monthrange(day.year, day.month)[1])


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused(text):
    assert isinstance(read_or_fault(text), BoxCode | Fault)


def test_every_fault_has_its_sentence():
    for fault in Fault:
        facts = {"ai": "10", "most": 20, "digits": 6, "gtin": GTIN, "day": "280231"}
        assert "%(" not in code_sentence(Unreadable(fault, **facts))
