"""The drawings of the body, made for this project: what each view is called, and the files of lines it is made of."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from clinic.toxins.body import View

VIEW_TITLES: dict[View, Promise] = {
    View.FACE_FRONT: _("Face from the front"),
    View.FACE_RIGHT: _("Head from the patient’s right"),
    View.FACE_LEFT: _("Head from the patient’s left"),
    View.HEAD_BACK: _("Head and neck from behind"),
    View.NECK_FRONT: _("Neck from the front"),
    View.AXILLAE: _("Axillae"),
    View.ARM_RIGHT: _("The patient’s right arm, palm forward"),
    View.ARM_LEFT: _("The patient’s left arm, palm forward"),
    View.LEG_RIGHT: _("The patient’s right lower leg from behind"),
    View.LEG_LEFT: _("The patient’s left lower leg from behind"),
}

#: By view: the files it is drawn from, and whether they hold one half of a picture whose other half is its mirror image.
_DRAWINGS: dict[View, tuple[tuple[str, ...], bool]] = {
    View.FACE_FRONT: (("face-front-ground", "face-front-features"), True),
    View.FACE_RIGHT: (("head-side",), False),
    View.HEAD_BACK: (("head-back",), True),
    View.NECK_FRONT: (("neck-front",), True),
    View.AXILLAE: (("axillae",), True),
    View.ARM_RIGHT: (("arm",), False),
    View.LEG_RIGHT: (("leg-back",), False),
}
_DRAWN_MIRRORED = {View.FACE_LEFT: View.FACE_RIGHT, View.ARM_LEFT: View.ARM_RIGHT, View.LEG_LEFT: View.LEG_RIGHT}


@dataclass(frozen=True, slots=True)
class Layer:
    """One file of lines, drawn as it is or as its mirror image."""

    template: str
    mirrored: bool


def drawing(view: View) -> tuple[Layer, ...]:
    """What the view's picture is made of, the ground first."""
    is_mirrored = view in _DRAWN_MIRRORED
    names, is_half = _DRAWINGS[_DRAWN_MIRRORED.get(view, view)]
    sides = (False, True) if is_half else (is_mirrored,)
    return tuple(Layer(f"components/maps/{name}.html", mirrored) for name in names for mirrored in sides)
