"""Signatures (签名) and templates as they stand with each provider."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any, Final, Literal

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, validates

from services.chassis.database import new_id
from services.notifications.database import Base

# Those that send what they have approved and nothing else.
STRICT_PROVIDERS: Final = ("aliyun", "tencent")
Provider = Literal["aliyun", "tencent"]
Standing = Literal["draft", "waiting", "approved", "rejected", "withdrawn"]
STANDINGS: Final = ("draft", "waiting", "approved", "rejected", "withdrawn")
Area = Literal["mainland", "abroad"]
Kind = Literal["text", "number", "code", "link"]

# Which standing may follow which. What the provider has approved is never edited: another text is
# another template.
MOVES: Final[dict[str, frozenset[str]]] = {
    "draft": frozenset({"waiting", "approved", "withdrawn"}),
    "waiting": frozenset({"approved", "rejected", "withdrawn"}),
    "rejected": frozenset({"draft", "waiting", "withdrawn"}),
    "approved": frozenset({"withdrawn", "rejected"}),
    "withdrawn": frozenset({"draft"}),
}


class IllegalStanding(Exception):
    """An entry was about to come to a standing that cannot follow the present one."""


class _Standing:
    """A standing that moves as :data:`MOVES` allows."""

    standing: Mapped[str]

    @validates("standing")
    def _may_follow(self, _name: str, standing: str) -> str:
        if self.standing and standing != self.standing and standing not in MOVES[self.standing]:
            raise IllegalStanding(f"What is {self.standing} cannot become {standing}.")
        return standing


_KNOWN_PROVIDER = "provider IN ('aliyun', 'tencent')"
_KNOWN_STANDING = "standing IN ('draft', 'waiting', 'approved', 'rejected', 'withdrawn')"


class SmsSignature(_Standing, Base):
    """The name in front of messages, as one provider knows it.

    Attributes:
        text: without the brackets 【】.
        note: why the provider rejected it, or what staff note about it.
    """

    __tablename__ = "sms_signatures"
    __table_args__ = (
        sa.Index("uq_sms_signatures_text", "provider", "text", unique=True),
        sa.CheckConstraint(_KNOWN_PROVIDER, name="provider_known"),
        sa.CheckConstraint(_KNOWN_STANDING, name="standing_known"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    provider: Mapped[str]
    text: Mapped[str]
    standing: Mapped[str] = mapped_column(server_default="draft")
    note: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(server_default=sa.func.now())
    changed_at: Mapped[datetime] = mapped_column(server_default=sa.func.now())


class SmsTemplate(_Standing, Base):
    """A text with parameters, as one provider knows it.

    Attributes:
        code: the provider's own name for it (``SMS_123456789``, ``1234567``); given on approval.
        name: what staff call it.
        area: whether it is for numbers of the mainland or abroad; providers keep them apart.
        text: with ``${name}`` (Aliyun) or ``{1}`` (Tencent) where values go.
        rules: for each parameter its ``name``, ``kind`` and ``longest`` length in characters.
        note: as in :class:`SmsSignature`.
    """

    __tablename__ = "sms_templates"
    __table_args__ = (
        sa.Index(
            "uq_sms_templates_code",
            "provider",
            "code",
            unique=True,
            postgresql_where=sa.text("code IS NOT NULL"),
        ),
        sa.CheckConstraint(_KNOWN_PROVIDER, name="provider_known"),
        sa.CheckConstraint(_KNOWN_STANDING, name="standing_known"),
        sa.CheckConstraint("area IN ('mainland', 'abroad')", name="area_known"),
        sa.CheckConstraint("code IS NOT NULL OR standing <> 'approved'", name="approved_has_code"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    provider: Mapped[str]
    code: Mapped[str | None]
    name: Mapped[str]
    language: Mapped[str]
    area: Mapped[str]
    text: Mapped[str]
    rules: Mapped[list[dict[str, Any]]]
    standing: Mapped[str] = mapped_column(server_default="draft")
    note: Mapped[str | None]
    version: Mapped[int] = mapped_column(server_default="1")
    created_at: Mapped[datetime] = mapped_column(server_default=sa.func.now())
    changed_at: Mapped[datetime] = mapped_column(server_default=sa.func.now())
