"""The pages of a clinic's hours: who may read and change them, and what is shown before visits have to give way."""

import re
from datetime import date, time
from html import unescape

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from clinic.audit import Action, AuditEvent
from clinic.scheduling.hours_exceptions import HoursException
from clinic.scheduling.models import Appointment, Availability, Closure, VisitKind
from tests import factories
from tests.factories import NOW
from tests.page_reading import Page
from tests.scheduling.agenda import TUESDAY_9, WEDNESDAY_9, make_agenda, with_hours

pytestmark = pytest.mark.django_db
TUESDAY = date(2026, 12, 1)


@pytest.fixture
def agenda(db):
    return make_agenda()


@pytest.fixture(autouse=True)
def clock(time_machine):
    time_machine.move_to(NOW, tick=False)


@pytest.fixture
def admin(agenda, client):
    user = factories.member("ADMIN", agenda.clinic)
    client.force_login(user)
    return user


def address(agenda, name="hours-show", *more):
    return reverse(f"staff:{name}", args=[agenda.clinic.public_id, *more])


def weekly(agenda):
    return address(agenda, "hours-change", agenda.practitioner.public_id)


def text(response):
    """What the page says, cell after cell."""
    return " ".join(unescape(re.sub("<[^>]*>", " ", response.content.decode())).split())


def closure(**changed):
    return {"practitioner": "", "from_on": "2026-12-01", "until_on": "", "starts": "", "ends": "", "reason": "repairs"} | changed


def confirmed(page):
    return page.context["displaced"].token


def test_whoever_books_reads_the_hours_and_is_offered_no_change(agenda, client):
    factories.ClosureFactory(clinic=agenda.clinic)
    client.force_login(agenda.clerk)
    response = client.get(address(agenda))
    assert "Dr Lindqvist now Monday 09:00-12:00" in text(response)
    assert "Thu 24 Dec to Fri 1 Jan 2027 the whole clinic closed Winter break" in text(response)
    assert "Take back" not in text(response)
    assert "/closures/new/" not in response.content.decode()


def test_calendar_leads_to_the_hours_for_whoever_books(agenda, client):
    for user, leads in ((agenda.clerk, True), (factories.member("REVIEWER", agenda.clinic), False)):
        client.force_login(user)
        page = client.get(reverse("staff:calendar-show")).content.decode()
        assert (reverse("staff:hours-first") in page) is leads


def test_first_page_leads_to_the_hours_of_the_person_s_clinic(agenda, client, admin):
    assert client.get(reverse("staff:hours-first")).headers["Location"] == address(agenda)


def test_new_hours_are_shown_beside_those_that_still_hold(agenda, client, admin):
    response = client.post(weekly(agenda), {"from_on": "2026-12-07", "until_on": "", "day_0": "10:00-14:00"})
    assert response.status_code == 302
    shown = text(client.get(address(agenda)))
    assert "now, until 6 Dec 2026 Monday 09:00-12:00" in shown
    assert "from 7 Dec 2026 Monday 10:00-14:00" in shown


def test_form_begins_with_the_hours_that_hold_tomorrow(agenda, client, admin):
    with_hours(agenda.clinic, name="Dr Berg")
    form = client.get(weekly(agenda)).context["form"]
    assert (form["from_on"].value(), form["day_0"].value(), form["day_6"].value()) == (date(2026, 11, 24), "09:00-12:00", None)


@pytest.mark.parametrize(
    "typed", ["9-12", "09:00-25:00", "soon", "09:00", "09:00-12:00,", "12:00-09:00", "09:00-11:00, 10:00-12:00"]
)
def test_times_that_are_none_are_told_beside_their_day_and_nothing_changes(agenda, client, admin, typed):
    response = client.post(weekly(agenda), {"from_on": "2026-12-07", "day_0": typed, "day_1": "09:00-12:00"})
    assert response.status_code == 422
    page = Page(response)
    assert page.error_at("day_0")
    assert page.held("day_0") == [typed]
    assert Availability.objects.filter(valid_until__isnull=False).count() == 0


def test_closing_lists_the_visits_first_and_saves_only_when_that_is_confirmed(agenda, client, admin):
    visit = agenda.book(TUESDAY_9)
    agenda.book(WEDNESDAY_9, follow_up=agenda.another_follow_up(given_name="Wednesday"))

    shown = client.post(address(agenda, "closure-add"), closure())
    assert shown.status_code == 200
    assert "1 visit is booked for this time" in text(shown)
    assert f"{agenda.patient} Tue 1 Dec 2026, 09:00" in text(shown)
    assert "Wednesday" not in text(shown)
    assert not Closure.objects.exists()
    assert AuditEvent.objects.filter(actor=admin, action=Action.LISTED, what="Appointment", count=1).exists()

    done = client.post(address(agenda, "closure-add"), closure(confirmed=confirmed(shown)))
    assert done.headers["Location"] == address(agenda, "move-list")
    assert Closure.objects.get().from_on == TUESDAY
    # The visit stands, as work.
    assert Appointment.objects.get(pk=visit.pk).state == "BOOKED"
    listed = client.get(done.headers["Location"])
    assert str(agenda.patient) in text(listed)
    assert reverse("staff:appointment-move", args=[visit.public_id]) in listed.content.decode()
    assert "1 visit is booked for a time at which its practitioner sees nobody" in text(client.get(address(agenda)))


def test_what_was_confirmed_for_other_days_is_not_enough(agenda, client, admin):
    agenda.book(TUESDAY_9)
    agenda.book(WEDNESDAY_9, follow_up=agenda.another_follow_up(given_name="Wednesday"))
    shown = client.post(address(agenda, "closure-add"), closure())
    again = client.post(address(agenda, "closure-add"), closure(until_on="2026-12-02", confirmed=confirmed(shown)))
    assert "2 visits are booked for this time" in text(again)
    assert not Closure.objects.exists()


def test_what_cannot_be_saved_is_said_before_any_visit_is_listed(agenda, client, admin):
    agenda.book(TUESDAY_9)
    response = client.post(address(agenda, "closure-add"), closure(from_on="2026-11-20", until_on="2026-12-02"))
    assert response.status_code == 422
    assert Page(response).error_at("from_on")
    assert str(agenda.patient) not in text(response)


def test_closure_over_nobody_is_saved_at_once(agenda, client, admin):
    response = client.post(address(agenda, "closure-add"), closure())
    assert response.headers["Location"] == address(agenda)
    assert Closure.objects.count() == 1


def test_part_of_a_day_is_an_absence(agenda, client, admin):
    data = closure(practitioner=str(agenda.practitioner.public_id), starts="10:00", ends="11:00")
    client.post(address(agenda, "closure-add"), data)
    row = HoursException.objects.get()
    assert (row.kind, row.on, row.starts, row.practitioner) == ("AWAY", TUESDAY, time(10), agenda.practitioner)
    assert "Tue 1 Dec 2026 Dr Lindqvist away 10:00-11:00 repairs" in text(client.get(address(agenda)))


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"starts": "10:00"}, "ends"),
        ({"starts": "10:00", "ends": "11:00", "until_on": "2026-12-02"}, "until_on"),
        ({"starts": "11:00", "ends": "10:00"}, "ends"),
        ({"reason": ""}, "reason"),
        ({"practitioner": "nobody"}, "practitioner"),
    ],
)
def test_closure_that_makes_no_sense_is_told_beside_its_field(agenda, client, admin, changed, field):
    response = client.post(address(agenda, "closure-add"), closure(**changed))
    assert response.status_code == 422
    assert Page(response).error_at(field)
    assert not Closure.objects.exists()
    assert not HoursException.objects.exists()


def test_other_hours_of_one_day_stand_on_the_page_as_one(agenda, client, admin):
    data = {"practitioner": str(agenda.practitioner.public_id), "on": "2026-12-01", "spans": "15:00-16:00, 17:00-18:00"}
    client.post(address(agenda, "special-hours-set"), data | {"reason": "late"})
    assert "sees patients 15:00-16:00, 17:00-18:00 late" in text(client.get(address(agenda)))
    first = HoursException.objects.first()
    client.post(reverse("staff:exception-end", args=[first.public_id]))
    assert not HoursException.objects.exists()


def test_closure_is_taken_back_by_its_button(agenda, client, admin):
    row = factories.ClosureFactory(clinic=agenda.clinic)
    response = client.post(reverse("staff:closure-end", args=[row.public_id]), follow=True)
    assert "Taken back" in text(response)
    assert not Closure.objects.exists()


def test_holidays_are_proposed_and_taken_over_by_a_person(agenda, client, admin):
    client.post(address(agenda, "holiday-region"), {"country": "DE", "region": "by"})
    page = client.get(address(agenda, "holidays-take"), {"year": "2027"})
    assert "Wed 6 Jan 2027: Epiphany" in text(page)
    assert not Closure.objects.exists()
    client.post(address(agenda, "holidays-take") + "?year=2027", {"days": ["2027-01-06"]})
    assert "Wed 6 Jan 2027 the whole clinic closed Epiphany (public holiday)" in text(client.get(address(agenda)))
    assert "Closed already: Wed 6 Jan 2027: Epiphany" in text(client.get(address(agenda, "holidays-take"), {"year": "2027"}))


def test_holiday_over_a_visit_lists_it_first(agenda, client, admin):
    agenda.clinic.country = "DE"
    agenda.clinic.save()
    agenda.book(factories.NOW.replace(year=2027, month=1, day=1, hour=9), overbooked_reason="")
    shown = client.post(address(agenda, "holidays-take") + "?year=2027", {"days": ["2027-01-01"]})
    assert "1 visit is booked for this time" in text(shown)
    assert not Closure.objects.exists()


def test_kind_of_visit_is_added_and_changed(agenda, client, admin):
    client.post(address(agenda, "visit-kind-add"), {"name": "Long visit", "minutes": "45", "buffer_minutes": "5"})
    kind = VisitKind.objects.get(name="Long visit")
    at = reverse("staff:visit-kind-change", args=[kind.public_id])
    client.post(at, {"name": "Long visit", "minutes": "50", "buffer_minutes": "5"})
    assert "Long visit 50 min 5 min" in text(client.get(address(agenda)))
    refused = client.post(at, {"name": "Long visit", "minutes": "", "buffer_minutes": "5"})
    assert Page(refused).error_at("minutes")


def test_nothing_to_move_is_said_in_words(agenda, client):
    client.force_login(agenda.clerk)
    assert "No visit has to be moved." in text(client.get(address(agenda, "move-list")))


def test_somebody_in_another_clinic_s_care_is_not_named(agenda, client, admin):
    agenda.book(TUESDAY_9)
    factories.ClosureFactory(clinic=agenda.clinic, from_on=TUESDAY, until_on=TUESDAY)
    agenda.patient.clinic = factories.ClinicFactory()
    agenda.patient.save()
    page = text(client.get(address(agenda, "move-list")))
    assert "a patient of another clinic" in page
    assert str(agenda.patient) not in page


def test_number_of_queries_of_the_pages_does_not_grow(agenda, client, admin):
    for name in ("hours-show", "move-list"):
        counted = []
        client.get(address(agenda, name))
        for many in (1, 3):
            for number in range(many):
                person = with_hours(agenda.clinic, name=f"Dr {name} {many} {number}")
                factories.ClosureFactory(clinic=agenda.clinic, practitioner=person)
                factories.HoursExceptionFactory(clinic=agenda.clinic, practitioner=person)
                factories.AppointmentFactory(
                    patient=factories.PatientFactory(clinic=agenda.clinic),
                    practitioner=person,
                    kind=agenda.kind,
                    starts_at=TUESDAY_9.replace(day=25),
                )
            with CaptureQueriesContext(connection) as queries:
                client.get(address(agenda, name))
            counted.append(len(queries))
        assert counted[0] == counted[1]
