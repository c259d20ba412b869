"""Packs, their editions, how often they are opened, and the bookings that were heard of."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "content_0009"
down_revision = "content_0008"
branch_labels = None
depends_on = None

NOW = sa.text("now()")
TEXTS = postgresql.ARRAY(sa.Text)


def upgrade() -> None:
    op.create_table(
        "packs",
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
        sa.Column("district", sa.String),
        sa.Column("title", postgresql.JSONB, nullable=False),
        sa.Column("letter", postgresql.JSONB, nullable=False),
        sa.Column("activity_id", sa.Uuid),
        sa.Column("booking_id", sa.Uuid),
        sa.Column("countries", TEXTS, nullable=False),
        sa.Column("topics", TEXTS, nullable=False),
        sa.Column("audience", TEXTS, nullable=False),
        sa.Column("items", postgresql.JSONB, nullable=False),
        sa.Column("edition", sa.Integer, nullable=False),
        sa.Column("held", TEXTS, nullable=False),
        sa.Column("told", postgresql.JSONB, nullable=False),
        sa.Column("told_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("id", name="pk_packs"),
        sa.UniqueConstraint("activity_id", name="uq_packs_activity_id"),
        sa.UniqueConstraint("booking_id", name="uq_packs_booking_id"),
        sa.CheckConstraint("status IN ('draft', 'published', 'withdrawn')", name="ck_packs_status"),
        sa.CheckConstraint(
            "num_nonnulls(activity_id, booking_id) <= 1", name="ck_packs_one_occasion"
        ),
        sa.CheckConstraint("(status = 'draft') = (edition = 0)", name="ck_packs_edition"),
    )
    op.create_index("ix_packs_held", "packs", ["held"], postgresql_using="gin")
    op.create_table(
        "pack_editions",
        sa.Column("pack_id", sa.Uuid, nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("title", postgresql.JSONB, nullable=False),
        sa.Column("letter", postgresql.JSONB, nullable=False),
        sa.Column("items", postgresql.JSONB, nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("published_by_name", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("pack_id", "number", name="pk_pack_editions"),
        sa.ForeignKeyConstraint(
            ["pack_id"], ["packs.id"], name="fk_pack_editions_pack_id_packs", ondelete="CASCADE"
        ),
    )
    op.create_table(
        "pack_openings",
        sa.Column("pack_id", sa.Uuid, nullable=False),
        sa.Column("day", sa.Date, nullable=False),
        sa.Column("count", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("pack_id", "day", name="pk_pack_openings"),
        sa.ForeignKeyConstraint(
            ["pack_id"], ["packs.id"], name="fk_pack_openings_pack_id_packs", ondelete="CASCADE"
        ),
    )
    op.create_table(
        "bookings_seen",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("status", sa.String, nullable=False),
        sa.Column("organisation_kind", sa.String, nullable=False),
        sa.Column("district", sa.String),
        sa.Column("agreed_time", sa.DateTime(timezone=True)),
        sa.Column("timezone", sa.String, nullable=False),
        sa.Column("headcount", sa.Integer, nullable=False),
        sa.Column("destinations", TEXTS, nullable=False),
        sa.Column("departs_on", sa.Date),
        sa.Column("topics", TEXTS, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_bookings_seen"),
    )


def downgrade() -> None:
    op.drop_table("bookings_seen")
    op.drop_table("pack_openings")
    op.drop_table("pack_editions")
    op.drop_table("packs")
