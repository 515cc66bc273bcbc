"""A process begins from a copy of the facts on its machine, and never counts what the database does not hold."""

import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import sqlalchemy as sa

from data_access import engine as databases
from data_access import events as e
from data_access import fact_copies, facts
from data_access import tables as t
from data_access.engine import connect, reading, writing
from data_access.fact_tables import fact_copies as tokens
from data_access.live_facts import LiveFacts
from tests.conftest import sqlite
from tests.data_access.test_tally import held, take_out
from tests.factories import World, found, log, record

pytestmark = pytest.mark.usefixtures("copies_of_few")


@pytest.fixture
def copies_of_few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fact_copies, "KEPT_FROM", 1)


def counts_as_the_database(engine: sa.Engine, live: LiveFacts) -> bool:
    of = {unit: live.now(unit).of[unit] for unit in facts.UNITS}
    return held(facts.Snapshot(0, of)) == held(facts.load(engine))


def put_back(world: World, folder: Path) -> World:
    """The practice as it is now, in a database of its own: a backup that was restored."""
    with world.engine.connect() as c:
        c.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    return replace(world, engine=connect(f"sqlite:///{shutil.copy(folder / 'practice.db', folder / 'backup.db')}"))


def copies(folder: Path) -> list[Path]:
    return sorted(folder.glob("lead_facts/*/about.json"))


@pytest.fixture
def not_read_anew(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """From when it is called, all facts can be had only from a copy."""

    def none_read(*_: object) -> None:
        raise AssertionError("all facts were read from the database")

    return lambda: monkeypatch.setattr("data_access.live_facts.facts.load", none_read)


def test_the_next_process_begins_from_the_copy_and_reads_what_changed(
    world: World, tmp_path: Path, not_read_anew: Callable[[], None]
) -> None:
    """New, changed and removed leads are as the database has them; the rest is not read."""
    leads = [log(world) for _ in range(4)]
    LiveFacts(world.engine, tmp_path).now(facts.LEADS)
    record(world, leads[0], e.Booked())
    log(world, location_id=world.south)
    take_out(world.engine, leads[1])
    anew = facts.load(world.engine).rows(facts.LEADS)
    not_read_anew()
    now = LiveFacts(world.engine, tmp_path).now(facts.LEADS).rows(facts.LEADS)
    assert {name: column.tolist() for name, column in now.items()} == {n: c.tolist() for n, c in anew.items()}


def test_a_copy_is_mapped_and_holds_what_was_kept(world: World, tmp_path: Path) -> None:
    """All units; a second process has no numbers in memory of its own."""
    for _ in range(40):
        record(world, log(world), e.Booked())
    assert counts_as_the_database(world.engine, LiveFacts(world.engine, tmp_path))
    again = LiveFacts(world.engine, tmp_path)
    assert counts_as_the_database(world.engine, again)
    received = again.now(facts.LEADS).of[facts.LEADS].settled[0].columns["lead_id"]
    assert isinstance(received, np.ndarray)
    assert isinstance(received.base, np.memmap)


def test_a_database_that_was_put_back_does_not_take_the_copy(tmp_path: Path) -> None:
    """Another history that came to the same revision is told apart: its leads are counted, not those of the copy."""
    world = found(sqlite(tmp_path / "practice.db"))
    log(world)
    back = put_back(world, tmp_path)
    log(world, location_id=world.north)
    LiveFacts(world.engine, tmp_path / "facts").now(facts.LEADS)
    assert len(copies(tmp_path / "facts")) == 1

    log(back, location_id=back.south)
    log(back, location_id=back.south)
    live = LiveFacts(back.engine, tmp_path / "facts")
    assert counts_as_the_database(back.engine, live)
    assert set(live.now(facts.LEADS).rows(facts.LEADS)["location"].tolist()) == {back.north, back.south}


def test_a_database_that_was_put_back_to_a_moment_after_the_copy_takes_it(
    tmp_path: Path, not_read_anew: Callable[[], None]
) -> None:
    """What the copy holds is in its history too."""
    world = found(sqlite(tmp_path / "practice.db"))
    log(world)
    LiveFacts(world.engine, tmp_path / "facts").now(facts.LEADS)
    log(world)
    back = put_back(world, tmp_path)
    not_read_anew()
    assert len(LiveFacts(back.engine, tmp_path / "facts").now(facts.LEADS).of[facts.LEADS]) == 2


@pytest.mark.parametrize(
    "harm",
    [
        lambda copy: (copy / "0.received_at.npy").write_bytes(b""),
        lambda copy: (copy / "0.received_at.npy").unlink(),
        lambda copy: (copy / "0.received_at.npy").write_bytes((copy / "0.received_at.npy").read_bytes()[:-2]),
        lambda copy: (copy / "about.json").write_text("{"),
        lambda copy: (copy / "about.json").write_text((copy / "about.json").read_text().replace("int16", "int32")),
    ],
    ids=["empty", "gone", "cut off", "half written", "of another version"],
)
def test_a_copy_that_is_of_no_use_is_left_alone(world: World, tmp_path: Path, harm: Callable[[Path], object]) -> None:
    """The facts are read from the database, and the next copy takes its place."""
    for _ in range(3):
        record(world, log(world), e.Booked())
    LiveFacts(world.engine, tmp_path).now(facts.LEADS)
    harm(copies(tmp_path)[0].parent)
    assert counts_as_the_database(world.engine, LiveFacts(world.engine, tmp_path))
    assert counts_as_the_database(world.engine, LiveFacts(world.engine, tmp_path))


def test_where_no_copy_can_be_kept_the_facts_are_counted_all_the_same(world: World, tmp_path: Path) -> None:
    """A file lies where the folder should be."""
    log(world)
    (tmp_path / "facts").write_text("")
    live = LiveFacts(world.engine, tmp_path / "facts")
    assert counts_as_the_database(world.engine, live)
    log(world)
    assert counts_as_the_database(world.engine, live)


def test_of_a_lead_that_was_taken_out_the_copy_holds_nothing(world: World, tmp_path: Path) -> None:
    """A look at the numbers renews it; the earlier one is gone from the disk, and its token from the database."""
    leads = [log(world) for _ in range(3)]
    live = LiveFacts(world.engine, tmp_path)
    live.now(facts.LEADS)
    first = copies(tmp_path)
    take_out(world.engine, leads[1])
    live.now(facts.LEADS)
    (second,) = copies(tmp_path)
    assert second not in first
    assert leads[1] not in np.load(second.parent / "0.lead_id.npy")


def test_few_tokens_stay_in_the_database(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """However often a process begins without its folder, as in a container, and no revision is taken for it."""
    monkeypatch.setattr(fact_copies, "_TOKENS", 3)
    log(world)
    with reading(world.engine) as c:
        before = databases.current_revision(c)
    for number in range(6):
        LiveFacts(world.engine, tmp_path / str(number)).now(facts.LEADS)
    with writing(world.engine, counted=False) as c:
        assert c.scalar(sa.select(sa.func.count()).select_from(tokens)) <= 4
        assert c.scalar(sa.select(t.revisions.c.revision)) == before


def test_whoever_knows_the_newest_revision_is_told_from_memory_and_anybody_else_from_the_database(world: World) -> None:
    """Also where it is an older one: another database was put in its place."""
    live, asked = LiveFacts(world.engine), list[str]()
    log(world)
    first = live.now(facts.LEADS)
    sa.event.listen(world.engine, "before_cursor_execute", lambda *what: asked.append(what[2]))
    assert live.now(facts.LEADS, first.revision) is first
    assert not asked
    for revision in (first.revision + 1, first.revision - 1, None):
        assert live.now(facts.LEADS, revision) is first
        assert asked
        asked.clear()
    log(world)
    assert len(live.now(facts.LEADS, first.revision + 1).of[facts.LEADS]) == 2


def test_what_a_killed_process_left_half_written_is_swept_away(world: World, tmp_path: Path) -> None:
    """But not what another process may be writing at this moment."""
    place = tmp_path / facts.LEADS.table.name
    for name in (".left", ".begun"):
        (place / name).mkdir(parents=True)
        (place / name / "0.lead_id.npy").write_bytes(b"half")
    os.utime(place / ".left", (0, 0))
    log(world)
    LiveFacts(world.engine, tmp_path).now(facts.LEADS)
    assert len(copies(tmp_path)) == 1
    assert [one.name for one in place.glob(".?*")] == [".begun"]
