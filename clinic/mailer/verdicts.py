"""What is known of a letter by how far its dialogue came. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

#: RFC 3463 and its registry: 5.1.x is about the recipient's address but for the sender's own and a server's standards; a mailbox
#: that is switched off (5.2.1) is as good as none.
_OF_THE_SENDER = frozenset({"5.1.7", "5.1.8", "5.1.9"})
_SWITCHED_OFF = "5.2.1"


class Phase(StrEnum):
    """How far a dialogue had come."""

    CONNECT = "connect"
    TLS = "tls"
    LOGIN = "login"
    MAIL = "mail"
    RCPT = "rcpt"
    DATA_COMMAND = "data-command"
    BODY = "body"
    DOT = "dot"
    ACCEPTED = "accepted"


class Verdict(StrEnum):
    """What is known of a letter after its dialogue."""

    SENT = "SENT"  # the server answered for it
    LATER = "LATER"  # the server does not have it and may take it another time
    REFUSED = "REFUSED"  # the server does not have it and never will
    UNKNOWN = "UNKNOWN"  # nobody can tell whether the server has it
    AWAY = "AWAY"  # no dialogue about this letter took place: the server itself is out of reach or refuses us


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a dialogue ended. Holds no address and nothing the server said but its codes."""

    verdict: Verdict
    phase: Phase
    code: int | None = None
    enhanced: str = ""

    @property
    def address_is_bad(self) -> bool:
        """The server says that the mailbox or its domain does not exist."""
        return self.verdict is Verdict.REFUSED and says_address_is_bad(self.enhanced)

    @property
    def domain_asks_to_wait(self) -> bool:
        """The server wants less of us for now: 421, or a policy that may pass (RFC 3463: 4.7.x)."""
        return self.verdict is Verdict.LATER and (self.code == 421 or self.enhanced.startswith("4.7."))

    @property
    def ends_the_connection(self) -> bool:
        """Nothing further can be said on this connection."""
        return self.code is None or self.code == 421 or self.verdict in (Verdict.UNKNOWN, Verdict.AWAY)


def says_address_is_bad(status: str) -> bool:
    """Tell whether this enhanced status (RFC 3463) means that no letter will ever arrive at the address."""
    return (status.startswith("5.1.") and status not in _OF_THE_SENDER) or status == _SWITCHED_OFF


def judge(phase: Phase, code: int | None) -> Verdict:
    """Return the verdict on a letter whose dialogue ended in `phase` with the reply `code`; None: no reply came."""
    if phase is Phase.ACCEPTED:
        return Verdict.SENT
    if phase in (Phase.CONNECT, Phase.TLS, Phase.LOGIN):
        return Verdict.AWAY
    if code is None:
        return Verdict.UNKNOWN if phase in (Phase.BODY, Phase.DOT) else Verdict.LATER
    if 400 <= code < 500:
        return Verdict.LATER
    if 500 <= code < 600:
        # Who may not send at all is told so at MAIL, whatever the letter: that is no fault of a patient's address.
        return Verdict.AWAY if phase is Phase.MAIL else Verdict.REFUSED
    return Verdict.UNKNOWN if phase is Phase.DOT else Verdict.LATER
