"""Lists of contacts, their rows while they wait, and what was done about suppressions."""

import sqlalchemy as sa
from alembic import op

revision = "notifications_0007"
down_revision = "notifications_0006"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "contact_imports",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("district", sa.String),
        sa.Column("status", sa.String, nullable=False, server_default="waiting"),
        sa.Column("file_name", sa.Text),
        sa.Column("heads", sa.Text),
        sa.Column("columns", sa.ARRAY(sa.Text), nullable=False),
        *(
            sa.Column(name, sa.Integer, nullable=False, server_default="0")
            for name in ("total", "good", "problems", "duplicates")
        ),
        sa.Column("basis", sa.String),
        sa.Column("version", sa.String),
        sa.Column("agreed_on", sa.Date),
        sa.Column("written", sa.Integer, nullable=False, server_default="0"),
        sa.Column("made_by_name", sa.Text, nullable=False),
        sa.Column("made_at", MOMENT, nullable=False, server_default=sa.func.now()),
        sa.Column("confirmed_by_name", sa.Text),
        sa.Column("confirmed_at", MOMENT),
        sa.Column("undone_by_name", sa.Text),
        sa.Column("undone_at", MOMENT),
        sa.CheckConstraint(
            "status IN ('waiting', 'done', 'undone', 'discarded')", name="status_known"
        ),
        sa.CheckConstraint("good + problems + duplicates = total", name="adds_up"),
    )
    op.create_index("ix_contact_imports_made_at", "contact_imports", ["made_at"])
    op.create_table(
        "contact_import_rows",
        sa.Column(
            "import_id",
            sa.Uuid,
            sa.ForeignKey("contact_imports.id", ondelete="CASCADE"),
            primary_key=True,
        ),
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("verdict", sa.String, nullable=False),
        sa.Column("content", sa.Text, nullable=False),
    )
    op.create_index(
        "ix_contact_import_rows_verdict",
        "contact_import_rows",
        ["import_id", "verdict", "number"],
    )
    op.create_table(
        "suppression_acts",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("channel", sa.String, nullable=False),
        sa.Column("address", sa.Text, nullable=False),
        sa.Column("address_hash", sa.String, nullable=False),
        sa.Column("act", sa.String, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("suppressed_for", sa.String),
        sa.Column("by_name", sa.Text, nullable=False),
        sa.Column("at", MOMENT, nullable=False, server_default=sa.func.now()),
        sa.CheckConstraint("act IN ('added', 'undone')", name="act_known"),
    )
    op.create_index("ix_suppression_acts_address_hash", "suppression_acts", ["address_hash"])
    op.create_index("ix_suppressions_since", "suppressions", ["since"])


def downgrade() -> None:
    op.drop_index("ix_suppressions_since", "suppressions")
    op.drop_table("suppression_acts")
    op.drop_table("contact_import_rows")
    op.drop_table("contact_imports")
