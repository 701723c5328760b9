"""From the outlines of a drawing, as SVG writes them, to strokes of a pen. Pure.

Only what the drawings of this project use is understood: an unknown command raises ValueError instead of drawing something else.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from math import acos, ceil, cos, pi, radians, sin, sqrt, tan
from typing import Literal, NamedTuple

_WORDS = re.compile(r"[A-Za-z]|[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?")
_TAKES = {"M": 2, "L": 2, "H": 1, "V": 1, "C": 6, "A": 7, "Z": 0}
#: How far the handles of a curve stand off to make a quarter of a circle.
_ROUND = 0.5523


class Place(NamedTuple):
    """A place on the picture."""

    x: float
    y: float


class Stroke(NamedTuple):
    """Move the pen, draw a line, draw a curve (two handles and its end), or close the outline."""

    kind: Literal["MOVE", "LINE", "CURVE", "CLOSE"]
    places: tuple[Place, ...] = ()


@dataclass(frozen=True, slots=True)
class Frame:
    """From a drawing's own units to those of the picture: scaled, moved, and perhaps mirrored on the picture's middle."""

    scale_x: float = 1.0
    scale_y: float = 1.0
    left: float = 0.0
    top: float = 0.0
    mirrored_in: float | None = None

    def place(self, place: Place) -> Place:
        x, y = (place.x - self.left) * self.scale_x, (place.y - self.top) * self.scale_y
        return Place(x if self.mirrored_in is None else self.mirrored_in - x, y)


@dataclass(frozen=True, slots=True)
class Outline:
    """One outline; `look` is the name by which a style sheet knows it, such as "face-line"."""

    look: str
    strokes: tuple[Stroke, ...]

    def framed(self, frame: Frame) -> Outline:
        return Outline(
            self.look, tuple(Stroke(one.kind, tuple(frame.place(place) for place in one.places)) for one in self.strokes)
        )


def circle(x: float, y: float, radius: float) -> tuple[Stroke, ...]:
    """A circle as four curves."""
    r, k = radius, radius * _ROUND
    corners = [
        ((r, k), (k, r), (0.0, r)),
        ((-k, r), (-r, k), (-r, 0.0)),
        ((-r, -k), (-k, -r), (0.0, -r)),
        ((k, -r), (r, -k), (r, 0.0)),
    ]
    curves = [Stroke("CURVE", tuple(Place(x + dx, y + dy) for dx, dy in corner)) for corner in corners]
    return (Stroke("MOVE", (Place(x + r, y),)), *curves, Stroke("CLOSE"))


def strokes_of(data: str) -> tuple[Stroke, ...]:
    """The strokes of a path's `d`. Raises ValueError for a command that no drawing of ours uses, and for one cut short."""
    return tuple(_strokes(data))


def _strokes(data: str) -> Iterator[Stroke]:
    at = start = Place(0.0, 0.0)
    for command, numbers in _commands(data):
        upper = command.upper()
        base = Place(0.0, 0.0) if command.isupper() else at
        if upper == "Z":
            at = start
            yield Stroke("CLOSE")
        elif upper == "A":
            end = Place(base.x + numbers[5], base.y + numbers[6])
            yield from _arc(at, numbers, end)
            at = end
        elif upper == "C":
            places = tuple(Place(base.x + x, base.y + y) for x, y in zip(numbers[::2], numbers[1::2], strict=True))
            at = places[-1]
            yield Stroke("CURVE", places)
        else:
            at = _end(upper, numbers, base, at)
            if upper == "M":
                start = at
            yield Stroke("MOVE" if upper == "M" else "LINE", (at,))


def _end(upper: str, numbers: list[float], base: Place, at: Place) -> Place:
    if upper == "H":
        return Place(base.x + numbers[0], at.y)
    if upper == "V":
        return Place(at.x, base.y + numbers[0])
    return Place(base.x + numbers[0], base.y + numbers[1])


def _commands(data: str) -> Iterator[tuple[str, list[float]]]:
    """Each command with its numbers; one that is not repeated holds for the numbers that follow."""
    words = _WORDS.findall(data)
    at, command = 0, ""
    while at < len(words):
        if words[at].isalpha():
            command, at = words[at], at + 1
        elif command.upper() == "M":
            command = "L" if command == "M" else "l"
        takes = _TAKES.get(command.upper())
        if takes is None or (takes == 0 and at < len(words) and not words[at].isalpha()):
            raise ValueError(f"no stroke for {command!r}")
        numbers = [float(word) for word in words[at : at + takes] if not word.isalpha()]
        if len(numbers) != takes:
            raise ValueError(f"{command!r} is cut short")
        yield command, numbers
        at += takes


def _arc(at: Place, numbers: list[float], end: Place) -> Iterator[Stroke]:
    """An elliptic arc as curves of at most a quarter turn each (SVG 1.1, appendix F.6)."""
    rx, ry, turn, is_large, is_clockwise = abs(numbers[0]), abs(numbers[1]), radians(numbers[2]), numbers[3], numbers[4]
    cos_t, sin_t = cos(turn), sin(turn)
    dx, dy = (at.x - end.x) / 2, (at.y - end.y) / 2
    x, y = cos_t * dx + sin_t * dy, -sin_t * dx + cos_t * dy
    if not rx or not ry or (not x and not y):
        yield Stroke("LINE", (end,))
        return
    if (stretch := (x / rx) ** 2 + (y / ry) ** 2) > 1:
        rx, ry = rx * sqrt(stretch), ry * sqrt(stretch)
    root = sqrt(max(0.0, (rx * ry) ** 2 / ((rx * y) ** 2 + (ry * x) ** 2) - 1))
    sign = -1 if bool(is_large) == bool(is_clockwise) else 1
    cx, cy = sign * root * rx * y / ry, -sign * root * ry * x / rx
    first = _angle((x - cx) / rx, (y - cy) / ry)
    sweep = _angle((-x - cx) / rx, (-y - cy) / ry) - first
    sweep += 2 * pi if is_clockwise and sweep < 0 else -2 * pi if not is_clockwise and sweep > 0 else 0
    middle = Place(cos_t * cx - sin_t * cy + (at.x + end.x) / 2, sin_t * cx + cos_t * cy + (at.y + end.y) / 2)

    def placed(u: float, v: float) -> Place:
        return Place(middle.x + cos_t * rx * u - sin_t * ry * v, middle.y + sin_t * rx * u + cos_t * ry * v)

    parts = max(1, ceil(abs(sweep) / (pi / 2) - 1e-9))
    for one, other in pairwise(first + sweep * part / parts for part in range(parts + 1)):
        k = 4 / 3 * tan((other - one) / 4)
        yield Stroke(
            "CURVE",
            (
                placed(cos(one) - k * sin(one), sin(one) + k * cos(one)),
                placed(cos(other) + k * sin(other), sin(other) - k * cos(other)),
                placed(cos(other), sin(other)),
            ),
        )


def _angle(u: float, v: float) -> float:
    length = sqrt(u * u + v * v)
    angle = acos(max(-1.0, min(1.0, u / length)))
    return angle if v >= 0 else -angle
