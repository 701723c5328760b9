"""`manage.py check_all`: everything that can be said about the source without running it, one line a step."""

import os
import re
import secrets
import subprocess
import sys
import tempfile
import time
import tomllib
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

PROJECT: Path = settings.BASE_DIR
PYTHON = [sys.executable]
MANAGE = [*PYTHON, "manage.py"]
# What a real installation is given, for the checks that only apply to one.
PRODUCTION = {
    "SITE_URL": "https://visits.clinic.invalid",
    "SECRET_KEY": secrets.token_hex(32),
    "DATABASE_URL": "postgresql://clinic:Rk2vT9xQ@db.clinic.invalid/clinic?sslmode=verify-full",
    "REDIS_URL": "redis://:Rk2vT9xQ@redis.clinic.invalid:6379/0",
    "EMAIL_HOST": "mail.clinic.invalid",
    "EMAIL_USE_TLS": "1",
    "DEFAULT_FROM_EMAIL": "letters@clinic.invalid",
    "BOTOX_TRACKER_DEMO": "0",
    "DEBUG": "0",
}
# The doors may read the clock; mail and signals stay banned there too. Linters know one ban list a project, so it is asked twice.
DOOR_BANS = ("django.core.mail", "smtplib", "django.dispatch", "django.db.models.signals")
# Paths of one machine, and the hosts that packages come from: in no file of the project.
FOREIGN = re.compile(
    r"(?<![\w.])/(?:root|home/\w|work/\w|Users/\w)[\w/.-]*"
    r"|://[\w.-]*(?:pypi\.|pythonhosted\.|npmjs\.|registry\.|deb\.debian\.|archive\.ubuntu\.)"
)


class Command(BaseCommand):
    """Runs every step, says how each went, and fails if one did."""

    help = "Lint, types, import contracts, templates, migrations and the deploy check: what runs before the tests."
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        failed = 0
        with tempfile.TemporaryDirectory() as folder:
            for name, command, environment in steps(Path(folder)):
                started = time.monotonic()
                done = subprocess.run(
                    command, cwd=PROJECT, env={**os.environ, **environment}, capture_output=True, text=True, check=False
                )
                self._tell(name, done.returncode == 0, time.monotonic() - started)
                if done.returncode:
                    failed += 1
                    self.stdout.write((done.stdout + done.stderr).strip())
        foreign = foreign_names()
        self._tell("no path of one machine, no package host", not foreign, 0)
        for line in foreign:
            self.stdout.write(line)
        if failed or foreign:
            raise CommandError(f"{failed + bool(foreign)} checks failed.")

    def _tell(self, name: str, good: bool, seconds: float) -> None:
        self.stdout.write(f"{'ok  ' if good else 'FAIL'} {name} ({seconds:.1f} s)")
        self.stdout.flush()


def steps(folder: Path) -> list[tuple[str, list[str], dict[str, str]]]:
    """Return name, command and further environment of each step; `folder` is theirs to write into."""
    local = {"BOTOX_TRACKER_VAR": str(folder)}
    production = {**local, **PRODUCTION}
    return [
        ("lint", [*PYTHON, "-m", "ruff", "check", "--quiet", "."], {}),
        ("lint: mail and signals in doors", door_bans(), {}),
        ("format", [*PYTHON, "-m", "ruff", "format", "--check", "--quiet", "."], {}),
        ("types", [*PYTHON, "-m", "mypy"], local),
        ("import contracts", [*PYTHON, "-c", "from importlinter.cli import lint_imports_command as run; run()"], local),
        ("templates", [*PYTHON, "-m", "djlint", "--lint", "--quiet", "templates"], {}),
        ("migrations are complete", [*MANAGE, "makemigrations", "--check", "--dry-run"], local),
        ("system checks", [*MANAGE, "check", "--fail-level", "WARNING"], local),
        ("deploy check", [*MANAGE, "check", "--deploy", "--fail-level", "WARNING"], production),
        (
            "static files are complete",
            [*MANAGE, "collectstatic", "--noinput", "--verbosity", "0"],
            {**local, "STATIC_ROOT": str(folder / "static")},
        ),
    ]


def door_bans() -> list[str]:
    """Return the command that finds banned imports in those modules that the project's own ban list excuses."""
    configured = tomllib.loads((PROJECT / "pyproject.toml").read_text())["tool"]["ruff"]["lint"]
    messages = configured["flake8-tidy-imports"]["banned-api"]
    bans = ", ".join(f'"{name}" = {{ msg = "{messages[name]["msg"]}" }}' for name in DOOR_BANS)
    return [
        *PYTHON, "-m", "ruff", "check", "--isolated", "--quiet", "--select", "TID251",
        "--config", f"lint.flake8-tidy-imports.banned-api = {{ {bans} }}",
        "--exclude", "clinic/mailer,clinic/apps.py,clinic/migrations", "clinic",
    ]  # fmt: skip


def foreign_names() -> list[str]:
    """Return each line of the project's own files that names another machine's path or a package host."""
    found = []
    for path in project_files():
        try:
            text = path.read_text()
        except (UnicodeDecodeError, FileNotFoundError):
            continue
        lines = enumerate(text.splitlines(), start=1)
        found += [f"{path.relative_to(PROJECT)}:{number}: {line.strip()}" for number, line in lines if FOREIGN.search(line)]
    return found


def project_files() -> list[Path]:
    """Return the files under version control; without it, all that are not somebody else's."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=PROJECT, capture_output=True, text=True, check=False)
    if listed.returncode == 0:
        return [PROJECT / name for name in listed.stdout.split("\0") if name]
    skipped = {".venv", "var", "staticfiles", "vendor", "node_modules", "__pycache__"}
    return [path for path in PROJECT.rglob("*") if path.is_file() and not skipped & set(path.relative_to(PROJECT).parts)]
