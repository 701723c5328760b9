"""Letters on screen: what goes next, why nothing goes, what went, and what a person decides."""

import re
from datetime import timedelta

import pytest
from django.urls import reverse

from clinic.audit import AuditEvent
from clinic.patients.models import Patient
from clinic.practice.models import Role
from clinic.reminders.models import DeliveryAttempt, EngineState, Message
from tests.factories import (
    NOW,
    ClinicFactory,
    DeliveryAttemptFactory,
    FollowUpFactory,
    HoldFactory,
    MembershipFactory,
    MessageFactory,
    PatientFactory,
    member,
)
from tests.page_reading import Page
from tests.reminders.running import started

pytestmark = pytest.mark.django_db
LIST, PAUSE = reverse("staff:letter-list"), reverse("staff:letter-pause")


@pytest.fixture(autouse=True)
def clock(time_machine):
    """Every test happens on Monday 23 November 2026, 10:00 in Paris."""
    time_machine.move_to(NOW, tick=False)
    started()


@pytest.fixture
def clinic():
    return ClinicFactory()


@pytest.fixture
def admin(client, clinic):
    """A browser in which somebody who decides over letters is signed in."""
    client.force_login(member(Role.ADMIN, clinic=clinic))
    return client


@pytest.fixture
def desk(client, clinic):
    """A browser in which somebody who sees letters and decides nothing is signed in."""
    client.force_login(member(Role.FRONT_DESK, clinic=clinic))
    return client


def words(response):
    """What a person reads on the page."""
    html = response.content.decode()
    html = re.sub(r"(?s)<(svg|script|style|head).*?</\1>", " ", html)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html))


def letter(clinic, state, family_name="Mercer", **fields):
    """A message to a patient of the clinic."""
    return MessageFactory(patient=PatientFactory(clinic=clinic, family_name=family_name), state=state, **fields)


def due(clinic, family_name, *, at=NOW, **facts):
    return FollowUpFactory(patient__clinic=clinic, patient__family_name=family_name, patient__next_check_at=at, **facts)


# -- what goes next ---------------------------------------------------------------------------------------------------


def test_what_comes_in_the_next_seven_days_is_told_in_its_order_with_its_hour(admin, clinic):
    due(clinic, "Today")
    due(clinic, "Later", at=NOW + timedelta(days=2), snoozed_until=NOW.date() + timedelta(days=2))
    due(clinic, "Muchlater", at=NOW + timedelta(days=9), snoozed_until=NOW.date() + timedelta(days=9))
    said = words(admin.get(LIST))
    assert "today 10:00 Anna Today" in said
    assert "Wed 25 Nov 08:00 Anna Later" in said
    assert said.index("Today") < said.index("Later")
    assert "Muchlater" not in said
    assert "Later" not in words(admin.get(LIST, {"until": "today"}))


def test_ready_letters_stand_above_and_are_not_told_twice(admin, clinic):
    follow_up = due(clinic, "Ready")
    MessageFactory(follow_up=follow_up, dedupe_key=f"INVITE:1:f{follow_up.pk}:r0")
    said = words(admin.get(LIST))
    assert said.count("Anna Ready") - said.count(": invitation, Anna Ready") - said.count(": Invitation, Anna Ready") == 1
    assert "Ready now" in said


def test_only_letters_of_the_readers_clinics_are_shown(admin):
    other = ClinicFactory()
    due(other, "Elsewhere")
    letter(other, "UNKNOWN", "Elsewhere")
    for shown in ("next", "why", "went", "problems"):
        assert "Elsewhere" not in words(admin.get(LIST, {"show": shown}))


def test_any_day_to_come_tells_what_goes_on_it_and_what_that_assumes(admin, clinic):
    due(clinic, "Today")
    due(clinic, "Tomorrow", snoozed_until=NOW.date() + timedelta(days=1))
    due(clinic, "Later", snoozed_until=NOW.date() + timedelta(days=8))
    tomorrow = words(admin.get(LIST, {"until": "tomorrow"}))
    assert "On Tuesday 24 November 2026" in tomorrow
    assert "as if nobody booked, answered or were put on hold until then" in tomorrow
    assert "Tue 24 Nov 08:00 Anna Tomorrow" in tomorrow
    assert "Anna Today" not in tomorrow
    on_a_date = words(admin.get(LIST, {"until": "week", "on": "2026-12-01"}))
    assert re.search(r"Tue 1 Dec 08:00 Anna Later .{0,90} snoozed", on_a_date)
    assert "Nothing goes on that day" in words(admin.get(LIST, {"on": "2026-12-02"}))


@pytest.mark.parametrize(
    ("query", "why"),
    [
        ({"on": "2026-11-22"}, "Choose today or a later day"),
        ({"on": "2029-11-22"}, "within two years"),
        ({"on": "soon"}, "Enter a date such as"),
        ({"until": "day"}, "Enter a date."),
    ],
)
def test_a_day_that_cannot_be_asked_about_is_told_beside_its_field(admin, query, why):
    response = admin.get(LIST, query)
    assert response.status_code == 422
    beside = next(one for one in Page(response).elements if one.get("id") == "id_on_error")
    assert why in beside.text


# -- why nothing goes -------------------------------------------------------------------------------------------------


def test_for_everybody_near_their_window_the_one_reason_is_told_why_nothing_goes(admin, clinic):
    HoldFactory(patient=due(clinic, "Held").patient)
    due(clinic, "Gone", patient__status="DISCHARGED")
    due(clinic, "Invited")
    said = words(admin.get(LIST, {"show": "why"}))
    assert re.search(r"Anna Held .{0,90} on hold", said)
    assert re.search(r"Anna Gone .{0,90} the patient is discharged", said)
    assert "Invited" not in said


# -- what went --------------------------------------------------------------------------------------------------------


def test_what_went_stands_newest_first_and_can_be_narrowed_by_the_address(admin, clinic):
    letter(clinic, "SENT", "Oldest", changed_at=NOW - timedelta(days=3), sent_at=NOW - timedelta(days=3))
    letter(clinic, "SUPPRESSED", "Newest", step="VISIT", reason="NO_CONSENT", changed_at=NOW - timedelta(hours=1))
    letter(clinic, "READY", "Waiting")
    said = words(admin.get(LIST, {"show": "went"}))
    assert said.index("Newest") < said.index("Oldest")
    assert "no consent to these letters" in said
    assert "Waiting" not in said
    narrowed = words(admin.get(LIST, {"show": "went", "step": "VISIT"}))
    assert "Newest" in narrowed
    assert "Oldest" not in narrowed


def test_pages_lead_on_and_back_without_losing_a_letter(admin, clinic):
    for number in range(60):
        letter(clinic, "SENT", f"Number{number:02}", changed_at=NOW - timedelta(minutes=number))
    first = admin.get(LIST, {"show": "went"})
    query = re.search(r'rel="next" href="(\?[^"]+)"', first.content.decode()).group(1).replace("&amp;", "&")
    second = admin.get(LIST + query)
    seen = re.findall(r"Anna Number(\d\d)", words(first) + words(second))
    assert sorted(set(seen)) == [f"{number:02}" for number in range(60)]
    assert "show=went" in query


@pytest.mark.parametrize("query", [{"show": "nonsense"}, {"show": "went", "step": "NONSENSE"}, {"until": "never"}])
def test_a_filter_that_is_none_is_refused_in_words(admin, query):
    response = admin.get(LIST, query)
    assert response.status_code == 422
    assert "cannot be shown with these filters" in words(response)


@pytest.mark.parametrize(
    "query", [{"show": "next"}, {"show": "why"}, {"show": "went"}, {"show": "problems"}, {"on": "2026-12-15"}]
)
def test_each_list_costs_the_same_for_one_row_and_for_many(admin, clinic, count_queries, query):
    def one_more(number):
        HoldFactory(patient=due(clinic, f"Held{number}").patient)
        due(clinic, f"Due{number}")
        for state in ("SENT", "UNKNOWN", "READY"):
            letter(clinic, state, f"L{number}")

    one_more(0)
    first = count_queries(lambda: admin.get(LIST, query))
    for number in range(1, 8):
        one_more(number)
    assert count_queries(lambda: admin.get(LIST, query)) == first
    assert first <= 25


# -- one letter -------------------------------------------------------------------------------------------------------


def test_a_letter_is_shown_with_every_step_of_its_way_and_the_view_is_audited(admin, clinic):
    message = letter(clinic, "UNKNOWN", reason="UNKNOWN_DOT")
    DeliveryAttemptFactory(message=message, from_state="CLAIMED", to_state="HANDOFF", outcome="INTENT", phase="", smtp_code=None)
    DeliveryAttemptFactory(message=message, from_state="HANDOFF", to_state="UNKNOWN", outcome="UNKNOWN_DOT", phase="dot")
    said = words(admin.get(reverse("staff:letter-show", args=[message.public_id])))
    assert "no answer: it may have arrived" in said
    assert "being handed over → in doubt" in said
    assert message.message_id.strip("<>") in said
    event = AuditEvent.objects.get(action="VIEWED")
    assert (event.what, event.patient_id_public) == ("Message", message.patient.public_id)


def test_a_letter_of_another_clinic_does_not_exist(admin):
    message = letter(ClinicFactory(), "UNKNOWN")
    assert admin.get(reverse("staff:letter-show", args=[message.public_id])).status_code == 404
    answer = admin.post(reverse("staff:letter-decide", args=[message.public_id]), {"decision": "sent"})
    assert answer.status_code == 404
    assert Message.objects.get().state == "UNKNOWN"


# -- decisions --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("state", "reason", "offered"),
    [
        ("UNKNOWN", "UNKNOWN_DOT", ["sent", "again", "let-be"]),
        ("FAILED", "REFUSED_RCPT", ["again", "let-be"]),
        ("DEAD", "TOO_MANY_ATTEMPTS", ["again", "let-be"]),
        ("HELD", "HELD_BY_PERSON", ["release", "let-be"]),
        ("HELD", "ON_HOLD", ["let-be"]),
        ("READY", "", ["hold"]),
        ("SENT", "", []),
    ],
)
def test_each_letter_offers_the_decisions_that_fit_where_it_stands(admin, clinic, state, reason, offered):
    message = letter(clinic, state, reason=reason)
    html = admin.get(reverse("staff:letter-show", args=[message.public_id])).content.decode()
    assert re.findall(r'name="decision" value="([a-z-]+)"', html) == offered


def test_who_does_not_decide_sees_the_letters_and_no_button(desk, clinic):
    message = letter(clinic, "UNKNOWN")
    html = desk.get(LIST, {"show": "problems"}).content.decode()
    assert "Anna Mercer" in html
    assert 'name="decision"' not in html
    assert "Pause" not in html
    answer = desk.post(reverse("staff:letter-decide", args=[message.public_id]), {"decision": "sent"})
    assert answer.status_code == 403
    assert Message.objects.get().state == "UNKNOWN"


def test_decisions_are_offered_only_at_the_clinics_where_they_may_be_made(client, clinic):
    other = ClinicFactory()
    user = member(Role.FRONT_DESK, clinic=clinic)
    MembershipFactory(user=user, clinic=other, role=Role.ADMIN)
    client.force_login(user)
    here, there = letter(clinic, "UNKNOWN", "Here"), letter(other, "UNKNOWN", "There")
    html = client.get(LIST, {"show": "problems"}).content.decode()
    assert reverse("staff:letter-decide", args=[there.public_id]) in html
    assert reverse("staff:letter-decide", args=[here.public_id]) not in html


@pytest.mark.parametrize(
    ("state", "reason", "decision", "target"),
    [
        ("UNKNOWN", "", "sent", "SENT"),
        ("UNKNOWN", "", "let-be", "CANCELLED"),
        ("DEAD", "", "let-be", "CANCELLED"),
        ("READY", "", "hold", "HELD"),
        ("HELD", "HELD_BY_PERSON", "release", "READY"),
    ],
)
def test_a_decision_is_made_and_told(admin, clinic, state, reason, decision, target):
    message = letter(clinic, state, reason=reason)
    response = admin.post(reverse("staff:letter-decide", args=[message.public_id]), {"decision": decision}, follow=True)
    assert Message.objects.get().state == target
    assert response.redirect_chain == [(reverse("staff:letter-show", args=[message.public_id]), 302)]
    assert "alert" in response.content.decode()


def test_a_letter_that_is_still_owed_is_sent_again(admin, clinic):
    follow_up = due(clinic, "Owed")
    message = MessageFactory(follow_up=follow_up, state="UNKNOWN", dedupe_key=f"INVITE:1:f{follow_up.pk}:r0")
    admin.post(reverse("staff:letter-decide", args=[message.public_id]), {"decision": "again"})
    assert Message.objects.get().state == "READY"


def test_a_letter_that_is_no_longer_owed_is_not_sent_again_and_the_reason_is_told(admin, clinic):
    message = letter(clinic, "UNKNOWN")
    response = admin.post(reverse("staff:letter-decide", args=[message.public_id]), {"decision": "again"}, follow=True)
    assert "no longer owed: what it was about has ended" in words(response)
    assert Message.objects.get().state == "UNKNOWN"


@pytest.mark.parametrize("decision", ["sent", "", "nonsense", "release"])
def test_a_decision_that_does_not_fit_changes_nothing(admin, clinic, decision):
    message = letter(clinic, "FAILED")
    response = admin.post(reverse("staff:letter-decide", args=[message.public_id]), {"decision": decision}, follow=True)
    assert "moved on meanwhile" in words(response)
    assert Message.objects.get().state == "FAILED"
    assert not DeliveryAttempt.objects.exists()


# -- pauses -----------------------------------------------------------------------------------------------------------


def test_a_clinics_letters_are_paused_with_a_reason_that_stands_on_every_page(admin, clinic):
    admin.post(PAUSE, {"clinic": clinic.public_id, "reason": "moving house"})
    clinic.refresh_from_db()
    assert clinic.letters_paused_reason == "moving house"
    assert "The clinic's letters are paused: moving house" in words(admin.get(reverse("staff:patient-list"))).replace(
        "&#x27;", "'"
    )
    admin.post(PAUSE, {"clinic": clinic.public_id, "resume": "1"})
    clinic.refresh_from_db()
    assert clinic.letters_paused_at is None


def test_all_letters_are_paused_only_by_who_decides_at_every_clinic(admin, clinic):
    admin.post(PAUSE, {"reason": "a strange list"})
    assert EngineState.objects.get().paused_reason == "a strange list"
    assert "Letters are paused: a strange list" in words(admin.get(reverse("staff:patient-list")))
    admin.post(PAUSE, {"resume": "1"})
    ClinicFactory()
    assert admin.post(PAUSE, {"reason": "again"}).status_code == 422
    assert EngineState.objects.get().paused_at is None


@pytest.mark.parametrize("reason", ["", "x" * 201, "two\nlines"])
def test_a_pause_without_a_fit_reason_is_refused(admin, clinic, reason):
    response = admin.post(PAUSE, {"clinic": clinic.public_id, "reason": reason})
    clinic.refresh_from_db()
    assert clinic.letters_paused_at is None
    assert response.status_code == 422
    assert response.context["form"].errors["reason"]
    assert response.context["form"]["reason"].value() == reason


def test_another_clinics_letters_are_nobody_elses_to_pause(admin):
    other = ClinicFactory()
    assert admin.post(PAUSE, {"clinic": other.public_id, "reason": "mine"}).status_code == 404
    assert admin.post(PAUSE, {"clinic": "nonsense", "reason": "mine"}).status_code == 422
    other.refresh_from_db()
    assert other.letters_paused_at is None


def test_hostile_names_are_shown_as_they_are(admin, clinic):
    patient = PatientFactory(clinic=clinic, given_name="<script>alert(1)</script>")
    Patient.objects.filter(pk=patient.pk).update(next_check_at=NOW)
    MessageFactory(patient=patient, state="UNKNOWN")
    html = admin.get(LIST, {"show": "problems"}).content.decode()
    assert "<script>alert" not in html
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html
