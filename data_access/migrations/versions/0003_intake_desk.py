"""owners by routing, rules of follow-up, wishes of those who ask, and what changes hands"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_MOMENT = sa.DateTime(timezone=True)
_NEXT_STEPS = (
    "'call', 'write', 'request_records', 'clinical_review', 'offer_appointment', 'confirm_appointment', 'other', "
    "'answer', 'check_eligibility', 'remind_of_records', 'record_outcome', 'decide'"
)
_NEEDS = (
    "'answer', 'reach', 'check', 'review', 'request_records', 'records', 'offer', 'booking', 'visit', 'rebook', 'close'"
)
_CLOSE_REASONS = (
    "'not_eligible', 'withdrawn', 'unreachable', 'went_elsewhere', 'no_capacity', 'records_missing', 'other', 'answered', "
    "'duplicate', 'spam', 'test', 'mistake'"
)
_PAUSES = "'person_asked', 'partner_sends_later', 'person_away', 'other'"
_METHODS = "'call', 'voicemail', 'email', 'secure_message', 'fax', 'text', 'in_person'"
_KINDS = "'partner_request', 'scheduling', 'information', 'warm_intro'"
_PATHWAYS = "'clinician', 'patient'"
_CHANNELS = "'phone', 'email', 'web_form', 'fax', 'secure_email', 'partner_outreach', 'walk_in', 'not_recorded'"
_EVENT_KINDS = (
    "'received', 'attempted', 'reached', 'acknowledged', 'told_what_to_expect', 'eligibility_checked', "
    "'records_requested', 'records_received', 'records_waived', 'contacted', 'offered', 'booked', 'attended', "
    "'no_show', 'cancelled', 'rescheduled', 'closed', 'reopened', 'planned', 'stalled', 'voided', "
    "'assigned', 'transferred', 'reprioritised', 'promoted', 'consented'"
)


def _word(table: str, name: str, words: str, *, nullable: bool = True) -> tuple[sa.Column[str], sa.CheckConstraint]:
    column = sa.Column(name, sa.String(length=32), nullable=nullable)
    return column, sa.CheckConstraint(f"{name} IN ({words})", name=op.f(f"ck_{table}_{name}"))


def _to(table: str, target: str, name: str, *, nullable: bool = True) -> tuple[sa.Column[int], sa.ForeignKeyConstraint]:
    key = sa.ForeignKeyConstraint([name], [f"{target}.id"], name=op.f(f"fk_{table}_{name}"))
    return sa.Column(name, _KEY, nullable=nullable), key


def upgrade() -> None:
    with op.batch_alter_table("leads") as leads:  # SQLite copies the table
        leads.drop_constraint(op.f("ck_leads_next_step"), type_="check")
        leads.create_check_constraint(op.f("ck_leads_next_step"), f"next_step IN ({_NEXT_STEPS})")
        leads.drop_constraint(op.f("ck_leads_close_reason"), type_="check")
        leads.create_check_constraint(op.f("ck_leads_close_reason"), f"close_reason IN ({_CLOSE_REASONS})")
        leads.add_column(sa.Column("duplicate_of", _KEY, nullable=True))
        leads.create_foreign_key(op.f("fk_leads_duplicate_of"), "leads", ["duplicate_of"], ["id"])
        leads.add_column(sa.Column("tries", sa.SmallInteger(), nullable=False, server_default="0"))
        leads.add_column(sa.Column("may_contact", sa.Boolean(), nullable=False, server_default=sa.true()))
        for name, words in (("need", _NEEDS), ("put_off", _PAUSES), ("preferred_contact", _METHODS)):
            leads.add_column(sa.Column(name, sa.String(length=32), nullable=True))
            leads.create_check_constraint(op.f(f"ck_leads_{name}"), f"{name} IN ({words})")
    with op.batch_alter_table("events") as events:
        events.drop_constraint(op.f("ck_events_kind"), type_="check")
        events.create_check_constraint(op.f("ck_events_kind"), f"kind IN ({_EVENT_KINDS})")
        events.add_column(sa.Column("next_step", sa.String(length=32), nullable=True))
        events.add_column(sa.Column("next_step_by", _MOMENT, nullable=True))
        events.create_check_constraint(op.f("ck_events_next_step"), f"next_step IN ({_NEXT_STEPS})")
        events.create_check_constraint(
            op.f("ck_events_next_step_with_day"), "(next_step IS NULL) = (next_step_by IS NULL)"
        )
    op.create_table(
        "routes",
        sa.Column("id", _KEY, autoincrement=True, nullable=False),
        *_to("routes", "locations", "location_id"),
        *_word("routes", "pathway", _PATHWAYS),
        *_word("routes", "channel", _CHANNELS),
        *_word("routes", "kind", _KINDS),
        *_to("routes", "staff", "owner_id"),
        *_to("routes", "staff", "backup_id"),
        sa.Column("effective_from", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_routes")),
    )
    op.create_table(
        "absences",
        sa.Column("id", _KEY, autoincrement=True, nullable=False),
        *_to("absences", "staff", "staff_id", nullable=False),
        sa.Column("from_on", sa.Date(), nullable=False),
        sa.Column("until_on", sa.Date(), nullable=False),
        sa.CheckConstraint("until_on > from_on", name=op.f("ck_absences_order")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_absences")),
    )
    op.create_table(
        "follow_up_rules",
        sa.Column("id", _KEY, autoincrement=True, nullable=False),
        *_word("follow_up_rules", "need", _NEEDS, nullable=False),
        *_word("follow_up_rules", "kind", _KINDS),
        *_word("follow_up_rules", "step", _NEXT_STEPS),
        sa.Column("wait_days", sa.SmallInteger(), nullable=False),
        sa.Column("at_most", sa.SmallInteger(), nullable=True),
        sa.Column("effective_from", sa.Date(), nullable=False),
        sa.CheckConstraint("wait_days BETWEEN 0 AND 365", name=op.f("ck_follow_up_rules_wait")),
        sa.CheckConstraint("at_most > 0", name=op.f("ck_follow_up_rules_tries")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_follow_up_rules")),
    )
    op.create_table(
        "web_sources",
        sa.Column("id", _KEY, autoincrement=True, nullable=False),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("key_number", sa.Integer(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_web_sources")),
        sa.UniqueConstraint("name", name=op.f("uq_web_sources_name")),
    )
    op.create_table(
        "web_posts",
        sa.Column("id", _KEY, autoincrement=True, nullable=False),
        *_to("web_posts", "web_sources", "web_source_id", nullable=False),
        sa.Column("received_at", _MOMENT, nullable=False),
        sa.Column("idempotency_key", sa.String(length=64), nullable=False),
        sa.Column("body_digest", sa.String(length=64), nullable=False),
        sa.Column("body", sa.Text(), nullable=True),
        sa.Column("refused_because", sa.Text(), nullable=True),
        *_to("web_posts", "leads", "lead_id"),
        sa.Column("looked_at", _MOMENT, nullable=True),
        *_to("web_posts", "staff", "staff_id"),
        sa.CheckConstraint(
            "(lead_id IS NULL) = (refused_because IS NOT NULL)", name=op.f("ck_web_posts_inquiry_or_reason")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_web_posts")),
    )
    op.create_index("ix_web_posts_web_source_id_received_at", "web_posts", ["web_source_id", "received_at"])
