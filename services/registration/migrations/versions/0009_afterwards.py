"""Certificates, feedback, and what is kept after erasure."""

revision = "registration_0009"
down_revision = "registration_0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
