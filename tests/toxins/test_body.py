"""Views of the body, and which side of the patient a place in one is on."""

from decimal import Decimal

import pytest

from clinic.toxins.body import View


@pytest.mark.parametrize(
    ("view", "x", "side"),
    [
        ("FACE_FRONT", "30", "RIGHT"),
        ("FACE_FRONT", "70", "LEFT"),
        ("FACE_FRONT", "48.01", "MIDLINE"),
        ("FACE_FRONT", "48", "RIGHT"),
        ("FACE_FRONT", "52", "LEFT"),
        ("HEAD_BACK", "30", "LEFT"),
        ("HEAD_BACK", "70", "RIGHT"),
        ("HEAD_BACK", "50", "MIDLINE"),
        ("FACE_RIGHT", "70", "RIGHT"),
        ("FACE_LEFT", "50", "LEFT"),
        ("ARM_LEFT", "10", "LEFT"),
        ("LEG_RIGHT", "90", "RIGHT"),
    ],
)
def test_side_of_a_place_is_the_patient_s(view, x, side):
    assert View(view).side_at(Decimal(x)) == side


@pytest.mark.parametrize(
    ("view", "left"),
    [
        ("FACE_RIGHT", "FACE_LEFT"),
        ("ARM_RIGHT", "ARM_LEFT"),
        ("LEG_RIGHT", "LEG_LEFT"),
        ("HEAD_BACK", "HEAD_BACK"),
        ("FACE_FRONT", "FACE_FRONT"),
    ],
)
def test_left_point_lies_in_the_view_of_the_left(view, left):
    assert View(view).on("LEFT") == left
    assert View(view).on("RIGHT") == view
    assert View(view).on("MIDLINE") == view
