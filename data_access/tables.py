"""The tables of the lead database.

Every column that holds a word of the vocabulary has a CHECK made from it, so the database refuses what the
vocabulary does not know. A column comment says what NULL means.
"""

from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy import CheckConstraint, Column, ForeignKey, MetaData, Table

from data_access import vocabulary as words

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


class UtcDateTime(sa.TypeDecorator[datetime]):
    """An aware moment, kept in UTC on every database. SQLite drops offsets in silence, so naive values are refused."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        """Turn an aware moment to UTC; refuse a naive one."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"{value!r} has no time zone; give an aware datetime")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:  # noqa: ARG002
        """Hand out aware UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")  # SQLite numbers rows by itself only in INTEGER columns


def word(name: str, vocabulary: type[StrEnum], **options: Any) -> Column[str]:
    """A text column that holds a word of the vocabulary (or NULL where its comment says what that means)."""
    return Column(name, sa.String(32), info={"words": vocabulary}, **options)


def key() -> Column[int]:
    """The surrogate key of a row."""
    return Column("id", BIG, primary_key=True, autoincrement=True)


def to(target: str, name: str, **options: Any) -> Column[int]:
    """A foreign key column; NULL only where `comment` says what it means."""
    options.setdefault("nullable", "comment" in options)
    return Column(name, BIG, ForeignKey(f"{target}.id"), **options)


# ---------------------------------------------------------------- the practice

practice = Table(
    "practice",
    metadata,
    Column("id", BIG, primary_key=True),
    Column("name", sa.Text, nullable=False),
    Column("zone", sa.Text, nullable=False, comment="IANA time zone of the practice as a whole"),
    Column("is_demo", sa.Boolean, nullable=False, default=False),
    Column("demo_until", sa.Date, comment="last day the demo was made for; NULL: not a demo"),
    Column("horizon_days", sa.Integer, nullable=False, default=30),
    CheckConstraint("id = 1", name="one_practice"),
)

locations = Table(
    "locations",
    metadata,
    key(),
    Column("name", sa.Text, nullable=False, unique=True),
    Column("zone", sa.Text, nullable=False, comment="IANA time zone; days and weeks are counted in it"),
    Column("address", sa.Text, comment="NULL: not entered"),
    Column("phone", sa.Text, comment="NULL: not entered"),
    Column("fax", sa.Text, comment="NULL: none"),
    Column("email", sa.Text, comment="NULL: none"),
    Column("secure_email", sa.Text, comment="NULL: none"),
    Column("referral_form_url", sa.Text, comment="NULL: none"),
    Column("how_to_refer", sa.Text, comment="what a clinician does to refer here; NULL: not entered"),
    Column("details_verified_on", sa.Date, comment="NULL: never verified"),
    Column("active", sa.Boolean, nullable=False, default=True),
)

staffed_hours = Table(
    "staffed_hours",
    metadata,
    key(),
    to("locations", "location_id"),
    Column("weekday", sa.SmallInteger, nullable=False, comment="0 Monday .. 6 Sunday, local"),
    Column("opens_minute", sa.SmallInteger, nullable=False, comment="local minute of day"),
    Column("closes_minute", sa.SmallInteger, nullable=False, comment="not after opens_minute: closes the next day"),
    Column("effective_from", sa.Date, nullable=False),
    Column("effective_until", sa.Date, comment="first day on which it no longer holds; NULL: in force"),
    CheckConstraint("weekday BETWEEN 0 AND 6", name="weekday"),
    CheckConstraint("opens_minute BETWEEN 0 AND 1439 AND closes_minute BETWEEN 0 AND 1440", name="minutes"),
    CheckConstraint("effective_until IS NULL OR effective_until > effective_from", name="effective"),
)

closures = Table(
    "closures",
    metadata,
    key(),
    to("locations", "location_id", comment="NULL: every location"),
    Column("closed_on", sa.Date, nullable=False),
    Column("from_minute", sa.SmallInteger, nullable=False, default=0),
    Column("until_minute", sa.SmallInteger, nullable=False, default=1440),
    Column("label", sa.Text, nullable=False),
    CheckConstraint("from_minute >= 0 AND from_minute < until_minute AND until_minute <= 1440", name="minutes"),
)

openings = Table(
    "openings",
    metadata,
    key(),
    to("locations", "location_id"),
    Column("open_on", sa.Date, nullable=False),
    Column("opens_minute", sa.SmallInteger, nullable=False),
    Column("closes_minute", sa.SmallInteger, nullable=False),
    Column("label", sa.Text, nullable=False),
    CheckConstraint("opens_minute BETWEEN 0 AND 1439 AND closes_minute BETWEEN 0 AND 1440", name="minutes"),
)

response_windows = Table(
    "response_windows",
    metadata,
    key(),
    to("locations", "location_id", comment="NULL: any"),
    word("pathway", words.Pathway, comment="NULL: any"),
    word("channel", words.Channel, comment="NULL: any"),
    word("kind", words.Kind, comment="NULL: any"),
    word("priority", words.Priority, comment="NULL: any"),
    Column("window_minutes", sa.Integer, comment="staffed minutes; NULL: no promise from this date on"),
    Column("effective_from", sa.Date, nullable=False),
    CheckConstraint("window_minutes >= 0", name="window"),
)

targets = Table(
    "targets",
    metadata,
    key(),
    word("metric", words.TargetMetric, nullable=False),
    to("locations", "location_id", comment="NULL: any"),
    Column("value", sa.Float, nullable=False, comment="a proportion in [0, 1]"),
    Column("effective_from", sa.Date, nullable=False),
    CheckConstraint("value BETWEEN 0 AND 1", name="value"),
)

service_lines = Table(
    "service_lines",
    metadata,
    key(),
    Column("name", sa.Text, nullable=False, unique=True),
    Column("accepting", sa.Boolean, nullable=False, default=True),
    Column("appropriate_for", sa.Text, nullable=False, default=""),
    Column("active", sa.Boolean, nullable=False, default=True),
)

checklist_items = Table(
    "checklist_items",
    metadata,
    key(),
    to("service_lines", "service_line_id", comment="NULL: service lines without a list of their own"),
    Column("template_version", sa.Integer, nullable=False),
    word("item", words.RecordItem, nullable=False),
    Column("required", sa.Boolean, nullable=False),
    Column("effective_from", sa.Date, nullable=False),
)

sources = Table(
    "sources",
    metadata,
    key(),
    Column("name", sa.Text, nullable=False, unique=True),
    Column("active", sa.Boolean, nullable=False, default=True),
)

staff = Table(
    "staff",
    metadata,
    key(),
    Column("name", sa.Text, nullable=False, unique=True),
    word("role", words.Role, nullable=False),
    Column("active", sa.Boolean, nullable=False, default=True),
)

routes = Table(
    "routes",
    metadata,
    key(),
    to("locations", "location_id", comment="NULL: any"),
    word("pathway", words.Pathway, comment="NULL: any"),
    word("channel", words.Channel, comment="NULL: any"),
    word("kind", words.Kind, comment="NULL: any"),
    to("staff", "owner_id", comment="NULL: nobody from this date on"),
    to("staff", "backup_id", comment="NULL: none"),
    Column("effective_from", sa.Date, nullable=False),
)

absences = Table(
    "absences",
    metadata,
    key(),
    to("staff", "staff_id"),
    Column("from_on", sa.Date, nullable=False),
    Column("until_on", sa.Date, nullable=False, comment="the first day back"),
    CheckConstraint("until_on > from_on", name="order"),
)

follow_up_rules = Table(
    "follow_up_rules",
    metadata,
    key(),
    word("need", words.Need, nullable=False),
    word("kind", words.Kind, comment="NULL: any"),
    word("step", words.NextStep, comment="NULL: none from this date on"),
    Column("wait_days", sa.SmallInteger, nullable=False, comment="staffed days; before the visit where one is booked"),
    Column("at_most", sa.SmallInteger, comment="tries, then somebody decides; NULL: without end"),
    Column("effective_from", sa.Date, nullable=False),
    CheckConstraint("wait_days BETWEEN 0 AND 365", name="wait"),
    CheckConstraint("at_most > 0", name="tries"),
)

partners = Table(
    "partners",
    metadata,
    key(),
    Column("name", sa.Text, nullable=False),
    Column("name_key", sa.Text, nullable=False, unique=True, comment="case- and space-folded name"),
    word("category", words.PartnerCategory, nullable=False),
    Column("active", sa.Boolean, nullable=False, default=True, comment="partners are retired, never deleted"),
)

slots = Table(
    "slots",
    metadata,
    key(),
    to("locations", "location_id"),
    to("service_lines", "service_line_id", comment="NULL: any"),
    to("staff", "provider_id", comment="NULL: not named"),
    Column("starts_at", UtcDateTime, nullable=False),
    Column("opened_at", UtcDateTime, nullable=False, comment="from when on it could be booked"),
    Column("taken_at", UtcDateTime, comment="booked, or withdrawn; NULL: open"),
    CheckConstraint("taken_at IS NULL OR taken_at >= opened_at", name="order"),
)
sa.Index("ix_slots_starts_at", slots.c.starts_at)

annotations = Table(
    "annotations",
    metadata,
    key(),
    Column("on_day", sa.Date, nullable=False),
    to("locations", "location_id", comment="NULL: the whole practice"),
    Column("text", sa.String(120), nullable=False),
    word("rebases", words.TrendSeries, comment="the series whose limits are fixed anew from this day; NULL: none"),
    to("staff", "staff_id", comment="who wrote it; NULL: from the command line"),
    Column("written_at", UtcDateTime, nullable=False),
    Column("withdrawn_at", UtcDateTime, comment="NULL: it stands"),
    CheckConstraint("length(text) BETWEEN 1 AND 120", name="short"),
)

# ---------------------------------------------------------------- leads

import_batches = Table(
    "import_batches",
    metadata,
    key(),
    Column("source_system", sa.Text, nullable=False),
    Column("files", sa.Text, nullable=False),
    Column("mapping_digest", sa.String(64), nullable=False),
    Column("started_at", UtcDateTime, nullable=False),
    Column("finished_at", UtcDateTime, comment="NULL: still running, or it failed"),
    word("status", words.BatchStatus, nullable=False),
    *[
        Column(f"{count}_rows", sa.Integer, nullable=False, default=0)
        for count in ("read", "added", "updated", "unchanged", "flagged", "rejected")
    ],
)

leads = Table(
    "leads",
    metadata,
    key(),
    Column("version", sa.Integer, nullable=False, default=1, comment="optimistic lock"),
    # as received
    Column("received_at", UtcDateTime, nullable=False),
    word("received_precision", words.Precision, nullable=False),
    Column("logged_at", UtcDateTime, nullable=False),
    word("kind", words.Kind, nullable=False),
    word("pathway", words.Pathway, nullable=False),
    word("channel", words.Channel, nullable=False),
    word("asker", words.Asker, nullable=False),
    word("priority", words.Priority, nullable=False),
    to("locations", "location_id"),
    to("partners", "partner_id", comment="NULL: unknown, or nobody referred"),
    word("partner_category", words.PartnerCategory, comment="NULL: unknown, or nobody referred"),
    to("service_lines", "service_line_id", comment="NULL: not known yet"),
    to("sources", "source_id", comment="NULL: left blank"),
    word("topic", words.Topic, comment="NULL: not asked"),
    to("staff", "owner_id", comment="NULL: unowned"),
    to("staff", "requested_clinician_id", comment="NULL: nobody in particular"),
    Column("reference", sa.String(24), comment="short local patient reference; NULL: none given"),
    Column("expectations", sa.String(280), comment="warm introductions: what was promised; NULL: nothing noted"),
    Column("answered_live", sa.Boolean, nullable=False, default=False),
    # response
    Column("window_minutes", sa.Integer, comment="staffed minutes promised; NULL: no promise in force"),
    Column(
        "respond_by", UtcDateTime, comment="earliest moment the window is used up; NULL: no promise, or no time of day"
    ),
    Column("first_attempt_at", UtcDateTime, comment="NULL: nobody tried yet"),
    Column("first_contact_at", UtcDateTime, comment="two-way; NULL: not reached yet"),
    Column("attempt_seconds", BIG, comment="staffed seconds to the first attempt; NULL: none, or not measurable"),
    Column(
        "contact_seconds", BIG, comment="staffed seconds to the first two-way contact; NULL: none, or not measurable"
    ),
    # to the visit
    Column("stage", sa.SmallInteger, nullable=False),
    word("service_fit", words.Check, nullable=False),
    word("demographics", words.Check, nullable=False),
    word("scheduling_needs", words.Check, nullable=False),
    word("eligibility", words.Eligibility, nullable=False),
    word("not_eligible_reason", words.NotEligibleReason, comment="NULL: not found ineligible"),
    word("records_status", words.RecordsStatus, nullable=False),
    word("scheduling_status", words.SchedulingStatus, nullable=False),
    Column("contacted_at", UtcDateTime, comment="about scheduling; NULL: not yet"),
    Column("offered_at", UtcDateTime, comment="NULL: nothing offered yet"),
    Column("told_what_to_expect", sa.Boolean, nullable=False, default=False),
    word("appointment_status", words.AppointmentStatus, comment="of the latest appointment; NULL: none yet"),
    Column("eligible_at", UtcDateTime, comment="NULL: not reached"),
    Column("records_at", UtcDateTime, comment="NULL: not reached"),
    Column("scheduled_at", UtcDateTime, comment="NULL: not reached"),
    Column("attended_at", UtcDateTime, comment="NULL: not reached"),
    Column("closed_at", UtcDateTime, comment="NULL: not closed"),
    word("close_reason", words.CloseReason, comment="NULL: not closed"),
    word("need", words.Need, comment="what it needs next; NULL: not open"),
    Column(
        "tries", sa.SmallInteger, nullable=False, default=0, comment="how often somebody tried, since it needs that"
    ),
    word("next_step", words.NextStep, comment="planned, promised or booked; NULL: none is, or not open"),
    Column(
        "next_step_by", UtcDateTime, comment="when the step that is planned, promised or booked is due; NULL: none is"
    ),
    word("put_off", words.PauseReason, comment="why the next step is not taken sooner; NULL: it was not put off"),
    word("waits_for", words.StallReason, comment="NULL: for its appointment, or not open"),
    Column("may_contact", sa.Boolean, nullable=False, default=True, comment="false: the person wants no contact"),
    word("preferred_contact", words.ContactMethod, comment="NULL: no wish"),
    to("leads", "duplicate_of", comment="the lead that goes on in its place; NULL: no duplicate, or not said of which"),
    Column("flags", sa.Integer, nullable=False, default=0, comment="bits of vocabulary.Flag"),
    # where it came from
    Column("idempotency_key", sa.String(64), unique=True, comment="of the form that logged it; NULL: imported"),
    Column("source_system", sa.Text, comment="NULL: logged here"),
    Column("source_key", sa.Text, comment="its id in the source system; NULL: logged here"),
    Column(
        "source_digest", sa.String(64), comment="of the imported row, to tell unchanged from updated; NULL: logged here"
    ),
    to("import_batches", "batch_id", comment="NULL: logged here"),
    sa.UniqueConstraint("source_system", "source_key"),
    CheckConstraint("stage BETWEEN 1 AND 5", name="stage"),
    CheckConstraint("(close_reason IS NULL) = (closed_at IS NULL)", name="closed_with_reason"),
    CheckConstraint("kind NOT IN ('partner_request', 'warm_intro') OR partner_id IS NOT NULL", name="partner_named"),
    CheckConstraint("kind <> 'partner_request' OR reference IS NULL", name="no_patient_in_partner_request"),
    CheckConstraint("kind <> 'information' OR topic IS NOT NULL", name="topic_named"),
    CheckConstraint("length(reference) <= 24 AND length(expectations) <= 280", name="short_texts"),
)
sa.Index("ix_leads_received_at", leads.c.received_at)

events = Table(
    "events",
    metadata,
    key(),
    to("leads", "lead_id"),
    word("kind", words.EventKind, nullable=False),
    Column("occurred_at", UtcDateTime, nullable=False),
    word("precision", words.Precision, nullable=False),
    Column("recorded_at", UtcDateTime, nullable=False),
    to("staff", "staff_id", comment="who recorded it; NULL: an import, a form or the system"),
    to("import_batches", "batch_id", comment="NULL: not imported"),
    Column("details", sa.JSON, nullable=False, comment="fields of the class in events.py that has this kind"),
    word("next_step", words.NextStep, comment="that the rules of follow-up set after it; NULL: none, or one stands"),
    Column("next_step_by", UtcDateTime, comment="NULL where next_step is"),
    Column("idempotency_key", sa.String(64), unique=True, comment="NULL: cannot be sent twice"),
    CheckConstraint("(next_step IS NULL) = (next_step_by IS NULL)", name="next_step_with_day"),
)
sa.Index("ix_events_lead_id", events.c.lead_id)

records = Table(
    "records",
    metadata,
    Column("lead_id", BIG, ForeignKey("leads.id"), primary_key=True),
    word("item", words.RecordItem, primary_key=True),
    Column("required", sa.Boolean, nullable=False),
    word("status", words.RecordsStatus, nullable=False),
    Column("requested_at", UtcDateTime, comment="first asked for; NULL: never"),
    Column("received_at", UtcDateTime, comment="NULL: not here"),
    Column("waived_at", UtcDateTime, comment="NULL: not found needless"),
)

appointments = Table(
    "appointments",
    metadata,
    Column("lead_id", BIG, ForeignKey("leads.id"), primary_key=True),
    Column("number", sa.SmallInteger, primary_key=True, comment="1 for the lead's first"),
    Column("replaces_number", sa.SmallInteger, comment="the appointment it was moved from; NULL: not moved"),
    Column("booked_at", UtcDateTime, nullable=False),
    Column("starts_at", UtcDateTime, comment="NULL: only the day is known, or not even that"),
    Column("starts_on", sa.Date, comment="local day; NULL: not known"),
    to("locations", "location_id"),
    to("staff", "provider_id", comment="NULL: not named"),
    Column("preparation_sent", sa.Boolean, nullable=False, default=False),
    word("status", words.AppointmentStatus, nullable=False),
    Column("outcome_at", UtcDateTime, comment="NULL: still ahead, or no outcome recorded"),
    word("cancelled_by", words.CancelledBy, comment="NULL: neither cancelled nor moved"),
)

# ---------------------------------------------------------------- what is counted

revisions = Table(
    "revisions",
    metadata,
    Column("id", BIG, primary_key=True),
    Column("revision", BIG, nullable=False),
    Column("facts_version", sa.SmallInteger, nullable=False, comment="which shape the facts were counted in"),
    CheckConstraint("id = 1", name="one_counter"),
)

for _table in metadata.tables.values():
    for _column in _table.columns:
        if _words := _column.info.get("words"):
            _allowed = ", ".join(f"'{member.value}'" for member in _words)
            _table.append_constraint(CheckConstraint(f"{_column.name} IN ({_allowed})", name=_column.name))
