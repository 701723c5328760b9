"""`python3 manage.py demo`: the whole product with an invented clinic, on this machine, from one command."""

import os
import sys
import time
import urllib.error
import urllib.request
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from botox_tracker import servers
from botox_tracker.supervisor import Program, Supervisor
from clinic.management.commands.seed_demo import ACCOUNTS, PASSWORD
from clinic.practice.models import Clinic


class Command(BaseCommand):
    """Starts broker, mail server, web, worker and beat, and keeps them running until Ctrl-C."""

    help = "Sets up and runs everything, with the demonstration clinic. Ctrl-C stops it."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--port", type=int, default=8000, help="port of the web pages (default 8000; the next free one if taken)"
        )
        parser.add_argument("--workers", type=int, default=2, help="worker processes that send letters (default 2)")

    def handle(self, *args: Any, port: int, workers: int, **options: Any) -> None:
        started = time.monotonic()
        try:
            free = servers.free_port(port)
            mail_port = servers.free_port()
            with servers.short_folder("demo-") as folder:
                self._run(folder, free, mail_port, workers, wanted=port, started=started)
        except servers.ServerError as error:
            raise CommandError(str(error)) from error

    def _run(self, folder: Path, port: int, mail_port: int, workers: int, *, wanted: int, started: float) -> None:
        if port != wanted:
            self.stdout.write(f"Port {wanted} is taken; using {port}.")
        embedded = not os.environ.get("REDIS_URL")
        redis_url = os.environ.get("REDIS_URL") or f"unix://{folder / 'valkey.sock'}"
        site = f"http://localhost:{port}"
        environment = {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "botox_tracker.settings",
            "BOTOX_TRACKER_DEMO": "1",
            "BOTOX_TRACKER_VAR": str(settings.VAR),
            "SITE_URL": site,
            "REDIS_URL": redis_url,
            "EMAIL_HOST": "127.0.0.1",
            "EMAIL_PORT": str(mail_port),
            "LOG_LEVEL": os.environ.get("LOG_LEVEL", "WARNING"),
            "PYTHONUNBUFFERED": "1",
            "PYTHONPATH": str(settings.BASE_DIR),
        }
        supervisor = Supervisor(environment, settings.VAR / "log", self.stdout.write)
        supervisor.stop_on_signals()
        try:
            for program in self._programs(folder, port, mail_port, workers, embedded=embedded):
                if program.name == "web":
                    self._prepare_data()
                if supervisor.stopping.is_set():
                    return
                supervisor.start(program)
            self._greet(site, time.monotonic() - started)
            supervisor.watch()
        finally:
            self.stdout.write("\nStopping …")
            supervisor.stop_all()
            self.stdout.write("All stopped.")

    def _programs(self, folder: Path, port: int, mail_port: int, workers: int, *, embedded: bool) -> list[Program]:
        """Return what to run, in the order of starting."""
        python = sys.executable
        celery = [python, "-m", "celery", "-A", "botox_tracker"]
        programs = []
        if embedded:
            server = servers.find_valkey()
            if server is None:
                raise CommandError("No Valkey or Redis server was found. On Debian or Ubuntu:  apt-get install redis-server")
            programs.append(
                Program("broker", servers.valkey_command(server, folder), lambda: servers.answers(folder / "valkey.sock"))
            )
        return [
            *programs,
            Program(
                "mail",
                [python, "-m", "botox_tracker.catching_mail", str(mail_port), str(settings.MAILBOX_DIR)],
                lambda: servers.answers(("127.0.0.1", mail_port)),
            ),
            Program(
                "web",
                [python, "-m", "gunicorn", "botox_tracker.wsgi", "--bind", f"127.0.0.1:{port}", "--worker-class", "gthread",
                 "--workers", "1", "--threads", "8", "--no-control-socket", "--log-level", "warning"],
                lambda: _page_answers(f"http://127.0.0.1:{port}/account/login/"),
            ),
            Program(
                "worker",
                [*celery, "worker", "--concurrency", str(workers), "--loglevel", "warning",
                 "--without-gossip", "--without-mingle", "--without-heartbeat"],
                stop_seconds=25,
            ),
            Program(
                "beat",
                [*celery, "beat", "--scheduler", "celery.beat:PersistentScheduler", "--schedule", str(folder / "beat"),
                 "--pidfile=", "--loglevel", "warning"],
            ),
        ]  # fmt: skip

    def _prepare_data(self) -> None:
        """Bring the database and the files for browsers up to date; fill an empty database with the demonstration clinic."""
        self.stdout.write("Preparing the database … ", ending="")
        self.stdout.flush()
        call_command("migrate", verbosity=0, interactive=False)
        self.stdout.write("the pages' files … ", ending="")
        self.stdout.flush()
        call_command("collectstatic", verbosity=0, interactive=False)
        if not Clinic.objects.exists():
            self.stdout.write("two years of an invented clinic (about half a minute) … ", ending="")
            self.stdout.flush()
            for letter in settings.MAILBOX_DIR.glob("*.eml"):  # of an earlier clinic
                letter.unlink()
            # What was done with an earlier clinic's database would make a new one look like a restored backup.
            settings.ENGINE_MARK.unlink(missing_ok=True)
            with transaction.atomic():  # interrupted, it leaves an empty database behind, to be filled by the next start
                call_command("seed_demo", verbosity=0)
        self.stdout.write("done.")

    def _greet(self, site: str, seconds: float) -> None:
        width = max(len(email) for email, _ in ACCOUNTS)
        accounts = "".join(f"    {email:{width}}  {what}\n" for email, what in ACCOUNTS)
        self.stdout.write(
            f"\nReady after {seconds:.1f} s:  {site}\n\n"
            f"  Sign in with the password  {PASSWORD}  as\n{accounts}\n"
            f"  Letters are caught, not sent; read them at  {site}/mailbox/\n"
            "  Ctrl-C stops everything.\n"
        )
        self.stdout.flush()


def _page_answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(address, timeout=10) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False
