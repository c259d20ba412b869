"""Advisories told: which activities' people were told of which advisory, and how many."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "registration_0014"
down_revision = "registration_0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "advisories_told",
        sa.Column("advisory_id", sa.Uuid, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("activity_id", sa.Uuid, nullable=False),
        sa.Column("level", sa.String, nullable=False),
        sa.Column("headline", postgresql.JSONB, nullable=False),
        sa.Column("people", sa.Integer, nullable=False),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("advisory_id", "version", "activity_id", name="pk_advisories_told"),
        sa.ForeignKeyConstraint(
            ["activity_id"],
            ["activities.id"],
            name="fk_advisories_told_activity_id",
            ondelete="CASCADE",
        ),
    )
    op.create_index("ix_advisories_told_activity_id", "advisories_told", ["activity_id"])


def downgrade() -> None:
    op.drop_table("advisories_told")
