"""What staff tell the people of an activity."""

revision = "registration_0010"
down_revision = "registration_0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
