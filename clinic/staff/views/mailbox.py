"""The demonstration's mailbox: every letter that its mail server caught, as a patient would see it.

Mounted only where settings.DEMO is on: elsewhere letters go to patients and are kept nowhere.
"""

import email
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import default as modern
from pathlib import Path

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from clinic.practice.roles import Permission
from clinic.staff.pages import StaffPage

NEWEST = 100
# A letter is a stranger's document: it may show itself and be clicked, nothing else.
LETTER_POLICY = (
    "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:"
)


@dataclass(frozen=True)
class CaughtLetter:
    """One letter in the mailbox."""

    name: str
    arrived_at: datetime
    message: EmailMessage

    @classmethod
    def read(cls, path: Path) -> "CaughtLetter":
        """Parse the file that the catching mail server wrote; its name begins with the microsecond of arrival."""
        arrived_at = datetime.fromtimestamp(int(path.stem.split("-")[0]) / 1_000_000, UTC)
        return cls(path.stem, arrived_at, email.message_from_bytes(path.read_bytes(), policy=modern))

    @property
    def text(self) -> str:
        """The plain version."""
        return self._content("plain")

    @property
    def html(self) -> str:
        """The version with layout, or nothing."""
        return self._content("html")

    @property
    def headers(self) -> list[tuple[str, str]]:
        """What stands above the letter, in order."""
        return [(name, str(value)) for name, value in self.message.items()]

    @property
    def attachments(self) -> list[tuple[str, str]]:
        """Name and content of each attached text, such as a calendar file."""
        return [
            (part.get_filename() or part.get_content_type(), str(part.get_content()))
            for part in self.message.iter_attachments()
            if part.get_content_maintype() == "text"
        ]

    def _content(self, kind: str) -> str:
        part = self.message.get_body((kind,))
        return str(part.get_content()) if part is not None else ""


class MailboxPage(StaffPage):
    """What the mailbox's pages share."""

    permission = Permission.VIEW_LETTERS

    def letter(self, name: str) -> CaughtLetter:
        """Return the letter called `name`; 404 if there is none."""
        path = settings.MAILBOX_DIR / f"{name}.eml"
        if not path.is_file():
            raise Http404
        return CaughtLetter.read(path)


class MailboxList(MailboxPage):
    """The newest letters."""

    def get(self, request: HttpRequest) -> HttpResponse:
        paths = sorted(settings.MAILBOX_DIR.glob("*.eml"), reverse=True)
        letters = [CaughtLetter.read(path) for path in paths[:NEWEST]]
        return render(request, "staff/mailbox-list.html", {"letters": letters, "count": len(paths)})


class MailboxShow(MailboxPage):
    """One letter: its headers, its plain version, what is attached."""

    def get(self, request: HttpRequest, name: str) -> HttpResponse:
        return render(request, "staff/mailbox-show.html", {"letter": self.letter(name)})


class MailboxBody(MailboxPage):
    """The layout of one letter, alone and shut in."""

    def get(self, request: HttpRequest, name: str) -> HttpResponse:
        response = HttpResponse(self.letter(name).html)
        response.headers["Content-Security-Policy"] = LETTER_POLICY
        response.headers["Referrer-Policy"] = "no-referrer"
        return response
