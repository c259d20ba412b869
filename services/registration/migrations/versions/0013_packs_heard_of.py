"""Packs heard of."""

revision = "registration_0013"
down_revision = "registration_0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
