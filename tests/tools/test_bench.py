"""`manage.py bench`: that it still runs beside the tables as they are now. How fast is not asked here."""

import subprocess
import sys

import pytest
from django.conf import settings

from bench.report import Figure, NotMeasured
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


@pytest.mark.once
@pytest.mark.slow
@pytest.mark.skipif(servers.find_postgres() is None, reason="PostgreSQL is not installed")
def test_a_flood_is_measured_and_each_letter_comes_once():
    command = [sys.executable, "manage.py", "bench", "flood", "--size", "1k", "--short"]
    ran = subprocess.run(command, cwd=settings.BASE_DIR, capture_output=True, text=True, check=False)

    lines = [line for line in ran.stdout.splitlines() if "goal" in line]
    names = [line.split("  ")[0] for line in lines]
    assert names == [
        "flood, 100 letters: first", "flood, all planned", "flood, drained", "flood, busiest of two workers",
        "flood, largest process", "flood, follow-up list p95", "flood, letters that came",
    ], ran.stdout + ran.stderr  # fmt: skip
    assert lines[names.index("flood, letters that came")].endswith("ok")


def test_what_could_not_be_measured_is_never_ok():
    missing = NotMeasured("letters, two workers", "django-post-office is not here")
    assert missing.line().endswith("NOT MEASURED: django-post-office is not here")
    assert not missing.ok


def test_a_rate_is_held_against_its_baseline_the_other_way_round_than_a_time():
    faster = Figure("letters", 300, "a second", 100, "a task a letter", 3, at_least=True, is_rate=True)
    quicker = Figure("plan", 1, "ms", 20, "a row at a time", 10, at_least=True)
    assert (faster.ratio, faster.ok, quicker.ratio, quicker.ok) == (3, True, 20, True)
