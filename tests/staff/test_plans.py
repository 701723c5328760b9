"""The plan of letters on screen: changed by its administrator, seen first, then put into force."""

import re
from datetime import date

import pytest
from django.urls import reverse

from clinic.audit import AuditEvent
from clinic.practice.models import Role
from clinic.reminders.models import Plan
from clinic.reminders.plans import ensure_plan, named_steps
from clinic.reminders.rules import default_steps
from clinic.reminders.steps import NamedStep, Step, Unit
from tests.factories import NOW, ClinicFactory, FollowUpFactory, IndicationFactory, MembershipFactory, PlanFactory, member
from tests.page_reading import Page
from tests.reminders.running import started
from tests.staff.test_letters import words

pytestmark = pytest.mark.django_db
LIST = reverse("staff:plan-list")


@pytest.fixture(autouse=True)
def clock(time_machine):
    """Every test happens on Monday 23 November 2026, 10:00 in Paris."""
    time_machine.move_to(NOW, tick=False)
    started()


@pytest.fixture
def clinic(db):
    clinic = ClinicFactory(name="Harbour clinic")
    ensure_plan(clinic, NOW)
    return clinic


@pytest.fixture
def admin(client, clinic):
    client.force_login(member(Role.ADMIN, clinic=clinic))
    return client


def edit(clinic, indication=""):
    return reverse("staff:plan-edit", args=[clinic.public_id]) + (f"?indication={indication}" if indication else "")


def hours(clinic):
    return reverse("staff:plan-hours", args=[clinic.public_id])


def filled(client, address, **changed):
    """What a browser would send if only these fields were touched; None unticks a box."""
    form = client.get(address).context["form"]
    sent = {}
    for bound in form:
        value = bound.value()
        sent[bound.html_name] = "" if value is None else bound.field.prepare_value(value)
    sent = {name: ("on" if value is True else value) for name, value in sent.items() if value is not False}
    return {name: value for name, value in {**sent, **changed}.items() if value is not None}


def confirmed(client, address, sent):
    """Send it, and send it again as the page then offers."""
    shown = client.post(address, sent)
    assert shown.status_code == 200, words(shown)
    return client.post(address, sent | {"confirmed": shown.context["fingerprint"]})


# -- reading ----------------------------------------------------------------------------------------------------------


def test_the_list_tells_of_each_clinic_its_hours_and_plans_and_of_no_other_clinic(admin, clinic):
    spasm = IndicationFactory(code="HFS", name="Hemifacial spasm")
    PlanFactory(clinic=clinic, indication=spasm, active_from=date(2026, 12, 1))
    ClinicFactory(name="Elsewhere clinic")
    said = words(admin.get(LIST))
    assert "Letters go from 08:00 to 19:00 on Monday, Tuesday" in said
    assert re.search(r"Any indication +version 1, since 23 Nov 2026", said)
    assert re.search(r"Hemifacial spasm +as by default +version 1, from 1 Dec 2026", said)
    assert "Elsewhere" not in said


def test_the_list_costs_the_same_for_one_clinic_and_for_many(admin, clinic, count_queries):
    first = count_queries(lambda: admin.get(LIST))
    user = clinic.memberships.get().user
    for _ in range(4):
        other = MembershipFactory(user=user, role=Role.ADMIN).clinic
        PlanFactory(clinic=other)
    assert count_queries(lambda: admin.get(LIST)) == first


def test_a_version_is_read_in_words_and_earlier_ones_stay(admin, clinic):
    PlanFactory(clinic=clinic, version=2, steps=[("INVITE", 1, "OPENS", 3, "DAY", "", 0, "PATIENT")])
    address = reverse("staff:plan-show", args=[clinic.public_id])
    newest, first = words(admin.get(address)), words(admin.get(address, {"version": 1}))
    assert "Invitation 3 days after the window opens" in newest
    assert "Last letter as by default" in newest
    assert "21 days before the suggested date, not earlier than 14 days before the window opens" in first
    assert "7 days before the visit; 48 hours before the visit" in first
    assert admin.get(address, {"version": 9}).status_code == 404
    assert admin.get(address, {"indication": "NONSENSE"}).status_code == 404
    assert admin.get(address, {"indication": "a\x00b"}).status_code == 404


def test_a_clinic_without_a_plan_is_told_that_letters_go_by_default(client):
    bare = ClinicFactory()
    client.force_login(member(Role.ADMIN, clinic=bare))
    assert "every letter goes as by default" in words(client.get(reverse("staff:plan-show", args=[bare.public_id])))
    assert Page(client.get(edit(bare))).held("INVITE-goes") == ["usual"]


# -- changing ---------------------------------------------------------------------------------------------------------


def test_what_a_change_would_do_is_shown_before_anything_is_saved(admin, clinic):
    FollowUpFactory(patient__clinic=clinic, patient__family_name="Mercer")
    sent = filled(admin, edit(clinic), **{"INVITE-goes": "off", "LAST_CALL-1-number": "21"})
    response = admin.post(edit(clinic), sent)
    said = words(response)
    assert response.status_code == 200
    assert "Adds 0, drops 1, moves 1" in said
    assert "among 1 patient with an open follow-up" in said
    assert re.search(r"Anna Mercer +Invitation +dropped +today 10:00 +–", said)
    assert Plan.objects.count() == 1
    assert AuditEvent.objects.get(action="LISTED", what="Patient").count == 2


def test_a_confirmed_change_is_a_new_version(admin, clinic):
    sent = filled(admin, edit(clinic), **{"INVITE-1-number": "10", "REMIND-goes": "off", "VISIT-goes": "usual"})
    answer = confirmed(admin, edit(clinic), sent | {"active_from": "2026-12-01"})
    assert (answer.status_code, answer.headers["Location"]) == (302, LIST)
    made = Plan.objects.get(version=2)
    assert made.active_from == date(2026, 12, 1)
    steps = {one.step.step: one for one in named_steps(made)}
    assert steps[Step.INVITE].step.offset == -10
    assert not steps[Step.REMIND].is_active
    assert Step.VISIT not in steps


def test_an_untouched_plan_says_what_the_table_of_steps_says(admin, clinic):
    """From the default into the fields and back nothing is lost: only the day is new."""
    sent = filled(admin, edit(clinic), active_from="2026-12-01")
    confirmed(admin, edit(clinic), sent)
    assert named_steps(Plan.objects.get(version=2)) == tuple(NamedStep(step) for step in default_steps())


def test_both_reminders_of_a_visit_are_set_each_on_its_own(admin, clinic):
    sent = filled(admin, edit(clinic), **{"VISIT-1-on": None, "VISIT-2-number": "3", "VISIT-2-unit": "DAY"})
    confirmed(admin, edit(clinic), sent)
    first, second = [one for one in named_steps(Plan.objects.get(version=2)) if one.step.step == Step.VISIT]
    assert not first.is_active
    assert (second.is_active, second.step.offset, second.step.unit) == (True, -3, Unit.DAY)


def test_what_was_changed_after_it_was_shown_is_shown_again(admin, clinic):
    sent = filled(admin, edit(clinic), **{"INVITE-1-number": "10"})
    seen = admin.post(edit(clinic), sent).context["fingerprint"]
    answer = admin.post(edit(clinic), sent | {"INVITE-1-number": "9", "confirmed": seen})
    assert answer.status_code == 200
    assert Plan.objects.count() == 1


def test_a_plan_for_one_indication_begins_as_for_any(admin, clinic):
    spasm = IndicationFactory(code="HFS", name="Hemifacial spasm")
    PlanFactory(clinic=clinic, version=2, steps=[("INVITE", 1, "OPENS", 3, "DAY", "", 0, "PATIENT")])
    page = admin.get(edit(clinic, "HFS"))
    assert "3 days after the window opens" in words(page)
    assert Page(page).held("INVITE-goes") == ["usual"]
    confirmed(admin, edit(clinic, "HFS"), filled(admin, edit(clinic, "HFS"), **{"INVITE-goes": "off"}))
    made = Plan.objects.get(indication=spasm)
    assert [(one.step.step, one.is_active) for one in named_steps(made)] == [(Step.INVITE, False)]


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"INVITE-1-number": ""}, "INVITE-1-number"),
        ({"INVITE-1-number": "731"}, "INVITE-1-number"),
        ({"INVITE-1-number": "-1"}, "INVITE-1-number"),
        ({"INVITE-1-anchor": "APPOINTMENT"}, "INVITE-1-anchor"),
        ({"INVITE-1-floor_number": ""}, "INVITE-1-floor_number"),
        ({"VISIT-1-number": "0"}, "VISIT-1-number"),
        ({"VISIT-2-number": "7", "VISIT-2-unit": "DAY"}, "VISIT-2-number"),
        ({"BOOKED-goes": "perhaps"}, "BOOKED-goes"),
        ({"active_from": "2026-11-22"}, "active_from"),
        ({"active_from": "soon"}, "active_from"),
    ],
)
def test_what_cannot_be_is_told_beside_its_field_and_nothing_is_lost(admin, clinic, changed, field):
    sent = filled(admin, edit(clinic), **{"LAST_CALL-1-number": "22", **changed})
    response = admin.post(edit(clinic), sent)
    page = Page(response)
    assert response.status_code == 422
    assert page.error_at(field)
    assert page.held("LAST_CALL-1-number") == ["22"]
    assert Plan.objects.count() == 1


def test_a_step_that_does_not_go_as_set_here_is_not_asked_about(admin, clinic):
    sent = filled(admin, edit(clinic), **{"INVITE-goes": "off", "INVITE-1-number": "nonsense", "REMIND-1-anchor": "OPENS"})
    assert admin.post(edit(clinic), sent).status_code == 200


def test_the_second_of_two_people_is_told_and_may_save_over_it_once_they_have_seen_it(admin, clinic):
    sent = filled(admin, edit(clinic), **{"INVITE-1-number": "10"})
    PlanFactory(clinic=clinic, version=2, active_from=NOW.date())
    response = admin.post(edit(clinic), sent)
    page = Page(response)
    assert response.status_code == 409
    assert "Somebody else has saved version 2" in page.alerts
    assert page.held("INVITE-1-number") == ["10"]
    assert Plan.objects.count() == 2
    assert confirmed(admin, edit(clinic), sent | {"version": page.held("version")[0]}).status_code == 302
    assert Plan.objects.filter(version=3).exists()


def test_a_version_that_is_saved_between_seeing_and_saving_is_not_written_over(admin, clinic):
    sent = filled(admin, edit(clinic), **{"INVITE-1-number": "10"})
    seen = admin.post(edit(clinic), sent).context["fingerprint"]
    PlanFactory(clinic=clinic, version=2, active_from=NOW.date())
    assert admin.post(edit(clinic), sent | {"confirmed": seen}).status_code == 409
    assert Plan.objects.count() == 2


def test_a_plan_that_waits_is_told_of(admin, clinic):
    PlanFactory(clinic=clinic, version=2, active_from=date(2026, 12, 1))
    assert "Version 2 waits for 1 Dec 2026" in words(admin.get(edit(clinic)))


def test_the_comparison_costs_the_same_for_one_patient_and_for_many(admin, clinic, count_queries):
    def look():
        assert admin.post(edit(clinic), sent).status_code == 200

    sent = filled(admin, edit(clinic), **{"INVITE-goes": "off"})
    FollowUpFactory(patient__clinic=clinic)
    first = count_queries(look)
    for _ in range(6):
        FollowUpFactory(patient__clinic=clinic)
    assert count_queries(look) == first


@pytest.mark.parametrize("role", [Role.FRONT_DESK, Role.CLINICIAN, Role.REVIEWER])
def test_only_administrators_change_plans_and_only_of_their_clinics(client, clinic, role):
    client.force_login(member(role, clinic=clinic))
    assert client.get(edit(clinic)).status_code == 403
    client.force_login(member(Role.ADMIN))
    for address in (edit(clinic), hours(clinic)):
        assert client.post(address, {}).status_code == 404


# -- hours ------------------------------------------------------------------------------------------------------------


def test_hours_are_shown_with_what_they_would_move_and_then_hold(admin, clinic):
    FollowUpFactory(patient__clinic=clinic, patient__family_name="Mercer")
    sent = filled(admin, hours(clinic), opens="11:00", weekdays=["0", "1"])
    shown = admin.post(hours(clinic), sent)
    assert re.search(r"Anna Mercer +Invitation +moved +today 10:00 +today 11:00", words(shown))
    answer = confirmed(admin, hours(clinic), sent)
    clinic.refresh_from_db()
    assert answer.status_code == 302
    assert (f"{clinic.sending_from:%H:%M}", clinic.sending_weekdays) == ("11:00", [0, 1])


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"closes": "07:00"}, "closes"),
        ({"weekdays": []}, "weekdays"),
        ({"weekdays": ["9"]}, "weekdays"),
        ({"opens": "25"}, "opens"),
    ],
)
def test_hours_that_cannot_be_are_told_beside_the_field(admin, clinic, changed, field):
    response = admin.post(hours(clinic), filled(admin, hours(clinic), **changed))
    assert response.status_code == 422
    assert Page(response).error_at(field)


def test_hours_that_somebody_else_changed_are_not_written_over(admin, clinic):
    sent = filled(admin, hours(clinic), opens="11:00")
    clinic.sending_weekdays = [0]
    clinic.save()
    response = admin.post(hours(clinic), sent)
    assert response.status_code == 409
    assert "Somebody else has changed the hours" in words(response)
    assert Page(response).held("opens") == ["11:00"]
