"""Many processes want the same time at the same moment: exactly one gets it, the others are told with what is left.

`manage.py faults race` asks for 50 processes × 200 rounds on PostgreSQL and 8 × 50 on SQLite; here it is 8 × 25 on the database
that the tests run on.
"""

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from clinic.management.faults import race


@pytest.mark.slow
@pytest.mark.django_db
def test_of_eight_processes_exactly_one_gets_each_of_twenty_five_times():
    result = race.play(postgresql=connection.vendor == "postgresql", processes=8, rounds=25)
    print(result.row)
    assert result.broken == []
    assert (result.booked, result.told, result.offered, result.overlaps) == (25, 7 * 25, 7 * 25, 0)
    assert result.is_good


@pytest.mark.parametrize(
    "wrong", [{"booked": 3}, {"told": 13}, {"offered": 0}, {"overlaps": 1}, {"broken": ["round 1: 2 got it"]}], ids=str
)
def test_race_that_went_wrong_is_told_and_fails(monkeypatch, capsys, wrong):
    good = {"booked": 2, "told": 14, "offered": 14, "overlaps": 0, "broken": []}
    monkeypatch.setattr(race, "play", lambda **_asked: race.RaceResult("SQLite", 8, 2, **good))
    call_command("faults", "race", "--short")
    assert capsys.readouterr().out.rstrip().endswith("ok")
    monkeypatch.setattr(race, "play", lambda **_asked: race.RaceResult("SQLite", 8, 2, **good | wrong))
    with pytest.raises(CommandError, match="was not settled"):
        call_command("faults", "race", "--short")
    assert capsys.readouterr().out.rstrip().endswith("NOT OK")
