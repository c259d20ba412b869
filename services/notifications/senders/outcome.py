"""What became of one attempt to send."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

LONGEST_REPLY = 200
_ADDRESSES = re.compile(r"<?[^\s<>]+@[^\s<>]+>?|\+?\d{7,}")


class Verdict(StrEnum):
    """How an attempt ended.

    ``UNREACHABLE`` says nothing about the message: the server itself was away. ``UNKNOWN``: it was
    handed over and no answer came, so it may have arrived and must not be sent again.
    """

    ACCEPTED = "accepted"
    LATER = "later"
    UNREACHABLE = "unreachable"
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
    """

    verdict: Verdict
    reply: str = ""
    provider_id: str | None = None


def without_addresses(reply: str) -> str:
    """A server's reply as it may be kept: servers like to repeat the address in it."""
    return _ADDRESSES.sub("…", " ".join(reply.split()))[:LONGEST_REPLY]
