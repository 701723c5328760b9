"""Hands claimed messages to the mail server, one by one on one connection.

The intent is committed under the patient's lock before the letter leaves, the outcome at once after it: whatever dies in
between leaves a row that says how far it came. An opt-out that commits before the intent wins.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from django.db import transaction

from clinic.mailer import Dialogue, Ended, Letter, Outcome, Unsendable, Verdict, compose, return_path
from clinic.reminders import consequences, facts, intents, letters, states
from clinic.reminders.addresses import domain_hash
from clinic.reminders.asking import locked_situation
from clinic.reminders.claiming import BATCH, Claim, claim, give_back, is_anything_ready, may_send
from clinic.reminders.in_hand import Handed, InHand
from clinic.reminders.letter_wordings import load_wordings
from clinic.reminders.letters import Tokens
from clinic.reminders.mark import Mark
from clinic.reminders.models import Heartbeat, Message
from clinic.reminders.noting import note
from clinic.reminders.outlooks import outlook_of
from clinic.reminders.pacing import not_before
from clinic.reminders.plans import load_book
from clinic.reminders.policy import Decision
from clinic.reminders.states import State
from clinic.reminders.steps import Verdict as Says
from clinic.reminders.transitions import Move, move

log = logging.getLogger(__name__)

#: A worker begins no further letter when its lease has only this left: the longest dialogue, and time to write it down.
_LEASE_NEEDED = timedelta(seconds=90)
#: A mail server that is out of reach is tried again after this.
_PROBE = timedelta(seconds=60)
#: A letter that waits for no known moment is asked about again after this.
_ASK_AGAIN = timedelta(hours=1)


class Courier:
    """One run of one worker. `clock` is asked before every letter; none is begun after `until` or leaves unnoted by `mark`."""

    def __init__(self, *, clock: Callable[[], datetime], until: datetime, worker: str, mark: Mark) -> None:
        self.clock, self.until, self.worker, self.mark = clock, until, worker, mark
        self.handed = Handed()
        self._most_ready: dict[int, int] = {}
        self._plans = load_book(clock())
        self._wordings = load_wordings()
        self._held_domains: dict[str, datetime] = {}
        self._dialogue = Dialogue()

    def run(self) -> Handed:
        """Claim and hand over until nothing is ready, the time is up or the mail server is out of reach."""
        if not (may_send() and is_anything_ready(now=self.clock())):
            return self.handed
        with self._dialogue:
            try:
                self._dialogue.open()
            except Ended as ended:
                self._server_away(ended.outcome)
                return self.handed
            # A server that refuses us only at MAIL is tried with one letter a run, not with a hundred.
            limit = 1 if Heartbeat.objects.filter(pk=1, mail_failing_since__isnull=False).exists() else BATCH
            while self.clock() < self.until:
                claimed = claim(worker=self.worker, now=self.clock(), limit=limit, most_ready=self._most_ready)
                if not claimed.message_ids or not self._work(claimed):
                    break
                limit = BATCH
        return self.handed

    def _work(self, claimed: Claim) -> bool:
        """Deal with every message of this claim; False when the run is over."""
        now = self.clock()
        self._plans, self._wordings = load_book(now), load_wordings()
        messages = letters.load(claimed.message_ids)
        situations = facts.load({m.patient_id for m in messages.values() if m.patient_id}, at=now)
        going: list[InHand] = []
        for pk in claimed.message_ids:
            situation = situations.get(messages[pk].patient_id or 0)
            if situation is None:
                self._give_up(messages[pk], claimed, "NO_RECIPIENT")
                continue
            in_hand = InHand(messages[pk], situation, now)
            if in_hand.message.attempts > states.MOST_ATTEMPTS:
                self._give_up(in_hand.message, claimed, "TOO_MANY_ATTEMPTS")
                continue
            decision = self._ask(in_hand, now)
            if decision is None:
                self._give_up(in_hand.message, claimed, "CANNOT_BE_DECIDED")
            elif decision.verdict is Says.SEND:
                in_hand.also_about = decision.also_about
                going.append(in_hand)
            else:
                self._turn_down(in_hand, claimed)
        minted = letters.mint_all({in_hand.message: in_hand.also_about for in_hand in going}, now=now)
        for in_hand in going:
            in_hand.tokens = minted.get(in_hand.message.pk)
        for number, in_hand in enumerate(going):
            goes_on = self.clock() < min(self.until, claimed.lease_until - _LEASE_NEEDED)
            if not goes_on:
                self._give_back(going[number:], claimed, "TIME_IS_UP", self.clock())
                return False
            if not self._hand_over(in_hand, claimed):
                self._give_back(going[number + 1 :], claimed, "MAIL_SERVER_AWAY", self.clock() + _PROBE)
                return False
        return True

    def _hand_over(self, in_hand: InHand, claimed: Claim) -> bool:
        """Speak with the mail server about one letter; False when it will have none."""
        began = self.clock()
        written = self._written(in_hand, claimed)
        if written is None:
            return True
        letter, content = written
        if (turn := not_before(letter.to, now=began)) is not None:
            self._give_back([in_hand], claimed, "DOMAIN_PACED", turn)
            return True
        try:
            self._dialogue.address(letter.to, sender=return_path(in_hand.message.public_id))
        except Ended as ended:
            return self._ended_early(in_hand, claimed, ended.outcome, began)
        except Unsendable as unsendable:
            self._give_up(in_hand.message, claimed, f"UNSENDABLE_{unsendable}".upper())
            return True
        handoff_at = self._intend(in_hand, claimed, content)
        if handoff_at is None:
            self._dialogue.forget()
            return True
        if not note(self.mark, in_hand, claimed, handoff_at=handoff_at, worker=self.worker, clock=self.clock):
            self.handed.given_back += 1
            self._dialogue.forget()
            return False
        outcome = self._dialogue.give(content)
        self._record(in_hand, claimed, outcome, State.HANDOFF, began, handoff_at)
        return True

    def _written(self, in_hand: InHand, claimed: Claim) -> tuple[Letter, bytes] | None:
        """Return the letter and its bytes; None, and the message given up, if it cannot be written."""
        if in_hand.tokens is None:
            self._give_up(in_hand.message, claimed, "CANNOT_BE_WRITTEN")
            return None
        try:
            letter = letters.write(in_hand.message, in_hand.tokens, now=in_hand.looked_at, words=in_hand.words(self._wordings))
            return letter, compose(letter, at=in_hand.looked_at)
        except Exception as error:  # noqa: BLE001 - whatever one letter raises, it must not stop the others
            # Only the kind: the text of the exception may quote the patient.
            log.error("message %s cannot be written: %s", in_hand.message.public_id, type(error).__name__)
            self._give_up(in_hand.message, claimed, "CANNOT_BE_WRITTEN")
            return None

    def _turn_down(self, in_hand: InHand, claimed: Claim) -> None:
        """By what was loaded the letter may not go: make sure of it under the patient's lock, and settle it."""
        with transaction.atomic(durable=True):
            now = self.clock()
            decision = self._ask_again(in_hand, now)
            if decision is None or decision.verdict is Says.SEND:
                self._give_back([in_hand], claimed, "FACTS_CHANGED", now)
            else:
                self._settle(in_hand, claimed, decision)

    def _ask_again(self, in_hand: InHand, now: datetime) -> Decision | None:
        """Lock the patient's row until the transaction ends, and decide by what the database holds now."""
        known, patient = in_hand.situation, in_hand.message.patient
        in_hand.situation = locked_situation(
            known,
            message_id=in_hand.message.pk,
            address=patient.email if patient else "",
            looked_at=in_hand.looked_at,
            now=now,
        )
        if in_hand.situation is not known:
            self._plans = load_book(now)
        return self._ask(in_hand, now)

    def _intend(self, in_hand: InHand, claimed: Claim, content: bytes) -> datetime | None:
        """Ask once more under the patient's lock and commit the intent; None, and settled, if the letter may not go."""
        if (committed_at := self._intend_unchanged(in_hand, claimed, content)) is not None:
            return committed_at
        with transaction.atomic(durable=True):
            now = self.clock()
            known = in_hand.situation
            decision = self._ask_again(in_hand, now)
            if decision is None:
                self._give_up(in_hand.message, claimed, "CANNOT_BE_DECIDED")
                return None
            if decision.verdict is not Says.SEND:
                self._settle(in_hand, claimed, decision)
                return None
            is_stale = decision.also_about != in_hand.also_about
            if is_stale or (in_hand.situation is not known and self._reads_otherwise(in_hand, content)):
                # What it says is no longer right: it is claimed again and written from today's facts.
                self._give_back([in_hand], claimed, "FACTS_CHANGED", now)
                return None
            change = intents.intent(in_hand, claimed, content, worker=self.worker, now=now)
            return now if move(change, now=now) else None

    def _intend_unchanged(self, in_hand: InHand, claimed: Claim, content: bytes) -> datetime | None:
        """The same in one exchange with the database, if by what is known the letter may go and nothing has changed since."""
        now = self.clock()
        decision = self._ask(in_hand, now)
        if decision is None or decision.verdict is not Says.SEND or decision.also_about != in_hand.also_about:
            return None
        change = intents.intent(in_hand, claimed, content, worker=self.worker, now=now)
        return now if intents.commit_if_unchanged(change, in_hand, now=now) else None

    def _reads_otherwise(self, in_hand: InHand, content: bytes) -> bool:
        """Whether the letter, written from the rows as they are now, would be another one."""
        today = letters.load([in_hand.message.pk])[in_hand.message.pk]
        tokens = in_hand.tokens or Tokens()
        letter = letters.write(today, tokens, now=in_hand.looked_at, words=in_hand.words(self._wordings))
        return compose(letter, at=in_hand.looked_at) != content

    def _ended_early(self, in_hand: InHand, claimed: Claim, outcome: Outcome, began: datetime) -> bool:
        """The dialogue ended before the letter: the server has nothing."""
        if outcome.verdict is Verdict.AWAY:
            self._give_back([in_hand], claimed, "MAIL_SERVER_AWAY", self.clock() + _PROBE)
            self._server_away(outcome)
            return False
        self._record(in_hand, claimed, outcome, State.CLAIMED, began, None)
        return True

    def _record(
        self,
        in_hand: InHand,
        claimed: Claim,
        outcome: Outcome,
        origin: State,
        began: datetime,
        handoff_at: datetime | None,
    ) -> None:
        now = self.clock()
        consequences.record(
            in_hand.message,
            outcome,
            claimed=claimed,
            origin=origin,
            handoff_at=handoff_at,
            duration=max(now - began, timedelta(0)),
            worker=self.worker,
            now=now,
        )
        if outcome.domain_asks_to_wait and in_hand.message.patient is not None:
            self._held_domains[domain_hash(in_hand.message.patient.email)] = now + states.DOMAIN_HOLD
        if outcome.verdict is Verdict.SENT and not self.handed.sent:
            Heartbeat.objects.filter(pk=1, mail_failing_since__isnull=False).update(mail_failing_since=None, mail_failure="")
        self.handed.sent += outcome.verdict is Verdict.SENT
        self.handed.later += outcome.verdict is Verdict.LATER
        self.handed.refused += outcome.verdict is Verdict.REFUSED
        self.handed.unknown += outcome.verdict is Verdict.UNKNOWN

    def _ask(self, in_hand: InHand, now: datetime) -> Decision | None:
        """What the policy says of this message by what is known; None if it cannot say anything."""
        situation = in_hand.situation
        if self._held_domains and in_hand.message.patient is not None:
            until = self._held_domains.get(domain_hash(in_hand.message.patient.email))
            if until is not None and until > now:
                situation = replace(situation, domain_held_until=until)
        outlook = outlook_of(situation, self._plans, now)
        return outlook.about(in_hand.message.dedupe_key) if outlook.decisions else None

    def _settle(self, in_hand: InHand, claimed: Claim, decision: Decision) -> None:
        """The letter may not go now: let it wait, or end it, for the reason the policy gives."""
        now = self.clock()
        target = State.SUPPRESSED if decision.verdict is Says.TASK else states.settled_as(decision.reason)
        # During a pause nothing is claimed; after it the letter is due at once.
        waits = target is State.READY and not decision.is_earned
        change = Move(
            pk=in_hand.message.pk,
            origin=State.CLAIMED,
            target=target,
            outcome=decision.reason,
            token=claimed.token,
            ready_at=(decision.when or now + _ASK_AGAIN) if waits else None,
            unburned=True,
            worker=self.worker,
        )
        self.handed.settled += move(change, now=now)

    def _give_up(self, message: Message, claimed: Claim, outcome: str) -> None:
        change = Move(
            pk=message.pk,
            origin=State.CLAIMED,
            target=State.DEAD,
            outcome=outcome,
            token=claimed.token,
            worker=self.worker,
        )
        self.handed.dead += move(change, now=self.clock())

    def _give_back(self, those: list[InHand], claimed: Claim, reason: str, ready_at: datetime) -> None:
        keys = [in_hand.message.pk for in_hand in those]
        give_back(claimed, keys, reason=reason, ready_at=ready_at, worker=self.worker, now=self.clock())
        self.handed.given_back += len(keys)

    def _server_away(self, outcome: Outcome) -> None:
        now = self.clock()
        where = f"{outcome.phase} {outcome.code or ''}".strip()
        log.warning("the mail server takes nothing: %s", where)
        Heartbeat.objects.filter(pk=1, mail_failing_since=None).update(mail_failing_since=now)
        Heartbeat.objects.filter(pk=1).update(mail_failure=where)
