"""A sheet of facts laid out on paper, without any record behind it; and the drawings as strokes."""

from dataclasses import replace
from math import hypot

import pytest
from django.template.loader import render_to_string

from clinic.staff.pictures.drawings import drawing
from clinic.staff.printed_record.figure import LOOKS
from clinic.staff.printed_record.outlines import outlines_of
from clinic.staff.printed_record.paper import printed
from clinic.staff.printed_record.sheet import Fact, Facts, Figure, Figures, Mark, Prose, Sheet, Sign, Table
from clinic.staff.printed_record.strokes import Frame, Outline, Place, circle, strokes_of
from clinic.staff.printed_record.typeface import BOX, Typesetter
from clinic.toxins.body import View
from tests.staff.printed import Print

pytestmark = pytest.mark.once

SHEET = Sheet(
    language="en",
    title="Treatment record",
    clinic="Harbour clinic",
    clinic_address="4 Quay Street",
    person="Anna Duarte",
    person_details="born 4 May 1961",
    heading="Treatment of 1 Sep 2026",
    subheading="Hemifacial spasm",
    blocks=(),
    page_words="page %(page)d of %(pages)d",
    small_print=("Record of what was given.",),
    unprintable_heading="Signs that could not be printed",
    unprintable="Boxes stand for: %(signs)s.",
)


def paper(*blocks, **changes):
    return Print(printed(replace(SHEET, blocks=blocks, **changes)))


def table(rows):
    return Table("Points", ("No.", "Name"), [(str(number), f"row-{number}-of-it") for number in range(rows)], (0.2, 0.8))


# -- pages --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("rows", [1, 31, 60, 500])
def test_no_row_of_a_table_is_lost_or_cut_and_its_head_stands_on_every_page(rows):
    shown = paper(table(rows))

    assert [f"row-{number}-of-it" in shown.text for number in range(rows)] == [True] * rows
    assert all("No. Name" in page for page in shown.pages)
    assert shown.numbers() == [(number, shown.count) for number in range(1, shown.count + 1)]


def test_sum_under_a_table_never_stands_on_a_page_alone():
    for rows in range(30, 50):
        last = paper(replace(table(rows), foot=("", "all of it"))).pages[-1]
        assert "all of it" not in last or f"row-{rows - 1}-of-it" in last


def test_heading_never_stands_at_the_foot_of_a_page_alone():
    for lines in range(30, 56):
        shown = paper(Prose("", "\n".join(["line"] * lines)), table(30))
        (page,) = (page for page in shown.pages if "Points" in page)
        assert "row-0-of-it" in page


def test_fact_longer_than_a_page_flows_over_pages():
    words = [f"w{number}" for number in range(3000)]
    shown = paper(Facts("Signed in spite of", [Fact("warning", [" ".join(words)])]))
    assert shown.count > 2
    assert set(words) <= set(shown.text.split())


def test_names_that_fill_every_field_leave_room_for_the_page():
    shown = paper(table(5), clinic="C" * 120, clinic_address="A " * 125, person="P" * 161, person_details="D " * 80)
    assert "row-4-of-it" in shown.text
    assert "".join(shown.text.split()).count("P" * 161) == shown.count


@pytest.mark.parametrize("number", range(1, 11))
def test_any_number_of_views_is_printed_each_with_its_doses(number):
    mark = Mark(100, 200, Sign.GIVEN, "2.5", 44, 200, True, (94, 200, 49, 200))
    figures = [Figure(f"View-{at}", ("R", "L"), outlines_of(view), [mark]) for at, view in enumerate(list(View)[:number])]
    shown = paper(Figures("", figures, [(Sign.GIVEN, "dose given")], beside=table(3)))

    assert [f"View-{at}" in shown.text for at in range(number)] == [True] * number
    assert shown.text.split().count("2.5") == number
    assert ("row-2-of-it" in shown.text) == (number % 2 == 1)


def test_signs_of_points_differ_in_shape_and_each_is_explained():
    marks = [Mark(100, 100 + 50 * at, sign, str(at), 44, 100, True, (94, 200, 49, 200)) for at, sign in enumerate(Sign)]
    shown = paper(Figures("", [Figure("Face", ("", ""), (), marks)], [(sign, f"means {sign}") for sign in Sign]))
    assert all(f"means {sign}" in shown.text for sign in Sign)


def test_stamp_stands_on_every_page():
    shown = paper(table(100), stamp="VOID")
    assert shown.count > 1
    assert all("VOID" in page for page in shown.pages)


# -- signs --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text", ["Łukasz Żółć", "Đỗ Thị", "Ελένη Ἀθηνᾶ", "Щукіна Ђорђе Ґалаґан", "≥ 2.5 → ½ µ · – “”", "ẞ Ğ İ ş Ő"]
)
def test_letters_of_the_typeface_are_printed_as_they_stand(text):
    setter = Typesetter()
    assert setter.text(text) == text
    assert not setter.missing


def test_accent_after_its_letter_is_joined_with_it():
    assert Typesetter().text("Zoe\u0308") == "Zoë"


@pytest.mark.parametrize("sign", ["東", "ש", "ع", "🙂", "\ufffd", "\u0001", "ก"])
def test_sign_without_a_letter_in_the_typeface_is_a_box_and_is_remembered(sign):
    setter = Typesetter()
    assert setter.text(f"a{sign}b{sign}") == f"a{BOX}b{BOX}"
    assert [one.split()[0] for one in setter.missing] == [f"U+{ord(sign):04X}"]


def test_spaces_of_any_kind_are_spaces_and_marks_without_ink_leave_no_box():
    setter = Typesetter()
    assert setter.text("a\u00a0b\u2009c\td\u200be\u00adf") == "a b c def"
    assert not setter.missing


def test_mark_up_has_no_meaning():
    assert Typesetter().marked_up("<b>&amp;\n") == "&lt;b&gt;&amp;amp;<br/>"


def test_sign_that_could_not_be_printed_in_the_head_is_listed_too():
    assert "Boxes stand for: U+6771 CJK UNIFIED IDEOGRAPH-6771." in paper(person="Anna 東").text


# -- drawings -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("view", View)
def test_every_drawing_of_the_screen_can_be_printed(view):
    outlines = outlines_of(view)
    places = [place for outline in outlines for stroke in outline.strokes for place in stroke.places]

    assert {outline.look.split()[-1] for outline in outlines} <= LOOKS
    files = [render_to_string(layer.template) for layer in drawing(view)]
    assert len(outlines) == sum(file.count("<path") + file.count("<circle") for file in files)
    # On the picture, or run a little way out of it, where it is cut.
    assert all(-60 <= x <= 460 and -60 <= y <= 560 for x, y in places)


@pytest.mark.parametrize(("left", "right"), [(View.FACE_LEFT, View.FACE_RIGHT), (View.ARM_LEFT, View.ARM_RIGHT)])
def test_left_is_the_mirror_image_of_the_right(left, right):
    mirrored = [outline.framed(Frame(mirrored_in=400)) for outline in outlines_of(right)]
    assert list(outlines_of(left)) == mirrored


def test_commands_move_the_pen_from_where_it_is_or_from_the_corner():
    strokes = strokes_of("M10 10h5V30l5-5c1 1 2 2 3 3zm1 1 2 2")
    assert [stroke.kind for stroke in strokes] == ["MOVE", "LINE", "LINE", "LINE", "CURVE", "CLOSE", "MOVE", "LINE"]
    assert [stroke.places[-1] for stroke in strokes if stroke.places] == [
        (10, 10), (15, 10), (15, 30), (20, 25), (23, 28), (11, 11), (13, 13),
    ]  # fmt: skip


@pytest.mark.parametrize("flags", ["0 0", "0 1", "1 0", "1 1"])
def test_arc_ends_where_it_should_and_stays_on_its_circle(flags):
    large, clockwise = flags.split()
    strokes = strokes_of(f"M140.4 219.4a10 10 0 {large} {clockwise} 16.2 0")
    ends = [stroke.places[-1] for stroke in strokes]

    assert ends[-1] == pytest.approx((156.6, 219.4))
    drop = (100 - 8.1**2) ** 0.5 * (1 if large != clockwise else -1)
    assert all(hypot(x - 148.5, y - (219.4 + drop)) == pytest.approx(10) for x, y in ends)


def test_arc_without_length_or_radius_is_a_line():
    assert [stroke.kind for stroke in strokes_of("M1 1A0 5 0 0 0 4 4")] == ["MOVE", "LINE"]


@pytest.mark.parametrize("data", ["M1 1S2 2 3 3", "5 5", "M1", "M1 1C1 2 3", "M1 1Z5"])
def test_what_the_drawings_do_not_use_is_refused_instead_of_drawn_wrong(data):
    with pytest.raises(ValueError, match=r"no stroke|cut short"):
        strokes_of(data)


def test_circle_is_round_and_a_frame_scales_and_moves_it():
    outline = Outline("face-pupil", circle(10, 10, 4)).framed(Frame(2, 2, 5, 5))
    ends = [stroke.places[-1] for stroke in outline.strokes if stroke.kind == "CURVE"]
    assert all(hypot(x - 10, y - 10) == pytest.approx(8) for x, y in ends)
    assert Frame(mirrored_in=400).place(Place(30, 7)) == (370, 7)
