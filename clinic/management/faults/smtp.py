"""A mail server that misbehaves on order and remembers every letter it took: the oracle of the fault suite."""

from __future__ import annotations

import re
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from enum import StrEnum


class At(StrEnum):
    """Where in the dialogue the server misbehaves."""

    BANNER = "BANNER"
    EHLO = "EHLO"
    TLS = "TLS"
    AUTH = "AUTH"
    MAIL = "MAIL"
    RCPT = "RCPT"
    DATA = "DATA"
    BODY = "BODY"
    DOT = "DOT"
    QUIT = "QUIT"


class Act(StrEnum):
    """What it does there."""

    REPLY = "REPLY"
    DROP = "DROP"
    HANG = "HANG"
    TRICKLE = "TRICKLE"


@dataclass(frozen=True)
class Fault:
    """One misbehaviour, so many times (0: always).

    After the final dot, `keeps` says whether the server has taken the letter all the same.
    """

    at: At
    act: Act
    reply: str = ""
    keeps: bool = False
    times: int = 0


@dataclass(frozen=True)
class Taken:
    """A letter that the server has, whether it said so or not."""

    recipient: str
    content: bytes
    message_id: str
    at: float
    #: Of the envelope.
    sender: str = ""


@dataclass
class FaultServer:
    """Listens on this machine; each connection is a thread. `fault` may be changed at any time."""

    fault: Fault | None = None
    offers: tuple[str, ...] = ("8BITMIME",)
    certificate: ssl.SSLContext | None = None
    #: Called when the whole letter is there, before the server answers for it.
    on_letter: Callable[[Taken], None] | None = None
    #: Called when the server falls silent on purpose.
    on_hang: Callable[[], None] | None = None
    #: Called before each reply; what it waits for, the other side waits for.
    on_reply: Callable[[At, str], None] | None = None
    #: Seconds before each reply.
    delay: float = 0
    taken: list[Taken] = field(default_factory=list)
    connections: int = 0
    port: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _over: threading.Event = field(default_factory=threading.Event)
    _socket: socket.socket | None = None

    def start(self) -> None:
        """Begin to listen, on `port` or, where that is 0, on a free one."""
        self._over.clear()
        self._socket = socket.create_server(("127.0.0.1", self.port), backlog=64)
        self.port = int(self._socket.getsockname()[1])
        threading.Thread(target=self._accept, args=(self._socket,), daemon=True).start()

    def stop(self) -> None:
        """Stop listening and let go of every connection that hangs."""
        self._over.set()
        if self._socket is not None:
            # Wakes the thread that waits in accept().
            self._socket.shutdown(socket.SHUT_RDWR)
            self._socket.close()
            self._socket = None

    def message_ids(self) -> list[str]:
        """Return the Message-ID of every letter taken, in order."""
        with self._lock:
            return [letter.message_id for letter in self.taken]

    def _accept(self, listening: socket.socket) -> None:
        while not self._over.is_set():
            try:
                connection, _peer = listening.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        session = _Session(self, connection)
        try:
            session.run()
        except (OSError, _Dropped):
            # The client has gone, or was dropped on purpose: either way this dialogue is over.
            return
        finally:
            session.connection.close()
            connection.close()

    def keep(self, letter: Taken) -> None:
        """Remember a letter as taken."""
        with self._lock:
            self.taken.append(letter)
        if self.on_letter is not None:
            self.on_letter(letter)


class _Dropped(Exception):
    """The server has ended the connection."""


class _Session:
    def __init__(self, server: FaultServer, connection: socket.socket) -> None:
        self.server, self.connection = server, connection
        self.buffer = b""
        self.sender = self.recipient = ""

    def run(self) -> None:
        self.answer(At.BANNER, "220 ready")
        for line in self.lines():
            verb = line[:4].upper()
            if verb in (b"EHLO", b"HELO"):
                self.answer(At.EHLO, "\r\n".join(["250-here", *(f"250-{offer}" for offer in self.server.offers), "250 HELP"]))
            elif line.upper() == b"STARTTLS" and self.server.certificate is not None:
                if self.answer(At.TLS, "220 go ahead"):
                    self.connection = self.server.certificate.wrap_socket(self.connection, server_side=True)
                    self.buffer = b""
            elif verb == b"AUTH":
                self.answer(At.AUTH, "235 welcome")
            elif verb == b"MAIL":
                self.sender = line.decode(errors="replace").partition("<")[2].partition(">")[0]
                self.answer(At.MAIL, "250 ok")
            elif verb == b"RCPT":
                self.recipient = line.decode(errors="replace").partition("<")[2].partition(">")[0]
                self.answer(At.RCPT, "250 ok")
            elif verb == b"DATA":
                if self.answer(At.DATA, "354 go on"):
                    self.letter()
            elif verb == b"QUIT":
                self.answer(At.QUIT, "221 bye")
                return
            else:
                self.say("250 ok" if verb in (b"RSET", b"NOOP") else "502 what?")

    def letter(self) -> None:
        fault = self.server.fault
        if fault is not None and fault.at is At.BODY:
            self.connection.recv(64)
            self.misbehave(fault)
        while b"\r\n.\r\n" not in self.buffer:
            self.fill()
        content, _dot, self.buffer = self.buffer.partition(b"\r\n.\r\n")
        found = re.search(rb"^Message-ID: (\S+)", content, re.MULTILINE | re.IGNORECASE)
        taken = Taken(self.recipient, content, found.group(1).decode() if found else "", time.time(), self.sender)
        fault = self.server.fault
        if fault is None or fault.at is not At.DOT or fault.keeps:
            self.server.keep(taken)
        self.answer(At.DOT, "250 2.0.0 kept")

    def answer(self, at: At, usual: str) -> bool:
        """Give the usual answer, or misbehave. True if the dialogue may go on as usual."""
        if self.server.on_reply is not None:
            self.server.on_reply(at, self.recipient)
        fault = self.server.fault
        if fault is None or fault.at is not at:
            self.say(usual)
            return True
        self.misbehave(fault)
        return False

    def misbehave(self, fault: Fault) -> None:
        if fault.times:
            self.server.fault = replace(fault, times=fault.times - 1) if fault.times > 1 else None
        if fault.act is Act.REPLY:
            self.say(fault.reply)
            if fault.reply.startswith("421"):
                raise _Dropped
        elif fault.act is Act.HANG:
            if self.server.on_hang is not None:
                self.server.on_hang()
            self.server._over.wait(60)
            raise _Dropped
        elif fault.act is Act.TRICKLE:
            while not self.server._over.wait(0.05):
                self.connection.sendall(b"2")
        else:
            raise _Dropped

    def say(self, reply: str) -> None:
        if self.server.delay:
            self.server._over.wait(self.server.delay)
        self.connection.sendall(reply.encode() + b"\r\n")

    def lines(self) -> Iterator[bytes]:
        while True:
            while b"\r\n" not in self.buffer:
                self.fill()
            line, _end, self.buffer = self.buffer.partition(b"\r\n")
            yield line

    def fill(self) -> None:
        chunk = self.connection.recv(65536)
        if not chunk:
            raise _Dropped
        self.buffer += chunk


@contextmanager
def serving(server: FaultServer) -> Iterator[FaultServer]:
    """Run the server for as long as the block lasts."""
    server.start()
    try:
        yield server
    finally:
        server.stop()
