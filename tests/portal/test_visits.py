"""Seeing and cancelling a visit, its calendar file, undoing, and asking to be phoned."""

from datetime import timedelta

import pytest
from icalendar import Calendar

from clinic.audit import AuditEvent
from clinic.links import PatientLink
from clinic.patients.models import StaffTask
from clinic.scheduling.models import Appointment
from clinic.scheduling.services import cancel, mark_treated
from tests.factories import NOW, HoldFactory, PatientFactory
from tests.portal.conftest import reader
from tests.scheduling.agenda import TUESDAY_9


def states():
    return list(Appointment.objects.order_by("pk").values_list("state", flat=True))


# -- seeing ----------------------------------------------------------------------------------------------------------------


def test_letter_about_a_visit_shows_it(visitor):
    page = visitor.get()
    for shown in ("Your next visit", "Tuesday 1 December 2026", "09:00", "Dr Lindqvist", "1 Quay Road", "30 minutes"):
        assert shown in page.text


def test_calendar_file_can_be_kept(visitor):
    answer = visitor.get("visit.ics")
    assert answer["Content-Type"] == "text/calendar; charset=utf-8"
    assert answer["Content-Disposition"] == 'attachment; filename="visit.ics"'
    event = Calendar.from_ical(answer.content).walk("VEVENT")[0]
    assert event.decoded("dtstart") == TUESDAY_9
    assert str(event["uid"]).startswith(str(Appointment.objects.get().public_id))


def test_there_is_no_calendar_file_without_a_visit(booker):
    assert booker.get("visit.ics")["Location"] == booker.address


# -- cancelling ------------------------------------------------------------------------------------------------------------


def test_cancelling_is_asked_about_first_without_a_default(visitor):
    page = visitor.get("cancel/")
    assert "Cancel this visit?" in page.text
    assert "Tuesday 1 December 2026" in page.text
    assert "checked" not in page.text
    assert states() == ["BOOKED"]


def test_patient_cancels(visitor):
    answer = visitor.post("cancel/", really="yes")
    assert answer["Location"] == f"{visitor.address}?done=cancelled"
    visit = Appointment.objects.get()
    assert (visit.state, visit.cancel_reason) == ("CANCELLED", "by the patient")
    assert visit.changes.get(kind="CANCELLED").by_patient
    assert AuditEvent.objects.get(action="CANCELLED").actor_kind == "PATIENT"
    assert PatientLink.objects.get().used_at == NOW


def test_cancelling_twice_changes_nothing(visitor):
    for _ in range(3):
        assert visitor.post("cancel/", really="yes").status_code == 302
    assert Appointment.objects.get().changes.count() == 2


def test_patient_who_thinks_better_of_it_keeps_the_visit(visitor):
    answer = visitor.post("cancel/", really="no")
    assert states() == ["BOOKED"]
    assert "we keep this time for you" in visitor.client.get(answer["Location"]).text


@pytest.mark.parametrize("sent", [{}, {"really": ""}, {"really": "perhaps"}, {"really": "\x00"}, {"other": "yes"}])
def test_press_without_an_answer_cancels_nothing(visitor, sent):
    answer = visitor.post("cancel/", **sent)
    assert answer.status_code == 400
    assert "Please choose one of the two." in answer.text
    assert states() == ["BOOKED"]


def test_visit_that_has_begun_is_not_cancelled_by_link(visitor, clock):
    clock.move_to(TUESDAY_9 + timedelta(minutes=1))
    assert "Cancel this visit" not in visitor.get().text
    assert visitor.get("cancel/").status_code == 302
    visitor.post("cancel/", really="yes")
    assert states() == ["BOOKED"]


# -- undoing ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("purpose", ["BOOK", "VISIT"])
def test_cancelled_time_can_be_had_again(agenda, purpose):
    visit = agenda.book()
    patient = reader(agenda, purpose, **({"follow_up": agenda.follow_up} if purpose == "BOOK" else {"appointment": visit}))
    patient.post("cancel/", really="yes")

    page = patient.get(done="cancelled")
    assert "Your visit is cancelled." in page.text
    assert "The time you had" in page.text
    first = patient.choices(page)[0]
    assert patient.post("book/", time=first).status_code == 302
    assert states() == ["CANCELLED", "BOOKED"]
    assert Appointment.objects.coming().get().starts_at == TUESDAY_9
    assert "Tuesday 1 December 2026" in patient.get().text


def test_cancelled_time_that_was_taken_since_is_not_offered_again(visitor):
    visitor.post("cancel/", really="yes")
    visitor.agenda.book(TUESDAY_9, follow_up=visitor.agenda.another_follow_up())
    page = visitor.get()
    assert "The time you had" not in page.text
    assert visitor.choices(page)


def test_visit_that_staff_cancelled_is_told_of_and_not_offered_again(visitor):
    cancel(by=visitor.agenda.staff, appointment=Appointment.objects.get(), reason="the doctor is ill", now=NOW)
    page = visitor.get()
    assert "Your visit on Tuesday 1 December at 09:00 was cancelled." in page.text
    assert "The time you had" not in page.text
    assert "ill" not in page.text.replace("will", "").replace("still", "")


def test_visit_for_no_follow_up_can_be_cancelled_and_had_again_and_nothing_else(agenda):
    visit = agenda.book(follow_up=agenda.follow_up)
    Appointment.objects.update(follow_up=None)
    patient = reader(agenda, "VISIT", appointment=visit)
    patient.post("cancel/", really="yes")

    page = patient.get()
    offered = patient.choices(page)
    assert len(offered) == 1
    other = offered[0].replace("T0800Z", "T0830Z")
    assert patient.post("book/", time=other).status_code == 400
    assert patient.post("book/", time=offered[0]).status_code == 302
    assert states() == ["CANCELLED", "BOOKED"]
    assert Appointment.objects.coming().get().follow_up is None


def test_letter_about_a_visit_that_is_over_says_so_calmly(visitor):
    mark_treated(by=visitor.agenda.staff, appointment=Appointment.objects.get(), now=TUESDAY_9)
    visitor.agenda.follow_up.state, visitor.agenda.follow_up.ended_at = "TREATED", NOW
    visitor.agenda.follow_up.save()
    page = visitor.get()
    assert "Nothing needs booking" in page.text
    assert visitor.get("cancel/").status_code == 302


def test_whole_story_from_the_link_to_a_second_booking(booker):
    booker.post("book/", time=booker.choices(booker.get())[0])
    assert "09:00" in booker.get(done="booked").text
    booker.post("cancel/", really="yes")
    page = booker.get()
    had, other = booker.choices(page)[:2]
    assert had.endswith("@20261201T0800Z")
    booker.post("book/", time=other)
    assert states() == ["CANCELLED", "BOOKED"]
    assert Appointment.objects.coming().get().starts_at == TUESDAY_9 + timedelta(hours=1)
    acts = AuditEvent.objects.exclude(action="LINK_OPENED").order_by("pk")
    assert [event.action for event in acts] == ["BOOKED", "CANCELLED", "BOOKED"]


# -- please call me --------------------------------------------------------------------------------------------------------


def test_wish_to_be_called_becomes_a_task_once(booker):
    page = booker.get("call/")
    assert "When suits you best?" in page.text
    for when in ("MORNING", "ANY"):
        assert booker.post("call/", when=when)["Location"] == f"{booker.address}?done=asked"
    task = StaffTask.objects.get()
    assert (task.kind, task.note, task.patient) == ("PHONE_ASKED", "In the morning", booker.agenda.patient)
    assert "Somebody of the clinic will call you." in booker.get(done="asked").text
    assert "You asked us to call you. We will." in booker.get().text


@pytest.mark.parametrize("sent", [{}, {"when": "NIGHT"}, {"when": "\x00"}])
def test_wish_without_a_time_of_day_is_asked_about_again(booker, sent):
    answer = booker.post("call/", **sent)
    assert answer.status_code == 400
    assert "Please choose when." in answer.text
    assert not StaffTask.objects.exists()


def test_patient_on_hold_may_ask_to_be_called(booker):
    HoldFactory(patient=booker.agenda.patient)
    assert "call/" in booker.get().text
    booker.post("call/", when="ANY")
    assert StaffTask.objects.count() == 1


def test_patient_without_a_number_or_with_a_visit_is_not_offered_a_call(agenda):
    agenda.book()
    with_visit = reader(agenda)
    agenda.patient = PatientFactory(clinic=agenda.clinic, phone="")
    agenda.follow_up = agenda.another_follow_up(phone="")
    agenda.patient = agenda.follow_up.patient
    without_number = reader(agenda)
    for patient in (with_visit, without_number):
        assert "call me" not in patient.get().text
        assert patient.get("call/").status_code == 302
        patient.post("call/", when="ANY")
    assert not StaffTask.objects.exists()
