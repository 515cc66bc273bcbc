"""The tables of the lead database; those of the practice itself are made in practice_tables.py.

Every column that holds a word of the vocabulary has a CHECK made from it, so the database refuses what the
vocabulary does not know. A column comment says what NULL means.
"""

import sqlalchemy as sa
from sqlalchemy import CheckConstraint, Column, ForeignKey, Table

from data_access import vocabulary as words
from data_access.columns import BIG, UtcDateTime, key, metadata, to, word
from data_access.import_tables import (
    import_batches as import_batches,
)
from data_access.import_tables import (
    removed_leads as removed_leads,
)
from data_access.import_tables import (
    saved_mappings as saved_mappings,
)
from data_access.import_tables import (
    watermarks as watermarks,
)
from data_access.people_tables import (
    audit_head as audit_head,
)
from data_access.people_tables import (
    audit_lines as audit_lines,
)
from data_access.people_tables import (
    retention_rules as retention_rules,
)
from data_access.people_tables import (
    sign_ins as sign_ins,
)
from data_access.people_tables import (
    staff_locations as staff_locations,
)
from data_access.practice_tables import (
    absences as absences,
)
from data_access.practice_tables import (
    annotations as annotations,
)
from data_access.practice_tables import (
    campaigns as campaigns,
)
from data_access.practice_tables import (
    checklist_items as checklist_items,
)
from data_access.practice_tables import (
    closures as closures,
)
from data_access.practice_tables import (
    content_items as content_items,
)
from data_access.practice_tables import (
    follow_up_rules as follow_up_rules,
)
from data_access.practice_tables import (
    frozen_reviews as frozen_reviews,
)
from data_access.practice_tables import (
    locations as locations,
)
from data_access.practice_tables import (
    openings as openings,
)
from data_access.practice_tables import (
    outreach as outreach,
)
from data_access.practice_tables import (
    partner_merges as partner_merges,
)
from data_access.practice_tables import (
    partner_notes as partner_notes,
)
from data_access.practice_tables import (
    partners as partners,
)
from data_access.practice_tables import (
    planned_openings as planned_openings,
)
from data_access.practice_tables import (
    practice as practice,
)
from data_access.practice_tables import (
    response_windows as response_windows,
)
from data_access.practice_tables import (
    review_actions as review_actions,
)
from data_access.practice_tables import (
    routes as routes,
)
from data_access.practice_tables import (
    service_lines as service_lines,
)
from data_access.practice_tables import (
    slots as slots,
)
from data_access.practice_tables import (
    sources as sources,
)
from data_access.practice_tables import (
    staff as staff,
)
from data_access.practice_tables import (
    staffed_hours as staffed_hours,
)
from data_access.practice_tables import (
    targets as targets,
)
from data_access.practice_tables import (
    texts as texts,
)
from data_access.practice_tables import (
    web_sources as web_sources,
)
from data_access.practice_tables import (
    withheld_words as withheld_words,
)

# ---------------------------------------------------------------- leads

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
    to("campaigns", "campaign_id", comment="NULL: none that is known"),
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
    sqlite_autoincrement=True,  # the number of a lead that was taken out is never given again
)
sa.Index("ix_leads_received_at", leads.c.received_at)
_merged = leads.c.duplicate_of.is_not(None)
sa.Index("ix_leads_duplicate_of", leads.c.duplicate_of, postgresql_where=_merged, sqlite_where=_merged)

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
    to("texts", "text_id", comment="the practice's text by which it was done; NULL: by none"),
    to("events", "copied_from_id", comment="the same line of a lead that was merged into this one; NULL: written here"),
    Column("idempotency_key", sa.String(64), unique=True, comment="NULL: cannot be sent twice"),
    CheckConstraint("(next_step IS NULL) = (next_step_by IS NULL)", name="next_step_with_day"),
)
sa.Index("ix_events_lead_id", events.c.lead_id)
_copied = events.c.copied_from_id.is_not(None)
sa.Index("ix_events_copied_from_id", events.c.copied_from_id, postgresql_where=_copied, sqlite_where=_copied)

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

contacts = Table(
    "contacts",
    metadata,
    Column("lead_id", BIG, ForeignKey("leads.id"), primary_key=True),
    Column("fingerprint", sa.String(64), nullable=False, comment="keyed hash of a phone number or an e-mail address"),
)
sa.Index("ix_contacts_fingerprint", contacts.c.fingerprint)

contact_details = Table(
    "contact_details",
    metadata,
    Column("lead_id", BIG, ForeignKey("leads.id"), primary_key=True),
    word("field", words.ContactField, primary_key=True),
    Column("key_name", sa.String(8), nullable=False, comment="which key it is encrypted with"),
    Column("sealed", sa.LargeBinary, nullable=False, comment="AES-256-GCM; bound to this lead and field"),
)

deidentified = Table(
    "deidentified",
    metadata,
    Column("lead_id", BIG, ForeignKey("leads.id"), primary_key=True),
    Column("at", UtcDateTime, nullable=False),
    word("because", words.DeidentifiedBecause, nullable=False),
)

web_posts = Table(
    "web_posts",
    metadata,
    key(),
    to("web_sources", "web_source_id"),
    Column("received_at", UtcDateTime, nullable=False),
    Column("idempotency_key", sa.String(64), nullable=False),
    Column("body_digest", sa.String(64), nullable=False),
    Column("body", sa.Text, comment="NULL: it became an inquiry, or somebody looked at it"),
    Column("refused_because", sa.Text, comment="NULL: it became an inquiry"),
    to("leads", "lead_id", comment="NULL: refused"),
    Column("looked_at", UtcDateTime, comment="NULL: not yet, or there is nothing to look at"),
    to("staff", "staff_id", comment="who looked at it; NULL: nobody yet"),
    CheckConstraint("(lead_id IS NULL) = (refused_because IS NOT NULL)", name="inquiry_or_reason"),
)
sa.Index("ix_web_posts_lead_id", web_posts.c.lead_id)
sa.Index("ix_web_posts_web_source_id_received_at", web_posts.c.web_source_id, web_posts.c.received_at)

# ---------------------------------------------------------------- what is counted

revisions = Table(
    "revisions",
    metadata,
    Column("id", BIG, primary_key=True),
    Column("revision", BIG, nullable=False),
    Column("facts_version", sa.SmallInteger, nullable=False, comment="which shape the facts were counted in"),
    CheckConstraint("id = 1", name="one_counter"),
)

LISTS = {
    "location": locations,
    "partner": partners,
    "service_line": service_lines,
    "source": sources,
    "campaign": campaigns,
    "owner": staff,
}
"""The practice's lists, by what an entry of each is to a lead."""

for _table in metadata.tables.values():
    for _column in _table.columns:
        if _words := _column.info.get("words"):
            _allowed = ", ".join(f"'{member.value}'" for member in _words)
            _table.append_constraint(CheckConstraint(f"{_column.name} IN ({_allowed})", name=_column.name))
