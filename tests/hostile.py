"""Text that must never get past a form or a service, for tests of both."""

import pytest

LONG = 1_000_000

#: What does harm in a header, a list, a search or a label, by what it is.
HOSTILE = {
    "NUL": "a\x00b",
    "header injection": "a\r\nBcc: thief@example.org",
    "terminal escape": "a\x1b[31mb",
    "C1 control": "a\x9fb",
    "direction override": "a\u202eb",
    "right-to-left mark": "a\u200fb",
    "not a character": "a\uffffb",
    "a megabyte": "a" * LONG,
    "a megabyte of accents": "e" + "\u0301" * LONG,
}


def hostile(*fields, several_lines=False):
    """Parameters (field, text): each of these fields with each hostile text. Fields of several lines take line breaks."""
    return [
        pytest.param(field, text, id=f"{field}: {name}")
        for field in fields
        for name, text in HOSTILE.items()
        if not (several_lines and "\n" in text)
    ]
