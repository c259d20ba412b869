"""Attempts."""

revision = "content_0005"
down_revision = "content_0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
