"""Staff, sign-in sessions and attempts, API keys, the audit trail."""

import sqlalchemy as sa
from alembic import op

revision = "identity_0001"
down_revision = None
branch_labels = None
depends_on = None

NOW = sa.text("now()")
MOMENT = sa.DateTime(timezone=True)
ROLE_FITS_DISTRICT = (
    "CASE WHEN role IN ('city-admin', 'city-editor') THEN district IS NULL "
    "WHEN role IN ('district-admin', 'district-editor') THEN district IS NOT NULL "
    "ELSE role IN ('check-in', 'viewer') END"
)


def upgrade() -> None:
    op.create_table(
        "staff",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("email", sa.Text, nullable=False),
        sa.Column("email_hash", sa.String, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("role", sa.String, nullable=False),
        sa.Column("district", sa.String),
        sa.Column("password_hash", sa.String, nullable=False),
        sa.Column("disabled_at", MOMENT),
        sa.Column("created_at", MOMENT, nullable=False, server_default=NOW),
        sa.PrimaryKeyConstraint("id", name="pk_staff"),
        sa.UniqueConstraint("email_hash", name="uq_staff_email_hash"),
        sa.CheckConstraint(ROLE_FITS_DISTRICT, name="ck_staff_role_fits_district"),
    )
    op.create_index("ix_staff_district", "staff", ["district"])
    op.create_table(
        "sign_in_sessions",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("staff_id", sa.Uuid, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("last_seen", MOMENT, nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.Column("ended_at", MOMENT),
        sa.Column("device", sa.String, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_sign_in_sessions"),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name="fk_sign_in_sessions_staff_id"),
    )
    op.create_index("ix_sign_in_sessions_staff_id", "sign_in_sessions", ["staff_id"])
    op.create_index("ix_sign_in_sessions_expires_at", "sign_in_sessions", ["expires_at"])
    op.create_table(
        "sign_in_attempts",
        sa.Column("key", sa.String, nullable=False),
        sa.Column("failures", sa.Integer, nullable=False),
        sa.Column("last_at", MOMENT, nullable=False),
        sa.Column("blocked_until", MOMENT),
        sa.PrimaryKeyConstraint("key", name="pk_sign_in_attempts"),
    )
    op.create_index("ix_sign_in_attempts_last_at", "sign_in_attempts", ["last_at"])
    op.create_table(
        "api_keys",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("name", sa.String, nullable=False),
        sa.Column("role", sa.String, nullable=False),
        sa.Column("district", sa.String),
        sa.Column("created_by", sa.Uuid),
        sa.Column("created_at", MOMENT, nullable=False, server_default=NOW),
        sa.Column("revoked_at", MOMENT),
        sa.PrimaryKeyConstraint("id", name="pk_api_keys"),
        sa.ForeignKeyConstraint(["created_by"], ["staff.id"], name="fk_api_keys_created_by"),
        sa.CheckConstraint(ROLE_FITS_DISTRICT, name="ck_api_keys_role_fits_district"),
    )
    op.create_index("ix_api_keys_created_by", "api_keys", ["created_by"])
    op.create_table(
        "audit_entries",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("service", sa.String, nullable=False),
        sa.Column("actor_kind", sa.String, nullable=False),
        sa.Column("actor_id", sa.Uuid, nullable=False),
        sa.Column("actor_name", sa.Text, nullable=False),
        sa.Column("actor_role", sa.String, nullable=False),
        sa.Column("district", sa.String),
        sa.Column("action", sa.String, nullable=False),
        sa.Column("target", sa.String, nullable=False),
        sa.Column("detail", sa.String, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_audit_entries"),
    )
    op.create_index("ix_audit_entries_at_id", "audit_entries", ["at", "id"])
    op.create_index("ix_audit_entries_actor_id_at", "audit_entries", ["actor_id", "at"])
    op.create_index("ix_audit_entries_district_at", "audit_entries", ["district", "at"])
    op.create_index("ix_audit_entries_action", "audit_entries", ["action"])
    # What was done was done. The actor's name may be written again: under a newer key.
    op.execute(
        """
        CREATE FUNCTION refuse_to_rewrite_the_audit_trail() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            RAISE EXCEPTION 'an entry of the audit trail is never changed or deleted';
        END $$
        """
    )
    op.execute(
        """
        CREATE TRIGGER audit_entries_stay
        BEFORE DELETE OR UPDATE OF id, at, service, actor_kind, actor_id, actor_role, district,
            action, target, detail
        ON audit_entries FOR EACH ROW EXECUTE FUNCTION refuse_to_rewrite_the_audit_trail()
        """
    )


def downgrade() -> None:
    for table in ("audit_entries", "api_keys", "sign_in_attempts", "sign_in_sessions", "staff"):
        op.drop_table(table)
    op.execute("DROP FUNCTION refuse_to_rewrite_the_audit_trail")
