"""Contacts, unsubscribes, suppressions, projections, reminders, deliveries."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "notifications_0001"
down_revision = None
branch_labels = None
depends_on = None

NOW = sa.text("now()")
MOMENT = sa.DateTime(timezone=True)
TEXTS = postgresql.ARRAY(sa.Text)


def upgrade() -> None:
    _people()
    _projections()
    _deliveries()


def _people() -> None:
    op.create_table(
        "contacts",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("source", sa.String, nullable=False),
        sa.Column("language", sa.String, nullable=False),
        sa.Column("email", sa.Text),
        sa.Column("email_hash", sa.String),
        sa.Column("phone", sa.Text),
        sa.Column("phone_hash", sa.String),
        sa.Column("districts", TEXTS, nullable=False),
        sa.Column("countries", TEXTS, nullable=False),
        sa.Column("topics", TEXTS, nullable=False),
        sa.Column("organisation_kind", sa.String),
        sa.Column("departs_on", sa.Date),
        sa.Column("returns_on", sa.Date),
        sa.Column("consents", postgresql.JSONB, nullable=False),
        sa.Column("wants_broadcasts", sa.Boolean, nullable=False),
        sa.Column("reachable", sa.Boolean, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False, server_default=NOW),
        sa.Column("updated_at", MOMENT, nullable=False, server_default=NOW),
        sa.UniqueConstraint("source", name="uq_contacts_source"),
    )
    op.create_index("ix_contacts_email_hash", "contacts", ["email_hash"])
    op.create_index("ix_contacts_phone_hash", "contacts", ["phone_hash"])
    op.create_index("ix_contacts_districts", "contacts", ["districts"], postgresql_using="gin")
    op.create_index("ix_contacts_countries", "contacts", ["countries"], postgresql_using="gin")
    op.create_table(
        "unsubscribes",
        sa.Column("channel", sa.String, primary_key=True),
        sa.Column("address_hash", sa.String, primary_key=True),
        sa.Column("address", sa.Text, nullable=False),
        sa.Column("since", MOMENT, nullable=False, server_default=NOW),
    )
    op.create_table(
        "suppressions",
        sa.Column("channel", sa.String, primary_key=True),
        sa.Column("address_hash", sa.String, primary_key=True),
        sa.Column("address", sa.Text, nullable=False),
        sa.Column("reason", sa.String, nullable=False),
        sa.Column("since", MOMENT, nullable=False, server_default=NOW),
    )


def _projections() -> None:
    op.create_table(
        "activities_seen",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("state", postgresql.JSONB, nullable=False),
        sa.Column("status", sa.String, nullable=False),
        sa.Column("starts_at", MOMENT, nullable=False),
        sa.Column("ends_at", MOMENT, nullable=False),
        sa.Column("calendar_sequence", sa.Integer, nullable=False, server_default="0"),
        sa.Column("cancel_reason", sa.String),
    )
    op.create_table(
        "registrations_seen",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("activity_id", sa.Uuid, nullable=False),
        sa.Column("activity_version", sa.Integer, nullable=False),
        sa.Column("contact_id", sa.Uuid, nullable=False),
        sa.Column("status", sa.String, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("ticket_code", sa.Text, nullable=False),
        sa.Column("manage_url", sa.Text, nullable=False),
        sa.Column("party_size", sa.Integer, nullable=False),
        sa.Column("language", sa.String, nullable=False),
        sa.Column("consents", postgresql.JSONB, nullable=False),
        sa.Column("waiting_position", sa.Integer),
        sa.Column("promoted", sa.Boolean, nullable=False),
        sa.Column("cause", sa.String),
    )
    op.create_index("ix_registrations_seen_activity_id", "registrations_seen", ["activity_id"])
    op.create_index("ix_registrations_seen_contact_id", "registrations_seen", ["contact_id"])
    op.create_table(
        "reminders",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("registration_id", sa.Uuid, nullable=False),
        sa.Column("activity_id", sa.Uuid, nullable=False),
        sa.Column("lead_time", sa.String, nullable=False),
        sa.Column("due_at", MOMENT, nullable=False),
        sa.Column("state", sa.String, nullable=False, server_default="waiting"),
        sa.UniqueConstraint(
            "registration_id", "lead_time", name="uq_reminders_registration_id_lead_time"
        ),
    )
    op.create_index("ix_reminders_activity_id", "reminders", ["activity_id"])
    op.create_index(
        "ix_reminders_due", "reminders", ["due_at"], postgresql_where=sa.text("state = 'waiting'")
    )
    op.create_table(
        "advisories_seen",
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
    op.create_index("ix_advisories_seen_country", "advisories_seen", ["country"])


def _deliveries() -> None:
    op.create_table(
        "deliveries",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("lane", sa.String, nullable=False),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("channel", sa.String, nullable=False),
        sa.Column("dedupe_key", sa.String, nullable=False),
        sa.Column("contact_id", sa.Uuid),
        sa.Column("registration_id", sa.Uuid),
        sa.Column("broadcast_id", sa.Uuid),
        sa.Column("booking_id", sa.Uuid),
        sa.Column("district", sa.String),
        sa.Column("address", sa.Text, nullable=False),
        sa.Column("address_hash", sa.String, nullable=False),
        sa.Column("language", sa.String, nullable=False),
        sa.Column("state", sa.String, nullable=False, server_default="pending"),
        sa.Column("due_at", MOMENT, nullable=False, server_default=NOW),
        sa.Column("expires_at", MOMENT),
        sa.Column("lease_until", MOMENT),
        sa.Column("handed_over", sa.Boolean, nullable=False, server_default=sa.false()),
        sa.Column("attempts", sa.Integer, nullable=False, server_default="0"),
        sa.Column("last_reply", sa.String),
        sa.Column("provider_id", sa.String),
        sa.Column("planned_at", MOMENT, nullable=False, server_default=NOW),
        sa.Column("sent_at", MOMENT),
        sa.Column("context", sa.Text),
        sa.UniqueConstraint("dedupe_key", name="uq_deliveries_dedupe_key"),
    )
    op.create_index(
        "uq_deliveries_broadcast_address",
        "deliveries",
        ["broadcast_id", "channel", "address_hash"],
        unique=True,
        postgresql_where=sa.text("broadcast_id IS NOT NULL AND kind = 'broadcast'"),
    )
    op.create_index(
        "ix_deliveries_pending",
        "deliveries",
        ["lane", "broadcast_id", "due_at"],
        postgresql_where=sa.text("state = 'pending'"),
    )
    op.create_index(
        "ix_deliveries_lease",
        "deliveries",
        ["lease_until"],
        postgresql_where=sa.text("state = 'sending'"),
    )
    op.create_index(
        "ix_deliveries_expiring",
        "deliveries",
        ["expires_at"],
        postgresql_where=sa.text("state = 'pending'"),
    )
    op.create_index(
        "ix_deliveries_unknown",
        "deliveries",
        ["lane"],
        postgresql_where=sa.text("state = 'unknown'"),
    )
    op.create_index("ix_deliveries_broadcast_state", "deliveries", ["broadcast_id", "state"])
    op.create_index("ix_deliveries_registration_id", "deliveries", ["registration_id"])
    op.create_index("ix_deliveries_planned_at", "deliveries", ["planned_at", "id"])


def downgrade() -> None:
    for table in (
        "deliveries",
        "advisories_seen",
        "reminders",
        "registrations_seen",
        "activities_seen",
        "suppressions",
        "unsubscribes",
        "contacts",
    ):
        op.drop_table(table)
