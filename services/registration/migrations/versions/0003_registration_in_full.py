"""What activities and registrations carry since offers, verified contacts, series and parties."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "registration_0003"
down_revision = "registration_0002"
branch_labels = None
depends_on = None

TEXTS = postgresql.ARRAY(sa.Text)
MOMENT = sa.DateTime(timezone=True)
NO = sa.false()


def of_activities() -> tuple[sa.Column[Any], ...]:
    return (
        sa.Column("series_id", sa.Uuid),
        sa.Column("venue_id", sa.Uuid),
        sa.Column("latitude", sa.Double),
        sa.Column("longitude", sa.Double),
        sa.Column("audience", TEXTS, nullable=False, server_default="{}"),
        sa.Column("step_free", sa.Boolean, nullable=False, server_default=NO),
        sa.Column("bring", postgresql.JSONB, nullable=False, server_default="{}"),
        sa.Column("attachments", postgresql.ARRAY(sa.Uuid), nullable=False, server_default="{}"),
        sa.Column("asks_children", sa.Boolean, nullable=False, server_default=NO),
        sa.Column("asks_companions", sa.Boolean, nullable=False, server_default=NO),
        sa.Column("fair_queue", sa.Boolean, nullable=False, server_default=NO),
        sa.Column("certificates", sa.Boolean, nullable=False, server_default=NO),
        sa.Column("search", postgresql.TSVECTOR, nullable=False, server_default=""),
    )


def of_registrations() -> tuple[sa.Column[Any], ...]:
    return (
        sa.Column("children", sa.Integer, nullable=False, server_default="0"),
        sa.Column("companions_json", sa.Text),
        sa.Column("source", sa.String, nullable=False, server_default="web"),
        sa.Column("registered_by", sa.Uuid),
        sa.Column("hold_expires_at", MOMENT),
        sa.Column("asked_at", MOMENT),
        sa.Column("erased_at", MOMENT),
    )


CHECKS = {
    "status": "status IN ('unverified', 'confirmed', 'offered', 'waiting', 'cancelled')",
    "children": "children BETWEEN 0 AND party_size",
    "seats_held": "CASE status WHEN 'confirmed' THEN seats_held = party_size"
    " WHEN 'offered' THEN seats_held = party_size"
    " WHEN 'unverified' THEN seats_held IN (0, party_size) ELSE seats_held = 0 END",
    "hold": "(status IN ('offered', 'unverified')) = (hold_expires_at IS NOT NULL)",
}
BEFORE = {
    "status": "status IN ('unverified', 'confirmed', 'waiting', 'cancelled')",
    "seats_held": "seats_held = CASE WHEN status = 'confirmed' THEN party_size ELSE 0 END",
}


def upgrade() -> None:
    for column in of_activities():
        op.add_column("activities", column)
    op.create_index("ix_activities_series_id", "activities", ["series_id"])
    for column in of_registrations():
        op.add_column("registrations", column)
    for name in BEFORE:
        op.drop_constraint(f"ck_registrations_{name}", "registrations")
    for name, check in CHECKS.items():
        op.create_check_constraint(f"ck_registrations_{name}", "registrations", check)
    op.create_index(
        "ix_registrations_hold",
        "registrations",
        ["hold_expires_at"],
        postgresql_where=sa.text("hold_expires_at IS NOT NULL"),
    )


def downgrade() -> None:
    op.drop_index("ix_registrations_hold", "registrations")
    for name in CHECKS:
        op.drop_constraint(f"ck_registrations_{name}", "registrations")
    for name, check in BEFORE.items():
        op.create_check_constraint(f"ck_registrations_{name}", "registrations", check)
    for column in of_registrations():
        op.drop_column("registrations", column.name)
    op.drop_index("ix_activities_series_id", "activities")
    for column in of_activities():
        op.drop_column("activities", column.name)
