"""The migrations make the tables that the code declares, and engines behave as promised."""

import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext

from data_access import checklists, facts, schema, texts
from data_access import engine as databases
from data_access import events as e
from data_access.columns import UtcDateTime, metadata
from data_access.fact_tables import (
    appointment_facts,
    item_facts,
    lead_facts,
    request_facts,
    situation_facts,
    spell_facts,
)
from data_access.tables import leads, revisions
from data_access.vocabulary import RecordItem
from tests import factories
from tests.factories import NOW, World, log


def test_the_migrations_make_the_declared_tables(database: sa.Engine) -> None:
    """Columns, types, keys and indexes: no difference on either database."""
    with database.connect() as c:
        difference = compare_metadata(MigrationContext.configure(c, opts={"compare_type": True}), metadata)
    assert not [d for d in difference if "comment" not in str(d[0])]


def test_every_word_column_has_its_check_in_the_database(database: sa.Engine) -> None:
    """The vocabulary of today is what the database holds columns to."""
    inspector = sa.inspect(database)
    for table in metadata.sorted_tables:
        checks = {c["name"]: c["sqltext"] for c in inspector.get_check_constraints(table.name)}
        for column in table.columns:
            if words := column.info.get("words"):
                text = checks[f"ck_{table.name}_{column.name}"]
                assert all(f"'{member.value}'" in text for member in words), f"{table.name}.{column.name}"


def test_every_column_that_may_be_empty_says_what_that_means() -> None:
    """NULL has one meaning per column, written down."""
    silent = [f"{t.name}.{c.name}" for t in metadata.sorted_tables for c in t.columns if c.nullable and not c.comment]
    assert not silent


def test_a_moment_comes_back_as_the_moment_it_was(world: World) -> None:
    """Stored in UTC, handed out aware, on both databases."""
    log(world, NOW)
    with world.engine.connect() as c:
        back = c.scalar(sa.select(leads.c.received_at))
    assert back == NOW
    assert back.utcoffset().total_seconds() == 0


def test_a_naive_moment_never_reaches_the_database() -> None:
    """SQLite would drop the zone in silence."""
    with pytest.raises(ValueError, match="no time zone"):
        UtcDateTime().process_bind_param(datetime(2026, 1, 1), sa.dialects.sqlite.dialect())  # noqa: DTZ001


def test_an_old_schema_is_refused_with_the_way_out(tmp_path: Path) -> None:
    """An empty file is not a lead database."""
    engine = databases.connect(f"sqlite:///{tmp_path / 'old.db'}")
    with pytest.raises(schema.SchemaIsOld, match="handoff migrate"):
        schema.require_current(engine)
    schema.migrate(engine)
    schema.require_current(engine)


@pytest.mark.parametrize("url", ["mysql://x/y", "nonsense"])
def test_another_kind_of_database_is_refused_in_words(url: str) -> None:
    """And an example is given."""
    with pytest.raises(ValueError, match="sqlite:///"):
        databases.connect(url)


def test_a_database_of_the_first_version_is_brought_up_with_all_it_holds(database: sa.Engine, tmp_path: Path) -> None:
    """Its leads keep their events; rows and facts are made anew from them, and only then is it served."""
    world = factories.found(database)
    lead = log(world, reference="A-1")
    factories.record(world, lead, e.Booked(starts_at=NOW), NOW)
    as_it_was = facts.load(database)
    with database.begin() as c:
        for table in (situation_facts, spell_facts, request_facts, item_facts, appointment_facts, lead_facts):
            c.execute(table.delete())
        c.execute(sa.update(leads).values(next_step_by=None))
        c.execute(sa.update(revisions).values(facts_version=1))
    with pytest.raises(schema.SchemaIsOld, match="handoff migrate"):
        schema.require_current(database)
    schema.migrate(database)
    schema.require_current(database)
    again = facts.load(database)
    for unit in facts.UNITS:
        assert all((again.rows(unit)[n] == as_it_was.rows(unit)[n]).all() for n in unit.kinds), unit
    with database.connect() as c:
        assert c.scalar(sa.select(leads.c.next_step_by)) == NOW


@contextmanager
def at_schema(engine: sa.Engine, revision: str) -> Iterator[sa.Connection]:
    """A transaction in a database that is brought to an old schema first."""
    with engine.connect().execution_options(writes=True) as c, c.begin():
        config = Config()
        config.set_main_option("script_location", str(schema.MIGRATIONS))
        config.attributes["connection"] = c
        command.upgrade(config, revision)
        yield c


def test_the_second_schema_keeps_the_events_of_the_first(tmp_path: Path) -> None:
    """SQLite copies the table of events for its new kinds; no line is lost."""
    engine = databases.connect(f"sqlite:///{tmp_path / 'first.db'}")
    with at_schema(engine, "0001") as c:
        c.exec_driver_sql("INSERT INTO locations (name, zone, active) VALUES ('North', 'America/New_York', 1)")
        c.exec_driver_sql("INSERT INTO revisions (id, revision) VALUES (1, 7)")
        c.exec_driver_sql(
            "INSERT INTO leads (version, received_at, received_precision, logged_at, kind, pathway, channel, asker, priority,"
            " location_id, answered_live, stage, service_fit, demographics, scheduling_needs, eligibility, records_status,"
            " scheduling_status, told_what_to_expect, flags) VALUES (1, '2026-03-11 16:00:00', 'minute',"
            " '2026-03-11 16:00:00', 'scheduling', 'patient', 'phone', 'patient', 'routine', 1, 0, 1, 'unknown', 'unknown',"
            " 'unknown', 'not_checked', 'not_needed', 'not_contacted', 0, 0)"
        )
        c.exec_driver_sql(
            "INSERT INTO events (lead_id, kind, occurred_at, precision, recorded_at, details) VALUES (1, 'received',"
            " '2026-03-11 16:00:00', 'minute', '2026-03-11 16:00:00', '{\"lead_kind\": \"scheduling\", \"pathway\":"
            ' "patient", "channel": "phone", "location_id": 1}\')'
        )
    schema.migrate(engine)
    schema.require_current(engine)
    snapshot = facts.load(engine)
    assert [len(snapshot.rows(unit)["lead_id"]) for unit in (facts.LEADS, facts.SPELLS, facts.SITUATIONS)] == [1, 1, 1]
    with engine.connect() as c:
        assert c.scalar(sa.text("SELECT count(*) FROM events")) == 1
    engine.dispose()


def test_the_fourth_schema_takes_what_stood_in_columns_over_as_texts(tmp_path: Path) -> None:
    """Whom a service line fits and how to refer to a location: version 1, in force since ever; blank ones are none."""
    engine = databases.connect(f"sqlite:///{tmp_path / 'third.db'}")
    with at_schema(engine, "0003") as c:
        c.exec_driver_sql("INSERT INTO practice (id, name, zone, is_demo, horizon_days) VALUES (1, 'P', 'UTC', 0, 30)")
        c.exec_driver_sql(
            "INSERT INTO locations (name, zone, active, how_to_refer) VALUES ('North', 'UTC', 1, 'By fax.'), ('South', 'UTC',"
            " 1, NULL)"
        )
        c.exec_driver_sql(
            "INSERT INTO service_lines (name, accepting, appropriate_for, active) VALUES ('A', 1, '  ', 1),"
            " ('B', 1, 'Adults', 1)"
        )
        c.exec_driver_sql("INSERT INTO partners (name, name_key, category, active) VALUES ('X', 'x', 'hospital', 1)")
        c.exec_driver_sql(
            "INSERT INTO checklist_items (template_version, item, required, effective_from) VALUES (1, 'clinical_notes', 1,"
            " '2020-01-01')"
        )
    schema.migrate(engine)
    with engine.connect() as c:
        found = [(one["use"], one["service_line_id"], one["location_id"], one["body"], one["version"])
                 for one in texts.on(c, date(2026, 1, 1))]  # fmt: skip
        assert found == [("criteria", 2, None, "Adults", 1), ("how_to_refer", None, 1, "By fax.", 1)]
        assert c.execute(sa.text("SELECT may_contact, preferred_contact FROM partners")).one() == (1, None)
        assert checklists.checklist_on(c, None, date(2026, 1, 1)).items == {RecordItem.CLINICAL_NOTES: True}
    engine.dispose()


def test_the_fifth_schema_keeps_targets_and_notes(tmp_path: Path) -> None:
    """SQLite copies both tables for their new words; what stood there stands, and the new words are allowed."""
    engine = databases.connect(f"sqlite:///{tmp_path / 'fourth.db'}")
    with at_schema(engine, "0004") as c:
        c.exec_driver_sql("INSERT INTO practice (id, name, zone, is_demo, horizon_days) VALUES (1, 'P', 'UTC', 0, 30)")
        c.exec_driver_sql(
            "INSERT INTO targets (metric, value, effective_from) VALUES ('response_in_time', 0.9, '2020-01-01')"
        )
        c.exec_driver_sql(
            "INSERT INTO annotations (on_day, text, rebases, written_at) VALUES ('2026-03-02', 'note', 'seen', '2026-03-02')"
        )
    schema.migrate(engine)
    with engine.connect() as c:
        assert c.execute(sa.text("SELECT metric, value FROM targets")).all() == [("response_in_time", 0.9)]
        assert c.execute(sa.text("SELECT text, rebases FROM annotations")).all() == [("note", "seen")]
    with databases.writing(engine) as c:
        c.exec_driver_sql("INSERT INTO targets (metric, value, effective_from) VALUES ('shown', 0.8, '2026-01-01')")
        c.exec_driver_sql("UPDATE annotations SET rebases = 'shown'")
    with pytest.raises(sa.exc.IntegrityError), databases.writing(engine) as c:
        c.exec_driver_sql("INSERT INTO targets (metric, value, effective_from) VALUES ('anything', 0.8, '2026-01-01')")
    engine.dispose()


def test_the_seventh_schema_keeps_leads_and_counts_them_for_no_campaign(tmp_path: Path) -> None:
    """Its facts are made anew, so that what was asked for before is counted."""
    engine = databases.connect(f"sqlite:///{tmp_path / 'sixth.db'}")
    with at_schema(engine, "0006") as c:
        for values in (
            "locations (name, zone, active) VALUES ('North', 'America/New_York', 1)",
            "revisions (id, revision, facts_version) VALUES (1, 7, 3)",
            "checklist_items (template_version, item, required, effective_from) VALUES (1, 'clinical_notes', 1, '2020-01-01')",
            "leads (version, received_at, received_precision, logged_at, kind, pathway, channel, asker, priority,"
            " location_id, answered_live, stage, service_fit, demographics, scheduling_needs, eligibility, records_status,"
            " scheduling_status, told_what_to_expect, flags) VALUES (1, '2026-03-11 16:00:00', 'minute',"
            " '2026-03-11 16:00:00', 'scheduling', 'clinician', 'fax', 'clinician', 'routine', 1, 0, 1, 'unknown', 'unknown',"
            " 'unknown', 'not_checked', 'requested', 'not_contacted', 0, 0)",
            "events (lead_id, kind, occurred_at, precision, recorded_at, details) VALUES (1, 'received',"
            " '2026-03-11 16:00:00', 'minute', '2026-03-11 16:00:00', '{\"lead_kind\": \"scheduling\", \"pathway\":"
            ' "clinician", "channel": "fax", "location_id": 1, "required_records": ["clinical_notes"]}\')',
            "events (lead_id, kind, occurred_at, precision, recorded_at, details) VALUES (1, 'records_requested',"
            " '2026-03-12 16:00:00', 'minute', '2026-03-12 16:00:00', '{}')",
        ):
            c.exec_driver_sql(f"INSERT INTO {values}")
    schema.migrate(engine)
    schema.require_current(engine)
    snapshot = facts.load(engine)
    assert snapshot.rows(facts.LEADS)["campaign"].tolist() == [0]
    assert snapshot.rows(facts.REQUESTS)["ordinal"].tolist() == [1]
    with databases.writing(engine) as c:
        c.exec_driver_sql("INSERT INTO campaigns (name, active) VALUES ('Open house', 1)")
        c.exec_driver_sql("UPDATE leads SET campaign_id = 1")
    with pytest.raises(sa.exc.IntegrityError), databases.writing(engine) as c:
        c.exec_driver_sql("UPDATE leads SET campaign_id = 9")
    engine.dispose()


def test_the_sixth_schema_asks_no_partner_for_what_was_never_agreed(tmp_path: Path) -> None:
    """Results go back to nobody until that is noted; partners keep what was known of them."""
    engine = databases.connect(f"sqlite:///{tmp_path / 'fifth.db'}")
    with at_schema(engine, "0005") as c:
        c.exec_driver_sql("INSERT INTO practice (id, name, zone, is_demo, horizon_days) VALUES (1, 'P', 'UTC', 0, 30)")
        c.exec_driver_sql(
            "INSERT INTO partners (name, name_key, category, active, may_contact) VALUES ('X', 'x', 'hospital', 1, 0)"
        )
    schema.migrate(engine)
    with engine.connect() as c:
        assert c.execute(sa.text("SELECT name, may_contact, report_back FROM partners")).one() == ("X", 0, 0)
    engine.dispose()


def test_an_error_of_the_database_does_not_say_what_was_written(world: World) -> None:
    """Neither the values that were sent nor, on PostgreSQL, those of the row, which may be somebody's."""
    bad = sa.update(leads).values(reference="CANARY-1", stage=9)
    log(world)
    with pytest.raises(sa.exc.IntegrityError) as caught, world.engine.begin() as c:
        c.execute(bad)
    whole = "".join(traceback.format_exception(caught.value))
    assert "ck_leads" in whole
    assert "CANARY" not in whole
