"""When somebody last asked for the links to their registrations."""

import sqlalchemy as sa
from alembic import op

revision = "registration_0011"
down_revision = "registration_0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "links_asked",
        sa.Column("address_hash", sa.String, primary_key=True),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
    )


def downgrade() -> None:
    op.drop_table("links_asked")
