"""Moving a visit by its link: the times are shown, one is taken, and what was given away can be had again."""

import re
from datetime import timedelta

import pytest

from clinic.links import PatientLink
from clinic.scheduling.models import Appointment
from clinic.scheduling.services import mark_arrived
from tests.factories import NOW, ClinicFactory, HoldFactory
from tests.portal.conftest import reader
from tests.scheduling.agenda import TUESDAY_9, TUESDAY_930, WEDNESDAY_9, with_hours


def standing():
    visit = Appointment.objects.get(patient__given_name="Ines")
    return visit.starts_at, [change.kind for change in visit.changes.order_by("id")]


def value(visitor, starts_at, practitioner=None):
    return f"{(practitioner or visitor.agenda.practitioner).public_id}@{starts_at:%Y%m%dT%H%M}Z"


def test_page_shows_where_the_visit_stands_and_where_it_could_go_and_changes_nothing(visitor):
    assert f"{visitor.address}move/" in visitor.get().text
    page = visitor.get("move/")
    assert page.status_code == 200
    for shown in ("Choose another time", "Tuesday 1 December 2026", "09:00", "Your visit stays as it is"):
        assert shown in page.text
    assert value(visitor, TUESDAY_9) not in visitor.choices(page)
    assert "checked" not in page.text
    assert standing() == (TUESDAY_9, ["BOOKED"])


def test_patient_moves_the_visit(visitor):
    chosen = visitor.choices(visitor.get("move/"))[0]
    answer = visitor.post("move/", time=chosen)
    assert answer["Location"] == f"{visitor.address}?done=moved"
    starts_at, kinds = standing()
    assert chosen == value(visitor, starts_at)
    assert kinds == ["BOOKED", "MOVED"]
    assert Appointment.objects.get().changes.get(kind="MOVED").by_patient
    assert PatientLink.objects.get().used_at == NOW
    page = visitor.client.get(answer["Location"])
    assert "Your visit has a new time" in page.text
    assert f"{starts_at + timedelta(hours=1):%H:%M}" in page.text


def test_moving_twice_and_going_back_in_the_browser_changes_nothing(visitor):
    for _ in range(3):
        assert visitor.post("move/", time=value(visitor, WEDNESDAY_9)).status_code == 302
    assert standing() == (WEDNESDAY_9, ["BOOKED", "MOVED"])


def test_time_given_away_by_mistake_can_be_had_again(visitor):
    visitor.post("move/", time=value(visitor, WEDNESDAY_9))
    page = visitor.get("move/")
    assert "The time you had" in page.text
    assert visitor.choices(page)[0] == value(visitor, TUESDAY_9)
    assert visitor.choices(page).count(value(visitor, TUESDAY_9)) == 1
    visitor.post("move/", time=value(visitor, TUESDAY_9))
    assert standing() == (TUESDAY_9, ["BOOKED", "MOVED", "MOVED"])


def test_time_given_away_that_somebody_has_taken_is_not_offered_again(visitor):
    visitor.post("move/", time=value(visitor, WEDNESDAY_9))
    visitor.agenda.book(TUESDAY_9, follow_up=visitor.agenda.another_follow_up())
    page = visitor.get("move/")
    assert "The time you had" not in page.text
    assert value(visitor, TUESDAY_9) not in visitor.choices(page)


def test_who_was_too_late_keeps_the_visit_and_is_shown_the_remaining_times(visitor):
    visitor.get("move/")
    visitor.agenda.book(TUESDAY_930, follow_up=visitor.agenda.another_follow_up())
    answer = visitor.post("move/", time=value(visitor, TUESDAY_930))
    assert answer.status_code == 409
    assert "This time has just been taken. Please choose another." in answer.text
    assert visitor.choices(answer)
    assert value(visitor, TUESDAY_930) not in visitor.choices(answer)
    assert standing() == (TUESDAY_9, ["BOOKED"])


@pytest.mark.parametrize("sent", [{}, {"time": ""}, {"time": "\x00"}, {"time": "x@y"}, {"other": "1"}])
def test_press_without_a_time_moves_nothing(visitor, sent):
    answer = visitor.post("move/", **sent)
    assert answer.status_code == 400
    assert re.search(r"Please choose (a time|one of these times)\.", answer.text)
    assert standing() == (TUESDAY_9, ["BOOKED"])


def test_time_that_no_page_offers_is_refused(visitor):
    elsewhere = with_hours(ClinicFactory(), "Dr Elsewhere")
    for time in (
        value(visitor, TUESDAY_9 - timedelta(days=4)),  # before the earliest date
        value(visitor, TUESDAY_9 + timedelta(minutes=7)),
        value(visitor, TUESDAY_9 + timedelta(hours=9)),
        value(visitor, WEDNESDAY_9, elsewhere),
    ):
        assert visitor.post("move/", time=time).status_code == 400
    assert standing() == (TUESDAY_9, ["BOOKED"])


def test_other_days_and_other_people_are_shown_as_when_choosing(visitor):
    with_hours(visitor.agenda.clinic, "Dr Other")
    assert "Dr Other" not in visitor.get("move/").text
    assert "Dr Other" in visitor.get("move/", **{"with": "anyone"}).text
    later = visitor.get("move/", on="2026-12-14")
    assert "Monday 14 December" in later.text
    assert "?on=2026-12-14" in later.text
    assert visitor.get("move/", on="nonsense").status_code == 400


def test_visit_that_has_begun_or_whose_patient_has_arrived_is_not_moved_by_link(visitor, clock):
    mark_arrived(by=visitor.agenda.staff, appointment=Appointment.objects.get(), now=TUESDAY_9)
    clock.move_to(TUESDAY_9 - timedelta(minutes=5))
    assert "move/" not in visitor.get().text
    assert visitor.get("move/")["Location"] == visitor.address
    assert visitor.post("move/", time=value(visitor, WEDNESDAY_9))["Location"] == visitor.address
    assert standing() == (TUESDAY_9, ["BOOKED", "ARRIVED"])


def test_patient_on_hold_is_not_offered_another_time(visitor):
    HoldFactory(patient=visitor.agenda.patient)
    assert "move/" not in visitor.get().text
    assert visitor.post("move/", time=value(visitor, WEDNESDAY_9)).status_code == 302
    assert standing() == (TUESDAY_9, ["BOOKED"])


def test_without_a_visit_the_page_leads_to_choosing(booker):
    for answer in (booker.get("move/"), booker.post("move/", time=value(booker, WEDNESDAY_9))):
        assert answer["Location"] == booker.address
    assert not Appointment.objects.exists()


def test_invitation_whose_reader_is_booked_moves_too(agenda):
    agenda.book()
    patient = reader(agenda)
    patient.post("move/", time=value(patient, WEDNESDAY_9))
    assert standing() == (WEDNESDAY_9, ["BOOKED", "MOVED"])
