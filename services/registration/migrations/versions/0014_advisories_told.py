"""Advisories told."""

revision = "registration_0014"
down_revision = "registration_0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
