"""A recipient domain gets no more letters a minute than the setting says."""

from datetime import timedelta

import pytest

from clinic.reminders.models import DeliveryAttempt, Message
from clinic.reminders.pacing import DomainPace, not_before
from clinic.reminders.plans import ensure_plan
from tests.factories import NOW, ClinicFactory, FollowUpFactory
from tests.reminders.running import Clock, run, states

pytestmark = pytest.mark.django_db


@pytest.fixture
def clinic():
    clinic = ClinicFactory()
    ensure_plan(clinic, NOW)
    return clinic


def due(clinic, email):
    return FollowUpFactory(patient__clinic=clinic, patient__next_check_at=NOW, patient__email=email)


def test_without_a_limit_nothing_is_counted():
    assert not_before("a@example.org", now=NOW) is None
    assert not DomainPace.objects.exists()


def test_what_is_beyond_the_minute_s_number_is_spread_over_the_minutes_to_come(settings):
    settings.LETTERS_PER_DOMAIN_A_MINUTE = 2
    at = NOW + timedelta(seconds=40)
    turns = [not_before(f"p{number}@Example.org", now=at) for number in range(6)]
    assert turns == [None, None, NOW + timedelta(minutes=1), NOW + timedelta(minutes=1), *[NOW + timedelta(minutes=2)] * 2]
    assert not_before("a@example.net", now=at) is None
    assert not_before("a@example.org", now=NOW + timedelta(minutes=1)) is None
    assert DomainPace.objects.count() == 2


def test_a_busy_domain_s_letters_all_go_a_few_a_minute_each_put_off_once_and_others_at_once(server, clinic, settings):
    settings.LETTERS_PER_DOMAIN_A_MINUTE = 2
    for number in range(6):
        due(clinic, f"p{number}@big.example")
    due(clinic, "a@small.example")
    clock, went = Clock(), []
    for _minute in range(4):
        before = len(server.taken)
        run(clock)
        went.append(len(server.taken) - before)
        clock.tick(minutes=1)
    assert went == [3, 2, 2, 0]
    assert states() == {"SENT": 7}
    assert DeliveryAttempt.objects.filter(outcome="DOMAIN_PACED").count() == 4
    assert set(Message.objects.values_list("attempts", flat=True)) == {1}


def test_the_address_is_kept_only_as_a_keyed_hash(settings):
    settings.LETTERS_PER_DOMAIN_A_MINUTE = 1
    not_before("anna@small.example", now=NOW)
    assert "small" not in str(DomainPace.objects.values().get())
