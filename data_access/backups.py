"""Backups: the whole database in one file, taken while it is in use, and brought back into an empty one."""

import os
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa
from psycopg.conninfo import make_conninfo
from sqlalchemy import Connection, Engine

from data_access import engine as databases

_KINDS = {b"SQLite format 3\x00": "sqlite", b"PGDMP": "postgresql"}
"""How the file of a backup begins, by the kind of database that it is of."""


class BadBackup(ValueError):
    """What cannot be backed up or restored as asked; the message says why."""


@dataclass(frozen=True)
class Held:
    """What a database holds, to tell a copy by: its revision, and how many leads and events there are."""

    revision: int
    leads: int
    events: int


_HELD = ("SELECT max(revision) FROM revisions", "SELECT count(*) FROM leads", "SELECT count(*) FROM events")


def held(connection: Connection) -> Held:
    """What a database holds, whatever the version of its schema."""
    return Held(*(int(connection.scalar(sa.text(query)) or 0) for query in _HELD))


def back_up(engine: Engine, file: Path) -> Held:
    """Write everything that a database holds at one moment to a new file, while others go on reading and writing.

    Returns
    -------
    Held
        What is in the file.

    Raises
    ------
    BadBackup
        When the file is there already, `pg_dump` is missing or fails, or the copy is not sound.
    OSError
        When the file cannot be written.
    """
    with _new(file) as part:
        if engine.dialect.name == "sqlite":
            return _copy(Path(str(engine.url.database)), part)
        with databases.reading(engine) as connection:  # what is counted and what is dumped are the same moment
            moment = connection.scalar(sa.text("SELECT pg_export_snapshot()"))
            found = held(connection)
            _run("pg_dump", engine, "--format=custom", f"--snapshot={moment}", f"--file={part}")
        return found


def restore(file: Path, url: str) -> Held:
    """Bring a backup back into a database that holds nothing yet; parameters and errors as for `back_up`.

    Raises
    ------
    BadBackup
        Also when the file is no backup or is damaged, is of another kind of database, or something is there already.
    """
    with file.open("rb") as opened:
        head = opened.read(16)
    kind = next((kind for start, kind in _KINDS.items() if head.startswith(start)), None)
    if kind is None:
        raise BadBackup(f"{file} is no backup of Handoff's")
    with databases.opened(url) as engine:
        if engine.dialect.name != kind:
            raise BadBackup(f"{file} is of a {kind} database; restore it into one, this is {engine.dialect.name}")
        if kind == "sqlite":
            with _new(Path(str(engine.url.database))) as part:
                return _copy(file, part)
        if sa.inspect(engine).get_table_names():
            raise BadBackup("this database holds something already; restore into an empty one, and look at it first")
        _run("pg_restore", engine, "--single-transaction", "--exit-on-error", str(file))
        with databases.reading(engine) as connection:
            return held(connection)


@contextmanager
def _new(file: Path) -> Iterator[Path]:
    """A place to write to that becomes the file once everything is in it and on disk; only its owner may read it."""
    if file.exists():
        raise BadBackup(f"{file} is there already, and is left as it is; name another file")
    part = file.with_name(file.name + ".part")
    part.unlink(missing_ok=True)  # of one that was broken off
    os.close(os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    try:
        yield part
        with part.open("rb+") as written:
            os.fsync(written.fileno())
        part.rename(file)
    finally:
        part.unlink(missing_ok=True)


def _copy(source: Path, target: Path) -> Held:
    """Copy an SQLite database as it stands at one moment, and see that the copy is sound."""
    try:
        with (
            closing(sqlite3.connect(f"{source.absolute().as_uri()}?mode=ro", uri=True)) as one,
            closing(sqlite3.connect(target)) as other,
        ):
            one.backup(other)
            other.execute("PRAGMA journal_mode=DELETE")  # one file, with no log beside it
            sound = other.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
            if not sound or other.execute("PRAGMA foreign_key_check").fetchall():
                raise BadBackup(f"{source} is damaged; nothing was taken from it")
            return Held(*(int(other.execute(query).fetchone()[0] or 0) for query in _HELD))
    except sqlite3.Error as error:
        raise BadBackup(f"{source} cannot be copied: {error}") from None


def _run(program: str, engine: Engine, *arguments: str) -> None:
    """Run one of PostgreSQL's own programs on a database; the password is never among its arguments."""
    found = shutil.which(program)
    if not found:
        raise BadBackup(f"{program} was not found; it comes with PostgreSQL's client programs (postgresql-client)")
    _, told = engine.dialect.create_connect_args(engine.url)
    known: Mapping[str, object] = {name: value for name, value in told.items() if name != "context"}
    where = make_conninfo(**{name: str(value) for name, value in known.items() if name != "password"})
    secret = {"PGPASSWORD": str(told["password"])} if told.get("password") else {}
    done = subprocess.run(  # noqa: S603  # the program is PostgreSQL's, and no shell reads the arguments
        [found, "--no-owner", "--no-privileges", f"--dbname={where}", *arguments],
        env=os.environ | secret, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        raise BadBackup(f"{program} failed: {' '.join(done.stderr.split())}")
