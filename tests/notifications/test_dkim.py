"""DKIM: every mail is signed as RFC 6376 says, held against another's verifier (dkimpy)."""

from __future__ import annotations

import io
import re
import uuid
from collections.abc import Iterator
from pathlib import Path

import dkim as dkimpy
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from rich.console import Console

from services import doctor
from services.chassis.settings import SettingsError, settings
from services.notifications.broadcasts import sending
from services.notifications.delivery import lanes
from services.notifications.messages import dkim
from services.notifications.messages.content import MailContent
from services.notifications.messages.mime import message_bytes
from tests.notifications import told
from tests.notifications.broadcasting import approved, author, person
from tests.sink import SmtpSink


def pem(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> str:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


@pytest.fixture
def signing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """The settings name a key's file."""
    file = tmp_path / "dkim.pem"
    file.write_text(pem(rsa.generate_private_key(public_exponent=65537, key_size=2048)))
    monkeypatch.setenv("LINGBAO_DKIM_KEY", str(file))
    monkeypatch.setenv("LINGBAO_DKIM_SELECTOR", "autumn")
    settings.cache_clear()
    yield
    monkeypatch.undo()
    settings.cache_clear()


def verified(message: bytes) -> bool:
    """What a receiver finds that asks the DNS for what the doctor says to publish."""
    signer = dkim.signer()
    assert signer is not None
    name, text = signer.dns_record

    def dns(asked: bytes, timeout: int = 5) -> bytes | None:
        return text.encode() if asked == f"{name}.".encode() else None

    return bool(dkimpy.verify(message, dnsfunc=dns))


@pytest.mark.usefixtures("signing")
def test_a_broadcast_and_a_confirmation_are_signed(smtp: SmtpSink) -> None:
    person("ann@example.com", name="王小明\r\nBcc: x@example.com")
    body = "尊敬的{{ name }}：\n\n请  远离河岸。\n\n\n"
    message = {"zh-CN": {"subject": "洪水提醒，{{ name }}", "body": body}}
    broadcast = approved(message=message)
    sending.send(author(), broadcast.id)
    lanes.run_lane("bulk")
    told.registration("confirmed", told.activity(told.soon(days=3)))
    lanes.run_lane("transactional")
    for taken in (smtp.to("ann@example.com")[0], smtp.to(told.EMAIL)[0]):
        assert verified(taken.raw), "as it arrived"
    raw = smtp.to("ann@example.com")[0].raw
    [signature] = re.findall(rb"DKIM-Signature:(.*?)\r\n[^ ]", raw, re.DOTALL)
    covered = re.sub(rb"\s", b"", signature).split(b";h=")[1].split(b";")[0].split(b":")
    for name in (b"to", b"subject", b"date", b"message-id", b"mime-version", b"content-type"):
        assert name in covered
    assert {b"list-unsubscribe", b"list-unsubscribe-post"} <= set(covered), "RFC 8058 wants them"
    assert covered.count(b"from") == 2
    assert b"d=lingbao.example" in signature
    assert b"s=autumn" in signature


@pytest.mark.usefixtures("signing")
def test_what_is_changed_on_the_way_is_noticed() -> None:
    content = MailContent("Subject", "en", "text", "<p>html</p>")
    message = message_bytes(content, uuid.uuid4(), "a@example.com")
    assert verified(message)
    assert verified(message.replace(b"Subject: Subject", b"subject:  Subject ")), "relaxed"
    assert verified(b"Received: from there\r\n" + message)
    for before, after in (
        (b"Subject: Subject", b"Subject: Another"),
        (b"<p>html</p>", b"<p>HTML</p>"),
        (b"To: a@example.com", b"To: b@example.com"),
        (b"\r\nFrom: ", b"\r\nFrom: boss@example.com\r\nFrom: "),
    ):
        assert before in message
        assert not verified(message.replace(before, after, 1)), before


@pytest.mark.usefixtures("signing")
def test_the_doctor_tells_what_to_publish() -> None:
    said = Console(record=True, width=1000, file=io.StringIO())
    doctor.examine(said)
    name, text = dkim.signer().dns_record  # type: ignore[union-attr]
    assert name == "autumn._domainkey.lingbao.example"
    assert f'{name} TXT "{text[:255]}" "{text[255:]}"' in said.export_text()


@pytest.mark.parametrize(
    "value",
    [
        "/no/such/file",
        "-----BEGIN PRIVATE KEY-----\nrubbish\n-----END PRIVATE KEY-----",
        pem(ec.generate_private_key(ec.SECP256R1())),
    ],
    ids=["no-file", "rubbish", "another-kind"],
)
def test_a_key_that_cannot_sign_is_refused_at_the_start(
    value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LINGBAO_DKIM_KEY", value)
    settings.cache_clear()
    try:
        with pytest.raises(SettingsError, match="LINGBAO_DKIM_KEY"):
            settings()
    finally:
        monkeypatch.undo()
        settings.cache_clear()
