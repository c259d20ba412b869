"""Banks and quizzes."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "content_0004"
down_revision = "content_0003"
branch_labels = None
depends_on = None

NOW = sa.text("now()")


def upgrade() -> None:
    op.create_table(
        "banks",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("district", sa.String),
        sa.Column("name", postgresql.JSONB, nullable=False),
        sa.Column("about", postgresql.JSONB, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False, server_default=NOW),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False, server_default=NOW),
        sa.PrimaryKeyConstraint("id", name="pk_banks"),
    )
    op.create_table(
        "bank_items",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("bank_id", sa.Uuid, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("name", sa.String, nullable=False),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("text", postgresql.JSONB, nullable=False),
        sa.Column("content", postgresql.JSONB, nullable=False),
        sa.Column("explanation", postgresql.JSONB, nullable=False),
        sa.Column("source", sa.String),
        sa.Column("tags", postgresql.ARRAY(sa.Text), nullable=False),
        sa.Column("retired", sa.Boolean, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False, server_default=NOW),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False, server_default=NOW),
        sa.PrimaryKeyConstraint("id", name="pk_bank_items"),
        sa.ForeignKeyConstraint(["bank_id"], ["banks.id"], name="fk_bank_items_bank_id_banks"),
        sa.UniqueConstraint("bank_id", "name", name="uq_bank_items_bank_id_name"),
        sa.CheckConstraint(
            "kind IN ('single', 'multiple', 'true-false', 'matching', 'short-answer', 'ordering')",
            name="ck_bank_items_kind",
        ),
    )
    op.create_table(
        "bank_imports",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("bank_id", sa.Uuid, nullable=False),
        sa.Column("format", sa.String, nullable=False),
        sa.Column("language", sa.String),
        sa.Column("text", sa.String, nullable=False),
        sa.Column("file_name", sa.String, nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False, server_default=NOW),
        sa.PrimaryKeyConstraint("id", name="pk_bank_imports"),
        sa.ForeignKeyConstraint(
            ["bank_id"], ["banks.id"], name="fk_bank_imports_bank_id_banks", ondelete="CASCADE"
        ),
        sa.CheckConstraint("format IN ('gift', 'json')", name="ck_bank_imports_format"),
    )
    op.create_table(
        "quizzes",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("status", sa.String, nullable=False),
        sa.Column("withdraw_reason", sa.String),
        sa.Column("author_kind", sa.String, nullable=False),
        sa.Column("author_id", sa.Uuid, nullable=False),
        sa.Column("author_name", sa.Text, nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True)),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False, server_default=NOW),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False, server_default=NOW),
        sa.Column("slug", sa.String, nullable=False),
        sa.Column("code", sa.String, nullable=False),
        sa.Column("district", sa.String),
        sa.Column("title", postgresql.JSONB, nullable=False),
        sa.Column("summary", postgresql.JSONB, nullable=False),
        sa.Column("purpose", sa.String, nullable=False),
        sa.Column("activity_id", sa.Uuid),
        sa.Column("booking_id", sa.Uuid),
        sa.Column("copied_from", sa.Uuid),
        sa.Column("draws", postgresql.JSONB, nullable=False),
        sa.Column("minutes", sa.Integer),
        sa.Column("attempts_allowed", sa.Integer),
        sa.Column("pass_mark", sa.Integer, nullable=False),
        sa.Column("opens_at", sa.DateTime(timezone=True)),
        sa.Column("closes_at", sa.DateTime(timezone=True)),
        sa.Column("show", sa.String, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_quizzes"),
        sa.UniqueConstraint("slug", name="uq_quizzes_slug"),
        sa.UniqueConstraint("code", name="uq_quizzes_code"),
        sa.CheckConstraint(
            "status IN ('draft', 'published', 'withdrawn')", name="ck_quizzes_status"
        ),
        sa.CheckConstraint(
            "purpose IN ('open', 'before', 'after', 'cohort')", name="ck_quizzes_purpose"
        ),
        sa.CheckConstraint("show IN ('at-once', 'after-close', 'never')", name="ck_quizzes_show"),
        sa.CheckConstraint("pass_mark BETWEEN 0 AND 100", name="ck_quizzes_pass_mark"),
        sa.CheckConstraint("minutes BETWEEN 1 AND 240", name="ck_quizzes_minutes"),
        sa.CheckConstraint("attempts_allowed BETWEEN 1 AND 20", name="ck_quizzes_attempts_allowed"),
        sa.CheckConstraint("closes_at > opens_at", name="ck_quizzes_open"),
    )
    op.create_index("ix_quizzes_activity_id", "quizzes", ["activity_id"])


def downgrade() -> None:
    for table in ("quizzes", "bank_imports", "bank_items", "banks"):
        op.drop_table(table)
