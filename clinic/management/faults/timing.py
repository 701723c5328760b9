"""The clock and the database as they must not be: set, copied, set back."""

from __future__ import annotations

from clinic.management.faults.field import Field

_LATE = 5
#: So long nothing may go, while the engine ticks every second.
_WATCHED = 3.0


def clock(at: Field) -> None:
    """The clock is set by an hour between two runs: letters stop until somebody has looked."""
    _first_letters(at)
    for minutes in (60, -60):
        at.inside("set_clock", str(minutes))
        at.arrive(_LATE)
        at.struck()
        at.start()
        _pauses(at, "CLOCK")
        at.inside("resume")
        at.over()
        at.wait_for_letters()
        at.end("beat-1", "worker-1")
    at.start()


def copied(at: Field) -> None:
    """Somebody starts the product with a copy of the database: the copy sends nothing, the right one goes on."""
    _first_letters(at)
    at.arrive(_LATE)
    backup = at.running.var / "copy.sqlite3"
    at.leave()
    at.database.back_up(backup)
    own = dict(at.running.environment)
    with at.database.copy(backup) as url:
        at.running.environment |= {"DATABASE_URL": url, "ENGINE_MARK": str(at.running.var / "copy.mark")}
        at.struck()
        at.start()
        _pauses(at, "INSTANCE")
        at.end("beat-1", "worker-1")
        at.leave()
    at.running.environment |= {name: own.get(name, "") for name in ("DATABASE_URL", "ENGINE_MARK")}
    del at.running.environment["ENGINE_MARK"]
    at.over()
    at.start()
    at.wait_for_letters()


def restored(at: Field) -> None:
    """A backup is put back that knows nothing of the letters sent since: they are in doubt, and none goes again."""
    _first_letters(at)
    late = at.arrive(_LATE)
    backup = at.running.var / "backup.sqlite3"
    at.leave()
    at.database.back_up(backup)
    at.start()
    at.wait_for_letters(*late)
    at.end("beat-1", "worker-1")
    at.leave()
    at.database.restore(backup)
    at.struck()
    at.may_doubt += len(late)
    at.start()
    _pauses(at, "MARK")
    at.inside("resume")
    at.over()


def _first_letters(at: Field) -> None:
    at.start()
    at.wait_for_letters()
    # The last outcome, and a run after it.
    at.settle()
    at.end("beat-1", "worker-1")


def _pauses(at: Field, guard: str) -> None:
    """The engine pauses itself for this reason, and nothing leaves."""
    before = at.taken()
    at.wait(lambda: guard in at.inside("look")["guards"], f"the engine's own pause ({guard})")
    at.stands_still(_WATCHED, "though the engine is paused")
    at.must(at.taken() == before, "a letter left before the engine paused")
