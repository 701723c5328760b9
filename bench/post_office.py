"""django-post-office beside the product: installed into a throwaway environment, never among the product's own packages.

The module is run there too, as a small project of its own: `python -m bench.post_office migrate | queue NUMBER FILE | send`.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import venv
from pathlib import Path

VERSION = "3.12.0"
PROCESSES = 2
_ROOT = Path(__file__).resolve().parent.parent


class Missing(Exception):
    """It cannot be installed; the text says why."""


class PostOffice:
    """An installation with a database and a queue of its own."""

    def __init__(self, folder: Path, *, database_url: str, port: int) -> None:
        """Install it. Raises Missing where that cannot be done, as without a network."""
        venv.create(folder, with_pip=True)
        self._python = folder / "bin" / "python"
        # The product's Django and database driver, in the same versions for both.
        ours = next(path for path in sys.path if path.endswith("site-packages"))
        theirs = next(folder.glob("lib/python*/site-packages"))
        (theirs / "ours.pth").write_text(ours)
        pip = [self._python, "-m", "pip", "--disable-pip-version-check"]
        command = [*pip, "install", "--quiet", f"django-post-office=={VERSION}"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise Missing((done.stderr.strip().splitlines() or ["pip failed"])[-1])
        self._environment = {**os.environ, "POST_OFFICE_URL": database_url, "EMAIL_PORT": str(port)}
        self._run("migrate")

    def queue(self, number: int, written: Path) -> None:
        """Queue so many letters of the text and HTML in this file: writing them is not part of what is measured."""
        self._run("queue", str(number), str(written))

    def send(self) -> None:
        """Send what is queued, with two processes."""
        self._run("send")

    def _run(self, *arguments: str) -> None:
        command = [self._python, "-m", "bench.post_office", *arguments]
        done = subprocess.run(command, cwd=_ROOT, env=self._environment, capture_output=True, text=True, check=False)
        if done.returncode:
            raise Missing(f"django-post-office failed: {(done.stdout + done.stderr).strip()[-600:]}")


def _configure() -> None:
    import environ
    from django.conf import settings

    database = environ.Env.db_url_config(os.environ["POST_OFFICE_URL"])
    database["HOST"] = database.pop("OPTIONS", {}).get("host", database["HOST"])
    settings.configure(
        SECRET_KEY="bench",
        INSTALLED_APPS=["django.contrib.contenttypes", "post_office"],
        DATABASES={"default": database},
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
        EMAIL_HOST="127.0.0.1",
        EMAIL_PORT=int(os.environ["EMAIL_PORT"]),
        POST_OFFICE={"LOCK_FILE_NAME": f"post-office-{os.getpid()}"},
        TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}],
        USE_TZ=True,
    )
    import django

    django.setup()


def _main(what: str, *values: str) -> None:
    _configure()
    from django.core.management import call_command

    if what == "migrate":
        call_command("migrate", verbosity=0)
    elif what == "send":
        call_command("send_queued_mail", processes=PROCESSES)
    else:
        from post_office import mail  # type: ignore[import-not-found]

        written = json.loads(Path(values[1]).read_text())
        mail.send_many(
            [
                {
                    "sender": "clinic@localhost", "recipients": [f"p{number}@example.org"], "subject": written["subject"],
                    "message": written["text"], "html_message": written["html"], "priority": "medium",
                }
                for number in range(int(values[0]))
            ]
        )  # fmt: skip


if __name__ == "__main__":
    _main(*sys.argv[1:])
