"""The application's entry, and what it refuses to run with.

A wrong setting would show itself only when a patient's data had already travelled unprotected, so an installation that is not
local starts with none of them: every command, worker and web process asks first.
"""

from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import parse_qs, urlsplit

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register
from django.core.checks import Warning as CheckWarning
from django.core.exceptions import ImproperlyConfigured
from django.db.models.signals import post_migrate, pre_migrate

SECRET_KEY_LENGTH = 50
SHORTEST_SECRET = 32
# The example of .env.sample, and what people type instead of a secret.
EXAMPLES = ("change-me", "changeme", "example", "insecure")
DEFAULT_PASSWORDS = {"", "admin", "changeme", "change-me", "password", "postgres", "redis", "secret"}


class ClinicConfig(AppConfig):
    """The one application of this project."""

    name = "clinic"
    label = "clinic"
    verbose_name = "Clinic"

    def ready(self) -> None:
        """Register the checks, and have the database's own guards out of the way of a migration and back after it."""
        from clinic import guards

        register(check_settings, Tags.security)
        register(check_scale, Tags.security, deploy=True)
        pre_migrate.connect(guards.lift, sender=self)
        post_migrate.connect(guards.install, sender=self)


def refuse_unsafe_settings() -> None:
    """Raise ImproperlyConfigured, naming every reason, if this installation must not serve patients."""
    if errors := check_settings():
        raise ImproperlyConfigured(" ".join(error.msg for error in errors))


def check_settings(app_configs: Sequence[AppConfig] | None = None, **kwargs: Any) -> list[CheckMessage]:
    """Return an error for each setting that would expose patients or staff; none for a local installation."""
    if settings.LOCAL:
        return []
    problems = [*_web_problems(), *_database_problems(), *_broker_problems(), *_mail_problems(), *_report_problems()]
    return [Error(message, id=f"clinic.{number}") for number, message in problems]


def check_scale(app_configs: Sequence[AppConfig] | None = None, **kwargs: Any) -> list[CheckMessage]:
    """Warn, in `check --deploy`, about what only a trial should run on."""
    if settings.LOCAL or settings.DATABASES["default"]["ENGINE"] != "django.db.backends.sqlite3":
        return []
    return [CheckWarning("SQLite carries a trial; set DATABASE_URL to a PostgreSQL server.", id="clinic.W001")]


def _web_problems() -> Iterator[tuple[str, str]]:
    try:
        key = settings.SECRET_KEY
    except ImproperlyConfigured:  # Django's answer to an empty one
        key = ""
    if not key:
        yield "E001", "SECRET_KEY is not set."
    elif len(key) < SECRET_KEY_LENGTH or len(set(key)) < 10:
        yield "E002", f"SECRET_KEY is too short: it needs {SECRET_KEY_LENGTH} random characters."
    elif any(word in key.lower() for word in EXAMPLES):
        yield "E003", "SECRET_KEY is an example: make one of your own."
    if settings.DEBUG:
        yield "E004", "DEBUG is on: error pages would show patients' data."
    if settings.DEMO:
        yield "E005", "BOTOX_TRACKER_DEMO is on: its passwords are known to everybody."
    if any(host.startswith(("*", ".")) for host in settings.ALLOWED_HOSTS):
        yield "E006", "ALLOWED_HOSTS answers to any name: list the names of this installation."
    elif settings.SITE_HOST not in settings.ALLOWED_HOSTS:
        yield "E007", "SITE_URL has a host that is not in ALLOWED_HOSTS: no link in a letter would work."
    if not settings.SECURE:
        yield "E008", "SITE_URL is not an https address."
    if _names_the_drug(settings.SITE_HOST):
        yield "E009", "SITE_URL names a medicine: patients' mail would show it to others."


def _database_problems() -> Iterator[tuple[str, str]]:
    database = settings.DATABASES["default"]
    if database["ENGINE"] == "django.db.backends.sqlite3" or is_near(database.get("HOST", "")):
        return
    if (database.get("PASSWORD") or "").lower() in DEFAULT_PASSWORDS:
        yield "E010", "DATABASE_URL has no password, or one that everybody knows."
    if database.get("OPTIONS", {}).get("sslmode") not in {"require", "verify-ca", "verify-full"}:
        yield "E011", "DATABASE_URL reaches another machine without TLS: add ?sslmode=verify-full."


def _broker_problems() -> Iterator[tuple[str, str]]:
    if not settings.REDIS_URL:
        yield "E012", "REDIS_URL is not set: failed sign-ins would not be counted across processes."
        return
    url = urlsplit(settings.REDIS_URL)
    password = url.password or parse_qs(url.query).get("password", [""])[0]
    if url.scheme != "unix" and not is_near(url.hostname or "") and password.lower() in DEFAULT_PASSWORDS:
        yield "E013", "REDIS_URL has no password, or one that everybody knows."


def _mail_problems() -> Iterator[tuple[str, str]]:
    if not is_near(settings.EMAIL_HOST) and not (settings.EMAIL_USE_TLS or settings.EMAIL_USE_SSL):
        yield "E014", "EMAIL_HOST is another machine and neither EMAIL_USE_TLS nor EMAIL_USE_SSL is on."
    sender = settings.DEFAULT_FROM_EMAIL.lower()
    if "@localhost" in sender or "example." in sender:
        yield "E015", "DEFAULT_FROM_EMAIL is an example: patients could not answer."
    if _names_the_drug(sender):
        yield "E016", "DEFAULT_FROM_EMAIL names a medicine: it would show in patients' mailboxes."


def _report_problems() -> Iterator[tuple[str, str]]:
    from clinic.mailer.envelope import LONGEST_MAILBOX  # reads the settings, which are not there yet above

    mailbox, _at, domain = settings.REPORT_ADDRESS.rpartition("@")
    if settings.REPORT_ADDRESS:
        plain = settings.REPORT_ADDRESS.isascii() and all(c.isalnum() or c in "@.-_" for c in settings.REPORT_ADDRESS)
        if not plain or not mailbox or "@" in mailbox or "." not in domain or len(mailbox) > LONGEST_MAILBOX:
            yield "E021", f"REPORT_ADDRESS is no plain address with at most {LONGEST_MAILBOX} characters before the @."
        if _names_the_drug(settings.REPORT_ADDRESS):
            yield "E022", "REPORT_ADDRESS names a medicine: it would show in patients' mailboxes."
    if any(len(secret) < SHORTEST_SECRET for secret in settings.REPORT_SECRETS):
        yield "E023", f"A secret in REPORT_SECRETS is too short: it needs {SHORTEST_SECRET} random characters."
    if settings.LETTERS_PER_DOMAIN_A_MINUTE < 0:
        yield "E024", "LETTERS_PER_DOMAIN_A_MINUTE is negative."


def _names_the_drug(text: str) -> bool:
    from clinic.practice.models import TRADEMARK  # models load after this module

    return TRADEMARK in text.casefold()


def is_near(host: str) -> bool:
    """Tell whether `host` is this machine: loopback or a socket's path."""
    return not host or host.startswith("/") or host in {"localhost", "127.0.0.1", "::1"}
