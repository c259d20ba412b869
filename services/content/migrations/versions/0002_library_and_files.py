"""Library and files: versions, authors, days of review, stored files."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "content_0002"
down_revision = "content_0001"
branch_labels = None
depends_on = None

NOW = sa.text("now()")
EMPTY = sa.text("'{}'::jsonb")


def upgrade() -> None:
    op.add_column(
        "materials", sa.Column("author", postgresql.JSONB, nullable=False, server_default=EMPTY)
    )
    op.add_column(
        "materials", sa.Column("changes", postgresql.JSONB, nullable=False, server_default=EMPTY)
    )
    op.add_column("materials", sa.Column("changed_at", sa.DateTime(timezone=True)))
    op.add_column("materials", sa.Column("review_by", sa.Date))
    for name in ("author", "changes"):
        op.alter_column("materials", name, server_default=None)
    # Until now a material was due a year after its last review.
    op.execute("UPDATE materials SET review_by = reviewed_on + 365")
    op.create_check_constraint("ck_materials_review", "materials", "review_by > reviewed_on")
    op.create_table(
        "material_versions",
        sa.Column("material_id", sa.Uuid, nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("act", sa.String, nullable=False),
        sa.Column("content", postgresql.JSONB, nullable=False),
        sa.Column("files", postgresql.JSONB, nullable=False),
        sa.Column("changes", postgresql.JSONB, nullable=False),
        sa.Column("public", sa.Boolean, nullable=False),
        sa.Column("author_name", sa.Text, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False, server_default=NOW),
        sa.PrimaryKeyConstraint("material_id", "number", name="pk_material_versions"),
        sa.ForeignKeyConstraint(
            ["material_id"], ["materials.id"], name="fk_material_versions_material_id"
        ),
    )
    # What is there already is its own first version that is kept.
    op.execute(
        """
        INSERT INTO material_versions
            (material_id, number, act, content, files, changes, public, author_name, created_at)
        SELECT id, version, 'kept',
               jsonb_build_object(
                   'kind', kind, 'title', title, 'summary', summary, 'body', body,
                   'topics', to_jsonb(topics), 'countries', to_jsonb(countries),
                   'audience', to_jsonb(audience), 'author', author,
                   'reviewed_on', reviewed_on, 'review_by', review_by, 'district', district
               ),
               '[]'::jsonb, '{}'::jsonb, status = 'published', author_name, updated_at
        FROM materials
        """
    )
    op.create_table(
        "stored_files",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("material_id", sa.Uuid, nullable=False),
        sa.Column("parent_id", sa.Uuid),
        sa.Column("role", sa.String, nullable=False),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("name", sa.String, nullable=False),
        sa.Column("title", postgresql.JSONB, nullable=False),
        sa.Column("language", sa.String),
        sa.Column("media_type", sa.String, nullable=False),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("sha256", sa.String, nullable=False),
        sa.Column("key", sa.String, nullable=False),
        sa.Column("transcript", sa.String),
        sa.Column("cover_key", sa.String),
        sa.Column("cover_tries", sa.Integer, nullable=False),
        sa.Column("stored_at", sa.DateTime(timezone=True), nullable=False, server_default=NOW),
        sa.Column("removed_at", sa.DateTime(timezone=True)),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False, server_default=NOW),
        sa.PrimaryKeyConstraint("id", name="pk_stored_files"),
        sa.ForeignKeyConstraint(
            ["material_id"], ["materials.id"], name="fk_stored_files_material_id"
        ),
        sa.ForeignKeyConstraint(
            ["parent_id"], ["stored_files.id"], name="fk_stored_files_parent_id"
        ),
        sa.CheckConstraint(
            "role IN ('document', 'video', 'audio', 'picture', 'archive', 'captions', 'poster')",
            name="ck_stored_files_role",
        ),
        sa.CheckConstraint(
            "(role IN ('captions', 'poster')) = (parent_id IS NOT NULL)",
            name="ck_stored_files_parent",
        ),
        sa.CheckConstraint("size >= 0", name="ck_stored_files_size"),
    )
    op.create_index("ix_stored_files_material_id", "stored_files", ["material_id"])
    op.create_index(
        "ix_stored_files_coverless",
        "stored_files",
        ["id"],
        postgresql_where=sa.text("cover_key IS NULL AND cover_tries < 3"),
    )
    op.create_table(
        "blobs",
        sa.Column("key", sa.String, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False, server_default=NOW),
        sa.PrimaryKeyConstraint("key", name="pk_blobs"),
    )


def downgrade() -> None:
    for table in ("blobs", "stored_files", "material_versions"):
        op.drop_table(table)
    op.drop_constraint("ck_materials_review", "materials")
    for name in ("review_by", "changed_at", "changes", "author"):
        op.drop_column("materials", name)
