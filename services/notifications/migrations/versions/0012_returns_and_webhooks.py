"""Returned messages as they came, and webhooks with their calls."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "notifications_0012"
down_revision = "notifications_0011"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "returned_messages",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("via", sa.String, nullable=False),
        sa.Column("recipient", sa.Text),
        sa.Column("raw", sa.Text, nullable=False),
        sa.Column("raw_hash", sa.String, nullable=False, unique=True),
        sa.Column("size", sa.Integer, nullable=False),
        sa.Column("received_at", MOMENT, nullable=False, server_default=sa.func.now()),
        sa.Column("handled_at", MOMENT),
        sa.Column("kind", sa.String),
        sa.Column("status", sa.String),
        sa.Column("reply", sa.String),
        sa.Column("proof", sa.String),
        sa.Column("delivery_id", sa.Uuid),
        sa.Column("district", sa.String),
        sa.Column("address", sa.Text),
        sa.Column("address_hash", sa.String),
        sa.Column("effect", sa.String, nullable=False, server_default="none"),
        sa.Column("undone_at", MOMENT),
    )
    for column in ("received_at", "delivery_id", "address_hash"):
        op.create_index(f"ix_returned_messages_{column}", "returned_messages", [column])
    op.create_index(
        "ix_returned_messages_waiting",
        "returned_messages",
        ["id"],
        postgresql_where=sa.text("handled_at IS NULL"),
    )
    op.create_index("ix_returned_messages_kind", "returned_messages", ["kind", "id"])
    op.create_table(
        "webhook_endpoints",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("name", sa.String, nullable=False),
        sa.Column("url", sa.Text, nullable=False),
        sa.Column("events", postgresql.ARRAY(sa.Text), nullable=False),
        sa.Column("secret", sa.Text, nullable=False),
        sa.Column("old_secret", sa.Text),
        sa.Column("old_secret_until", MOMENT),
        sa.Column("is_active", sa.Boolean, nullable=False, server_default=sa.true()),
        sa.Column("failing_since", MOMENT),
        sa.Column("disabled_at", MOMENT),
        sa.Column("created_at", MOMENT, nullable=False, server_default=sa.func.now()),
    )
    op.create_table(
        "webhook_calls",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column(
            "endpoint_id",
            sa.Uuid,
            sa.ForeignKey("webhook_endpoints.id", ondelete="CASCADE"),
            nullable=False,
        ),
        sa.Column("event_id", sa.Uuid, nullable=False),
        sa.Column("event_type", sa.String, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("state", sa.String, nullable=False, server_default="waiting"),
        sa.Column("due_at", MOMENT, nullable=False, server_default=sa.func.now()),
        sa.Column("lease_until", MOMENT),
        sa.Column("attempts", sa.Integer, nullable=False, server_default="0"),
        sa.Column("tries", postgresql.JSONB, nullable=False, server_default="[]"),
        sa.Column("planned_at", MOMENT, nullable=False, server_default=sa.func.now()),
        sa.Column("ended_at", MOMENT),
        sa.UniqueConstraint(
            "endpoint_id", "event_id", name="uq_webhook_calls_endpoint_id_event_id"
        ),
        sa.CheckConstraint(
            "state IN ('waiting', 'calling', 'done', 'given-up')", name="state_known"
        ),
    )
    op.create_index("ix_webhook_calls_planned_at", "webhook_calls", ["planned_at"])
    op.create_index(
        "ix_webhook_calls_waiting",
        "webhook_calls",
        ["endpoint_id", "due_at"],
        postgresql_where=sa.text("state = 'waiting'"),
    )
    op.create_index(
        "ix_webhook_calls_lease",
        "webhook_calls",
        ["lease_until"],
        postgresql_where=sa.text("state = 'calling'"),
    )


def downgrade() -> None:
    op.drop_table("webhook_calls")
    op.drop_table("webhook_endpoints")
    op.drop_table("returned_messages")
