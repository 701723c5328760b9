"""How treatments went: what each was followed by, and nothing of another."""

from datetime import date

import pytest

from clinic.care.courses import Course, courses_of
from tests.factories import ConditionFactory, FollowUpFactory, InjectionSessionFactory, SideEffectFactory, TermFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def condition():
    return ConditionFactory()


def test_course_tells_what_was_seen_and_what_was_reported_as_it_is_known_now(condition):
    session, other = InjectionSessionFactory(condition=condition), InjectionSessionFactory(condition=condition)
    FollowUpFactory(session=session, worn_off_on=date(2026, 11, 10), last_seen_working_on=date(2026, 10, 1))
    late = SideEffectFactory(session=session, version__onset_on=date(2026, 9, 20), version__severity=2)
    TermFactory(code="AE02", plain_name="double vision")
    early = SideEffectFactory(session=session, version__onset_on=date(2026, 9, 3), version__term=TermFactory(code="AE02"))
    undated = SideEffectFactory(session=session, version__onset_on=None, version__outcome="RECOVERED")
    SideEffectFactory(session=other)
    SideEffectFactory(patient=condition.patient, session=None)

    course = courses_of([session, other])[session.pk]

    assert (course.worn_off_on, course.last_seen_working_on, course.first_seen_worn_off_on) == (
        date(2026, 11, 10),
        date(2026, 10, 1),
        None,
    )
    assert [one.public_id for one in course.side_effects] == [early.public_id, late.public_id, undated.public_id]
    assert [one.term for one in course.side_effects] == ["double vision", "drooping upper eyelid", "drooping upper eyelid"]
    assert [one.severity for one in course.side_effects] == [1, 2, 1]
    assert course.side_effects[2].outcome == "RECOVERED"


def test_treatment_of_which_nothing_is_on_record_has_an_empty_course(condition):
    session = InjectionSessionFactory(condition=condition)
    assert courses_of([session]) == {session.pk: Course()}


def test_courses_take_two_queries_however_many(condition, django_assert_num_queries):
    sessions = [InjectionSessionFactory(condition=condition) for _ in range(3)]
    for session in sessions:
        SideEffectFactory(session=session)
        SideEffectFactory(session=session)
    with django_assert_num_queries(2):
        courses_of(sessions)
