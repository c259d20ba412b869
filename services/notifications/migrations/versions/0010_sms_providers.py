"""Signatures and templates of SMS providers, messages from telephones, receipts to ask for."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "notifications_0010"
down_revision = "notifications_0009"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "sms_signatures",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("provider", sa.String, nullable=False),
        sa.Column("text", sa.String, nullable=False),
        sa.Column("standing", sa.String, nullable=False, server_default="draft"),
        sa.Column("note", sa.String),
        sa.Column("created_at", MOMENT, nullable=False, server_default=sa.func.now()),
        sa.Column("changed_at", MOMENT, nullable=False, server_default=sa.func.now()),
        sa.CheckConstraint("provider IN ('aliyun', 'tencent')", name="provider_known"),
        sa.CheckConstraint(
            "standing IN ('draft', 'waiting', 'approved', 'rejected', 'withdrawn')",
            name="standing_known",
        ),
    )
    op.create_index("uq_sms_signatures_text", "sms_signatures", ["provider", "text"], unique=True)
    op.create_table(
        "sms_templates",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("provider", sa.String, nullable=False),
        sa.Column("code", sa.String),
        sa.Column("name", sa.String, nullable=False),
        sa.Column("language", sa.String, nullable=False),
        sa.Column("area", sa.String, nullable=False),
        sa.Column("text", sa.String, nullable=False),
        sa.Column("rules", postgresql.JSONB, nullable=False),
        sa.Column("standing", sa.String, nullable=False, server_default="draft"),
        sa.Column("note", sa.String),
        sa.Column("version", sa.Integer, nullable=False, server_default="1"),
        sa.Column("created_at", MOMENT, nullable=False, server_default=sa.func.now()),
        sa.Column("changed_at", MOMENT, nullable=False, server_default=sa.func.now()),
        sa.CheckConstraint("provider IN ('aliyun', 'tencent')", name="provider_known"),
        sa.CheckConstraint(
            "standing IN ('draft', 'waiting', 'approved', 'rejected', 'withdrawn')",
            name="standing_known",
        ),
        sa.CheckConstraint("area IN ('mainland', 'abroad')", name="area_known"),
        sa.CheckConstraint("code IS NOT NULL OR standing <> 'approved'", name="approved_has_code"),
    )
    op.create_index(
        "uq_sms_templates_code",
        "sms_templates",
        ["provider", "code"],
        unique=True,
        postgresql_where=sa.text("code IS NOT NULL"),
    )
    op.create_table(
        "inbound_messages",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("provider", sa.String, nullable=False),
        sa.Column("message_id", sa.String, nullable=False),
        sa.Column("address", sa.Text),
        sa.Column("address_hash", sa.String),
        sa.Column("text", sa.Text),
        sa.Column("meaning", sa.String, nullable=False),
        sa.Column("sent_at", MOMENT, nullable=False),
        sa.Column("received_at", MOMENT, nullable=False, server_default=sa.func.now()),
        sa.Column("seen_at", MOMENT),
        sa.Column("seen_by", sa.Uuid),
        sa.CheckConstraint("meaning IN ('opt-out', 'answer', 'other')", name="meaning_known"),
    )
    op.create_index(
        "uq_inbound_messages_message_id",
        "inbound_messages",
        ["provider", "message_id"],
        unique=True,
    )
    op.create_index("ix_inbound_messages_received_at", "inbound_messages", ["received_at", "id"])
    op.create_table(
        "receipt_asks",
        sa.Column("delivery_id", sa.Uuid, primary_key=True),
        sa.Column("next_at", MOMENT, nullable=False),
        sa.Column("asked", sa.Integer, nullable=False, server_default="0"),
    )
    op.create_index("ix_receipt_asks_next_at", "receipt_asks", ["next_at"])
    op.create_index(
        "ix_deliveries_sms_open",
        "deliveries",
        ["planned_at"],
        postgresql_where=sa.text("channel = 'sms' AND state IN ('accepted', 'unknown')"),
    )


def downgrade() -> None:
    op.drop_index("ix_deliveries_sms_open", "deliveries")
    op.drop_table("receipt_asks")
    op.drop_table("inbound_messages")
    op.drop_table("sms_templates")
    op.drop_table("sms_signatures")
