"""checklist items, spells in a stage and situations are counted too; slots, annotations, next steps"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_MOMENT = sa.DateTime(timezone=True)
_NEXT_STEPS = (
    "'call', 'write', 'request_records', 'clinical_review', 'offer_appointment', 'confirm_appointment', 'other'"
)
_STALL_REASONS = "'records', 'patient', 'clinical_review', 'no_capacity', 'unclear_instructions', 'our_follow_up'"
_SERIES = "'received', 'in_time', 'half_answered', 'complete', 'booked', 'seen'"
_EVENT_KINDS = (
    "'received', 'attempted', 'reached', 'acknowledged', 'told_what_to_expect', 'eligibility_checked', "
    "'records_requested', 'records_received', 'records_waived', 'contacted', 'offered', 'booked', 'attended', "
    "'no_show', 'cancelled', 'rescheduled', 'closed', 'reopened', 'planned', 'stalled', 'voided'"
)

# The facts are made anew from the events by `handoff migrate`, so their tables are replaced and not altered.
_FACTS: dict[str, tuple[str, str, str, str]] = {
    # table: its second key, its day, columns of four bytes, columns of two bytes
    "lead_facts": (
        "part",
        "received_day",
        "valid_from valid_until received_at eligible_at records_at scheduled_at attended_at closed_at due_at "
        "attempt_at contact_at received_day eligible_lag records_lag scheduled_lag attended_lag visit_lag "
        "closed_lag attempt_minutes contact_minutes day_over_at arrival_at log_minutes location partner "
        "service_line source owner",
        "received_week received_hour due_week flags attempt_met contact_met answered_live stage moved_back "
        "close_reason visit_weekday records_needed kind pathway channel priority asker partner_category topic",
    ),
    "appointment_facts": (
        "number",
        "start_day",
        "seen_from seen_until starts_at outcome_at replaced_at eligible_at start_day lead_days location "
        "partner service_line source owner",
        "start_week start_weekday outcome cancelled_by late first_visit first_chain moves kind pathway "
        "channel priority asker partner_category topic",
    ),
    "item_facts": (
        "number",
        "received_day",
        "seen_from seen_until eligible_at received_day day_over_at item_at item_lag waived_at location "
        "partner service_line source owner",
        "received_week item required kind pathway channel priority asker partner_category topic",
    ),
    "spell_facts": (
        "number",
        "began_day",
        "seen_from seen_until eligible_at began_at ended_at again_at began_day first_day days run_days "
        "earlier_days minutes location partner service_line source owner",
        "began_week ended_week stage came_from went_to began_day_only ended_day_only spoiled kind pathway "
        "channel priority asker partner_category topic",
    ),
    "situation_facts": (
        "number",
        "received_day",
        "seen_from seen_until eligible_at received_day stage_since stage_day starts_at due_at due_day "
        "location partner service_line source owner",
        "stage waits_for kind pathway channel priority asker partner_category topic",
    ),
}


def upgrade() -> None:
    op.drop_table("lead_facts")
    op.drop_table("appointment_facts")
    for table, (number, day, long, short) in _FACTS.items():
        stamp = [sa.Column("revision", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True)]
        op.create_table(
            table,
            sa.Column("lead_id", _KEY, nullable=False),
            sa.Column(number, sa.SmallInteger(), nullable=False),
            *(stamp if table == "lead_facts" else []),
            *(sa.Column(name, sa.Integer(), nullable=False) for name in long.split()),
            *(sa.Column(name, sa.SmallInteger(), nullable=False) for name in short.split()),
            sa.ForeignKeyConstraint(["lead_id"], ["leads.id"], name=op.f(f"fk_{table}_lead_id")),
            sa.PrimaryKeyConstraint("lead_id", number, name=op.f(f"pk_{table}")),
        )
        op.create_index(f"ix_{table}_{day}", table, [day])
    op.create_index("ix_lead_facts_revision", "lead_facts", ["revision"])
    op.execute("ALTER TABLE revisions ADD COLUMN facts_version SMALLINT NOT NULL DEFAULT 1")
    op.add_column("records", sa.Column("waived_at", _MOMENT, nullable=True))
    op.add_column("leads", sa.Column("next_step_by", _MOMENT, nullable=True))
    for name, words in (("next_step", _NEXT_STEPS), ("waits_for", _STALL_REASONS)):
        check = f"CONSTRAINT ck_leads_{name} CHECK ({name} IN ({words}))"
        op.execute(f"ALTER TABLE leads ADD COLUMN {name} VARCHAR(32) {check}")
    with op.batch_alter_table("events") as events:  # SQLite copies the table
        events.drop_constraint(op.f("ck_events_kind"), type_="check")
        events.create_check_constraint(op.f("ck_events_kind"), f"kind IN ({_EVENT_KINDS})")
    op.create_table(
        "slots",
        sa.Column("id", _KEY, autoincrement=True, nullable=False),
        sa.Column("location_id", _KEY, nullable=False),
        sa.Column("service_line_id", _KEY, nullable=True),
        sa.Column("provider_id", _KEY, nullable=True),
        sa.Column("starts_at", _MOMENT, nullable=False),
        sa.Column("opened_at", _MOMENT, nullable=False),
        sa.Column("taken_at", _MOMENT, nullable=True),
        sa.CheckConstraint("taken_at IS NULL OR taken_at >= opened_at", name=op.f("ck_slots_order")),
        sa.ForeignKeyConstraint(["location_id"], ["locations.id"], name=op.f("fk_slots_location_id")),
        sa.ForeignKeyConstraint(["provider_id"], ["staff.id"], name=op.f("fk_slots_provider_id")),
        sa.ForeignKeyConstraint(["service_line_id"], ["service_lines.id"], name=op.f("fk_slots_service_line_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_slots")),
    )
    op.create_index("ix_slots_starts_at", "slots", ["starts_at"])
    op.create_table(
        "annotations",
        sa.Column("id", _KEY, autoincrement=True, nullable=False),
        sa.Column("on_day", sa.Date(), nullable=False),
        sa.Column("location_id", _KEY, nullable=True),
        sa.Column("text", sa.String(length=120), nullable=False),
        sa.Column("rebases", sa.String(length=32), nullable=True),
        sa.Column("staff_id", _KEY, nullable=True),
        sa.Column("written_at", _MOMENT, nullable=False),
        sa.Column("withdrawn_at", _MOMENT, nullable=True),
        sa.CheckConstraint("length(text) BETWEEN 1 AND 120", name=op.f("ck_annotations_short")),
        sa.CheckConstraint(f"rebases IN ({_SERIES})", name=op.f("ck_annotations_rebases")),
        sa.ForeignKeyConstraint(["location_id"], ["locations.id"], name=op.f("fk_annotations_location_id")),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_annotations_staff_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_annotations")),
    )
