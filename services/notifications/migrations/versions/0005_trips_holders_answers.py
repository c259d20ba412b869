"""Trips of their own, contacts by the holder of an address, answers, and where a delivery went."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "notifications_0005"
down_revision = "notifications_0004"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    for column in (
        sa.Column("name", sa.Text),
        sa.Column("organisation", sa.String),
        sa.Column("relays_for", sa.Integer),
        sa.Column("holder", sa.String),
        sa.Column("email_verified", sa.Boolean, nullable=False, server_default=sa.false()),
        sa.Column("phone_verified", sa.Boolean, nullable=False, server_default=sa.false()),
        sa.Column("on_drill_list", sa.Boolean, nullable=False, server_default=sa.false()),
        sa.Column("digest", sa.String, nullable=False, server_default="at-once"),
        sa.Column("paused_until", MOMENT),
    ):
        op.add_column("contacts", column)
    op.create_check_constraint("holder_known", "contacts", "holder IN ('email', 'sms')")
    op.create_check_constraint(
        "digest_known", "contacts", "digest IN ('at-once', 'daily', 'weekly')"
    )
    for channel, hashed in (("email", "email_hash"), ("sms", "phone_hash")):
        op.create_index(
            f"uq_contacts_holder_{channel}",
            "contacts",
            [hashed],
            unique=True,
            postgresql_where=sa.text(f"holder = '{channel}'"),
        )
    op.create_table(
        "trips",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column(
            "contact_id",
            sa.Uuid,
            sa.ForeignKey("contacts.id", ondelete="CASCADE"),
            nullable=False,
        ),
        sa.Column("country", sa.String, nullable=False),
        sa.Column("departs_on", sa.Date, nullable=False),
        sa.Column("returns_on", sa.Date),
    )
    op.create_index("ix_trips_contact_id", "trips", ["contact_id"])
    op.create_index("ix_trips_country", "trips", ["country", "departs_on"])
    op.execute(
        "INSERT INTO trips (id, contact_id, country, departs_on, returns_on) "
        "SELECT uuidv7(), id, unnest(countries), departs_on, returns_on FROM contacts "
        "WHERE departs_on IS NOT NULL"
    )
    # Who travels follows the country while the trip lasts, not for ever.
    op.execute("UPDATE contacts SET countries = '{}' WHERE departs_on IS NOT NULL")
    op.drop_column("contacts", "departs_on")
    op.drop_column("contacts", "returns_on")

    op.add_column(
        "broadcasts",
        sa.Column("drill", sa.Boolean, nullable=False, server_default=sa.false()),
    )
    op.add_column(
        "broadcasts",
        sa.Column("asks", sa.Boolean, nullable=False, server_default=sa.false()),
    )
    op.add_column("broadcasts", sa.Column("origin", sa.String, unique=True))
    op.add_column("broadcasts", sa.Column("template_version_id", sa.Uuid))
    op.create_table(
        "answers",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("broadcast_id", sa.Uuid, nullable=False),
        sa.Column("delivery_id", sa.Uuid, nullable=False),
        sa.Column("channel", sa.String, nullable=False),
        sa.Column("address_hash", sa.String, nullable=False),
        sa.Column("answer", sa.String, nullable=False),
        sa.Column("note", sa.Text),
        sa.Column("via", sa.String, nullable=False),
        sa.Column("answered_at", MOMENT, nullable=False, server_default=sa.func.now()),
        sa.CheckConstraint("answer IN ('safe', 'help')", name="answer_known"),
    )
    op.create_index("ix_answers_broadcast_id", "answers", ["broadcast_id", "address_hash"])

    op.add_column("deliveries", sa.Column("sender", sa.String))
    op.add_column(
        "deliveries",
        sa.Column("history", postgresql.JSONB, nullable=False, server_default="[]"),
    )


def downgrade() -> None:
    op.drop_column("deliveries", "history")
    op.drop_column("deliveries", "sender")
    op.drop_table("answers")
    for name in ("template_version_id", "origin", "asks", "drill"):
        op.drop_column("broadcasts", name)
    op.add_column("contacts", sa.Column("departs_on", sa.Date))
    op.add_column("contacts", sa.Column("returns_on", sa.Date))
    op.execute(
        "UPDATE contacts AS c SET departs_on = t.departs_on, returns_on = t.returns_on, "
        "countries = t.countries FROM (SELECT contact_id, min(departs_on) AS departs_on, "
        "max(returns_on) AS returns_on, array_agg(DISTINCT country) AS countries "
        "FROM trips GROUP BY contact_id) AS t WHERE t.contact_id = c.id"
    )
    op.drop_table("trips")
    for channel in ("email", "sms"):
        op.drop_index(f"uq_contacts_holder_{channel}", "contacts")
    op.drop_constraint("digest_known", "contacts")
    op.drop_constraint("holder_known", "contacts")
    for name in (
        "paused_until",
        "digest",
        "on_drill_list",
        "phone_verified",
        "email_verified",
        "holder",
        "relays_for",
        "organisation",
        "name",
    ):
        op.drop_column("contacts", name)
