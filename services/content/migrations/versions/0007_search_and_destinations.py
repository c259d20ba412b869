"""Search and destinations: what is found, missions abroad, more of the activities heard of."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "content_0007"
down_revision = "content_0006"
branch_labels = None
depends_on = None

NOW = sa.text("now()")
NOTHING = sa.text("'{}'")


def upgrade() -> None:
    op.create_table(
        "search_entries",
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("title", postgresql.JSONB, nullable=False),
        sa.Column("text", postgresql.JSONB, nullable=False),
        sa.Column("url", sa.String, nullable=False),
        sa.Column("countries", postgresql.ARRAY(sa.Text), nullable=False),
        sa.Column("topics", postgresql.ARRAY(sa.Text), nullable=False),
        sa.Column("audience", postgresql.ARRAY(sa.Text), nullable=False),
        sa.Column("languages", postgresql.ARRAY(sa.Text), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True)),
        sa.Column("way", sa.String, nullable=False),
        sa.Column("search", postgresql.TSVECTOR, nullable=False),
        sa.Column("heading", postgresql.TSVECTOR, nullable=False),
        sa.PrimaryKeyConstraint("kind", "id", name="pk_search_entries"),
    )
    # Texts and words stand apart from the rows, which are many to read for counting: all but these
    # go, whatever room there is.
    op.execute("ALTER TABLE search_entries SET (toast_tuple_target = 256)")
    for column in ("title", "url", "countries", "topics", "audience", "languages", "heading"):
        op.execute(f"ALTER TABLE search_entries ALTER COLUMN {column} SET STORAGE MAIN")
    for column in ("search", "heading", "countries"):
        name = f"ix_search_entries_{column}"
        op.create_index(name, "search_entries", [column], postgresql_using="gin")
    op.create_index("ix_search_entries_at", "search_entries", ["at", "id"])
    op.create_table(
        "missions",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("country", sa.String, nullable=False),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("name", postgresql.JSONB, nullable=False),
        sa.Column("serves", postgresql.JSONB, nullable=False),
        sa.Column("address", postgresql.JSONB, nullable=False),
        sa.Column("help_phone", sa.String),
        sa.Column("office_phone", sa.String),
        sa.Column("website", sa.String),
        sa.Column("source_url", sa.String, nullable=False),
        sa.Column("checked_on", sa.Date, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False, server_default=NOW),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False, server_default=NOW),
        sa.PrimaryKeyConstraint("id", name="pk_missions"),
        sa.CheckConstraint(
            "kind IN ('embassy', 'consulate-general', 'consulate', 'office')",
            name="ck_missions_kind",
        ),
    )
    op.create_index("ix_missions_country", "missions", ["country"])
    op.add_column(
        "activities_seen",
        sa.Column("summary", postgresql.JSONB, nullable=False, server_default=NOTHING),
    )


def downgrade() -> None:
    op.drop_column("activities_seen", "summary")
    op.drop_table("missions")
    op.drop_table("search_entries")
