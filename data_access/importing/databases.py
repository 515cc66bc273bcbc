"""Leads from another system's database: what a query gives is put into a temporary file, and comes in like one.

So that not all is read each time, a column of the query can serve as a watermark: the query asks for what is not older than
`:since`, and the highest value that came in is kept, in the transaction of the import.
"""

import csv
import hashlib
import json
import re
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from data_access import tables as t
from data_access.engine import file_of
from data_access.importing.files import File, Unreadable
from data_access.importing.mapping import Mapping

_PAGE = 5_000
_SPAN = re.compile(r"(\d+)\s*([mhd]?)")
_UNITS = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1)}
BEGINNING = "1970-01-01"
OVERLAP = "1d"
Mark = datetime | date | int | Decimal | str


@dataclass(frozen=True)
class Source:
    """A query to another database.

    Attributes
    ----------
    url : str
        Of any database for which SQLAlchemy has a driver installed.
    name, query : str
        What the query is called, and its SQL; `:since` stands in it for the watermark.
    watermark : str, optional
        The column of the result that tells how new a row is.
    overlap : str
        How far before the watermark it is read again, because what is written earlier may show later: so many minutes, hours
        or days (15m, 2h, 1d), or for a watermark of numbers a number.
    start : str
        From where it is read first.
    """

    url: str
    name: str
    query: str
    watermark: str | None = None
    overlap: str = OVERLAP
    start: str = BEGINNING

    def made_by(self, mapping: Mapping) -> str:
        """Digest of the query and a mapping: after a change of either, everything is read anew."""
        return hashlib.sha256(json.dumps([self.query, self.watermark, mapping.digest]).encode()).hexdigest()


@dataclass(frozen=True)
class Fetched:
    """What a query gave: a file of it, how many rows, and the highest watermark among them; None where there is none."""

    file: File
    rows: int
    mark: Mark | None


def since(connection: Connection, source: Source, mapping: Mapping) -> Mark:
    """From where a source is to be read: a little before where the last sync came to, or from its start."""
    _span(source.overlap)
    c = t.watermarks.c
    query = sa.select(c.mark).where(c.source_system == mapping.source_system, c.made_by == source.made_by(mapping))
    kept = connection.scalar(query)
    return _before(_mark(kept), source.overlap) if kept else beginning(source)


def beginning(source: Source) -> Mark:
    """From where a source is read first."""
    return _mark_of(source.start)


def keep(connection: Connection, source: Source, mapping: Mapping, mark: Mark | None, now: datetime) -> None:
    """Keep how far a sync came, in the transaction of what came in; it never goes back."""
    c, made_by = t.watermarks.c, source.made_by(mapping)
    row = connection.execute(sa.select(t.watermarks).where(c.source_system == mapping.source_system)).one_or_none()
    if row and row.made_by == made_by:
        known = _mark(row.mark)
        mark = known if mark is None or type(known) is not type(mark) else max(known, mark)
    if row:
        connection.execute(sa.delete(t.watermarks).where(c.source_system == mapping.source_system))
    if mark is not None:
        values = {"mark": _kept(mark), "made_by": made_by, "synced_at": now, "source_system": mapping.source_system}
        connection.execute(sa.insert(t.watermarks).values(values))


@contextmanager
def fetched(source: Source, begin: Mark) -> Iterator[Fetched]:
    """What the source's query gives, as a file that is there for the length of a block.

    Raises
    ------
    Unreadable
        When the database cannot be reached, or the query fails or lacks the watermark.
    """
    engine = _engine(source.url)
    try:
        with TemporaryDirectory() as folder:
            path = Path(folder) / "rows.csv"
            rows, mark = _write(engine, source, begin, path)
            yield Fetched(File(source.name, lambda: path.open("rb")), rows, mark)
    finally:
        engine.dispose()


def _engine(url: str) -> sa.Engine:
    try:
        if (file := file_of(url)) and not file.is_file():
            raise Unreadable(f"there is no database {file}")
        return sa.create_engine(url, hide_parameters=True)
    except sa.exc.NoSuchModuleError:
        kind = sa.make_url(url).drivername
        raise Unreadable(
            f"SQLAlchemy knows no database {kind!r}; a driver of its own may have to be installed"
        ) from None
    except ModuleNotFoundError as error:
        raise Unreadable(f"the driver {error.name!r} is not installed; install it beside Handoff") from None


def _write(engine: sa.Engine, source: Source, begin: Mark, path: Path) -> tuple[int, Mark | None]:
    asked = sa.text(source.query)
    given = {"since": begin} if ":since" in source.query else {}
    if source.watermark and not given:
        raise Unreadable(f"{source.name} does not ask for what is new: WHERE {source.watermark} >= :since")
    highest: Mark | None = None
    rows = 0
    try:
        with engine.connect() as connection, path.open("w", newline="", encoding="utf-8") as out:
            streaming = connection.execution_options(stream_results=True, yield_per=_PAGE)
            with closing(streaming.execute(asked, given)) as result:
                names = list(result.keys())
                if source.watermark and source.watermark not in names:
                    raise Unreadable(f"{source.name} gives no column {source.watermark!r}; it gives {', '.join(names)}")
                place = names.index(source.watermark) if source.watermark else None
                lines: Any = csv.writer(out)
                lines.writerow(names)
                for row in result:
                    rows += 1
                    lines.writerow([_text(value) for value in row])
                    if place is not None and row[place] is not None:
                        highest = row[place] if highest is None else max(highest, row[place])
            connection.rollback()
    except sa.exc.SQLAlchemyError as error:
        told = error.orig if isinstance(error, sa.exc.DBAPIError) and error.orig else error
        raise Unreadable(f"{source.name}: {' '.join(str(told).split())}") from None
    return rows, highest


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.isoformat(" ")
    if isinstance(value, bytes | memoryview):
        return bytes(value).hex()
    return str(value)


# ---------------------------------------------------------------- marks


def _kept(mark: Mark) -> str:
    """A watermark as text that tells what it is."""
    kind = "moment" if isinstance(mark, datetime) else "day" if isinstance(mark, date) else "text"
    if isinstance(mark, int | Decimal):
        kind = "number"
    return f"{kind} {mark.isoformat() if isinstance(mark, date) else mark}"


def _mark(kept: str) -> Mark:
    kind, _, text = kept.partition(" ")
    if kind == "moment":
        return datetime.fromisoformat(text)
    if kind == "day":
        return date.fromisoformat(text)
    return (int(text) if text.isdecimal() else Decimal(text)) if kind == "number" else text


def _mark_of(text: str) -> Mark:
    """A watermark as a person writes it: a number, or a day or a moment in ISO form."""
    if text.lstrip("-").isdecimal():
        return int(text)
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return text


def _span(overlap: str) -> tuple[int, str]:
    found = _SPAN.fullmatch(overlap.strip())
    if not found:
        raise Unreadable(f"an overlap of {overlap!r} is not known; write 15m, 2h or 1d, or a number")
    return int(found[1]), found[2]


def _before(mark: Mark, overlap: str) -> Mark:
    number, unit = _span(overlap)
    if isinstance(mark, int | Decimal):
        return mark - number if not unit else mark
    if isinstance(mark, date):  # a datetime, too
        return mark - number * _UNITS[unit or "d"]
    try:  # a moment that its database keeps as text
        before = (datetime.fromisoformat(mark) - number * _UNITS[unit or "d"]).isoformat(" " if " " in mark else "T")
        return before[:10] if len(mark) == len("2026-03-31") else before
    except ValueError:
        return mark
