"""The tables of who may see what: scopes and sign-ins of staff, the audit log, and for how long leads point to a person."""

import sqlalchemy as sa
from sqlalchemy import CheckConstraint, Column, ForeignKey, Table

from data_access import vocabulary as words
from data_access.columns import BIG, UtcDateTime, key, metadata, to, word

staff_locations = Table(
    "staff_locations",
    metadata,
    Column("staff_id", BIG, ForeignKey("staff.id"), primary_key=True),
    Column("location_id", BIG, ForeignKey("locations.id"), primary_key=True),
)

sign_ins = Table(
    "sign_ins",
    metadata,
    key(),
    Column("digest", sa.String(64), nullable=False, unique=True, comment="of what the provider said at this sign-in"),
    to("staff", "staff_id"),
    Column("began_at", UtcDateTime, nullable=False),
    Column("seen_at", UtcDateTime, nullable=False, comment="last used, to the minute"),
    Column("ended_at", UtcDateTime, comment="NULL: not ended by anybody"),
)
sa.Index("ix_sign_ins_staff_id", sign_ins.c.staff_id)

retention_rules = Table(
    "retention_rules",
    metadata,
    key(),
    word("ending", words.Ending, nullable=False),
    Column("months", sa.SmallInteger, comment="after it ended; NULL: kept, from this date on"),
    Column("effective_from", sa.Date, nullable=False),
    CheckConstraint("months BETWEEN 1 AND 600", name="months"),
)

audit_lines = Table(
    "audit_lines",
    metadata,
    Column("number", BIG, primary_key=True, autoincrement=False, comment="1 for the first; without gaps"),
    Column("at", UtcDateTime, nullable=False),
    word("kind", words.AuditKind, nullable=False),
    to("staff", "staff_id", comment="NULL: nobody of the staff, or from the command line"),
    Column("lead_id", BIG, comment="which lead; NULL: none in particular"),
    Column("about", sa.Text, nullable=False, comment="what, in words; no person is in it but staff"),
    Column("address", sa.Text, comment="from where; NULL: not known"),
    Column("digest", sa.String(64), nullable=False, comment="of this line and of the digest of the one before"),
)
sa.Index("ix_audit_lines_lead_id", audit_lines.c.lead_id)

audit_head = Table(
    "audit_head",
    metadata,
    Column("id", BIG, primary_key=True),
    Column("number", BIG, nullable=False, comment="of the last line; 0: there is none"),
    Column("digest", sa.String(64), nullable=False, comment="of the last line"),
    CheckConstraint("id = 1", name="one_head"),
)
