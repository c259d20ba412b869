"""Signatures of webhooks, both ways (Standard Webhooks 1.0, https://www.standardwebhooks.com).

HMAC-SHA256 over ``id.timestamp.body``; a secret is ``whsec_`` and base64.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

PREFIX: Final = "whsec_"
# An older call may be one that somebody recorded and plays again.
TOLERANCE: Final = timedelta(minutes=5)


class NotGenuine(Exception):
    """A call's signature is missing, wrong, or too old."""


def new_secret() -> str:
    """A fresh secret of 256 bits."""
    return PREFIX + base64.b64encode(secrets.token_bytes(32)).decode()


def signed_headers(
    keys: Sequence[str], identifier: str, at: datetime, body: bytes
) -> dict[str, str]:
    """The headers that go with a body.

    Args:
        keys: secrets, each of which signs: for a day there are two, while one replaces another.
        identifier: the same for every attempt, so that a receiver knows a repeat.
        at: the moment of this attempt.
    """
    moment = str(int(at.timestamp()))
    marks = (f"v1,{_mark(key, identifier, moment, body)}" for key in keys)
    return {
        "webhook-id": identifier,
        "webhook-timestamp": moment,
        "webhook-signature": " ".join(marks),
    }


def verify(keys: Sequence[str], headers: Mapping[str, str], body: bytes, now: datetime) -> None:
    """Make sure that a call comes from somebody who has one of the secrets, and is fresh.

    Raises:
        NotGenuine: it is not so.
    """
    identifier = headers.get("webhook-id", "")
    moment = headers.get("webhook-timestamp", "")
    given = headers.get("webhook-signature", "").split()
    if not identifier or not moment.isascii() or not moment.isdecimal() or len(moment) > 12:
        raise NotGenuine("A header is missing or damaged.")
    if abs(now.timestamp() - int(moment)) > TOLERANCE.total_seconds():
        raise NotGenuine("The call is too old, or one of the clocks is wrong.")
    marks = [f"v1,{_mark(key, identifier, moment, body)}" for key in keys]
    if not any(hmac.compare_digest(one.encode(), mark.encode()) for one in given for mark in marks):
        raise NotGenuine("The signature does not fit.")


def _mark(key: str, identifier: str, moment: str, body: bytes) -> str:
    secret = base64.b64decode(key.removeprefix(PREFIX))
    signed = b".".join((identifier.encode(), moment.encode(), body))
    return base64.b64encode(hmac.new(secret, signed, hashlib.sha256).digest()).decode()
