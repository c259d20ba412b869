"""The return address of one message: what is sent there says by itself which message came back.

Variable envelope return paths (VERP): the local part carries the delivery's id and a MAC, so a
returned message names its delivery whatever a foreign server wrote into it, and nobody can make up
the address of a message that they did not get. Base32 because servers may change the case of a
local part; 54 characters of the 64 that RFC 5321 §4.5.3.1.1 allows.
"""

from __future__ import annotations

import base64
import functools
import re
import uuid
from collections.abc import Iterator
from email.utils import parseaddr
from typing import Final

from services.chassis.crypto import TokenError, decode, encode, read_id, sign_id
from services.chassis.settings import settings

_PURPOSE: Final = "return-path"
_SHAPE: Final = re.compile(r"\bb-([a-z2-7]{52})@", re.ASCII | re.IGNORECASE)
_PADDING: Final = "===="


def return_path(delivery_id: uuid.UUID) -> str:
    """The envelope sender of a message.

    With ``LINGBAO_BOUNCE_DOMAIN`` an address of its own in that domain, else the address of
    ``LINGBAO_MAIL_FROM``.
    """
    domain = settings().bounce_domain
    if domain is None:
        return _address_in(settings().mail_from)
    raw = decode(sign_id(_PURPOSE, delivery_id))
    return f"b-{base64.b32encode(raw).decode().rstrip('=').lower()}@{domain}"


@functools.lru_cache(maxsize=4)
def _address_in(mail_from: str) -> str:
    return parseaddr(mail_from)[1]


def delivery_of(address: str) -> uuid.UUID | None:
    """The delivery whose return address this is; ``None`` for every other and every forged one."""
    return next(deliveries_in(address), None)


def deliveries_in(text: str) -> Iterator[uuid.UUID]:
    """The deliveries whose return addresses stand anywhere in a text, each genuine.

    The domain is not looked at: it may have been another when the message went out, and the MAC
    says all.
    """
    for found in _SHAPE.finditer(text):
        try:
            yield read_id(_PURPOSE, encode(base64.b32decode(found[1].upper() + _PADDING)))
        except TokenError:
            continue  # made up, or of keys that are gone
