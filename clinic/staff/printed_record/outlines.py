"""The drawings of the body as strokes: the same files that the screen shows, read once."""

from __future__ import annotations

from functools import lru_cache
from html.parser import HTMLParser

from django.template.loader import render_to_string

from clinic.staff.pictures.drawings import drawing
from clinic.staff.printed_record.sheet import MAP_WIDTH
from clinic.staff.printed_record.strokes import Frame, Outline, circle, strokes_of
from clinic.toxins.body import View

_PLAIN = Frame()


@lru_cache(maxsize=len(View))
def outlines_of(view: View) -> tuple[Outline, ...]:
    """Every outline of the view's picture, the ground first, in the map's own units."""
    return tuple(
        outline.framed(Frame(mirrored_in=MAP_WIDTH)) if layer.mirrored else outline
        for layer in drawing(view)
        for outline in _outlines(layer.template)
    )


@lru_cache(maxsize=32)
def _outlines(template: str) -> tuple[Outline, ...]:
    reader = _Reader()
    reader.feed(render_to_string(template))
    reader.close()
    return tuple(reader.found)


class _Reader(HTMLParser):
    """Reads the elements of one drawing: paths, circles, and a picture inside the picture. Any other raises ValueError."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[Outline] = []
        self._frame = _PLAIN

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "svg":
            left, top, width, height = map(float, given["viewbox"].split())
            self._frame = Frame(float(given["width"]) / width, float(given["height"]) / height, left, top)
            return
        if tag == "path":
            strokes = strokes_of(given["d"])
        elif tag == "circle":
            strokes = circle(float(given["cx"]), float(given["cy"]), float(given["r"]))
        else:
            raise ValueError(f"no outline for <{tag}>")
        self.found.append(Outline(given["class"], strokes).framed(self._frame))

    def handle_endtag(self, tag: str) -> None:
        if tag == "svg":
            self._frame = _PLAIN
