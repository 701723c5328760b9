"""Recording and signing a treatment."""

import uuid
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction

from clinic.audit import Actor, AuditEvent
from clinic.treatments.models import Injection, InjectionSession, SessionState, SessionVersion, VialUse
from clinic.treatments.services import (
    AlreadyRecorded,
    Draw,
    Point,
    TreatmentRefused,
    record_signed,
    signed_sessions,
)
from tests.factories import (
    NOW,
    TODAY,
    ClinicFactory,
    ConditionFactory,
    InjectionSessionFactory,
    PractitionerFactory,
    ProductFactory,
    SiteFactory,
    UserFactory,
    VialFactory,
)

pytestmark = pytest.mark.django_db


class Visit:
    """A right-sided hemifacial spasm, a 100 U vial, and everything needed to sign."""

    def __init__(self, **vial):
        self.condition = ConditionFactory()
        self.patient = self.condition.patient
        self.clinic = self.patient.clinic
        self.practitioner = PractitionerFactory(clinics=[self.clinic])
        self.vial = VialFactory(clinic=self.clinic, **vial)
        self.by = Actor.of_user(UserFactory())

    def sign(self, *points, draws=None, **changes):
        points = points or (point(),)
        total = sum((one.units for one in points), Decimal(0))
        values = {
            "by": self.by,
            "patient": self.patient,
            "condition": self.condition,
            "practitioner": self.practitioner,
            "product": self.vial.lot.product,
            "points": points,
            "draws": [Draw(self.vial, total)] if draws is None else draws,
            "performed_on": TODAY,
            "now": NOW,
        }
        return record_signed(**(values | changes))

    def refusal(self, *points, **changes):
        with pytest.raises(TreatmentRefused) as refused:
            self.sign(*points, **changes)
        assert not InjectionSession.objects.exists()
        return [(problem.field, problem.message) for problem in refused.value.problems]


def point(code="ZYG_MAJ", side="RIGHT", units="2.5", **options):
    site = options.pop("site", None) or SiteFactory(code=code)
    return Point(site, side, Decimal(units), **options)


@pytest.fixture
def visit():
    return Visit()


def test_signed_treatment_holds_its_points_its_vial_and_who_signed_when(visit):
    session = visit.sign(
        point(units="2.5"), point("PROC", "MIDLINE", "5", site=SiteFactory(code="PROC", laterality="MIDLINE", x=50)), notes="calm"
    )
    session.refresh_from_db()
    version = session.current_version
    assert (session.state, session.performed_on, session.clinic) == (SessionState.SIGNED, TODAY, visit.clinic)
    assert (version.number, version.total_units, version.notes) == (1, Decimal("7.50"), "calm")
    assert (version.signed_by, version.signed_at) == (visit.by.user, NOW)
    assert [(one.site.code, one.side, one.units, one.order) for one in version.injections.order_by("order")] == [
        ("ZYG_MAJ", "RIGHT", Decimal("2.50"), 0),
        ("PROC", "MIDLINE", Decimal("5.00"), 1),
    ]
    use = version.vial_uses.get()
    assert (use.vial, use.units_drawn, use.units_given, use.units_wasted) == (visit.vial, Decimal("7.50"), Decimal("7.50"), 0)


def test_left_points_stand_mirrored_on_the_picture_unless_their_place_is_given():
    visit = Visit()
    visit.condition.side = "BOTH"
    visit.condition.save()
    session = visit.sign(point(side="LEFT"), point(side="RIGHT"), point("CORR", "LEFT", x=Decimal("61.5"), y=Decimal("40.25")))
    places = [(one.x, one.y) for one in session.current_version.injections.order_by("order")]
    assert places == [
        (Decimal("71.50"), Decimal("61.20")),
        (Decimal("28.50"), Decimal("61.20")),
        (Decimal("61.50"), Decimal("40.25")),
    ]


def test_volume_is_kept_when_it_is_known_how_the_vial_was_made_up():
    made_up = Visit(state="OPEN", diluent_ml=Decimal(4), reconstituted_at=NOW - timedelta(hours=1))
    assert made_up.sign(point(units="2.5")).current_version.injections.get().volume_ml == Decimal("0.100")


def test_volume_is_unknown_when_it_is_not(visit):
    assert visit.sign().current_version.injections.get().volume_ml is None


def test_signing_leaves_an_audit_row_without_any_value(visit):
    session = visit.sign()
    event = AuditEvent.objects.get(action="SIGNED")
    assert (event.what, event.what_id, event.version, event.actor) == (
        "InjectionSession",
        session.public_id,
        1,
        visit.by.user,
    )
    assert (event.patient_id_public, event.clinic, event.fields) == (visit.patient.public_id, visit.clinic, [])


def test_engine_is_asked_to_look_at_the_patient(visit):
    visit.sign()
    visit.patient.refresh_from_db()
    assert visit.patient.next_check_at == NOW


def test_only_a_person_signs(visit):
    with pytest.raises(ValueError, match="signed by a person"):
        visit.sign(by=Actor.system())


def test_every_problem_is_told_at_once_beside_its_field(visit):
    elsewhere = PractitionerFactory()
    fields = [
        field
        for field, _message in visit.refusal(
            point(units="0"), point("CORR", "LEFT", "1"), practitioner=elsewhere, performed_on=TODAY + timedelta(days=1)
        )
    ]
    assert fields == ["practitioner", "performed_on", "points-0-units", "points-1-side"]


@pytest.mark.parametrize(
    ("vial", "says"),
    [
        (
            {"lot__expires_on": TODAY - timedelta(days=1), "lot__number": "C7719"},
            "Lot C7719 expired: its last day was 22 Nov 2026",
        ),
        ({"lot__state": "RECALLED", "lot__number": "C7719"}, "Lot C7719 may not be used"),
        ({"units_given": Decimal(98)}, "needs 2.5 U, but the vial has 2 U left"),
        ({"units_given": Decimal(40), "units_wasted": Decimal(60), "state": "CLOSED"}, "used up or discarded"),
        (
            {"state": "OPEN", "reconstituted_at": NOW - timedelta(hours=25), "diluent_ml": Decimal(2)},
            "was to be used by 23 Nov 2026, 09:00",
        ),
    ],
)
def test_vial_that_may_not_be_used_is_named_with_the_reason(vial, says):
    ((field, message),) = Visit(**vial).refusal()
    assert field == "vial"
    assert says in message


def test_vial_of_another_clinic_tells_nothing_of_itself(visit):
    foreign = VialFactory(clinic=ClinicFactory(), lot__number="SECRET1", lot__state="RECALLED")
    problems = visit.refusal(draws=[Draw(foreign, Decimal("2.5"))])
    assert problems == [("vial", "Choose a vial of this clinic.")]


def test_own_point_of_another_clinic_is_refused_and_tells_nothing_of_itself(visit):
    foreign = SiteFactory(code="OWN_1", muscle="Secretive", clinic=ClinicFactory(), is_selectable=False)
    problems = visit.refusal(point(), point(site=foreign), point(site=foreign))
    assert problems == [(f"points-{n}-site", "Choose a point of this clinic or of the catalogue.") for n in (1, 2)]


def test_own_point_of_the_clinic_is_signed(visit):
    own = SiteFactory(code="OWN_1", clinic=visit.clinic)
    session = visit.sign(point(site=own))
    assert [one.site for one in session.current_version.injections.all()] == [own]


def test_vial_of_another_product_is_refused(visit):
    xeomin = ProductFactory(code="INCO", brand_name="Xeomin")
    ((field, message),) = visit.refusal(product=xeomin)
    assert (field, "another product" in message) == ("vial", True)


@pytest.mark.parametrize(
    ("draw", "field", "says"),
    [
        ({"given": Decimal(2)}, "vial", "add up to 2.5 U, but 2 U were drawn"),
        ({"given": Decimal("2.5"), "wasted": Decimal(1)}, "waste_reason", "Say why"),
        ({"given": Decimal("2.5"), "wasted": Decimal(-1)}, "waste_reason", "Say why"),
    ],
)
def test_what_was_drawn_is_what_was_given_and_waste_has_a_reason(visit, draw, field, says):
    ((found, message),) = visit.refusal(draws=[Draw(visit.vial, **draw)])
    assert found == field
    assert says in message


def test_a_treatment_has_a_vial_and_each_only_once(visit):
    assert visit.refusal(draws=[]) == [("vial", "Choose the vial that was used.")]
    twice = [Draw(visit.vial, Decimal(1)), Draw(visit.vial, Decimal("1.5"))]
    assert visit.refusal(draws=twice) == [("vial_2", "The same vial stands twice.")]


def test_one_treatment_may_take_from_two_vials(visit):
    other = VialFactory(clinic=visit.clinic, lot=visit.vial.lot)
    session = visit.sign(draws=[Draw(visit.vial, Decimal(1)), Draw(other, Decimal("1.5"))])
    assert sorted(use.units_given for use in session.current_version.vial_uses.all()) == [Decimal(1), Decimal("1.5")]


def test_condition_of_another_patient_is_refused(visit):
    assert visit.refusal(condition=ConditionFactory(patient__clinic=visit.clinic))[0][0] == "condition"


@pytest.mark.parametrize(
    ("now", "performed_on", "refused"),
    [
        # 00:30 in Paris on the 24th, when in Greenwich it is still the 23rd.
        (datetime(2026, 11, 23, 23, 30, tzinfo=UTC), date(2026, 11, 24), False),
        (datetime(2026, 11, 23, 22, 30, tzinfo=UTC), date(2026, 11, 24), True),
    ],
)
def test_today_is_the_day_in_the_clinics_zone(visit, now, performed_on, refused):
    if refused:
        assert visit.refusal(performed_on=performed_on, now=now)[0][0] == "performed_on"
    else:
        assert visit.sign(performed_on=performed_on, now=now).performed_on == performed_on


def test_form_sent_twice_is_written_once(visit):
    token = uuid.uuid4()
    session = visit.sign(public_id=token)
    with pytest.raises(AlreadyRecorded) as recorded:
        visit.sign(point("CORR"), public_id=token)
    assert recorded.value.session == session
    assert InjectionSession.objects.count() == 1


def test_token_of_another_patients_treatment_tells_nothing(visit):
    other = InjectionSessionFactory(patient__clinic=visit.clinic)
    with pytest.raises(TreatmentRefused) as refused:
        visit.sign(public_id=other.public_id)
    assert [problem.field for problem in refused.value.problems] == [""]
    assert InjectionSession.objects.count() == 1


def test_signed_treatments_come_newest_first_and_drafts_do_not_count(visit):
    old, new = (
        InjectionSessionFactory(condition=visit.condition, performed_on=day) for day in (date(2026, 3, 2), date(2026, 6, 8))
    )
    InjectionSessionFactory(condition=visit.condition, performed_on=date(2026, 9, 1), signed=False)
    InjectionSessionFactory(patient=visit.patient, condition=ConditionFactory(patient=visit.patient, side="LEFT"))
    assert list(signed_sessions(condition=visit.condition)) == [new, old]


@pytest.mark.parametrize(
    "change",
    [
        lambda version: SessionVersion.objects.filter(pk=version.pk).update(notes="changed"),
        lambda version: version.delete(),
        lambda version: version.injections.update(units=9),
        lambda version: version.injections.all().delete(),
        lambda version: version.vial_uses.update(waste_reason="changed"),
        lambda version: version.vial_uses.all().delete(),
        lambda version: Injection.objects.create(version=version, order=9, site=SiteFactory(), side="LEFT", x=1, y=1, units=1),
        lambda version: VialUse.objects.create(version=version, vial=VialFactory(), units_drawn=1, units_given=1),
    ],
)
def test_database_refuses_every_change_of_a_signed_version(visit, change):
    version = visit.sign().current_version
    with pytest.raises(Exception, match=r"never changes|PROTECT|protected"), transaction.atomic():
        change(version)
    version.refresh_from_db()
    assert (version.notes, version.injections.get().units) == ("", Decimal("2.50"))


def further(version, **said):
    """Another version of the same session, not yet saved."""
    kept = {name: getattr(version, name) for name in ("session", "performed_on", "practitioner", "product")}
    return SessionVersion(**kept, **said)


@pytest.mark.parametrize(
    "row",
    [
        lambda version: Injection(version=version, order=0, site=SiteFactory(), side="LEFT", x=1, y=1, units=0),
        lambda version: Injection(version=version, order=0, site=SiteFactory(), side="LEFT", x=101, y=1, units=1),
        lambda version: VialUse(version=version, vial=VialFactory(), units_drawn=2, units_given=1),
        lambda version: VialUse(version=version, vial=VialFactory(), units_drawn=2, units_given=1, units_wasted=1),
        lambda version: further(version, number=1, total_units=0),
        lambda version: further(version, number=2, total_units=0, amendment_reason=""),
        lambda version: further(version, number=3, total_units=-1, amendment_reason="x"),
        lambda version: further(version, number=3, total_units=1, amendment_reason="x", signed_at=NOW),
    ],
)
def test_database_refuses_what_may_never_stand_in_the_tables(row):
    session = InjectionSessionFactory(signed=False)
    version = SessionVersion.objects.create(
        session=session,
        number=1,
        performed_on=session.performed_on,
        practitioner=session.practitioner,
        product=session.product,
        total_units=0,
    )
    made = row(version)
    with pytest.raises(IntegrityError), transaction.atomic():
        made.save(force_insert=True)
