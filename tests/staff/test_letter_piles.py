"""What the engine's own guards stopped, on staff pages: what it is, and the word that lets it go."""

import re
from datetime import timedelta

import pytest
from django.urls import reverse

from clinic.audit import Action, AuditEvent
from clinic.practice.models import Clinic, Role
from clinic.reminders.models import EngineState, Message
from clinic.reminders.piles import LetterPile
from clinic.reminders.safeguard_state import SafeguardState
from tests.factories import NOW, ClinicFactory, MessageFactory, PatientFactory
from tests.reminders.running import started

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("morning")]
LIST, PAUSE = reverse("staff:letter-list"), reverse("staff:letter-pause")


@pytest.fixture
def admin(browse_as):
    """A browser in which somebody who decides over letters is signed in."""
    started()
    return browse_as(Role.ADMIN)


def words(response):
    html = re.sub(r"(?s)<(svg|script|style|head).*?</\1>", " ", response.content.decode())
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html)).replace("&#x27;", "'")


def stopped(clinic, count=3):
    """A pile at the clinic."""
    MessageFactory.create_batch(count, patient=PatientFactory(clinic=clinic, family_name="Mercer"))
    Clinic.objects.filter(pk=clinic.pk).update(letters_paused_at=NOW, letters_paused_reason="Many letters are ready.")
    return LetterPile.objects.create(clinic=clinic, found_at=NOW, ready=count, allowed=2)


def shown_moment(response):
    return re.search(r'name="looked_at" value="([^"]+)"', response.content.decode()).group(1)


def test_the_reason_stands_on_every_page_and_leads_to_the_list(admin, clinic):
    stopped(clinic)
    assert "The clinic's letters are paused: Many letters are ready." in words(admin.get(reverse("staff:patient-list")))
    page = admin.get(LIST)
    assert reverse("staff:letter-pile", args=[clinic.public_id]) in page.content.decode()
    assert "go again" not in words(page), "nobody lets them go unseen"


def test_whoever_has_looked_lets_that_batch_go(admin, clinic):
    pile = stopped(clinic)
    MessageFactory(step="VISIT", patient=PatientFactory(clinic=clinic))
    page = admin.get(reverse("staff:letter-pile", args=[clinic.public_id]))
    told = words(page)
    assert "Stopped on Mon 23 Nov 10:00, and none of these has gone. Many letters are ready." in told
    assert re.search(r"Ready 4 .*Usual here at most 2 .*Invitation 3 .*Reminder of the visit 1", told)
    assert told.count("Invitation Anna Mercer") == 3
    assert "I have looked: let these 4 letters go" in told
    admin.post(PAUSE, {"clinic": clinic.public_id, "resume": "1", "looked_at": shown_moment(page)})
    clinic.refresh_from_db()
    pile.refresh_from_db()
    assert (clinic.letters_paused_at, pile.looked_at) == (None, NOW)
    assert Message.objects.filter(looked_at=NOW).count() == 4
    assert AuditEvent.objects.get(action=Action.RESUMED).count == 4


@pytest.mark.parametrize("moment", ["", "yesterday", "2026-13-40"])
def test_without_having_looked_nothing_goes(admin, clinic, moment):
    stopped(clinic)
    response = admin.post(PAUSE, {"clinic": clinic.public_id, "resume": "1", "looked_at": moment})
    clinic.refresh_from_db()
    assert response.status_code == 422
    assert clinic.letters_paused_at == NOW


def test_a_moment_to_come_counts_as_now(admin, clinic, time_machine):
    stopped(clinic)
    later = NOW + timedelta(days=1)
    admin.post(PAUSE, {"clinic": clinic.public_id, "resume": "1", "looked_at": later.isoformat()})
    assert set(Message.objects.values_list("looked_at", flat=True)) == {NOW}


def test_without_a_pile_the_page_shows_what_is_ready_and_offers_nothing(admin, clinic):
    MessageFactory(patient=PatientFactory(clinic=clinic))
    told = words(admin.get(reverse("staff:letter-pile", args=[clinic.public_id])))
    assert "Ready" in told
    assert "I have looked" not in told


def test_the_list_of_a_pile_takes_the_same_queries_for_few_and_for_many(admin, clinic, count_queries):
    stopped(clinic, 1)
    address = reverse("staff:letter-pile", args=[clinic.public_id])
    admin.get(address)
    few = count_queries(lambda: admin.get(address))
    MessageFactory.create_batch(12, patient=PatientFactory(clinic=clinic))
    assert count_queries(lambda: admin.get(address)) == few


def test_a_database_of_another_installation_goes_on_only_on_somebodys_word(admin, clinic):
    EngineState.objects.update(paused_at=NOW, paused_reason="This database belongs to another installation.")
    found = "6d1f8ad2-6f4c-4f63-8f0c-5d2a45a5a1b3"
    SafeguardState.objects.create(pk=1, paused_by="INSTANCE", instance_found=found)
    assert "This is the right database" in words(admin.get(LIST))
    response = admin.post(PAUSE, {"resume": "1"})
    assert response.status_code == 422
    assert "Say first that this is the right database" in words(response)
    assert EngineState.objects.get().paused_at == NOW
    admin.post(PAUSE, {"resume": "1", "is_right_database": "1"})
    assert EngineState.objects.get().paused_at is None
    assert str(SafeguardState.objects.get().instance_id) == found
    assert AuditEvent.objects.get(action=Action.RESUMED).fields == ["instance_id", "paused_at"]


def test_only_who_decides_at_every_clinic_says_so(admin, clinic):
    ClinicFactory()
    EngineState.objects.update(paused_at=NOW, paused_reason="This database belongs to another installation.")
    SafeguardState.objects.create(pk=1, paused_by="INSTANCE")
    assert admin.post(PAUSE, {"resume": "1", "is_right_database": "1"}).status_code == 422
    assert EngineState.objects.get().paused_at == NOW


def test_during_a_pause_the_page_says_what_workers_still_have_in_hand(admin, clinic):
    EngineState.objects.update(paused_at=NOW, paused_reason="new machine")
    assert "in hand" not in words(admin.get(LIST))
    in_hand = {"token": "6d1f8ad2-6f4c-4f63-8f0c-5d2a45a5a1b3", "lease_until": NOW + timedelta(minutes=5)}
    MessageFactory(patient=PatientFactory(clinic=clinic), state="CLAIMED", **in_hand)
    assert "1 letter is still in hand" in words(admin.get(LIST))
