"""Series of occurrences, and the pictures of activities."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "registration_0004"
down_revision = "registration_0003"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
NOW = sa.text("now()")


def upgrade() -> None:
    op.create_table(
        "series",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("slug", sa.String, nullable=False),
        sa.Column("title", postgresql.JSONB, nullable=False),
        sa.Column("summary", postgresql.JSONB, nullable=False),
        sa.Column("district", sa.String, nullable=False),
        sa.Column("created_by", sa.Uuid, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False, server_default=NOW),
        sa.UniqueConstraint("slug", name="uq_series_slug"),
    )
    op.create_table(
        "activity_pictures",
        sa.Column("hash", sa.String, primary_key=True),
        sa.Column("data", sa.LargeBinary, nullable=False),
        sa.Column("width", sa.Integer, nullable=False),
        sa.Column("height", sa.Integer, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False, server_default=NOW),
    )
    op.add_column("activities", sa.Column("picture_hash", sa.String))
    op.add_column(
        "activities",
        sa.Column("picture_alt", postgresql.JSONB, nullable=False, server_default="{}"),
    )
    op.create_foreign_key(
        "fk_activities_picture_hash",
        "activities",
        "activity_pictures",
        ["picture_hash"],
        ["hash"],
    )
    op.create_index(
        "ix_activities_picture_hash",
        "activities",
        ["picture_hash"],
        postgresql_where=sa.text("picture_hash IS NOT NULL"),
    )


def downgrade() -> None:
    op.drop_column("activities", "picture_alt")
    op.drop_column("activities", "picture_hash")
    op.drop_table("activity_pictures")
    op.drop_table("series")
