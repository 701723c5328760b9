"""A body map on paper: lines and greys for the picture, black for the doses, a shape for each kind of point. Pure."""

from __future__ import annotations

from typing import Any

from reportlab.pdfbase.pdfmetrics import stringWidth
from reportlab.platypus import Flowable

from clinic.staff.printed_record.sheet import MAP_HEIGHT, MAP_WIDTH, Figure, Mark, Sign
from clinic.staff.printed_record.strokes import Outline
from clinic.staff.printed_record.typeface import BOLD, PLAIN, Typesetter

TITLE_SIZE, SIDE_SIZE, DOSE_SIZE = 9.5, 8.0, 16.5
"""Points of the paper; the dose's are units of the map, which is printed at about six tenths."""
DOT, DIAMOND = 5.6, 7.2
#: By look: the grey that fills an outline, the grey of its line (0 is black), and the line's width.
_LOOKS: dict[str, tuple[float | None, float | None, float]] = {
    "face-hair": (0.90, None, 0),
    "face-skin": (1.0, None, 0),
    "face-neck": (0.975, None, 0),
    "face-shade": (0.925, None, 0),
    "face-strand": (None, 0.75, 1.0),
    "face-line": (None, 0.45, 1.5),
    "face-thin": (None, 0.5, 1.2),
    "face-fine": (None, 0.68, 1.0),
    "face-brow": (0.6, None, 0),
    "face-eye": (1.0, 0.7, 0.6),
    "face-iris": (0.7, None, 0),
    "face-pupil": (0.35, None, 0),
    "face-glint": (1.0, None, 0),
    "face-lash": (0.45, None, 0),
    "face-nostril": (0.5, None, 0),
    "face-lip": (0.9, None, 0),
    "body-muscle": (0.94, None, 0),
    "axilla-hair": (None, 0.7, 1.0),
}
LOOKS = frozenset(_LOOKS)


class MapFigure(Flowable):
    """One view with its doses, `width` points of the paper wide."""

    def __init__(self, figure: Figure, width: float, setter: Typesetter) -> None:
        super().__init__()
        self._figure, self._title = figure, setter.text(figure.title)
        self._sides = tuple(setter.text(side) for side in figure.sides)
        self._doses = [setter.text(mark.dose) for mark in figure.marks]
        self.width = width
        self._scale = width / MAP_WIDTH
        # The words over the sides have their place where there are none too, so that views beside each other stand alike.
        self._head = TITLE_SIZE + SIDE_SIZE + 8
        self.height = self._head + MAP_HEIGHT * self._scale

    def wrap(self, _width: float, _height: float) -> tuple[float, float]:
        return self.width, self.height

    def draw(self) -> None:
        canvas = self.canv
        canvas.setFillGray(0)
        canvas.setFont(BOLD, TITLE_SIZE)
        line = self.height - TITLE_SIZE - 4 - SIDE_SIZE
        canvas.drawCentredString(self.width / 2, self.height - TITLE_SIZE, self._title)
        if any(self._sides):
            canvas.setFont(PLAIN, SIDE_SIZE)
            canvas.drawString(0, line, self._sides[0])
            canvas.drawRightString(self.width, line, self._sides[1])
        canvas.saveState()
        # From here on in the map's own units, from the top left as a picture on a screen is.
        canvas.translate(0, MAP_HEIGHT * self._scale)
        canvas.scale(self._scale, -self._scale)
        canvas.setLineCap(1)
        canvas.setLineJoin(1)
        self._picture()
        for mark in self._figure.marks:
            canvas.setStrokeGray(0.45)
            canvas.setLineWidth(0.9)
            canvas.line(*mark.lead)
        for mark, dose in zip(self._figure.marks, self._doses, strict=True):
            draw_sign(canvas, mark.sign, mark.x, mark.y)
            self._dose(mark, dose)
        canvas.restoreState()

    def _picture(self) -> None:
        self.canv.saveState()
        frame = self.canv.beginPath()
        frame.rect(0, 0, MAP_WIDTH, MAP_HEIGHT)
        self.canv.clipPath(frame, stroke=0, fill=0)
        for outline in self._figure.outlines:
            _draw(self.canv, outline)
        self.canv.restoreState()

    def _dose(self, mark: Mark, dose: str) -> None:
        canvas = self.canv
        canvas.saveState()
        width = stringWidth(dose, BOLD, DOSE_SIZE)
        canvas.translate(mark.dose_x - (width if mark.ends_there else 0), mark.dose_y + DOSE_SIZE * 0.33)
        canvas.scale(1, -1)
        canvas.setFillGray(0)
        canvas.setFont(BOLD, DOSE_SIZE)
        canvas.drawString(0, 0, dose)
        canvas.restoreState()


class SignPicture(Flowable):
    """One sign by itself, for the key."""

    def __init__(self, sign: Sign) -> None:
        super().__init__()
        self._sign = sign
        self.width = self.height = 10.0

    def draw(self) -> None:
        self.canv.saveState()
        self.canv.translate(5, 5)
        self.canv.scale(0.6, -0.6)
        draw_sign(self.canv, self._sign, 0, 0)
        self.canv.restoreState()


def draw_sign(canvas: Any, sign: Sign, x: float, y: float) -> None:
    """A sign at a place, in the map's own units: full where nothing is held against the point, else open with a risk mark."""
    is_avoided = sign in (Sign.AVOIDED, Sign.FREE_AVOIDED)
    canvas.setFillGray(1 if is_avoided else 0)
    canvas.setStrokeGray(0 if is_avoided else 1)
    canvas.setLineWidth(1.8 if is_avoided else 1.0)
    if sign in (Sign.FREE, Sign.FREE_AVOIDED):
        path = canvas.beginPath()
        path.moveTo(x, y - DIAMOND)
        for dx, dy in ((DIAMOND, 0), (0, DIAMOND), (-DIAMOND, 0)):
            path.lineTo(x + dx, y + dy)
        path.close()
        canvas.drawPath(path, stroke=1, fill=1)
    else:
        canvas.circle(x, y, DOT + (1 if is_avoided else 0), stroke=1, fill=1)
    if is_avoided:
        canvas.line(x, y - 3.6, x, y + 0.6)
        canvas.line(x, y + 3.2, x, y + 3.4)


def _draw(canvas: Any, outline: Outline) -> None:
    # The last name wins, as in a style sheet whose later rules are the finer ones.
    fill, line, width = _LOOKS[outline.look.split()[-1]]
    path = canvas.beginPath()
    for kind, places in outline.strokes:
        if kind == "MOVE":
            path.moveTo(*places[0])
        elif kind == "LINE":
            path.lineTo(*places[0])
        elif kind == "CURVE":
            path.curveTo(*(number for place in places for number in place))
        else:
            path.close()
    if fill is not None:
        canvas.setFillGray(fill)
    if line is not None:
        canvas.setStrokeGray(line)
        canvas.setLineWidth(width)
    canvas.drawPath(path, stroke=line is not None, fill=fill is not None)
