"""An activity's cancel reason stands in its description, as its events carry it."""

import sqlalchemy as sa
from alembic import op

revision = "notifications_0003"
down_revision = "notifications_0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        "UPDATE activities_seen SET state = state || jsonb_build_object("
        "'cancel_reason', cancel_reason) WHERE cancel_reason IS NOT NULL"
    )
    op.drop_column("activities_seen", "cancel_reason")


def downgrade() -> None:
    op.add_column("activities_seen", sa.Column("cancel_reason", sa.String))
    op.execute("UPDATE activities_seen SET cancel_reason = state ->> 'cancel_reason'")
