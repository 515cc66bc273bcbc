"""The tables of the practice itself: its places and hours, promises, checklists, people, partners and rules."""

import sqlalchemy as sa
from sqlalchemy import CheckConstraint, Column, Table

from data_access import vocabulary as words
from data_access.columns import BIG, UtcDateTime, key, metadata, to, word

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
    Column("active", sa.Boolean, nullable=False, default=True),
)

checklist_items = Table(
    "checklist_items",
    metadata,
    key(),
    to("service_lines", "service_line_id", comment="NULL: service lines without a list of their own"),
    Column("template_version", sa.Integer, nullable=False),
    word("item", words.RecordItem, nullable=False),
    Column("asked", sa.Boolean, nullable=False, default=True, comment="false: this version does not ask for it"),
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

campaigns = Table(
    "campaigns",
    metadata,
    key(),
    Column("name", sa.Text, nullable=False, unique=True),
    Column("began_on", sa.Date, comment="NULL: not known"),
    Column("active", sa.Boolean, nullable=False, default=True),
)

content_items = Table(
    "content_items",
    metadata,
    key(),
    Column("name", sa.Text, nullable=False, unique=True),
    word("topic", words.Topic, nullable=False),
    Column("published_on", sa.Date, nullable=False),
    Column("reviewed_on", sa.Date, comment="NULL: not since it was published"),
    Column("active", sa.Boolean, nullable=False, default=True),
    CheckConstraint("reviewed_on IS NULL OR reviewed_on >= published_on", name="order"),
)

staff = Table(
    "staff",
    metadata,
    key(),
    Column("name", sa.Text, nullable=False, unique=True),
    word("role", words.Role, nullable=False),
    Column("active", sa.Boolean, nullable=False, default=True),
    Column("email", sa.String(254), comment="lower case, with which they sign in; NULL: they do not"),
    Column("sees_all", sa.Boolean, nullable=False, default=False, comment="false: the locations of staff_locations"),
)
sa.Index("uq_staff_email", staff.c.email, unique=True)

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
    Column("quiet_days", sa.SmallInteger, comment="staffed days of quiet after the last try; NULL: as wait_days"),
    Column("effective_from", sa.Date, nullable=False),
    CheckConstraint("wait_days BETWEEN 0 AND 365", name="wait"),
    CheckConstraint("at_most > 0", name="tries"),
    CheckConstraint("quiet_days BETWEEN 0 AND 365", name="quiet"),
)

partners = Table(
    "partners",
    metadata,
    key(),
    Column("name", sa.Text, nullable=False),
    Column("name_key", sa.Text, nullable=False, unique=True, comment="case- and space-folded name"),
    word("category", words.PartnerCategory, nullable=False),
    Column("active", sa.Boolean, nullable=False, default=True, comment="partners are retired, never deleted"),
    Column("may_contact", sa.Boolean, nullable=False, default=True, comment="false: the partner wants no contact"),
    word("preferred_contact", words.ContactMethod, comment="NULL: no wish"),
    Column(
        "report_back", sa.Boolean, nullable=False, default=False, comment="whether it is agreed that results go back"
    ),
)

partner_merges = Table(
    "partner_merges",
    metadata,
    key(),
    to("partners", "partner_id"),
    to("partners", "into_id"),
    Column("merged_at", UtcDateTime, nullable=False),
    Column("undone_at", UtcDateTime, comment="NULL: it stands"),
    to("staff", "staff_id", comment="who merged them; NULL: from the command line"),
    CheckConstraint("partner_id <> into_id", name="two"),
)

_stands = partner_merges.c.undone_at.is_(None)
sa.Index(
    "uq_partner_merges_stands", partner_merges.c.partner_id, unique=True, postgresql_where=_stands, sqlite_where=_stands
)

outreach = Table(
    "outreach",
    metadata,
    key(),
    word("kind", words.Outreach, nullable=False),
    to("partners", "partner_id", comment="NULL: a whole category"),
    word("partner_category", words.PartnerCategory, comment="NULL: one partner"),
    Column("text", sa.String(160), nullable=False),
    Column("due_on", sa.Date, nullable=False),
    Column("done_on", sa.Date, comment="NULL: not done yet"),
    to("staff", "owner_id"),
    Column("written_at", UtcDateTime, nullable=False),
    Column("withdrawn_at", UtcDateTime, comment="NULL: it stands"),
    CheckConstraint("length(text) BETWEEN 1 AND 160", name="short"),
    CheckConstraint("(partner_id IS NULL) <> (partner_category IS NULL)", name="partner_or_category"),
)
sa.Index("ix_outreach_partner_id", outreach.c.partner_id)

partner_notes = Table(
    "partner_notes",
    metadata,
    key(),
    to("partners", "partner_id"),
    Column("from_on", sa.Date, nullable=False, comment="first day of the cycle that it is about"),
    Column("until_on", sa.Date, nullable=False, comment="the first day after it"),
    Column("body", sa.Text, nullable=False, comment="as it was sent; no patient is in it"),
    Column("sent_at", UtcDateTime, nullable=False),
    word("method", words.ContactMethod, nullable=False),
    to("staff", "staff_id", comment="who sent it; NULL: from the command line"),
    Column("withdrawn_at", UtcDateTime, comment="NULL: it was sent"),
    CheckConstraint("until_on > from_on", name="order"),
)
sa.Index("ix_partner_notes_partner_id", partner_notes.c.partner_id)

texts = Table(
    "texts",
    metadata,
    key(),
    word("use", words.TextUse, nullable=False),
    word("kind", words.Kind, comment="NULL: any"),
    word("need", words.Need, comment="NULL: any"),
    to("locations", "location_id", comment="NULL: any"),
    to("service_lines", "service_line_id", comment="NULL: any"),
    Column("version", sa.Integer, nullable=False, comment="counts the texts with the same use and keys"),
    Column("body", sa.Text, nullable=False, comment="Markdown; empty: no text from this date on"),
    Column("effective_from", sa.Date, nullable=False),
    Column("written_at", UtcDateTime, nullable=False),
    to("staff", "staff_id", comment="who wrote it; NULL: from the command line, or it came with the practice"),
)

withheld_words = Table(
    "withheld_words",
    metadata,
    Column("vocabulary", sa.String(32), primary_key=True, comment="the vocabulary's class"),
    Column("word", sa.String(32), primary_key=True, comment="no longer offered; what was noted with it stays"),
)

web_sources = Table(
    "web_sources",
    metadata,
    key(),
    Column("name", sa.String(40), nullable=False, unique=True),
    Column("key_number", sa.Integer, nullable=False, comment="counts the renewals of its key; the key is kept nowhere"),
    Column("active", sa.Boolean, nullable=False, default=True),
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
    Column("revision", BIG, comment="of the write that made it what it is; NULL only inside that write"),
    CheckConstraint("taken_at IS NULL OR taken_at >= opened_at", name="order"),
)
sa.Index("ix_slots_revision", slots.c.revision)
sa.Index("ix_slots_starts_at", slots.c.starts_at)

planned_openings = Table(
    "planned_openings",
    metadata,
    key(),
    to("locations", "location_id"),
    to("service_lines", "service_line_id", comment="NULL: any"),
    Column("per_week", sa.SmallInteger, comment="openings for new patients; NULL: not planned from this date on"),
    Column("effective_from", sa.Date, nullable=False),
    CheckConstraint("per_week BETWEEN 0 AND 999", name="per_week"),
)

review_actions = Table(
    "review_actions",
    metadata,
    key(),
    Column("text", sa.String(160), nullable=False),
    to("staff", "owner_id"),
    Column("due_on", sa.Date, nullable=False),
    word("series", words.TrendSeries, comment="the weekly number that it is to move; NULL: none"),
    to("locations", "location_id", comment="where; NULL: the whole practice"),
    to("partners", "partner_id", comment="with which partner; NULL: none in particular"),
    Column("week", sa.SmallInteger, nullable=False, comment="number of the ISO week whose review decided it"),
    Column("decided_at", UtcDateTime, nullable=False),
    to("staff", "staff_id", comment="who wrote it down; NULL: from the command line, or it came with the practice"),
    Column("ended_at", UtcDateTime, comment="NULL: open"),
    word("ending", words.ActionEnding, comment="NULL: open"),
    CheckConstraint("length(text) BETWEEN 1 AND 160", name="short"),
    CheckConstraint("(ended_at IS NULL) = (ending IS NULL)", name="ended_somehow"),
)

frozen_reviews = Table(
    "frozen_reviews",
    metadata,
    key(),
    Column("week", sa.SmallInteger, nullable=False, comment="number of the ISO week"),
    Column("filters", sa.Text, nullable=False, comment="as the page's address has them; empty: none"),
    Column("frozen_at", UtcDateTime, nullable=False),
    to("staff", "staff_id", comment="who froze it; NULL: from the command line"),
    Column("content", sa.JSON, nullable=False, comment="what the meeting saw; no lead and no person is in it"),
    Column("digest", sa.String(64), nullable=False, comment="of the content"),
)
sa.Index("ix_frozen_reviews_week", frozen_reviews.c.week)

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
