"""Vials that were not made up alike: of each point the volume is told where it can be, and of each vial how it was made up."""

from decimal import Decimal

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from clinic.toxins.models import Vial
from tests import factories
from tests.browser.test_treatment_drafts import Place

pytestmark = pytest.mark.django_db(transaction=True)


def test_the_volume_of_a_point_is_told_where_it_comes_from_one_vial_that_was_made_up(page, site, sign_in, looks):
    place = Place(site, sign_in)
    Vial.objects.all().delete()
    for number, (units_given, diluent_ml) in {"STRONG": (95, "1"), "WEAK": (0, "4")}.items():
        factories.VialFactory(
            clinic=place.clinic, lot=factories.LotFactory(number=number), units_given=units_given, state="OPEN",
            diluent_ml=Decimal(diluent_ml), reconstituted_at=timezone.now(),
        )  # fmt: skip
    for code in ("RIS", "DAO"):
        factories.SiteFactory(code=code)
    page.goto(place.address)
    for name, number in (("vial", "STRONG"), ("vial_2", "WEAK")):
        field = page.locator(f"select[name={name}]")
        if name == "vial_2":
            page.get_by_text("Add another vial of this product").click()
        field.select_option(value=str(Vial.objects.get(lot__number=number).public_id))
    for row, (code, units) in enumerate((("ZYG_MAJ", "4"), ("RIS", "2"), ("DAO", "2.5"))):
        page.locator(f"select[name=points-{row}-site]").select_option(code)
        page.locator(f"input[name=points-{row}-units]").fill(units)

    expect(
        page.get_by_text("5 U from lot STRONG (10 U per 0.1 mL), then 3.5 U from lot WEAK (2.5 U per 0.1 mL).")
    ).to_be_visible()
    # 4 U of 100 U in 1 mL; 2 U of which one is from each; 2.5 U of 100 U in 4 mL.
    cells = page.locator("[data-points-body] [data-volume]")
    assert [cells.nth(row).text_content() for row in range(3)] == ["0.04", "–", "0.10"]
    looks(page)
