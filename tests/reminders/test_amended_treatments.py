"""Letters count from what a treatment's record says now: an amendment moves them, a void treatment earns none."""

from datetime import date, timedelta

import pytest

from clinic.patients.models import Patient
from clinic.reminders import facts, sweep
from clinic.reminders.plans import load_book
from clinic.treatments.services import keep_draft
from tests.care.amended import Course
from tests.factories import NOW, TODAY

pytestmark = pytest.mark.django_db


@pytest.fixture
def course():
    return Course()


def windows(course):
    """(opens, closes) of each follow-up that letters are owed for."""
    (situation,) = facts.load([course.patient.pk], at=NOW).values()
    return [(one.opens_on, one.closes_on) for one in situation.follow_ups]


def is_in_the_queue(course):
    return Patient.objects.get(pk=course.patient.pk).next_check_at == NOW


def forget_the_mark(course):
    Patient.objects.filter(pk=course.patient.pk).update(next_check_at=None)


def test_letters_follow_the_amended_date(course):
    session = course.sign()
    forget_the_mark(course)
    course.amend(session, performed_on=TODAY - timedelta(days=7))
    assert windows(course) == [(date(2027, 2, 16), date(2027, 5, 16))]
    assert is_in_the_queue(course)


def test_void_treatment_earns_no_letter_and_the_one_before_does_again(course):
    course.sign(on=date(2026, 8, 3), vial=course.other_vial)
    wrong = course.sign()
    forget_the_mark(course)
    course.void(wrong)
    assert windows(course) == [(date(2026, 11, 3), date(2027, 2, 3))]
    assert is_in_the_queue(course)


def test_nightly_sweep_finds_nobody_forgotten(course):
    first = course.sign(on=date(2026, 8, 3), vial=course.other_vial)
    wrong = course.sign()
    course.amend(first, performed_on=date(2026, 8, 4))
    course.void(wrong)
    assert sweep.check([course.patient.pk], plans=load_book(NOW), now=NOW) == 0


def test_draft_touches_no_letter(course):
    forget_the_mark(course)
    keep_draft(by=course.by, patient=course.patient, condition=course.condition, revision=0, typed={"notes": ["x"]}, now=NOW)
    assert not is_in_the_queue(course)
