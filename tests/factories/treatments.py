"""Signed treatments and the follow-ups that they open."""

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

import factory
from dateutil.relativedelta import relativedelta

from clinic.toxins.body import View
from clinic.toxins.models import VialState
from clinic.treatments.models import (
    ContactAttempt,
    FollowUp,
    Injection,
    InjectionSession,
    PreCheck,
    ProtocolTemplate,
    SessionState,
    SessionVersion,
    SessionVoid,
    TemplatePoint,
    TreatmentDraft,
    UnitsFate,
    VialUse,
    VoidedUse,
    WindowPolicy,
)
from tests.factories.base import NOW, Factory
from tests.factories.patients import ConditionFactory, PatientFactory
from tests.factories.practice import ClinicFactory, PractitionerFactory, UserFactory
from tests.factories.toxins import IndicationFactory, ProductFactory, SiteFactory, VialFactory, free_site

#: The default treatment, on the patient's right; its window opens on 1 December 2026 and closes on 1 March 2027.
TREATED_ON = date(2026, 9, 1)
RIGHT_POINTS = (("OO_UL_LAT", "RIGHT", "2.5"), ("OO_LL_LAT", "RIGHT", "2.5"), ("ZYG_MAJ", "RIGHT", "1.25"))

#: What was answered before it.
ANSWERED = {"HYPERSENSITIVITY": "NO", "ANTICOAGULANT": "YES"}


def _put_free_points(model, points, first, **of):
    """Each (name, view, x, side, units), at half height of its picture."""
    for order, (name, view, x, side, units) in enumerate(points, first):
        place = {"view": view, "x": Decimal(x), "y": Decimal(50)}
        model.objects.create(order=order, site=free_site(), side=side, point=name, units=Decimal(units), **place, **of)


class WindowPolicyFactory(Factory):
    class Meta:
        model = WindowPolicy

    clinic = factory.SubFactory(ClinicFactory)


class InjectionSessionFactory(Factory):
    """A signed treatment with its version, points and vial; `signed=False` leaves a draft without a version.

    `points` are (site code, side, units), `free_points` (name, view, x, side, units); `vial` is drawn
    from (a new one by default).
    """

    class Meta:
        model = InjectionSession

    _taken_from = {
        "condition": {"patient": "patient"},
        "vial": {"clinic": "clinic"},
        "patient": {"clinic": "clinic"},
    }

    patient = factory.SubFactory(PatientFactory)
    condition = factory.LazyAttribute(lambda session: ConditionFactory(patient=session.patient))
    clinic = factory.LazyAttribute(lambda session: session.patient.clinic)
    product = factory.SubFactory(ProductFactory)
    practitioner = factory.LazyAttribute(lambda session: PractitionerFactory(clinics=[session.clinic]))
    performed_on = TREATED_ON
    state = SessionState.DRAFT
    created_at = factory.LazyAttribute(lambda s: datetime.combine(s.performed_on, time(10), tzinfo=UTC))

    @classmethod
    def _generate(cls, strategy, params):
        if params.get("vial") is not None:
            params.setdefault("product", params["vial"].lot.product)
        return super()._generate(strategy, params)

    @classmethod
    def _create(cls, model_class, *args, signed=True, points=RIGHT_POINTS, free_points=(), vial=None, signed_by=None, **kwargs):
        session = super()._create(model_class, *args, **kwargs)
        if signed:
            version = SessionVersionFactory(
                session=session, points=points, free_points=free_points, vial=vial, signed_by=signed_by
            )
            session.state, session.current_version = SessionState.SIGNED, version
            session.save()
        return session


class SessionVersionFactory(Factory):
    """A signed version: its parts go in first, because once it is signed the database takes none."""

    class Meta:
        model = SessionVersion

    session = factory.SubFactory(InjectionSessionFactory, signed=False)
    number = factory.LazyAttribute(lambda version: version.session.versions.count() + 1)
    amendment_reason = factory.LazyAttribute(lambda version: "" if version.number == 1 else "a slip of the pen")
    performed_on = factory.LazyAttribute(lambda version: version.session.performed_on)
    practitioner = factory.LazyAttribute(lambda version: version.session.practitioner)
    product = factory.LazyAttribute(lambda version: version.session.product)

    @classmethod
    def _create(
        cls,
        model_class,
        *args,
        points=RIGHT_POINTS,
        free_points=(),
        vial=None,
        signed_by=None,
        signed_at=None,
        answers=ANSWERED,
        **kwargs,
    ):
        session = kwargs["session"]
        total = sum((Decimal(units) for *_, units in (*points, *free_points)), Decimal(0))
        version = super()._create(model_class, *args, total_units=total, **kwargs)
        for order, (code, side, units) in enumerate(points):
            site = SiteFactory(code=code)
            x = 100 - site.x if side == "LEFT" else site.x
            Injection.objects.create(
                version=version,
                order=order,
                site=site,
                side=side,
                view=View(site.view).on(side),
                x=x,
                y=site.y,
                units=Decimal(units),
            )
        _put_free_points(Injection, free_points, len(points), version=version)
        PreCheck.objects.bulk_create(
            PreCheck(version=version, item=item, answer=answer, at=session.created_at) for item, answer in answers.items()
        )
        vial = vial or VialFactory(clinic=session.clinic, lot__product=session.product)
        VialUse.objects.create(version=version, vial=vial, units_drawn=total, units_given=total)
        vial.units_given += total
        vial.state = VialState.OPEN
        vial.save()
        version.signed_by = signed_by or UserFactory()
        version.signed_at = signed_at or session.created_at
        version.save()
        return version


class FollowUpFactory(Factory):
    """An active follow-up with the window of three to six months."""

    class Meta:
        model = FollowUp

    _taken_from = {"session": {"patient": "patient", "condition": "condition"}, "condition": {"patient": "patient"}}

    patient = factory.SubFactory(PatientFactory)
    condition = factory.LazyAttribute(lambda f: ConditionFactory(patient=f.patient))
    session = factory.LazyAttribute(lambda f: InjectionSessionFactory(condition=f.condition))
    opens_on = factory.LazyAttribute(lambda f: f.session.performed_on + relativedelta(months=3))
    opens_rule = "3 months after the treatment"
    closes_on = factory.LazyAttribute(lambda f: f.session.performed_on + relativedelta(months=6))
    closes_rule = "6 months after the treatment"
    suggested_from = factory.LazyAttribute(lambda f: f.own_on or f.opens_on)
    suggested_until = factory.LazyAttribute(lambda f: f.own_on or min(f.opens_on + timedelta(days=21), f.closes_on))
    suggested_basis = "first three weeks of the window"
    own_on = None
    ended_at = factory.LazyAttribute(lambda f: None if f.state == "ACTIVE" else NOW)
    stop_reason = factory.LazyAttribute(lambda f: "NOT_REACHED" if f.state == "STOPPED" else "")
    state = "ACTIVE"
    created_at = factory.LazyAttribute(lambda f: f.session.created_at)


class ContactAttemptFactory(Factory):
    class Meta:
        model = ContactAttempt

    follow_up = factory.SubFactory(FollowUpFactory)
    channel = "PHONE"
    outcome = "NO_ANSWER"
    by = factory.SubFactory(UserFactory)
    at = NOW


class SessionVoidFactory(Factory):
    """That a treatment is void; the treatment is made so."""

    class Meta:
        model = SessionVoid

    session = factory.SubFactory(InjectionSessionFactory)
    reason = "wrong patient"
    units = UnitsFate.GIVEN_TO_ANOTHER
    by = factory.SubFactory(UserFactory)
    at = NOW

    @factory.post_generation
    def state(self, create, given, **kwargs):
        self.session.state = SessionState.VOID
        self.session.save()


class VoidedUseFactory(Factory):
    class Meta:
        model = VoidedUse

    void = factory.SubFactory(SessionVoidFactory)
    vial = factory.LazyAttribute(lambda use: VialFactory(clinic=use.void.session.clinic))
    units_returned = Decimal("6.25")


class TreatmentDraftFactory(Factory):
    class Meta:
        model = TreatmentDraft

    _taken_from = {"condition": {"patient": "patient"}}

    patient = factory.SubFactory(PatientFactory)
    condition = factory.LazyAttribute(lambda draft: ConditionFactory(patient=draft.patient))
    by = factory.SubFactory(UserFactory)
    typed = "{}"
    updated_at = NOW


class ProtocolTemplateFactory(Factory):
    """The clinic's template with the default points of the right; `points` are (site code, side, units).

    After them come `free_points`: (name, view, x, side, units); no view is none that was kept.
    """

    class Meta:
        model = ProtocolTemplate

    clinic = factory.SubFactory(ClinicFactory)
    name = factory.Sequence(lambda n: f"Template {n}")
    indication = factory.SubFactory(IndicationFactory)
    side = "RIGHT"
    product = factory.SubFactory(ProductFactory)
    created_at = NOW

    @classmethod
    def _create(cls, model_class, *args, points=RIGHT_POINTS, free_points=(), **kwargs):
        template = super()._create(model_class, *args, **kwargs)
        for order, (code, side, units) in enumerate(points):
            site = SiteFactory(code=code)
            x = 100 - site.x if side == "LEFT" else site.x
            TemplatePoint.objects.create(
                template=template,
                order=order,
                site=site,
                side=side,
                view=View(site.view).on(side),
                x=x,
                y=site.y,
                units=Decimal(units),
            )
        _put_free_points(TemplatePoint, free_points, len(points), template=template)
        return template
