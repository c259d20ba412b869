"""What the public catalogue is narrowed and searched by. The worker fills ``search`` itself."""

import sqlalchemy as sa
from alembic import op

revision = "registration_0006"
down_revision = "registration_0005"
branch_labels = None
depends_on = None

SETS = ("search", "topics", "countries", "audience")


def upgrade() -> None:
    op.create_index(
        "ix_activities_public",
        "activities",
        ["starts_at", "id"],
        postgresql_where=sa.text("status = 'published'"),
    )
    for column in SETS:
        op.create_index(f"ix_activities_{column}", "activities", [column], postgresql_using="gin")


def downgrade() -> None:
    for column in SETS:
        op.drop_index(f"ix_activities_{column}", "activities")
    op.drop_index("ix_activities_public", "activities")
