"""Leads from another system's database: what is new since the last time, read again a little before it, never doubled."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from data_access import tables as t
from data_access.engine import reading, writing
from data_access.importing import batches, databases, mapping, planning
from data_access.importing import reading as tables
from data_access.importing.batches import Result
from data_access.importing.databases import Source
from data_access.importing.files import Unreadable
from tests.factories import NOW

MAPPING = """
source_system = "crm"
zone = "America/New_York"
[fields]
id = "id"
received = "received"
kind = { constant = "scheduling" }
pathway = { constant = "patient" }
channel = { constant = "phone" }
location = { constant = "North" }
attended = "seen"
"""
QUERY = "SELECT id, received, seen, changed FROM requests WHERE changed >= :since ORDER BY id"


class Crm:
    """Another system's database with one table."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._engine = sa.create_engine(url)
        columns = [sa.Column(name, sa.DateTime) for name in ("received", "seen", "changed")]
        self.requests = sa.Table("requests", sa.MetaData(), sa.Column("id", sa.Integer, primary_key=True), *columns)
        self.requests.create(self._engine)

    def put(self, number: int, *, changed: datetime, seen: datetime | None = None) -> None:
        with self._engine.begin() as c:
            c.execute(sa.delete(self.requests).where(self.requests.c.id == number))
            row = {"id": number, "received": datetime(2026, 1, 5, 9, 30), "seen": seen, "changed": changed}  # noqa: DTZ001
            c.execute(sa.insert(self.requests).values(row))

    def close(self) -> None:
        self._engine.dispose()


@pytest.fixture
def crm(another: str) -> Iterator[Crm]:
    made = Crm(another.replace("postgresql://", "postgresql+psycopg://"))
    yield made
    made.close()


def source(crm: Crm, query: str = QUERY, **options: Any) -> Source:
    return Source(crm.url, "requests.sql", query, **{"watermark": "changed"} | options)


@contextmanager
def _planned(
    engine: sa.Engine, asked: Source, mapped: mapping.Mapping
) -> Iterator[tuple[planning.Plan, databases.Fetched]]:
    with reading(engine) as c:
        begin = databases.since(c, asked, mapped)
    with databases.fetched(asked, begin) as found:
        yield planning.of_tables([tables.table(found.file, tables.Layout(headings=1))], mapped), found


def sync(engine: sa.Engine, asked: Source, mapped: str = MAPPING, **options: Any) -> Result:
    made = mapping.read(mapped)
    with _planned(engine, asked, made) as (plan, found):
        return batches.run(
            engine, plan, now=NOW, at_end=lambda c, _: databases.keep(c, asked, made, found.mark, NOW), **options
        )


def counts(result: Result) -> tuple[int, ...]:
    return (result.read, result.added, result.updated, result.unchanged)


DAY = timedelta(days=1)
THEN = datetime(2026, 2, 1, 12, 0)  # noqa: DTZ001  # as the other system keeps it


def test_a_sync_reads_what_is_new_and_what_lies_a_little_before(empty: sa.Engine, crm: Crm) -> None:
    """The second time only the overlap is read again, and nothing is doubled; what changed there is updated here."""
    for number, days in ((1, 0), (2, 10), (3, 20)):
        crm.put(number, changed=THEN + days * DAY)
    assert counts(sync(empty, source(crm))) == (3, 3, 0, 0)
    assert counts(sync(empty, source(crm))) == (1, 0, 0, 1)
    crm.put(2, changed=THEN + 21 * DAY, seen=datetime(2026, 1, 9, 10, 0))  # noqa: DTZ001
    crm.put(4, changed=THEN + 20 * DAY - timedelta(hours=5))  # written late, dated before
    assert counts(sync(empty, source(crm))) == (3, 1, 1, 1)
    with reading(empty) as c:
        assert c.scalar(sa.select(sa.func.count()).select_from(t.leads)) == 4
        seen = c.scalar(sa.select(t.leads.c.attended_at).where(t.leads.c.source_key == "2"))
    assert (seen.hour, seen.minute) == (15, 0)  # ten in New York


def test_a_sync_that_breaks_off_is_taken_up_where_it_was(empty: sa.Engine, crm: Crm) -> None:
    """Neither its leads nor its watermark are kept; the next one reads the same again."""
    crm.put(1, changed=THEN)

    def pull_the_plug(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        sync(empty, source(crm), progress=pull_the_plug)
    with reading(empty) as c:
        assert c.scalar(sa.select(sa.func.count()).select_from(t.watermarks)) == 0
    assert counts(sync(empty, source(crm))) == (1, 1, 0, 0)


def test_after_a_change_of_the_mapping_or_the_query_all_is_read_again(empty: sa.Engine, crm: Crm) -> None:
    """What was read before may mean something else now."""
    for number in (1, 2):
        crm.put(number, changed=THEN + number * 10 * DAY)
    sync(empty, source(crm))
    other = MAPPING.replace('attended = "seen"', 'booked = "seen"\nattended = "seen"')
    assert sync(empty, source(crm), other).read == 2
    assert sync(empty, source(crm), other).read == 1
    assert sync(empty, source(crm, QUERY + " DESC"), other).read == 2


def test_a_watermark_can_be_a_number(empty: sa.Engine, crm: Crm) -> None:
    """With an overlap in numbers, from a number on."""
    asked = source(crm, "SELECT * FROM requests WHERE id >= :since", watermark="id", overlap="2", start="0")
    for number in range(1, 8):
        crm.put(number, changed=THEN)
    assert counts(sync(empty, asked)) == (7, 7, 0, 0)
    crm.put(8, changed=THEN)
    assert counts(sync(empty, asked)) == (4, 1, 0, 3)


def test_without_a_watermark_all_is_read_each_time(empty: sa.Engine, crm: Crm) -> None:
    """And nothing is doubled."""
    crm.put(1, changed=THEN)
    asked = source(crm, "SELECT * FROM requests", watermark=None)
    assert counts(sync(empty, asked)) == (1, 1, 0, 0)
    assert counts(sync(empty, asked)) == (1, 0, 0, 1)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"url": "sqlite:////nowhere/at/all.db"}, "there is no database"),
        ({"url": "oracle9://x"}, "knows no database"),
        ({"url": "mysql+pymysql://x/y"}, "driver 'pymysql' is not installed"),
        ({"query": "SELEKT :since"}, "requests.sql: "),
        ({"query": "SELECT 1 AS id"}, "does not ask for what is new: WHERE changed >= :since"),
        ({"query": QUERY.replace(", changed", "")}, "gives no column 'changed'; it gives id, received, seen"),
        ({"overlap": "a while"}, "write 15m, 2h or 1d"),
    ],
)
def test_what_cannot_be_read_says_why(empty: sa.Engine, crm: Crm, change: dict[str, Any], says: str) -> None:
    """One sentence, without the address and its password."""
    asked = Source(**{**vars(source(crm)), **change})
    with pytest.raises(Unreadable, match=says):
        sync(empty, asked)


def test_a_watermark_never_goes_back(empty: sa.Engine) -> None:
    """A sync of old rows only leaves it where it is."""
    mapped, asked = mapping.read(MAPPING), Source("sqlite://", "x", QUERY, "changed")
    with writing(empty) as c:
        databases.keep(c, asked, mapped, THEN, NOW)
        databases.keep(c, asked, mapped, THEN - DAY, NOW)
        databases.keep(c, asked, mapped, None, NOW)
        assert databases.since(c, asked, mapped) == THEN - DAY


def test_a_database_that_keeps_moments_as_text_has_its_overlap_too(empty: sa.Engine, tmp_path: Path) -> None:
    """As SQLite does."""
    mapped, asked = mapping.read(MAPPING), Source("sqlite://", "x", QUERY, "changed", overlap="2h")
    with writing(empty) as c:
        databases.keep(c, asked, mapped, "2026-02-01 12:00:00", NOW)
        assert databases.since(c, asked, mapped) == "2026-02-01 10:00:00"
