"""What became of one attempt to send."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

LONGEST_REPLY = 200
_ADDRESSES = re.compile(r"<?[^\s<>]+@[^\s<>]+>?|\+?\d{7,}")


class Verdict(StrEnum):
    """How an attempt ended.

    ``UNREACHABLE`` says nothing about the message: the server itself was away. ``HELD``: we did not
    try, because a throttle, a warm-up plan or a rest forbids it for a while. ``UNKNOWN``: it was
    handed over and no answer came, so it may have arrived and must not be sent again.
    """

    ACCEPTED = "accepted"
    LATER = "later"
    UNREACHABLE = "unreachable"
    HELD = "held"
    BOUNCED = "bounced"
    REFUSED = "refused"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Outcome:
    """One attempt's end.

    Attributes:
        verdict: how it ended.
        reply: what the server said, without personal data.
        provider_id: the server's own reference for the message.
        sender: which relay or provider it was, by its name in the settings.
        wait: seconds before another attempt makes sense; 0 leaves it to the usual waiting times.
    """

    verdict: Verdict
    reply: str = ""
    provider_id: str | None = None
    sender: str = ""
    wait: float = 0.0


def without_addresses(reply: str) -> str:
    """A server's reply as it may be kept: servers like to repeat the address in it."""
    line = "".join(letter if letter.isprintable() else " " for letter in reply)
    return _ADDRESSES.sub("…", " ".join(line.split()))[:LONGEST_REPLY]
