"""Templates and their versions."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "notifications_0008"
down_revision = "notifications_0007"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "templates",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("name", sa.String, nullable=False),
        sa.Column("district", sa.String),
        sa.Column("version", sa.Integer, nullable=False, server_default="1"),
        sa.Column("archived_at", MOMENT),
        sa.Column("created_at", MOMENT, nullable=False, server_default=sa.func.now()),
        sa.Column("updated_at", MOMENT, nullable=False, server_default=sa.func.now()),
    )
    op.create_index(
        "uq_templates_name",
        "templates",
        [sa.text("coalesce(district, '')"), "name"],
        unique=True,
        postgresql_where=sa.text("archived_at IS NULL"),
    )
    op.create_table(
        "template_versions",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("template_id", sa.Uuid, sa.ForeignKey("templates.id"), nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("message", postgresql.JSONB, nullable=False),
        sa.Column("note", sa.String, nullable=False),
        sa.Column("restored_from", sa.Integer),
        sa.Column("author_kind", sa.String, nullable=False),
        sa.Column("author_id", sa.Uuid, nullable=False),
        sa.Column("author_name", sa.Text, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False, server_default=sa.func.now()),
        sa.UniqueConstraint("template_id", "number", name="uq_template_versions"),
    )
    op.create_index(
        "ix_broadcasts_template_version_id",
        "broadcasts",
        ["template_version_id"],
        postgresql_where=sa.text("template_version_id IS NOT NULL"),
    )


def downgrade() -> None:
    op.drop_index("ix_broadcasts_template_version_id", "broadcasts")
    op.drop_table("template_versions")
    op.drop_table("templates")
