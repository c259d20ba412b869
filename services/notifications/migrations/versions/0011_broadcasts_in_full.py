"""Broadcasts in full: coverage by relays, answers by person, a limit of failures of one's own."""

import sqlalchemy as sa
from alembic import op

revision = "notifications_0011"
down_revision = "notifications_0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("broadcasts", sa.Column("stop_after", sa.Integer))
    op.add_column("answers", sa.Column("contact_id", sa.Uuid))
    op.create_index("ix_answers_delivery_id", "answers", ["delivery_id"])
    op.drop_constraint("answer_known", "answers")
    op.create_check_constraint(
        "answer_known", "answers", "answer IN ('safe', 'help', 'partly', 'unclear')"
    )
    op.create_table(
        "coverages",
        sa.Column(
            "answer_id",
            sa.Uuid,
            sa.ForeignKey("answers.id", ondelete="CASCADE"),
            primary_key=True,
        ),
        sa.Column("group_size", sa.Integer, nullable=False),
        sa.Column("reached", sa.Integer, nullable=False),
        sa.Column("safe", sa.Integer, nullable=False),
        sa.Column("need_help", sa.Integer, nullable=False),
    )


def downgrade() -> None:
    op.drop_table("coverages")
    op.execute("DELETE FROM answers WHERE answer NOT IN ('safe', 'help')")
    op.drop_constraint("answer_known", "answers")
    op.create_check_constraint("answer_known", "answers", "answer IN ('safe', 'help')")
    op.drop_index("ix_answers_delivery_id", "answers")
    op.drop_column("answers", "contact_id")
    op.drop_column("broadcasts", "stop_after")
