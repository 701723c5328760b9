"""The two commands on a machine that lacks something."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from botox_tracker import bootstrap

pytestmark = pytest.mark.once
PROJECT = Path(__file__).resolve().parent.parent


def manage(python: Path | str, *arguments: str, project: Path = PROJECT, **environment: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [python, project / "manage.py", *arguments],
        cwd=project,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def empty_environment(tmp_path: Path) -> Path:
    """The Python of a virtual environment that holds nothing."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", tmp_path / "empty"], check=True)
    return tmp_path / "empty" / "bin" / "python"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project's folder, with a space in its path, in which nothing is installed."""
    folder = tmp_path / "a clinic"
    (folder / "botox_tracker").mkdir(parents=True)
    for name in ("manage.py", "package.json", "package-lock.json", "botox_tracker/__init__.py", "botox_tracker/bootstrap.py"):
        shutil.copy(PROJECT / name, folder / name)
    for name in ("requirements-demo.txt", "requirements-dev.txt"):
        (folder / name).write_text("nothing-by-this-name==1.0 \\\n    --hash=sha256:" + "0" * 64 + "\n")
    monkeypatch.setattr(bootstrap, "PROJECT", folder)
    monkeypatch.setattr(bootstrap, "VENV", folder / ".venv")
    monkeypatch.setattr(bootstrap, "VENDOR", folder / "static" / "vendor")
    return folder


def test_inside_an_environment_it_says_what_is_missing_and_installs_nothing(empty_environment):
    before = sorted(empty_environment.parent.parent.rglob("*"))

    done = manage(empty_environment, "demo")

    assert done.returncode == 1
    assert "lacks" in done.stderr
    assert "python -m pip install --require-hashes -r requirements-demo.txt" in done.stderr
    assert sorted(empty_environment.parent.parent.rglob("*")) == before


def test_another_command_says_that_nothing_is_installed(empty_environment):
    done = manage(empty_environment, "migrate")

    assert done.returncode == 1
    assert "not installed" in done.stderr
    assert "python3 manage.py demo" in done.stderr


def test_a_python_without_ensurepip_and_pip_is_told_the_package_to_install(project, monkeypatch):
    monkeypatch.setattr(bootstrap.importlib.util, "find_spec", lambda name: None)

    with pytest.raises(bootstrap.NotPossible, match="apt-get install python3-venv"):
        bootstrap._prepared_environment("requirements-demo.txt", may_install=False)


def test_an_old_python_is_told_so(project, monkeypatch):
    monkeypatch.setattr(bootstrap.sys, "version_info", (3, 10, 0))

    with pytest.raises(SystemExit, match=r"Python 3\.11 or newer is needed"):
        bootstrap.prepare(["manage.py", "demo"])


@pytest.mark.slow
def test_without_a_network_the_first_start_fails_with_the_reason_and_the_second_goes_on(project):
    base = Path(sys.base_prefix) / "bin" / "python3"

    first = manage(base, "demo", project=project, PIP_NO_INDEX="1", VIRTUAL_ENV="")
    second = manage(base, "demo", project=project, PIP_NO_INDEX="1", VIRTUAL_ENV="")

    for done in (first, second):
        assert done.returncode == 1
        assert "nothing-by-this-name" in done.stderr
        assert "needs a network" in done.stderr
    assert "Making .venv" in first.stdout
    assert "Making .venv" not in second.stdout


def test_what_is_installed_is_not_installed_again_until_the_lock_changes(project):
    note = project / "note.json"
    bootstrap._note(note, ["requirements-dev.txt", "requirements-demo.txt"])
    assert bootstrap._noted(note) == {"requirements-dev.txt", "requirements-demo.txt"}

    (project / "requirements-demo.txt").write_text("something-else==2\n")

    assert bootstrap._noted(note) == {"requirements-dev.txt"}


def test_a_note_that_was_cut_short_counts_for_nothing(project):
    note = project / "note.json"
    note.write_text(json.dumps({"requirements-dev.txt": "0"})[:-4])

    assert bootstrap._noted(note) == set()


@pytest.fixture
def npm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An npm that writes down each call and brings the files that Bootstrap has."""
    script = tmp_path / "programs" / "npm"
    script.parent.mkdir()
    script.write_text(f"""#!/bin/sh
[ "$1" = "--version" ] && echo 10.0.0 && exit
echo "$@" >> "{tmp_path}/calls"
mkdir -p node_modules/bootstrap/dist/css node_modules/bootstrap/dist/js node_modules/bootstrap-icons/font/fonts
for file in css/bootstrap.min.css css/bootstrap.min.css.map js/bootstrap.bundle.min.js js/bootstrap.bundle.min.js.map; do
  echo "$file" > "node_modules/bootstrap/dist/$file"
done
echo icons > node_modules/bootstrap-icons/font/bootstrap-icons.min.css
echo font > node_modules/bootstrap-icons/font/fonts/bootstrap-icons.woff2
""")
    script.chmod(0o755)
    monkeypatch.setenv("PATH", str(script.parent), prepend=os.pathsep)
    return tmp_path / "calls"


def test_files_for_browsers_are_fetched_once_with_their_maps_and_without_scripts(project, npm):
    bootstrap._build_assets()
    bootstrap._build_assets()

    vendor = project / "static" / "vendor"
    assert {str(path.relative_to(vendor)) for path in vendor.rglob("*") if path.suffix != ".json" and path.is_file()} == {
        "bootstrap/bootstrap.min.css",
        "bootstrap/bootstrap.min.css.map",
        "bootstrap/bootstrap.bundle.min.js",
        "bootstrap/bootstrap.bundle.min.js.map",
        "bootstrap-icons/bootstrap-icons.min.css",
        "bootstrap-icons/fonts/bootstrap-icons.woff2",
    }
    assert npm.read_text().splitlines() == ["ci --ignore-scripts --no-audit --no-fund"]


def test_an_npm_that_fails_is_quoted(project, npm, monkeypatch, tmp_path):
    (tmp_path / "programs" / "npm").write_text(
        '#!/bin/sh\n[ "$1" = "--version" ] && echo 10.0.0 && exit\necho no route; exit 3\n'
    )

    with pytest.raises(bootstrap.NotPossible, match="no route"):
        bootstrap._build_assets()

    assert not (project / "static" / "vendor").exists()


def test_the_lock_of_each_command_holds_that_of_the_one_before():
    """A machine that can run the tests can run the demonstration, and the demonstration runs what production does."""

    def pinned(name: str) -> set[str]:
        return {line for line in (PROJECT / name).read_text().splitlines() if line and not line.startswith("#")}

    assert pinned("requirements.txt") < pinned("requirements-demo.txt") < pinned("requirements-dev.txt")
    assert all("--hash=" in line for line in pinned("requirements-dev.txt") if line.startswith(" "))
