"""The file outside the database: what is in it survives whatever happens to the process and the power."""

import os
import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from clinic.reminders.mark import Mark, MarkUnusable, Remembered
from tests.factories import NOW

READING = {"boot": "b" * 36, "steady": 123456.789, "wall": NOW}


@pytest.fixture
def mark(tmp_path):
    return Mark(tmp_path / "var" / "engine.mark")


def test_before_the_first_run_nothing_is_remembered(mark):
    assert mark.read() == Remembered()
    assert not mark.path.exists()


def test_everything_written_is_read_again_and_only_its_owner_can(mark):
    instance, message = uuid.uuid4(), uuid.uuid4()
    mark.adopt(instance)
    mark.ticked(NOW, **READING)
    mark.handed_over(message, NOW + timedelta(seconds=1))
    for level in ("green", "amber", "red"):
        mark.told(level, NOW)
    assert mark.read() == Remembered(
        instance, NOW, NOW + timedelta(seconds=1), message, **READING,
        told="red", told_green_at=NOW, told_amber_at=NOW, told_red_at=NOW,
    )  # fmt: skip
    assert mark.path.stat().st_mode & 0o077 == 0
    size = mark.path.stat().st_size
    for second in range(200):
        mark.ticked(NOW + timedelta(seconds=second), **READING)
    assert mark.path.stat().st_size == size
    assert mark.read().last_tick_at == NOW + timedelta(seconds=199)


def test_a_deployment_keeps_its_first_name(mark):
    first = uuid.uuid4()
    assert mark.adopt(first) == first
    assert mark.adopt(uuid.uuid4()) == first


def test_a_slower_workers_word_does_not_set_the_mark_back_unless_the_clock_did(mark):
    earlier = NOW - timedelta(hours=1)
    mark.ticked(NOW, **READING)
    mark.handed_over(last := uuid.uuid4(), NOW)
    mark.ticked(earlier, **READING)
    mark.handed_over(uuid.uuid4(), earlier)
    assert (mark.read().last_tick_at, mark.read().handed) == (NOW, last)
    mark.ticked(earlier, **READING, clock_went_back=True)
    assert mark.read().last_tick_at == earlier


def test_a_record_torn_by_a_power_cut_is_passed_over(mark):
    mark.ticked(NOW, **READING)
    before = mark.path.read_bytes()
    mark.ticked(NOW + timedelta(minutes=1), **READING)
    after = mark.path.read_bytes()
    torn = next(place for place in range(len(after)) if after[place] != before[place])
    mark.path.write_bytes(after[: torn + 40] + before[torn + 40 :])
    assert mark.read().last_tick_at == NOW
    mark.ticked(NOW + timedelta(minutes=2), **READING)
    assert mark.read().last_tick_at == NOW + timedelta(minutes=2)


def test_it_is_on_the_disk_before_the_call_returns(mark, monkeypatch):
    synced = []
    monkeypatch.setattr(os, "fdatasync", synced.append)
    mark.ticked(NOW, **READING)
    mark.handed_over(uuid.uuid4(), NOW)
    assert len(synced) == 2


def test_many_workers_share_it(mark):
    def work(number):
        for second in range(20):
            mark.handed_over(uuid.UUID(int=number * 100 + second), NOW + timedelta(seconds=second, microseconds=number))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(8)))
    assert mark.read().handed == uuid.UUID(int=719)
    assert mark.read().handed_at == NOW + timedelta(seconds=19, microseconds=7)


@pytest.mark.parametrize("content", [b"hello", b"0" * 5000, b"\x00" * 1024])
def test_a_file_of_something_else_is_not_taken_for_an_empty_one(mark, content):
    mark.path.parent.mkdir()
    mark.path.write_bytes(content)
    with pytest.raises(MarkUnusable):
        mark.read()
    with pytest.raises(MarkUnusable):
        mark.ticked(NOW, **READING)


def test_what_cannot_be_written_is_said(tmp_path, monkeypatch):
    with pytest.raises(MarkUnusable):
        Mark(tmp_path).read()
    with pytest.raises(MarkUnusable):
        Mark(tmp_path).ticked(NOW, **READING)

    def full(*_arguments):
        raise OSError(28, "No space left on device")

    mark = Mark(tmp_path / "mark")
    monkeypatch.setattr(os, "pwrite", full)
    with pytest.raises(MarkUnusable, match="No space left on device"):
        mark.ticked(NOW, **READING)
