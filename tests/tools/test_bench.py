"""`manage.py bench`: that it still runs beside the tables as they are now. How fast is not asked here."""

import subprocess
import sys

import pytest
from django.conf import settings

from botox_tracker import servers


@pytest.mark.once
@pytest.mark.slow
@pytest.mark.skipif(servers.find_postgres() is None, reason="PostgreSQL is not installed")
def test_recording_is_measured_beside_a_bare_script_and_stays_within_its_queries():
    command = [sys.executable, "manage.py", "bench", "record", "--size", "1k", "--short"]
    ran = subprocess.run(command, cwd=settings.BASE_DIR, capture_output=True, text=True, check=False)

    figures = {line.split("  ")[0]: line for line in ran.stdout.splitlines() if "goal" in line}
    assert set(figures) == {"record, 30 points", "record, queries"}, ran.stdout + ran.stderr
    assert figures["record, queries"].endswith("ok")
