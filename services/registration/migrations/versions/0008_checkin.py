"""Scans at the doors."""

revision = "registration_0008"
down_revision = "registration_0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
