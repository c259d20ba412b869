"""Questions."""

revision = "content_0008"
down_revision = "content_0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
