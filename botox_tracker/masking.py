"""Keeps the tokens of patients' links out of the log."""

import logging
import re

# Everything after the portal's first path segment is a secret of one patient.
PATIENT_PATH = re.compile(r"(/p/)[^/\s?\"']+")


class MaskPatientLinks(logging.Filter):
    """Replaces the token in any patient link that a log line mentions."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Rewrite the line where needed; never drop it."""
        message = record.getMessage()
        masked = PATIENT_PATH.sub(r"\1…", message)
        if masked != message:
            record.msg, record.args = masked, None
        return True
