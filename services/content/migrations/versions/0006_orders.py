"""Titles, stock with its ledger, orders, desks."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "content_0006"
down_revision = "content_0005"
branch_labels = None
depends_on = None

NOW = sa.text("now()")
TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    _stock()
    _orders()
    _beside()


def _stock() -> None:
    op.create_table(
        "titles",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("slug", sa.String, nullable=False),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("title", postgresql.JSONB, nullable=False),
        sa.Column("summary", postgresql.JSONB, nullable=False),
        sa.Column("languages", postgresql.ARRAY(sa.Text), nullable=False),
        sa.Column("material_id", sa.Uuid),
        sa.Column("district", sa.String),
        sa.Column("most_each", sa.Integer, nullable=False),
        sa.Column("per_days", sa.Integer, nullable=False),
        sa.Column("offered", sa.Boolean, nullable=False),
        sa.Column("created_at", TIME, nullable=False, server_default=NOW),
        sa.PrimaryKeyConstraint("id", name="pk_titles"),
        sa.UniqueConstraint("slug", name="uq_titles_slug"),
        sa.UniqueConstraint("material_id", name="uq_titles_material_id"),
        sa.ForeignKeyConstraint(["material_id"], ["materials.id"], name="fk_titles_material_id"),
        sa.CheckConstraint(
            "kind IN ('book', 'brochure', 'checklist', 'other')", name="ck_titles_kind"
        ),
        sa.CheckConstraint(
            "most_each >= 1 AND per_days BETWEEN 1 AND 365", name="ck_titles_limits"
        ),
    )
    op.create_table(
        "stock",
        sa.Column("title_id", sa.Uuid, nullable=False),
        sa.Column("store", sa.String, nullable=False),
        sa.Column("on_hand", sa.Integer, nullable=False),
        sa.Column("reserved", sa.Integer, nullable=False),
        sa.Column("shelf", sa.String, nullable=False, server_default=""),
        sa.Column("low_at", sa.Integer, nullable=False, server_default="10"),
        sa.PrimaryKeyConstraint("title_id", "store", name="pk_stock"),
        sa.ForeignKeyConstraint(["title_id"], ["titles.id"], name="fk_stock_title_id"),
        sa.CheckConstraint("on_hand >= 0", name="ck_stock_on_hand"),
        sa.CheckConstraint("reserved >= 0 AND reserved <= on_hand", name="ck_stock_reserved"),
    )
    op.create_table(
        "stock_movements",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("title_id", sa.Uuid, nullable=False),
        sa.Column("store", sa.String, nullable=False),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("copies", sa.Integer, nullable=False),
        sa.Column("on_hand", sa.Integer, nullable=False),
        sa.Column("reserved", sa.Integer, nullable=False),
        sa.Column("order_id", sa.Uuid),
        sa.Column("reason", sa.String),
        sa.Column("by_name", sa.Text),
        sa.Column("at", TIME, nullable=False, server_default=NOW),
        sa.PrimaryKeyConstraint("id", name="pk_stock_movements"),
        sa.ForeignKeyConstraint(
            ["title_id", "store"],
            ["stock.title_id", "stock.store"],
            name="fk_stock_movements_title_id",
        ),
        sa.CheckConstraint(
            "kind IN ('received', 'reserved', 'released', 'sent', 'returned', 'counted', "
            "'written-off')",
            name="ck_stock_movements_kind",
        ),
    )
    op.create_index("ix_stock_movements_title_id", "stock_movements", ["title_id", "store", "id"])
    op.create_index("ix_stock_movements_at", "stock_movements", ["at"])


def _orders() -> None:
    op.create_table(
        "desks",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("district", sa.String, nullable=False),
        sa.Column("name", postgresql.JSONB, nullable=False),
        sa.Column("address", postgresql.JSONB, nullable=False),
        sa.Column("hours", postgresql.JSONB, nullable=False),
        sa.Column("is_open", sa.Boolean, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_desks"),
    )
    op.create_index("ix_desks_district", "desks", ["district"])
    op.create_table(
        "orders",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("number", sa.String, nullable=False),
        sa.Column("store", sa.String, nullable=False),
        sa.Column("way", sa.String, nullable=False),
        sa.Column("state", sa.String, nullable=False),
        sa.Column("language", sa.String, nullable=False),
        sa.Column("district", sa.String, nullable=False),
        sa.Column("name", sa.Text),
        sa.Column("phone", sa.Text),
        sa.Column("phone_hash", sa.String),
        sa.Column("email", sa.Text),
        sa.Column("email_hash", sa.String),
        sa.Column("subdistrict", sa.Text),
        sa.Column("community", sa.Text),
        sa.Column("address_line", sa.Text),
        sa.Column("address_hash", sa.String),
        sa.Column("organisation", sa.Text),
        sa.Column("headcount", sa.Integer),
        sa.Column("purpose", sa.Text),
        sa.Column("desk_id", sa.Uuid),
        sa.Column("activity_id", sa.Uuid),
        sa.Column("carrier", sa.String),
        sa.Column("tracking", sa.String),
        sa.Column("reason", sa.Text),
        sa.Column("history", postgresql.JSONB, nullable=False),
        sa.Column("missing_at", TIME),
        sa.Column("placed_at", TIME, nullable=False),
        sa.Column("over_at", TIME),
        sa.Column("erased_at", TIME),
        sa.PrimaryKeyConstraint("id", name="pk_orders"),
        sa.UniqueConstraint("number", name="uq_orders_number"),
        sa.ForeignKeyConstraint(["desk_id"], ["desks.id"], name="fk_orders_desk_id"),
        sa.CheckConstraint(
            "state IN ('requested', 'ordered', 'packed', 'sent', 'ready', 'delivered', "
            "'collected', 'handed-out', 'returned', 'cancelled')",
            name="ck_orders_state",
        ),
        sa.CheckConstraint("way IN ('door', 'desk', 'activity')", name="ck_orders_way"),
        sa.CheckConstraint("(way = 'desk') = (desk_id IS NOT NULL)", name="ck_orders_desk"),
        sa.CheckConstraint(
            "(way = 'activity') = (activity_id IS NOT NULL)", name="ck_orders_activity"
        ),
    )
    op.create_index("ix_orders_store_state", "orders", ["store", "state", "id"])
    for column in ("phone_hash", "address_hash", "email_hash"):
        op.create_index(f"ix_orders_{column}", "orders", [column])
    op.create_index(
        "ix_orders_to_erase",
        "orders",
        ["over_at"],
        postgresql_where=sa.text("erased_at IS NULL AND over_at IS NOT NULL"),
    )
    op.create_table(
        "order_lines",
        sa.Column("order_id", sa.Uuid, nullable=False),
        sa.Column("title_id", sa.Uuid, nullable=False),
        sa.Column("asked", sa.Integer, nullable=False),
        sa.Column("copies", sa.Integer, nullable=False),
        sa.Column("handed", sa.Integer),
        sa.PrimaryKeyConstraint("order_id", "title_id", name="pk_order_lines"),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name="fk_order_lines_order_id"),
        sa.ForeignKeyConstraint(["title_id"], ["titles.id"], name="fk_order_lines_title_id"),
        sa.CheckConstraint("asked >= 1 AND copies >= 0", name="ck_order_lines_copies"),
        sa.CheckConstraint("handed BETWEEN 0 AND copies", name="ck_order_lines_handed"),
    )


def _beside() -> None:
    op.create_table(
        "order_batches",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("act", sa.String, nullable=False),
        sa.Column("moved", postgresql.JSONB, nullable=False),
        sa.Column("by_id", sa.Uuid, nullable=False),
        sa.Column("by_name", sa.Text, nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("undone_at", TIME),
        sa.PrimaryKeyConstraint("id", name="pk_order_batches"),
    )
    op.create_table(
        "places_used",
        sa.Column("district", sa.String, nullable=False),
        sa.Column("part", sa.String, nullable=False),
        sa.Column("name_hash", sa.String, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("times", sa.Integer, nullable=False, server_default="1"),
        sa.Column("used_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("district", "part", "name_hash", name="pk_places_used"),
    )
    op.create_table(
        "order_links_asked",
        sa.Column("address_hash", sa.String, nullable=False),
        sa.Column("asked_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("address_hash", name="pk_order_links_asked"),
    )


def downgrade() -> None:
    for table in (
        "order_links_asked", "places_used", "order_batches", "order_lines", "orders", "desks",
        "stock_movements", "stock", "titles",
    ):  # fmt: skip
        op.drop_table(table)
