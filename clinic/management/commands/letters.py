"""`manage.py letters …`: what a person decides about letters, from a terminal. Each names who decides, and is audited."""

from __future__ import annotations

import time
import uuid
from argparse import ArgumentParser
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from clinic import audit
from clinic.accounts import User
from clinic.practice.models import Clinic
from clinic.practice.roles import Permission
from clinic.practice.services import clinics_where
from clinic.reminders import services
from clinic.reminders.models import Message
from clinic.reminders.services import DecisionRefused

_IDS = "public ids of letters, as their pages' addresses give them"
#: What whole lists may be decided about at once.
_LISTS = {"in-doubt": "UNKNOWN", "refused": "FAILED", "given-up": "DEAD"}


class Command(BaseCommand):
    help = "Pauses and resumes letters, sends again or settles what waits for a person, and prunes."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)

        def verb(name: str, words: str) -> ArgumentParser:
            own: ArgumentParser = verbs.add_parser(name, help=words)
            own.add_argument("--by", required=True, metavar="EMAIL", help="the account of whoever decides")
            return own

        def of_a_clinic(command: ArgumentParser) -> ArgumentParser:
            command.add_argument("--clinic", metavar="ID", help="this clinic alone, by public id or name")
            return command

        pause, drain = verb("pause", "send nothing"), verb("drain", "send nothing new and wait until nothing is in hand")
        for command in (pause, drain):
            of_a_clinic(command).add_argument("reason", help="stands on every staff page")
        drain.add_argument("--seconds", type=float, default=300.0, help="wait so long at most (default: 300)")
        resume = of_a_clinic(verb("resume", "let letters go again"))
        resume.add_argument("--looked", action="store_true", help="somebody has looked at the list of ready letters")
        resume.add_argument("--right-database", action="store_true", help="no other installation sends from a copy of it")
        retry, resolve = verb("retry", "send again"), verb("resolve", "settle what is in doubt, refused or given up")
        for command in (retry, resolve):
            command.add_argument("ids", nargs="*", type=uuid.UUID, metavar="LETTER", help=_IDS)
            of_a_clinic(command).add_argument("--all", choices=sorted(_LISTS), help="every letter of --clinic that waits so")
        resolve.add_argument("--as", dest="outcome", choices=("sent", "let-be"), required=True)
        verb("prune", "delete the single steps of old letters").add_argument("--days", type=int, default=365)

    def handle(self, *args: Any, verb: str, by: str, **options: Any) -> None:
        user = User.objects.filter(email__iexact=by, is_active=True).first()
        if user is None:
            raise CommandError("Nobody signs in with this address.")
        verbs: dict[str, Callable[..., str]] = {
            "pause": self._pause,
            "drain": self._drain,
            "resume": self._resume,
            "retry": self._decide,
            "resolve": self._decide,
            "prune": self._prune,
        }
        try:
            self.stdout.write(verbs[verb](user, **options))
        except DecisionRefused as refused:
            raise CommandError(str(refused)) from refused

    def _pause(self, user: User, *, reason: str, clinic: str | None, **_options: Any) -> str:
        actor, now = audit.Actor.of_user(user), timezone.now()
        if clinic is None:
            self._check_everywhere(user)
            services.pause_engine(by=actor, reason=reason, now=now)
        else:
            services.pause_clinic(by=actor, clinic=self._clinic(user, clinic), reason=reason, now=now)
        return "Letters are paused."

    def _drain(self, user: User, *, clinic: str | None, seconds: float, **options: Any) -> str:
        self._pause(user, clinic=clinic, **options)
        where = None if clinic is None else self._clinic(user, clinic)
        deadline = time.monotonic() + seconds
        while (number := services.in_hand(where)) and time.monotonic() < deadline:
            time.sleep(0.5)
        if number:
            raise CommandError(f"{number} letters are still in hand; letters stay paused. What a dead worker had comes back.")
        return "Letters are paused and none is in hand: the workers may be stopped."

    def _resume(self, user: User, *, clinic: str | None, looked: bool, right_database: bool, **_options: Any) -> str:
        actor, now = audit.Actor.of_user(user), timezone.now()
        if clinic is None:
            self._check_everywhere(user)
            services.resume_engine(by=actor, is_right_database=right_database, now=now)
        else:
            services.resume_clinic(by=actor, clinic=self._clinic(user, clinic), looked_at=now if looked else None, now=now)
        return "Letters go again."

    def _decide(self, user: User, *, ids: list[uuid.UUID], clinic: str | None, outcome: str = "", **options: Any) -> str:
        decisions = {"": services.send_again, "sent": services.mark_as_sent, "let-be": services.let_be}
        mine = Message.objects.filter(clinic__in=clinics_where(user, Permission.DECIDE_LETTERS)).order_by("pk")
        if options["all"] is not None:
            if clinic is None:
                raise CommandError("--all needs --clinic.")
            found = list(mine.filter(clinic=self._clinic(user, clinic), state=_LISTS[options["all"]]))
        else:
            found = list(mine.filter(public_id__in=ids))
            if len(found) < len(set(ids)) or not ids:
                raise CommandError("Not every letter was found where this person decides; nothing was changed.")
        done = 0
        for message in found:
            try:
                decisions[outcome](by=audit.Actor.of_user(user), message=message, now=timezone.now())
                done += 1
            except DecisionRefused as refused:
                self.stderr.write(f"{message.public_id}: {refused}")
        if done < len(found):
            raise CommandError(f"{done} of {len(found)} letters decided.")
        return f"{done} of {len(found)} letters decided."

    def _prune(self, user: User, *, days: int, **_options: Any) -> str:
        self._check_everywhere(user)
        deleted = services.prune(by=audit.Actor.of_user(user), days=days, now=timezone.now())
        return f"{deleted} steps older than {timedelta(days=days).days} days deleted."

    def _check_everywhere(self, user: User) -> None:
        # Where nobody works at every clinic, whoever keeps the system decides for all of them.
        if user.is_superuser:
            return
        if clinics_where(user, Permission.DECIDE_LETTERS).count() != Clinic.objects.count():
            raise CommandError("Only who decides over letters at every clinic, or keeps the system, may do this.")

    def _clinic(self, user: User, asked: str) -> Clinic:
        mine = clinics_where(user, Permission.DECIDE_LETTERS)
        found = [clinic for clinic in mine if asked in (str(clinic.public_id), clinic.public_id.hex, clinic.name)]
        if len(found) != 1:
            raise CommandError("This person decides over letters at no such clinic, or at several of this name.")
        return found[0]
