"""Quizzes heard of, and when activities were to begin before they were moved."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "registration_0015"
down_revision = "registration_0014"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "known_quizzes",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("purpose", sa.String, nullable=False),
        sa.Column("activity_id", sa.Uuid),
        sa.Column("booking_id", sa.Uuid),
        sa.Column("title", postgresql.JSONB, nullable=False),
        sa.Column("items", sa.Integer, nullable=False),
        sa.Column("minutes", sa.Integer),
        sa.Column("opens_at", MOMENT),
        sa.Column("closes_at", MOMENT),
        sa.Column("url", sa.String, nullable=False),
        sa.Column("withdrawn", sa.Boolean, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_known_quizzes"),
    )
    op.create_index("ix_known_quizzes_activity_id", "known_quizzes", ["activity_id"])
    op.create_index("ix_known_quizzes_booking_id", "known_quizzes", ["booking_id"])
    op.add_column(
        "activities",
        sa.Column("previous_starts", postgresql.ARRAY(MOMENT), nullable=False, server_default="{}"),
    )


def downgrade() -> None:
    op.drop_column("activities", "previous_starts")
    op.drop_table("known_quizzes")
