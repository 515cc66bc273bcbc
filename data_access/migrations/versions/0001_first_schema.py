"""first schema"""

import sqlalchemy as sa
from alembic import op


revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "import_batches",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("source_system", sa.Text(), nullable=False),
        sa.Column("files", sa.Text(), nullable=False),
        sa.Column("mapping_digest", sa.String(length=64), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "finished_at", sa.DateTime(timezone=True), nullable=True, comment="NULL: still running, or it failed"
        ),
        sa.Column("status", sa.String(length=32), nullable=False),
        sa.Column("read_rows", sa.Integer(), nullable=False),
        sa.Column("added_rows", sa.Integer(), nullable=False),
        sa.Column("updated_rows", sa.Integer(), nullable=False),
        sa.Column("unchanged_rows", sa.Integer(), nullable=False),
        sa.Column("flagged_rows", sa.Integer(), nullable=False),
        sa.Column("rejected_rows", sa.Integer(), nullable=False),
        sa.CheckConstraint("status IN ('running', 'finished', 'failed')", name=op.f("ck_import_batches_status")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_batches")),
    )
    op.create_table(
        "locations",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("zone", sa.Text(), nullable=False, comment="IANA time zone; days and weeks are counted in it"),
        sa.Column("address", sa.Text(), nullable=True, comment="NULL: not entered"),
        sa.Column("phone", sa.Text(), nullable=True, comment="NULL: not entered"),
        sa.Column("fax", sa.Text(), nullable=True, comment="NULL: none"),
        sa.Column("email", sa.Text(), nullable=True, comment="NULL: none"),
        sa.Column("secure_email", sa.Text(), nullable=True, comment="NULL: none"),
        sa.Column("referral_form_url", sa.Text(), nullable=True, comment="NULL: none"),
        sa.Column(
            "how_to_refer", sa.Text(), nullable=True, comment="what a clinician does to refer here; NULL: not entered"
        ),
        sa.Column("details_verified_on", sa.Date(), nullable=True, comment="NULL: never verified"),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_locations")),
        sa.UniqueConstraint("name", name=op.f("uq_locations_name")),
    )
    op.create_table(
        "partners",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("name_key", sa.Text(), nullable=False, comment="case- and space-folded name"),
        sa.Column("category", sa.String(length=32), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False, comment="partners are retired, never deleted"),
        sa.CheckConstraint(
            "category IN ('primary_care', 'specialist', 'therapist', 'hospital', 'care_coordinator', 'other')",
            name=op.f("ck_partners_category"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_partners")),
        sa.UniqueConstraint("name_key", name=op.f("uq_partners_name_key")),
    )
    op.create_table(
        "practice",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("zone", sa.Text(), nullable=False, comment="IANA time zone of the practice as a whole"),
        sa.Column("is_demo", sa.Boolean(), nullable=False),
        sa.Column("demo_until", sa.Date(), nullable=True, comment="last day the demo was made for; NULL: not a demo"),
        sa.Column("horizon_days", sa.Integer(), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_practice_one_practice")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_practice")),
    )
    op.create_table(
        "revisions",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("revision", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_revisions_one_counter")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_revisions")),
    )
    op.create_table(
        "service_lines",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("accepting", sa.Boolean(), nullable=False),
        sa.Column("appropriate_for", sa.Text(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_service_lines")),
        sa.UniqueConstraint("name", name=op.f("uq_service_lines_name")),
    )
    op.create_table(
        "sources",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sources")),
        sa.UniqueConstraint("name", name=op.f("uq_sources_name")),
    )
    op.create_table(
        "staff",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("role", sa.String(length=32), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.CheckConstraint(
            "role IN ('intake_coordinator', 'scheduling_lead', 'front_desk', 'clinical_review', 'manager', 'marketing', 'administrator')",
            name=op.f("ck_staff_role"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff")),
        sa.UniqueConstraint("name", name=op.f("uq_staff_name")),
    )
    op.create_table(
        "checklist_items",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column(
            "service_line_id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            nullable=True,
            comment="NULL: service lines without a list of their own",
        ),
        sa.Column("template_version", sa.Integer(), nullable=False),
        sa.Column("item", sa.String(length=32), nullable=False),
        sa.Column("required", sa.Boolean(), nullable=False),
        sa.Column("effective_from", sa.Date(), nullable=False),
        sa.CheckConstraint(
            "item IN ('clinical_notes', 'imaging_or_labs', 'medications_or_problems', 'reason_for_referral')",
            name=op.f("ck_checklist_items_item"),
        ),
        sa.ForeignKeyConstraint(
            ["service_line_id"], ["service_lines.id"], name=op.f("fk_checklist_items_service_line_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_checklist_items")),
    )
    op.create_table(
        "closures",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column(
            "location_id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            nullable=True,
            comment="NULL: every location",
        ),
        sa.Column("closed_on", sa.Date(), nullable=False),
        sa.Column("from_minute", sa.SmallInteger(), nullable=False),
        sa.Column("until_minute", sa.SmallInteger(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "from_minute >= 0 AND from_minute < until_minute AND until_minute <= 1440", name=op.f("ck_closures_minutes")
        ),
        sa.ForeignKeyConstraint(["location_id"], ["locations.id"], name=op.f("fk_closures_location_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_closures")),
    )
    op.create_table(
        "leads",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False, comment="optimistic lock"),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("received_precision", sa.String(length=32), nullable=False),
        sa.Column("logged_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("pathway", sa.String(length=32), nullable=False),
        sa.Column("channel", sa.String(length=32), nullable=False),
        sa.Column("asker", sa.String(length=32), nullable=False),
        sa.Column("priority", sa.String(length=32), nullable=False),
        sa.Column("location_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "partner_id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            nullable=True,
            comment="NULL: unknown, or nobody referred",
        ),
        sa.Column("partner_category", sa.String(length=32), nullable=True, comment="NULL: unknown, or nobody referred"),
        sa.Column(
            "service_line_id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            nullable=True,
            comment="NULL: not known yet",
        ),
        sa.Column(
            "source_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True, comment="NULL: left blank"
        ),
        sa.Column("topic", sa.String(length=32), nullable=True, comment="NULL: not asked"),
        sa.Column(
            "owner_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True, comment="NULL: unowned"
        ),
        sa.Column(
            "requested_clinician_id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            nullable=True,
            comment="NULL: nobody in particular",
        ),
        sa.Column(
            "reference", sa.String(length=24), nullable=True, comment="short local patient reference; NULL: none given"
        ),
        sa.Column(
            "expectations",
            sa.String(length=280),
            nullable=True,
            comment="warm introductions: what was promised; NULL: nothing noted",
        ),
        sa.Column("answered_live", sa.Boolean(), nullable=False),
        sa.Column(
            "window_minutes", sa.Integer(), nullable=True, comment="staffed minutes promised; NULL: no promise in force"
        ),
        sa.Column(
            "respond_by",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="earliest moment the window is used up; NULL: no promise, or no time of day",
        ),
        sa.Column("first_attempt_at", sa.DateTime(timezone=True), nullable=True, comment="NULL: nobody tried yet"),
        sa.Column(
            "first_contact_at", sa.DateTime(timezone=True), nullable=True, comment="two-way; NULL: not reached yet"
        ),
        sa.Column(
            "attempt_seconds",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            nullable=True,
            comment="staffed seconds to the first attempt; NULL: none, or not measurable",
        ),
        sa.Column(
            "contact_seconds",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            nullable=True,
            comment="staffed seconds to the first two-way contact; NULL: none, or not measurable",
        ),
        sa.Column("stage", sa.SmallInteger(), nullable=False),
        sa.Column("service_fit", sa.String(length=32), nullable=False),
        sa.Column("demographics", sa.String(length=32), nullable=False),
        sa.Column("scheduling_needs", sa.String(length=32), nullable=False),
        sa.Column("eligibility", sa.String(length=32), nullable=False),
        sa.Column("not_eligible_reason", sa.String(length=32), nullable=True, comment="NULL: not found ineligible"),
        sa.Column("records_status", sa.String(length=32), nullable=False),
        sa.Column("scheduling_status", sa.String(length=32), nullable=False),
        sa.Column("contacted_at", sa.DateTime(timezone=True), nullable=True, comment="about scheduling; NULL: not yet"),
        sa.Column("offered_at", sa.DateTime(timezone=True), nullable=True, comment="NULL: nothing offered yet"),
        sa.Column("told_what_to_expect", sa.Boolean(), nullable=False),
        sa.Column(
            "appointment_status",
            sa.String(length=32),
            nullable=True,
            comment="of the latest appointment; NULL: none yet",
        ),
        sa.Column("eligible_at", sa.DateTime(timezone=True), nullable=True, comment="NULL: not reached"),
        sa.Column("records_at", sa.DateTime(timezone=True), nullable=True, comment="NULL: not reached"),
        sa.Column("scheduled_at", sa.DateTime(timezone=True), nullable=True, comment="NULL: not reached"),
        sa.Column("attended_at", sa.DateTime(timezone=True), nullable=True, comment="NULL: not reached"),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True, comment="NULL: not closed"),
        sa.Column("close_reason", sa.String(length=32), nullable=True, comment="NULL: not closed"),
        sa.Column("flags", sa.Integer(), nullable=False, comment="bits of vocabulary.Flag"),
        sa.Column(
            "idempotency_key", sa.String(length=64), nullable=True, comment="of the form that logged it; NULL: imported"
        ),
        sa.Column("source_system", sa.Text(), nullable=True, comment="NULL: logged here"),
        sa.Column("source_key", sa.Text(), nullable=True, comment="its id in the source system; NULL: logged here"),
        sa.Column(
            "source_digest",
            sa.String(length=64),
            nullable=True,
            comment="of the imported row, to tell unchanged from updated; NULL: logged here",
        ),
        sa.Column(
            "batch_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True, comment="NULL: logged here"
        ),
        sa.CheckConstraint(
            "appointment_status IN ('scheduled', 'attended', 'no_show', 'cancelled', 'rescheduled')",
            name=op.f("ck_leads_appointment_status"),
        ),
        sa.CheckConstraint(
            "asker IN ('patient', 'caregiver', 'clinician', 'not_recorded')", name=op.f("ck_leads_asker")
        ),
        sa.CheckConstraint(
            "channel IN ('phone', 'email', 'web_form', 'fax', 'secure_email', 'partner_outreach', 'walk_in', 'not_recorded')",
            name=op.f("ck_leads_channel"),
        ),
        sa.CheckConstraint(
            "close_reason IN ('not_eligible', 'withdrawn', 'unreachable', 'went_elsewhere', 'no_capacity', 'records_missing', 'other', 'answered', 'duplicate', 'spam', 'test')",
            name=op.f("ck_leads_close_reason"),
        ),
        sa.CheckConstraint("demographics IN ('ok', 'not_ok', 'unknown')", name=op.f("ck_leads_demographics")),
        sa.CheckConstraint(
            "eligibility IN ('not_checked', 'eligible', 'not_eligible', 'needs_clinical_review')",
            name=op.f("ck_leads_eligibility"),
        ),
        sa.CheckConstraint("kind <> 'information' OR topic IS NOT NULL", name=op.f("ck_leads_topic_named")),
        sa.CheckConstraint(
            "length(reference) <= 24 AND length(expectations) <= 280", name=op.f("ck_leads_short_texts")
        ),
        sa.CheckConstraint(
            "kind <> 'partner_request' OR reference IS NULL", name=op.f("ck_leads_no_patient_in_partner_request")
        ),
        sa.CheckConstraint(
            "kind IN ('partner_request', 'scheduling', 'information', 'warm_intro')", name=op.f("ck_leads_kind")
        ),
        sa.CheckConstraint(
            "kind NOT IN ('partner_request', 'warm_intro') OR partner_id IS NOT NULL",
            name=op.f("ck_leads_partner_named"),
        ),
        sa.CheckConstraint(
            "not_eligible_reason IN ('service_not_offered', 'demographics', 'scheduling_needs', 'coverage', 'other')",
            name=op.f("ck_leads_not_eligible_reason"),
        ),
        sa.CheckConstraint(
            "partner_category IN ('primary_care', 'specialist', 'therapist', 'hospital', 'care_coordinator', 'other')",
            name=op.f("ck_leads_partner_category"),
        ),
        sa.CheckConstraint("pathway IN ('clinician', 'patient')", name=op.f("ck_leads_pathway")),
        sa.CheckConstraint("priority IN ('routine', 'soon', 'urgent')", name=op.f("ck_leads_priority")),
        sa.CheckConstraint("received_precision IN ('minute', 'day')", name=op.f("ck_leads_received_precision")),
        sa.CheckConstraint(
            "records_status IN ('pending', 'requested', 'received', 'not_needed')", name=op.f("ck_leads_records_status")
        ),
        sa.CheckConstraint("scheduling_needs IN ('ok', 'not_ok', 'unknown')", name=op.f("ck_leads_scheduling_needs")),
        sa.CheckConstraint(
            "scheduling_status IN ('not_contacted', 'contacted', 'offered', 'booked')",
            name=op.f("ck_leads_scheduling_status"),
        ),
        sa.CheckConstraint("service_fit IN ('ok', 'not_ok', 'unknown')", name=op.f("ck_leads_service_fit")),
        sa.CheckConstraint(
            "topic IN ('initial_consult', 'triage', 'documentation', 'treatment_pathways', 'preparation', 'self_pay', 'other')",
            name=op.f("ck_leads_topic"),
        ),
        sa.CheckConstraint("(close_reason IS NULL) = (closed_at IS NULL)", name=op.f("ck_leads_closed_with_reason")),
        sa.CheckConstraint("stage BETWEEN 1 AND 5", name=op.f("ck_leads_stage")),
        sa.ForeignKeyConstraint(["batch_id"], ["import_batches.id"], name=op.f("fk_leads_batch_id")),
        sa.ForeignKeyConstraint(["location_id"], ["locations.id"], name=op.f("fk_leads_location_id")),
        sa.ForeignKeyConstraint(["owner_id"], ["staff.id"], name=op.f("fk_leads_owner_id")),
        sa.ForeignKeyConstraint(["partner_id"], ["partners.id"], name=op.f("fk_leads_partner_id")),
        sa.ForeignKeyConstraint(["requested_clinician_id"], ["staff.id"], name=op.f("fk_leads_requested_clinician_id")),
        sa.ForeignKeyConstraint(["service_line_id"], ["service_lines.id"], name=op.f("fk_leads_service_line_id")),
        sa.ForeignKeyConstraint(["source_id"], ["sources.id"], name=op.f("fk_leads_source_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_leads")),
        sa.UniqueConstraint("idempotency_key", name=op.f("uq_leads_idempotency_key")),
        sa.UniqueConstraint("source_system", "source_key", name=op.f("uq_leads_source_system_source_key")),
    )
    with op.batch_alter_table("leads", schema=None) as batch_op:
        batch_op.create_index("ix_leads_received_at", ["received_at"], unique=False)

    op.create_table(
        "openings",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("location_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("open_on", sa.Date(), nullable=False),
        sa.Column("opens_minute", sa.SmallInteger(), nullable=False),
        sa.Column("closes_minute", sa.SmallInteger(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "opens_minute BETWEEN 0 AND 1439 AND closes_minute BETWEEN 0 AND 1440", name=op.f("ck_openings_minutes")
        ),
        sa.ForeignKeyConstraint(["location_id"], ["locations.id"], name=op.f("fk_openings_location_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_openings")),
    )
    op.create_table(
        "response_windows",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column(
            "location_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True, comment="NULL: any"
        ),
        sa.Column("pathway", sa.String(length=32), nullable=True, comment="NULL: any"),
        sa.Column("channel", sa.String(length=32), nullable=True, comment="NULL: any"),
        sa.Column("kind", sa.String(length=32), nullable=True, comment="NULL: any"),
        sa.Column("priority", sa.String(length=32), nullable=True, comment="NULL: any"),
        sa.Column(
            "window_minutes", sa.Integer(), nullable=True, comment="staffed minutes; NULL: no promise from this date on"
        ),
        sa.Column("effective_from", sa.Date(), nullable=False),
        sa.CheckConstraint(
            "channel IN ('phone', 'email', 'web_form', 'fax', 'secure_email', 'partner_outreach', 'walk_in', 'not_recorded')",
            name=op.f("ck_response_windows_channel"),
        ),
        sa.CheckConstraint(
            "kind IN ('partner_request', 'scheduling', 'information', 'warm_intro')",
            name=op.f("ck_response_windows_kind"),
        ),
        sa.CheckConstraint("pathway IN ('clinician', 'patient')", name=op.f("ck_response_windows_pathway")),
        sa.CheckConstraint("priority IN ('routine', 'soon', 'urgent')", name=op.f("ck_response_windows_priority")),
        sa.CheckConstraint("window_minutes >= 0", name=op.f("ck_response_windows_window")),
        sa.ForeignKeyConstraint(["location_id"], ["locations.id"], name=op.f("fk_response_windows_location_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_response_windows")),
    )
    op.create_table(
        "staffed_hours",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("location_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("weekday", sa.SmallInteger(), nullable=False, comment="0 Monday .. 6 Sunday, local"),
        sa.Column("opens_minute", sa.SmallInteger(), nullable=False, comment="local minute of day"),
        sa.Column(
            "closes_minute", sa.SmallInteger(), nullable=False, comment="not after opens_minute: closes the next day"
        ),
        sa.Column("effective_from", sa.Date(), nullable=False),
        sa.Column(
            "effective_until", sa.Date(), nullable=True, comment="first day on which it no longer holds; NULL: in force"
        ),
        sa.CheckConstraint(
            "effective_until IS NULL OR effective_until > effective_from", name=op.f("ck_staffed_hours_effective")
        ),
        sa.CheckConstraint(
            "opens_minute BETWEEN 0 AND 1439 AND closes_minute BETWEEN 0 AND 1440",
            name=op.f("ck_staffed_hours_minutes"),
        ),
        sa.CheckConstraint("weekday BETWEEN 0 AND 6", name=op.f("ck_staffed_hours_weekday")),
        sa.ForeignKeyConstraint(["location_id"], ["locations.id"], name=op.f("fk_staffed_hours_location_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staffed_hours")),
    )
    op.create_table(
        "targets",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("metric", sa.String(length=32), nullable=False),
        sa.Column(
            "location_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True, comment="NULL: any"
        ),
        sa.Column("value", sa.Float(), nullable=False, comment="a proportion in [0, 1]"),
        sa.Column("effective_from", sa.Date(), nullable=False),
        sa.CheckConstraint("metric IN ('response_in_time')", name=op.f("ck_targets_metric")),
        sa.CheckConstraint("value BETWEEN 0 AND 1", name=op.f("ck_targets_value")),
        sa.ForeignKeyConstraint(["location_id"], ["locations.id"], name=op.f("fk_targets_location_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_targets")),
    )
    op.create_table(
        "appointments",
        sa.Column("lead_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("number", sa.SmallInteger(), nullable=False, comment="1 for the lead's first"),
        sa.Column(
            "replaces_number",
            sa.SmallInteger(),
            nullable=True,
            comment="the appointment it was moved from; NULL: not moved",
        ),
        sa.Column("booked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "starts_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="NULL: only the day is known, or not even that",
        ),
        sa.Column("starts_on", sa.Date(), nullable=True, comment="local day; NULL: not known"),
        sa.Column("location_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "provider_id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            nullable=True,
            comment="NULL: not named",
        ),
        sa.Column("preparation_sent", sa.Boolean(), nullable=False),
        sa.Column("status", sa.String(length=32), nullable=False),
        sa.Column(
            "outcome_at", sa.DateTime(timezone=True), nullable=True, comment="NULL: still ahead, or no outcome recorded"
        ),
        sa.Column("cancelled_by", sa.String(length=32), nullable=True, comment="NULL: neither cancelled nor moved"),
        sa.CheckConstraint("cancelled_by IN ('patient', 'practice')", name=op.f("ck_appointments_cancelled_by")),
        sa.CheckConstraint(
            "status IN ('scheduled', 'attended', 'no_show', 'cancelled', 'rescheduled')",
            name=op.f("ck_appointments_status"),
        ),
        sa.ForeignKeyConstraint(["lead_id"], ["leads.id"], name=op.f("fk_appointments_lead_id")),
        sa.ForeignKeyConstraint(["location_id"], ["locations.id"], name=op.f("fk_appointments_location_id")),
        sa.ForeignKeyConstraint(["provider_id"], ["staff.id"], name=op.f("fk_appointments_provider_id")),
        sa.PrimaryKeyConstraint("lead_id", "number", name=op.f("pk_appointments")),
    )
    op.create_table(
        "events",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("lead_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("precision", sa.String(length=32), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "staff_id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            nullable=True,
            comment="who recorded it; NULL: an import, a form or the system",
        ),
        sa.Column(
            "batch_id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            nullable=True,
            comment="NULL: not imported",
        ),
        sa.Column("details", sa.JSON(), nullable=False, comment="fields of the class in events.py that has this kind"),
        sa.Column("idempotency_key", sa.String(length=64), nullable=True, comment="NULL: cannot be sent twice"),
        sa.CheckConstraint(
            "kind IN ('received', 'attempted', 'reached', 'acknowledged', 'told_what_to_expect', 'eligibility_checked', 'records_requested', 'records_received', 'records_waived', 'contacted', 'offered', 'booked', 'attended', 'no_show', 'cancelled', 'rescheduled', 'closed', 'reopened', 'voided')",
            name=op.f("ck_events_kind"),
        ),
        sa.CheckConstraint("precision IN ('minute', 'day')", name=op.f("ck_events_precision")),
        sa.ForeignKeyConstraint(["batch_id"], ["import_batches.id"], name=op.f("fk_events_batch_id")),
        sa.ForeignKeyConstraint(["lead_id"], ["leads.id"], name=op.f("fk_events_lead_id")),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_events_staff_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_events")),
        sa.UniqueConstraint("idempotency_key", name=op.f("uq_events_idempotency_key")),
    )
    with op.batch_alter_table("events", schema=None) as batch_op:
        batch_op.create_index("ix_events_lead_id", ["lead_id"], unique=False)

    op.create_table(
        "appointment_facts",
        sa.Column("lead_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("number", sa.SmallInteger(), nullable=False, comment="of the appointment, 1 for the lead's first"),
        sa.Column("booked_at", sa.Integer(), nullable=False),
        sa.Column("starts_at", sa.Integer(), nullable=False),
        sa.Column("outcome_at", sa.Integer(), nullable=False),
        sa.Column("eligible_at", sa.Integer(), nullable=False),
        sa.Column("start_day", sa.Integer(), nullable=False),
        sa.Column("lead_days", sa.Integer(), nullable=False),
        sa.Column("location", sa.Integer(), nullable=False),
        sa.Column("partner", sa.Integer(), nullable=False),
        sa.Column("service_line", sa.Integer(), nullable=False),
        sa.Column("source", sa.Integer(), nullable=False),
        sa.Column("owner", sa.Integer(), nullable=False),
        sa.Column("start_week", sa.SmallInteger(), nullable=False),
        sa.Column("start_weekday", sa.SmallInteger(), nullable=False),
        sa.Column("outcome", sa.SmallInteger(), nullable=False),
        sa.Column("cancelled_by", sa.SmallInteger(), nullable=False),
        sa.Column("late", sa.SmallInteger(), nullable=False),
        sa.Column("first_visit", sa.SmallInteger(), nullable=False),
        sa.Column("kind", sa.SmallInteger(), nullable=False),
        sa.Column("pathway", sa.SmallInteger(), nullable=False),
        sa.Column("channel", sa.SmallInteger(), nullable=False),
        sa.Column("priority", sa.SmallInteger(), nullable=False),
        sa.Column("partner_category", sa.SmallInteger(), nullable=False),
        sa.Column("topic", sa.SmallInteger(), nullable=False),
        sa.Column("asker", sa.SmallInteger(), nullable=False),
        sa.ForeignKeyConstraint(["lead_id"], ["leads.id"], name=op.f("fk_appointment_facts_lead_id")),
        sa.PrimaryKeyConstraint("lead_id", "number", name=op.f("pk_appointment_facts")),
    )
    with op.batch_alter_table("appointment_facts", schema=None) as batch_op:
        batch_op.create_index("ix_appointment_facts_start_day", ["start_day"], unique=False)

    op.create_table(
        "lead_facts",
        sa.Column("lead_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "part", sa.SmallInteger(), nullable=False, comment="0, and one more for each return to an earlier stage"
        ),
        sa.Column(
            "revision",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            nullable=True,
            comment="of the write that made it; NULL only inside that write",
        ),
        sa.Column("valid_from", sa.Integer(), nullable=False),
        sa.Column("valid_until", sa.Integer(), nullable=False),
        sa.Column("received_at", sa.Integer(), nullable=False),
        sa.Column("eligible_at", sa.Integer(), nullable=False),
        sa.Column("records_at", sa.Integer(), nullable=False),
        sa.Column("scheduled_at", sa.Integer(), nullable=False),
        sa.Column("attended_at", sa.Integer(), nullable=False),
        sa.Column("closed_at", sa.Integer(), nullable=False),
        sa.Column("due_at", sa.Integer(), nullable=False),
        sa.Column("attempt_at", sa.Integer(), nullable=False),
        sa.Column("contact_at", sa.Integer(), nullable=False),
        sa.Column("received_day", sa.Integer(), nullable=False),
        sa.Column("eligible_lag", sa.Integer(), nullable=False),
        sa.Column("records_lag", sa.Integer(), nullable=False),
        sa.Column("scheduled_lag", sa.Integer(), nullable=False),
        sa.Column("attended_lag", sa.Integer(), nullable=False),
        sa.Column("visit_lag", sa.Integer(), nullable=False),
        sa.Column("closed_lag", sa.Integer(), nullable=False),
        sa.Column("attempt_minutes", sa.Integer(), nullable=False),
        sa.Column("contact_minutes", sa.Integer(), nullable=False),
        sa.Column("location", sa.Integer(), nullable=False),
        sa.Column("partner", sa.Integer(), nullable=False),
        sa.Column("service_line", sa.Integer(), nullable=False),
        sa.Column("source", sa.Integer(), nullable=False),
        sa.Column("owner", sa.Integer(), nullable=False),
        sa.Column("received_week", sa.SmallInteger(), nullable=False),
        sa.Column("received_hour", sa.SmallInteger(), nullable=False),
        sa.Column("due_week", sa.SmallInteger(), nullable=False),
        sa.Column("flags", sa.SmallInteger(), nullable=False),
        sa.Column("attempt_met", sa.SmallInteger(), nullable=False),
        sa.Column("contact_met", sa.SmallInteger(), nullable=False),
        sa.Column("answered_live", sa.SmallInteger(), nullable=False),
        sa.Column("stage", sa.SmallInteger(), nullable=False),
        sa.Column("moved_back", sa.SmallInteger(), nullable=False),
        sa.Column("close_reason", sa.SmallInteger(), nullable=False),
        sa.Column("kind", sa.SmallInteger(), nullable=False),
        sa.Column("pathway", sa.SmallInteger(), nullable=False),
        sa.Column("channel", sa.SmallInteger(), nullable=False),
        sa.Column("priority", sa.SmallInteger(), nullable=False),
        sa.Column("partner_category", sa.SmallInteger(), nullable=False),
        sa.Column("topic", sa.SmallInteger(), nullable=False),
        sa.Column("asker", sa.SmallInteger(), nullable=False),
        sa.Column("visit_weekday", sa.SmallInteger(), nullable=False),
        sa.ForeignKeyConstraint(["lead_id"], ["leads.id"], name=op.f("fk_lead_facts_lead_id")),
        sa.PrimaryKeyConstraint("lead_id", "part", name=op.f("pk_lead_facts")),
    )
    with op.batch_alter_table("lead_facts", schema=None) as batch_op:
        batch_op.create_index("ix_lead_facts_received_day", ["received_day"], unique=False)
        batch_op.create_index("ix_lead_facts_revision", ["revision"], unique=False)

    op.create_table(
        "records",
        sa.Column("lead_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("item", sa.String(length=32), nullable=False),
        sa.Column("required", sa.Boolean(), nullable=False),
        sa.Column("status", sa.String(length=32), nullable=False),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=True, comment="first asked for; NULL: never"),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=True, comment="NULL: not here"),
        sa.CheckConstraint(
            "item IN ('clinical_notes', 'imaging_or_labs', 'medications_or_problems', 'reason_for_referral')",
            name=op.f("ck_records_item"),
        ),
        sa.CheckConstraint(
            "status IN ('pending', 'requested', 'received', 'not_needed')", name=op.f("ck_records_status")
        ),
        sa.ForeignKeyConstraint(["lead_id"], ["leads.id"], name=op.f("fk_records_lead_id")),
        sa.PrimaryKeyConstraint("lead_id", "item", name=op.f("pk_records")),
    )


def downgrade() -> None:
    op.drop_table("records")
    with op.batch_alter_table("appointment_facts", schema=None) as batch_op:
        batch_op.drop_index("ix_appointment_facts_start_day")

    op.drop_table("appointment_facts")
    with op.batch_alter_table("lead_facts", schema=None) as batch_op:
        batch_op.drop_index("ix_lead_facts_revision")
        batch_op.drop_index("ix_lead_facts_received_day")

    op.drop_table("lead_facts")
    with op.batch_alter_table("events", schema=None) as batch_op:
        batch_op.drop_index("ix_events_lead_id")

    op.drop_table("events")
    op.drop_table("appointments")
    op.drop_table("targets")
    op.drop_table("staffed_hours")
    op.drop_table("response_windows")
    op.drop_table("openings")
    with op.batch_alter_table("leads", schema=None) as batch_op:
        batch_op.drop_index("ix_leads_received_at")

    op.drop_table("leads")
    op.drop_table("closures")
    op.drop_table("checklist_items")
    op.drop_table("staff")
    op.drop_table("sources")
    op.drop_table("service_lines")
    op.drop_table("revisions")
    op.drop_table("practice")
    op.drop_table("partners")
    op.drop_table("locations")
    op.drop_table("import_batches")
