"""The locks pin what pip will ask for: with --require-hashes it refuses an extra that is pinned only without its name."""

import re
from importlib import metadata
from pathlib import Path

import pytest
from django.conf import settings

LOCKS = ("requirements.txt", "requirements-demo.txt", "requirements-dev.txt")
_PINNED = re.compile(r"^([\w.-]+)(?:\[([\w,.-]+)\])?==", re.MULTILINE)
_WANTED = re.compile(r"^([\w.-]+)\s*\[([\w,.\s-]+)\](?!.*extra\s*==)")


def pinned(lock):
    """Name to extras, as the lock has them."""
    found = _PINNED.findall((Path(settings.BASE_DIR) / lock).read_text())
    return {name.lower(): set(extras.split(",")) - {""} for name, extras in found}


@pytest.mark.parametrize("lock", LOCKS)
def test_an_extra_that_a_package_asks_for_is_pinned_with_its_name(lock):
    """Else a newer release of it breaks every fresh installation from one day to the next."""
    pins = pinned(lock)
    assert len(pins) > 20
    missing = []
    for name in pins:
        try:
            wanted = metadata.requires(name) or []
        except metadata.PackageNotFoundError:
            continue  # meant for another platform
        for match in filter(None, map(_WANTED.match, wanted)):
            other, extras = match[1].lower(), {extra.strip() for extra in match[2].split(",")}
            if other in pins and not extras <= pins[other]:
                missing.append(f"{name} asks for {match[0]}")
    assert missing == []
