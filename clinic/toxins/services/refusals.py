"""How a change of the stock is refused."""

from __future__ import annotations


class VialRefused(Exception):
    """A vial or lot cannot be changed like this. `field` names what to correct; `message` is fit for a person."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field
        self.message = message
