"""Side effects, their versions and reviews."""

from datetime import timedelta

import factory

from clinic.safety.models import Review, SideEffect, SideEffectVersion, Term
from tests.factories.base import NOW, Factory
from tests.factories.patients import PatientFactory
from tests.factories.practice import UserFactory
from tests.factories.treatments import InjectionSessionFactory


class TermFactory(Factory):
    class Meta:
        model = Term
        django_get_or_create = ("code",)

    code = "AE01"
    plain_name = "drooping upper eyelid"
    clinical_name = "Eyelid ptosis"
    urgency = "GREEN"


class SideEffectFactory(Factory):
    """Reported by staff, new, with its first version; give what the version says as `version__…`."""

    class Meta:
        model = SideEffect

    _taken_from = {"session": {"patient": "patient"}}

    patient = factory.SubFactory(PatientFactory)
    session = factory.LazyAttribute(lambda s: InjectionSessionFactory(patient=s.patient))
    reported_by = factory.LazyAttribute(lambda s: None if s.reported_by_patient else UserFactory())
    reported_by_patient = False
    reported_at = NOW - timedelta(days=2)

    @factory.post_generation
    def version(self, create, given, **kwargs):
        if create:
            self.current_version = given or SideEffectVersionFactory(side_effect=self, **kwargs)
            self.save()


class SideEffectVersionFactory(Factory):
    class Meta:
        model = SideEffectVersion

    side_effect = factory.SubFactory(SideEffectFactory)
    number = factory.LazyAttribute(lambda version: version.side_effect.versions.count() + 1)
    term = factory.SubFactory(TermFactory)
    onset_on = factory.LazyAttribute(
        lambda v: v.side_effect.session.performed_on + timedelta(days=5) if v.side_effect.session else None
    )
    severity = 1
    outcome = "ONGOING"
    reason = factory.LazyAttribute(lambda version: "" if version.number == 1 else "the patient told more")
    by_user = factory.LazyAttribute(lambda version: version.side_effect.reported_by)
    at = factory.LazyAttribute(lambda version: version.side_effect.reported_at)


class ReviewFactory(Factory):
    class Meta:
        model = Review

    side_effect = factory.SubFactory(SideEffectFactory)
    causality = "PROBABLE"
    resulting_state = "REVIEWED"
    by = factory.SubFactory(UserFactory)
    at = NOW
