"""Answers to questions: which question a message is about, so that it is forgotten with it."""

import sqlalchemy as sa
from alembic import op

revision = "notifications_0015"
down_revision = "notifications_0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("deliveries", sa.Column("question_id", sa.Uuid))
    op.create_index(
        "ix_deliveries_question_id",
        "deliveries",
        ["question_id"],
        postgresql_where=sa.text("question_id IS NOT NULL"),
    )


def downgrade() -> None:
    op.drop_index("ix_deliveries_question_id", "deliveries")
    op.drop_column("deliveries", "question_id")
