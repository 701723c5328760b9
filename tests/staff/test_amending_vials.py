"""Amending a treatment that took several vials or one that was another patient's too, and what stays with its versions."""

from decimal import Decimal

import pytest

from clinic.treatments.models import InjectionSession, VialUse
from tests.factories import NOW, InjectionSessionFactory, PatientFactory, VialFactory
from tests.staff.recording import error_at, text, value_of
from tests.staff.test_treatment_amending import Signed

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def clock(time_machine):
    """Every test happens on Monday 23 November 2026 in the morning."""
    time_machine.move_to(NOW, tick=False)


@pytest.fixture
def signed(client):
    return Signed(client)


def taken(session):
    """By vial, what the version that counts took: given, discarded, confirmed as another patient's too."""
    session.refresh_from_db()
    uses = VialUse.objects.filter(version=session.current_version)
    return {use.vial_id: (use.units_given, use.units_wasted, use.shared_confirmed) for use in uses}


def units_given(vial):
    vial.refresh_from_db()
    return vial.units_given


def test_an_amendment_that_needs_a_second_vial_takes_the_rest_from_it_and_goes_back_to_one(signed):
    more = VialFactory(clinic=signed.vial.clinic, lot=signed.vial.lot, presentation=signed.vial.presentation)
    rows = (("ZYG_MAJ", "RIGHT", "90"), ("PROC", "MIDLINE", "20"))

    assert signed.amend(*rows, vial_2=str(more.public_id)).status_code == 302
    assert taken(signed.session) == {signed.vial.pk: (100, 0, False), more.pk: (10, 0, False)}
    assert (units_given(signed.vial), units_given(more)) == (100, 10)
    page = signed.page("amend")
    assert (value_of(page, "vial"), value_of(page, "vial_2")) == (str(signed.vial.public_id), str(more.public_id))

    assert signed.amend(based_on="2", reason="it was one vial after all").status_code == 302
    assert (units_given(signed.vial), units_given(more)) == (8, 0)


def test_a_reason_of_the_waste_stays_with_the_amended_version(signed):
    assert signed.amend(wasted_units="4", waste_reason="the syringe leaked").status_code == 302
    use = VialUse.objects.get(version=InjectionSession.objects.get().current_version)
    assert (use.units_given, use.units_wasted, use.waste_reason) == (8, Decimal(4), "the syringe leaked")
    page = signed.page("amend")
    assert (value_of(page, "wasted_units"), value_of(page, "waste_reason")) == ("4", "the syringe leaked")


def test_a_vial_of_another_patient_is_taken_in_an_amendment_only_on_somebodys_word(signed):
    theirs = VialFactory(clinic=signed.vial.clinic, lot=signed.vial.lot, presentation=signed.vial.presentation, units_given=5)
    InjectionSessionFactory(patient=PatientFactory(clinic=signed.vial.clinic), vial=theirs, points=(("CORR", "RIGHT", "5"),))

    response = signed.amend(vial=str(theirs.public_id))
    assert response.status_code == 422
    assert "has been used for another patient" in error_at(response, "shared_confirmed")
    assert signed.amend(vial=str(theirs.public_id), shared_confirmed="on").status_code == 302
    assert taken(signed.session) == {theirs.pk: (8, 0, True)}
    assert signed.amend(based_on="2", vial=str(theirs.public_id), notes="once is enough").status_code == 302
    assert taken(signed.session) == {theirs.pk: (8, 0, True)}


def test_every_version_shows_what_was_answered_before_the_needle_went_in(signed):
    signed.amend()
    for page in (signed.page("show"), signed.page("version", "?number=1"), signed.page("version", "?number=2")):
        assert "Answered no Allergy to a botulinum toxin" in text(page)
