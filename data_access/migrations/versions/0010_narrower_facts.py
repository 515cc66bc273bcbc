"""facts hold days and differences of days in two bytes; copies of facts are known by a token; slots are stamped"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_IDS = "location partner service_line source campaign owner"
_WORDS = "kind pathway channel priority asker partner_category topic"

# The facts are made anew from the events by `handoff migrate`, so their tables are replaced and not altered.
_FACTS: dict[str, tuple[str, str, str, str]] = {
    # table: its second key, its day, columns of four bytes, columns of two bytes
    "lead_facts": (
        "part",
        "received_day",
        "valid_from valid_until received_at eligible_at records_at scheduled_at attended_at closed_at due_at "
        "attempt_at contact_at day_over_at arrival_at attempt_minutes contact_minutes log_minutes",
        "received_day eligible_lag records_lag scheduled_lag attended_lag visit_lag closed_lag received_week due_week "
        "received_hour flags attempt_met contact_met answered_live stage moved_back close_reason visit_weekday "
        "records_needed",
    ),
    "appointment_facts": (
        "number",
        "start_day",
        "seen_from seen_until starts_at outcome_at replaced_at eligible_at",
        "start_day lead_days start_week start_weekday outcome cancelled_by late first_visit first_chain moves",
    ),
    "item_facts": (
        "number",
        "received_day",
        "seen_from seen_until eligible_at day_over_at item_at waived_at",
        "received_day item_lag received_week item required",
    ),
    "request_facts": ("number", "received_day", "seen_from seen_until eligible_at", "received_day ordinal"),
    "spell_facts": (
        "number",
        "began_day",
        "seen_from seen_until eligible_at began_at ended_at again_at minutes",
        "began_day first_day days run_days earlier_days began_week ended_week stage came_from went_to began_day_only "
        "ended_day_only spoiled",
    ),
    "situation_facts": (
        "number",
        "received_day",
        "seen_from seen_until eligible_at starts_at due_at",
        "received_day stage_day due_day stage waits_for",
    ),
}


def upgrade() -> None:
    for table, (number, day, long, short) in _FACTS.items():
        op.drop_table(table)
        stamp = [sa.Column("revision", _KEY, nullable=True)]
        op.create_table(
            table,
            sa.Column("lead_id", _KEY, nullable=False),
            sa.Column(number, sa.SmallInteger(), nullable=False),
            *(stamp if table == "lead_facts" else []),
            *(sa.Column(name, sa.Integer(), nullable=False) for name in f"{long} {_IDS}".split()),
            *(sa.Column(name, sa.SmallInteger(), nullable=False) for name in f"{short} {_WORDS}".split()),
            sa.ForeignKeyConstraint(["lead_id"], ["leads.id"], name=op.f(f"fk_{table}_lead_id")),
            sa.PrimaryKeyConstraint("lead_id", number, name=op.f(f"pk_{table}")),
        )
        op.create_index(f"ix_{table}_{day}", table, [day])
    op.create_index("ix_lead_facts_revision", "lead_facts", ["revision"])
    op.create_table(
        "fact_copies",
        sa.Column("token", sa.String(length=32), nullable=False),
        sa.Column("revision", _KEY, nullable=False),
        sa.PrimaryKeyConstraint("token", name=op.f("pk_fact_copies")),
    )
    op.add_column("slots", sa.Column("revision", _KEY, nullable=True))
    op.execute("UPDATE slots SET revision = (SELECT revision FROM revisions)")
    op.create_index("ix_slots_revision", "slots", ["revision"])
