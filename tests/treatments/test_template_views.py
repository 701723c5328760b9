"""Templates that were kept before the picture of each point was: the migration fills in what is known, and guesses nothing."""

import importlib
from pathlib import Path

import pytest
from django.apps import apps

import clinic.migrations
from clinic.treatments.models import TemplatePoint
from tests.factories import ClinicFactory, ConditionFactory, InjectionSessionFactory, ProtocolTemplateFactory, SiteFactory

pytestmark = pytest.mark.django_db

MASSETER = ("Masseter", "NECK_FRONT", "45", "RIGHT", "10")


@pytest.fixture
def migrate():
    """Take the pictures away and put in what the migration knows of them."""
    (file,) = Path(clinic.migrations.__file__).parent.glob("*_templates_views.py")
    migration = importlib.import_module(f"clinic.migrations.{file.stem}")

    def run():
        TemplatePoint.objects.update(view="")
        migration.say_on_which_picture(apps, None)

    return run


def views():
    return list(TemplatePoint.objects.order_by("order").values_list("view", flat=True))


def treated(practice, **options):
    return InjectionSessionFactory(condition=ConditionFactory(patient__clinic=practice), **options)


def test_a_point_of_the_catalogue_lies_in_the_picture_of_its_side(migrate):
    SiteFactory(code="TEMP_ANT", view="FACE_RIGHT")
    points = [("ZYG_MAJ", "LEFT", "1"), ("TEMP_ANT", "RIGHT", "5"), ("TEMP_ANT", "LEFT", "5")]
    ProtocolTemplateFactory(points=points)
    migrate()
    assert views() == ["FACE_FRONT", "FACE_RIGHT", "FACE_LEFT"]


def test_a_free_point_lies_where_the_clinic_s_treatment_had_it(migrate):
    practice = ClinicFactory()
    ProtocolTemplateFactory(clinic=practice, points=(), free_points=[MASSETER])
    treated(practice, free_points=[MASSETER])
    migrate()
    assert views() == ["NECK_FRONT"]


def test_nothing_is_guessed_where_it_lay_in_two_pictures_or_at_another_clinic(migrate):
    practice, other = ClinicFactory(), ClinicFactory()
    in_another_picture = ("Masseter", "FACE_FRONT", *MASSETER[2:])
    treated(practice, free_points=[MASSETER])
    treated(practice, free_points=[in_another_picture])
    ProtocolTemplateFactory(clinic=practice, points=(), free_points=[MASSETER])
    migrate()
    assert views() == [""]
    TemplatePoint.objects.update(template=ProtocolTemplateFactory(clinic=other, points=()))
    migrate()
    assert views() == [""]
