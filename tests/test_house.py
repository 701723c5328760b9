"""The house's own rules, where no other tool sees them."""

import ast
import tomllib
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
ROOMS = ("practice", "toxins", "patients", "treatments", "scheduling", "safety", "care", "reminders")
FRAMEWORKS = {"django", "celery"}


def imported(path: Path) -> set[str]:
    """Return the packages that a module imports itself."""
    tree = ast.parse(path.read_text())
    names = [alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names]
    names += [node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    return {name.split(".")[0] for name in names}


def test_every_pure_module_is_held_to_it():
    """What needs no framework now is kept that way by an import contract."""
    contracts = tomllib.loads((PROJECT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    listed = next(set(contract["source_modules"]) for contract in contracts if contract["type"] == "forbidden")
    pure = {
        f"clinic.{room}.{path.stem}"
        for room in ROOMS
        for path in (PROJECT / "clinic" / room).glob("*.py")
        if path.stem != "__init__" and not imported(path) & FRAMEWORKS
    }

    assert pure <= listed, "List these in pyproject.toml, or let them import what they hide behind another module."


def test_locked_files_name_no_place_to_fetch_from():
    for name in ("requirements.txt", "requirements-demo.txt", "requirements-dev.txt", "requirements-assets.txt"):
        assert "://" not in (PROJECT / name).read_text()
    assert '"resolved"' not in (PROJECT / "package-lock.json").read_text()
