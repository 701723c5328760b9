"""The whole product in real processes, on the database that this run is about."""

import json
import subprocess
import sys
from collections.abc import Iterator

import pytest
from django.conf import settings

from botox_tracker import servers, stack

IS_POSTGRESQL = settings.DATABASES["default"]["ENGINE"] == "django.db.backends.postgresql"


@pytest.fixture
def running() -> Iterator[stack.Stack]:
    """Broker, mail server and a migrated, empty database; web, worker and beat are started by the test."""
    if IS_POSTGRESQL:
        with servers.postgres() as url, stack.running(database_url=url) as everything:
            yield everything
    else:
        with stack.running() as everything:
            yield everything


@pytest.fixture
def world(running: stack.Stack) -> dict[str, str]:
    """A clinic with one of everything that the story needs: names and public ids."""
    done = subprocess.run(
        [sys.executable, "-m", "clinic.management.tour.prepare"],
        env=running.environment,
        cwd=stack.PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)
