"""Whom a broadcast to very many reaches is drawn up by the worker, after the approval's answer."""

import sqlalchemy as sa
from alembic import op

revision = "notifications_0017"
down_revision = "notifications_0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("broadcasts", sa.Column("freeze_due_at", sa.DateTime(timezone=True)))
    op.add_column(
        "broadcasts",
        sa.Column("freeze_attempts", sa.Integer, nullable=False, server_default="0"),
    )
    op.add_column("broadcasts", sa.Column("approval_lapsed", sa.String))
    op.create_index(
        "ix_broadcasts_freezing",
        "broadcasts",
        ["freeze_due_at"],
        postgresql_where=sa.text("freeze_due_at IS NOT NULL"),
    )
    op.create_check_constraint(
        "frozen_before_it_goes",
        "broadcasts",
        "freeze_due_at IS NULL OR status IN ('approved', 'scheduled')",
    )


def downgrade() -> None:
    # Such an approval is asked for anew: the version before knows of no list that is to come.
    op.drop_constraint("frozen_before_it_goes", "broadcasts")
    op.execute(
        "UPDATE broadcasts SET status = 'submitted', approved_hash = NULL, approved_at = NULL, "
        "approved_by_id = NULL, approved_by_name = NULL WHERE freeze_due_at IS NOT NULL"
    )
    op.drop_index("ix_broadcasts_freezing", "broadcasts")
    for name in ("approval_lapsed", "freeze_attempts", "freeze_due_at"):
        op.drop_column("broadcasts", name)
