"""The follow-up list and a follow-up's page, as staff see them."""

from datetime import UTC, date, datetime, timedelta
from urllib.parse import quote

import pytest
from django.urls import reverse

from clinic.audit import Action, AuditEvent
from clinic.practice.models import Role
from clinic.treatments.models import FollowUp
from tests.factories import (
    NOW,
    TODAY,
    AppointmentFactory,
    ClinicFactory,
    ConditionFactory,
    ContactAttemptFactory,
    FollowUpFactory,
    HoldFactory,
    InjectionSessionFactory,
    MembershipFactory,
    MessageFactory,
    PatientFactory,
    member,
)
from tests.staff.follow_up_reading import make, names, row_of, text

pytestmark = pytest.mark.django_db

LIST = reverse("staff:follow-up-list")


@pytest.fixture(autouse=True)
def clock(time_machine):
    """Every test happens on Monday 23 November 2026 in the morning."""
    time_machine.move_to(NOW, tick=False)


@pytest.fixture
def clinic(db):
    return ClinicFactory(name="Harbour clinic")


@pytest.fixture
def desk(client, clinic):
    """A browser in which a member of the front desk is signed in."""
    client.force_login(member(Role.FRONT_DESK, clinic=clinic))
    return client


# -- what a line says ---------------------------------------------------------------------------------------------------


def test_a_line_says_who_for_what_in_which_stage(desk, clinic):
    patient = PatientFactory(
        clinic=clinic, given_name="Marta", family_name="Kowalczyk", record_number="R-20417", born_on=date(1968, 5, 1)
    )
    condition = ConditionFactory(patient=patient, side="LEFT")
    session = InjectionSessionFactory(condition=condition, points=(("ZYG_MAJ", "LEFT", "27.5"),))
    FollowUpFactory(session=session, opens_on=date(2026, 5, 14), closes_on=date(2026, 11, 14), suggested_until=date(2026, 6, 4))

    line = row_of(desk.get(LIST), "Marta Kowalczyk")

    for said in ("R-20417 · 58", "Hemifacial spasm", "left · Botox 27.5 U", "overdue: ", "9 days over", "not booked"):
        assert said in line


@pytest.mark.parametrize(
    ("opens_in", "lasts", "said"),
    [
        (-100, 99, "1 day over"),
        (-80, 80, "closes today"),
        (-80, 81, "closes tomorrow"),
        (-60, 88, "closes 21 Dec"),
        (-24, 90, "day 25 of window"),
        (0, 90, "day 1 of window"),
        (1, 90, "opens tomorrow"),
        (28, 90, "opens 21 Dec"),
        (60, 90, "opens 22 Jan 2027"),
    ],
)
def test_the_pill_names_the_day_that_matters(desk, clinic, opens_in, lasts, said):
    make(clinic, opens_in=opens_in, lasts=lasts)
    assert said in row_of(desk.get(LIST), "Marta Kowalczyk")


def test_a_booked_patient_shows_the_visit_in_the_clinic_s_time_and_no_booking_button(desk, clinic):
    follow_up = make(clinic)
    visit = AppointmentFactory(follow_up=follow_up, starts_at=datetime(2026, 12, 10, 8, 30, tzinfo=UTC))

    line = row_of(desk.get(LIST), "Marta Kowalczyk")

    assert "Thu 10 Dec 09:30" in line
    assert reverse("staff:appointment-show", args=[visit.public_id]) in line
    assert reverse("staff:appointment-book", args=[follow_up.public_id]) not in line


@pytest.mark.parametrize(
    ("arrange", "said"),
    [
        (lambda f: HoldFactory(patient=f.patient, reason="SIDE_EFFECT"), "side effect in review"),
        (lambda f: type(f.patient).objects.filter(pk=f.patient_id).update(status="DECEASED"), "deceased"),
        (lambda f: FollowUp.objects.update(snoozed_until=TODAY + timedelta(days=2), snooze_note="x"), "snoozed until 25 Nov"),
    ],
)
def test_a_patient_on_hold_shows_why(desk, clinic, arrange, said):
    arrange(make(clinic))
    line = row_of(desk.get(LIST, {"stage": "ON_HOLD"}), "Marta Kowalczyk")
    assert "on hold: " in line
    assert said in line


def test_a_line_shows_letters_and_contact_tries(desk, clinic):
    follow_up = make(clinic, opens_in=-20)
    MessageFactory(follow_up=follow_up, state="SENT", due_at=datetime(2026, 11, 2, 8, tzinfo=UTC))
    MessageFactory(follow_up=follow_up, state="READY", step="REMIND")
    for hours in (1, 2):
        ContactAttemptFactory(follow_up=follow_up, at=NOW - timedelta(hours=hours), outcome="VOICEMAIL")

    line = row_of(desk.get(LIST), "Marta Kowalczyk")

    assert "letter on 2 Nov" in line
    assert "2 tries" in line
    assert "left a message" in line


def test_a_name_is_text_and_never_markup(desk, clinic):
    make(clinic, patient=PatientFactory(clinic=clinic, given_name="<b>O'Neill</b>", family_name='"><script>'))
    content = desk.get(LIST).content.decode()
    assert "<b>O" not in content
    assert '"><script>' not in content
    assert "&lt;b&gt;O" in content


# -- what the list holds ------------------------------------------------------------------------------------------------


def test_who_leaves_the_window_first_stands_first_and_the_ended_are_not_listed(desk, clinic):
    make(clinic, "Third Person", opens_in=30)
    make(clinic, "First Person", opens_in=-200)
    make(clinic, "Second Person", opens_in=-20)
    make(clinic, "Stopped Person", state="STOPPED")
    make(clinic, "Treated Person", state="TREATED")

    assert names(desk.get(LIST)) == ["First Person", "Second Person", "Third Person"]
    assert names(desk.get(LIST, {"stage": "STOPPED"})) == ["Stopped Person"]


def test_tabs_count_every_stage_and_open_what_they_count(desk, clinic):
    make(clinic, "Over Due", opens_in=-200)
    make(clinic, "Wide Open", opens_in=-5)
    make(clinic, "Also Open", opens_in=-6)
    make(clinic, "No More", state="STOPPED")

    page = text(desk.get(LIST))

    for said in (
        "3 between two treatments",
        ">All <b>3</b>", ">Overdue <b>1</b>", ">Open <b>2</b>", ">Booked <b>0</b>", ">Stopped <b>1</b>",
    ):  # fmt: skip
        assert said in page
    assert names(desk.get(LIST, {"stage": "OPEN"})) == ["Also Open", "Wide Open"]


def test_counts_follow_at_once_what_somebody_does(desk, clinic):
    follow_up = make(clinic)
    assert ">Open <b>1</b>" in text(desk.get(LIST))

    desk.post(reverse("staff:follow-up-stop", args=[follow_up.public_id]), {"reason": "MOVED_AWAY"})

    page = text(desk.get(LIST))
    assert ">Open <b>0</b>" in page
    assert ">Stopped <b>1</b>" in page


# -- who sees what ------------------------------------------------------------------------------------------------------


def test_nobody_of_another_clinic_is_listed_counted_or_offered(desk, clinic):
    other = ClinicFactory(name="Foreign clinic")
    hidden = make(other, "Hidden Person")
    make(clinic)

    response = desk.get(LIST)

    assert names(response) == ["Marta Kowalczyk"]
    assert ">All <b>1</b>" in text(response)
    for query in ({"q": "hidden"}, {"clinic": other.public_id.hex}, {"after": hidden.public_id}):
        assert "Hidden" not in text(desk.get(LIST, query)).replace('value="hidden"', "")


def test_who_belongs_to_two_clinics_chooses_between_them_and_may_do_what_each_allows(client, clinic):
    user = member(Role.FRONT_DESK, clinic=clinic)
    second = ClinicFactory(name="Second clinic")
    MembershipFactory(user=user, clinic=second, role=Role.REVIEWER)
    client.force_login(user)
    make(clinic)
    make(second, "Peter Osei")

    both = client.get(LIST)

    assert names(both) == ["Marta Kowalczyk", "Peter Osei"]
    assert "Log contact" in row_of(both, "Marta Kowalczyk")
    assert "Log contact" not in row_of(both, "Peter Osei")
    assert "Book" not in row_of(both, "Peter Osei")
    assert names(client.get(LIST, {"clinic": second.public_id.hex})) == ["Peter Osei"]


def test_the_list_leaves_a_row_in_the_audit_log_with_how_many_it_showed(desk, clinic):
    make(clinic)
    make(clinic, "Peter Osei")
    desk.get(LIST)
    event = AuditEvent.objects.get(action=Action.LISTED)
    assert (event.what, event.count, event.at) == ("FollowUp", 2, NOW)


def test_a_page_that_cannot_be_audited_is_not_shown(desk, clinic, monkeypatch):
    follow_up = make(clinic)

    def fail(**_kwargs):
        raise RuntimeError("the audit log cannot be written")

    monkeypatch.setattr("clinic.audit.record", fail)
    desk.raise_request_exception = False
    for address in (LIST, reverse("staff:follow-up-show", args=[follow_up.public_id])):
        response = desk.get(address)
        assert response.status_code == 500
        assert b"Kowalczyk" not in response.content


def test_the_start_page_is_today(desk):
    assert desk.get("/").headers["Location"] == reverse("staff:today")


# -- a follow-up's own page ---------------------------------------------------------------------------------------------


def test_a_follow_up_shows_its_window_with_the_rule_behind_each_day(desk, clinic):
    follow_up = make(
        clinic,
        opens_rule="label of Botox, EU: 12 weeks, from 1 Sep 2026 (not verified at this clinic)",
        closes_rule="policy: 6 months",
    )
    ContactAttemptFactory(follow_up=follow_up, note="will ask her daughter", outcome="REACHED")

    page = text(desk.get(reverse("staff:follow-up-show", args=[follow_up.public_id])))

    for said in (
        "Marta Kowalczyk", "label of Botox, EU: 12 weeks", "policy: 6 months", "first three weeks of the window",
        "has not been compared with the current label", "will ask her daughter", "23 Nov 2026 10:00",
    ):  # fmt: skip
        assert said in page
    event = AuditEvent.objects.get(action=Action.VIEWED)
    assert (event.what, event.what_id, event.patient_id_public) == ("FollowUp", follow_up.public_id, follow_up.patient.public_id)


def test_an_ended_follow_up_is_shown_without_anything_to_do(desk, clinic):
    stopped = make(clinic, state="STOPPED", stop_note="moved to Porto")
    treated = make(clinic, "Peter Osei", state="TREATED")

    page = text(desk.get(reverse("staff:follow-up-show", args=[stopped.public_id])))
    assert "could not be reached: moved to Porto" in page
    assert "Log contact</a>" not in page
    assert "treated again" in text(desk.get(reverse("staff:follow-up-show", args=[treated.public_id])))


def test_lines_lead_back_to_the_list_as_it_was(desk, clinic):
    follow_up = make(clinic)
    line = row_of(desk.get(LIST, {"stage": "OPEN", "q": "marta"}), "Marta Kowalczyk")
    back = quote(f"{LIST}?stage=OPEN&q=marta", safe="")
    assert f"{reverse('staff:follow-up-snooze', args=[follow_up.public_id])}?next={back}" in line
