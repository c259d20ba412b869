"""Long work on lists is the worker's, and text messages that somebody typed for are counted."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "notifications_0014"
down_revision = "notifications_0013"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
BEFORE = ("waiting", "done", "undone", "discarded")
SINCE = ("reading", "taking", "undoing", "refused", *BEFORE)


def _statuses(known: tuple[str, ...]) -> None:
    op.drop_constraint("status_known", "contact_imports")
    listed = ", ".join(f"'{status}'" for status in known)
    op.create_check_constraint("status_known", "contact_imports", f"status IN ({listed})")


def upgrade() -> None:
    _statuses(SINCE)
    for name in ("rows_read", "rows_in_file", "attempts"):
        op.add_column(
            "contact_imports", sa.Column(name, sa.Integer, nullable=False, server_default="0")
        )
    op.add_column("contact_imports", sa.Column("refusal", postgresql.JSONB))
    op.create_table(
        "contact_import_jobs",
        sa.Column(
            "import_id",
            sa.Uuid,
            sa.ForeignKey("contact_imports.id", ondelete="CASCADE"),
            primary_key=True,
        ),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("due_at", MOMENT, nullable=False, server_default=sa.func.now()),
        sa.Column("by", sa.Text, nullable=False),
        sa.Column("file", sa.Text),
        sa.CheckConstraint("kind IN ('read', 'take', 'undo')", name="kind_known"),
    )
    op.create_index("ix_contact_import_jobs_due_at", "contact_import_jobs", ["due_at"])
    op.add_column(
        "addresses_asked",
        sa.Column("channel", sa.String, nullable=False, server_default="email"),
    )
    op.create_index(
        "ix_addresses_asked_sms",
        "addresses_asked",
        ["asked_at"],
        postgresql_where=sa.text("channel = 'sms'"),
    )


def downgrade() -> None:
    op.drop_index("ix_addresses_asked_sms", "addresses_asked")
    op.drop_column("addresses_asked", "channel")
    op.drop_table("contact_import_jobs")
    for name in ("refusal", "attempts", "rows_in_file", "rows_read"):
        op.drop_column("contact_imports", name)
    op.execute("UPDATE contact_imports SET status = 'waiting' WHERE status = 'taking'")
    op.execute("UPDATE contact_imports SET status = 'done' WHERE status = 'undoing'")
    op.execute(
        "UPDATE contact_imports SET status = 'discarded' WHERE status IN ('reading', 'refused')"
    )
    _statuses(BEFORE)
