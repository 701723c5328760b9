"""The demonstration, small: the same story for the same moment, letters due at whatever moment, and its command."""

from datetime import datetime, timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction

from clinic.management.commands import seed_demo
from clinic.management.seed.courses import Ending
from clinic.management.seed.world import make
from clinic.patients.models import Patient
from clinic.practice.models import Clinic
from clinic.reminders import planning
from clinic.reminders.models import Message
from clinic.safety.models import SideEffect
from clinic.scheduling.models import Appointment
from clinic.treatments.models import SessionVersion
from tests.factories import NOW, ClinicFactory

pytestmark = [pytest.mark.django_db, pytest.mark.slow]


def story():
    """What can be compared of two demonstrations: everything but random ids."""
    return {
        "patients": list(Patient.objects.order_by("pk").values_list("record_number", "family_name", "email", "status")),
        "treatments": list(
            SessionVersion.objects.order_by("pk").values_list("session__performed_on", "total_units", "signed_at")
        ),
        "visits": list(Appointment.objects.order_by("pk").values_list("starts_at", "state")),
        "letters": list(Message.objects.order_by("pk").values_list("dedupe_key", "state", "sent_at")),
        "side effects": list(SideEffect.objects.order_by("pk").values_list("current_version__onset_on", "state")),
    }


def test_same_moment_gives_the_same_story():
    told = []
    few = dict.fromkeys(Ending, 1)
    for _time in range(2):
        with transaction.atomic():
            before = Patient.objects.count()
            make(NOW, few)
            told.append({what: [tuple(map(str, row)) for row in rows] for what, rows in story().items()})
            assert Patient.objects.count() - before == len(few)
            transaction.set_rollback(True)

    keys = {what: len(rows) for what, rows in told[0].items()}
    assert keys == {what: len(rows) for what, rows in told[1].items()}
    for what in ("patients", "treatments", "visits", "side effects"):
        assert told[0][what] == told[1][what], what


@pytest.mark.parametrize(("days", "hour"), [(0, 9), (1, 1), (2, 23), (3, 1), (4, 23), (5, 9), (6, 1)])
def test_letters_are_owed_on_whatever_day_and_at_whatever_hour_it_is_started(days, hour):
    started_at = NOW.replace(hour=hour) + timedelta(days=days)
    make(started_at, {Ending.INVITED_TODAY: 4, Ending.REMINDED_TODAY: 2, Ending.WOKEN_TODAY: 1})

    planning.run(clock=lambda: started_at, until=started_at + timedelta(seconds=1))

    assert Message.objects.filter(state="READY", ready_at__lte=started_at, step__in=["INVITE", "REMIND"]).count() >= 6


def test_command_prints_the_accounts_once_it_has_filled_the_database(monkeypatch):
    asked = []
    monkeypatch.setattr(seed_demo, "make", asked.append)
    said = StringIO()

    call_command("seed_demo", stdout=said)

    assert isinstance(asked[0], datetime)
    assert seed_demo.PASSWORD in said.getvalue()
    assert all(email in said.getvalue() for email, _what in seed_demo.ACCOUNTS)


def test_command_refuses_a_database_that_already_holds_a_clinic():
    clinic = ClinicFactory()

    with pytest.raises(CommandError, match="nothing was changed"):
        call_command("seed_demo")

    assert list(Clinic.objects.all()) == [clinic]
