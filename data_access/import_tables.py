"""The tables of what is brought in from elsewhere: batches, mappings by name, how far a sync has come, and leads taken out."""

import sqlalchemy as sa
from sqlalchemy import Column, Table

from data_access import vocabulary as words
from data_access.columns import BIG, UtcDateTime, key, metadata, to, word

import_batches = Table(
    "import_batches",
    metadata,
    key(),
    Column("source_system", sa.Text, nullable=False),
    Column("files", sa.Text, nullable=False),
    Column("file_digests", sa.Text, comment="SHA-256 of each file; NULL: not from files, or not known"),
    Column("mapping_name", sa.Text, comment="NULL: not known"),
    Column("mapping_digest", sa.String(64), nullable=False),
    Column("mapping", sa.Text, comment="as it was, in TOML; NULL: not known"),
    to("staff", "staff_id", comment="by whom; NULL: from the command line"),
    Column("started_at", UtcDateTime, nullable=False),
    Column("finished_at", UtcDateTime, comment="NULL: it failed"),
    word("status", words.BatchStatus, nullable=False),
    *[
        Column(f"{count}_rows", sa.Integer, nullable=False, default=0)
        for count in ("read", "added", "updated", "unchanged", "flagged", "rejected")
    ],
    Column(
        "listed",
        sa.JSON,
        nullable=False,
        default=dict,
        comment="ids of the entries of the practice's lists that it added, by list",
    ),
    Column("undone_at", UtcDateTime, comment="NULL: it was not undone"),
    to("staff", "undone_by_id", comment="NULL: not undone, or from the command line"),
)

saved_mappings = Table(
    "saved_mappings",
    metadata,
    key(),
    Column("name", sa.Text, nullable=False, unique=True),
    Column("mapping", sa.Text, nullable=False, comment="in TOML"),
    Column("saved_at", UtcDateTime, nullable=False),
    to("staff", "staff_id", comment="by whom; NULL: from the command line"),
)

watermarks = Table(
    "watermarks",
    metadata,
    Column("source_system", sa.Text, primary_key=True),
    Column("mark", sa.Text, nullable=False, comment="the highest value of the watermark column so far"),
    Column("made_by", sa.String(64), nullable=False, comment="digest of the query and the mapping that it holds for"),
    Column("synced_at", UtcDateTime, nullable=False),
)

removed_leads = Table(
    "removed_leads",
    metadata,
    Column("lead_id", BIG, primary_key=True, autoincrement=False, comment="its number is never given again"),
    Column("revision", BIG, comment="of the write that took it out; NULL only inside that write"),
)
sa.Index("ix_removed_leads_revision", removed_leads.c.revision)
