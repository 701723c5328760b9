"""What staff do to a follow-up: log a contact, snooze, wake, stop."""

from datetime import timedelta
from html import unescape

import pytest
from django.urls import reverse

from clinic.audit import Action, AuditEvent
from clinic.practice.models import Role
from clinic.treatments.models import ContactAttempt, FollowUp
from tests.factories import NOW, TODAY, FollowUpFactory, PatientFactory, member

pytestmark = pytest.mark.django_db

LIST = reverse("staff:follow-up-list")


@pytest.fixture(autouse=True)
def clock(time_machine):
    """Every test happens on Monday 23 November 2026 in the morning."""
    time_machine.move_to(NOW, tick=False)


@pytest.fixture
def follow_up(db):
    return FollowUpFactory(patient=PatientFactory(given_name="Marta", family_name="Kowalczyk", phone="+33 1 99 00 00 17"))


@pytest.fixture
def desk(client, follow_up):
    """A browser in which a member of the front desk is signed in."""
    client.force_login(member(Role.FRONT_DESK, clinic=follow_up.patient.clinic))
    return client


def address(action, follow_up, next_page=""):
    return reverse(f"staff:follow-up-{action}", args=[follow_up.public_id]) + (f"?next={next_page}" if next_page else "")


def text(response):
    return " ".join(unescape(response.content.decode()).split())


CONTACT = {"channel": "PHONE", "outcome": "NO_ANSWER", "note": "rang twice"}
SNOOZE = {"until": str(TODAY + timedelta(days=10)), "note": "travels"}
STOP = {"reason": "MOVED_AWAY", "note": ""}
ACTIONS = [("contact", CONTACT), ("snooze", SNOOZE), ("stop", STOP)]


@pytest.mark.parametrize(("action", "form"), ACTIONS)
def test_each_action_shows_whom_it_is_about_and_returns_to_the_list_as_it_was(desk, follow_up, action, form):
    page = desk.get(address(action, follow_up, "/follow-ups/%3Fstage%3DOPEN%26q%3Dmarta"))
    assert page.status_code == 200
    assert "Marta Kowalczyk" in text(page)
    assert "Opens 1 Dec" in text(page)
    assert '<a class="btn" href="/follow-ups/?stage=OPEN&q=marta">' in text(page)

    done = desk.post(address(action, follow_up, "/follow-ups/%3Fstage%3DOPEN%26q%3Dmarta"), form)

    assert (done.status_code, done.headers["Location"]) == (302, "/follow-ups/?stage=OPEN&q=marta")
    assert "Marta Kowalczyk" in text(desk.get(LIST))


@pytest.mark.parametrize(
    "elsewhere",
    ["https://evil.example/", "//evil.example/", "/\\evil.example", "javascript:alert(1)", "http:///evil.example", ""],
)
def test_no_action_leads_to_another_site(desk, follow_up, elsewhere):
    done = desk.post(address("contact", follow_up, elsewhere), CONTACT)
    assert done.headers["Location"] == LIST


def test_a_contact_is_written_down_with_who_and_when(desk, follow_up):
    assert "+33 1 99 00 00 17" in text(desk.get(address("contact", follow_up)))

    desk.post(address("contact", follow_up), CONTACT)

    attempt = ContactAttempt.objects.get()
    assert (attempt.follow_up, attempt.channel, attempt.outcome, attempt.note, attempt.at) == (
        follow_up, "PHONE", "NO_ANSWER", "rang twice", NOW,
    )  # fmt: skip
    assert AuditEvent.objects.filter(action=Action.CONTACTED, actor=attempt.by).count() == 1


def test_a_snooze_lays_the_follow_up_aside_and_waking_takes_it_up_again(desk, follow_up):
    desk.post(address("snooze", follow_up), SNOOZE)
    follow_up.refresh_from_db()
    assert (follow_up.snoozed_until, follow_up.snooze_note) == (TODAY + timedelta(days=10), "travels")
    page = text(desk.get(address("show", follow_up)))
    assert "Snoozed until 3 Dec 2026: travels" in page
    assert "End the snooze" in page

    desk.post(address("wake", follow_up))

    follow_up.refresh_from_db()
    assert follow_up.snoozed_until is None
    assert "is no longer snoozed" in text(desk.get(LIST))


def test_stopping_takes_the_follow_up_off_the_list_with_its_reason(desk, follow_up):
    desk.post(address("stop", follow_up), STOP)
    follow_up.refresh_from_db()
    assert (follow_up.state, follow_up.stop_reason, follow_up.ended_at) == ("STOPPED", "MOVED_AWAY", NOW)


def test_a_death_is_not_a_reason_to_stop_one_follow_up_but_leads_to_the_patient(desk, follow_up):
    page = text(desk.get(address("stop", follow_up)))
    assert 'value="DECEASED"' not in page
    assert (
        f'If the patient has died, record it on <a href="{reverse("staff:patient-show", args=[follow_up.patient.public_id])}"'
        in page
    )
    assert desk.post(address("stop", follow_up), {"reason": "DECEASED"}).status_code == 422


@pytest.mark.parametrize(
    ("action", "form", "complaint"),
    [
        ("contact", CONTACT | {"channel": ""}, "This field is required."),
        ("contact", CONTACT | {"outcome": "SHOUTED"}, "Select a valid choice."),
        ("contact", CONTACT | {"note": "x" * 251}, "At most 250 characters"),
        ("contact", CONTACT | {"note": "nul\0byte"}, "This holds an invisible control character."),
        ("snooze", SNOOZE | {"until": ""}, "This field is required."),
        ("snooze", SNOOZE | {"until": "soon"}, "Enter a day as 2026-12-03."),
        ("snooze", SNOOZE | {"until": "2026-02-30"}, "Enter a day as 2026-12-03."),
        ("snooze", SNOOZE | {"until": str(TODAY)}, "Choose a day after today."),
        ("snooze", SNOOZE | {"until": "9999-12-31"}, "At most until"),
        ("snooze", SNOOZE | {"note": "  "}, "This field is required."),
        ("stop", STOP | {"reason": ""}, "This field is required."),
        ("stop", STOP | {"reason": "OTHER"}, "Say what the reason is."),
        ("stop", STOP | {"reason": "OTHER", "note": "x" * 201}, "At most 200 characters"),
    ],
)
def test_what_is_wrong_stands_beside_its_field_and_nothing_is_written(desk, follow_up, action, form, complaint):
    before = FollowUp.objects.values().get()

    response = desk.post(address(action, follow_up), form)

    assert response.status_code == 422
    assert complaint in text(response)
    for kept in form.values():
        if kept.strip() and "\0" not in kept:
            assert f'value="{kept}"' in text(response) or kept in text(response)
    assert FollowUp.objects.values().get() == before
    assert not ContactAttempt.objects.exists()
    assert not AuditEvent.objects.filter(action__in=[Action.CONTACTED, Action.SNOOZED, Action.STOPPED]).exists()


@pytest.mark.parametrize("action", ["snooze", "stop"])
def test_nothing_is_done_to_a_follow_up_that_has_ended(desk, follow_up, action):
    FollowUp.objects.update(state="TREATED", ended_at=NOW)

    page = desk.get(address(action, follow_up))
    assert page.headers["Location"] == address("show", follow_up)

    done = desk.post(address(action, follow_up), dict(ACTIONS)[action])
    assert done.status_code == 422
    assert "This follow-up has ended meanwhile" in text(done)
    assert FollowUp.objects.get().state == "TREATED"


def test_a_late_call_can_still_be_logged_after_the_end(desk, follow_up):
    FollowUp.objects.update(state="TREATED", ended_at=NOW)
    desk.post(address("contact", follow_up), CONTACT)
    assert ContactAttempt.objects.count() == 1


def test_waking_an_ended_follow_up_says_so(desk, follow_up):
    FollowUp.objects.update(state="TREATED", ended_at=NOW, snoozed_until=TODAY + timedelta(days=5))
    response = desk.post(address("wake", follow_up), follow=True)
    assert "This follow-up has ended meanwhile" in text(response)


def test_every_form_that_shows_the_patient_is_a_view_of_their_record(desk, follow_up):
    desk.get(address("contact", follow_up))
    desk.post(address("contact", follow_up), {})
    seen = AuditEvent.objects.filter(action=Action.VIEWED, patient_id_public=follow_up.patient.public_id)
    assert seen.count() == 2


def test_a_change_that_cannot_be_audited_does_not_happen(desk, follow_up, monkeypatch):
    def fail(**_kwargs):
        raise RuntimeError("the audit log cannot be written")

    monkeypatch.setattr("clinic.audit.record", fail)
    desk.raise_request_exception = False
    for action, form in [*ACTIONS, ("wake", {})]:
        assert desk.post(address(action, follow_up), form).status_code in (302, 500)
    follow_up.refresh_from_db()
    assert (follow_up.state, follow_up.snoozed_until) == ("ACTIVE", None)
    assert not ContactAttempt.objects.exists()
