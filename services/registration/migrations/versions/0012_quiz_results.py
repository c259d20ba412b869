"""Quiz results."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "registration_0012"
down_revision = "registration_0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "quiz_results",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("activity_id", sa.Uuid, nullable=False),
        sa.Column("purpose", sa.String, nullable=False),
        sa.Column("title", postgresql.JSONB, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("mean_percent", sa.Integer, nullable=False),
        sa.Column("passed", sa.Integer, nullable=False),
        sa.Column("counts", postgresql.ARRAY(sa.Integer), nullable=False),
        sa.Column("url", sa.String, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_quiz_results"),
    )
    op.create_index("ix_quiz_results_activity_id", "quiz_results", ["activity_id"])


def downgrade() -> None:
    op.drop_table("quiz_results")
