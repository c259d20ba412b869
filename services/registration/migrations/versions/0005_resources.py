"""Venues, lecturers, their availability, and what occupies them."""

revision = "registration_0005"
down_revision = "registration_0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
