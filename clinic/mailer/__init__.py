"""The only place that speaks to a mail server: composes a letter, holds the dialogue and judges how it ended.

The exception that `smtplib` raises cannot tell a letter that was not taken from one that was: a connection that
ends before the final dot and one that ends after it look alike. So the dialogue keeps the *phase* it is in, and the
verdict follows the phase (RFC 5321 section 6.1, RFC 1047). One recipient a letter: nothing is ever half refused.
"""

from clinic.mailer.dialogue import Dialogue, Ended
from clinic.mailer.envelope import message_named_by, return_path
from clinic.mailer.letters import Calendar, Letter, Unsendable, compose, sender_address
from clinic.mailer.verdicts import Outcome, Phase, Verdict, judge, says_address_is_bad

__all__ = [
    "Calendar",
    "Dialogue",
    "Ended",
    "Letter",
    "Outcome",
    "Phase",
    "Unsendable",
    "Verdict",
    "compose",
    "judge",
    "message_named_by",
    "return_path",
    "says_address_is_bad",
    "sender_address",
]
