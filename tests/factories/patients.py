"""Patients, what they agreed to, what they are treated for."""

from datetime import UTC, date, datetime, timedelta

import factory

from clinic.patients.joined_causes import JoinedCause
from clinic.patients.models import Condition, Consent, ConsentPurpose, Hold, Patient, StaffTask
from clinic.patients.signed_leaflets import SignedLeaflet
from tests.factories.base import NOW, TODAY, Factory
from tests.factories.practice import ClinicFactory, UserFactory
from tests.factories.toxins import IndicationFactory


class PatientFactory(Factory):
    """Under care, with an address, and content to get letters about visits and invitations (`consents=()` for none)."""

    class Meta:
        model = Patient

    clinic = factory.SubFactory(ClinicFactory)
    record_number = factory.Sequence(lambda n: f"P{n:05}")
    given_name = "Anna"
    family_name = factory.Sequence(lambda n: f"Mercer{n}")
    search_text = factory.LazyAttribute(lambda p: f"{p.given_name} {p.family_name} {p.record_number}".casefold())
    born_on = date(1961, 5, 4)
    email = factory.Sequence(lambda n: f"patient{n}@example.org")
    phone = "+33 1 99 00 00 00"
    created_at = datetime(2026, 1, 12, 9, 0, tzinfo=UTC)

    @factory.post_generation
    def consents(self, create, given, **kwargs):
        if not create:
            return
        for purpose in (ConsentPurpose.VISIT, ConsentPurpose.INVITE) if given is None else given:
            ConsentFactory(patient=self, purpose=purpose, at=self.created_at)


class ConsentFactory(Factory):
    class Meta:
        model = Consent

    patient = factory.SubFactory(PatientFactory, consents=())
    purpose = ConsentPurpose.INVITE
    is_given = True
    by_patient = True
    how = "at registration"
    wording_version = "1"
    at = NOW


class SignedLeafletFactory(Factory):
    """A consent to treatment with its leaflet, signed and written down today unless the test says otherwise."""

    class Meta:
        model = SignedLeaflet

    class Params:
        patient = factory.SubFactory(PatientFactory, consents=())
        at = NOW

    consent = factory.LazyAttribute(
        lambda leaflet: ConsentFactory(
            patient=leaflet.patient, purpose=ConsentPurpose.TREATMENT, by_patient=False, how="on paper", at=leaflet.at
        )
    )
    version = "2"
    signed_on = factory.LazyAttribute(lambda leaflet: leaflet.at.date())
    taken_by = "Dr Amara Okafor"


class ConditionFactory(Factory):
    class Meta:
        model = Condition

    patient = factory.SubFactory(PatientFactory)
    indication = factory.SubFactory(IndicationFactory)
    side = "RIGHT"
    created_at = factory.LazyAttribute(lambda condition: condition.patient.created_at)


class HoldFactory(Factory):
    class Meta:
        model = Hold

    patient = factory.SubFactory(PatientFactory)
    reason = "PATIENT_WISH"
    from_on = TODAY - timedelta(days=7)
    review_on = TODAY + timedelta(days=30)
    owner = factory.SubFactory(UserFactory)


class StaffTaskFactory(Factory):
    class Meta:
        model = StaffTask

    patient = factory.SubFactory(PatientFactory)
    kind = "PHONE_OVERDUE"
    cause_key = factory.Sequence(lambda n: f"test-cause-{n}")
    due_on = TODAY
    created_at = NOW


class JoinedCauseFactory(Factory):
    class Meta:
        model = JoinedCause

    task = factory.SubFactory(StaffTaskFactory, kind="PHONE_BOUNCED")
    kind = "PHONE_NO_ADDRESS"
    cause_key = factory.Sequence(lambda n: f"test-joined-{n}")
    at = NOW
