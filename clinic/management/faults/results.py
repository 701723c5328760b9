"""What a fault did to the letters, and the judgement of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from clinic.management.faults.smtp import Taken


@dataclass
class Result:
    """What one fault did to the letters."""

    name: str
    database: str
    owed: int = 0
    #: How often the fault struck.
    tried: int = 0
    accepted: int = 0
    in_doubt: int = 0
    given_up: int = 0
    #: Seconds from the end of the fault until the last letter was with the mail server or in a final state.
    #: None where it lasted to the end.
    healed_after: float | None = None
    seconds: float = 0
    #: Owed, and neither with the mail server nor in a state that says why not.
    lost: list[str] = field(default_factory=list)
    #: Taken by the mail server more than once, or without being owed.
    doubled: list[str] = field(default_factory=list)
    #: Anything else that must not be, in words.
    broken: list[str] = field(default_factory=list)

    @property
    def is_good(self) -> bool:
        """Nothing lost, nothing doubled, nothing else amiss."""
        return not (self.lost or self.doubled or self.broken)


@dataclass(frozen=True)
class Bounds:
    """What a fault may leave behind."""

    #: Letters that may end in doubt.
    in_doubt: int = 0
    #: Whose letter can never go, and must be given up.
    unwritable: Collection[str] = ()
    #: No letter is claimed more often before it is given up.
    most_attempts: int = 5


def judge(
    result: Result, *, owed: Mapping[str, str], taken: Sequence[Taken], seen: Mapping[str, Any], bounds: Bounds | None = None
) -> None:
    """Hold what the mail server took, and what the database says in the end, against what was owed."""
    bounds = bounds or Bounds()
    result.owed, result.accepted = len(owed), len(taken)
    by_id = Counter(letter.message_id for letter in taken)
    by_person = Counter(letter.recipient for letter in taken)
    states = {message["email"]: message["state"] for message in seen["messages"]}
    result.doubled = sorted({name for count in (by_id, by_person) for name, number in count.items() if number > 1})
    result.doubled += sorted(set(by_person) - set(owed))
    result.in_doubt, result.given_up = seen["states"].get("UNKNOWN", 0), seen["states"].get("DEAD", 0)
    accounted = {
        email for email, state in states.items() if state == "UNKNOWN" or (state == "DEAD" and email in bounds.unwritable)
    }
    result.lost = sorted(email for email in owed if by_person[email] == 0 and email not in accounted)
    broken = list(result.broken)
    if result.in_doubt > bounds.in_doubt:
        broken.append(f"{result.in_doubt} in doubt, at most {bounds.in_doubt} could be")
    if result.given_up != len(bounds.unwritable):
        broken.append(f"{result.given_up} given up, it should be {len(bounds.unwritable)}")
    for message in seen["messages"]:
        if message["state"] == "SENT" and message["message_id"] not in by_id:
            broken.append("a letter counts as sent that the mail server never saw")
        if message["state"] not in ("SENT", "UNKNOWN", "DEAD"):
            broken.append(f"a letter is left {message['state']}")
        if owed.get(message["email"]) != message["step"]:
            broken.append(f"a letter was written that nobody was owed: {message['step']}")
        if message["attempts"] > bounds.most_attempts:
            broken.append(f"a letter was tried {message['attempts']} times")
    if seen["too_long_in_hand"]:
        broken.append(f"{seen['too_long_in_hand']} in hand for more than ten minutes")
    result.broken = sorted(set(broken))
