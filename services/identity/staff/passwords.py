"""Passwords: what is taken, how it is kept (argon2id, RFC 9106) and how it is compared."""

from __future__ import annotations

import functools
import secrets
import threading
import unicodedata
from typing import Annotated

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from pydantic import AfterValidator

from services.chassis.fields import refuse

SHORTEST = 12
LONGEST = 200
FEWEST_DIFFERENT = 5

# OWASP's Password Storage Cheat Sheet: 19 MiB of memory, two passes, one lane. About a twentieth
# of a second; heavier ones would let a rush of sign-ins slow a small machine down for everybody.
_hasher = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
# Each comparison takes that memory for itself, so a rush of sign-ins waits instead of swelling.
_at_once = threading.BoundedSemaphore(4)

# Long enough to pass the length, and first in everybody's list of guesses.
_COMMON = frozenset(
    {
        "password1234",
        "password12345",
        "password123456",
        "passwordpassword",
        "qwertyuiop12",
        "qwertyuiopasdf",
        "qwertyuiop123",
        "1q2w3e4r5t6y",
        "1qaz2wsx3edc",
        "123456789012",
        "1234567890abc",
        "woaini1314520",
        "admin1234567",
        "administrator",
        "letmeinplease",
        "iloveyou1234",
        "changemeplease",
    }
)


def normalised(password: str) -> str:
    """The password as it is hashed: two keyboards may write one character in two ways."""
    return unicodedata.normalize("NFKC", password)


def _acceptable(password: str) -> str:
    text = normalised(password[: LONGEST + 1])
    if len(text) < SHORTEST:
        raise refuse("Please use at least %(count)s characters.", count=SHORTEST)
    if len(text) > LONGEST:
        raise refuse("Please use at most %(count)s characters.", count=LONGEST)
    if text.casefold() in _COMMON or len(set(text)) < FEWEST_DIFFERENT:
        raise refuse("This password is easy to guess; please choose another one.")
    return text


# A password that somebody chooses; normalised.
NewPassword = Annotated[str, AfterValidator(_acceptable)]


def resembles(password: str, *known: str) -> bool:
    """Whether a password is what everybody knows of the person: the address or the name."""
    given = password.casefold()
    for text in known:
        plain = normalised(text).casefold()
        if given in (plain, plain.partition("@")[0]):
            return True
    return False


def hash_password(password: str) -> str:
    """The text that is kept of a password."""
    with _at_once:
        return _hasher.hash(normalised(password))


@functools.cache
def _nobodys_hash() -> str:
    """A hash that no password fits, compared when there is no account, so that it costs as much."""
    return hash_password(secrets.token_urlsafe(32))


def fits(stored: str | None, password: str) -> bool:
    """Whether ``password`` is the one behind ``stored``.

    It takes the same work when there is none (``None``), and is then always ``False``.
    """
    nobodys = _nobodys_hash()
    reference = nobodys if stored is None else stored
    with _at_once:
        try:
            _hasher.verify(reference, normalised(password))
        except (VerificationError, InvalidHashError):
            return False
    return stored is not None


def is_outdated(stored: str) -> bool:
    """Whether a hash was made with other parameters than today's."""
    return _hasher.check_needs_rehash(stored)
