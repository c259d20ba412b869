"""Sending again what is unknown, digests, and everything that went to an address."""

import sqlalchemy as sa
from alembic import op

revision = "notifications_0013"
down_revision = "notifications_0012"
branch_labels = None
depends_on = None

# A message that goes with a digest shares the digest's fate, whichever way that comes about: by a
# worker, a receipt, the sweeper or a person. So the database itself passes it on.
SHARE = """
CREATE FUNCTION share_fate_of_digest() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE deliveries
    SET state = NEW.state, sent_at = NEW.sent_at, last_reply = NEW.last_reply
    WHERE digest_id = NEW.id AND state IN ('pending', 'sending', 'accepted', 'unknown');
    RETURN NULL;
END $$
"""
TRIGGER = """
CREATE TRIGGER share_fate_of_digest AFTER UPDATE OF state ON deliveries FOR EACH ROW
WHEN (NEW.kind = 'digest' AND NEW.state IS DISTINCT FROM OLD.state)
EXECUTE FUNCTION share_fate_of_digest()
"""


def _narrow(indexes: dict[tuple[str, str], str | None]) -> None:
    """Make indexes again, over the rows that they are asked for."""
    for (name, column), where in indexes.items():
        op.drop_index(name, "deliveries")
        op.create_index(
            name, "deliveries", [column], postgresql_where=sa.text(where) if where else None
        )


def upgrade() -> None:
    op.add_column("deliveries", sa.Column("again_at", sa.DateTime(timezone=True)))
    op.add_column(
        "deliveries", sa.Column("repeated", sa.Boolean, nullable=False, server_default=sa.false())
    )
    op.add_column("deliveries", sa.Column("digest_id", sa.Uuid))
    op.create_index("ix_deliveries_address_hash", "deliveries", ["address_hash", "planned_at"])
    for column in ("digest_id", "provider_id"):
        op.create_index(
            f"ix_deliveries_{column}",
            "deliveries",
            [column],
            postgresql_where=sa.text(f"{column} IS NOT NULL"),
        )
    _narrow(
        {
            (
                "ix_deliveries_expiring",
                "expires_at",
            ): "state = 'pending' AND expires_at IS NOT NULL",
            ("ix_deliveries_registration_id", "registration_id"): "registration_id IS NOT NULL",
        }
    )
    op.execute(SHARE)
    op.execute(TRIGGER)


def downgrade() -> None:
    op.execute("DROP TRIGGER share_fate_of_digest ON deliveries")
    op.execute("DROP FUNCTION share_fate_of_digest()")
    _narrow(
        {
            ("ix_deliveries_expiring", "expires_at"): "state = 'pending'",
            ("ix_deliveries_registration_id", "registration_id"): None,
        }
    )
    for column in ("provider_id", "digest_id", "address_hash"):
        op.drop_index(f"ix_deliveries_{column}", "deliveries")
    op.drop_column("deliveries", "digest_id")
    op.drop_column("deliveries", "repeated")
    op.drop_column("deliveries", "again_at")
