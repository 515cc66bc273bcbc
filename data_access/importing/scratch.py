"""What an import has to remember of its files, kept in a temporary file, so that memory stays bounded."""

import hashlib
import json
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter

from data_access.importing.reading import Line

_TABLES = """
    CREATE TABLE ids (id TEXT PRIMARY KEY, line INTEGER) WITHOUT ROWID;
    CREATE TABLE equal (said BLOB PRIMARY KEY, times INTEGER) WITHOUT ROWID;
    CREATE TABLE joined (key TEXT PRIMARY KEY, file TEXT, line INTEGER, held TEXT, matched INTEGER DEFAULT 0);
    CREATE TABLE happened (lead TEXT, event TEXT, at TEXT, place REAL, line INTEGER, held TEXT);
"""


@dataclass(frozen=True)
class Happened:
    """One line of a log: what happened to a lead, when as text in ISO form, and where that stands among its others."""

    lead: str
    event: str
    at: str
    place: float
    line: Line


class Scratch:
    """A private database of SQLite's own, which goes to disk when it grows and is gone when it is closed."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database
        database.executescript(_TABLES)

    def first_lines(self, ids: Sequence[tuple[str, int]]) -> dict[str, int]:
        """On which line each of some ids was first seen, given with the lines on which they stand now."""
        self._database.executemany("INSERT OR IGNORE INTO ids VALUES (?, ?)", ids)
        found: dict[str, int] = {}
        for one, _ in ids:
            found[one] = self._database.execute("SELECT line FROM ids WHERE id = ?", (one,)).fetchone()[0]
        return found

    def times(self, values: dict[str, str]) -> tuple[str, int]:
        """A digest of what a row says, in whatever order its columns stand, and how often it was said so far."""
        said = hashlib.sha256(repr(sorted(values.items())).encode()).digest()[:16]
        count = "INSERT INTO equal VALUES (?, 1) ON CONFLICT DO UPDATE SET times = times + 1 RETURNING times"
        return said.hex(), int(self._database.execute(count, (said,)).fetchone()[0])

    # ---------------------------------------------------------------- rows of other files

    def join(self, key: str, file: str, line: Line) -> int | None:
        """Keep a row that belongs to a lead; None, or the line where the same key stood before."""
        row = (key, file, line.number, json.dumps(line.values))
        if self._database.execute("INSERT OR IGNORE INTO joined VALUES (?, ?, ?, ?, 0)", row).rowcount:
            return None
        return int(self._database.execute("SELECT line FROM joined WHERE key = ?", (key,)).fetchone()[0])

    def joined(self, key: str) -> dict[str, str]:
        """What the other file says of a lead; it counts as matched now."""
        found = self._database.execute("UPDATE joined SET matched = 1 WHERE key = ? RETURNING held", (key,)).fetchone()
        return dict(json.loads(found[0])) if found else {}

    def unmatched(self) -> Iterator[tuple[str, str, Line]]:
        """Rows of other files that belong to no lead, as (key, file, line)."""
        query = "SELECT key, file, line, held FROM joined WHERE NOT matched ORDER BY rowid"
        for key, file, line, held in self._database.execute(query):
            yield key, file, Line(line, json.loads(held))

    # ---------------------------------------------------------------- logs of events

    def note(self, happened: Sequence[Happened]) -> None:
        """Keep lines of a log."""
        rows = ((h.lead, h.event, h.at, h.place, h.line.number, json.dumps(h.line.values)) for h in happened)
        self._database.executemany("INSERT INTO happened VALUES (?, ?, ?, ?, ?, ?)", rows)

    def leads(self) -> Iterator[Line]:
        """The log with one row per lead, in the order in which they first appear.

        A column has the lead's first value that is not empty. "first" and "last" are when anything first and last happened,
        "first X" and "last X" when X did.
        """
        query = """
            SELECT begins, event, at, held FROM happened
            JOIN (SELECT lead, MIN(line) AS begins FROM happened GROUP BY lead) USING (lead)
            ORDER BY begins, place, line
        """
        for begins, lines in groupby(self._database.execute(query), key=itemgetter(0)):
            values: dict[str, str] = {}
            for _, event, at, held in lines:
                for name, value in json.loads(held).items():
                    values[name] = values.get(name) or value
                values.setdefault("first", at)
                values.setdefault(f"first {event}", at)
                values["last"] = values[f"last {event}"] = at
            yield Line(begins, values)


@contextmanager
def scratch() -> Iterator[Scratch]:
    """Something to remember by, for the length of a block."""
    with closing(sqlite3.connect("", isolation_level=None)) as database:
        database.execute("PRAGMA synchronous=OFF")
        database.execute("BEGIN")
        yield Scratch(database)
