"""The reminder engine on the days of the two years: it plans as it always does, and its letters count as gone."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from clinic.mailer.verdicts import Phase
from clinic.patients.models import Patient
from clinic.reminders import planning
from clinic.reminders.models import DeliveryAttempt, EngineState, Message, MessageState
from clinic.reminders.suppressions import refused

_A_MOMENT = timedelta(seconds=4)
#: How a letter goes: each transition with the phase of the dialogue, what came of it and the server's code.
_SENT = (
    ("READY", "CLAIMED", "", "CLAIMED", None),
    ("CLAIMED", "HANDOFF", "", "INTENT", None),
    ("HANDOFF", "SENT", Phase.ACCEPTED, "ACCEPTED", 250),
)
_IN_DOUBT = (*_SENT[:2], ("HANDOFF", "UNKNOWN", Phase.DOT, "UNKNOWN_DOT", None))
_REFUSED = (_SENT[0], ("CLAIMED", "FAILED", Phase.RCPT, "REFUSED_RCPT", 550))
_SETTLED = ("state", "reason", "attempts", "handoff_at", "sent_at", "ready_at", "created_at", "changed_at")
_WAYS = {MessageState.SENT: _SENT, MessageState.UNKNOWN: _IN_DOUBT, MessageState.FAILED: _REFUSED}


@dataclass
class PostOffice:
    """Sends what the engine plans. `troubles` says whose next letter ends in doubt or is refused, by patient."""

    troubles: dict[int, MessageState] = field(default_factory=dict)

    def __post_init__(self) -> None:
        EngineState.objects.get_or_create(pk=1)

    def expect_trouble(self, patient: Patient, state: str) -> None:
        """The next letter to this patient ends in that state (UNKNOWN or FAILED)."""
        self.troubles[patient.pk] = MessageState(state)

    def run(self, now: datetime) -> None:
        """Plan whoever is due at `now`, and let what may go count as gone, each at the time when it fell due."""
        if not Patient.objects.filter(next_check_at__lte=now).exists():
            return
        if not planning.run(clock=lambda: now, until=now + _A_MOMENT).letters:
            return
        ready = Message.objects.filter(state=MessageState.READY, ready_at__lte=now).select_related("patient__clinic")
        going = list(ready.order_by("due_at", "pk"))
        for number, message in enumerate(going, start=1):
            self._settle(message, message.due_at + _A_MOMENT * number)
            message.save(update_fields=_SETTLED)
        DeliveryAttempt.objects.bulk_create(
            DeliveryAttempt(
                message=message,
                from_state=origin,
                to_state=target,
                phase=phase,
                outcome=outcome,
                smtp_code=code,
                duration_ms=18 if code else None,
                worker="worker-1",
                at=message.changed_at,
            )
            for message in going
            for origin, target, phase, outcome, code in _WAYS[MessageState(message.state)]
        )

    def _settle(self, message: Message, at: datetime) -> None:
        state = self.troubles.pop(message.patient_id or 0, MessageState.SENT)
        message.state, message.attempts = state, 1
        message.created_at = message.ready_at = message.changed_at = at
        if state is MessageState.SENT:
            message.sent_at = message.handoff_at = at
            return
        message.reason = _WAYS[state][-1][3]
        if state is MessageState.UNKNOWN:
            message.handoff_at = at
        else:
            refused(message, now=at)
