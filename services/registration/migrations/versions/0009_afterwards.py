"""Certificates, feedback, and what is kept after erasure."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "registration_0009"
down_revision = "registration_0008"
branch_labels = None
depends_on = None

NOW = sa.text("now()")
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "certificates",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("registration_id", sa.Uuid, nullable=False),
        sa.Column("code", sa.String, nullable=False),
        sa.Column("issued_at", MOMENT, nullable=False),
        sa.Column("revoked_at", MOMENT),
        sa.Column("revoked_reason", sa.Text),
        sa.Column("revoked_by", sa.Uuid),
        sa.ForeignKeyConstraint(
            ["registration_id"], ["registrations.id"], name="fk_certificates_registration_id"
        ),
        sa.UniqueConstraint("registration_id", name="uq_certificates_registration_id"),
        sa.UniqueConstraint("code", name="uq_certificates_code"),
        sa.CheckConstraint(
            "(revoked_at IS NULL) = (revoked_reason IS NULL)"
            " AND (revoked_at IS NULL) = (revoked_by IS NULL)",
            name="ck_certificates_revoked",
        ),
    )
    op.create_table(
        "surveys",
        sa.Column("activity_id", sa.Uuid, primary_key=True),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("asked", sa.Boolean, nullable=False),
        sa.Column("questions", postgresql.JSONB, nullable=False),
        sa.Column("updated_at", MOMENT, nullable=False, server_default=NOW),
        sa.ForeignKeyConstraint(["activity_id"], ["activities.id"], name="fk_surveys_activity_id"),
    )
    op.create_table(
        "feedback",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("activity_id", sa.Uuid, nullable=False),
        sa.Column("mark", sa.String, nullable=False),
        sa.Column("answers", postgresql.JSONB, nullable=False),
        sa.Column("given_on", sa.Date, nullable=False),
        sa.ForeignKeyConstraint(["activity_id"], ["activities.id"], name="fk_feedback_activity_id"),
        sa.UniqueConstraint("mark", name="uq_feedback_mark"),
    )
    op.create_index("ix_feedback_activity_id", "feedback", ["activity_id"])
    op.create_table(
        "feedback_comments",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("feedback_id", sa.Uuid, nullable=False),
        sa.Column("question", sa.String, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("may_be_quoted", sa.Boolean, nullable=False),
        sa.Column("state", sa.String, nullable=False, server_default="new"),
        sa.Column("hidden_reason", sa.String),
        sa.ForeignKeyConstraint(
            ["feedback_id"],
            ["feedback.id"],
            name="fk_feedback_comments_feedback_id",
            ondelete="CASCADE",
        ),
        sa.CheckConstraint(
            "state IN ('new', 'shown', 'hidden')", name="ck_feedback_comments_state"
        ),
        sa.CheckConstraint(
            "(state = 'hidden') = (hidden_reason IS NOT NULL)", name="ck_feedback_comments_hidden"
        ),
    )
    op.create_index("ix_feedback_comments_feedback_id", "feedback_comments", ["feedback_id"])
    op.create_table(
        "thanked",
        sa.Column("registration_id", sa.Uuid, primary_key=True),
        sa.Column("thanked_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(
            ["registration_id"], ["registrations.id"], name="fk_thanked_registration_id"
        ),
    )
    op.create_table(
        "erased_bookings",
        sa.Column("booking_id", sa.Uuid, primary_key=True),
        sa.Column("erased_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(
            ["booking_id"], ["bookings.id"], name="fk_erased_bookings_booking_id"
        ),
    )


def downgrade() -> None:
    for table in (
        "erased_bookings",
        "thanked",
        "feedback_comments",
        "feedback",
        "surveys",
        "certificates",
    ):
        op.drop_table(table)
