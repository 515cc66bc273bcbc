"""batches tell their mapping and can be undone; mappings by name, watermarks of syncs, leads that were taken out"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_MOMENT = sa.DateTime(timezone=True)


def _staff(table: str, name: str) -> tuple[sa.Column[int], sa.ForeignKeyConstraint]:
    key = sa.ForeignKeyConstraint([name], ["staff.id"], name=op.f(f"fk_{table}_{name}"))
    return sa.Column(name, _KEY, nullable=True), key


def upgrade() -> None:
    op.execute("ALTER TABLE import_batches ADD COLUMN listed JSON NOT NULL DEFAULT '{}'")
    with op.batch_alter_table("import_batches") as batches:
        batches.drop_constraint(op.f("ck_import_batches_status"), type_="check")
        for name in ("file_digests", "mapping_name", "mapping"):
            batches.add_column(sa.Column(name, sa.Text(), nullable=True))
        batches.add_column(sa.Column("undone_at", _MOMENT, nullable=True))
        for name in ("staff_id", "undone_by_id"):
            column, _ = _staff("import_batches", name)
            batches.add_column(column)
            batches.create_foreign_key(op.f(f"fk_import_batches_{name}"), "staff", [name], ["id"])
    op.execute("UPDATE import_batches SET status = 'failed' WHERE status = 'running'")
    with op.batch_alter_table("import_batches") as batches:
        batches.create_check_constraint(op.f("ck_import_batches_status"), "status IN ('finished', 'failed', 'undone')")
    op.create_table(
        "saved_mappings",
        sa.Column("id", _KEY, autoincrement=True, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("mapping", sa.Text(), nullable=False),
        sa.Column("saved_at", _MOMENT, nullable=False),
        *_staff("saved_mappings", "staff_id"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_saved_mappings")),
        sa.UniqueConstraint("name", name=op.f("uq_saved_mappings_name")),
    )
    op.create_table(
        "watermarks",
        sa.Column("source_system", sa.Text(), nullable=False),
        sa.Column("mark", sa.Text(), nullable=False),
        sa.Column("made_by", sa.String(length=64), nullable=False),
        sa.Column("synced_at", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("source_system", name=op.f("pk_watermarks")),
    )
    op.create_table(
        "removed_leads",
        sa.Column("lead_id", _KEY, autoincrement=False, nullable=False),
        sa.Column("revision", _KEY, nullable=True),
        sa.PrimaryKeyConstraint("lead_id", name=op.f("pk_removed_leads")),
    )
    op.create_index("ix_removed_leads_revision", "removed_leads", ["revision"])
    if op.get_bind().dialect.name == "sqlite":  # the number of a lead that was taken out is never given again
        with op.batch_alter_table("leads", recreate="always", table_kwargs={"sqlite_autoincrement": True}):
            pass
    merged = sa.text("duplicate_of IS NOT NULL")  # whoever takes a lead out looks for those that point to it
    op.create_index("ix_leads_duplicate_of", "leads", ["duplicate_of"], postgresql_where=merged, sqlite_where=merged)
    op.create_index("ix_web_posts_lead_id", "web_posts", ["lead_id"])


def downgrade() -> None:
    op.drop_index("ix_web_posts_lead_id", "web_posts")
    op.drop_index("ix_leads_duplicate_of", "leads")
    if op.get_bind().dialect.name == "sqlite":
        with op.batch_alter_table("leads", recreate="always", table_kwargs={"sqlite_autoincrement": False}):
            pass
    for table in ("removed_leads", "watermarks", "saved_mappings"):
        op.drop_table(table)
    op.execute("UPDATE import_batches SET status = 'failed' WHERE status = 'undone'")
    with op.batch_alter_table("import_batches") as batches:
        batches.drop_constraint(op.f("ck_import_batches_status"), type_="check")
        for name in ("staff_id", "undone_by_id"):
            batches.drop_constraint(op.f(f"fk_import_batches_{name}"), type_="foreignkey")
            batches.drop_column(name)
        for name in ("undone_at", "mapping", "mapping_name", "file_digests", "listed"):
            batches.drop_column(name)
    with op.batch_alter_table("import_batches") as batches:
        batches.create_check_constraint(op.f("ck_import_batches_status"), "status IN ('running', 'finished', 'failed')")
