"""Packs heard of."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "registration_0013"
down_revision = "registration_0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "known_packs",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("activity_id", sa.Uuid),
        sa.Column("booking_id", sa.Uuid),
        sa.Column("title", postgresql.JSONB, nullable=False),
        sa.Column("url", sa.String, nullable=False),
        sa.Column("items", sa.Integer, nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True)),
        sa.Column("withdrawn", sa.Boolean, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_known_packs"),
    )
    op.create_index("ix_known_packs_activity_id", "known_packs", ["activity_id"])
    op.create_index("ix_known_packs_booking_id", "known_packs", ["booking_id"])


def downgrade() -> None:
    op.drop_table("known_packs")
