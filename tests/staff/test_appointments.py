"""Booking by staff, a visit's page, and what becomes of it: what a clerk sees and what is written."""

import re
from datetime import timedelta

import pytest
import time_machine
from django.contrib.messages import get_messages
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from clinic.audit import AuditEvent
from clinic.practice.models import Role
from clinic.scheduling.models import Appointment
from clinic.scheduling.services import cancel, value_of
from tests.factories import NOW, ClinicFactory, HoldFactory, member
from tests.scheduling.agenda import TUESDAY_9, TUESDAY_930, WEDNESDAY_9, at, follow_up_of, make_agenda, with_hours


@pytest.fixture
def agenda(db):
    return make_agenda()


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW, tick=False) as moved:
        yield moved


def signed_in(user):
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


@pytest.fixture
def desk(agenda):
    """The front desk's browser."""
    return signed_in(agenda.clerk)


def page_of(follow_up):
    return f"/follow-ups/{follow_up.public_id}/book/"


def value(agenda, starts_at, practitioner=None):
    return value_of((practitioner or agenda.practitioner).public_id, starts_at)


def told(answer):
    return [str(message) for message in get_messages(answer.wsgi_request)]


def other(agenda, day="2026-12-01", clock="09:00", **more):
    return {"choice": "other", "practitioner": str(agenda.practitioner.public_id), "day": day, "at": clock} | more


# -- the page -------------------------------------------------------------------------------------------------------------


def test_page_lists_times_nearest_the_suggested_date_by_practitioner(agenda, desk):
    with_hours(agenda.clinic, "Dr Other")
    page = desk.get(page_of(agenda.follow_up))
    assert page.status_code == 200
    for shown in (
        "Book a visit for Ines",
        "Tuesday 1 December 2026",
        "Dr Lindqvist",
        "treated the patient last time",
        "Dr Other",
    ):
        assert shown in page.text
    assert value(agenda, TUESDAY_9) in page.text
    assert page.text.index("Dr Lindqvist") < page.text.index("Dr Other")
    assert not re.search(r'name="choice"[^>]*checked', page.text)


def test_other_days_and_one_practitioner_are_chosen_in_the_address(agenda, desk):
    someone = with_hours(agenda.clinic, "Dr Other")
    page = desk.get(page_of(agenda.follow_up), {"from_on": "2027-01-20", "practitioner": str(someone.public_id)})
    assert value(agenda, at(20, 8, month=1, year=2027), someone) in page.text
    assert value(agenda, at(20, 8, month=1, year=2027)) not in page.text


def test_days_before_the_earliest_date_are_marked(agenda, desk):
    page = desk.get(page_of(agenda.follow_up), {"from_on": "2026-11-24"})
    assert "before the earliest date" in page.text
    assert "after the window has closed" in desk.get(page_of(agenda.follow_up), {"from_on": "2027-03-02"}).text


@pytest.mark.parametrize("query", [{"from_on": "soon"}, {"practitioner": "1"}, {"from_on": "\x00"}, {"practitioner": "\x00"}])
def test_address_that_asks_for_nonsense_is_told_beside_the_field(agenda, desk, query):
    page = desk.get(page_of(agenda.follow_up), query)
    assert page.status_code == 422
    assert "invalid-feedback" in page.text
    assert value(agenda, TUESDAY_9) in page.text


def test_clerk_is_told_of_a_hold_before_booking(agenda, desk):
    HoldFactory(patient=agenda.patient, reason="SIDE_EFFECT", note="ask Dr Lindqvist first")
    page = desk.get(page_of(agenda.follow_up))
    assert "On hold: side effect in review" in page.text
    assert "ask Dr Lindqvist first" in page.text
    assert desk.post(page_of(agenda.follow_up), {"choice": value(agenda, TUESDAY_9)}).status_code == 302


def test_nothing_is_booked_for_somebody_who_has_died(agenda, desk):
    agenda.patient.status = "DECEASED"
    agenda.patient.save()
    answer = desk.post(page_of(agenda.follow_up), {"choice": value(agenda, TUESDAY_9)})
    assert answer["Location"] == f"/follow-ups/{agenda.follow_up.public_id}/"
    assert not Appointment.objects.exists()


def test_viewing_leaves_a_row_in_the_audit_log(agenda, desk):
    desk.get(page_of(agenda.follow_up))
    event = AuditEvent.objects.get(action="VIEWED")
    assert (event.what, event.what_id, event.patient_id_public) == (
        "FollowUp",
        agenda.follow_up.public_id,
        agenda.patient.public_id,
    )


def test_number_of_queries_does_not_grow(agenda, desk):
    with CaptureQueriesContext(connection) as few:
        desk.get(page_of(agenda.follow_up))
    for number in range(4):
        someone = with_hours(agenda.clinic, f"Dr Other {number}")
        for day in (1, 2, 3, 4):
            agenda.book(at(day, 8), follow_up=agenda.another_follow_up(), practitioner=someone)
    with CaptureQueriesContext(connection) as many:
        desk.get(page_of(agenda.follow_up))
    assert len(many) == len(few) <= 20


# -- booking ----------------------------------------------------------------------------------------------------------------


def test_clerk_books_a_time_from_the_list(agenda, desk):
    answer = desk.post(page_of(agenda.follow_up), {"choice": value(agenda, TUESDAY_930), "with_letter": "on"})
    visit = Appointment.objects.get()
    assert answer["Location"] == f"/appointments/{visit.public_id}/"
    assert (visit.starts_at, visit.follow_up, visit.practitioner) == (TUESDAY_930, agenda.follow_up, agenda.practitioner)
    change = visit.changes.get()
    assert (change.by_user, change.with_letter) == (agenda.clerk, True)
    assert "Tuesday 1 December 2026, 09:30 with Dr Lindqvist" in told(answer)[0]


def test_clerk_returns_to_where_they_came_from_and_nowhere_else(agenda, desk):
    data = {"choice": value(agenda, TUESDAY_9)}
    answer = desk.post(page_of(agenda.follow_up) + "?next=/follow-ups/%3Fstage%3DOPEN", data)
    assert answer["Location"] == "/follow-ups/?stage=OPEN"
    follow_up = agenda.another_follow_up()
    answer = desk.post(page_of(follow_up) + "?next=https://evil.example/", {"choice": value(agenda, WEDNESDAY_9)})
    assert answer["Location"].startswith("/appointments/")


def test_letter_can_be_left_out(agenda, desk):
    desk.post(page_of(agenda.follow_up), {"choice": value(agenda, TUESDAY_9)})
    assert Appointment.objects.get().changes.get().with_letter is False


def test_loser_of_a_race_sees_the_remaining_times_and_keeps_the_form(agenda, desk):
    agenda.book(TUESDAY_9, follow_up=agenda.another_follow_up())
    answer = desk.post(page_of(agenda.follow_up), {"choice": value(agenda, TUESDAY_9), "overbooked_reason": ""})
    assert answer.status_code == 409
    assert "has just been taken" in answer.text
    assert "To book this time all the same, say why." in answer.text
    assert value(agenda, TUESDAY_9) not in answer.text
    assert value(agenda, TUESDAY_930) in answer.text
    for kept in ('value="2026-12-01"', 'value="09:00"', f'value="{agenda.practitioner.public_id}" selected'):
        assert kept in answer.text
    assert Appointment.objects.count() == 1
    assert not re.search(r'name="with_letter"[^>]*checked', answer.text)


def test_taken_time_is_overbooked_with_a_reason(agenda, desk):
    agenda.book(TUESDAY_9, follow_up=agenda.another_follow_up())
    answer = desk.post(page_of(agenda.follow_up), other(agenda, overbooked_reason="came in pain"))
    assert answer.status_code == 302
    assert Appointment.objects.get(follow_up=agenda.follow_up).overbooked_reason == "came in pain"


def test_time_outside_the_hours_needs_a_reason(agenda, desk):
    answer = desk.post(page_of(agenda.follow_up), other(agenda, clock="18:00"))
    assert answer.status_code == 422
    assert "not on offer" in answer.text
    assert not Appointment.objects.exists()
    assert desk.post(page_of(agenda.follow_up), other(agenda, clock="18:00", overbooked_reason="far away")).status_code == 302
    assert Appointment.objects.get().starts_at == at(1, 17)


def test_other_time_within_the_hours_needs_none_and_the_radio_button_may_be_forgotten(agenda, desk):
    assert desk.post(page_of(agenda.follow_up), other(agenda, clock="09.15") | {"choice": ""}).status_code == 302
    assert Appointment.objects.get().starts_at == at(1, 8, 15)


@pytest.mark.parametrize(
    ("starts_at", "day"), [(at(24, 8, month=11), "1 Dec 2026"), (at(2, 8, month=3, year=2027), "1 Mar 2027")]
)
def test_time_outside_the_window_is_booked_only_after_a_warning(agenda, desk, starts_at, day):
    data = {"choice": value(agenda, starts_at)}
    answer = desk.post(page_of(agenda.follow_up), data)
    assert answer.status_code == 422
    assert day in answer.text
    assert "months after the treatment" in answer.text
    assert not Appointment.objects.exists()
    assert desk.post(page_of(agenda.follow_up), data | {"window_reason": "cannot come sooner"}).status_code == 302
    assert Appointment.objects.get().starts_at == starts_at


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        ({}, "Choose a time, or enter another one"),
        ({"choice": "nonsense"}, "Choose one of these times"),
        ({"choice": "\x00"}, "Choose one of these times"),
        ({"choice": "other"}, "Enter the day."),
        ({"choice": "other", "day": "31.02.2027", "at": "09:00"}, "Enter a date such as"),
        ({"choice": "other", "day": "2027-01-31", "at": "25:00"}, "Enter a time such as"),
        ({"choice": "other", "day": "9999-12-31", "at": "09:00"}, "invalid-feedback"),
        ({"choice": "other", "day": "0001-01-01", "at": "09:00"}, "invalid-feedback"),
        ({"choice": "other", "day": "2027-03-28", "at": "02:30"}, "this time does not exist"),
        ({"choice": "other", "day": "2026-12-01", "at": "09:00", "practitioner": "1"}, "Choose somebody who treats patients"),
        ({"choice": "other", "day": "2026-12-01", "at": "09:00", "overbooked_reason": "x" * 121}, "At most 120 characters"),
        ({"choice": "other", "day": "2026-12-01", "at": "09:00", "overbooked_reason": "a\x00b"}, "invalid-feedback"),
    ],
)
def test_bad_input_is_told_beside_the_field_and_writes_nothing(agenda, desk, sent, said):
    data = {"practitioner": str(agenda.practitioner.public_id)} | sent if sent.get("choice") == "other" else sent
    answer = desk.post(page_of(agenda.follow_up), data)
    assert answer.status_code == 422
    assert said in answer.text
    assert not Appointment.objects.exists()


def test_practitioner_of_another_clinic_is_refused(agenda, desk):
    elsewhere = with_hours(ClinicFactory(), "Dr Elsewhere")
    answer = desk.post(page_of(agenda.follow_up), {"choice": value(agenda, TUESDAY_9, elsewhere)})
    assert answer.status_code == 422
    assert "Dr Elsewhere" not in answer.text
    assert not Appointment.objects.exists()


def test_second_press_leads_to_the_visit(agenda, desk):
    data = {"choice": value(agenda, TUESDAY_9)}
    desk.post(page_of(agenda.follow_up), data)
    visit = Appointment.objects.get()
    for answer in (desk.post(page_of(agenda.follow_up), data), desk.get(page_of(agenda.follow_up))):
        assert answer["Location"] == f"/appointments/{visit.public_id}/"
    assert Appointment.objects.count() == 1


def test_patient_with_another_visit_at_that_time_is_told_of(agenda, desk):
    agenda.book(TUESDAY_9)
    second = follow_up_of(agenda.patient, with_hours(agenda.clinic, "Dr Other"))
    answer = desk.post(page_of(second), {"choice": value(agenda, TUESDAY_9, second.session.practitioner)})
    assert answer.status_code == 409
    assert "already another visit" in answer.text


@pytest.mark.parametrize("state", ["TREATED", "STOPPED"])
def test_ended_follow_up_leads_to_its_page(agenda, desk, state):
    ended = follow_up_of(agenda.patient, agenda.practitioner, state=state)
    for answer in (desk.get(page_of(ended)), desk.post(page_of(ended), {"choice": value(agenda, TUESDAY_9)})):
        assert answer["Location"] == f"/follow-ups/{ended.public_id}/"
    assert not Appointment.objects.exists()


# -- a visit ---------------------------------------------------------------------------------------------------------------


def visit_page(visit, part=""):
    return f"/appointments/{visit.public_id}/{part}"


def test_visit_shows_when_with_whom_for_what_and_its_history(agenda, desk):
    page = desk.get(visit_page(agenda.book()))
    for shown in ("1 Dec 2026, 09:00", "09:00 – 09:30", "Dr Lindqvist", "Hemifacial spasm, right", "booked", agenda.clerk.name):
        assert shown in page.text
    assert "Arrived" not in page.text
    assert AuditEvent.objects.get(action="VIEWED").what == "Appointment"


def test_clerk_cancels_with_a_reason(agenda, desk):
    visit = agenda.book()
    answer = desk.post(visit_page(visit, "cancel/"), {"reason": "the patient is ill", "with_letter": "on"})
    assert answer["Location"] == visit_page(visit)
    visit.refresh_from_db()
    assert (visit.state, visit.cancel_reason) == ("CANCELLED", "the patient is ill")
    assert visit.changes.get(kind="CANCELLED").with_letter is True
    page = desk.get(visit_page(visit))
    assert "the patient is ill" in page.text
    assert "Cancel the visit" not in page.text


def test_cancelling_without_a_letter(agenda, desk):
    visit = agenda.book()
    desk.post(visit_page(visit, "cancel/"), {"reason": "told by phone"})
    assert visit.changes.get(kind="CANCELLED").with_letter is False


@pytest.mark.parametrize("reason", ["", "   ", "x" * 121, "a\x00b", "two\r\nlines"])
def test_cancelling_without_a_fit_reason_changes_nothing(agenda, desk, reason):
    visit = agenda.book()
    answer = desk.post(visit_page(visit, "cancel/"), {"reason": reason})
    assert answer.status_code == 422
    assert "invalid-feedback" in answer.text
    visit.refresh_from_db()
    assert visit.state == "BOOKED"


def test_patient_arrives_or_does_not(agenda, desk, clock):
    visit = agenda.book()
    assert told(desk.post(visit_page(visit, "arrive/"))) == ["This visit is still to come."]
    clock.move_to(TUESDAY_9 + timedelta(minutes=5))
    desk = signed_in(agenda.clerk)
    page = desk.get(visit_page(visit))
    assert "Arrived" in page.text
    assert "Did not come" in page.text
    desk.post(visit_page(visit, "miss/"))
    assert "Arrived after all" in desk.get(visit_page(visit)).text
    desk.post(visit_page(visit, "arrive/"))
    visit.refresh_from_db()
    assert visit.state == "ARRIVED"
    assert list(visit.changes.order_by("id").values_list("kind", flat=True)) == ["BOOKED", "MISSED", "ARRIVED"]


def test_missed_visit_whose_time_was_given_away_does_not_come_back(agenda, desk, clock):
    visit = agenda.book()
    clock.move_to(TUESDAY_9 + timedelta(minutes=1))
    desk = signed_in(agenda.clerk)
    desk.post(visit_page(visit, "miss/"))
    agenda.book(TUESDAY_9, follow_up=agenda.another_follow_up(), now=NOW)
    assert "has just been taken" in told(desk.post(visit_page(visit, "arrive/")))[-1]


def test_buttons_are_no_pages(agenda, desk):
    visit = agenda.book()
    assert desk.get(visit_page(visit, "arrive/")).status_code == 405
    assert desk.get(visit_page(visit, "miss/")).status_code == 405
    assert desk.get(visit_page(visit, "cancel/"))["Location"] == visit_page(visit)


def test_finished_visit_is_not_cancelled(agenda, desk, clock):
    visit = agenda.book()
    clock.move_to(TUESDAY_9 + timedelta(minutes=1))
    desk = signed_in(agenda.clerk)
    Appointment.objects.update(state="TREATED")
    answer = desk.post(visit_page(visit, "cancel/"), {"reason": "a slip"})
    assert told(answer) == ["This visit is over: it cannot be cancelled any more."]
    assert Appointment.objects.get().state == "TREATED"


# -- who may ---------------------------------------------------------------------------------------------------------------


def every_address(agenda):
    visit = Appointment.objects.get()
    return [page_of(agenda.follow_up), *(visit_page(visit, part) for part in ("", "arrive/", "cancel/", "miss/"))]


def test_other_clinics_see_and_do_nothing(agenda):
    agenda.book()
    stranger = signed_in(member(Role.ADMIN))
    for address in every_address(agenda):
        for answer in (stranger.get(address), stranger.post(address, {"reason": "x", "choice": value(agenda, WEDNESDAY_9)})):
            assert answer.status_code in (404, 405), address
            assert agenda.patient.family_name not in answer.text
    assert Appointment.objects.get().state == "BOOKED"
    assert AuditEvent.objects.filter(action="DENIED").count() >= 5


def test_whoever_may_not_book_may_look_at_a_visit_only(agenda):
    visit = agenda.book()
    reviewer = signed_in(member(Role.REVIEWER, agenda.clinic))
    page = reviewer.get(visit_page(visit))
    assert page.status_code == 200
    assert "Cancel the visit" not in page.text
    assert reviewer.get(page_of(agenda.follow_up)).status_code == 403
    for part in ("arrive/", "cancel/", "miss/"):
        assert reviewer.post(visit_page(visit, part), {"reason": "x"}).status_code == 403
    assert Appointment.objects.get().changes.count() == 1


def test_nobody_does_anything_without_signing_in(agenda, client):
    agenda.book()
    for address in every_address(agenda):
        assert client.post(address, {"reason": "x"})["Location"].startswith("/account/login/")


def test_cancelled_visit_frees_the_follow_up_for_booking(agenda, desk):
    visit = agenda.book()
    cancel(by=agenda.staff, appointment=visit, reason="ill", now=NOW)
    assert desk.get(page_of(agenda.follow_up)).status_code == 200


@pytest.mark.parametrize(("part", "word"), [("arrive/", "Take back “arrived”"), ("miss/", "Take back “missed”")])
def test_slip_of_the_hand_is_taken_back_and_stays_in_the_history(agenda, clock, part, word):
    visit = agenda.book()
    clock.move_to(TUESDAY_9 + timedelta(minutes=5))
    desk = signed_in(agenda.clerk)
    desk.post(visit_page(visit, part))
    assert word in desk.get(visit_page(visit)).text
    desk.post(visit_page(visit, "take-back/"))
    visit.refresh_from_db()
    assert visit.state == "BOOKED"
    page = desk.get(visit_page(visit)).text
    assert "was noted by mistake" in page
    assert f"by {agenda.clerk}, at the clinic" in page
    assert visit.changes.count() == 3
    assert visit.changes.latest("id").with_letter is False


def test_missed_visit_is_not_taken_back_into_a_time_given_away(agenda, clock):
    visit = agenda.book()
    clock.move_to(TUESDAY_9 + timedelta(minutes=5))
    desk = signed_in(agenda.clerk)
    desk.post(visit_page(visit, "miss/"))
    agenda.book(TUESDAY_9, follow_up=agenda.another_follow_up(), now=NOW)
    assert "has just been taken" in told(desk.post(visit_page(visit, "take-back/")))[-1]
    visit.refresh_from_db()
    assert visit.state == "MISSED"


def test_clinician_goes_from_the_visit_to_charting_for_its_condition(agenda, clock):
    visit = agenda.book()
    doctor = member("CLINICIAN", agenda.clinic)
    assert "Record the treatment" not in signed_in(doctor).get(visit_page(visit)).text
    clock.move_to(TUESDAY_9)
    condition = agenda.follow_up.condition.public_id
    charting = f"/patients/{agenda.patient.public_id}/treatments/new/?condition={condition}"
    assert f'href="{charting}"' in signed_in(doctor).get(visit_page(visit)).text
    assert "Record the treatment" not in signed_in(agenda.clerk).get(visit_page(visit)).text


def test_visit_that_no_follow_up_waits_for_is_noted_as_seen(agenda, clock):
    plain = agenda.book(TUESDAY_9, patient=agenda.patient, follow_up=None)
    Appointment.objects.filter(pk=plain.pk).update(follow_up=None)
    clock.move_to(TUESDAY_9)
    desk = signed_in(agenda.clerk)
    assert "Was seen" in desk.get(visit_page(plain)).text
    desk.post(visit_page(plain, "attend/"))
    plain.refresh_from_db()
    assert plain.state == "TREATED"
    treated_by_signing = agenda.book(TUESDAY_930, now=NOW)
    assert "Was seen" not in desk.get(visit_page(treated_by_signing)).text
    assert desk.post(visit_page(treated_by_signing, "attend/")).status_code == 404


def test_overbooked_visit_says_so_with_its_reason_and_with_whom_it_shares_the_time(agenda, desk):
    first = agenda.book(follow_up=agenda.another_follow_up(given_name="Berta"))
    visit = agenda.book(overbooked_reason="came in pain")
    page = desk.get(visit_page(visit)).text
    assert "Overbooked: Dr Lindqvist has another visit at this time. Reason: came in pain" in page
    assert f'href="{visit_page(first)}">09:00 Berta' in page
    assert "Time already taken" in page
