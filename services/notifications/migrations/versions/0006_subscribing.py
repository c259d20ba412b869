"""Subscriptions to confirm, the history of consents, what is due before a trip, materials."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "notifications_0006"
down_revision = "notifications_0005"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
TEXTS = postgresql.ARRAY(sa.Text)

# What a row says never changes and no row goes. Its address may: it is sealed anew under another
# key (`lingbao rekey`), and blanked when the person is erased.
GUARD = """
CREATE FUNCTION refuse_to_rewrite_consents() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the history of consents is never changed or deleted';
END $$
"""

AGREED = """
INSERT INTO consents (id, channel, address, address_hash, what, given, version, source, at)
SELECT uuidv7(), a.channel, a.address, a.address_hash, 'broadcasts', true,
    coalesce(c.consents->>'privacy_version', ''), c.source, c.created_at
FROM contacts AS c, LATERAL (
    VALUES ('email', c.email, c.email_hash), ('sms', c.phone, c.phone_hash)
) AS a (channel, address, address_hash)
WHERE c.wants_broadcasts AND a.address IS NOT NULL
"""

STOPPED = """
INSERT INTO consents (id, channel, address, address_hash, what, given, version, source, at)
SELECT uuidv7(), u.channel, u.address, u.address_hash, w.what, false, '', 'unsubscribe', u.since
FROM unsubscribes AS u, (VALUES ('broadcasts'), ('emergencies')) AS w (what)
"""


def upgrade() -> None:
    op.create_table(
        "subscriptions",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("channel", sa.String, nullable=False),
        sa.Column("address", sa.Text, nullable=False),
        sa.Column("address_hash", sa.String, nullable=False),
        sa.Column("language", sa.String, nullable=False),
        sa.Column("wishes", postgresql.JSONB, nullable=False),
        sa.Column("code_hash", sa.String),
        sa.Column("wrong", sa.Integer, nullable=False, server_default="0"),
        sa.Column("asked_at", MOMENT, nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.Column("confirmed_at", MOMENT),
        sa.CheckConstraint("channel IN ('email', 'sms')", name="channel_known"),
    )
    op.create_index("ix_subscriptions_address_hash", "subscriptions", ["address_hash", "asked_at"])
    op.create_index("ix_subscriptions_expires_at", "subscriptions", ["expires_at"])
    op.create_table(
        "addresses_asked",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("address_hash", sa.String, nullable=False),
        sa.Column("asked_at", MOMENT, nullable=False),
    )
    op.create_index(
        "ix_addresses_asked_address_hash", "addresses_asked", ["address_hash", "asked_at"]
    )
    op.create_index("ix_addresses_asked_asked_at", "addresses_asked", ["asked_at"])
    _consents()
    op.create_table(
        "materials_seen",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("title", postgresql.JSONB, nullable=False),
        sa.Column("summary", postgresql.JSONB, nullable=False),
        sa.Column("topics", TEXTS, nullable=False),
        sa.Column("countries", TEXTS, nullable=False),
        sa.Column("url", sa.String, nullable=False),
        sa.Column("withdrawn", sa.Boolean, nullable=False),
    )
    op.create_index(
        "ix_materials_seen_countries", "materials_seen", ["countries"], postgresql_using="gin"
    )
    _packs()


def _consents() -> None:
    op.create_table(
        "consents",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("channel", sa.String, nullable=False),
        sa.Column("address", sa.Text, nullable=False),
        sa.Column("address_hash", sa.String, nullable=False),
        sa.Column("what", sa.String, nullable=False),
        sa.Column("given", sa.Boolean, nullable=False),
        sa.Column("version", sa.String, nullable=False),
        sa.Column("source", sa.String, nullable=False),
        sa.Column("at", MOMENT, nullable=False, server_default=sa.func.clock_timestamp()),
        sa.CheckConstraint("channel IN ('email', 'sms')", name="channel_known"),
        sa.CheckConstraint("what IN ('broadcasts', 'emergencies')", name="what_known"),
    )
    op.create_index("ix_consents_address", "consents", ["channel", "address_hash", "at"])
    op.create_index("ix_consents_source", "consents", ["source"])
    op.execute(GUARD)
    op.execute(
        "CREATE TRIGGER consents_stay BEFORE DELETE OR UPDATE OF id, channel, what, given, "
        "version, source, at ON consents "
        "FOR EACH ROW EXECUTE FUNCTION refuse_to_rewrite_consents()"
    )
    # The history begins with what is known: who agreed when registering, and who stopped since.
    op.execute(AGREED)
    op.execute(STOPPED)


def _packs() -> None:
    op.create_table(
        "trip_packs",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column(
            "contact_id",
            sa.Uuid,
            sa.ForeignKey("contacts.id", ondelete="CASCADE"),
            nullable=False,
        ),
        sa.Column("country", sa.String, nullable=False),
        sa.Column("departs_on", sa.Date, nullable=False),
        sa.Column("due_at", MOMENT, nullable=False),
        sa.Column("state", sa.String, nullable=False, server_default="waiting"),
        sa.UniqueConstraint("contact_id", "country", "departs_on", name="uq_trip_packs_trip"),
        sa.CheckConstraint(
            "state IN ('waiting', 'planned', 'withdrawn', 'expired')", name="state_known"
        ),
    )
    op.create_index(
        "ix_trip_packs_due",
        "trip_packs",
        ["due_at"],
        postgresql_where=sa.text("state = 'waiting'"),
    )
    op.create_index("ix_trip_packs_departs_on", "trip_packs", ["departs_on"])
    # Trips that bookings have told of already, at nine in the morning in Beijing.
    op.execute(
        "INSERT INTO trip_packs (id, contact_id, country, departs_on, due_at) "
        "SELECT uuidv7(), t.contact_id, t.country, t.departs_on, greatest(now(), "
        "(t.departs_on - 7 + time '09:00') AT TIME ZONE 'Asia/Shanghai') "
        "FROM trips AS t JOIN contacts AS c ON c.id = t.contact_id "
        "WHERE c.reachable AND t.departs_on > current_date "
        "ON CONFLICT DO NOTHING"
    )


def downgrade() -> None:
    op.drop_table("trip_packs")
    op.drop_table("materials_seen")
    op.drop_table("consents")
    op.execute("DROP FUNCTION refuse_to_rewrite_consents")
    op.drop_table("addresses_asked")
    op.drop_table("subscriptions")
