"""A database that goes away is missed, and comes back without a restart."""

import shutil
from pathlib import Path

import pytest
import sqlalchemy as sa

from data_access import backups, facts
from data_access import tables as t
from data_access.engine import reading
from tests import factories
from tests.conftest import sqlite
from tests.factories import World, log


@pytest.fixture
def on_disk(tmp_path: Path) -> tuple[World, Path]:
    file = tmp_path / "practice.db"
    return factories.found(sqlite(file)), file


def leads(world: World) -> int:
    with reading(world.engine) as c:
        return int(c.scalar(sa.select(sa.func.count()).select_from(t.leads)) or 0)


def moved(file: Path, to: Path) -> None:
    for suffix in ("", "-wal", "-shm"):
        if (part := Path(f"{file}{suffix}")).exists():
            shutil.move(part, f"{to}{suffix}")


def test_nothing_is_written_to_a_file_that_went_away_and_it_comes_back_whole(on_disk: tuple[World, Path]) -> None:
    """Neither to where it was moved, which nobody would look at, nor to an empty one in its place."""
    world, file = on_disk
    log(world)
    moved(file, file.with_name("elsewhere.db"))
    for _ in range(2):
        with pytest.raises(sa.exc.OperationalError, match="unable to open"):
            log(world)
    assert not file.exists()
    moved(file.with_name("elsewhere.db"), file)
    assert leads(world) == 1
    log(world)
    assert leads(world) == 2


def test_another_file_in_its_place_is_read_from_then_on(on_disk: tuple[World, Path], tmp_path: Path) -> None:
    """A backup that was put there, of an earlier revision: its leads are counted, and no others."""
    world, file = on_disk
    backup = tmp_path / "backup.db"
    backups.back_up(world.engine, backup)
    log(world)
    known = facts.load(world.engine)
    assert len(known.rows(facts.LEADS)["lead_id"]) == 1
    moved(file, tmp_path / "old.db")
    moved(backup, file)
    assert leads(world) == 0
    assert len(facts.refresh(world.engine, known).rows(facts.LEADS)["lead_id"]) == 0
