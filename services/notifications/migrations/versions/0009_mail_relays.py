"""Senders: their state, their minutes, and the deliveries of each by time."""

import sqlalchemy as sa
from alembic import op

revision = "notifications_0009"
down_revision = "notifications_0008"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
COUNTS = (
    "accepted",
    "deferred",
    "unreachable",
    "bounced",
    "refused",
    "unknown",
    "complained",
)


def upgrade() -> None:
    op.create_table(
        "senders",
        sa.Column("name", sa.String, primary_key=True),
        sa.Column("channel", sa.String, nullable=False),
        sa.Column("resting", sa.Boolean, nullable=False, server_default=sa.false()),
        sa.Column("rested_until", MOMENT),
        sa.Column("accepted_at", MOMENT),
        sa.Column("failed_at", MOMENT),
        sa.Column("failure", sa.String),
        sa.Column("brake", sa.String, nullable=False, server_default="off"),
        sa.Column("bounce_rate", sa.Float),
        sa.Column("counted_since", MOMENT),
        sa.CheckConstraint("channel IN ('email', 'sms')", name="channel_known"),
        sa.CheckConstraint("brake IN ('off', 'slow', 'stop')", name="brake_known"),
    )
    op.create_table(
        "sender_minutes",
        sa.Column("sender", sa.String, primary_key=True),
        sa.Column("minute", MOMENT, primary_key=True),
        *(sa.Column(name, sa.Integer, nullable=False, server_default="0") for name in COUNTS),
    )
    op.create_index(
        "ix_deliveries_sender_sent_at",
        "deliveries",
        ["sender", "sent_at"],
        postgresql_where=sa.text("sent_at IS NOT NULL"),
    )


def downgrade() -> None:
    op.drop_index("ix_deliveries_sender_sent_at", "deliveries")
    op.drop_table("sender_minutes")
    op.drop_table("senders")
