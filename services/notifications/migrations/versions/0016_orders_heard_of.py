"""Orders heard of: which order a message is about, so that it is called off and forgotten."""

import sqlalchemy as sa
from alembic import op

revision = "notifications_0016"
down_revision = "notifications_0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("deliveries", sa.Column("order_id", sa.Uuid))
    op.create_index(
        "ix_deliveries_order_id",
        "deliveries",
        ["order_id"],
        postgresql_where=sa.text("order_id IS NOT NULL"),
    )


def downgrade() -> None:
    op.drop_index("ix_deliveries_order_id", "deliveries")
    op.drop_column("deliveries", "order_id")
