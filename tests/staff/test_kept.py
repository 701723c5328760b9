"""What a web process keeps while nothing has changed, and what makes it look again."""

import pytest

from clinic import audit
from clinic.audit import Action, Actor
from clinic.staff import kept
from clinic.staff.kept import SECONDS, Kept, newest_change
from tests.factories import NOW, DeliveryAttemptFactory, MessageFactory, PatientFactory


@pytest.fixture
def patient(db):
    return PatientFactory()


def write_down(action):
    audit.record(by=Actor.system(), action=action, what="Patient", now=NOW)


@pytest.mark.parametrize("action", [Action.CREATED, Action.CHANGED, Action.BOOKED, Action.SIGNED, Action.DELETED, Action.STOPPED])
def test_a_change_of_a_record_is_noticed(patient, action):
    before = newest_change()
    write_down(action)
    assert newest_change() != before


def test_a_letter_that_is_born_or_moves_on_is_noticed(patient):
    before = newest_change()
    message = MessageFactory(patient=patient)
    born = newest_change()
    DeliveryAttemptFactory(message=message)
    assert len({before, born, newest_change()}) == 3


@pytest.mark.parametrize("action", [Action.VIEWED, Action.LISTED, Action.DENIED, Action.LINK_OPENED])
def test_looking_changes_nothing(patient, action):
    write_down(Action.CHANGED)
    before = newest_change()
    write_down(action)
    assert newest_change() == before


def test_asking_what_changed_takes_one_query_even_of_an_empty_installation(db, django_assert_num_queries):
    with django_assert_num_queries(1):
        assert newest_change() == (0, 0, 0)


@pytest.fixture
def clock(monkeypatch):
    """A process clock that stands where the test puts it."""

    class Clock:
        now = 1000.0

    monkeypatch.setattr(kept, "monotonic", lambda: Clock.now)
    return Clock


def test_a_value_is_made_once_and_again_after_a_minute(clock):
    values, made = Kept(), []

    def make():
        made.append(clock.now)
        return len(made)

    assert [values.get("key", make), values.get("key", make)] == [1, 1]
    clock.now += SECONDS + 1
    assert values.get("key", make) == 2
    assert values.get("another key", make) == 3


def test_only_what_is_missing_is_made_and_all_of_it_at_once(clock):
    values, asked = Kept(), []

    def make(missing):
        asked.append(missing)
        return {key: key.upper() for key in missing}

    assert values.get_many(["a", "b"], make) == {"a": "A", "b": "B"}
    assert values.get_many(["b", "c", "d"], make) == {"b": "B", "c": "C", "d": "D"}
    assert values.get_many(["a"], make) == {"a": "A"}
    assert asked == [["a", "b"], ["c", "d"]]


def test_what_is_kept_does_not_grow_without_end(clock):
    values = Kept(most=3)
    for number in range(10):
        values.get(number, lambda number=number: number)
    assert len(values._values) <= 3


def test_what_was_forgotten_is_made_again(clock):
    values = Kept()
    values.get("key", lambda: 1)
    values.forget()
    assert values.get("key", lambda: 2) == 2


def test_what_could_not_be_made_is_not_kept(clock):
    values = Kept()

    def fail():
        raise ValueError("not now")

    with pytest.raises(ValueError, match="not now"):
        values.get("key", fail)
    assert values.get("key", lambda: 1) == 1
