"""Lists in pages: every row once, whatever the order, and no address that breaks one."""

import uuid
from datetime import UTC, date, datetime

import pytest
from django.http import QueryDict
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from clinic.patients.models import Patient
from clinic.practice.models import Clinic
from clinic.staff.paging import page_of

NAMES = ("family_name", "given_name", "id")


def make_clinic(**fields):
    return Clinic.objects.create(
        name="Harbour", sender_name="Harbour clinic", phone="1", emergency_text="112", address="Quay 1",
        reply_to="desk@clinic.test", **fields,
    )  # fmt: skip


def make_patients(clinic, names):
    return Patient.objects.bulk_create(
        Patient(
            clinic=clinic, record_number=f"R-{number}", family_name=family, given_name=given, search_text="",
            born_on=date(1960, 1, 1), created_at=datetime(2026, 1, 1, tzinfo=UTC),
        )
        for number, (family, given) in enumerate(names)
    )  # fmt: skip


def walk(listed, order, rows):
    """Every page from the first to the last, through the addresses that the pages themselves give."""
    page = page_of(listed, params=QueryDict(), order=order, rows=rows)
    pages = [page]
    while page.next_query:
        page = page_of(listed, params=QueryDict(page.next_query[1:]), order=order, rows=rows)
        pages.append(page)
        assert len(pages) < 200
    return pages


class TestEveryOrder(TestCase):
    @settings(max_examples=40, deadline=None)
    @given(
        names=st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("xy")), max_size=24),
        signs=st.tuples(*[st.sampled_from(["", "-"])] * 3),
        rows=st.integers(1, 7),
    )
    def test_walking_forward_and_back_shows_every_row_once_and_in_order(self, names, signs, rows):
        listed = Patient.objects.filter(clinic=make_clinic())
        make_patients(Clinic.objects.latest("pk"), names)
        order = [sign + name for sign, name in zip(signs, NAMES, strict=True)]
        expected = list(listed.order_by(*order))

        pages = walk(listed, order, rows)

        assert [row for page in pages for row in page.rows] == expected
        last = pages[-1]
        seen = [last.rows]
        while last.previous_query:
            last = page_of(listed, params=QueryDict(last.previous_query[1:]), order=order, rows=rows)
            seen.insert(0, last.rows)
        # The first page is always a whole one, so it may repeat rows of the second.
        assert list(dict.fromkeys(row for part in seen for row in part)) == expected


@pytest.fixture
def five(db):
    clinic = make_clinic()
    make_patients(clinic, [("a", "x"), ("b", "x"), ("c", "x"), ("d", "x"), ("e", "x")])
    return Patient.objects.filter(clinic=clinic)


def families(page):
    return "".join(row.family_name for row in page.rows)


def ask(listed, query, **options):
    return page_of(listed, params=QueryDict(query), order=NAMES, rows=2, **options)


@pytest.mark.parametrize("cursor", ["x", "1", "00", "%00", "' OR 1=1 --", "-1", str(uuid.UUID(int=0)), "a" * 5000, "{}", "None"])
@pytest.mark.parametrize("name", ["after", "before"])
def test_a_cursor_that_names_nothing_shows_the_first_rows_and_says_so(five, name, cursor):
    params = QueryDict(mutable=True)
    params[name] = cursor
    page = page_of(five, params=params, order=NAMES, rows=2)
    assert (families(page), page.is_lost) == ("ab", True)


def test_a_row_outside_the_scope_is_no_place_in_the_list(five):
    make_patients(other := make_clinic(), [("c", "hidden")])
    foreign = Patient.objects.get(clinic=other)
    page = ask(five, f"after={foreign.public_id}")
    assert (families(page), page.is_lost) == ("ab", True)


def test_a_row_that_left_the_list_still_marks_the_place(five):
    gone = five.get(family_name="b")
    page = ask(five.exclude(pk=gone.pk), f"after={gone.public_id}", scope=five)
    assert (families(page), page.is_lost) == ("cd", False)


def test_going_back_never_shows_a_short_first_page(five):
    page = ask(five, f"before={five.get(family_name='b').public_id}")
    assert (families(page), page.previous_cursor) == ("ab", None)
    assert not page.is_lost


def test_filters_are_kept_and_the_place_is_replaced(five):
    page = ask(five, f"stage=OPEN&q=a+b&after={five.get(family_name='a').public_id}")
    assert families(page) == "bc"
    assert page.next_query == f"?stage=OPEN&q=a+b&after={five.get(family_name='c').public_id}"
    assert page.previous_query == f"?stage=OPEN&q=a+b&before={five.get(family_name='b').public_id}"
    assert page.first_query == "?stage=OPEN&q=a+b"


def test_no_name_and_no_integer_key_stands_in_an_address(five):
    page = ask(five, f"after={five.get(family_name='a').public_id}")
    for query in (page.next_query, page.previous_query):
        (value,) = QueryDict(query[1:]).values()
        assert str(uuid.UUID(value)) == value


def test_each_page_takes_the_same_queries_however_far_in(five, django_assert_num_queries):
    ids = [row.public_id for row in five.order_by(*NAMES)]
    for place in (0, 1, 2):
        with django_assert_num_queries(2):
            ask(five, f"after={ids[place]}")


def test_an_order_without_the_primary_key_is_refused(five):
    with pytest.raises(ValueError, match="primary key"):
        page_of(five, params=QueryDict(), order=("family_name",))
