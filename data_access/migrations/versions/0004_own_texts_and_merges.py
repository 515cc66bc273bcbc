"""the practice's own texts, wishes of partners, merged partners and leads, words no longer offered, contact fingerprints"""

from datetime import UTC, date, datetime

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_MOMENT = sa.DateTime(timezone=True)
_NEEDS = (
    "'answer', 'reach', 'check', 'review', 'request_records', 'records', 'offer', 'booking', 'visit', 'rebook', 'close'"
)
_METHODS = "'call', 'voicemail', 'email', 'secure_message', 'fax', 'text', 'in_person'"
_KINDS = "'partner_request', 'scheduling', 'information', 'warm_intro'"
_USES = "'script', 'criteria', 'how_to_refer', 'what_to_expect', 'priority'"
_EVENT_KINDS = (
    "'received', 'attempted', 'reached', 'acknowledged', 'told_what_to_expect', 'eligibility_checked', "
    "'records_requested', 'records_received', 'records_waived', 'contacted', 'offered', 'booked', 'attended', "
    "'no_show', 'cancelled', 'rescheduled', 'closed', 'reopened', 'planned', 'stalled', 'voided', "
    "'assigned', 'transferred', 'reprioritised', 'promoted', 'consented', 'asked_again', 'prepared'"
)


def _to(table: str, target: str, name: str, *, nullable: bool = True) -> tuple[sa.Column[int], sa.ForeignKeyConstraint]:
    key = sa.ForeignKeyConstraint([name], [f"{target}.id"], name=op.f(f"fk_{table}_{name}"))
    return sa.Column(name, _KEY, nullable=nullable), key


def upgrade() -> None:
    texts = op.create_table(
        "texts",
        sa.Column("id", _KEY, autoincrement=True, nullable=False),
        sa.Column("use", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=True),
        sa.Column("need", sa.String(length=32), nullable=True),
        *_to("texts", "locations", "location_id"),
        *_to("texts", "service_lines", "service_line_id"),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("effective_from", sa.Date(), nullable=False),
        sa.Column("written_at", _MOMENT, nullable=False),
        *_to("texts", "staff", "staff_id"),
        sa.CheckConstraint(f"use IN ({_USES})", name=op.f("ck_texts_use")),
        sa.CheckConstraint(f"kind IN ({_KINDS})", name=op.f("ck_texts_kind")),
        sa.CheckConstraint(f"need IN ({_NEEDS})", name=op.f("ck_texts_need")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_texts")),
    )
    _take_over(texts, "criteria", "service_lines", "appropriate_for", "service_line_id")
    _take_over(texts, "how_to_refer", "locations", "how_to_refer", "location_id")
    with op.batch_alter_table("service_lines") as lines:
        lines.drop_column("appropriate_for")
    with op.batch_alter_table("locations") as locations:
        locations.drop_column("how_to_refer")
    op.create_table(
        "partner_merges",
        sa.Column("id", _KEY, autoincrement=True, nullable=False),
        *_to("partner_merges", "partners", "partner_id", nullable=False),
        *_to("partner_merges", "partners", "into_id", nullable=False),
        sa.Column("merged_at", _MOMENT, nullable=False),
        sa.Column("undone_at", _MOMENT, nullable=True),
        *_to("partner_merges", "staff", "staff_id"),
        sa.CheckConstraint("partner_id <> into_id", name=op.f("ck_partner_merges_two")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_partner_merges")),
    )
    stands = sa.text("undone_at IS NULL")
    op.create_index(
        "uq_partner_merges_stands", "partner_merges", ["partner_id"], unique=True, postgresql_where=stands,
        sqlite_where=stands,
    )  # fmt: skip
    op.create_table(
        "withheld_words",
        sa.Column("vocabulary", sa.String(length=32), nullable=False),
        sa.Column("word", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("vocabulary", "word", name=op.f("pk_withheld_words")),
    )
    op.create_table(
        "contacts",
        *_to("contacts", "leads", "lead_id", nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("lead_id", name=op.f("pk_contacts")),
    )
    op.create_index("ix_contacts_fingerprint", "contacts", ["fingerprint"])
    with op.batch_alter_table("partners") as partners:
        partners.add_column(sa.Column("may_contact", sa.Boolean(), nullable=False, server_default=sa.true()))
        partners.add_column(sa.Column("preferred_contact", sa.String(length=32), nullable=True))
        partners.create_check_constraint(op.f("ck_partners_preferred_contact"), f"preferred_contact IN ({_METHODS})")
    with op.batch_alter_table("checklist_items") as items:
        items.add_column(sa.Column("asked", sa.Boolean(), nullable=False, server_default=sa.true()))
    with op.batch_alter_table("follow_up_rules") as follow_up:
        follow_up.add_column(sa.Column("quiet_days", sa.SmallInteger(), nullable=True))
        follow_up.create_check_constraint(op.f("ck_follow_up_rules_quiet"), "quiet_days BETWEEN 0 AND 365")
    with op.batch_alter_table("events") as events:
        events.drop_constraint(op.f("ck_events_kind"), type_="check")
        events.create_check_constraint(op.f("ck_events_kind"), f"kind IN ({_EVENT_KINDS})")
        events.add_column(sa.Column("text_id", _KEY, nullable=True))
        events.create_foreign_key(op.f("fk_events_text_id"), "texts", ["text_id"], ["id"])
        events.add_column(sa.Column("copied_from_id", _KEY, nullable=True))
        events.create_foreign_key(op.f("fk_events_copied_from_id"), "events", ["copied_from_id"], ["id"])
    copied = sa.text("copied_from_id IS NOT NULL")
    op.create_index(
        "ix_events_copied_from_id", "events", ["copied_from_id"], postgresql_where=copied, sqlite_where=copied
    )


def _take_over(texts: sa.Table, use: str, table: str, column: str, key: str) -> None:
    """What stood in a column becomes the first version of a text, in force since ever."""
    old = sa.table(table, sa.column("id", _KEY), sa.column(column, sa.Text()))
    rows = op.get_bind().execute(sa.select(old.c.id, old.c[column]).order_by(old.c.id)).all()
    made = [
        {"use": use, key: row[0], "version": 1, "body": row[1].strip(), "effective_from": date(1970, 1, 1),
         "written_at": datetime(1970, 1, 1, tzinfo=UTC)}
        for row in rows if (row[1] or "").strip()
    ]  # fmt: skip
    if made:
        op.bulk_insert(texts, made)
