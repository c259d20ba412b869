"""Quiz results."""

revision = "registration_0012"
down_revision = "registration_0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
