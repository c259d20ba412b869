"""Codes that verify a contact, proofs of work that were used, and the line before a rush."""

import sqlalchemy as sa
from alembic import op

revision = "registration_0007"
down_revision = "registration_0006"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
IS_LIVE = sa.text("status <> 'cancelled'")


def upgrade() -> None:
    op.create_table(
        "contact_codes",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("registration_id", sa.Uuid, nullable=False),
        sa.Column("channel", sa.String, nullable=False),
        sa.Column("contact_hash", sa.String, nullable=False),
        sa.Column("code_hash", sa.String, nullable=False),
        sa.Column("wrong", sa.Integer, nullable=False, server_default="0"),
        sa.Column("sent_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(
            ["registration_id"],
            ["registrations.id"],
            name="fk_contact_codes_registration_id",
            ondelete="CASCADE",
        ),
        sa.CheckConstraint("channel IN ('email', 'sms')", name="ck_contact_codes_channel"),
    )
    for columns in (["registration_id", "sent_at"], ["contact_hash", "sent_at"], ["sent_at"]):
        op.create_index(f"ix_contact_codes_{'_'.join(columns)}", "contact_codes", columns)
    for address in ("email_hash", "phone_hash"):
        op.create_index(
            f"ix_registrations_live_{address}",
            "registrations",
            [address],
            postgresql_where=IS_LIVE,
        )
    op.create_table(
        "proofs_used",
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("used_by", sa.String, nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
    )
    op.create_index("ix_proofs_used_expires_at", "proofs_used", ["expires_at"])
    op.create_table(
        "slow_lanes",
        sa.Column("activity_id", sa.Uuid, primary_key=True),
        sa.Column("next_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(
            ["activity_id"],
            ["activities.id"],
            name="fk_slow_lanes_activity_id",
            ondelete="CASCADE",
        ),
    )
    op.create_table(
        "queues",
        sa.Column("activity_id", sa.Uuid, primary_key=True),
        sa.Column("drawn_at", MOMENT),
        sa.Column("last_place", sa.Integer, nullable=False, server_default="0"),
        sa.Column("admitted_to", sa.Integer, nullable=False, server_default="0"),
        sa.Column("looked_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(
            ["activity_id"], ["activities.id"], name="fk_queues_activity_id", ondelete="CASCADE"
        ),
    )
    op.create_table(
        "queue_places",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("activity_id", sa.Uuid, nullable=False),
        sa.Column("place", sa.Integer),
        sa.Column("joined_at", MOMENT, nullable=False),
        sa.Column("seen_at", MOMENT, nullable=False),
        sa.Column("admitted_at", MOMENT),
        sa.Column("used_by", sa.String),
        sa.ForeignKeyConstraint(
            ["activity_id"],
            ["queues.activity_id"],
            name="fk_queue_places_activity_id",
            ondelete="CASCADE",
        ),
        sa.UniqueConstraint("activity_id", "place", name="uq_queue_places_activity_id_place"),
    )
    op.create_index(
        "ix_queue_places_in_line",
        "queue_places",
        ["activity_id", "place"],
        postgresql_where=sa.text("admitted_at IS NULL"),
    )
    op.create_index(
        "ix_queue_places_at_the_form",
        "queue_places",
        ["activity_id", "admitted_at"],
        postgresql_where=sa.text("admitted_at IS NOT NULL AND used_by IS NULL"),
    )


def downgrade() -> None:
    op.drop_table("queue_places")
    op.drop_table("queues")
    op.drop_table("slow_lanes")
    op.drop_table("proofs_used")
    for address in ("email_hash", "phone_hash"):
        op.drop_index(f"ix_registrations_live_{address}", "registrations")
    op.drop_table("contact_codes")
