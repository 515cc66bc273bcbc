"""Every schema that was ever in use is brought to the present one with all that a database of it holds."""

import json
from collections.abc import Callable, Iterator
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine

from data_access import engine as databases
from data_access import event_log, facts, leads, schema
from data_access import tables as t
from data_access.engine import reading, writing
from tests.conftest import sqlite
from tests.data_access.schemas.keep import FOLDER, work
from tests.data_access.test_schema import at_schema
from tests.factories import NOW, asked

FILES = sorted(FOLDER.glob("*.json"))
READ: dict[type[Any], Callable[[Any], Any]] = {
    sa.Boolean: bool, sa.DateTime: datetime.fromisoformat, sa.Date: date.fromisoformat, sa.Time: time.fromisoformat,
    sa.JSON: json.loads,
}  # fmt: skip
"""How a value of SQLite's is read for a column of a type."""


@pytest.fixture
def bare(another: str) -> Iterator[Engine]:
    """A database of each kind without any schema."""
    with databases.opened(another) as engine:
        yield engine


def fill(c: Connection, file: Path) -> None:
    """Put into an old schema what a file of it holds."""
    there = sa.MetaData()
    there.reflect(c)
    held = json.loads(file.read_text())
    for table in there.sorted_tables:
        names, *rows = held.get(table.name, [[]])
        if not rows:
            continue
        c.execute(sa.delete(table))  # what the migration itself put there
        read = [next((READ[kind] for kind in READ if isinstance(table.c[n].type, kind)), None) for n in names]
        values = [
            {n: one(v) if one and v is not None else v for n, one, v in zip(names, read, row, strict=True)}
            for row in rows
        ]
        c.execute(sa.insert(table), values)
        if c.dialect.name == "postgresql" and "id" in table.c and not isinstance(table.c.id.type, sa.String):
            place = f"pg_get_serial_sequence('{table.name}', 'id')"
            top = max(value["id"] for value in values)
            c.exec_driver_sql(f"SELECT setval({place}, {top}) WHERE {place} IS NOT NULL")


def test_a_file_is_kept_of_every_schema() -> None:
    """Whoever adds a schema keeps one of it: python -m tests.data_access.schemas.keep."""
    revisions = {script.revision for script in ScriptDirectory(str(schema.MIGRATIONS)).walk_revisions()}
    assert {file.stem for file in FILES} == revisions


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_database_of_each_schema_holds_the_same_afterwards(file: Path, bare: Engine, tmp_path: Path) -> None:
    """Leads, events and facts are those of the same practice in a database that was never old; and work goes on."""
    with at_schema(bare, file.stem) as c:
        fill(c, file)
    schema.migrate(bare)
    schema.require_current(bare)
    world = work(sqlite(tmp_path / "new.db"))
    new, old = facts.load(world.engine), facts.load(bare)
    for unit in facts.UNITS:
        for name in unit.kinds:
            assert old.rows(unit)[name].tolist() == new.rows(unit)[name].tolist(), (unit, name)
    with reading(bare) as c, reading(world.engine) as other:
        for lead in c.execute(sa.select(t.leads.c.id)).scalars().all():
            logs = [[(event.what, event.occurred_at) for event in event_log.log_of(one, lead)] for one in (c, other)]
            assert logs[0] == logs[1]
    with writing(bare) as c:
        leads.log_inquiry(c, asked(world, location_id=1), received_at=NOW, now=NOW)
    assert len(facts.load(bare).rows(facts.LEADS)["lead_id"]) == 6


def test_a_migration_that_breaks_off_leaves_what_was_and_is_done_by_the_next_call(
    bare: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In its last step, after all tables were changed: nothing is half done."""
    with at_schema(bare, "0001") as c:
        fill(c, FOLDER / "0001.json")

    def breaks(*_: Any, **__: Any) -> None:
        raise RuntimeError("the power went")

    with monkeypatch.context() as patch:
        patch.setattr("alembic.runtime.migration.HeadMaintainer.update_to_step", breaks_at(breaks, 5))
        with pytest.raises(RuntimeError, match="the power went"):
            schema.migrate(bare)
    with reading(bare) as c:
        assert c.scalar(sa.text("SELECT version_num FROM alembic_version")) == "0001"
        assert not sa.inspect(c).has_table("web_posts")
    with monkeypatch.context() as patch:
        patch.setattr("data_access.leads.rebuild_next", breaks)
        with pytest.raises(RuntimeError, match="the power went"):
            schema.migrate(bare)
    with pytest.raises(schema.SchemaIsOld, match="handoff migrate"):
        schema.require_current(bare)
    schema.migrate(bare)
    schema.require_current(bare)
    assert len(facts.load(bare).rows(facts.LEADS)["lead_id"]) == 5


def breaks_at(breaks: Callable[..., None], step: int) -> Callable[..., Any]:
    """The maintenance of the version as it is, but for one step, which breaks off."""
    from alembic.runtime.migration import HeadMaintainer

    usual, steps = HeadMaintainer.update_to_step, iter(range(1, 100))

    def counted(*arguments: Any) -> Any:
        return breaks() if next(steps) == step else usual(*arguments)

    return counted
