"""The dialogue with the mail server: one connection, letter after letter, the phase always known."""

from __future__ import annotations

import re
import smtplib
import socket
import ssl
import time
from datetime import timedelta
from types import TracebackType
from typing import Self

from django.conf import settings

from clinic.mailer.letters import Unsendable, sender_address
from clinic.mailer.verdicts import Outcome, Phase, Verdict, judge

#: No letter keeps a worker longer than this, however slowly the server answers.
LONGEST_DIALOGUE = timedelta(seconds=60)
_GOOD_BYE = timedelta(seconds=2)
_LONGEST_LINE = 4096
_MOST_LINES = 100
_ENHANCED = re.compile(rb"[245]\.\d{1,3}\.\d{1,3}")


class Ended(Exception):
    """The dialogue about a letter is over before the server took it."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__(f"{outcome.verdict} at {outcome.phase}")
        self.outcome = outcome


class _Conversation(smtplib.SMTP):
    """A thin `smtplib.SMTP` that knows its phase, reads every reply itself and has a deadline for each letter."""

    def __init__(self) -> None:
        self.phase = Phase.CONNECT
        self._deadline = 0.0
        self._received = b""
        # The machine's own name may say what the clinic does; the site's does not.
        super().__init__(local_hostname=settings.SITE_HOST or "localhost", timeout=settings.EMAIL_TIMEOUT)

    def begin(self, within: timedelta | None = None) -> None:
        """Start the clock of the next letter."""
        self._deadline = time.monotonic() + (within or LONGEST_DIALOGUE).total_seconds()

    def open(self) -> None:
        """Connect, encrypt and sign in as the settings say. Raises SMTPException or OSError; `phase` tells where."""
        self.begin()
        self.phase = Phase.CONNECT
        code, _text = self.connect(settings.EMAIL_HOST, settings.EMAIL_PORT)
        if code != 220:
            raise smtplib.SMTPConnectError(code, b"")
        self.ehlo_or_helo_if_needed()
        if settings.EMAIL_USE_TLS:
            self.phase = Phase.TLS
            # Called by smtplib for the name in the certificate.
            self._host = settings.EMAIL_HOST
            code, _text = self.starttls(context=ssl.create_default_context())
            if code != 220:
                raise smtplib.SMTPResponseException(code, b"")
            # What came in the clear behind the server's answer is not part of the encrypted dialogue.
            self._received = b""
            self.ehlo_or_helo_if_needed()
        if settings.EMAIL_HOST_USER:
            self.phase = Phase.LOGIN
            self.login(settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD)

    def say(self, phase: Phase, command: str) -> tuple[int | None, str]:
        """Send one command; return the reply's code (None: none came) and its enhanced code."""
        self.phase = phase
        try:
            self.putcmd(command)
            return self.answer()
        except (smtplib.SMTPServerDisconnected, OSError):
            return None, ""

    def answer(self) -> tuple[int | None, str]:
        """Return the next reply's code, None where it is not a reply, and its enhanced code. Raises as `getreply`."""
        code, text = self.getreply()
        found = _ENHANCED.match(text)
        return (code if 200 <= code < 600 else None), found.group().decode() if found else ""

    def getreply(self) -> tuple[int, bytes]:
        """Return a reply's code (-1 where it has none) and text. Raises SMTPServerDisconnected or OSError without one."""
        lines: list[bytes] = []
        while True:
            line = self._line()
            lines.append(line[4:].strip())
            if not line[:3].isdigit() or len(lines) > _MOST_LINES:
                return -1, b""
            if line[3:4] != b"-":
                return int(line[:3]), b"\n".join(lines)

    def _line(self) -> bytes:
        while b"\n" not in self._received:
            left = self._deadline - time.monotonic()
            if left <= 0 or len(self._received) > _LONGEST_LINE or self.sock is None:
                raise smtplib.SMTPServerDisconnected("no reply in time")
            self.sock.settimeout(min(left, settings.EMAIL_TIMEOUT))
            chunk = self.sock.recv(4096)
            if not chunk:
                raise smtplib.SMTPServerDisconnected("the connection ended")
            self._received += chunk
        line, _newline, self._received = self._received.partition(b"\n")
        return line

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        sock = socket.create_connection((host, port), timeout, self.source_address)
        if not settings.EMAIL_USE_SSL:
            return sock
        self.phase = Phase.TLS
        return ssl.create_default_context().wrap_socket(sock, server_hostname=host)


class Dialogue:
    """One connection to the mail server, used for letter after letter: `address`, then `give` or `forget`.

    Nothing is retried but the opening of a connection that the server had closed between two letters.
    """

    def __init__(self) -> None:
        self._connection: _Conversation | None = None
        self._has_envelope = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def open(self) -> None:
        """Connect now, if not yet connected. Raises Ended where the server is out of reach or refuses us."""
        if self._connection is None:
            self._opened()

    def address(self, recipient: str, *, sender: str = "") -> None:
        """Say who writes to whom (MAIL, RCPT). `sender` is where what becomes of the letter is reported to.

        Raises Ended unless the server agrees, and Unsendable for a recipient that could not stand in the dialogue: the
        server then has nothing.
        """
        sender = sender or sender_address()
        for field, address in (("to", recipient), ("sender", sender)):
            if not address.isascii() or any(character <= " " or character in "<>\x7f" for character in address):
                raise Unsendable(field)
        reused = self._connection is not None
        connection = self._connection or self._opened()
        connection.begin()
        code, enhanced = self._mail(connection, sender)
        if reused and (code is None or code == 421):
            # The server had enough of this connection, not of us: nothing was said on it yet.
            self._drop()
            connection = self._opened()
            code, enhanced = self._mail(connection, sender)
        if code != 250:
            raise Ended(self._ended(Phase.MAIL, code, enhanced))
        self._has_envelope = True
        code, enhanced = connection.say(Phase.RCPT, f"RCPT TO:<{recipient}>")
        if code not in (250, 251):
            raise Ended(self._ended(Phase.RCPT, code, enhanced))

    def give(self, content: bytes) -> Outcome:
        """Hand over the letter (DATA) to whom it was addressed, and return what is known of it."""
        connection = self._connection
        if connection is None or not self._has_envelope:
            raise RuntimeError("There is no envelope: address the letter first.")
        code, enhanced = connection.say(Phase.DATA_COMMAND, "DATA")
        if code != 354:
            return self._ended(Phase.DATA_COMMAND, code, enhanced)
        phase = Phase.BODY
        try:
            connection.send(_quoted(content))
            phase = Phase.DOT
            code, enhanced = connection.answer()
        except (smtplib.SMTPServerDisconnected, OSError):
            return self._ended(phase, None, "")
        if code is not None and 200 <= code < 300:
            self._has_envelope = False
            return Outcome(Verdict.SENT, Phase.ACCEPTED, code, enhanced)
        return self._ended(phase, code, enhanced)

    def forget(self) -> None:
        """Take back the envelope: the letter is not to go after all."""
        if self._connection is not None and self._has_envelope:
            code, _enhanced = self._connection.say(Phase.MAIL, "RSET")
            self._has_envelope = False
            if code != 250:
                self._drop()

    def close(self) -> None:
        """Part from the server. What it says to that changes nothing."""
        if self._connection is not None:
            self._connection.begin(_GOOD_BYE)
            self._connection.say(Phase.MAIL, "QUIT")
            self._drop()

    def _opened(self) -> _Conversation:
        connection = _Conversation()
        try:
            connection.open()
        except (smtplib.SMTPException, OSError) as error:
            connection.close()
            code = error.smtp_code if isinstance(error, smtplib.SMTPResponseException) else None
            code = code if code is not None and code > 0 else None
            raise Ended(Outcome(judge(connection.phase, code), connection.phase, code)) from error
        self._connection = connection
        return connection

    def _mail(self, connection: _Conversation, sender: str) -> tuple[int | None, str]:
        self.forget()
        return connection.say(Phase.MAIL, f"MAIL FROM:<{sender}>") if self._connection else (None, "")

    def _ended(self, phase: Phase, code: int | None, enhanced: str) -> Outcome:
        outcome = Outcome(judge(phase, code), phase, code, enhanced)
        if outcome.ends_the_connection:
            self._drop()
        return outcome

    def _drop(self) -> None:
        if self._connection is not None:
            self._connection.close()
        self._connection, self._has_envelope = None, False


def _quoted(content: bytes) -> bytes:
    """The letter with leading dots doubled and the final dot, as DATA wants it."""
    stuffed = content.replace(b"\r\n.", b"\r\n..")
    if content.startswith(b"."):
        stuffed = b"." + stuffed
    return stuffed + (b".\r\n" if stuffed.endswith(b"\r\n") else b"\r\n.\r\n")
