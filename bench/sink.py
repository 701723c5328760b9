"""`python -m bench.sink PORT`: a mail server in a process of its own that takes everything at once and keeps nothing but counts.

Who measures speaks to it in SMTP too: `XRESET MILLISECONDS` forgets what was counted and sets how long each reply waits,
`XSTAT` tells how many letters came, how many different Message-IDs they had, and when the first and the last was answered for.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import socket
import sys
import time
from dataclasses import dataclass, field

from botox_tracker import servers
from botox_tracker.stack import Stack

_MESSAGE_ID = re.compile(rb"^Message-ID:\s*(\S+)", re.IGNORECASE | re.MULTILINE)


@dataclass
class Counted:
    """What has come since the last XRESET."""

    letters: int = 0
    first_at: float = 0
    last_at: float = 0
    ids: set[int] = field(default_factory=set)
    delay: float = 0


class _Conversation(asyncio.Protocol):
    def __init__(self, counted: Counted) -> None:
        self.counted, self.buffer, self.is_letter = counted, b"", False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        with contextlib.suppress(OSError):
            transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.say(b"220 sink")

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        while True:
            content, end, rest = self.buffer.partition(b"\r\n.\r\n" if self.is_letter else b"\r\n")
            if not end:
                return
            self.buffer = rest
            if self.is_letter:
                self.take(content)
            else:
                self.answer(content)

    def take(self, content: bytes) -> None:
        self.is_letter, counted = False, self.counted
        found = _MESSAGE_ID.search(content)
        counted.ids.add(hash(found.group(1)) if found else counted.letters)
        counted.letters += 1
        counted.last_at = time.time()
        counted.first_at = counted.first_at or counted.last_at
        self.say(b"250 2.0.0 taken")

    def answer(self, line: bytes) -> None:
        verb = line[:4].upper()
        if verb == b"EHLO":
            self.say(b"250-sink\r\n250 8BITMIME")
        elif verb == b"DATA":
            self.is_letter = True
            self.say(b"354 go on")
        elif verb == b"QUIT":
            self.say(b"221 bye")
            self.transport.close()
        elif verb == b"XRES":
            self.counted.__init__(delay=float(line.split()[1]) / 1000)  # type: ignore[misc]
            self.transport.write(b"250 ok\r\n")
        elif verb == b"XSTA":
            counted = self.counted
            told = f"250 {counted.letters} {len(counted.ids)} {counted.first_at} {counted.last_at}\r\n"
            self.transport.write(told.encode())
        else:
            self.say(b"250 ok")

    def say(self, reply: bytes) -> None:
        if self.counted.delay:
            asyncio.get_running_loop().call_later(self.counted.delay, self.transport.write, reply + b"\r\n")
        else:
            self.transport.write(reply + b"\r\n")


@dataclass(frozen=True)
class Taken:
    """How many letters came, under how many Message-IDs, and between which moments (seconds of the epoch)."""

    letters: int
    different: int
    first_at: float
    last_at: float

    @property
    def a_second(self) -> float:
        """Letters a second from the first to the last that was answered for."""
        return (self.letters - 1) / max(self.last_at - self.first_at, 1e-6)


class Sink:
    """The mail server of a bench, as the bench sees it. Letters of every process that belongs to `stack` go there."""

    def __init__(self, stack: Stack) -> None:
        self.port = servers.free_port()
        stack.environment["EMAIL_PORT"] = str(self.port)
        process = stack.start("sink", "-m", "bench.sink", str(self.port))
        servers.wait_until(
            lambda: servers.answers(("127.0.0.1", self.port)), process, stack.var / "sink.log", "The mail server of the bench"
        )
        self._line = socket.create_connection(("127.0.0.1", self.port))
        self._file = self._line.makefile("rb")
        self._file.readline()

    def reset(self, *, delay_ms: float = 0) -> None:
        """Forget what came; from now on each reply waits so long."""
        self._ask(f"XRESET {delay_ms}")

    def taken(self) -> Taken:
        """Return what has come since the last reset."""
        _code, letters, different, first_at, last_at = self._ask("XSTAT").split()
        return Taken(int(letters), int(different), float(first_at), float(last_at))

    def _ask(self, command: str) -> str:
        self._line.sendall(command.encode() + b"\r\n")
        return self._file.readline().decode()


async def _serve(port: int) -> None:
    counted = Counted()
    server = await asyncio.get_running_loop().create_server(lambda: _Conversation(counted), "127.0.0.1", port)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(_serve(int(sys.argv[1])))
