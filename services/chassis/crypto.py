"""Encryption of personal data, keyed hashes for equality, and signed tokens for links.

All keys derive from ``LINGBAO_SECRET_KEYS`` (newest first). New data uses the first; the others
still open, match and verify what was written under them, until ``lingbao rekey`` has rewritten it.
"""

from __future__ import annotations

import base64
import functools
import hashlib
import hmac
import json
import secrets
import time
import uuid
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from services.chassis.settings import settings

_SEAL_PREFIX = "s1."
_NONCE_BYTES = 12
_KEY_ID_BYTES = 4
_MAC_BYTES = 16


class SealError(Exception):
    """A sealed text cannot be opened: it was changed, or its key is no longer configured."""


class TokenError(Exception):
    """A signed token is forged, damaged or expired."""


class TokenExpired(TokenError):
    """A signed token was genuine and is past its time."""


@functools.lru_cache(maxsize=64)
def _derive(secret: str, purpose: str) -> bytes:
    """A 256-bit key for one purpose (HKDF, RFC 5869)."""
    return HKDF(algorithm=hashes.SHA256(), length=32, salt=None, info=purpose.encode()).derive(
        secret.encode()
    )


def _keys(purpose: str) -> list[bytes]:
    return [_derive(secret, purpose) for secret in settings().secret_keys]


def _key_id(key: bytes) -> bytes:
    return hashlib.sha256(key).digest()[:_KEY_ID_BYTES]


def encode(raw: bytes) -> str:
    """Bytes as URL-safe text without padding."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def decode(text: str) -> bytes:
    """The bytes of :func:`encode`.

    Raises:
        ValueError: the text is not of that form.
    """
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)


def seal(text: str) -> str:
    """``text`` encrypted (AES-256-GCM) under the newest key, as text that says which key."""
    key = _keys("seal")[0]
    nonce = secrets.token_bytes(_NONCE_BYTES)
    return _SEAL_PREFIX + encode(
        _key_id(key) + nonce + AESGCM(key).encrypt(nonce, text.encode(), None)
    )


def unseal(sealed: str) -> str:
    """What :func:`seal` was given.

    Raises:
        SealError: the text was changed, or its key is gone from ``LINGBAO_SECRET_KEYS``.
    """
    try:
        if not sealed.startswith(_SEAL_PREFIX):
            raise SealError("This is not a sealed text.")
        raw = decode(sealed[len(_SEAL_PREFIX) :])
        key_id, rest = raw[:_KEY_ID_BYTES], raw[_KEY_ID_BYTES:]
        for key in _keys("seal"):
            if _key_id(key) == key_id:
                return AESGCM(key).decrypt(rest[:_NONCE_BYTES], rest[_NONCE_BYTES:], None).decode()
    except (ValueError, InvalidTag) as error:
        raise SealError("A sealed text was changed or damaged.") from error
    raise SealError("The key of a sealed text is not among LINGBAO_SECRET_KEYS.")


def is_sealed(text: str) -> bool:
    """Whether a text looks like the work of :func:`seal`."""
    return text.startswith(_SEAL_PREFIX)


def is_current(sealed: str) -> bool:
    """Whether a sealed text is under the newest key already."""
    raw = decode(sealed[len(_SEAL_PREFIX) :])
    return raw[:_KEY_ID_BYTES] == _key_id(_keys("seal")[0])


def fingerprint(value: str) -> str:
    """A keyed hash of a normalised address, for equality in the database (newest key)."""
    return fingerprints(value)[0]


def fingerprints(value: str) -> list[str]:
    """The keyed hashes of ``value`` under every key, newest first: look up with all of them."""
    return [
        hmac.new(key, value.encode(), hashlib.sha256).hexdigest() for key in _keys("fingerprint")
    ]


def sign_id(purpose: str, identifier: uuid.UUID) -> str:
    """A link token for one row: its id and a MAC, 43 characters, no expiry of its own.

    Nothing is stored, so a message can be written again with the same link at any time.
    """
    mac = hmac.new(_keys(f"link:{purpose}")[0], identifier.bytes, hashlib.sha256).digest()
    return encode(identifier.bytes + mac[:_MAC_BYTES])


def read_id(purpose: str, token: str) -> uuid.UUID:
    """The id in a token of :func:`sign_id`.

    Raises:
        TokenError: forged or damaged.
    """
    try:
        raw = decode(token)
    except ValueError as error:
        raise TokenError("The link is damaged.") from error
    body, given = raw[:16], raw[16:]
    for key in _keys(f"link:{purpose}"):
        mac = hmac.new(key, body, hashlib.sha256).digest()[:_MAC_BYTES]
        if hmac.compare_digest(mac, given):
            return uuid.UUID(bytes=body)
    raise TokenError("The link is not genuine.")


def sign(purpose: str, claims: dict[str, Any], lifetime: float | None) -> str:
    """A token carrying ``claims`` in the clear (signed, not secret).

    Args:
        purpose: what it is for; a token of one purpose is refused for every other.
        claims: JSON values.
        lifetime: seconds until it expires; ``None`` for never.
    """
    body = dict(claims)
    if lifetime is not None:
        body["exp"] = round(time.time() + lifetime, 3)
    text = encode(json.dumps(body, separators=(",", ":"), ensure_ascii=False).encode())
    mac = hmac.new(_keys(f"token:{purpose}")[0], text.encode(), hashlib.sha256).digest()
    return f"{text}.{encode(mac)}"


def verify(purpose: str, token: str) -> dict[str, Any]:
    """The claims of a token of :func:`sign`.

    Raises:
        TokenExpired: genuine, past its time.
        TokenError: forged or damaged.
    """
    text, _, given = token.partition(".")
    for key in _keys(f"token:{purpose}"):
        mac = encode(hmac.new(key, text.encode(), hashlib.sha256).digest())
        if hmac.compare_digest(mac.encode(), given.encode()):
            claims: dict[str, Any] = json.loads(decode(text))
            if "exp" in claims and claims["exp"] < time.time():
                raise TokenExpired("The token has expired.")
            return claims
    raise TokenError("The token is not genuine.")
