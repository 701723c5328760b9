"""Where on the body: the views that pictures exist for, and which side of the patient a place in one is on. Pure.

A place is x and y in percent of its view's picture. The catalogue gives a sided point once, for the patient's right; on the
left it lies mirrored, in the same view or, where a view shows one side only, in that of the other side.
"""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum

RIGHT, LEFT, MIDLINE = "RIGHT", "LEFT", "MIDLINE"

#: How near the middle of a picture, in percent, a free point counts as one in the midline.
_NEAR_THE_MIDDLE = Decimal(2)


class View(StrEnum):
    """A view of the body, in the order in which a treatment shows them."""

    FACE_FRONT = "FACE_FRONT"
    FACE_RIGHT = "FACE_RIGHT"
    FACE_LEFT = "FACE_LEFT"
    HEAD_BACK = "HEAD_BACK"
    NECK_FRONT = "NECK_FRONT"
    AXILLAE = "AXILLAE"
    ARM_RIGHT = "ARM_RIGHT"
    ARM_LEFT = "ARM_LEFT"
    LEG_RIGHT = "LEG_RIGHT"
    LEG_LEFT = "LEG_LEFT"

    @property
    def only_side(self) -> str:
        """RIGHT or LEFT where the view shows that side of the patient alone, else nothing."""
        return RIGHT if self in _OTHER_SIDE else LEFT if self in _OTHER_SIDE.values() else ""

    @property
    def from_behind(self) -> bool:
        """Whether the patient's right is on the right of the picture."""
        return self is View.HEAD_BACK

    def on(self, side: str) -> View:
        """The view in which a point lies on `side`, if this is where the patient's right is seen."""
        return _OTHER_SIDE.get(self, self) if side == LEFT else self

    @property
    def mirrored(self) -> View:
        """The view in which a point of this one lies once its side is exchanged: its own, or that of the other side alone."""
        return _OTHER_SIDE.get(self, _FIRST_SIDE.get(self, self))

    def side_at(self, x: Decimal) -> str:
        """RIGHT, LEFT or MIDLINE of the patient at `x`, in percent from the left of the picture."""
        if self.only_side:
            return self.only_side
        if abs(x - 50) < _NEAR_THE_MIDDLE:
            return MIDLINE
        return RIGHT if (x < 50) != self.from_behind else LEFT


_OTHER_SIDE = {View.FACE_RIGHT: View.FACE_LEFT, View.ARM_RIGHT: View.ARM_LEFT, View.LEG_RIGHT: View.LEG_LEFT}
_FIRST_SIDE = {left: right for right, left in _OTHER_SIDE.items()}
