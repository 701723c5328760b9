"""The staff home: what needs a hand, each number with the list behind it, and today's visits."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.urls import reverse

from clinic import audit
from clinic.audit import Action, Actor, AuditEvent
from clinic.practice.models import Role
from clinic.scheduling.models import Appointment
from tests.factories import (
    NOW,
    TODAY,
    AppointmentFactory,
    ClinicFactory,
    HoldFactory,
    MembershipFactory,
    MessageFactory,
    PatientFactory,
    PractitionerFactory,
    SideEffectFactory,
    StaffTaskFactory,
    TermFactory,
    UserFactory,
    VialFactory,
    member,
)
from tests.staff.follow_up_reading import make, text

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("morning")]

HOME = reverse("staff:today")
#: By number: how many of it the fixture `busy` makes.
EXPECTED = {
    "alerts": 2, "doubtful": 1, "phone": 3, "mine": 1, "other": 1, "opening": 2, "overdue": 1, "closing": 1, "unnoted": 2,
    "review": 3, "expiring": 2,
}  # fmt: skip
_LINK = re.compile(r'<a (?:class="[^"]*" )?href="([^"]+)" data-number="(\w+)"><b>(\d+)</b>')


def numbers(response):
    """What each number says and where it leads."""
    return {code: (int(count), url.replace("&amp;", "&")) for url, code, count in _LINK.findall(response.content.decode())}


def fill(clinic, user, *, times=1):
    """A clinic in which everything waits for somebody, and beside each thing one that does not."""
    urgent, routine = TermFactory(code="NO_SWALLOW", urgency="RED"), TermFactory(urgency="GREEN")
    for _ in range(times):
        for _ in range(2):
            SideEffectFactory(patient=PatientFactory(clinic=clinic), version__term=urgent)
        noticed = {"acknowledged_by": UserFactory(), "acknowledged_at": NOW}
        SideEffectFactory(patient=PatientFactory(clinic=clinic), version__term=urgent, state="REVIEWED", **noticed)
        SideEffectFactory(patient=PatientFactory(clinic=clinic), version__term=routine)
        for state in ("UNKNOWN", "FAILED", "SENT"):
            MessageFactory(follow_up=make(clinic, opens_in=60), state=state)
        for kind, due_in, more in (
            ("PHONE_BOUNCED", 0, {}), ("PHONE_OPTED_OUT", -3, {}), ("CHECK_ADDRESS", 0, {}), ("FIND_NUMBER", 0, {}),
            ("PHONE_ASKED", 1, {"assignee": user}), ("PHONE_ASKED", -1, {"done_at": NOW, "assignee": user}),
        ):  # fmt: skip
            StaffTaskFactory(patient=PatientFactory(clinic=clinic), kind=kind, due_on=TODAY + timedelta(days=due_in), **more)
        make(clinic, opens_in=0)
        make(clinic, opens_in=6)
        make(clinic, opens_in=7)
        make(clinic, opens_in=-1)
        HoldFactory(patient=make(clinic, opens_in=2).patient)
        AppointmentFactory(follow_up=make(clinic, opens_in=3), starts_at=NOW + timedelta(days=20))
        make(clinic, opens_in=-100, lasts=90)
        make(clinic, opens_in=-80, lasts=90)
        for state, days in (("BOOKED", 1), ("ARRIVED", 2), ("TREATED", 3), ("MISSED", 4)):
            AppointmentFactory(follow_up=make(clinic, opens_in=40), starts_at=NOW - timedelta(days=days), state=state)
        for days, more in ((60, {}), (0, {}), (61, {}), (-1, {}), (20, {"lot__state": "QUARANTINED"}), (20, {"state": "CLOSED"})):
            given = {"units_given": 100} if more.get("state") == "CLOSED" else {}
            VialFactory(clinic=clinic, lot__expires_on=TODAY + timedelta(days=days), **more, **given)


@pytest.fixture
def busy(client, clinic):
    """The browser of somebody who may do everything at a clinic in which everything waits; next door as much waits."""
    user = member(Role.ADMIN, clinic=clinic)
    client.force_login(user)
    fill(clinic, user)
    fill(ClinicFactory(name="Foreign clinic"), UserFactory())
    return client


def test_every_number_leads_to_the_list_that_holds_exactly_what_it_counts(busy):
    found = numbers(busy.get(HOME))
    assert {code: count for code, (count, _url) in found.items()} == EXPECTED
    for code, (count, url) in found.items():
        response = busy.get(url)
        assert response.status_code == 200, code
        assert len(response.context["page"].rows) == count, code


def test_red_alerts_stand_before_everything_else(busy):
    page = text(busy.get(HOME))
    order = [page.index(f'data-number="{code}"') for code in ("alerts", "doubtful", "phone", "opening", "overdue", "review")]
    assert order == sorted(order)
    assert page.index('role="alert"') < order[1]


@pytest.mark.parametrize(
    ("role", "seen"),
    [
        (Role.FRONT_DESK, EXPECTED.keys() - {"alerts", "review", "expiring"}),
        (Role.CLINICIAN, EXPECTED.keys()),
        (Role.REVIEWER, {"alerts", "review", "opening", "overdue", "closing", "unnoted"}),
    ],
)
def test_each_role_sees_the_numbers_whose_lists_it_may_open(browse_as, role, seen):
    browser = browse_as(role)
    found = numbers(browser.get(HOME))
    assert found.keys() == seen
    for _count, url in found.values():
        assert browser.get(url).status_code == 200


def test_a_quiet_clinic_is_told_so_and_its_lists_stay_in_reach(desk):
    page = desk.get(HOME)
    assert "Nothing waits for you." in text(page)
    assert {count for count, _url in numbers(page).values()} == {0}


def test_who_works_at_two_clinics_counts_at_each_what_they_may(client, clinic):
    user = member(Role.FRONT_DESK, clinic=clinic)
    second = ClinicFactory(name="Second clinic")
    MembershipFactory(user=user, clinic=second, role=Role.REVIEWER)
    client.force_login(user)
    for place in (clinic, second):
        StaffTaskFactory(patient=PatientFactory(clinic=place))
        make(place, opens_in=-100, lasts=90)

    found = numbers(client.get(HOME))

    assert (found["phone"][0], found["overdue"][0]) == (1, 2)
    assert len(client.get(found["overdue"][1]).context["page"].rows) == 2


def test_what_is_done_is_no_longer_counted(desk, clinic):
    task = StaffTaskFactory(patient=PatientFactory(clinic=clinic))
    assert numbers(desk.get(HOME))["phone"][0] == 1
    desk.post(reverse("staff:task-finish", args=[task.patient.public_id, task.public_id]), {"outcome": "reached"})
    assert numbers(desk.get(HOME))["phone"][0] == 0


# -- today's visits -----------------------------------------------------------------------------------------------------


def visit(clinic, name, hour, *, day=23, **fields):
    """A visit of somebody with this name at an hour of the clinic's (Paris) day."""
    starts_at = datetime(2026, 11, day, hour - 1, tzinfo=UTC)
    return AppointmentFactory(follow_up=make(clinic, name), starts_at=starts_at, clinic=clinic, **fields)


def patients(lines):
    return [line.patient for line in lines]


def test_today_s_visits_stand_in_the_order_of_the_day_and_the_practitioner_s_own_first(client, clinic):
    doctor = member(Role.CLINICIAN, clinic=clinic)
    own = PractitionerFactory(user=doctor, clinics=[clinic])
    client.force_login(doctor)
    visit(clinic, "Late Own", 16, practitioner=own)
    visit(clinic, "Early Other", 8)
    visit(clinic, "Early Own", 9, practitioner=own, state="ARRIVED")
    visit(clinic, "Not Today", 9, day=24)
    visit(clinic, "Called Off", 11, state="CANCELLED", cancel_reason="ill")
    visit(ClinicFactory(), "Hidden Person", 12)

    response = client.get(HOME)

    assert patients(response.context["own"]) == ["Early Own", "Late Own"]
    assert patients(response.context["others"]) == ["Early Other"]
    page = text(response)
    assert ">09:00<" in page
    assert "Hidden Person" not in page
    event = AuditEvent.objects.get(action=Action.LISTED)
    assert (event.what, event.count) == ("Appointment", 3)


def test_who_has_arrived_is_marked_on_the_spot_and_the_person_stays_here(desk, clinic):
    booked = visit(clinic, "Marta Kowalczyk", 11)
    assert "Record treatment" not in text(desk.get(HOME))

    answer = desk.post(reverse("staff:appointment-arrive", args=[booked.public_id]), {"next": HOME})

    assert answer.headers["Location"] == HOME
    assert Appointment.objects.get().state == "ARRIVED"
    assert desk.post(reverse("staff:appointment-arrive", args=[booked.public_id]), {"next": "https://example.org/"}).headers[
        "Location"
    ] == reverse("staff:appointment-show", args=[booked.public_id])


def test_a_clinician_goes_from_the_visit_to_its_treatment(browse_as, clinic):
    booked = visit(clinic, "Marta Kowalczyk", 11, state="ARRIVED")
    condition = booked.follow_up.condition
    address = f"{reverse('staff:treatment-record', args=[booked.patient.public_id])}?condition={condition.public_id}"
    browser = browse_as(Role.CLINICIAN)
    assert address in text(browser.get(HOME))
    assert browser.get(address).status_code == 200


def test_a_reviewer_sees_the_visits_and_changes_nothing(browse_as, clinic):
    visit(clinic, "Marta Kowalczyk", 9)
    page = text(browse_as(Role.REVIEWER).get(HOME))
    assert "Marta Kowalczyk" in page
    assert "Arrived" not in page
    assert "Did not come" not in page


def test_the_day_is_the_clinic_s_own(client, time_machine):
    """At 23:30 in Paris it is tomorrow in Tokyo already."""
    time_machine.move_to(datetime(2026, 11, 23, 22, 30, tzinfo=UTC), tick=False)
    tokyo = ClinicFactory(time_zone="Asia/Tokyo")
    client.force_login(member(Role.FRONT_DESK, clinic=tokyo))
    AppointmentFactory(follow_up=make(tokyo, "Hana Ito"), starts_at=datetime(2026, 11, 24, 1, tzinfo=UTC))
    AppointmentFactory(follow_up=make(tokyo, "Ken Abe"), starts_at=datetime(2026, 11, 23, 1, tzinfo=UTC))
    response = client.get(HOME)
    assert patients(response.context["others"]) == ["Hana Ito"]
    assert numbers(response)["unnoted"][0] == 1


def test_a_past_visit_waits_until_somebody_says_what_came_of_it(desk, clinic):
    past = visit(clinic, "Marta Kowalczyk", 9, day=20)
    address = reverse("staff:visit-unnoted-list")
    assert "Fri 20 Nov 2026, 09:00" in text(desk.get(address))

    answer = desk.post(reverse("staff:appointment-miss", args=[past.public_id]), {"next": address})

    assert answer.headers["Location"] == address
    assert "Every past visit has its outcome." in text(desk.get(address))


# -- what it costs ------------------------------------------------------------------------------------------------------


def test_the_page_takes_the_same_queries_for_much_as_for_little(client, clinic, count_queries):
    user = member(Role.ADMIN, clinic=clinic)
    client.force_login(user)

    def queries():
        audit.record(by=Actor.system(), action=Action.CHANGED, what="Something", now=NOW)
        return count_queries(lambda: client.get(HOME)), count_queries(lambda: client.get(HOME))

    fill(clinic, user)
    visit(clinic, "First Person", 9)
    little = queries()
    fill(clinic, user, times=4)
    for hour in (10, 11, 12):
        visit(clinic, "Next Person", hour)
    assert queries() == little
    assert little[0] <= 12
