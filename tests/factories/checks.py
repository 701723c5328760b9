"""What the checks of a treatment leave behind."""

from datetime import timedelta
from decimal import Decimal

import factory

from clinic.treatments.checks.answers import Item
from clinic.treatments.models import GivenElsewhere, Override, PreCheck, SessionVersion
from clinic.treatments.services import TreatmentRefused
from tests.factories.base import NOW, TODAY, Factory
from tests.factories.patients import PatientFactory
from tests.factories.practice import UserFactory
from tests.factories.toxins import ProductFactory
from tests.factories.treatments import InjectionSessionFactory

#: Every question of the pre-injection check answered with no.
ALL_NO = dict.fromkeys(map(str, Item), "NO")


def _unsigned_version(session):
    return SessionVersion.objects.create(
        session=session,
        number=1,
        performed_on=session.performed_on,
        practitioner=session.practitioner,
        product=session.product,
        total_units=Decimal(5),
    )


class PreCheckFactory(Factory):
    """An answer on a version that nobody has signed yet: a signed one takes none."""

    class Meta:
        model = PreCheck

    version = factory.LazyFunction(
        lambda: _unsigned_version(InjectionSessionFactory(signed=False)),
    )
    item = "INFECTION"
    answer = "NO"
    at = NOW


class OverrideFactory(Factory):
    class Meta:
        model = Override

    session = factory.SubFactory(InjectionSessionFactory)
    code = "TOO_EARLY"
    rule = "ONABOT-HFS-EU-INTERVAL"
    severity = "WARNING"
    shown = "70 days after the treatment of 1 Sep 2026; not before 24 Nov 2026. · not verified at this clinic"
    reason = "The effect was gone after eight weeks"
    by = factory.SubFactory(UserFactory)
    at = NOW


class GivenElsewhereFactory(Factory):
    """Counts, unless `voided_at` is given."""

    class Meta:
        model = GivenElsewhere

    patient = factory.SubFactory(PatientFactory)
    product = factory.SubFactory(ProductFactory)
    units = Decimal(50)
    given_on = TODAY - timedelta(days=30)
    place = "A hospital abroad"
    noted_by = factory.SubFactory(UserFactory)
    noted_at = NOW
    voided_at = None
    voided_by = factory.LazyAttribute(lambda one: UserFactory() if one.voided_at else None)
    void_reason = factory.LazyAttribute(lambda one: "entered twice" if one.voided_at else "")


def past_the_checks(complete):
    """Sign with `complete(reasons)`; where the checks ask for reasons and nothing else is wrong, once more with one for each."""
    try:
        return complete({})
    except TreatmentRefused as refused:
        if refused.problems:
            raise
        return complete({finding.key: "weighed up with the patient" for finding in refused.unanswered})
