"""What staff tell the people of an activity."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "registration_0010"
down_revision = "registration_0009"
branch_labels = None
depends_on = None

TEXTS = postgresql.ARRAY(sa.Text)


def upgrade() -> None:
    op.create_table(
        "activity_messages",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column(
            "activity_id",
            sa.Uuid,
            sa.ForeignKey("activities.id", name="fk_activity_messages_activity_id"),
            nullable=False,
        ),
        sa.Column("statuses", TEXTS, nullable=False),
        sa.Column("channels", TEXTS, nullable=False),
        sa.Column("message", postgresql.JSONB, nullable=False),
        sa.Column("reached", sa.Integer, nullable=False),
        sa.Column("left_out", sa.Integer, nullable=False),
        sa.Column("sent_by", sa.Uuid, nullable=False),
        sa.Column("sent_by_name", sa.Text, nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_index(
        "ix_activity_messages_activity_id_sent_at", "activity_messages", ["activity_id", "sent_at"]
    )


def downgrade() -> None:
    op.drop_table("activity_messages")
