"""sign-in and scope of staff, the audit log, contact details, retention"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_MOMENT = sa.DateTime(timezone=True)
_KINDS = (
    "'signed_in', 'signed_out', 'refused', 'opened', 'read_contact', 'logged', 'changed', 'exported', 'set_up',"
    " 'deidentified', 'key_rotated'"
)

_SAYS = "lines of the audit log are never changed"
_APPEND_ONLY = {
    "sqlite": [
        f"CREATE TRIGGER audit_lines_no_{what} BEFORE {what} ON audit_lines BEGIN SELECT RAISE(ABORT, '{_SAYS}'); END"
        for what in ("UPDATE", "DELETE")
    ],
    "postgresql": [
        "CREATE FUNCTION audit_lines_are_kept() RETURNS trigger LANGUAGE plpgsql AS"
        f" $$ BEGIN RAISE EXCEPTION '{_SAYS}'; END $$",
        "CREATE TRIGGER audit_lines_kept BEFORE UPDATE OR DELETE ON audit_lines"
        " FOR EACH ROW EXECUTE FUNCTION audit_lines_are_kept()",
    ],
}


def _fk(table: str, target: str, name: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([name], [f"{target}.id"], name=op.f(f"fk_{table}_{name}"))


def upgrade() -> None:
    op.add_column("staff", sa.Column("email", sa.String(length=254), nullable=True))
    op.execute("ALTER TABLE staff ADD COLUMN sees_all BOOLEAN NOT NULL DEFAULT false")  # nobody could sign in yet
    op.create_index("uq_staff_email", "staff", ["email"], unique=True)
    op.create_table(
        "staff_locations",
        sa.Column("staff_id", _KEY, nullable=False),
        sa.Column("location_id", _KEY, nullable=False),
        _fk("staff_locations", "staff", "staff_id"),
        _fk("staff_locations", "locations", "location_id"),
        sa.PrimaryKeyConstraint("staff_id", "location_id", name=op.f("pk_staff_locations")),
    )
    op.create_table(
        "sign_ins",
        sa.Column("id", _KEY, autoincrement=True, nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("staff_id", _KEY, nullable=False),
        sa.Column("began_at", _MOMENT, nullable=False),
        sa.Column("seen_at", _MOMENT, nullable=False),
        sa.Column("ended_at", _MOMENT, nullable=True),
        _fk("sign_ins", "staff", "staff_id"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sign_ins")),
        sa.UniqueConstraint("digest", name=op.f("uq_sign_ins_digest")),
    )
    op.create_index("ix_sign_ins_staff_id", "sign_ins", ["staff_id"])
    op.create_table(
        "retention_rules",
        sa.Column("id", _KEY, autoincrement=True, nullable=False),
        sa.Column("ending", sa.String(length=32), nullable=False),
        sa.Column("months", sa.SmallInteger(), nullable=True),
        sa.Column("effective_from", sa.Date(), nullable=False),
        sa.CheckConstraint(
            "ending IN ('visited', 'not_visited', 'not_a_lead')", name=op.f("ck_retention_rules_ending")
        ),
        sa.CheckConstraint("months BETWEEN 1 AND 600", name=op.f("ck_retention_rules_months")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_retention_rules")),
    )
    op.create_table(
        "audit_lines",
        sa.Column("number", _KEY, autoincrement=False, nullable=False),
        sa.Column("at", _MOMENT, nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("staff_id", _KEY, nullable=True),
        sa.Column("lead_id", _KEY, nullable=True),
        sa.Column("about", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=True),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.CheckConstraint(f"kind IN ({_KINDS})", name=op.f("ck_audit_lines_kind")),
        _fk("audit_lines", "staff", "staff_id"),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_audit_lines")),
    )
    op.create_index("ix_audit_lines_lead_id", "audit_lines", ["lead_id"])
    for statement in _APPEND_ONLY[op.get_bind().dialect.name]:
        op.execute(statement)
    op.create_table(
        "audit_head",
        sa.Column("id", _KEY, nullable=False),
        sa.Column("number", _KEY, nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_audit_head_one_head")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_head")),
    )
    op.execute("INSERT INTO audit_head (id, number, digest) SELECT 1, 0, '' FROM revisions")
    op.create_table(
        "contact_details",
        sa.Column("lead_id", _KEY, nullable=False),
        sa.Column("field", sa.String(length=32), nullable=False),
        sa.Column("key_name", sa.String(length=8), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("field IN ('name', 'phone', 'email')", name=op.f("ck_contact_details_field")),
        _fk("contact_details", "leads", "lead_id"),
        sa.PrimaryKeyConstraint("lead_id", "field", name=op.f("pk_contact_details")),
    )
    op.create_table(
        "deidentified",
        sa.Column("lead_id", _KEY, nullable=False),
        sa.Column("at", _MOMENT, nullable=False),
        sa.Column("because", sa.String(length=32), nullable=False),
        sa.CheckConstraint("because IN ('retention', 'request')", name=op.f("ck_deidentified_because")),
        _fk("deidentified", "leads", "lead_id"),
        sa.PrimaryKeyConstraint("lead_id", name=op.f("pk_deidentified")),
    )
