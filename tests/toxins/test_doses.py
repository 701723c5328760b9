"""Which published dose of a point holds for an indication."""

from decimal import Decimal
from functools import partial

import pytest

from clinic.toxins.services import doses_at, usual_doses
from tests.factories import IndicationFactory, ProductFactory, SiteDoseFactory, SiteFactory

pytestmark = pytest.mark.django_db


def test_a_dose_for_the_indication_stands_in_the_place_of_the_general_one_and_for_no_other(django_assert_num_queries):
    product, site, other = ProductFactory(family="ONA_INCO"), SiteFactory(), SiteFactory(code="OTHER")
    spasm, migraine = IndicationFactory(code="HFS"), IndicationFactory(code="CM")
    general = SiteDoseFactory(site=site, family="ONA_INCO", usual_maximum=Decimal(5))
    scheme = SiteDoseFactory(site=site, family="ONA_INCO", indication=migraine, usual_maximum=Decimal(10))
    SiteDoseFactory(site=other, family="ABO")

    assert general != scheme
    with django_assert_num_queries(1):
        assert doses_at(product=product, indication=migraine) == {site.pk: scheme}
    assert doses_at(product=product, indication=spasm) == {site.pk: general}


def test_the_usual_highest_dose_is_the_one_of_the_dose_that_holds(django_assert_num_queries):
    product, site, other = ProductFactory(family="ONA_INCO"), SiteFactory(), SiteFactory(code="OTHER")
    spasm, migraine = IndicationFactory(code="HFS"), IndicationFactory(code="CM")
    doses = partial(SiteDoseFactory, site=site, family="ONA_INCO", source="S1")
    doses(indication=migraine, usual_maximum=Decimal(10), from_general_knowledge=False)
    doses(indication=None, usual_maximum=Decimal(5), from_general_knowledge=True)
    SiteDoseFactory(site=other, family="ONA_INCO", usual_maximum=None, source="S2")
    SiteDoseFactory(site=other, family="ABO", usual_maximum=Decimal(40))

    for indication, expected in ((migraine, (Decimal(10), "S1", False)), (spasm, (Decimal(5), "S1", True))):
        with django_assert_num_queries(1):
            found = usual_doses(product=product, indication=indication)
        assert found[site.pk] == expected
        assert found[other.pk].maximum is None
        assert len(found) == 2
