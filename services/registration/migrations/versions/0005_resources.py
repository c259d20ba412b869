"""Venues, lecturers, their availability, and what occupies them."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "registration_0005"
down_revision = "registration_0004"
branch_labels = None
depends_on = None

TEXTS = postgresql.ARRAY(sa.Text)
MOMENT = sa.DateTime(timezone=True)
NOW = sa.func.now()


def upgrade() -> None:
    # A trusted extension: whoever may create in the database may create it (PostgreSQL 13).
    op.execute("CREATE EXTENSION IF NOT EXISTS btree_gist")
    op.create_table(
        "venues",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("name", postgresql.JSONB, nullable=False),
        sa.Column("address", postgresql.JSONB, nullable=False),
        sa.Column("district", sa.String, nullable=False),
        sa.Column("capacity", sa.Integer),
        sa.Column("step_free", sa.Boolean, nullable=False),
        sa.Column("latitude", sa.Double),
        sa.Column("longitude", sa.Double),
        sa.Column("note", sa.String),
        sa.Column("archived_at", MOMENT),
        sa.Column("created_at", MOMENT, nullable=False, server_default=NOW),
        sa.CheckConstraint("capacity > 0", name="ck_venues_capacity"),
    )
    op.create_table(
        "lecturers",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("name", postgresql.JSONB, nullable=False),
        sa.Column("about", postgresql.JSONB, nullable=False),
        sa.Column("email", sa.Text),
        sa.Column("phone", sa.Text),
        sa.Column("languages", TEXTS, nullable=False),
        sa.Column("topics", TEXTS, nullable=False),
        sa.Column("districts", TEXTS, nullable=False),
        sa.Column("timezone", sa.String, nullable=False),
        sa.Column("archived_at", MOMENT),
        sa.Column("created_at", MOMENT, nullable=False, server_default=NOW),
    )
    _create_availability()
    _create_occupancies()
    op.add_column(
        "bookings",
        sa.Column("duration_minutes", sa.Integer, nullable=False, server_default="120"),
    )
    op.create_check_constraint("ck_bookings_duration", "bookings", "duration_minutes > 0")


def _create_availability() -> None:
    op.create_table(
        "lecturer_hours",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("lecturer_id", sa.Uuid, nullable=False),
        sa.Column("weekday", sa.Integer, nullable=False),
        sa.Column("begins", sa.Time, nullable=False),
        sa.Column("ends", sa.Time, nullable=False),
        sa.ForeignKeyConstraint(
            ["lecturer_id"],
            ["lecturers.id"],
            ondelete="CASCADE",
            name="fk_lecturer_hours_lecturer_id",
        ),
        sa.CheckConstraint("weekday BETWEEN 0 AND 6", name="ck_lecturer_hours_weekday"),
        sa.CheckConstraint(
            "ends > begins OR ends = '00:00'", name="ck_lecturer_hours_ends_after_beginning"
        ),
    )
    op.create_index("ix_lecturer_hours_lecturer_id", "lecturer_hours", ["lecturer_id"])
    op.create_table(
        "lecturer_exceptions",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("lecturer_id", sa.Uuid, nullable=False),
        sa.Column("first", sa.Date, nullable=False),
        sa.Column("last", sa.Date, nullable=False),
        sa.Column("available", sa.Boolean, nullable=False),
        sa.Column("note", sa.String, nullable=False),
        sa.ForeignKeyConstraint(
            ["lecturer_id"],
            ["lecturers.id"],
            ondelete="CASCADE",
            name="fk_lecturer_exceptions_lecturer_id",
        ),
        sa.CheckConstraint("last >= first", name="ck_lecturer_exceptions_last_after_first"),
    )
    op.create_index("ix_lecturer_exceptions_lecturer_id", "lecturer_exceptions", ["lecturer_id"])


def _create_occupancies() -> None:
    op.create_table(
        "occupancies",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("resource_kind", sa.String, nullable=False),
        sa.Column("resource_id", sa.Uuid, nullable=False),
        sa.Column("during", postgresql.TSTZRANGE, nullable=False),
        sa.Column("holder_kind", sa.String, nullable=False),
        sa.Column("holder_id", sa.Uuid, nullable=False),
        sa.Column("tentative", sa.Boolean, nullable=False),
        sa.Column("overlaps", sa.Boolean, nullable=False),
        sa.Column("override_reason", sa.String),
        sa.Column("made_by", sa.Uuid),
        sa.Column("made_at", MOMENT, nullable=False, server_default=NOW),
        sa.Column("released_at", MOMENT),
        postgresql.ExcludeConstraint(
            (sa.column("resource_id"), "="),
            (sa.column("during"), "&&"),
            where=sa.text('NOT "overlaps" AND released_at IS NULL'),
            using="gist",
            name="ex_occupancies_never_twice",
        ),
        sa.CheckConstraint(
            "resource_kind IN ('venue', 'lecturer')", name="ck_occupancies_resource_kind"
        ),
        sa.CheckConstraint(
            "holder_kind IN ('activity', 'booking')", name="ck_occupancies_holder_kind"
        ),
        sa.CheckConstraint("NOT isempty(during)", name="ck_occupancies_during"),
        sa.CheckConstraint(
            "override_reason <> '' AND (NOT \"overlaps\" OR override_reason IS NOT NULL)",
            name="ck_occupancies_override_reason",
        ),
    )
    op.create_index("ix_occupancies_holder", "occupancies", ["holder_id"])
    op.create_index(
        "ix_occupancies_resource",
        "occupancies",
        ["resource_id"],
        postgresql_where=sa.text("released_at IS NULL"),
    )


def downgrade() -> None:
    op.drop_constraint("ck_bookings_duration", "bookings")
    op.drop_column("bookings", "duration_minutes")
    op.drop_table("occupancies")
    op.drop_table("lecturer_exceptions")
    op.drop_table("lecturer_hours")
    op.drop_table("lecturers")
    op.drop_table("venues")
