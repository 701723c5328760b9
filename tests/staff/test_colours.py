"""The colours can be read: contrast in both themes, as WCAG 2.2 AA asks for."""

import re
from itertools import product
from pathlib import Path

import pytest
from django.conf import settings

THEME = (Path(settings.BASE_DIR) / "static/css/theme.css").read_text()
LIGHT_PART, DARK_PART = THEME.split("@media screen and (prefers-color-scheme: dark)")

TEXT = ["ink", "muted", "accent", "accent-strong", "wait", "open", "closing", "overdue", "booked", "hold"]
GROUNDS = ["bg", "surface", "raised", "weak", "weak-soft"]
NOTICES = ["good-soft", "warn-soft", "bad-soft", "info-soft"]


def colours(part):
    return dict(re.findall(r"--([\w-]+):\s*(#[0-9a-f]{3,6});", part.split("@media")[0]))


THEMES = {"light": colours(LIGHT_PART), "dark": {**colours(LIGHT_PART), **colours(DARK_PART)}}


def luminance(colour):
    digits = colour[1:] if len(colour) == 7 else "".join(2 * digit for digit in colour[1:])
    channels = [int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return sum(weight * c for weight, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(one, other):
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def test_contrast_is_measured_as_the_standard_does():
    assert contrast("#000000", "#fff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize(("text", "ground"), [*product(TEXT, GROUNDS)])
def test_text_can_be_read_on_every_ground(theme, text, ground):
    assert contrast(THEMES[theme][text], THEMES[theme][ground]) >= 4.5


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize(("text", "ground"), [*product(["ink", "muted", "accent"], NOTICES)])
def test_text_can_be_read_in_a_notice(theme, text, ground):
    assert contrast(THEMES[theme][text], THEMES[theme][ground]) >= 4.5


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("button", ["accent", "accent-strong"])
def test_text_can_be_read_on_the_main_button(theme, button):
    assert contrast(THEMES[theme]["accent-ink"], THEMES[theme][button]) >= 4.5


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize(
    ("edge", "ground"), [*product(["edge"], ["bg", "surface", "raised"]), ("mid", "surface"), ("mid", "skin")]
)
def test_edges_of_fields_windows_and_points_can_be_seen(theme, edge, ground):
    assert contrast(THEMES[theme][edge], THEMES[theme][ground]) >= 3


@pytest.mark.parametrize("sheet", sorted(path.name for path in (Path(settings.BASE_DIR) / "static/css").glob("*.css")))
def test_colours_are_named_in_the_theme_alone(sheet):
    """What another sheet writes out itself would not turn dark. Pictures inside a url() cannot use names."""
    if sheet == "theme.css":
        return
    text = re.sub(r"url\(.*?\)\s*;", "", (Path(settings.BASE_DIR) / "static/css" / sheet).read_text())
    assert set(re.findall(r"#[0-9a-fA-F]{3,8}\b", text)) <= {"#fff"}
