"""Patient links: unguessable, single-purpose, mortal, and useless to whoever reads the database."""

from datetime import timedelta

import pytest
from django.apps import apps
from django.db import IntegrityError, transaction
from hypothesis import given
from hypothesis import strategies as st

from clinic.audit import Actor
from clinic.links import LIFETIMES, LinkPurpose, LinkRefused, PatientLink, hash_token, mark_used, mint, open_link, revoke_for
from clinic.patients.services import change_patient
from tests.factories import NOW, AppointmentFactory, FollowUpFactory, PatientFactory, member


@pytest.fixture
def follow_up(db):
    return FollowUpFactory()


def minted(follow_up, /, **changed):
    given = {"purpose": "BOOK", "patient": follow_up.patient, "follow_up": follow_up, "now": NOW}
    return mint(**given | changed)


def refusal(token, **changed):
    with pytest.raises(LinkRefused) as refused:
        open_link(token, **{"now": NOW} | changed)
    return refused.value


def test_link_opens_what_it_was_made_for(follow_up):
    link = open_link(minted(follow_up), now=NOW, purposes=("BOOK",))
    assert (link.patient, link.follow_up, link.purpose) == (follow_up.patient, follow_up, "BOOK")
    assert (link.used_at, link.revoked_at) == (None, None)


def test_token_has_256_bits_and_only_its_hash_is_kept(follow_up):
    token = minted(follow_up)
    assert len(token) == 43
    assert PatientLink.objects.get().token_hash == hash_token(token)


def test_database_holds_no_token_that_opens_anything(follow_up):
    appointment = AppointmentFactory(patient=follow_up.patient)
    tokens = [
        minted(follow_up),
        mint(purpose="VISIT", patient=follow_up.patient, appointment=appointment, now=NOW),
        mint(purpose="STOP", patient=follow_up.patient, consent_purpose="INVITE", now=NOW),
    ]
    values = [
        str(value)
        for model in apps.get_models()
        for row in model._base_manager.values_list()
        for value in row
        if value is not None
    ]
    everything = "\n".join(values)
    assert PatientLink.objects.count() == 3
    assert len(everything) > 1000
    for token in tokens:
        assert token not in everything
        assert token[:20] not in everything
    for stored in PatientLink.objects.values_list("token_hash", flat=True):
        assert refusal(stored).reason == "UNKNOWN"


def test_every_sending_has_a_link_of_its_own_and_earlier_ones_stay_valid(follow_up):
    first, second = minted(follow_up), minted(follow_up, now=NOW + timedelta(days=14))
    assert first != second
    assert open_link(first, now=NOW + timedelta(days=14)).follow_up == open_link(second, now=NOW).follow_up


@pytest.mark.parametrize("purpose", LinkPurpose.values)
def test_link_of_one_purpose_is_unknown_to_every_other(follow_up, purpose):
    others = tuple(other for other in LinkPurpose.values if other != "BOOK")
    assert refusal(minted(follow_up), purposes=others).link is None
    assert open_link(minted(follow_up), now=NOW, purposes=("BOOK", purpose)).purpose == "BOOK"


@pytest.mark.parametrize("purpose", LinkPurpose.values)
def test_link_ends_with_its_lifetime(follow_up, purpose):
    about = {
        "BOOK": {"follow_up": follow_up},
        "VISIT": {"follow_up": None, "appointment": AppointmentFactory(patient=follow_up.patient)},
        "STOP": {"follow_up": None, "consent_purpose": "INVITE"},
    }[purpose]
    token = minted(follow_up, purpose=purpose, **about)
    end = NOW + LIFETIMES[LinkPurpose(purpose)]
    assert open_link(token, now=end - timedelta(seconds=1)).purpose == purpose
    refused = refusal(token, now=end)
    assert (refused.reason, refused.link.patient) == ("EXPIRED", follow_up.patient)


def test_stop_links_work_for_years():
    assert LIFETIMES[LinkPurpose.STOP] >= timedelta(days=365)


def test_changed_address_closes_every_link_of_the_patient_and_nobody_elses(follow_up):
    token, others = minted(follow_up), minted(FollowUpFactory())
    change_patient(by=Actor.of_user(member()), patient=follow_up.patient, email="new@example.org", now=NOW)
    assert refusal(token).reason == "REVOKED"
    assert open_link(others, now=NOW)
    assert open_link(minted(follow_up), now=NOW)


def test_revoking_counts_what_it_closed_and_keeps_the_first_time(follow_up):
    minted(follow_up)
    minted(follow_up)
    assert revoke_for(follow_up.patient, now=NOW) == 2
    assert revoke_for(follow_up.patient, now=NOW + timedelta(days=1)) == 0
    assert set(PatientLink.objects.values_list("revoked_at", flat=True)) == {NOW}


def test_first_use_is_remembered(follow_up):
    link = open_link(minted(follow_up), now=NOW)
    mark_used(link, now=NOW)
    mark_used(link, now=NOW + timedelta(days=1))
    assert PatientLink.objects.get().used_at == NOW


def test_opening_changes_nothing(follow_up):
    token = minted(follow_up)
    before = list(PatientLink.objects.values())
    for _ in range(5):
        open_link(token, now=NOW)
    assert list(PatientLink.objects.values()) == before


def test_one_character_off_opens_nothing(follow_up):
    token = minted(follow_up)
    for position in (0, 20, 42):
        tampered = token[:position] + ("A" if token[position] != "A" else "B") + token[position + 1 :]
        assert refusal(tampered).reason == "UNKNOWN"
    for tampered in (token + "A", token[:-1], token.swapcase(), f" {token}", f"{token}\n"):
        assert refusal(tampered).reason == "UNKNOWN"


@given(st.text(max_size=60) | st.sampled_from(["\x00" * 43, "\ud83d" * 43, "x" * 1_000_000, "é" * 43, "１" * 43]))
def test_whatever_is_not_a_token_is_refused_without_asking_the_database(text):
    # No database here: a query would raise.
    if len(text) != 43 or not text.isascii():
        assert refusal(text).reason == "UNKNOWN"


def test_link_about_two_things_is_refused_by_the_database(follow_up):
    appointment = AppointmentFactory(patient=follow_up.patient)
    for about in ({"appointment": appointment}, {"consent_purpose": "INVITE"}, {"follow_up": None}):
        with pytest.raises(IntegrityError, match="patient_link_is_about_one_thing"), transaction.atomic():
            minted(follow_up, **about)


def test_link_about_another_patients_thing_is_not_minted(follow_up):
    with pytest.raises(ValueError, match="another patient"):
        minted(follow_up, patient=PatientFactory())
