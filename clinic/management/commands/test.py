"""`python3 manage.py test`: the checks, then every test on PostgreSQL and the tests of correctness on SQLite.

Arguments that are not this command's own go on to pytest, for a single run with just those.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from botox_tracker import bootstrap, servers

OWN = {
    "--install": "install what the machine lacks (as root, on Debian or Ubuntu)",
    "--without-browser": "leave the browser tests out",
    "--sqlite-only": "leave PostgreSQL out",
}
# Stories belong on both databases, in the browser too; how pages look and how programs start does not depend on it.
ON_SQLITE = "journey or not (browser or once)"
CHROMIUM = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


class Command(BaseCommand):
    """Runs the tests. Its arguments are pytest's, plus those in `OWN`."""

    help = __doc__
    requires_system_checks: list[str] = []

    def run_from_argv(self, argv: list[str]) -> None:
        """Take what is ours from the command line and leave the rest to pytest."""
        given = argv[2:]
        if {"-h", "--help"} & set(given):
            own = "\n".join(f"  {name:18} {text}" for name, text in OWN.items())
            self.stdout.write(f"{__doc__}\n{own}\n")
            return
        arguments = [argument for argument in given if argument not in OWN]
        sys.exit(self.run_tests(arguments, {argument for argument in given if argument in OWN}))

    def handle(self, *args: Any, **options: Any) -> None:
        """Run everything, for `call_command`."""
        if code := self.run_tests([], set()):
            sys.exit(code)

    def run_tests(self, arguments: list[str], own: set[str]) -> int:
        """Return 0 if all that was asked for passed; the output ends with pytest's summary."""
        browser, sqlite_only = "--without-browser" not in own, "--sqlite-only" in own
        if not self._machine_is_ready(browser=browser, postgres=not sqlite_only, install="--install" in own):
            return 1
        for missing, asked in (("the browser tests", not browser), ("the tests on PostgreSQL", sqlite_only)):
            if asked:
                self._say(f"LEFT OUT because you asked for it: {missing}. This is not a full run.")
        if not arguments and (code := self._step("Checks", [sys.executable, "manage.py", "check_all"])):
            return code
        if sqlite_only or not arguments:
            chosen = "not browser" if not browser else "" if sqlite_only else ON_SQLITE
            if code := self._pytest("SQLite", "", chosen, arguments):
                return code
        if sqlite_only:
            return 0
        with servers.postgres() as url:
            return self._pytest("PostgreSQL", url, "" if browser else "not browser", arguments)

    def _machine_is_ready(self, *, browser: bool, postgres: bool, install: bool) -> bool:
        """Tell whether the programs that the tests use are there; install them if asked, else say how."""
        missing = {}
        if postgres and servers.find_postgres() is None:
            missing["a PostgreSQL server"] = ["postgresql"]
        if servers.find_valkey() is None:
            missing["a Redis or Valkey server"] = ["redis-server"]
        if browser and find_chromium() is None:
            missing["Chromium"] = ["chromium", "fonts-liberation"]
        packages = [package for names in missing.values() for package in names]
        if not missing:
            return True
        if install and bootstrap.apt_works():
            try:
                bootstrap.apt_install(packages)
            except bootstrap.NotPossible as reason:
                self.stderr.write(str(reason))
                return False
            return self._machine_is_ready(browser=browser, postgres=postgres, install=False)
        self.stderr.write(
            f"The tests need {' and '.join(missing)}, which this machine lacks. On Debian or Ubuntu, as root:\n"
            f"  apt-get update && apt-get install -y --no-install-recommends {' '.join(packages)}\n"
            "or, as root:  python3 manage.py test --install\n"
            "--without-browser and --sqlite-only leave parts out."
        )
        return False

    def _pytest(self, database: str, url: str, chosen: str, arguments: list[str]) -> int:
        selection = ["-m", chosen] if chosen and "-m" not in arguments else []
        default = [] if arguments else ["-n", "2", "--dist", "loadgroup"]
        with tempfile.TemporaryDirectory(prefix="test-") as var:
            environment = {"DATABASE_URL": url, "BOTOX_TRACKER_VAR": var, "DJANGO_SETTINGS_MODULE": "tests.settings"}
            if chromium := find_chromium():
                environment["CHROMIUM"] = chromium
            named = f"Tests on {database}" + (f" ({chosen})" if chosen else "")
            return self._step(named, [sys.executable, "-m", "pytest", *default, *selection, *arguments], environment)

    def _step(self, name: str, command: list[str], environment: dict[str, str] | None = None) -> int:
        self._say(name)
        started = time.monotonic()
        code = subprocess.run(command, cwd=settings.BASE_DIR, env={**os.environ, **(environment or {})}, check=False).returncode
        if code == 0 and "pytest" not in command:
            self._say(f"{name}: passed after {time.monotonic() - started:.0f} s")
        return code

    def _say(self, text: str) -> None:
        self.stdout.write(f"\n=== {text}")
        self.stdout.flush()


def find_chromium() -> str | None:
    """Return a Chromium or Chrome of this machine; CHROMIUM in the environment names one."""
    names = [os.environ.get("CHROMIUM", ""), *CHROMIUM]
    return next((found for name in names if name and (found := shutil.which(name))), None)
