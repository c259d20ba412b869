"""Registrations in full: a calendar sequence of their own, offers, what staff tell them."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "notifications_0004"
down_revision = "notifications_0003"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.add_column(
        "registrations_seen",
        sa.Column("calendar_sequence", sa.Integer, nullable=False, server_default="0"),
    )
    # What has gone out so far carried this sum; what follows must be higher.
    op.execute(
        "UPDATE registrations_seen AS r SET calendar_sequence = r.version + a.calendar_sequence "
        "FROM activities_seen AS a WHERE a.id = r.activity_id"
    )
    op.drop_column("activities_seen", "calendar_sequence")
    op.add_column(
        "registrations_seen",
        sa.Column("children", sa.Integer, nullable=False, server_default="0"),
    )
    op.add_column("registrations_seen", sa.Column("hold_expires_at", MOMENT))
    op.add_column(
        "registrations_seen",
        sa.Column("asked", sa.Boolean, nullable=False, server_default=sa.false()),
    )
    op.create_table(
        "activity_messages",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("activity_id", sa.Uuid, nullable=False),
        sa.Column("channels", postgresql.ARRAY(sa.Text), nullable=False),
        sa.Column("message", postgresql.JSONB, nullable=False),
        sa.Column("awaited", postgresql.ARRAY(sa.Uuid), nullable=False),
        sa.Column("planned", sa.Integer, nullable=False),
        sa.Column("suppressed", sa.Integer, nullable=False),
        sa.Column("no_address", sa.Integer, nullable=False),
        sa.Column("expires_at", MOMENT),
    )
    op.create_index(
        "ix_activity_messages_awaited", "activity_messages", ["awaited"], postgresql_using="gin"
    )


def downgrade() -> None:
    op.drop_table("activity_messages")
    for column in ("asked", "hold_expires_at", "children"):
        op.drop_column("registrations_seen", column)
    op.add_column(
        "activities_seen",
        sa.Column("calendar_sequence", sa.Integer, nullable=False, server_default="0"),
    )
    # A later message must be higher than what went out from this column.
    op.execute(
        "UPDATE activities_seen AS a SET calendar_sequence = (SELECT coalesce(max("
        "r.calendar_sequence), 0) FROM registrations_seen AS r WHERE r.activity_id = a.id)"
    )
    op.drop_column("registrations_seen", "calendar_sequence")
