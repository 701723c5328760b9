"""What Django's fields and forms ask of typed text, in words for the person who typed it."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from clinic.patients.names import Flaw, flaw_of

_REFUSALS = {
    Flaw.LINE_BREAK: _("This must be a single line: take out the line break."),
    Flaw.CONTROL: _("This holds an invisible control character. Type it again instead of pasting it."),
    Flaw.DIRECTION: _("This holds an invisible mark that turns the direction of writing. Type it again instead of pasting it."),
    Flaw.UNREADABLE: _("This holds a character that cannot be read. Type it again instead of pasting it."),
}
_CONTROL_IN_A_TEXT = {**_REFUSALS, Flaw.LINE_BREAK: _REFUSALS[Flaw.CONTROL]}


def validate_line(value: str) -> None:
    """Raise ValidationError unless `value` is one line of readable text."""
    if flaw := flaw_of(value):
        raise ValidationError(_REFUSALS[flaw], code=flaw.lower())


def validate_text(value: str) -> None:
    """Raise ValidationError unless `value` is readable text, of any number of lines."""
    if flaw := flaw_of(value, several_lines=True):
        raise ValidationError(_CONTROL_IN_A_TEXT[flaw], code=flaw.lower())
