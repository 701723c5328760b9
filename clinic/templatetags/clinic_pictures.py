"""Template tags for the pictures of clinic.staff.pictures: window bar and axis, status pills, body maps.

The two that stand in every row of a list build their few tags of SVG here: a template each would cost more than the
rest of the row.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from functools import lru_cache
from typing import Any

from django import template
from django.utils.html import escape, format_html, format_html_join
from django.utils.safestring import SafeString

from clinic.staff.pictures import window_bar as bars
from clinic.staff.pictures.body_map import BodyMap
from clinic.staff.pictures.stage_pill import Look, Shape, stage_look, state_look

register = template.Library()

ROW = 52
"""Height of a bar's picture, about that of a row."""
REACH = 60
"""How far the lines of months and of today reach out of the picture; cut off by the cell, they run through all rows."""
MIDDLE = ROW / 2
THICK = 14
"""Height of the window on the bar."""
_EMPTY = SafeString("")


@register.simple_tag
def stage_pill(stage: str, text: object = "") -> SafeString:
    """The pill of a follow-up's stage, with `text` ("9 days over") or else the stage's own word."""
    look, word = stage_look(str(stage))
    # Shape and colour tell the stage to whoever sees them; the word does to everybody else.
    hidden = format_html('<span class="visually-hidden">{}: </span>', word) if text else _EMPTY
    return _pill(look, format_html("{}{}", hidden, text or word))


@register.simple_tag
def state_pill(kind: str, state: str, text: object) -> SafeString:
    """The pill of the state of a letter, side-effect, appointment, treatment, lot, vial or patient; `text` is its word."""
    return _pill(state_look(kind, str(state)), format_html("{}", text))


@register.simple_tag
def shape(name: str) -> SafeString:
    """One of the shapes of the pills alone, such as "check" or "up"."""
    return _shape(Shape[name.upper()])


@register.simple_tag
def window_axis(axis: bars.Axis) -> SafeString:
    """The months above a column of window bars, and the line of today."""
    months = axis.months()
    starts = [axis.x(first) for first in months]
    ends = [*starts[1:], bars.WIDTH]
    sparse = any(end - start < bars.MONTH_LABEL_ROOM for start, end in zip(starts[1:], ends[1:], strict=True))
    named = [
        (start + 3, bars.month_name(first))
        for index, (first, start) in enumerate(zip(months, starts, strict=True))
        if not (sparse and index % 2)
    ]
    today = _EMPTY
    if axis.from_on <= axis.as_of < axis.until_on:
        x = axis.x(axis.as_of)
        anchor = "start" if x < bars.WIDTH / 2 else "end"
        today = format_html(
            '<line class="bar-today" x1="{0}" x2="{0}" y1="13" y2="31"/>'
            '<text class="bar-today-text" x="{1}" y="10" text-anchor="{2}">{3}</text>',
            x,
            max(min(x + (-4 if anchor == "start" else 4), bars.WIDTH), 0),
            anchor,
            bars.today_label(axis.as_of),
        )
    return format_html(
        '<svg class="bar-axis" width="{0}" height="30" viewBox="0 0 {0} 30" aria-hidden="true">{1}{2}{3}</svg>',
        int(bars.WIDTH),
        format_html_join("", '<line class="bar-month" x1="{0}" x2="{0}" y1="20" y2="30"/>', ((x,) for x in starts)),
        format_html_join("", '<text class="bar-month-text" x="{}" y="28">{}</text>', named),
        today,
    )


@register.simple_tag
def window_bar(facts: bars.WindowFacts, axis: bars.Axis) -> SafeString:
    """One follow-up on the axis, with its facts in words as the picture's name."""
    # Put together from numbers of our own, fifty times a page: only the words are escaped.
    return SafeString(
        f'<svg class="bar" role="img" aria-label="{escape(bars.describe(facts, axis.as_of))}"'
        f' width="{bars.WIDTH:g}" height="{ROW}" viewBox="0 0 {bars.WIDTH:g} {ROW}">'
        f"{_grid(axis)}{_drawn(bars.lay_out(facts, axis))}</svg>"
        f'<span class="bar-caption" aria-hidden="true">{escape(bars.caption(facts, axis.as_of))}</span>'
    )


@register.simple_tag
def window_text(facts: bars.WindowFacts, as_of: date) -> str:
    """The follow-up's window in words."""
    return bars.describe(facts, as_of)


@register.inclusion_tag("components/body-maps.html")
def body_maps(maps: Sequence[BodyMap], small: bool = False, name: str = "") -> dict[str, Any]:
    """The maps of a treatment, one a view; `small` leaves out the key and shows them at half the width.

    `name` tells apart the addresses of the views where a page shows more than one treatment.
    """
    points = [point for map_ in maps for point in map_.points]
    is_recording = any(map_.selectable for map_ in maps)
    return {
        "maps": maps,
        "small": small,
        "name": name,
        "several": len(maps) > 1,
        "is_recording": is_recording,
        "any_avoided": any(point.avoided for point in points),
        "any_free": any(point.is_free for point in points),
        "may_be_free": is_recording,
        "any_previous": is_recording and any(point.previous for point in points),
    }


@register.inclusion_tag("components/window-legend.html")
def window_legend() -> dict[str, Any]:
    """What the signs on a window bar mean."""
    return {}


@lru_cache(maxsize=16)
def _grid(axis: bars.Axis) -> str:
    return "".join(
        f'<line class="bar-month" x1="{axis.x(first)}" x2="{axis.x(first)}" y1="-{REACH}" y2="{ROW + REACH}"/>'
        for first in axis.months()
        if first > axis.from_on
    )


def _drawn(bar: bars.Bar) -> str:
    """The parts of a bar from the back to the front."""
    parts = [
        _line("bar-lead", bar.lead),
        _box("bar-window", bar.window, 7),
        _box("bar-suggested", bar.suggested, 3),
        _line("bar-late", bar.late),
    ]
    if bar.treated is not None:
        parts.append(f'<circle class="bar-treated" cx="{bar.treated}" cy="{MIDDLE:g}" r="4"/>')
    if bar.worn_off is not None:
        parts.append(f'<path class="bar-worn-off" d="M{bar.worn_off} 9v8m-3-3l3 3 3-3"/>')
    parts += [f'<line class="bar-letter" x1="{x}" x2="{x}" y1="36" y2="43"/>' for x in bar.letters]
    if bar.today is not None:
        parts.append(f'<line class="bar-today" x1="{bar.today}" x2="{bar.today}" y1="-{REACH}" y2="{ROW + REACH}"/>')
    if bar.appointment is not None:
        parts.append(f'<path class="bar-booked" d="M{bar.appointment} {MIDDLE - 7.5}l7.5 7.5-7.5 7.5-7.5-7.5z"/>')
    if bar.earlier:
        parts.append(f'<path class="bar-beyond" d="M6 {MIDDLE - 4:g}l-4.5 4 4.5 4"/>')
    if bar.later:
        parts.append(f'<path class="bar-beyond" d="M{bars.WIDTH - 6:g} {MIDDLE - 4:g}l4.5 4-4.5 4"/>')
    return "".join(parts)


def _line(name: str, span: bars.Span | None) -> str:
    if span is None:
        return ""
    end = round(span.x + span.width, 1)
    return f'<line class="{name}" x1="{span.x}" x2="{end}" y1="{MIDDLE:g}" y2="{MIDDLE:g}"/>'


def _box(name: str, span: bars.Span | None, radius: int) -> str:
    if span is None:
        return ""
    top, round_by = MIDDLE - THICK / 2, min(radius, span.width / 2)
    return f'<rect class="{name}" x="{span.x}" y="{top:g}" width="{span.width}" height="{THICK}" rx="{round_by:g}"/>'


def _pill(look: Look, text: SafeString) -> SafeString:
    return format_html('<span class="pill pill-{}">{}<span>{}</span></span>', look.colour, _shape(look.shape), text)


def _shape(which: Shape) -> SafeString:
    path, filled = which.value
    return format_html(
        '<svg class="shape{}" viewBox="0 0 12 12" aria-hidden="true"><path d="{}"/></svg>', "" if filled else " shape-line", path
    )
