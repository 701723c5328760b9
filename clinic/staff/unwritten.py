"""A treatment that the database did not take: locked, restarting or out of room.

Nothing was written, and signing once more in a moment is what helps: the page answers 503, filled in as it was sent.
"""

from __future__ import annotations

import logging

UNWRITTEN = 503

logger = logging.getLogger(__name__)


def log_unwritten() -> None:
    """Note the fault being handled, with its trace and without a word of what was typed."""
    logger.exception("A treatment could not be written.")
