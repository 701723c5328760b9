"""Templates of points: kept from a signed treatment, named once, mirrored for the other side."""

from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction

from clinic.audit import Actor, AuditEvent
from clinic.toxins.body import View
from clinic.treatments.models import ProtocolTemplate, TemplatePoint
from clinic.treatments.services import TemplateRefused, fitted, keep_template, rename_template, retire_template, templates_for
from tests.factories import (
    NOW,
    ConditionFactory,
    IndicationFactory,
    InjectionSessionFactory,
    PractitionerFactory,
    ProtocolTemplateFactory,
    UserFactory,
)
from tests.hostile import hostile

pytestmark = pytest.mark.django_db

POINTS = (("ZYG_MAJ", "RIGHT", "2.5"), ("PROC", "MIDLINE", "5"), ("RIS", "LEFT", "1"))


@pytest.fixture
def user():
    return UserFactory()


@pytest.fixture
def by(user):
    return Actor.of_user(user)


def keep(by, session, name="Round the eye", practitioner=None):
    return keep_template(by=by, session=session, name=name, practitioner=practitioner, now=NOW)


def points_of(template):
    return [(one.site, one.side, one.units) for one in fitted(template, condition_side=template.side)]


def problem(refused):
    (one,) = refused.value.problems
    return one.field


def test_points_of_a_signed_treatment_are_kept_in_their_order_with_an_audit_row_that_names_no_patient(by):
    session = InjectionSessionFactory(points=POINTS)
    template = keep(by, session)
    assert points_of(template) == [(site, side, Decimal(units)) for site, side, units in POINTS]
    assert (template.product, template.indication, template.side) == (session.product, session.condition.indication, "RIGHT")
    event = AuditEvent.objects.get(what="ProtocolTemplate")
    assert (event.action, event.what_id, event.patient_id_public) == ("CREATED", template.public_id, None)


def test_a_template_holds_as_many_points_as_migraine_has_sites(by):
    points = [(f"MIG{number}", "RIGHT" if number % 2 else "LEFT", "3") for number in range(31)]
    template = keep(by, InjectionSessionFactory(points=points))
    assert template.points.count() == 31


def test_a_treatment_that_is_not_signed_is_not_kept(by):
    with pytest.raises(TemplateRefused):
        keep(by, InjectionSessionFactory(signed=False))
    assert not ProtocolTemplate.objects.exists()


def test_a_practitioner_of_another_clinic_gets_none(by):
    with pytest.raises(TemplateRefused) as refused:
        keep(by, InjectionSessionFactory(), practitioner=PractitionerFactory())
    assert problem(refused) == "owner"


def test_a_name_stands_once_for_the_clinic_and_once_for_each_practitioner(by):
    session = InjectionSessionFactory()
    mine = session.practitioner
    keep(by, session)
    keep(by, session, practitioner=mine)
    for owner in (None, mine):
        with pytest.raises(TemplateRefused) as refused:
            keep(by, session, name="ROUND the eye ", practitioner=owner)
        assert problem(refused) == "name"
    assert ProtocolTemplate.objects.count() == 2
    assert TemplatePoint.objects.count() == 2 * 3


@pytest.mark.parametrize("own", [True, False])
def test_the_database_itself_refuses_a_name_twice(own):
    one = ProtocolTemplateFactory()
    owner = PractitionerFactory(clinics=[one.clinic]) if own else None
    ProtocolTemplateFactory(clinic=one.clinic, name="Twice", practitioner=owner)
    with pytest.raises(IntegrityError), transaction.atomic():
        ProtocolTemplateFactory(clinic=one.clinic, name="twice", practitioner=owner)


def test_a_retired_template_is_offered_no_more_and_gives_its_name_free(by, user):
    session = InjectionSessionFactory()
    template = keep(by, session)
    retire_template(by=by, template=template, now=NOW)
    assert not templates_for(session.clinic, session.condition.indication, user=user).exists()
    assert keep(by, session).name == template.name
    for again in (
        lambda: retire_template(by=by, template=template, now=NOW),
        lambda: rename_template(by=by, template=template, name="Other", now=NOW),
    ):
        with pytest.raises(TemplateRefused):
            again()


def test_a_template_is_renamed_to_a_name_that_is_free(by):
    session = InjectionSessionFactory()
    template, other = keep(by, session), keep(by, session, name="Lower face")
    with pytest.raises(TemplateRefused) as refused:
        rename_template(by=by, template=other, name="round the eye", now=NOW)
    assert problem(refused) == "name"
    rename_template(by=by, template=template, name="Eye", now=NOW)
    template.refresh_from_db()
    assert template.name == "Eye"
    assert AuditEvent.objects.get(action="CHANGED").fields == ["name"]


@pytest.mark.parametrize(("field", "text"), hostile("name"))
def test_a_name_that_does_harm_is_refused(by, field, text):
    session = InjectionSessionFactory()
    with pytest.raises(TemplateRefused) as refused:
        keep(by, session, **{field: text})
    assert problem(refused) == "name"


def test_a_template_of_one_side_is_mirrored_for_a_condition_of_the_other(by):
    template = keep(by, InjectionSessionFactory(points=POINTS))
    kept, mirrored = fitted(template, condition_side="RIGHT"), fitted(template, condition_side="LEFT")
    assert [one.side for one in mirrored] == ["LEFT", "MIDLINE", "RIGHT"]
    assert [one.x for one in mirrored] == [100 - one.x for one in kept]
    assert [(one.site, one.units, one.y) for one in mirrored] == [(one.site, one.units, one.y) for one in kept]


FREE_POINTS = (
    ("Masseter", "FACE_RIGHT", "45.5", "RIGHT", "10"),
    ("Deep scar", "FACE_FRONT", "30.25", "RIGHT", "2.5"),
    ("Nape", "HEAD_BACK", "61", "RIGHT", "5"),
    ("Chin", "FACE_FRONT", "50", "MIDLINE", "2"),
)


def free_places(template, side):
    return [(one.name, one.view, one.x, one.side) for one in fitted(template, condition_side=side) if one.is_free]


def test_free_points_are_kept_with_their_names_and_places(by):
    template = keep(by, InjectionSessionFactory(points=POINTS, free_points=FREE_POINTS))
    assert free_places(template, "RIGHT") == [(name, view, Decimal(x), side) for name, view, x, side, _units in FREE_POINTS]
    assert [one.name for one in fitted(template, condition_side="RIGHT")][:2] == ["Zygomaticus major", "Muscle PROC"]


def test_free_points_are_mirrored_in_their_picture_or_into_that_of_the_other_side(by):
    template = keep(by, InjectionSessionFactory(points=POINTS, free_points=FREE_POINTS))
    assert free_places(template, "LEFT") == [
        ("Masseter", "FACE_LEFT", Decimal("54.5"), "LEFT"),
        ("Deep scar", "FACE_FRONT", Decimal("69.75"), "LEFT"),
        ("Nape", "HEAD_BACK", Decimal(39), "LEFT"),
        ("Chin", "FACE_FRONT", Decimal(50), "MIDLINE"),
    ]


def test_a_place_is_on_the_side_it_is_said_to_be_once_it_is_mirrored(by):
    template = keep(by, InjectionSessionFactory(points=POINTS, free_points=FREE_POINTS))
    for one in fitted(template, condition_side="LEFT"):
        assert View(one.view).side_at(one.x) == one.side or not one.is_free


def test_mirrored_twice_is_as_it_was():
    assert all(view.mirrored.mirrored is view for view in View)
    assert {view for view in View if view.mirrored is not view} == {view for view in View if view.only_side}


@pytest.mark.parametrize("side", ["BOTH", "NONE"])
def test_it_is_taken_as_it_is_where_the_condition_has_no_one_side(by, side):
    template = keep(by, InjectionSessionFactory(points=POINTS))
    assert [one.side for one in fitted(template, condition_side=side)] == ["RIGHT", "MIDLINE", "LEFT"]


def test_templates_are_those_of_the_clinic_and_one_s_own_for_the_indication(user):
    ours = ProtocolTemplateFactory(name="ours")
    clinic = ours.clinic
    own = ProtocolTemplateFactory(clinic=clinic, name="own", practitioner=PractitionerFactory(user=user, clinics=[clinic]))
    ProtocolTemplateFactory(clinic=clinic, name="a colleague's", practitioner=PractitionerFactory(clinics=[clinic]))
    ProtocolTemplateFactory(name="another clinic's")
    other = IndicationFactory(code="BLEPH", name="Blepharospasm")
    ProtocolTemplateFactory(clinic=clinic, name="another indication's", indication=other)
    assert list(templates_for(clinic, ours.indication, user=user)) == [ours, own]
    found = templates_for(clinic, ours.indication, user=user).get(name="ours")
    assert (found.point_count, found.units) == (3, Decimal("6.25"))


def test_a_template_follows_no_later_change_of_the_treatment(by):
    session = InjectionSessionFactory(condition=ConditionFactory(side="LEFT"), points=(("ZYG_MAJ", "LEFT", "1"),))
    template = keep(by, session)
    session.state = "VOID"
    session.save()
    assert points_of(template) == [("ZYG_MAJ", "LEFT", Decimal(1))]
