"""What a person is told of letters that did not arrive: what is known, which addresses are blocked, which reports to read."""

import re
from datetime import timedelta

import pytest
from django.urls import reverse

from clinic.audit import AuditEvent
from clinic.practice.models import Role
from clinic.reminders import unread_reports
from clinic.reminders.delivery_reports import DeliveryReport
from clinic.reminders.models import Suppression
from tests.factories import (
    NOW,
    ClinicFactory,
    DeliveryAttemptFactory,
    DeliveryReportFactory,
    MessageFactory,
    PatientFactory,
    SuppressionFactory,
    member,
)
from tests.reminders.running import started
from tests.staff.test_letters import LIST, words

pytestmark = pytest.mark.django_db
ADDRESSES, REPORTS = reverse("staff:suppression-list"), reverse("staff:delivery-report-list")


@pytest.fixture(autouse=True)
def clock(time_machine, settings, tmp_path):
    """Every test happens on Monday 23 November 2026, 10:00 in Paris."""
    time_machine.move_to(NOW, tick=False)
    settings.REPORTS_DIR = tmp_path
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
    """A browser in which somebody of the front desk is signed in."""
    client.force_login(member(Role.FRONT_DESK, clinic=clinic))
    return client


def letter(clinic, state, family_name="Mercer", **fields):
    return MessageFactory(patient=PatientFactory(clinic=clinic, family_name=family_name), state=state, **fields)


def blocked(clinic, family_name="Mercer", **fields):
    message = letter(clinic, "BOUNCED", family_name, handoff_at=NOW, sent_at=NOW)
    return SuppressionFactory(message=message, **fields)


# -- what is known ----------------------------------------------------------------------------------------------------


def test_of_a_letter_that_needs_somebody_it_is_told_how_far_it_came_and_with_which_code(admin, clinic):
    doubtful = letter(clinic, "UNKNOWN", "Doubtful", reason="UNKNOWN_DOT")
    DeliveryAttemptFactory(message=doubtful, from_state="CLAIMED", to_state="HANDOFF", outcome="INTENT", phase="", smtp_code=None)
    DeliveryAttemptFactory(message=doubtful, to_state="UNKNOWN", outcome="UNKNOWN_DOT", phase="dot", smtp_code=None)
    refused = letter(clinic, "FAILED", "Refused", reason="REFUSED_RCPT")
    DeliveryAttemptFactory(
        message=refused, to_state="FAILED", outcome="REFUSED_RCPT", phase="rcpt", smtp_code=550, enhanced_code="5.7.1"
    )
    said = words(admin.get(LIST, {"show": "problems"}))
    assert re.search(r"Doubtful .{0,40} in doubt no answer: it may have arrived after the whole text It arrived", said)
    assert re.search(r"Refused .{0,40} refused for good refused by the mail server at the recipient, 550 5\.7\.1", said)


@pytest.mark.parametrize(("shown", "state", "other"), [("problems", "UNKNOWN", "FAILED"), ("went", "BOUNCED", "SENT")])
def test_the_lists_are_narrowed_to_a_state_by_the_address(admin, clinic, shown, state, other):
    for name in (state, other):
        letter(clinic, name, name.title())
    said = words(admin.get(LIST, {"show": shown, "state": state}))
    assert f"Anna {state.title()}" in said
    assert f"Anna {other.title()}" not in said


@pytest.mark.parametrize(("shown", "state"), [("problems", "SENT"), ("went", "READY"), ("went", "NONSENSE")])
def test_a_state_that_a_list_does_not_show_is_refused_in_words(admin, shown, state):
    response = admin.get(LIST, {"show": shown, "state": state})
    assert response.status_code == 422
    assert "cannot be shown with these filters" in words(response)


# -- blocked addresses ------------------------------------------------------------------------------------------------


def test_blocked_addresses_are_listed_with_patient_phone_and_reason(desk, clinic):
    suppression = blocked(clinic, "Blocked")
    patient = suppression.message.patient
    said = words(desk.get(ADDRESSES))
    assert f"Anna Blocked {patient.record_number}" in said
    assert patient.email in said
    assert "Letters came back" in said
    assert AuditEvent.objects.filter(action="LISTED", what="Suppression", count=1).exists()


def test_an_address_that_is_no_longer_the_patient_s_is_not_shown_as_theirs(desk, clinic):
    blocked(clinic, address_hash="0" * 64)
    said = words(desk.get(ADDRESSES))
    assert "a former address" in said
    assert "@" not in said.partition("Decisions")[2]


def test_lifted_ones_and_those_of_other_clinics_are_not_listed(desk, clinic):
    blocked(clinic, "Lifted", lifted_at=NOW)
    blocked(ClinicFactory(), "Elsewhere")
    said = words(desk.get(ADDRESSES))
    assert "Lifted" not in said
    assert "Elsewhere" not in said
    assert "No address is blocked." in said


def lift(client, suppression, **typed):
    return client.post(reverse("staff:suppression-lift", args=[suppression.public_id]), typed)


def test_who_has_asked_the_patient_writes_there_again(desk, clinic):
    suppression = blocked(clinic)
    assert suppression.message.patient.email in words(desk.get(reverse("staff:suppression-lift", args=[suppression.public_id])))
    response = lift(desk, suppression, confirmed="on", reason="spelled out by phone")
    assert (response.status_code, response.headers["Location"]) == (302, ADDRESSES)
    suppression.refresh_from_db()
    assert (suppression.lifted_at, suppression.lifted_because) == (NOW, "spelled out by phone")
    assert AuditEvent.objects.filter(action="RELEASED", what_id=suppression.public_id).exists()


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"reason": "by phone"}, "confirmed"),
        ({"confirmed": "on"}, "reason"),
        ({"confirmed": "on", "reason": "x" * 201}, "reason"),
        ({"confirmed": "on", "reason": "two\nlines"}, "reason"),
        ({"confirmed": "on", "reason": "nul\x00"}, "reason"),
    ],
)
def test_without_the_patient_s_word_nothing_is_lifted(desk, clinic, typed, field):
    suppression = blocked(clinic)
    response = lift(desk, suppression, **typed)
    assert response.status_code == 422
    assert response.context["form"].errors[field]
    assert response.context["form"]["reason"].value() == typed.get("reason")
    assert not Suppression.objects.exclude(lifted_at=None).exists()


def test_an_address_is_lifted_once(desk, clinic):
    suppression = blocked(clinic, lifted_at=NOW - timedelta(days=1), lifted_because="before")
    response = lift(desk, suppression, confirmed="on", reason="again")
    assert response.status_code == 422
    assert "already" in words(response)
    suppression.refresh_from_db()
    assert suppression.lifted_because == "before"


def test_after_a_complaint_the_page_says_that_consent_is_another_matter(desk, clinic):
    suppression = blocked(clinic, reason="COMPLAINED")
    assert "stay stopped" in words(desk.get(reverse("staff:suppression-lift", args=[suppression.public_id])))


# -- reports to read --------------------------------------------------------------------------------------------------


def report(clinic=None, text=b"Subject: hello\r\n\r\n<script>alert(1)</script>", **fields):
    about = letter(clinic, "SENT", handoff_at=NOW) if clinic else None
    made = DeliveryReportFactory(message=about, **fields)
    unread_reports.keep(made.public_id, text)
    return made


def test_reports_that_wait_are_listed_with_why_and_counted_in_the_tabs(admin, clinic):
    report(clinic, why="OTHER_FEEDBACK")
    report(why="NOT_OURS", status="5.1.1", kind="FAILED")
    said = words(admin.get(REPORTS))
    assert "Feedback of another kind" in said
    assert "Names no letter from here could not be delivered 5.1.1 · file none" in said
    assert "Reports to read 2" in words(admin.get(LIST))


def test_a_report_that_names_no_letter_is_for_who_decides_at_every_clinic(admin, clinic):
    there = ClinicFactory()
    nobody_s, theirs = report(why="NOT_OURS"), report(there, why="OTHER_FEEDBACK")
    assert "No report needs you." in words(admin.get(REPORTS))
    for hidden in (nobody_s, theirs):
        assert admin.get(reverse("staff:delivery-report-show", args=[hidden.public_id])).status_code == 404
        assert admin.post(reverse("staff:delivery-report-settle", args=[hidden.public_id])).status_code == 404
    assert not DeliveryReport.objects.exclude(settled_at=None).exists()


def test_a_report_is_read_as_text_whatever_it_holds(admin, clinic):
    waiting = report(clinic)
    response = admin.get(reverse("staff:delivery-report-show", args=[waiting.public_id]))
    html = response.content.decode()
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html
    assert "<script>alert" not in html
    assert AuditEvent.objects.filter(action="VIEWED", what_id=waiting.public_id).exists()


def test_bytes_that_are_no_text_are_shown_as_well_as_they_can_be(admin, clinic):
    waiting = report(clinic, text=b"\xff\x00\xfe gr\xc3\xb6\xc3\x9fe" + b"x" * 30_000)
    html = admin.get(reverse("staff:delivery-report-show", args=[waiting.public_id])).content.decode()
    assert "größe" in html
    assert len(html) < 40_000


def test_a_report_whose_text_is_not_there_says_so(admin, clinic):
    waiting = DeliveryReportFactory(message=letter(clinic, "SENT", handoff_at=NOW))
    response = admin.get(reverse("staff:delivery-report-show", args=[waiting.public_id]), follow=True)
    assert "not kept on this machine" in words(response)


def test_a_settled_report_is_gone_from_the_list_and_its_text_from_the_disk(admin, clinic, django_capture_on_commit_callbacks):
    waiting = report(clinic)
    with django_capture_on_commit_callbacks(execute=True):
        admin.post(reverse("staff:delivery-report-settle", args=[waiting.public_id]))
    assert "No report needs you." in words(admin.get(REPORTS))
    assert unread_reports.text_of(waiting.public_id) is None
    assert DeliveryReport.objects.get().settled_by is not None


@pytest.mark.parametrize(("address", "one_more"), [(ADDRESSES, blocked), (REPORTS, report)])
def test_each_list_costs_the_same_for_one_row_and_for_many(admin, clinic, count_queries, address, one_more):
    one_more(clinic)
    first = count_queries(lambda: admin.get(address))
    for _number in range(7):
        one_more(clinic)
    assert count_queries(lambda: admin.get(address)) == first
    assert first <= 14


@pytest.mark.parametrize(("address", "one_more"), [(ADDRESSES, blocked), (REPORTS, report)])
def test_pages_lead_on_without_losing_a_row(admin, clinic, address, one_more):
    for _number in range(52):
        one_more(clinic)
    first = admin.get(address)
    query = re.search(r'rel="next" href="(\?[^"]+)"', first.content.decode()).group(1).replace("&amp;", "&")
    assert len(first.context["rows"]) == 50
    assert len(admin.get(address + query).context["rows"]) == 2
