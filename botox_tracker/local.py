"""What an installation on one's own machine gets without being asked."""

import os
import secrets
from pathlib import Path

LOOPBACK_HOSTS = ("localhost", "127.0.0.1", "::1")


def is_local(host: str) -> bool:
    """Tell whether `host` is this very machine, reached by nobody else."""
    return host in LOOPBACK_HOSTS or host.endswith(".localhost")


def kept_secret_key(folder: Path) -> str:
    """Return the secret key kept in `folder`, making it at first need; only its owner can read the file.

    Processes that start at the same moment end up with the same key: a key is written aside in full, and the first one linked
    into place wins.
    """
    path = folder / "secret-key"
    if not path.exists():
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        aside = folder / f"secret-key.{os.getpid()}.{secrets.token_hex(4)}"
        with os.fdopen(os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(secrets.token_urlsafe(64))
        try:
            os.link(aside, path)
        except FileExistsError:
            pass
        finally:
            aside.unlink()
    return path.read_text().strip()
