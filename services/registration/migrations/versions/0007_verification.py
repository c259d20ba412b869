"""Codes that verify a contact, and the queue before a rush."""

revision = "registration_0007"
down_revision = "registration_0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
