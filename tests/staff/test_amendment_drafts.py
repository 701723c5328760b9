"""What is typed of an amendment is kept on the server; two people in one amendment, and a version signed meanwhile, are told."""

import pytest
from django.urls import reverse

from clinic.audit import AuditEvent
from clinic.practice.models import Role
from clinic.treatments.models import SessionVersion, TreatmentDraft
from tests.factories import NOW, TreatmentDraftFactory, member
from tests.staff.recording import text, value_of
from tests.staff.test_treatment_amending import Signed

pytestmark = pytest.mark.django_db

SCRIPT = {"X-Draft": "1"}
MORE = (("ZYG_MAJ", "RIGHT", "3"), ("PROC", "MIDLINE", "5"))


@pytest.fixture(autouse=True)
def clock(time_machine):
    """Every test happens on Monday 23 November 2026 in the morning."""
    time_machine.move_to(NOW, tick=False)


@pytest.fixture
def signed(client):
    return Signed(client, notes="calm")


def at(signed, what="draft"):
    name = "amendment-draft-discard" if what == "discard" else "amendment-draft"
    return reverse(f"staff:{name}", args=[signed.session.public_id])


def keep(signed, *rows, revision=0, headers=SCRIPT, **changes):
    values = {"based_on": "1", "reason": "typed 2.5 for 3", "draft_revision": str(revision)} | changes
    return signed.client.post(at(signed), signed.form(*(rows or MORE), **values), headers=headers)


def as_colleague(signed):
    signed.client.force_login(member(Role.CLINICIAN, clinic=signed.clinic, name="Dr Colleague"))


def versions(signed):
    return SessionVersion.objects.filter(session=signed.session).count()


def test_script_is_told_the_revision_and_the_record_stays_as_it_is(signed):
    assert keep(signed).json() == {"revision": 1, "sentence": "Draft kept at 10:00."}
    assert keep(signed, revision=1).json()["revision"] == 2
    draft = TreatmentDraft.objects.get()
    assert (draft.session, draft.condition, draft.patient, draft.by) == (
        signed.session, signed.condition, signed.patient, signed.user,
    )  # fmt: skip
    assert versions(signed) == 1
    assert list(AuditEvent.objects.filter(what="TreatmentDraft").values_list("action", flat=True)) == ["CREATED"]


def test_the_amendment_has_a_draft_beside_that_of_the_next_treatment(signed):
    TreatmentDraftFactory(patient=signed.patient, condition=signed.condition, by=signed.user)
    assert keep(signed).json()["revision"] == 1
    assert TreatmentDraft.objects.count() == 2
    signed.amend(draft_revision="1")
    assert TreatmentDraft.objects.get().session is None


def test_the_page_names_the_revision_and_where_to_keep_it_without_script(signed):
    page = signed.page("amend")
    assert value_of(page, "draft_revision") == "0"
    assert f'data-draft-url="{at(signed)}"' in page.content.decode()
    assert f'formaction="{at(signed)}"' in page.content.decode()
    response = keep(signed, headers={})
    assert response.headers["Location"] == signed.at("amend") + "?draft=1"


def test_the_reopened_page_offers_the_draft_with_its_reason_and_brings_back_what_was_typed(signed):
    keep(signed, ("ZYG_MAJ", "RIGHT", "three"), reason="a slip", notes="half a sen", performed_on="2026-11-2")
    offered = text(signed.page("amend"))
    assert f"Draft of 23 Nov 2026, 10:00 by {signed.user}, 1 point." in offered
    assert "Reason: a slip" in offered

    page = signed.page("amend", "?draft=1")
    held = [value_of(page, name) for name in ("points-0-units", "reason", "based_on", "draft_revision", "performed_on")]
    assert held == ["three", "a slip", "1", "1", "2026-11-2"]
    assert "half a sen</textarea>" in page.content.decode()
    assert AuditEvent.objects.filter(action="VIEWED", what="TreatmentDraft").count() == 2


def test_signing_ends_the_draft(signed):
    keep(signed)
    assert signed.amend(draft_revision="1").status_code == 302
    assert (versions(signed), TreatmentDraft.objects.exists()) == (2, False)


def test_whoever_is_second_in_one_amendment_is_told_what_the_first_wrote(signed):
    keep(signed, reason="the first's reason")
    as_colleague(signed)

    told = keep(signed, ("ZYG_MAJ", "RIGHT", "1"), reason="the second's")

    assert told.status_code == 409
    assert f"{signed.user} wrote in this draft at 10:00." in text(told)
    assert "Muscle ZYG_MAJ" in text(told) or "Zygomaticus major, right: 3 U" in text(told)
    assert "Reason: the first's reason" in text(told)
    assert "the first's reason" in TreatmentDraft.objects.get().typed


@pytest.mark.parametrize("act", ["keep", "sign"])
def test_the_second_s_page_keeps_what_they_typed_and_nothing_is_written(signed, act):
    keep(signed, reason="the first's reason")
    as_colleague(signed)
    if act == "keep":
        response = keep(signed, ("ZYG_MAJ", "RIGHT", "1"), headers={}, reason="the second's")
    else:
        response = signed.amend(("ZYG_MAJ", "RIGHT", "1"), reason="the second's", draft_revision="0")
    assert (response.status_code, versions(signed)) == (409, 1)
    assert (value_of(response, "points-0-units"), value_of(response, "reason")) == ("1", "the second's")
    assert "Reason: the first's reason" in text(response)
    # They have seen it now: what they send next stands on top of it.
    assert value_of(response, "draft_revision") == "1"
    assert signed.amend(("ZYG_MAJ", "RIGHT", "1"), reason="the second's", draft_revision="1").status_code == 302


def test_an_amendment_begun_before_another_was_signed_is_refused_with_both_texts_shown(signed):
    """The other was signed by somebody without a draft: the draft is still there, on top of version 1."""
    keep(signed, ("ZYG_MAJ", "RIGHT", "4"), ("PROC", "MIDLINE", "5"), reason="typed 2.5 for 4")
    assert signed.amend(reason="typed 2.5 for 3").status_code == 302

    response = signed.amend(("ZYG_MAJ", "RIGHT", "4"), ("PROC", "MIDLINE", "5"), reason="typed 2.5 for 4", draft_revision="1")

    assert (response.status_code, versions(signed)) == (409, 2)
    page = text(response)
    assert "signed version 2 on 23 Nov 2026, 10:00: typed 2.5 for 3." in page
    assert "2.5 U" in page
    assert "3 U" in page
    assert (value_of(response, "points-0-units"), value_of(response, "based_on")) == ("4", "2")
    assert TreatmentDraft.objects.exists(), "what was typed is still kept"
    again = signed.amend(
        ("ZYG_MAJ", "RIGHT", "4"), ("PROC", "MIDLINE", "5"), reason="typed 2.5 for 4", based_on="2", draft_revision="1"
    )
    assert (again.status_code, versions(signed), TreatmentDraft.objects.exists()) == (302, 3, False)


def test_a_draft_that_is_older_than_the_record_says_so_when_it_is_opened(signed):
    keep(signed, ("ZYG_MAJ", "RIGHT", "4"), ("PROC", "MIDLINE", "5"))
    signed.amend(reason="typed 2.5 for 3")

    assert "Version 2 was signed after this draft was begun." in text(signed.page("amend"))
    page = signed.page("amend", "?draft=1")
    assert "This treatment has been amended meanwhile." in text(page)
    assert (value_of(page, "points-0-units"), value_of(page, "based_on")) == ("4", "1")


@pytest.mark.parametrize("number", ["", "0", "99", "-1", "two"])
def test_a_draft_of_no_version_opens(signed, number):
    keep(signed, based_on=number)
    assert signed.page("amend").status_code == 200
    assert signed.page("amend", "?draft=1").status_code == 200


def test_a_draft_is_discarded_and_the_record_comes_back(signed):
    keep(signed)
    response = signed.client.post(at(signed, "discard"), {"draft_revision": "1"}, follow=True)
    assert "The draft is discarded." in text(response)
    assert (value_of(response, "points-0-units"), TreatmentDraft.objects.exists()) == ("2.5", False)


def test_a_draft_that_somebody_went_on_with_is_not_discarded(signed):
    keep(signed)
    keep(signed, revision=1)
    response = signed.client.post(at(signed, "discard"), {"draft_revision": "1"}, follow=True)
    assert "Somebody has gone on with this draft meanwhile" in text(response)
    assert TreatmentDraft.objects.get().revision == 2


def test_declaring_the_treatment_void_ends_the_draft_of_its_amendment(signed):
    keep(signed)
    signed.void()
    assert not TreatmentDraft.objects.exists()
    refused = keep(signed)
    assert (refused.status_code, TreatmentDraft.objects.exists()) == (302, False)
