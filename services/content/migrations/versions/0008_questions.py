"""Questions, what was said about them, experts, public answers and whether they helped."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "content_0008"
down_revision = "content_0007"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
NOW = sa.text("now()")
TEXTS = postgresql.ARRAY(sa.Text)


def upgrade() -> None:
    op.create_table(
        "question_experts",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("email", sa.Text, nullable=False),
        sa.Column("field", sa.String, nullable=False),
        sa.Column("district", sa.String),
        sa.Column("removed_at", MOMENT),
        sa.Column("created_at", MOMENT, nullable=False, server_default=NOW),
        sa.PrimaryKeyConstraint("id", name="pk_question_experts"),
    )
    op.create_table(
        "questions",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("status", sa.String, nullable=False),
        sa.Column("via", sa.String, nullable=False),
        sa.Column("language", sa.String, nullable=False),
        sa.Column("country", sa.String),
        sa.Column("topic", sa.String),
        sa.Column("name", sa.Text),
        sa.Column("email", sa.Text),
        sa.Column("phone", sa.Text),
        sa.Column("text", sa.Text),
        sa.Column("privacy_version", sa.String),
        sa.Column("alarms", TEXTS, nullable=False),
        sa.Column("urgent", sa.Boolean, nullable=False),
        sa.Column("district", sa.String),
        sa.Column("entered_district", sa.String),
        sa.Column("entered_by_name", sa.Text),
        sa.Column("expert_id", sa.Uuid),
        sa.Column("expert_ref", sa.Uuid),
        sa.Column("taken_by", sa.Uuid),
        sa.Column("taken_by_name", sa.Text),
        sa.Column("due_at", MOMENT, nullable=False),
        sa.Column("first_answered_at", MOMENT),
        sa.Column("answered_at", MOMENT),
        sa.Column("merged_into", sa.Uuid),
        sa.Column("merged_from", sa.String),
        sa.Column("merged_at", MOMENT),
        sa.Column("finished_at", MOMENT),
        sa.Column("erased_at", MOMENT),
        sa.Column("created_at", MOMENT, nullable=False, server_default=NOW),
        sa.Column("updated_at", MOMENT, nullable=False, server_default=NOW),
        sa.PrimaryKeyConstraint("id", name="pk_questions"),
        sa.ForeignKeyConstraint(
            ["expert_id"], ["question_experts.id"], name="fk_questions_expert_id"
        ),
        sa.ForeignKeyConstraint(["merged_into"], ["questions.id"], name="fk_questions_merged_into"),
        sa.CheckConstraint(
            "status IN ('new', 'assigned', 'answered', 'closed', 'merged', 'withdrawn', 'spam')",
            name="ck_questions_status",
        ),
        sa.CheckConstraint("via IN ('form', 'staff', 'program')", name="ck_questions_via"),
        sa.CheckConstraint(
            "(status = 'merged') = (merged_into IS NOT NULL)", name="ck_questions_merged"
        ),
    )
    op.create_index("ix_questions_inbox", "questions", ["status", "urgent", "due_at"])
    op.create_index("ix_questions_merged_into", "questions", ["merged_into"])
    op.create_index("ix_questions_created_at", "questions", ["created_at"])
    op.create_index("ix_questions_expert_ref", "questions", ["expert_ref"])
    op.create_table(
        "question_entries",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("question_id", sa.Uuid, nullable=False),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("text", sa.Text),
        sa.Column("by_name", sa.Text),
        sa.Column("created_at", MOMENT, nullable=False, server_default=NOW),
        sa.PrimaryKeyConstraint("id", name="pk_question_entries"),
        sa.ForeignKeyConstraint(
            ["question_id"],
            ["questions.id"],
            ondelete="CASCADE",
            name="fk_question_entries_question_id",
        ),
        sa.CheckConstraint(
            "kind IN ('note', 'added', 'answer', 'suggestion')", name="ck_question_entries_kind"
        ),
    )
    op.create_index("ix_question_entries_question_id", "question_entries", ["question_id", "id"])
    op.create_table(
        "public_answers",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("status", sa.String, nullable=False),
        sa.Column("withdraw_reason", sa.String),
        sa.Column("author_kind", sa.String, nullable=False),
        sa.Column("author_id", sa.Uuid, nullable=False),
        sa.Column("author_name", sa.Text, nullable=False),
        sa.Column("published_at", MOMENT),
        sa.Column("created_at", MOMENT, nullable=False, server_default=NOW),
        sa.Column("updated_at", MOMENT, nullable=False, server_default=NOW),
        sa.Column("slug", sa.String, nullable=False),
        sa.Column("district", sa.String),
        sa.Column("question", postgresql.JSONB, nullable=False),
        sa.Column("answer", postgresql.JSONB, nullable=False),
        sa.Column("topics", TEXTS, nullable=False),
        sa.Column("countries", TEXTS, nullable=False),
        sa.Column("question_id", sa.Uuid),
        sa.Column("checked", TEXTS, nullable=False),
        sa.Column("reviewed_on", sa.Date, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_public_answers"),
        sa.UniqueConstraint("slug", name="uq_public_answers_slug"),
        sa.ForeignKeyConstraint(
            ["question_id"], ["questions.id"], name="fk_public_answers_question_id"
        ),
        sa.CheckConstraint(
            "status IN ('draft', 'published', 'withdrawn')", name="ck_public_answers_status"
        ),
    )
    op.create_index("ix_public_answers_question_id", "public_answers", ["question_id"])
    op.create_table(
        "answer_votes",
        sa.Column("answer_id", sa.Uuid, nullable=False),
        sa.Column("visitor", sa.Uuid, nullable=False),
        sa.Column("helpful", sa.Boolean, nullable=False),
        sa.Column("words", sa.Text),
        sa.Column("created_at", MOMENT, nullable=False, server_default=NOW),
        sa.PrimaryKeyConstraint("answer_id", "visitor", name="pk_answer_votes"),
        sa.ForeignKeyConstraint(
            ["answer_id"],
            ["public_answers.id"],
            ondelete="CASCADE",
            name="fk_answer_votes_answer_id",
        ),
    )


def downgrade() -> None:
    op.drop_table("answer_votes")
    op.drop_table("public_answers")
    op.drop_table("question_entries")
    op.drop_table("questions")
    op.drop_table("question_experts")
