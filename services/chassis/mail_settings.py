"""The settings of e-mail: by which relays it goes, in whose name, and how it comes back."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import urlsplit

from pydantic import BaseModel, Field, field_validator

from services.chassis.house_settings import webhook_secret
from services.chassis.relays import domain_limits, mail_relays

# RFC 8301 §3.2: signers must use at least this, and should use 2048.
SHORTEST_RSA_KEY = 1024


class MailSettings(BaseModel):
    """What is needed to send e-mail and to hear what became of it."""

    smtp_url: str | None = Field(
        default=None,
        description="The mail relay, `smtp://user:password@host:587?starttls=required` "
        "(`starttls`: `required`, `auto` or `never`; `smtps://` for TLS from the start), or "
        "several, separated by spaces. Each may also say `name=`, `weight=` (1; 0: only when no "
        "other answers), `connections=` (10, of each worker), `per_connection=` (100 messages), "
        "`per_second=` (messages a second of all workers) and `warm_up=2026-11-01` (the first "
        "day of getting known slowly), see `docs/sending.md`. "
        "Unset: a development mail server with an inbox page is started.",
    )
    mail_domains: str = Field(
        default="",
        description="Limits by recipients' domain, separated by spaces: `qq.com=20/4 *=50` is at "
        "most 20 messages a second to qq.com over 4 connections of each worker, and 50 a second "
        "to each other domain.",
    )
    mail_from: str = Field(
        default="领保 Lingbao <no-reply@lingbao.example>",
        description="The sender of every e-mail.",
    )
    dkim_key: str | None = Field(
        default=None,
        description="The private key (RSA of 1024 bits or more, better 2048) that signs every "
        "e-mail (DKIM): a PEM file's path, or its text. `lingbao doctor` prints the DNS record to "
        "publish. Unset: nothing is signed.",
    )
    dkim_selector: str = Field(
        default="lingbao",
        pattern=r"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$",
        description="The name under which the DKIM key is published: "
        "`SELECTOR._domainkey.DOMAIN`, with the domain of `LINGBAO_MAIL_FROM`.",
    )
    bounce_domain: str | None = Field(
        default=None,
        description="A domain of our own whose mail comes back to us, such as "
        "`bounce.lingbao.example`. Every message then leaves with a return address of its own in "
        "it. Unset: returned messages go to the address of `LINGBAO_MAIL_FROM`.",
    )
    returns_imap: str | None = Field(
        default=None,
        description="A mailbox of its own that returned messages are fetched from, "
        "`imaps://user:password@host:993/INBOX` (`imap://` on a network of one's own); what has "
        "been fetched is deleted there. Unset: none is looked at.",
    )
    returns_secret: str | None = Field(
        default=None,
        description="The secret (`whsec_…`) of whoever hands in returned messages by "
        "`POST /api/notifications/v1/returns`. Unset: that call is closed.",
    )
    returns_days: int = Field(
        default=30,
        ge=1,
        le=365,
        description="How many days a returned message is kept as it came.",
    )

    @field_validator("smtp_url")
    @classmethod
    def _smtp(cls, value: str | None) -> str | None:
        if value is not None:
            mail_relays(value)
        return value

    @field_validator("mail_domains")
    @classmethod
    def _domain_limits(cls, value: str) -> str:
        domain_limits(value)
        return value

    @field_validator("dkim_key")
    @classmethod
    def _signing_key(cls, value: str | None) -> str | None:
        return None if value is None else _pem_of(value)

    @field_validator("bounce_domain")
    @classmethod
    def _host_name(cls, value: str | None) -> str | None:
        if value is not None and not re.fullmatch(r"(?:[a-z0-9-]{1,63}\.)+[a-z0-9-]{2,63}", value):
            raise ValueError("it must be a domain in small letters, such as bounce.example.gov.cn")
        return value

    @field_validator("returns_imap")
    @classmethod
    def _mailbox(cls, value: str | None) -> str | None:
        if value is None:
            return None
        parts = urlsplit(value)
        if parts.scheme not in ("imap", "imaps") or not (parts.hostname and parts.username):
            raise ValueError("it must look like imaps://user:password@host/INBOX")
        return value

    @field_validator("returns_secret")
    @classmethod
    def _webhook_secret(cls, value: str | None) -> str | None:
        return None if value is None else webhook_secret(value)


def _pem_of(value: str) -> str:
    """A private key as PEM, from its text or from its file."""
    # Only those who sign load this.
    from cryptography.exceptions import UnsupportedAlgorithm  # noqa: PLC0415
    from cryptography.hazmat.primitives.asymmetric import rsa  # noqa: PLC0415
    from cryptography.hazmat.primitives.serialization import load_pem_private_key  # noqa: PLC0415

    try:
        pem = value if value.startswith("-----BEGIN") else Path(value).read_text()
        key = load_pem_private_key(pem.encode(), password=None)
    except OSError as error:
        raise ValueError(f"the key's file cannot be read ({error.strerror})") from error
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise ValueError("it must be a private key in PEM, without a password") from error
    if not isinstance(key, rsa.RSAPrivateKey) or key.key_size < SHORTEST_RSA_KEY:
        raise ValueError(f"it must be an RSA key of {SHORTEST_RSA_KEY} bits or more")
    return pem
