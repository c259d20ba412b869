"""What a mail server's reply means for a message.

The code says whether it is for good (RFC 5321 §4.2.1), the enhanced status code whose fault it is
(RFC 3463, RFC 5248).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, Literal

from services.notifications.senders.outcome import Outcome, Verdict, without_addresses

Stage = Literal["MAIL", "RCPT", "DATA", "message"]

CLOSING: Final = 421
# RFC 6647 §5: greylisting lets a second attempt in after minutes, not seconds.
GREYLISTED_SECONDS: Final = 300.0

_QUEUED_AS: Final = re.compile(r"queued as ([\w.-]{4,64})", re.IGNORECASE)
_ENHANCED: Final = re.compile(r"^\s*([245])\.(\d{1,3})\.(\d{1,3})\b")
_GREYLIST: Final = re.compile(r"gr[ae]y-?list|try again later.*(second|minute)", re.IGNORECASE)
# Said without an enhanced code, in the place where a dead address would be named.
_ABOUT_US: Final = re.compile(
    r"spam|block(ed|list)|blacklist|denylist|reputation|policy|relay|dnsbl|rbl\b", re.IGNORECASE
)
# Subject and detail of what says that an address is dead for good. 1: the address (but 1.7 and
# 1.8 are about the sender's); 2.1: the mailbox is disabled. A full mailbox (2.2) may be emptied.
_DEAD: Final = frozenset(
    {("1", detail) for detail in ("0", "1", "2", "3", "4", "5", "6", "9", "10")}
    | {("2", "0"), ("2", "1")}
)
# Without an enhanced code: no such mailbox, not here, name not allowed (RFC 5321 §4.2.3).
_DEAD_CODES: Final = frozenset({550, 551, 553})
# Our name and password are wrong, or TLS is missing: no message is to blame, and an operator can
# put it right.
_ABOUT_SIGNING_IN: Final = frozenset({530, 534, 535, 538})


@dataclass(frozen=True)
class Reply:
    """A reply of one or more lines.

    Attributes:
        code: three digits.
        text: the rest, its lines separated by spaces.
    """

    code: int
    text: str

    def __str__(self) -> str:
        return f"{self.code} {self.text}"


def judged(stage: Stage, reply: Reply) -> Outcome:
    """What a reply to one step of handing over makes of the message.

    Args:
        stage: what it answers; ``message`` is the end of the text, all others come before it.
    """
    said = without_addresses(str(reply))
    if reply.code < 400:
        found = _QUEUED_AS.search(reply.text)
        return Outcome(Verdict.ACCEPTED, said, found.group(1) if found else None)
    if reply.code == CLOSING or reply.code in _ABOUT_SIGNING_IN:
        return Outcome(Verdict.UNREACHABLE, said)
    enhanced = _ENHANCED.match(reply.text)
    subject = (enhanced.group(2), enhanced.group(3)) if enhanced else None
    if reply.code < 500:
        wait = GREYLISTED_SECONDS if _greylisted(stage, reply, subject) else 0.0
        return Outcome(Verdict.LATER, said, wait=wait)
    return Outcome(Verdict.BOUNCED if _dead(stage, reply, subject) else Verdict.REFUSED, said)


def _greylisted(stage: Stage, reply: Reply, subject: tuple[str, str] | None) -> bool:
    if _GREYLIST.search(reply.text):
        return True
    return stage == "RCPT" and reply.code in (450, 451) and subject == ("7", "1")


def _dead(stage: Stage, reply: Reply, subject: tuple[str, str] | None) -> bool:
    """Whether a refusal for good is about the recipient's address, not about us or the text."""
    if stage == "MAIL":
        return False
    if subject is not None:
        return subject in _DEAD
    return stage == "RCPT" and reply.code in _DEAD_CODES and not _ABOUT_US.search(reply.text)
