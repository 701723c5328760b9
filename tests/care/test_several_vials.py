"""A treatment may take several vials, throw some of one away, and use one after another patient only on somebody's word."""

from decimal import Decimal

import pytest

from clinic.audit import AuditEvent
from clinic.toxins.models import Vial
from clinic.treatments.models import InjectionSession, VialUse
from clinic.treatments.services import TreatmentRefused
from tests.care.test_services import Visit
from tests.factories import (
    NOW,
    ConditionFactory,
    InjectionSessionFactory,
    LotFactory,
    PatientFactory,
    ProductFactory,
    SessionVersionFactory,
    VialFactory,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def visit():
    return Visit()


def vial_of(visit, **options):
    return VialFactory(clinic=visit.patient.clinic, **options)


def taken(session):
    uses = session.current_version.vial_uses.order_by("pk")
    return [(use.vial.lot.number, use.units_given, use.units_wasted, use.waste_reason) for use in uses]


def refused(visit, **options):
    with pytest.raises(TreatmentRefused) as refusal:
        visit.complete(**options)
    assert not VialUse.objects.filter(version__session__patient=visit.patient).exists()
    assert not Vial.objects.filter(clinic=visit.patient.clinic, units_wasted__gt=0).exists()
    return [(problem.field, problem.message) for problem in refusal.value.problems]


# -- several vials ------------------------------------------------------------------------------------------------------


def test_second_vial_is_begun_when_the_first_is_empty(visit):
    first, second = vial_of(visit, lot__number="A"), vial_of(visit, lot__number="B")
    session = visit.complete(vials=[first, second], units=("60", "60"))
    assert taken(session) == [("A", 100, 0, ""), ("B", 20, 0, "")]
    assert list(Vial.objects.filter(pk__in=[first.pk, second.pk]).order_by("pk").values_list("state", "units_given")) == [
        ("CLOSED", 100),
        ("OPEN", 20),
    ]


def test_order_is_that_in_which_they_were_chosen(visit):
    first, second = vial_of(visit, lot__number="A"), vial_of(visit, lot__number="B", units_given=Decimal(70), state="OPEN")
    assert taken(visit.complete(vials=[second, first], units=("60",))) == [("B", 30, 0, ""), ("A", 30, 0, "")]


def test_rest_of_the_last_vial_is_discarded(visit):
    vials = [vial_of(visit, lot__number="A"), vial_of(visit, lot__number="B")]
    session = visit.complete(vials=vials, units=("120",), discard_rest=True)
    assert taken(session) == [("A", 100, 0, ""), ("B", 20, 80, "rest of the vial discarded")]


def test_volumes_follow_the_vial_of_each_point_where_that_is_known(visit):
    made_up = {"state": "OPEN", "reconstituted_at": NOW}
    vials = [
        vial_of(visit, units_given=Decimal(95), diluent_ml=Decimal(4), **made_up),
        vial_of(visit, diluent_ml=Decimal(2), **made_up),
    ]
    session = visit.complete(vials=vials, units=("2.5", "5", "5"))
    volumes = list(session.current_version.injections.order_by("order").values_list("volume_ml", flat=True))
    assert volumes == [Decimal("0.1"), None, Decimal("0.1")]


def test_vial_from_which_nothing_would_come_is_refused(visit):
    vials = [vial_of(visit), vial_of(visit)]
    ((field, message),) = refused(visit, vials=vials, units=("60",))
    assert (field, "Leave it out" in message) == ("vial_2", True)


def test_more_than_all_vials_hold_is_refused_at_the_last(visit):
    vials = [vial_of(visit), vial_of(visit, units_given=Decimal(70), state="OPEN")]
    assert refused(visit, vials=vials, units=("140",)) == [("vial_2", "40 U would come from this vial, but it has 30 U left.")]


def test_what_is_wrong_with_a_vial_is_told_beside_it(visit):
    other = vial_of(visit, lot=LotFactory(product=ProductFactory(code="INCO", brand_name="Xeomin"), number="X1"))
    recalled = vial_of(visit, lot__number="R1", lot__state="RECALLED")
    found = refused(visit, vials=[vial_of(visit), other, recalled], units=("250",))
    assert [(field, message.split(".")[0]) for field, message in found] == [
        ("vial_2", "This vial holds another product"),
        ("vial_3", "Lot R1 may not be used"),
    ]


def test_one_vial_chosen_twice_is_refused(visit):
    vial = vial_of(visit)
    assert refused(visit, vials=[vial, vial], units=("120",)) == [("vial_2", "The same vial stands twice.")]


def test_treatment_without_a_vial_is_refused(visit):
    assert refused(visit, vials=[]) == [("vial", "Choose the vial that was used.")]


# -- waste --------------------------------------------------------------------------------------------------------------


def test_part_of_a_vial_is_thrown_away_with_its_reason_and_the_vial_stays_open(visit):
    session = visit.complete(units=("60",), wasted=Decimal("12.5"), waste_reason="spilled")
    assert taken(session) == [(visit.vial.lot.number, 60, Decimal("12.5"), "spilled")]
    visit.vial.refresh_from_db()
    assert (visit.vial.state, visit.vial.units_left) == ("OPEN", Decimal("27.5"))


def test_rest_is_discarded_for_the_reason_given(visit):
    assert taken(visit.complete(units=("60",), discard_rest=True, waste_reason="no further patient"))[0][2:] == (
        40,
        "no further patient",
    )


@pytest.mark.parametrize(
    ("waste", "field", "says"),
    [
        ({"wasted": Decimal(5)}, "waste_reason", "Say why"),
        ({"waste_reason": "spilled"}, "wasted_units", "how many"),
        ({"wasted": Decimal(5), "waste_reason": "spilled", "discard_rest": True}, "wasted_units", "not both"),
        ({"wasted": Decimal(-5), "waste_reason": "spilled"}, "wasted_units", "more than zero"),
        ({"wasted": Decimal("NaN"), "waste_reason": "spilled"}, "wasted_units", "more than zero"),
        ({"wasted": Decimal("0.001"), "waste_reason": "spilled"}, "wasted_units", "two decimals"),
        ({"wasted": Decimal("1e30"), "waste_reason": "spilled"}, "wasted_units", "at most"),
        ({"wasted": Decimal("97.51"), "waste_reason": "spilled"}, "vial", "needs 100.01 U"),
    ],
)
def test_waste_that_cannot_be_is_refused_in_words(visit, waste, field, says):
    ((found, message),) = refused(visit, **waste)
    assert found == field
    assert says in message


# -- one vial, two patients ---------------------------------------------------------------------------------------------


@pytest.fixture
def begun(visit):
    """A vial from which another patient of the clinic was treated."""
    vial = vial_of(visit, lot__number="C7719", state="OPEN", reconstituted_at=NOW, diluent_ml=Decimal(4))
    InjectionSessionFactory(patient=PatientFactory(clinic=visit.patient.clinic), vial=vial)
    return vial


def test_vial_of_another_patient_is_refused_without_a_confirmation(visit, begun):
    ((field, message),) = refused(visit, vials=[begun])
    assert field == "shared_confirmed"
    assert "lot C7719 has been used for another patient" in message


def test_confirmation_stands_in_the_signed_version_and_in_the_audit_log(visit, begun):
    session = visit.complete(vials=[begun], shared_confirmed=True)
    (use,) = session.current_version.vial_uses.all()
    assert use.shared_confirmed
    assert (session.current_version.signed_by, session.current_version.signed_at) == (visit.by.user, NOW)
    row = AuditEvent.objects.get(what="Vial", what_id=begun.public_id, fields=["shared_confirmed"])
    assert (row.actor, row.at, row.patient_id_public) == (visit.by.user, NOW, visit.patient.public_id)


def test_every_shared_vial_of_several_is_confirmed_and_only_those(visit, begun):
    Vial.objects.filter(pk=begun.pk).update(units_given=Decimal(90))
    fresh = vial_of(visit)
    session = visit.complete(vials=[begun, fresh], units=("20",), shared_confirmed=True)
    uses = session.current_version.vial_uses.order_by("pk")
    assert [(use.vial_id, use.shared_confirmed) for use in uses] == [(begun.pk, True), (fresh.pk, False)]


def test_same_patient_s_earlier_treatment_asks_for_no_confirmation(visit):
    visit.complete()
    session = visit.complete(vials=[visit.vial])
    assert not session.current_version.vial_uses.get().shared_confirmed


def test_another_condition_of_the_patient_asks_for_no_confirmation(visit):
    visit.complete()
    visit.condition = ConditionFactory(patient=visit.patient, indication__code="BLEPH")
    assert visit.complete(vials=[visit.vial])


def test_confirmation_of_a_vial_that_nobody_else_had_is_not_kept(visit):
    assert not visit.complete(shared_confirmed=True).current_version.vial_uses.get().shared_confirmed


def test_treatment_that_was_voided_or_amended_to_another_vial_has_not_used_it(visit, begun):
    session = InjectionSession.objects.exclude(patient=visit.patient).get()
    session.current_version = SessionVersionFactory(session=session)
    session.save()
    assert visit.complete(vials=[begun])

    second = vial_of(visit)
    other = InjectionSessionFactory(patient=PatientFactory(clinic=visit.patient.clinic), vial=second)
    other.state = "VOID"
    other.save()
    assert visit.complete(vials=[second])
