"""Where faults are played: a database with its tables, made once and copied for each, and the means to break it."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Collection, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg

from botox_tracker import servers, stack

SQLITE, POSTGRESQL = "SQLite", "PostgreSQL"


@dataclass
class Database:
    """The database of the product under fire. `server` is None for SQLite, which has none."""

    url: str
    server: servers.Server | None = None

    @property
    def kind(self) -> str:
        """What it is called in the table."""
        return POSTGRESQL if self.server else SQLITE

    @property
    def running(self) -> servers.Server:
        """The server. Raises ServerError where there is none: a fault was played where it cannot be."""
        if self.server is None:
            raise servers.ServerError("SQLite has no server that could be stopped.")
        return self.server

    @property
    def path(self) -> Path:
        """The file of SQLite, or the folder of PostgreSQL's files."""
        return self.server.log.parent / "data" if self.server else Path(self.url.removeprefix("sqlite:///"))

    def lock(self, table: str) -> Callable[[], None]:
        """Let nobody write to this table (SQLite: to any) until what is returned is called. Anybody may read."""
        if self.server is None:
            writer = sqlite3.connect(self.path, timeout=20, isolation_level=None, check_same_thread=False)
            writer.execute("BEGIN IMMEDIATE")
            return writer.close
        holder = psycopg.connect(self.url)
        holder.execute(f"LOCK TABLE {table} IN EXCLUSIVE MODE".encode())
        return holder.close

    def waiting(self) -> int:
        """How many wait for such a lock."""
        with psycopg.connect(self.url, autocommit=True) as asking:
            row = asking.execute("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'").fetchone()
            return int(row[0]) if row else 0

    def back_up(self, target: Path) -> None:
        """Copy it; nobody may be writing."""
        if self.server is None:
            with closing(sqlite3.connect(self.path)) as source, closing(sqlite3.connect(target)) as copy:
                source.backup(copy)
            return
        self.server.stop()
        servers.copy_data(self.path, target)
        self.server.start()

    def restore(self, source: Path) -> None:
        """Put a copy back in its place; nobody may have it open."""
        if self.server is None:
            for part in ("-wal", "-shm"):
                self.path.with_name(self.path.name + part).unlink(missing_ok=True)
            shutil.copyfile(source, self.path)
            return
        self.server.stop()
        servers.copy_data(source, self.path)
        self.server.start()

    @contextmanager
    def copy(self, backup: Path) -> Iterator[str]:
        """Serve a backup beside it, as somebody does to try something out; yields its DATABASE_URL."""
        if self.server is None:
            yield f"sqlite:///{backup}"
            return
        with servers.postgres_server(durable=True, copy_of=backup) as server:
            yield server.url


class Ground:
    """A folder with migrated databases, to be copied for each fault, and the files for browsers."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.static = folder / "static"
        self._sqlite, self._postgresql = folder / "template.sqlite3", folder / "template"

    @contextmanager
    def database(self, kind: str) -> Iterator[Database]:
        """Bring up a database with all tables and no rows, durable as a clinic's is."""
        if kind == POSTGRESQL:
            with servers.postgres_server(durable=True, copy_of=self._postgresql) as server:
                yield Database(server.url, server)
            return
        with servers.short_folder("db-") as folder:
            shutil.copyfile(self._sqlite, folder / "db.sqlite3")
            yield Database(f"sqlite:///{folder / 'db.sqlite3'}")

    def prepare(self, kinds: Collection[str]) -> None:
        """Make what is copied, all at once."""
        with ExitStack() as around:
            started = [self._start("collectstatic", "--noinput")]
            if SQLITE in kinds:
                started.append(self._start("migrate", DATABASE_URL=f"sqlite:///{self._sqlite}"))
            server = around.enter_context(servers.postgres_server()) if POSTGRESQL in kinds else None
            if server is not None:
                started.append(self._start("migrate", DATABASE_URL=server.url))
            codes = [process.wait() for process in started]
            if any(codes):
                raise servers.ServerError(f"The ground could not be prepared:\n{self._log.read_text(errors='replace')[-3000:]}")
            if server is not None:
                server.stop()
                servers.copy_data(server.log.parent / "data", self._postgresql)

    @property
    def _log(self) -> Path:
        return self.folder / "log"

    def _start(self, *command: str, **environment: str) -> subprocess.Popen[bytes]:
        own = {"BOTOX_TRACKER_VAR": str(self.folder), "STATIC_ROOT": str(self.static), **environment}
        return servers.leashed(
            [sys.executable, stack.PROJECT / "manage.py", *command, "--verbosity", "0"],
            environment=stack.inherited() | own,
            output=self._log,
            cwd=stack.PROJECT,
        )


@contextmanager
def prepared(kinds: Collection[str] = (POSTGRESQL, SQLITE)) -> Iterator[Ground]:
    """Keep what the faults of one command share."""
    with servers.short_folder("faults-") as folder:
        ground = Ground(folder)
        ground.prepare(kinds)
        yield ground
