"""Questions that were merged by way of another; files whose cover a worker has begun."""

import sqlalchemy as sa
from alembic import op

revision = "content_0011"
down_revision = "content_0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("questions", sa.Column("merged_via", sa.Uuid))
    op.create_foreign_key(
        "fk_questions_merged_via", "questions", "questions", ["merged_via"], ["id"]
    )
    op.add_column("stored_files", sa.Column("cover_begun_at", sa.DateTime(timezone=True)))


def downgrade() -> None:
    op.drop_column("stored_files", "cover_begun_at")
    op.drop_column("questions", "merged_via")
