"""Sealing, fingerprints and tokens, under rotating keys."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import time_machine

from services.chassis import crypto
from services.chassis.settings import settings

OLD = "old-key-0123456789abcdef0123456789abcdef"
NEW = "new-key-0123456789abcdef0123456789abcdef"


@contextmanager
def keys(*secrets: str) -> Iterator[None]:
    before = os.environ["LINGBAO_SECRET_KEYS"]
    os.environ["LINGBAO_SECRET_KEYS"] = ",".join(secrets)
    settings.cache_clear()
    try:
        yield
    finally:
        os.environ["LINGBAO_SECRET_KEYS"] = before
        settings.cache_clear()


def test_a_sealed_text_opens_and_never_looks_the_same_twice() -> None:
    first, second = crypto.seal("138 1234 5678"), crypto.seal("138 1234 5678")
    assert first != second
    assert "138" not in first
    assert crypto.unseal(first) == crypto.unseal(second) == "138 1234 5678"


def test_old_data_opens_after_a_rotation_and_not_once_the_key_is_gone() -> None:
    with keys(OLD):
        sealed, mark = crypto.seal("王芳"), crypto.fingerprint("a@example.com")
    with keys(NEW, OLD):
        assert crypto.unseal(sealed) == "王芳"
        assert not crypto.is_current(sealed)
        assert crypto.is_current(crypto.seal("王芳"))
        assert mark in crypto.fingerprints("a@example.com")
        assert crypto.fingerprint("a@example.com") != mark
    with keys(NEW), pytest.raises(crypto.SealError):
        crypto.unseal(sealed)


@pytest.mark.parametrize("damage", ["", "s1.", "s1.AAAA", "plain", "s1.***"])
def test_a_damaged_seal_is_refused(damage: str) -> None:
    with pytest.raises(crypto.SealError):
        crypto.unseal(damage)


def test_a_changed_seal_is_refused() -> None:
    sealed = crypto.seal("secret")
    changed = sealed[:-1] + ("A" if sealed[-1] != "A" else "B")
    with pytest.raises(crypto.SealError):
        crypto.unseal(changed)


def test_a_link_token_names_its_row_and_serves_one_purpose() -> None:
    identifier = uuid.uuid4()
    token = crypto.sign_id("registration", identifier)
    assert crypto.read_id("registration", token) == identifier
    with pytest.raises(crypto.TokenError):
        crypto.read_id("unsubscribe", token)


@pytest.mark.parametrize("forged", ["", "x", "A" * 43, "领保", "../../etc"])
def test_a_forged_link_token_is_refused(forged: str) -> None:
    with pytest.raises(crypto.TokenError):
        crypto.read_id("registration", forged)


def test_a_token_expires() -> None:
    with time_machine.travel("2026-11-01T00:00:00Z", tick=False) as clock:
        token = crypto.sign("session", {"sub": "1"}, 60)
        assert crypto.verify("session", token)["sub"] == "1"
        clock.shift(61)
        with pytest.raises(crypto.TokenExpired):
            crypto.verify("session", token)


def test_a_token_of_another_purpose_or_with_other_claims_is_refused() -> None:
    token = crypto.sign("session", {"role": "viewer"}, 60)
    other = crypto.sign("session", {"role": "city-admin"}, 60)
    mixed = other.partition(".")[0] + "." + token.partition(".")[2]
    for bad in (mixed, token + "A", token.upper(), ".", "é.é"):
        with pytest.raises(crypto.TokenError):
            crypto.verify("session", bad)
    with pytest.raises(crypto.TokenError):
        crypto.verify("apikey", token)
