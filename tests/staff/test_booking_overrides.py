"""The visits that were booked past a warning: who sees them, and the month's report."""

import pytest
from django.db import DatabaseError, transaction

from clinic.practice.models import Role
from clinic.scheduling.booking_overrides import BookingOverride
from tests.factories import NOW, AppointmentFactory, BookingOverrideFactory, ClinicFactory, PatientFactory, UserFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("morning")]
PAGE = "/overrides/bookings/"


def gone_past(clinic, by=None, given_name="Ines", **fields):
    patient = PatientFactory(clinic=clinic, given_name=given_name)
    by = by or UserFactory(name="Karin")
    return BookingOverrideFactory(appointment=AppointmentFactory(patient=patient), by=by, shown="before 1 Dec 2026", **fields)


def test_reviewer_reads_what_was_shown_and_why(browse_as, clinic):
    gone_past(clinic, given_name="Ines")
    page = browse_as(Role.REVIEWER).get(PAGE).text
    for shown in ("Before the earliest date", "before 1 Dec 2026", "the effect has worn off", "Ines", "Karin"):
        assert shown in page


def test_other_clinic_s_are_not_there(browse_as, clinic):
    gone_past(ClinicFactory(), given_name="Zzyzx")
    page = browse_as(Role.REVIEWER).get(PAGE).text
    assert "Zzyzx" not in page
    assert "No override here." in page


def test_month_is_counted_by_kind_and_person(browse_as, clinic):
    karin = UserFactory(name="Karin")
    for _ in range(2):
        gone_past(clinic, by=karin)
    gone_past(clinic, kind="TAKEN", reason="in pain", by=karin)
    gone_past(clinic, kind="LATE", reason="full", at=NOW.replace(month=10))
    page = browse_as(Role.REVIEWER).get(PAGE, {"month": "2026-11"}).text
    assert "The month by kind and person" in page
    assert "After the window has closed" not in page
    assert page.index("Before the earliest date") < page.index("Time already taken")


def test_month_that_is_none_is_told_beside_the_field(browse_as, clinic):
    answer = browse_as(Role.REVIEWER).get(PAGE, {"month": "soon"})
    assert answer.status_code == 422
    assert "Enter a month as 2026-11." in answer.text


def test_number_of_queries_does_not_grow(browse_as, clinic, count_queries):
    browser = browse_as(Role.REVIEWER)
    gone_past(clinic)
    few = count_queries(lambda: browser.get(PAGE, {"month": "2026-11"}))
    for _ in range(4):
        gone_past(clinic)
    assert count_queries(lambda: browser.get(PAGE, {"month": "2026-11"})) == few <= 12


def test_override_stands_for_ever(clinic):
    override = gone_past(clinic)
    for act in (override.delete, lambda: BookingOverride.objects.update(reason="x")):
        with pytest.raises(DatabaseError), transaction.atomic():
            act()
