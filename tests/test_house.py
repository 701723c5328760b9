"""The house's own rules, where no other tool sees them."""

import tomllib
from pathlib import Path

import grimp
import pytest

pytestmark = pytest.mark.once
PROJECT = Path(__file__).resolve().parent.parent
ROOMS = ("practice", "toxins", "patients", "treatments", "scheduling", "safety", "care", "reminders")
FRAMEWORKS = {"django", "celery"}


def test_every_pure_module_is_held_to_it():
    """What needs no framework now is kept that way by an import contract."""
    contracts = tomllib.loads((PROJECT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    listed = next(set(contract["source_modules"]) for contract in contracts if contract["type"] == "forbidden")
    graph = grimp.build_graph("clinic", include_external_packages=True)
    modules = {name for room in ROOMS for name in graph.find_children(f"clinic.{room}") if not graph.find_children(name)}
    pure = {name for name in modules if not graph.find_upstream_modules(name) & FRAMEWORKS}

    assert pure - listed == set(), "List these in pyproject.toml, so that they stay so."


def test_locked_files_name_no_place_to_fetch_from():
    for name in ("requirements.txt", "requirements-demo.txt", "requirements-dev.txt", "requirements-assets.txt"):
        assert "://" not in (PROJECT / name).read_text()
    assert '"resolved"' not in (PROJECT / "package-lock.json").read_text()
