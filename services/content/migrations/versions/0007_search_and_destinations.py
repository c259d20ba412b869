"""Search and destinations."""

revision = "content_0007"
down_revision = "content_0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
