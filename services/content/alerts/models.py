"""The tables of alerts taken in, of what became of them, and of the feeds followed."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from services.chassis.database import Sealed, new_id
from services.chassis.i18n import lazy
from services.content.advisories.words import Level
from services.content.database import Base

State = Literal["open", "done", "set-aside"]

STATE_NAMES = {
    "open": lazy("To look at"),
    "done": lazy("Done"),
    "set-aside": lazy("Set aside"),
}
STATE_TONES = {"open": "wait", "done": "good", "set-aside": "neutral"}

LINK_NAMES = {
    "drafted": lazy("Written from it"),
    "proposed": lazy("It asks for a change"),
    "taken": lazy("Followed"),
    "set-aside": lazy("Not followed"),
}


class CapFeed(Base):
    """A feed of somebody else's alerts: its state, and when it is asked next.

    Attributes:
        url: of an Atom or RSS feed of alerts, or of an alert itself.
        country: what its alerts are about where they do not say so (ISO 3166-1 alpha-2).
        least_level: alerts below it are kept without a draft.
        due_at: when it is asked next; moved on before it is asked, so that one worker does.
        etag, last_modified: what it said of its newest state, to ask whether there is a newer.
        seen: the addresses of alerts that were read, with the time that the feed gave for each.
        worked_at: when it last answered as it should.
        failures: how often in a row it did not.
        failure: why, as ``{"kind", …}`` (:mod:`services.content.alerts.failures`).
    """

    __tablename__ = "cap_feeds"
    __table_args__ = (
        sa.CheckConstraint("least_level IN ('blue', 'yellow', 'orange', 'red')", "least_level"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    name: Mapped[str]
    url: Mapped[str] = mapped_column(unique=True)
    country: Mapped[str | None]
    least_level: Mapped[str]
    is_active: Mapped[bool]
    due_at: Mapped[datetime]
    etag: Mapped[str | None]
    last_modified: Mapped[str | None]
    seen: Mapped[dict[str, str]] = mapped_column(default=dict, server_default="{}")
    polled_at: Mapped[datetime | None]
    worked_at: Mapped[datetime | None]
    failures: Mapped[int] = mapped_column(default=0, server_default="0")
    failure: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    added_by_name: Mapped[str] = mapped_column(Sealed)
    created_at: Mapped[datetime] = mapped_column(server_default=sa.func.now())

    @property
    def level(self) -> Level:
        """The least level that is worth a draft."""
        return self.least_level  # type: ignore[return-value]  # the column's CHECK allows no other


class CapAlert(Base):
    """An alert of somebody else, once by its sender, identifier and time (CAP, section 3.2.1).

    Attributes:
        message: ``Alert``, ``Update``, ``Cancel``, ``Ack`` or ``Error``.
        level: what its severity amounts to.
        content: all of it, by the names of CAP.
        state: ``open`` while a person has to look at it.
        taken_in_by_name: who handed it in; ``None`` when it came from a feed.
    """

    __tablename__ = "cap_alerts"
    __table_args__ = (
        sa.UniqueConstraint("sender", "identifier", "sent"),
        sa.CheckConstraint("state IN ('open', 'done', 'set-aside')", "state"),
        sa.Index("ix_cap_alerts_state_id", "state", "id"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    feed_id: Mapped[uuid.UUID | None] = mapped_column(
        sa.ForeignKey("cap_feeds.id", ondelete="SET NULL")
    )
    sender: Mapped[str]
    identifier: Mapped[str]
    sent: Mapped[datetime]
    message: Mapped[str]
    level: Mapped[str]
    content: Mapped[dict[str, Any]]
    state: Mapped[str]
    taken_in_at: Mapped[datetime] = mapped_column(server_default=sa.func.now())
    taken_in_by_name: Mapped[str | None] = mapped_column(Sealed)


class CapLink(Base):
    """What an alert means for an advisory.

    ``drafted``: the advisory was written from it. ``proposed``: it asks for a change or for a
    withdrawal, and nobody has decided yet; then ``taken`` or ``set-aside``.
    """

    __tablename__ = "cap_links"
    __table_args__ = (
        sa.CheckConstraint("state IN ('drafted', 'proposed', 'taken', 'set-aside')", "state"),
        sa.Index("ix_cap_links_advisory_id", "advisory_id"),
    )

    alert_id: Mapped[uuid.UUID] = mapped_column(
        sa.ForeignKey("cap_alerts.id", ondelete="CASCADE"), primary_key=True
    )
    advisory_id: Mapped[uuid.UUID] = mapped_column(
        sa.ForeignKey("advisories.id", ondelete="CASCADE"), primary_key=True
    )
    state: Mapped[str]
