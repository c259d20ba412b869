"""What is known of each way out: how it does, minute by minute, and what staff decided."""

from __future__ import annotations

from datetime import datetime
from typing import Final, Literal

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from services.notifications.database import Base

Brake = Literal["off", "slow", "stop"]
BRAKES: Final[tuple[Brake, ...]] = ("off", "slow", "stop")


class SenderState(Base):
    """A relay or provider by its name in the settings; there from its first message on.

    Attributes:
        resting: staff have laid it to rest; nothing is given to it.
        rested_until: it failed, and a worker leaves it alone until then.
        accepted_at: when it last took a message.
        failed_at: when it last could not be reached or sent a message away for now, and
            ``failure`` what it said, without personal data.
        brake: what its bounces ask for: bulk mail ``slow``, or ``stop``.
        bounce_rate: bounces and complaints among the last messages that it took, 0 to 1; ``None``:
            too few to say.
        counted_since: bounces before this count no more; set when staff release the brake.
    """

    __tablename__ = "senders"
    __table_args__ = (
        sa.CheckConstraint("channel IN ('email', 'sms')", name="channel_known"),
        sa.CheckConstraint("brake IN ('off', 'slow', 'stop')", name="brake_known"),
    )

    name: Mapped[str] = mapped_column(primary_key=True)
    channel: Mapped[str]
    resting: Mapped[bool] = mapped_column(server_default=sa.false())
    rested_until: Mapped[datetime | None]
    accepted_at: Mapped[datetime | None]
    failed_at: Mapped[datetime | None]
    failure: Mapped[str | None]
    brake: Mapped[str] = mapped_column(server_default="off")
    bounce_rate: Mapped[float | None]
    counted_since: Mapped[datetime | None]


class SenderMinute(Base):
    """What became of the attempts of one minute by one sender.

    Attributes:
        minute: its beginning.
        accepted: taken by the server.
        deferred: sent away for now.
        unreachable: the server was away, or held us off.
        bounced: the address was refused at once.
        refused: refused for another reason.
        unknown: handed over, and no answer came.
        complained: complaints that came back later.
    """

    __tablename__ = "sender_minutes"

    sender: Mapped[str] = mapped_column(primary_key=True)
    minute: Mapped[datetime] = mapped_column(primary_key=True)
    accepted: Mapped[int] = mapped_column(server_default="0")
    deferred: Mapped[int] = mapped_column(server_default="0")
    unreachable: Mapped[int] = mapped_column(server_default="0")
    bounced: Mapped[int] = mapped_column(server_default="0")
    refused: Mapped[int] = mapped_column(server_default="0")
    unknown: Mapped[int] = mapped_column(server_default="0")
    complained: Mapped[int] = mapped_column(server_default="0")
