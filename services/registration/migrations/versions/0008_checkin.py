"""Scans at the doors, and who came."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.schema import CreateSequence, DropSequence

revision = "registration_0008"
down_revision = "registration_0007"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
CHANGES = sa.Sequence("arrivals_changes")


def upgrade() -> None:
    op.execute(CreateSequence(CHANGES))
    op.create_table(
        "scans",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("activity_id", sa.Uuid, nullable=False),
        sa.Column("registration_id", sa.Uuid),
        sa.Column("what", sa.String, nullable=False),
        sa.Column("people", sa.Integer),
        sa.Column("let_in", sa.Integer, nullable=False),
        sa.Column("door", sa.String, nullable=False),
        sa.Column("device_at", MOMENT, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("received_at", MOMENT, nullable=False),
        sa.Column("clock_wrong", sa.Boolean, nullable=False),
        sa.Column("shown", sa.String, nullable=False),
        sa.Column("result", sa.String, nullable=False),
        sa.Column("undone_at", MOMENT),
        sa.Column("undone_by", sa.Uuid),
        sa.Column("by", sa.Uuid, nullable=False),
        sa.ForeignKeyConstraint(["activity_id"], ["activities.id"], name="fk_scans_activity_id"),
        sa.ForeignKeyConstraint(
            ["registration_id"], ["registrations.id"], name="fk_scans_registration_id"
        ),
        sa.CheckConstraint("people IS NULL OR people >= 1", name="ck_scans_people"),
        sa.CheckConstraint(
            "let_in >= 0 AND (let_in > 0) = (result = 'checked-in' AND undone_at IS NULL)",
            name="ck_scans_let_in",
        ),
    )
    op.create_index("ix_scans_activity_id_at", "scans", ["activity_id", "at"])
    op.create_index("ix_scans_registration_id", "scans", ["registration_id"])
    op.create_table(
        "arrivals",
        sa.Column("registration_id", sa.Uuid, primary_key=True),
        sa.Column("activity_id", sa.Uuid, nullable=False),
        sa.Column("came", sa.Integer, nullable=False),
        sa.Column("change", sa.BigInteger, nullable=False),
        sa.ForeignKeyConstraint(
            ["registration_id"], ["registrations.id"], name="fk_arrivals_registration_id"
        ),
        sa.ForeignKeyConstraint(["activity_id"], ["activities.id"], name="fk_arrivals_activity_id"),
        sa.CheckConstraint("came >= 0", name="ck_arrivals_came"),
    )
    op.create_index("ix_arrivals_activity_id_change", "arrivals", ["activity_id", "change"])
    # Who was checked in before there were scans came with the whole party.
    op.execute(
        "INSERT INTO arrivals (registration_id, activity_id, came, change) "
        "SELECT id, activity_id, party_size, nextval('arrivals_changes') "
        "FROM registrations WHERE checked_in_at IS NOT NULL"
    )


def downgrade() -> None:
    op.drop_table("arrivals")
    op.drop_table("scans")
    op.execute(DropSequence(CHANGES))
