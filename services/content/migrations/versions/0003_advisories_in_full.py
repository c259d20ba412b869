"""Advisories in full: the second person, the history, alerts of others and the feeds followed."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "content_0003"
down_revision = "content_0002"
branch_labels = None
depends_on = None

NOW = sa.text("now()")
TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    _waiting()
    _history()
    _alerts()


def _waiting() -> None:
    """What waits for a second person; and when the public last saw a change."""
    op.add_column("advisories", sa.Column("waiting", postgresql.JSONB))
    op.add_column(
        "advisories",
        sa.Column("writers", postgresql.ARRAY(sa.Uuid), nullable=False, server_default="{}"),
    )
    op.add_column("advisories", sa.Column("submitted_at", TIME))
    op.add_column("advisories", sa.Column("submitted_by", sa.Uuid))
    op.add_column("advisories", sa.Column("submitted_by_name", sa.Text))
    op.add_column("advisories", sa.Column("return_note", sa.String))
    op.add_column("advisories", sa.Column("announced_at", TIME))
    op.execute(
        "UPDATE advisories SET writers = ARRAY[author_id] WHERE status = 'draft'",
    )
    op.execute("UPDATE advisories SET announced_at = updated_at WHERE announcements <> '[]'")
    op.create_index(
        "ix_advisories_submitted",
        "advisories",
        ["submitted_at"],
        postgresql_where=sa.text("submitted_at IS NOT NULL"),
    )
    op.create_index(
        "ix_advisories_valid_until",
        "advisories",
        ["valid_until"],
        postgresql_where=sa.text("status = 'published' AND valid_until IS NOT NULL"),
    )


def _history() -> None:
    """Each announcement is a row. Of those before this there is only when they were made, but for
    the latest, whose content is the advisory's own."""
    op.create_table(
        "advisory_versions",
        sa.Column("advisory_id", sa.Uuid, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("country", sa.String, nullable=False),
        sa.Column("message", sa.String, nullable=False),
        sa.Column("act", sa.String, nullable=False),
        sa.Column("content", postgresql.JSONB),
        sa.Column("reason", sa.String),
        sa.Column("at", TIME, nullable=False),
        sa.Column("written_by_name", sa.Text),
        sa.Column("released_by_name", sa.Text),
        sa.PrimaryKeyConstraint("advisory_id", "version", name="pk_advisory_versions"),
        sa.ForeignKeyConstraint(
            ["advisory_id"],
            ["advisories.id"],
            name="fk_advisory_versions_advisory_id",
            ondelete="CASCADE",
        ),
        sa.CheckConstraint(
            "message IN ('Alert', 'Update', 'Cancel')", name="ck_advisory_versions_message"
        ),
        sa.CheckConstraint(
            "act IN ('published', 'raised', 'lowered', 'changed', 'withdrawn')",
            name="ck_advisory_versions_act",
        ),
    )
    op.create_index("ix_advisory_versions_country_at", "advisory_versions", ["country", "at"])
    op.execute(
        """
        INSERT INTO advisory_versions
            (advisory_id, version, country, message, act, content, reason, at, written_by_name)
        SELECT a.id, (told.one->>'version')::int, a.country, told.one->>'kind',
            CASE told.one->>'kind'
                WHEN 'Alert' THEN 'published' WHEN 'Cancel' THEN 'withdrawn' ELSE 'changed' END,
            CASE WHEN told.place = jsonb_array_length(a.announcements) THEN
                jsonb_build_object('country', a.country, 'region', a.region, 'level', a.level,
                    'word', a.word, 'headline', a.headline, 'text', a.text, 'advice', a.advice,
                    'source_url', a.source_url, 'valid_from', a.valid_from,
                    'valid_until', a.valid_until) END,
            CASE told.one->>'kind' WHEN 'Cancel' THEN a.withdraw_reason END,
            (told.one->>'at')::timestamptz, a.author_name
        FROM advisories a,
            jsonb_array_elements(a.announcements) WITH ORDINALITY AS told (one, place)
        """
    )
    op.drop_column("advisories", "announcements")


def _alerts() -> None:
    op.create_table(
        "cap_feeds",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("name", sa.String, nullable=False),
        sa.Column("url", sa.String, nullable=False),
        sa.Column("country", sa.String),
        sa.Column("least_level", sa.String, nullable=False),
        sa.Column("is_active", sa.Boolean, nullable=False),
        sa.Column("due_at", TIME, nullable=False),
        sa.Column("etag", sa.String),
        sa.Column("last_modified", sa.String),
        sa.Column("seen", postgresql.JSONB, nullable=False, server_default="{}"),
        sa.Column("polled_at", TIME),
        sa.Column("worked_at", TIME),
        sa.Column("failures", sa.Integer, nullable=False, server_default="0"),
        sa.Column("failure", postgresql.JSONB),
        sa.Column("added_by_name", sa.Text, nullable=False),
        sa.Column("created_at", TIME, nullable=False, server_default=NOW),
        sa.PrimaryKeyConstraint("id", name="pk_cap_feeds"),
        sa.UniqueConstraint("url", name="uq_cap_feeds_url"),
        sa.CheckConstraint(
            "least_level IN ('blue', 'yellow', 'orange', 'red')", name="ck_cap_feeds_least_level"
        ),
    )
    op.create_table(
        "cap_alerts",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("feed_id", sa.Uuid),
        sa.Column("sender", sa.String, nullable=False),
        sa.Column("identifier", sa.String, nullable=False),
        sa.Column("sent", TIME, nullable=False),
        sa.Column("message", sa.String, nullable=False),
        sa.Column("level", sa.String, nullable=False),
        sa.Column("content", postgresql.JSONB, nullable=False),
        sa.Column("state", sa.String, nullable=False),
        sa.Column("taken_in_at", TIME, nullable=False, server_default=NOW),
        sa.Column("taken_in_by_name", sa.Text),
        sa.PrimaryKeyConstraint("id", name="pk_cap_alerts"),
        sa.UniqueConstraint(
            "sender", "identifier", "sent", name="uq_cap_alerts_sender_identifier_sent"
        ),
        sa.ForeignKeyConstraint(
            ["feed_id"], ["cap_feeds.id"], name="fk_cap_alerts_feed_id", ondelete="SET NULL"
        ),
        sa.CheckConstraint("state IN ('open', 'done', 'set-aside')", name="ck_cap_alerts_state"),
    )
    op.create_index("ix_cap_alerts_state_id", "cap_alerts", ["state", "id"])
    op.create_table(
        "cap_links",
        sa.Column("alert_id", sa.Uuid, nullable=False),
        sa.Column("advisory_id", sa.Uuid, nullable=False),
        sa.Column("state", sa.String, nullable=False),
        sa.PrimaryKeyConstraint("alert_id", "advisory_id", name="pk_cap_links"),
        sa.ForeignKeyConstraint(
            ["alert_id"], ["cap_alerts.id"], name="fk_cap_links_alert_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["advisory_id"], ["advisories.id"], name="fk_cap_links_advisory_id", ondelete="CASCADE"
        ),
        sa.CheckConstraint(
            "state IN ('drafted', 'proposed', 'taken', 'set-aside')", name="ck_cap_links_state"
        ),
    )
    op.create_index("ix_cap_links_advisory_id", "cap_links", ["advisory_id"])


def downgrade() -> None:
    for table in ("cap_links", "cap_alerts", "cap_feeds"):
        op.drop_table(table)
    op.add_column(
        "advisories",
        sa.Column("announcements", postgresql.JSONB, nullable=False, server_default="[]"),
    )
    op.execute(
        """
        UPDATE advisories SET announcements = told.list FROM (
            SELECT advisory_id, jsonb_agg(
                jsonb_build_object('version', version, 'kind', message, 'at', at) ORDER BY version
            ) AS list FROM advisory_versions GROUP BY advisory_id
        ) AS told WHERE told.advisory_id = advisories.id
        """
    )
    op.alter_column("advisories", "announcements", server_default=None)
    op.drop_table("advisory_versions")
    for index in ("ix_advisories_submitted", "ix_advisories_valid_until"):
        op.drop_index(index, "advisories")
    for column in (
        "waiting",
        "writers",
        "submitted_at",
        "submitted_by",
        "submitted_by_name",
        "return_note",
        "announced_at",
    ):
        op.drop_column("advisories", column)
