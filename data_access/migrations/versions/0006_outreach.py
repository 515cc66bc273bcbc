"""outreach to partners and categories, notes that close the loop, whether results go back to a partner"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_MOMENT = sa.DateTime(timezone=True)
_KINDS = "'email_update', 'call', 'network', 'visit', 'other'"
_CATEGORIES = "'primary_care', 'specialist', 'therapist', 'hospital', 'care_coordinator', 'other'"
_METHODS = "'call', 'voicemail', 'email', 'secure_message', 'fax', 'text', 'in_person'"


def _to(table: str, target: str, name: str, *, nullable: bool = True) -> tuple[sa.Column[int], sa.ForeignKeyConstraint]:
    key = sa.ForeignKeyConstraint([name], [f"{target}.id"], name=op.f(f"fk_{table}_{name}"))
    return sa.Column(name, _KEY, nullable=nullable), key


def upgrade() -> None:
    op.create_table(
        "outreach",
        sa.Column("id", _KEY, autoincrement=True, nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        *_to("outreach", "partners", "partner_id"),
        sa.Column("partner_category", sa.String(length=32), nullable=True),
        sa.Column("text", sa.String(length=160), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("done_on", sa.Date(), nullable=True),
        *_to("outreach", "staff", "owner_id", nullable=False),
        sa.Column("written_at", _MOMENT, nullable=False),
        sa.Column("withdrawn_at", _MOMENT, nullable=True),
        sa.CheckConstraint(f"kind IN ({_KINDS})", name=op.f("ck_outreach_kind")),
        sa.CheckConstraint(f"partner_category IN ({_CATEGORIES})", name=op.f("ck_outreach_partner_category")),
        sa.CheckConstraint("length(text) BETWEEN 1 AND 160", name=op.f("ck_outreach_short")),
        sa.CheckConstraint(
            "(partner_id IS NULL) <> (partner_category IS NULL)", name=op.f("ck_outreach_partner_or_category")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outreach")),
    )
    op.create_index("ix_outreach_partner_id", "outreach", ["partner_id"])
    op.create_table(
        "partner_notes",
        sa.Column("id", _KEY, autoincrement=True, nullable=False),
        *_to("partner_notes", "partners", "partner_id", nullable=False),
        sa.Column("from_on", sa.Date(), nullable=False),
        sa.Column("until_on", sa.Date(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("sent_at", _MOMENT, nullable=False),
        sa.Column("method", sa.String(length=32), nullable=False),
        *_to("partner_notes", "staff", "staff_id"),
        sa.Column("withdrawn_at", _MOMENT, nullable=True),
        sa.CheckConstraint(f"method IN ({_METHODS})", name=op.f("ck_partner_notes_method")),
        sa.CheckConstraint("until_on > from_on", name=op.f("ck_partner_notes_order")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_partner_notes")),
    )
    op.create_index("ix_partner_notes_partner_id", "partner_notes", ["partner_id"])
    with op.batch_alter_table("partners") as partners:
        partners.add_column(sa.Column("report_back", sa.Boolean(), nullable=False, server_default=sa.false()))
