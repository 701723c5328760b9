"""Which published dose of a point holds for an indication."""

from decimal import Decimal

import pytest

from clinic.toxins.services import doses_at
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
    assert doses_at(product=product, indication=spasm, sites=[other.pk]) == {}
