"""Activities, and what is known of advisories and materials."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "registration_0001"
down_revision = None
branch_labels = None
depends_on = None

NOW = sa.text("now()")
TEXTS = postgresql.ARRAY(sa.Text)
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "activities",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("slug", sa.String, nullable=False),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("status", sa.String, nullable=False),
        sa.Column("title", postgresql.JSONB, nullable=False),
        sa.Column("summary", postgresql.JSONB, nullable=False),
        sa.Column("district", sa.String, nullable=False),
        sa.Column("venue_name", postgresql.JSONB, nullable=False),
        sa.Column("venue_address", postgresql.JSONB, nullable=False),
        sa.Column("starts_at", MOMENT, nullable=False),
        sa.Column("ends_at", MOMENT, nullable=False),
        sa.Column("timezone", sa.String, nullable=False),
        sa.Column("capacity", sa.Integer),
        sa.Column("seats_taken", sa.Integer, nullable=False, server_default="0"),
        sa.Column("waiting_list", sa.Boolean, nullable=False),
        sa.Column("max_party_size", sa.Integer, nullable=False),
        sa.Column("registration_opens_at", MOMENT),
        sa.Column("registration_closes_at", MOMENT),
        sa.Column("reminders", TEXTS, nullable=False),
        sa.Column("topics", TEXTS, nullable=False),
        sa.Column("countries", TEXTS, nullable=False),
        sa.Column("languages", TEXTS, nullable=False),
        sa.Column("questions", postgresql.JSONB, nullable=False),
        sa.Column("verify_contact", sa.Boolean, nullable=False),
        sa.Column("cancel_reason", sa.String),
        sa.Column("created_by", sa.Uuid, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False, server_default=NOW),
        sa.Column("updated_at", MOMENT, nullable=False, server_default=NOW),
        sa.UniqueConstraint("slug", name="uq_activities_slug"),
        sa.CheckConstraint(
            "seats_taken >= 0 AND (capacity IS NULL OR seats_taken <= capacity)",
            name="ck_activities_seats",
        ),
        sa.CheckConstraint("ends_at > starts_at", name="ck_activities_ends_after_start"),
        sa.CheckConstraint(
            "kind IN ('lecture', 'exhibition', 'school_session', 'enterprise_visit')",
            name="ck_activities_kind",
        ),
        sa.CheckConstraint(
            "status IN ('draft', 'published', 'cancelled', 'completed')",
            name="ck_activities_status",
        ),
    )
    op.create_index("ix_activities_status_starts_at", "activities", ["status", "starts_at"])
    op.create_index("ix_activities_starts_at_id", "activities", ["starts_at", "id"])
    op.create_table(
        "known_advisories",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("country", sa.String, nullable=False),
        sa.Column("region", postgresql.JSONB, nullable=False),
        sa.Column("level", sa.String, nullable=False),
        sa.Column("word", sa.String, nullable=False),
        sa.Column("headline", postgresql.JSONB, nullable=False),
        sa.Column("advice", postgresql.JSONB, nullable=False),
        sa.Column("valid_from", MOMENT, nullable=False),
        sa.Column("valid_until", MOMENT),
        sa.Column("url", sa.String, nullable=False),
        sa.Column("withdrawn", sa.Boolean, nullable=False),
    )
    op.create_index("ix_known_advisories_country", "known_advisories", ["country"])
    op.create_table(
        "known_materials",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("title", postgresql.JSONB, nullable=False),
        sa.Column("summary", postgresql.JSONB, nullable=False),
        sa.Column("topics", TEXTS, nullable=False),
        sa.Column("countries", TEXTS, nullable=False),
        sa.Column("url", sa.String, nullable=False),
        sa.Column("withdrawn", sa.Boolean, nullable=False),
    )


def downgrade() -> None:
    for table in ("known_materials", "known_advisories", "activities"):
        op.drop_table(table)
