"""A side effect from its report to its review, at the pace of a real clinic: what is recent is still open."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from random import Random

from clinic.management.seed.doses import Reaction
from clinic.management.seed.practice import Place
from clinic.safety.models import Outcome, ReviewResult, SeriousCriterion, SideEffect, SideEffectState, Term
from clinic.safety.services import amend, report, review
from clinic.treatments.models import InjectionSession

Story = Generator[datetime, None, None]

_TOLD = {
    "AE01": "Noticed the upper lid hanging a little; can see well.",
    "AE03": "Cannot close the eye fully at night. Uses drops and tape.",
    "AE04": "The eye feels dry and gritty, worse in the evening.",
    "AE05": "The eye waters outdoors.",
    "AE08": "Sees two pictures when looking down the stairs.",
    "AE14": "Corner of the mouth hangs; drinks from a straw for now.",
    "AE19": "A bruise below the eye, the size of a coin.",
    "AE20": "Food sticks in the throat since yesterday. Told to go to hospital at once.",
}
_ACTIONS = (
    "Less at this point next time.",
    "The point further to the side next time.",
    "Nothing to change; told the patient what to expect.",
    "Drops prescribed.",
)
#: What nobody may miss: a treatment of somebody with a platysma point, once.
SWALLOWING = Reaction("AE20", after_days=3, lasts_days=12, severity=2)
#: What stands open today.
STILL_OPEN = (Reaction("AE01", 4, 60, 1), Reaction("AE14", 3, 60, 2), Reaction("AE05", 5, 60, 1))


@dataclass(frozen=True)
class Event:
    """One side effect of one treatment, and how far its story goes: to its end, unless `open_as` says where it stands."""

    place: Place
    session: InjectionSession
    reaction: Reaction
    rng: Random
    open_as: str = ""

    def story(self) -> Story:
        """Yield when the story goes on, and let it go on: report, first look, the end of it, review."""
        onset_on = self.session.performed_on + timedelta(days=self.reaction.after_days)
        resolved_on = onset_on + timedelta(days=self.reaction.lasts_days)
        latest = 1 if self._is_urgent else 2 if self.open_as else 8
        now = yield from self._wait_for(onset_on + timedelta(days=self.rng.randint(1, latest)))
        is_over = resolved_on <= self.place.today(now)
        side_effect = self._report(onset_on, resolved_on if is_over else None, now)
        if self.open_as == SideEffectState.NEW:
            return
        least, most = (0, 0) if self._is_urgent else (1, 3) if self.open_as else (4, 16)
        now = yield from self._wait_for(self.place.today(now) + timedelta(days=self.rng.randint(least, most)), after=now)
        if is_over:
            self._review(side_effect, SideEffectState.REVIEWED, self._action, now)
            return
        waits = self.open_as == SideEffectState.IN_REVIEW or (not self.open_as and self.rng.random() < 0.35)
        state, action = (SideEffectState.IN_REVIEW, "") if waits else (SideEffectState.FOLLOWING, "Phone again in two weeks.")
        self._review(side_effect, state, action, now)
        if self.open_as:
            return
        now = yield from self._wait_for(resolved_on + timedelta(days=self.rng.randint(1, 9)), after=now)
        self._amend(side_effect, onset_on, resolved_on, now)
        now = yield from self._wait_for(self.place.today(now) + timedelta(days=self.rng.randint(2, 8)), after=now)
        self._review(side_effect, SideEffectState.REVIEWED, self._action, now)

    @property
    def _action(self) -> str:
        return "No point below the jaw any more." if self._is_urgent else self.rng.choice(_ACTIONS)

    @property
    def _is_urgent(self) -> bool:
        return self.reaction is SWALLOWING

    @property
    def _criteria(self) -> list[str]:
        return [SeriousCriterion.OTHER] if self._is_urgent else []

    def _report(self, onset_on: date, resolved_on: date | None, now: datetime) -> SideEffect:
        return report(
            by=self.place.desk if self.rng.random() < 0.6 else self.place.doctor,
            patient=self.session.patient,
            session=self.session,
            term=Term.objects.get(code=self.reaction.term),
            onset_on=onset_on,
            resolved_on=resolved_on,
            severity=self.reaction.severity,
            outcome=Outcome.RECOVERED if resolved_on else Outcome.ONGOING,
            serious_criteria=self._criteria,
            narrative=_TOLD[self.reaction.term],
            now=now,
        )

    def _amend(self, side_effect: SideEffect, onset_on: date, resolved_on: date, now: datetime) -> None:
        amend(
            by=self.place.desk,
            side_effect=side_effect,
            based_on=1,
            term=side_effect.facts.term,
            onset_on=onset_on,
            resolved_on=resolved_on,
            severity=self.reaction.severity,
            outcome=Outcome.RECOVERED,
            serious_criteria=self._criteria,
            narrative=side_effect.facts.narrative,
            reason="The patient told by phone that it is over.",
            now=now,
        )

    def _review(self, side_effect: SideEffect, state: SideEffectState, action: str, now: datetime) -> None:
        review(
            by=self.place.reviewer,
            side_effect=side_effect,
            causality=self.rng.choices((ReviewResult.PROBABLE, ReviewResult.CERTAIN, ReviewResult.POSSIBLE), (6, 2, 3))[0],
            is_expected=True,
            is_distant=self._is_urgent,
            resulting_state=state,
            action=action,
            now=now,
        )

    def _wait_for(self, day: date, *, after: datetime | None = None) -> Generator[datetime, None, datetime]:
        """Wait until some office minute of the day (a later one than `after`), and return it."""
        at = self.place.office_time(day, self.rng)
        if after is not None and at <= after:
            at = after + timedelta(minutes=self.rng.randint(20, 90))
        yield at
        return at
