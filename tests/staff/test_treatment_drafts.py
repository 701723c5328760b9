"""What is typed on the record page is kept on the server; two people in one draft are told of each other."""

import pytest
from django.urls import reverse

from clinic.audit import AuditEvent
from clinic.practice.models import Role
from clinic.treatments.models import InjectionSession, TreatmentDraft
from tests.factories import NOW, member
from tests.staff.recording import RecordPage, text, value_of

pytestmark = pytest.mark.django_db

SCRIPT = {"X-Draft": "1"}


@pytest.fixture(autouse=True)
def clock(time_machine):
    time_machine.move_to(NOW, tick=False)


@pytest.fixture
def desk(client):
    return RecordPage(client)


def url_of(desk, name="treatment-draft"):
    return reverse(f"staff:{name}", args=[desk.patient.public_id]) + f"?condition={desk.condition.public_id}"


def keep(desk, *rows, revision=0, headers=SCRIPT, **changes):
    return desk.client.post(url_of(desk), desk.form(*rows, draft_revision=str(revision), **changes), headers=headers)


def colleague(desk, client):
    client.force_login(member(Role.CLINICIAN, clinic=desk.clinic, name="Dr Colleague"))
    return client


def test_script_is_told_the_revision_and_the_time(desk):
    response = keep(desk)
    assert response.json() == {"revision": 1, "sentence": "Draft kept at 10:00."}
    assert keep(desk, revision=1).json()["revision"] == 2
    assert not InjectionSession.objects.exists()


def test_reopened_page_offers_the_draft(desk):
    keep(desk, ("ZYG_MAJ", "RIGHT", "2.5"), ("PROC", "MIDLINE", "5"))
    page = text(desk.get())
    assert f"Draft of 23 Nov 2026, 10:00 by {desk.user}, 2 points." in page
    assert "Go on with it" in page
    assert AuditEvent.objects.filter(action="VIEWED", what="TreatmentDraft").count() == 1


def test_going_on_brings_back_what_was_typed_possible_or_not(desk):
    keep(
        desk,
        ("ZYG_MAJ", "RIGHT", "two"),
        ("", "LEFT", "5"),
        notes="half a sen",
        own_next_on="2027-04-06",
        lid_technique="PRETARSAL",
        discard_rest="on",
        performed_on="2026-11-2",
    )
    response = desk.get("&draft=1")
    assert (value_of(response, "points-0-site"), value_of(response, "points-0-units")) == ("ZYG_MAJ", "two")
    assert (value_of(response, "points-1-side"), value_of(response, "points-1-units")) == ("LEFT", "5")
    assert value_of(response, "own_next_on") == "2027-04-06"
    assert value_of(response, "lid_technique") == "PRETARSAL"
    assert value_of(response, "draft_revision") == "1"
    assert value_of(response, "performed_on") == "2026-11-2"
    assert "half a sen</textarea>" in response.content.decode()
    assert 'name="discard_rest"' in response.content.decode()
    assert " checked" in response.content.decode().split('name="discard_rest"')[1].split(">")[0]


def test_signing_the_draft_writes_one_treatment_and_ends_the_draft(desk):
    keep(desk)
    page = desk.get("&draft=1")
    response = desk.post(token=value_of(page, "token"), draft_revision="1")
    assert response.status_code == 302
    assert InjectionSession.objects.get().state == "SIGNED"
    assert not TreatmentDraft.objects.exists()
    assert desk.get().status_code == 200


def test_two_tabs_with_one_draft_sign_one_treatment(desk):
    form = desk.form(draft_revision="1")
    desk.client.post(url_of(desk), form | {"draft_revision": "0"}, headers=SCRIPT)
    first, second = (desk.client.post(desk.url, form) for _tab in range(2))
    assert first.headers["Location"] == second.headers["Location"]
    assert InjectionSession.objects.count() == 1


def test_later_save_on_an_old_revision_is_told_what_the_other_wrote(desk, client):
    keep(desk, ("ZYG_MAJ", "RIGHT", "2.5"), notes="mine")
    colleague(desk, client)
    response = keep(desk, ("PROC", "MIDLINE", "5"), revision=0)
    page = text(response)
    assert response.status_code == 409
    assert f"{desk.user} wrote in this draft at 10:00." in page
    assert "Muscle" in page or "Zygomaticus major" in page
    assert "right: 2.5 U" in page
    assert "mine" in page
    assert 'data-draft-mine="1"' in response.content.decode()
    assert "ZYG_MAJ" in TreatmentDraft.objects.get().typed


def test_signing_over_what_somebody_else_wrote_is_refused_once_and_told(desk, client):
    keep(desk, ("PROC", "MIDLINE", "5"), notes="theirs")
    colleague(desk, client)
    response = desk.post(("ZYG_MAJ", "RIGHT", "2.5"), draft_revision="0")
    assert response.status_code == 409
    assert "wrote in this draft at 10:00" in text(response)
    assert value_of(response, "points-0-site") == "ZYG_MAJ"
    assert not InjectionSession.objects.exists()
    desk.vial.refresh_from_db()
    assert desk.vial.units_given == 0
    again = desk.post(("ZYG_MAJ", "RIGHT", "2.5"), draft_revision=value_of(response, "draft_revision"))
    assert (again.status_code, InjectionSession.objects.count(), TreatmentDraft.objects.count()) == (302, 1, 0)


def test_draft_that_was_signed_meanwhile_says_so(desk):
    response = keep(desk, revision=3)
    assert response.status_code == 409
    assert "signed or discarded meanwhile" in text(response)


def test_keeping_works_without_a_script_and_so_does_the_conflict(desk, client):
    response = keep(desk, headers=None)
    assert response.status_code == 302
    assert "Draft kept at 10:00." in text(desk.client.get(response.headers["Location"]))
    colleague(desk, client)
    response = keep(desk, ("PROC", "MIDLINE", "5"), headers=None)
    assert response.status_code == 409
    assert value_of(response, "points-0-site") == "PROC"
    assert value_of(response, "draft_revision") == "1"


def test_discarding_asks_for_the_draft_as_it_was_seen(desk):
    keep(desk)
    keep(desk, revision=1)
    discard = url_of(desk, "treatment-draft-discard")
    desk.client.post(discard, {"draft_revision": "1"})
    assert TreatmentDraft.objects.count() == 1
    response = desk.client.post(discard, {"draft_revision": "2"}, follow=True)
    assert "The draft is discarded." in text(response)
    assert not TreatmentDraft.objects.exists()


@pytest.mark.parametrize(
    "broken",
    [
        {"notes": "a\0b"},
        {"notes": "\u202e<script>"},
        {"draft_revision": "-1"},
        {"draft_revision": "9" * 30},
        {"points-TOTAL_FORMS": "x"},
        {"points-TOTAL_FORMS": "9999999"},
        {"vial": "a\0b"},
        {"performed_on": "\0"},
    ],
)
def test_hostile_draft_is_kept_or_refused_and_opens_again(desk, broken):
    response = desk.client.post(url_of(desk), desk.form(draft_revision="0") | broken, headers=SCRIPT)
    assert response.status_code in (200, 409, 422)
    assert desk.get("&draft=1").status_code == 200
    assert desk.get().status_code == 200


def test_endless_draft_is_refused(desk):
    assert keep(desk, notes="x" * 200_001).status_code == 422
    assert not TreatmentDraft.objects.exists()


def test_whoever_is_signed_out_is_sent_to_the_sign_in_and_finds_the_draft_afterwards(desk):
    keep(desk, notes="kept before")
    desk.client.logout()
    assert keep(desk, revision=1).status_code == 302
    assert TreatmentDraft.objects.get().revision == 1
    desk.client.force_login(desk.user)
    assert "kept before" in desk.get("&draft=1").content.decode()
