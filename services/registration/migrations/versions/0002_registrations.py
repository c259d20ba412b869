"""Registrations with their waiting order, and bookings."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "registration_0002"
down_revision = "registration_0001"
branch_labels = None
depends_on = None

NOW = sa.text("now()")
TEXTS = postgresql.ARRAY(sa.Text)
MOMENT = sa.DateTime(timezone=True)
IS_LIVE = sa.text("status <> 'cancelled'")


def upgrade() -> None:
    op.execute(sa.schema.CreateSequence(sa.Sequence("registrations_waiting_order")))
    op.create_table(
        "registrations",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("activity_id", sa.Uuid, nullable=False),
        sa.Column("status", sa.String, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("email", sa.Text),
        sa.Column("phone", sa.Text),
        sa.Column("email_hash", sa.String),
        sa.Column("phone_hash", sa.String),
        sa.Column("language", sa.String, nullable=False),
        sa.Column("party_size", sa.Integer, nullable=False),
        sa.Column("seats_held", sa.Integer, nullable=False),
        sa.Column("answers_json", sa.Text, nullable=False),
        sa.Column("consents", postgresql.JSONB, nullable=False),
        sa.Column("ticket_code", sa.String, nullable=False),
        sa.Column("waiting_since", sa.BigInteger),
        sa.Column("registered_at", MOMENT, nullable=False),
        sa.Column("cancelled_at", MOMENT),
        sa.Column("cancel_cause", sa.String),
        sa.Column("checked_in_at", MOMENT),
        sa.Column("contact_failed", sa.Boolean, nullable=False, server_default=sa.false()),
        sa.ForeignKeyConstraint(
            ["activity_id"], ["activities.id"], name="fk_registrations_activity_id"
        ),
        sa.UniqueConstraint("ticket_code", name="uq_registrations_ticket_code"),
        sa.CheckConstraint(
            "status IN ('unverified', 'confirmed', 'waiting', 'cancelled')",
            name="ck_registrations_status",
        ),
        sa.CheckConstraint("party_size >= 1", name="ck_registrations_party_size"),
        sa.CheckConstraint(
            "seats_held = CASE WHEN status = 'confirmed' THEN party_size ELSE 0 END",
            name="ck_registrations_seats_held",
        ),
        sa.CheckConstraint(
            "status <> 'waiting' OR waiting_since IS NOT NULL", name="ck_registrations_in_order"
        ),
    )
    for address in ("email", "phone"):
        op.create_index(
            f"uq_registrations_live_{address}",
            "registrations",
            ["activity_id", f"{address}_hash"],
            unique=True,
            postgresql_where=IS_LIVE,
        )
    op.create_index(
        "ix_registrations_waiting",
        "registrations",
        ["activity_id", "waiting_since"],
        postgresql_where=sa.text("status = 'waiting'"),
    )
    op.create_index("ix_registrations_activity_id_id", "registrations", ["activity_id", "id"])
    op.create_table(
        "bookings",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("status", sa.String, nullable=False),
        sa.Column("organisation_name", sa.Text, nullable=False),
        sa.Column("organisation_kind", sa.String, nullable=False),
        sa.Column("district", sa.String, nullable=False),
        sa.Column("contact_name", sa.Text, nullable=False),
        sa.Column("contact_email", sa.Text),
        sa.Column("contact_phone", sa.Text),
        sa.Column("language", sa.String, nullable=False),
        sa.Column("proposed_times", postgresql.ARRAY(MOMENT), nullable=False),
        sa.Column("agreed_time", MOMENT),
        sa.Column("timezone", sa.String, nullable=False),
        sa.Column("headcount", sa.Integer, nullable=False),
        sa.Column("destinations", TEXTS, nullable=False),
        sa.Column("departs_on", sa.Date),
        sa.Column("returns_on", sa.Date),
        sa.Column("topics", TEXTS, nullable=False),
        sa.Column("note", sa.Text),
        sa.Column("answer", sa.Text),
        sa.Column("created_at", MOMENT, nullable=False, server_default=NOW),
        sa.Column("updated_at", MOMENT, nullable=False, server_default=NOW),
        sa.CheckConstraint(
            "kind IN ('school_session', 'enterprise_visit')", name="ck_bookings_kind"
        ),
        sa.CheckConstraint(
            "status IN ('requested', 'proposed', 'accepted', 'declined', 'withdrawn')",
            name="ck_bookings_status",
        ),
        sa.CheckConstraint(
            "organisation_kind IN ('school', 'enterprise', 'community')",
            name="ck_bookings_organisation_kind",
        ),
        sa.CheckConstraint(
            "(status = 'accepted') = (agreed_time IS NOT NULL)",
            name="ck_bookings_agreed_when_accepted",
        ),
    )
    op.create_index("ix_bookings_status_id", "bookings", ["status", "id"])
    op.create_index("ix_bookings_district_id", "bookings", ["district", "id"])


def downgrade() -> None:
    op.drop_table("bookings")
    op.drop_table("registrations")
    op.execute(sa.schema.DropSequence(sa.Sequence("registrations_waiting_order")))
