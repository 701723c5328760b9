"""What a letter or a patient's page says of emergencies where a clinic has no text of its own in its reader's language."""

from __future__ import annotations

from django.utils import translation
from django.utils.translation import gettext as _


def standard_sentence(*, language: str, number: str) -> str:
    """Whom to call, in this language: the number, or the emergency services where a clinic names no number."""
    with translation.override(language):
        if number:
            return _("In an emergency call %(number)s.") % {"number": number}
        return _("In an emergency call the emergency services.")
