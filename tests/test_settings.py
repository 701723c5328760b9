"""What an installation refuses to start with, and what it gets without being asked."""

import logging
import os
import runpy
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace

import pytest
from django.core.checks import ERROR

from botox_tracker.local import is_local, kept_secret_key
from botox_tracker.masking import MaskPatientLinks
from clinic import apps
from clinic.management.commands.check_all import PRODUCTION

pytestmark = pytest.mark.once
PROJECT = Path(__file__).resolve().parent.parent
UNSAFE = {
    "no secret key": ({"SECRET_KEY": ""}, "SECRET_KEY is not set"),
    "short secret key": ({"SECRET_KEY": "k3j5h6"}, "SECRET_KEY is too short"),
    "monotonous secret key": ({"SECRET_KEY": "ab" * 40}, "SECRET_KEY is too short"),
    "example secret key": ({"SECRET_KEY": "django-insecure-" + "k3j5h6d7s8" * 5}, "SECRET_KEY is an example"),
    "debug": ({"DEBUG": "1"}, "DEBUG is on"),
    "demonstration": ({"BOTOX_TRACKER_DEMO": "1"}, "BOTOX_TRACKER_DEMO is on"),
    "any host": ({"ALLOWED_HOSTS": "*"}, "ALLOWED_HOSTS answers to any name"),
    "another host": ({"ALLOWED_HOSTS": "elsewhere.clinic.invalid"}, "not in ALLOWED_HOSTS"),
    "plain http": ({"SITE_URL": "http://visits.clinic.invalid"}, "not an https address"),
    "a medicine in the address": ({"SITE_URL": "https://botox.clinic.invalid"}, "SITE_URL names a medicine"),
    "no database password": (
        {"DATABASE_URL": "postgresql://clinic@db.clinic.invalid/clinic?sslmode=require"},
        "DATABASE_URL has no password",
    ),
    "default database password": (
        {"DATABASE_URL": "postgresql://clinic:postgres@db.clinic.invalid/clinic?sslmode=require"},
        "DATABASE_URL has no password",
    ),
    "database without TLS": ({"DATABASE_URL": "postgresql://clinic:Rk2vT9xQ@db.clinic.invalid/clinic"}, "without TLS"),
    "no broker": ({"REDIS_URL": ""}, "REDIS_URL is not set"),
    "broker without a password": ({"REDIS_URL": "redis://redis.clinic.invalid:6379/0"}, "REDIS_URL has no password"),
    "mail without TLS": ({"EMAIL_USE_TLS": "0"}, "neither EMAIL_USE_TLS nor EMAIL_USE_SSL"),
    "example sender": ({"DEFAULT_FROM_EMAIL": "clinic@localhost"}, "DEFAULT_FROM_EMAIL is an example"),
    "a medicine in the sender": ({"DEFAULT_FROM_EMAIL": "botox@clinic.invalid"}, "DEFAULT_FROM_EMAIL names a medicine"),
    "no address for reports": ({"REPORT_ADDRESS": "reports"}, "REPORT_ADDRESS is no plain address"),
    "a long mailbox for reports": ({"REPORT_ADDRESS": "delivery-reports@clinic.invalid"}, "at most 15 characters"),
    "a medicine in the address for reports": ({"REPORT_ADDRESS": "botox@clinic.invalid"}, "REPORT_ADDRESS names a medicine"),
    "a short secret for reports": ({"REPORT_SECRETS": "x" * 40 + ",hush"}, "A secret in REPORT_SECRETS is too short"),
    "a negative limit": ({"LETTERS_PER_DOMAIN_A_MINUTE": "-1"}, "LETTERS_PER_DOMAIN_A_MINUTE is negative"),
}


def run(code: str, tmp_path: Path, **changed: str) -> subprocess.CompletedProcess:
    inherited = {name: value for name, value in os.environ.items() if name not in {"DATABASE_URL", "REDIS_URL", "SITE_URL"}}
    environment = {**inherited, "DJANGO_SETTINGS_MODULE": "botox_tracker.settings", "BOTOX_TRACKER_VAR": str(tmp_path), **changed}
    return subprocess.run([sys.executable, "-c", code], cwd=PROJECT, env=environment, capture_output=True, text=True, check=False)


CHECK = """
import sys
from django.core.management import execute_from_command_line
execute_from_command_line(["manage.py", "check"])
"""
SERVE = "import botox_tracker.wsgi"


@pytest.mark.parametrize("name", UNSAFE)
def test_every_unsafe_setting_is_refused_in_one_clear_line(tmp_path, monkeypatch, name):
    changed, message = UNSAFE[name]
    for variable, value in {**PRODUCTION, "BOTOX_TRACKER_VAR": str(tmp_path), **changed}.items():
        monkeypatch.setenv(variable, value)
    monkeypatch.setattr(apps, "settings", SimpleNamespace(**runpy.run_path(str(PROJECT / "botox_tracker" / "settings.py"))))

    (error,) = apps.check_settings()

    assert message in error.msg
    assert error.level == ERROR


@pytest.mark.parametrize("name", ["no secret key", "debug"])
def test_no_command_runs_with_an_unsafe_setting(tmp_path, name):
    changed, message = UNSAFE[name]

    done = run(CHECK, tmp_path, **{**PRODUCTION, **changed})

    assert done.returncode == 1
    assert message in done.stderr
    assert "Traceback" not in done.stderr


def test_a_web_server_refuses_too(tmp_path):
    done = run(SERVE, tmp_path, **{**PRODUCTION, "EMAIL_USE_TLS": "0", "REDIS_URL": ""})

    assert done.returncode == 1
    assert "ImproperlyConfigured: REDIS_URL is not set" in done.stderr
    assert "neither EMAIL_USE_TLS nor EMAIL_USE_SSL" in done.stderr


@pytest.mark.parametrize("code", [CHECK, SERVE])
def test_good_settings_start(tmp_path, code):
    done = run(code, tmp_path, **PRODUCTION)

    assert done.returncode == 0, done.stderr


def test_a_local_installation_needs_no_settings_and_keeps_its_own_key(tmp_path):
    tell = "import django; from django.conf import settings; print(settings.SECRET_KEY)"

    first, second = run(tell, tmp_path / "var"), run(tell, tmp_path / "var")

    assert len(first.stdout.strip()) > 50
    assert first.stdout == second.stdout
    assert stat.S_IMODE((tmp_path / "var" / "secret-key").stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "var").stat().st_mode) == 0o700


def test_first_starts_at_the_same_moment_agree_on_the_key(tmp_path):
    with ThreadPoolExecutor(8) as pool:
        keys = list(pool.map(lambda _: kept_secret_key(tmp_path / "var"), range(32)))

    assert len(set(keys)) == 1
    assert [path.name for path in (tmp_path / "var").iterdir()] == ["secret-key"]


def test_a_key_of_a_local_installation_never_serves_a_real_one(tmp_path):
    kept_secret_key(tmp_path)

    done = run(CHECK, tmp_path, **{**PRODUCTION, "SECRET_KEY": ""})

    assert "SECRET_KEY is not set" in done.stderr


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "::1", "clinic.localhost"])
def test_this_machine_is_local(host):
    assert is_local(host)


@pytest.mark.parametrize("host", ["", "clinic.invalid", "localhost.clinic.invalid", "10.0.0.1", "0.0.0.0"])
def test_another_machine_is_not_local(host):
    assert not is_local(host)


def test_the_sample_names_every_variable_that_is_read():
    import re

    read = set(re.findall(r'env\.\w+\(\s*"([A-Z_]+)"', (PROJECT / "botox_tracker" / "settings.py").read_text()))
    named = set(re.findall(r"^#?([A-Z_]+)=", (PROJECT / ".env.sample").read_text(), re.MULTILINE))

    assert len(read) > 15
    assert read == named


@pytest.mark.parametrize(
    ("line", "written"),
    [
        ("Not Found: /p/dGhlIHRva2Vu-_x/", "Not Found: /p/…/"),
        ('"POST /p/dGhl/book/ HTTP/1.1" 500', '"POST /p/…/book/ HTTP/1.1" 500'),
        ("Not Found: /patients/", "Not Found: /patients/"),
    ],
)
def test_the_log_holds_no_token_of_a_patients_link(line, written):
    record = logging.LogRecord("django.request", logging.WARNING, "", 0, "%s", (line,), None)

    assert MaskPatientLinks().filter(record)

    assert record.getMessage() == written


def test_the_beat_has_only_intervals_that_expire_before_the_next(settings):
    for entry in settings.CELERY_BEAT_SCHEDULE.values():
        assert isinstance(entry["schedule"], int | float)
        assert entry["options"]["expires"] < entry["schedule"]


def test_a_dead_broker_is_noticed_and_tasks_answer_nothing(settings):
    assert settings.CELERY_TASK_IGNORE_RESULT is True
    assert settings.CELERY_RESULT_BACKEND is None
    assert settings.CELERY_TASK_ACKS_LATE is False
    assert settings.CELERY_BROKER_TRANSPORT_OPTIONS["visibility_timeout"] > settings.CELERY_TASK_TIME_LIMIT
    assert settings.CELERY_BROKER_TRANSPORT_OPTIONS["socket_timeout"] is not None
