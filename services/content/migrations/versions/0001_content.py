"""Advisories, materials, activities heard of."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "content_0001"
down_revision = None
branch_labels = None
depends_on = None

NOW = sa.text("now()")
STATES = "status IN ('draft', 'published', 'withdrawn')"


def publication() -> list[sa.Column[object]]:
    """The columns that advisories and materials share; fresh ones for each table."""
    return [
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
    ]


def upgrade() -> None:
    op.create_table(
        "advisories",
        *publication(),
        sa.Column("country", sa.String, nullable=False),
        sa.Column("region", postgresql.JSONB, nullable=False),
        sa.Column("level", sa.String, nullable=False),
        sa.Column("word", sa.String, nullable=False),
        sa.Column("headline", postgresql.JSONB, nullable=False),
        sa.Column("text", postgresql.JSONB, nullable=False),
        sa.Column("advice", postgresql.JSONB, nullable=False),
        sa.Column("source_url", sa.String),
        sa.Column("valid_from", sa.DateTime(timezone=True), nullable=False),
        sa.Column("valid_until", sa.DateTime(timezone=True)),
        sa.Column("announcements", postgresql.JSONB, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_advisories"),
        sa.CheckConstraint(STATES, name="ck_advisories_status"),
        sa.CheckConstraint(
            "level IN ('blue', 'yellow', 'orange', 'red')", name="ck_advisories_level"
        ),
        sa.CheckConstraint(
            "word IN ('take-care', 'travel-with-caution', 'do-not-travel')",
            name="ck_advisories_word",
        ),
        sa.CheckConstraint(
            "valid_until IS NULL OR valid_until > valid_from", name="ck_advisories_valid"
        ),
    )
    op.create_index("ix_advisories_status_country", "advisories", ["status", "country"])
    op.create_table(
        "materials",
        *publication(),
        sa.Column("slug", sa.String, nullable=False),
        sa.Column("district", sa.String),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("title", postgresql.JSONB, nullable=False),
        sa.Column("summary", postgresql.JSONB, nullable=False),
        sa.Column("body", postgresql.JSONB, nullable=False),
        sa.Column("topics", postgresql.ARRAY(sa.Text), nullable=False),
        sa.Column("countries", postgresql.ARRAY(sa.Text), nullable=False),
        sa.Column("audience", postgresql.ARRAY(sa.Text), nullable=False),
        sa.Column("reviewed_on", sa.Date),
        sa.PrimaryKeyConstraint("id", name="pk_materials"),
        sa.UniqueConstraint("slug", name="uq_materials_slug"),
        sa.CheckConstraint(STATES, name="ck_materials_status"),
        sa.CheckConstraint(
            "kind IN ('book', 'brochure', 'video', 'case-study', 'slides', 'checklist')",
            name="ck_materials_kind",
        ),
    )
    op.create_index("ix_materials_countries", "materials", ["countries"], postgresql_using="gin")
    op.create_table(
        "activities_seen",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("status", sa.String, nullable=False),
        sa.Column("title", postgresql.JSONB, nullable=False),
        sa.Column("district", sa.String),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("timezone", sa.String, nullable=False),
        sa.Column("topics", postgresql.ARRAY(sa.Text), nullable=False),
        sa.Column("countries", postgresql.ARRAY(sa.Text), nullable=False),
        sa.Column("url", sa.String, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_activities_seen"),
    )
    op.create_index(
        "ix_activities_seen_countries", "activities_seen", ["countries"], postgresql_using="gin"
    )


def downgrade() -> None:
    for table in ("activities_seen", "materials", "advisories"):
        op.drop_table(table)
