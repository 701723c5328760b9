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


# -- what the walk through every form sends --------------------------------------------------------------------------------

#: Stands for a field that is not sent at all, and for one that is sent twice.
MISSING, TWICE = object(), object()
#: Stands for the id of the same kind of record at another clinic.
THEIRS = object()

STRINGS = {
    "empty": "",
    "spaces": "   ",
    "100 kB": "a" * 100_000,
    "NUL": "a\x00b",
    "C0": "a\x1b[31mb",
    "C1": "a\x9fb",
    "half a character": b"a\xed\xa0\xbdb",
    "direction override": "a\u202eb",
    "markup": "'\"><svg onload=1>",
    "template": "{{7*7}}",
    "format": "%s%n%(x)d{0}",
    "path": "../../etc",
    "formula": "=HYPERLINK(1)",
    "header injection": "a\r\nBcc: x@example.org",
    "SQL": "x'; DROP TABLE y;--",
    "missing": MISSING,
    "twice": TWICE,
}
NUMBERS = {
    "minus one": "-1",
    "zero": "0",
    "1e400": "1e400",
    "NaN": "NaN",
    "infinity": "Infinity",
    "10^30": "1" + "0" * 30,
    "0.001": "0.001",
    "1,000": "1,000",
    "Arabic digits": "\u0663",
    "400 digits": "9" * 400,
    "underscore": "1_0",
}
DATES = {
    "first day": "0001-01-01",
    "last day": "9999-12-31",
    "30 February": "2026-02-30",
    "slashes": "13/12/2026",
    "far future": "2199-01-01",
    "before birth": "1920-01-01",
    "garbage": "soon",
    "huge year": "99999999-01-01",
    "Arabic day": "\u0662\u0660\u0662\u0666-12-01",
}
TIMES = {
    "25 o'clock": "25:00",
    "midnight": "24:00",
    "no time": "noon",
    "first minute": "0001-01-01T00:00",
    "last": "9999-12-31T23:59",
}
IDS = {
    "another clinic's": THEIRS,
    "nobody's": "0b7a3ee2-55b1-4f1b-9c0e-8d3c6a1f2e4d",
    "an integer": "1",
    "not an id": "zz-zz",
    "braces": "{0b7a3ee2-55b1-4f1b-9c0e-8d3c6a1f2e4d}",
}
#: What each kind of field is given, by what it is.
CORPUS = {
    "line": STRINGS,
    "text": STRINGS,
    "number": STRINGS | NUMBERS,
    "date": STRINGS | DATES,
    "time": STRINGS | DATES | TIMES,
    "choice": STRINGS | IDS,
    "id": STRINGS | IDS,
    "tick": STRINGS,
}
#: How many of them each field is given at least.
EACH = 12


def cases(fields):
    """(where, field, what, value) for every (where, field, kind), in a rotation that leaves out no value of any kind."""
    begun = dict.fromkeys(CORPUS, 0)
    fields = list(fields)
    for where, field, kind in fields:
        values = list(CORPUS[kind].items())
        alike = sum(1 for _where, _field, other in fields if other == kind)
        many = min(len(values), max(EACH, -(-len(values) // alike)))
        for step in range(many):
            what, value = values[(begun[kind] + step) % len(values)]
            yield where, field, what, value
        begun[kind] += many
