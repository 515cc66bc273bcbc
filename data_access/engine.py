"""From a URL to an engine, and the one way to write."""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection, Engine, event
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.pool import ConnectionPoolEntry

from data_access.fact_tables import lead_facts
from data_access.tables import removed_leads, revisions, slots

STATEMENT_TIMEOUT_SECONDS = 60
BUSY_TIMEOUT_SECONDS = 15


def connect(url: str | sa.URL) -> Engine:
    """Open a database.

    Parameters
    ----------
    url : str
        `sqlite:///path/to/file.db` or `postgresql://user@host/name` (driver psycopg 3).

    Raises
    ------
    ValueError
        When the URL cannot be read, or names another kind of database.
    """
    parsed = _parse(url)
    if parsed.get_backend_name() == "postgresql":
        # No index of ours profits from compiling, and compiling costs more than most of our queries.
        options = f"-c statement_timeout={STATEMENT_TIMEOUT_SECONDS * 1000} -c timezone=UTC -c jit=off "
        options += "-c enable_partitionwise_aggregate=on"  # facts that are kept in parts are counted where these lie
        engine = sa.create_engine(
            parsed.set(drivername="postgresql+psycopg"), pool_pre_ping=True, connect_args={"options": options},
            hide_parameters=True,
        )  # fmt: skip
        event.listen(engine, "handle_error", _without_values)
        return engine
    if parsed.get_backend_name() == "sqlite":
        engine = sa.create_engine(
            parsed.set(drivername="sqlite"), hide_parameters=True,
            connect_args={"timeout": BUSY_TIMEOUT_SECONDS, "check_same_thread": False},
        )  # fmt: skip
        if file := file_of(parsed):
            _hold_to_its_file(engine, file)
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return engine
    raise ValueError(f"{parsed.get_backend_name()} is not supported; use sqlite:///file.db or postgresql://...")


def file_of(url: str | sa.URL) -> Path | None:
    """The file of an embedded database; None where it is kept by a server or in memory. Errors as for `connect`."""
    parsed = _parse(url)
    embedded = parsed.get_backend_name() == "sqlite" and parsed.database not in (None, "", ":memory:")
    return Path(str(parsed.database)) if embedded else None


def _parse(url: str | sa.URL) -> sa.URL:
    try:
        return sa.make_url(url)
    except sa.exc.ArgumentError:
        raise ValueError("the database URL cannot be read; an example: sqlite:///practice.db") from None


def _hold_to_its_file(engine: Engine, file: Path) -> None:
    """Use a file only as long as it lies where it was opened, and never put an empty one where it went away.

    An open file can be moved or deleted, or its disk be gone, and what is written to it then is acknowledged and lost.
    """
    opened_before = False

    def identity() -> tuple[int, int] | None:
        try:
            found = file.stat()
        except OSError:
            return None
        return found.st_dev, found.st_ino

    def opening(_dialect: Any, _record: Any, arguments: list[Any], options: dict[str, Any]) -> None:
        if opened_before:
            arguments[0], options["uri"] = f"{file.resolve().as_uri()}?mode=rw", True

    def is_open(_connection: Any, record: ConnectionPoolEntry) -> None:
        nonlocal opened_before
        opened_before = True
        record.info["file"] = identity()

    def is_taken(_connection: Any, record: ConnectionPoolEntry, _proxy: Any) -> None:
        if record.info["file"] != identity():
            raise sa.exc.DisconnectionError

    event.listen(engine, "do_connect", opening)
    event.listen(engine, "connect", is_open)
    event.listen(engine, "checkout", is_taken)


def _without_values(context: ExceptionContext) -> None:
    """Leave out of an error what PostgreSQL tells in detail: the values of the row, which may be somebody's."""
    original = context.original_exception
    primary = getattr(getattr(original, "diag", None), "message_primary", None)
    if primary is None:
        return
    told = str(original)
    for error in (original, context.sqlalchemy_exception):
        if error is not None:
            error.args = tuple(one.replace(told, primary) if isinstance(one, str) else one for one in error.args)


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # we say BEGIN ourselves, below
    for pragma in ("journal_mode=WAL", "foreign_keys=ON", "synchronous=FULL"):  # FULL: what was acknowledged is on disk
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    # A transaction that will write takes the lock at once: two that read first and then write would deadlock.
    writes = connection.get_execution_options().get("writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


@contextmanager
def opened(url: str | sa.URL) -> Iterator[Engine]:
    """A database for the length of a block; its connections are closed behind it. Errors as for `connect`."""
    engine = connect(url)
    try:
        yield engine
    finally:
        engine.dispose()


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """One consistent look: every query inside sees the same moment of the database."""
    level = {} if engine.dialect.name == "sqlite" else {"isolation_level": "REPEATABLE READ"}
    with engine.connect().execution_options(**level) as connection, connection.begin():
        yield connection


@contextmanager
def _turn(engine: Engine, *, long: bool) -> Iterator[None]:
    """Wait for one's turn to write to an SQLite file, which takes one writer at a time.

    SQLite lets those who wait look again now and then, and of many one may look at the wrong moments until it gives up. In
    one process they queue here, however long that takes, but not for somebody who said that they will be long; SQLite's own
    wait is left for those of other processes.
    """
    if engine.dialect.name != "sqlite":
        yield
        return
    name = str(engine.url.database)
    with _TURNS_LOCK:
        turn = _TURNS.setdefault(name, threading.Lock())
    while not turn.acquire(timeout=BUSY_TIMEOUT_SECONDS):
        if name in _LONG:
            raise sa.exc.OperationalError("BEGIN IMMEDIATE", None, sqlite3.OperationalError("database is locked"))
    try:
        if long:
            _LONG.add(name)
        yield
    finally:
        _LONG.discard(name)
        turn.release()


_TURNS: dict[str, threading.Lock] = {}
_TURNS_LOCK = threading.Lock()
_LONG: set[str] = set()
"""Databases in which somebody writes who said that they will be long."""


def unhurried(connection: Connection) -> None:
    """Let the statements of this transaction take as long as they need: very many rows are written in it."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql("SET LOCAL statement_timeout = 0")


@contextmanager
def writing(engine: Engine, *, counted: bool = True, long: bool = False) -> Iterator[Connection]:
    """One write transaction; as its last step it takes the next revision and stamps it on what was written of facts and slots.

    The counter's row stays locked until the transaction ends, so revisions become visible in the order of their
    numbers, and a reader that asks for what is newer than the last one it saw misses nothing.

    Parameters
    ----------
    counted : bool
        False: nothing of what is written is counted or named on a page (sign-ins, the audit log), and no revision is taken,
        so that nobody's numbers are counted anew.
    long : bool
        It may take longer than others are to wait: they are told that the database is locked.
    """
    with _turn(engine, long=long), engine.connect().execution_options(writes=True) as connection, connection.begin():
        yield connection
        if not counted:
            return
        bump = sa.update(revisions).values(revision=revisions.c.revision + 1).returning(revisions.c.revision)
        revision = connection.execute(bump).scalar()
        for stamped in (lead_facts, removed_leads, slots):
            connection.execute(sa.update(stamped).where(stamped.c.revision.is_(None)).values(revision=revision))


def current_revision(connection: Connection) -> int:
    """The newest revision; 0 where nothing was written yet."""
    return int(connection.scalar(sa.select(revisions.c.revision)) or 0)
