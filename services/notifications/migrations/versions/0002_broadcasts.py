"""Broadcasts."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "notifications_0002"
down_revision = "notifications_0001"
branch_labels = None
depends_on = None

NOW = sa.text("now()")
MOMENT = sa.DateTime(timezone=True)
TEXTS = postgresql.ARRAY(sa.Text)


def upgrade() -> None:
    op.create_table(
        "broadcasts",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("version", sa.Integer, nullable=False, server_default="1"),
        sa.Column("title", sa.String, nullable=False),
        sa.Column("urgency", sa.String, nullable=False),
        sa.Column("channels", TEXTS, nullable=False),
        sa.Column("audience", postgresql.JSONB, nullable=False),
        sa.Column("message", postgresql.JSONB, nullable=False),
        sa.Column("send_at", MOMENT),
        sa.Column("expires_at", MOMENT),
        sa.Column("timezone", sa.String, nullable=False),
        sa.Column("status", sa.String, nullable=False),
        sa.Column("district", sa.String),
        sa.Column("writers", TEXTS, nullable=False),
        sa.Column("author_kind", sa.String, nullable=False),
        sa.Column("author_id", sa.Uuid, nullable=False),
        sa.Column("author_name", sa.Text, nullable=False),
        sa.Column("submitted_by_id", sa.Uuid),
        sa.Column("submitted_by_name", sa.Text),
        sa.Column("submitted_at", MOMENT),
        sa.Column("approved_by_id", sa.Uuid),
        sa.Column("approved_by_name", sa.Text),
        sa.Column("approved_at", MOMENT),
        sa.Column("content_hash", sa.String, nullable=False),
        sa.Column("approved_hash", sa.String),
        sa.Column("total", sa.Integer, nullable=False, server_default="0"),
        sa.Column("audience_seen", postgresql.JSONB),
        sa.Column("started_at", MOMENT),
        sa.Column("finished_at", MOMENT),
        sa.Column("pause_reason", sa.String),
        sa.Column("error_limit", sa.Integer),
        sa.Column("created_at", MOMENT, nullable=False, server_default=NOW),
        sa.Column("updated_at", MOMENT, nullable=False, server_default=NOW),
        sa.CheckConstraint(
            "status IN ('draft', 'submitted', 'approved', 'scheduled', 'sending', 'paused', "
            "'sent', 'cancelled')",
            name="ck_broadcasts_status_known",
        ),
        # What goes out is what was approved, whatever a future program forgets to check.
        sa.CheckConstraint(
            "status NOT IN ('approved', 'scheduled', 'sending', 'paused', 'sent') "
            "OR approved_hash IS NOT DISTINCT FROM content_hash",
            name="ck_broadcasts_approved_as_is",
        ),
    )
    op.create_index("ix_broadcasts_status", "broadcasts", ["status"])
    op.create_index(
        "ix_broadcasts_starting",
        "broadcasts",
        ["send_at"],
        postgresql_where=sa.text("status = 'scheduled'"),
    )


def downgrade() -> None:
    op.drop_table("broadcasts")
