"""What a lot is found by, whoever typed its number and however it was printed. Pure."""

from __future__ import annotations

#: What printers and people put between the characters of a lot number, and what therefore says nothing.
_SEPARATORS = frozenset(" -.‐‑–—_/\u00a0\u202f\t")


def lot_key(number: str) -> str:
    """Return the key of a lot number: upper case, without spaces, dashes, dots and the like.

    The number itself is kept exactly as printed; only the key is compared. Empty when nothing is left.
    """
    return "".join(character for character in number.upper() if character not in _SEPARATORS)
