"""The demonstration's mail server: takes every letter over SMTP, delivers none, and writes each to a folder.

python -m botox_tracker.catching_mail PORT FOLDER
"""

import asyncio
import os
import sys
import time
from pathlib import Path
from typing import Any

from aiosmtpd.smtp import SMTP

KEPT = 500


class Catcher:
    """Writes what arrives as .eml files whose names sort by arrival, and keeps the newest."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.count = 0

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802 - aiosmtpd names it
        """Keep one letter; it is acknowledged once it is whole on the disk."""
        self.count += 1
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)  # somebody may tidy up meanwhile
        name = f"{time.time_ns() // 1000:017d}-{os.getpid()}-{self.count}"
        aside = self.folder / f"{name}.part"
        aside.write_bytes(envelope.original_content)
        aside.rename(self.folder / f"{name}.eml")
        for old in sorted(self.folder.glob("*.eml"))[:-KEPT]:
            old.unlink(missing_ok=True)
        return "250 OK"


async def serve(port: int, folder: Path) -> None:
    """Take letters on this machine's `port` for ever."""
    catcher = Catcher(folder)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(catcher, hostname="localhost", loop=loop), "127.0.0.1", port)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]), Path(sys.argv[2])))
