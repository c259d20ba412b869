"""Attempts at quizzes, their certificates, and what was told of their results."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "content_0005"
down_revision = "content_0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "attempts",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("quiz_id", sa.Uuid, nullable=False),
        sa.Column("visitor", sa.Uuid),
        sa.Column("paper", postgresql.JSONB, nullable=False),
        sa.Column("responses", postgresql.JSONB, nullable=False),
        sa.Column("marks", postgresql.JSONB),
        sa.Column("most", sa.Integer, nullable=False),
        sa.Column("score", sa.Float),
        sa.Column("passed", sa.Boolean),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("deadline", sa.DateTime(timezone=True)),
        sa.Column("finished_at", sa.DateTime(timezone=True)),
        sa.Column("ending", sa.String),
        sa.Column("name", sa.Text),
        sa.Column("erased_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("id", name="pk_attempts"),
        sa.ForeignKeyConstraint(["quiz_id"], ["quizzes.id"], name="fk_attempts_quiz_id"),
        sa.CheckConstraint("ending IN ('handed-in', 'time-up')", name="ck_attempts_ending"),
        sa.CheckConstraint(
            "(finished_at IS NULL) = (score IS NULL) AND (finished_at IS NULL) = (marks IS NULL)"
            " AND (finished_at IS NULL) = (ending IS NULL)",
            name="ck_attempts_finished",
        ),
    )
    op.create_index("ix_attempts_quiz_id_started_at", "attempts", ["quiz_id", "started_at"])
    op.create_index(
        "ix_attempts_visitor",
        "attempts",
        ["visitor"],
        postgresql_where=sa.text("visitor IS NOT NULL"),
    )
    op.create_index(
        "ix_attempts_open_deadline",
        "attempts",
        ["deadline"],
        postgresql_where=sa.text("finished_at IS NULL"),
    )
    op.create_index("ix_attempts_finished_at", "attempts", ["finished_at"])
    op.create_table(
        "quiz_certificates",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("attempt_id", sa.Uuid, nullable=False),
        sa.Column("code", sa.String, nullable=False),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True)),
        sa.Column("withdrawn_reason", sa.Text),
        sa.Column("withdrawn_by", sa.Uuid),
        sa.PrimaryKeyConstraint("id", name="pk_quiz_certificates"),
        sa.ForeignKeyConstraint(
            ["attempt_id"], ["attempts.id"], name="fk_quiz_certificates_attempt_id"
        ),
        sa.UniqueConstraint("attempt_id", name="uq_quiz_certificates_attempt_id"),
        sa.UniqueConstraint("code", name="uq_quiz_certificates_code"),
        sa.CheckConstraint(
            "(withdrawn_at IS NULL) = (withdrawn_reason IS NULL)"
            " AND (withdrawn_at IS NULL) = (withdrawn_by IS NULL)",
            name="ck_quiz_certificates_withdrawn",
        ),
    )
    op.create_table(
        "quiz_tallies",
        sa.Column("quiz_id", sa.Uuid, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("quiz_id", name="pk_quiz_tallies"),
        sa.ForeignKeyConstraint(["quiz_id"], ["quizzes.id"], name="fk_quiz_tallies_quiz_id"),
    )


def downgrade() -> None:
    op.drop_table("quiz_tallies")
    op.drop_table("quiz_certificates")
    op.drop_table("attempts")
