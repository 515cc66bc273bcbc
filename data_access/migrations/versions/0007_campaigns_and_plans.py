"""campaigns, content items, planned openings; campaigns and requests for records are counted"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_TOPICS = "'initial_consult', 'triage', 'documentation', 'treatment_pathways', 'preparation', 'self_pay', 'other'"
_FACTS = ("lead_facts", "appointment_facts", "item_facts", "spell_facts", "situation_facts")
_REQUEST_FACTS = (
    "seen_from seen_until eligible_at received_day location partner service_line source campaign owner",
    "ordinal kind pathway channel priority asker partner_category topic",
)


def _to(table: str, target: str, name: str, *, nullable: bool = True) -> tuple[sa.Column[int], sa.ForeignKeyConstraint]:
    key = sa.ForeignKeyConstraint([name], [f"{target}.id"], name=op.f(f"fk_{table}_{name}"))
    return sa.Column(name, _KEY, nullable=nullable), key


def upgrade() -> None:
    op.create_table(
        "campaigns",
        sa.Column("id", _KEY, autoincrement=True, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("began_on", sa.Date(), nullable=True),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_campaigns")),
        sa.UniqueConstraint("name", name=op.f("uq_campaigns_name")),
    )
    op.create_table(
        "content_items",
        sa.Column("id", _KEY, autoincrement=True, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("topic", sa.String(length=32), nullable=False),
        sa.Column("published_on", sa.Date(), nullable=False),
        sa.Column("reviewed_on", sa.Date(), nullable=True),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.CheckConstraint(f"topic IN ({_TOPICS})", name=op.f("ck_content_items_topic")),
        sa.CheckConstraint("reviewed_on IS NULL OR reviewed_on >= published_on", name=op.f("ck_content_items_order")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_content_items")),
        sa.UniqueConstraint("name", name=op.f("uq_content_items_name")),
    )
    op.create_table(
        "planned_openings",
        sa.Column("id", _KEY, autoincrement=True, nullable=False),
        *_to("planned_openings", "locations", "location_id", nullable=False),
        *_to("planned_openings", "service_lines", "service_line_id"),
        sa.Column("per_week", sa.SmallInteger(), nullable=True),
        sa.Column("effective_from", sa.Date(), nullable=False),
        sa.CheckConstraint("per_week BETWEEN 0 AND 999", name=op.f("ck_planned_openings_per_week")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_planned_openings")),
    )
    key = "INTEGER" if op.get_bind().dialect.name == "sqlite" else "BIGINT"
    op.execute(
        f"ALTER TABLE leads ADD COLUMN campaign_id {key} CONSTRAINT fk_leads_campaign_id REFERENCES campaigns (id)"
    )
    for table in _FACTS:  # made anew by `handoff migrate`: the facts have another version
        op.execute(f"ALTER TABLE {table} ADD COLUMN campaign INTEGER NOT NULL DEFAULT 0")
    long, short = _REQUEST_FACTS
    op.create_table(
        "request_facts",
        sa.Column("lead_id", _KEY, nullable=False),
        sa.Column("number", sa.SmallInteger(), nullable=False),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in long.split()),
        *(sa.Column(name, sa.SmallInteger(), nullable=False) for name in short.split()),
        sa.ForeignKeyConstraint(["lead_id"], ["leads.id"], name=op.f("fk_request_facts_lead_id")),
        sa.PrimaryKeyConstraint("lead_id", "number", name=op.f("pk_request_facts")),
    )
    op.create_index("ix_request_facts_received_day", "request_facts", ["received_day"])
