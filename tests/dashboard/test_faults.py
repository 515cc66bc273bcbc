"""A database that takes nothing, or is gone: the page says so, nothing typed is lost, and it goes on without a restart."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa

from dashboard import loaders, settings
from data_access import facts, web_forms
from data_access import tables as t
from data_access.engine import reading, writing
from data_access.vocabulary import Channel, Role
from tests.dashboard.conftest import NOW, SignIn
from tests.dashboard.test_pages import fill, visit, words
from tests.factories import World, log

NOT_NOW = "The database does not take this at present, so nothing was saved. What you typed is still here: try again."
Fault = Callable[[World], AbstractContextManager[None]]


@pytest.fixture
def served(at_the_demo_moment: None, world: World, monkeypatch: pytest.MonkeyPatch) -> World:
    """The small practice on each kind of database, shown as a demo."""
    del at_the_demo_moment
    with writing(world.engine) as c:
        c.execute(sa.update(t.practice).values(is_demo=True, demo_until=NOW.date()))
    url = world.engine.url.render_as_string(hide_password=False)
    monkeypatch.setenv("HANDOFF_DATABASE_URL", url)
    monkeypatch.setattr("data_access.engine.BUSY_TIMEOUT_SECONDS", 0.1)
    monkeypatch.setattr("data_access.engine.STATEMENT_TIMEOUT_SECONDS", 1)
    return world


def leads(world: World) -> int:
    with reading(world.engine) as c:
        return int(c.scalar(sa.select(sa.func.count()).select_from(t.leads)) or 0)


@contextmanager
def locked(world: World) -> Iterator[None]:
    """Somebody else writes, and does not come to an end."""
    with world.engine.connect().execution_options(writes=True) as c, c.begin():
        c.execute(sa.update(t.audit_head).values(number=t.audit_head.c.number))
        c.execute(sa.update(t.revisions).values(revision=t.revisions.c.revision))
        yield


@contextmanager
def read_only(world: World) -> Iterator[None]:
    """The database, or the disk that it lies on, was made read-only."""
    del world
    with each_connection("PRAGMA query_only = ON", "SET default_transaction_read_only = on"):
        yield


@contextmanager
def full(world: World) -> Iterator[None]:
    """No room is left on the disk."""
    raising = (
        "CREATE FUNCTION pg_temp.full() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE disk_full; END $$;"
        " CREATE TRIGGER disk_full BEFORE INSERT ON {} EXECUTE FUNCTION pg_temp.full()"
    )
    if world.engine.dialect.name == "sqlite":
        with each_connection("PRAGMA max_page_count = 1", ""):  # which is: no more than there are
            with pytest.raises(sa.exc.OperationalError, match="full"):
                log_on(replace(world, engine=loaders.database()))
            yield
        return
    with world.engine.connect() as c:
        for table in ("leads", "events"):
            c.exec_driver_sql(raising.format(table).replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION"))
        c.commit()
        try:
            yield
        finally:
            c.rollback()
            for table in ("leads", "events"):
                c.exec_driver_sql(f"DROP TRIGGER disk_full ON {table}")
            c.commit()


def log_on(world: World) -> None:
    """One inquiry after another, until something stops it."""
    while True:
        log(world, NOW)


@contextmanager
def each_connection(on_sqlite: str, on_postgres: str) -> Iterator[None]:
    """Every connection of the served pages is told something, and those that come after know nothing of it."""
    engine = loaders.database()
    said = on_sqlite if engine.dialect.name == "sqlite" else on_postgres

    def tell(connection: object, *_: object) -> None:
        with closing(connection.cursor()) as cursor:  # type: ignore[attr-defined]
            cursor.execute(said)
            if engine.dialect.name != "sqlite":
                connection.commit()  # type: ignore[attr-defined]

    engine.dispose()
    sa.event.listen(engine, "connect", tell)
    try:
        yield
    finally:
        sa.event.remove(engine, "connect", tell)
        engine.dispose()


FAULTS = pytest.mark.parametrize("fault", [locked, read_only, full], ids=lambda fault: fault.__name__)


@FAULTS
def test_an_inquiry_that_cannot_be_saved_stays_typed_and_is_saved_once_later(fault: Fault, served: World) -> None:
    """The page says that nothing was saved; the very next click after it is over saves it."""
    at = fill(visit("log_inquiry"), channel=Channel.EMAIL, reference="A-7")
    with fault(served):
        at.button[0].click().run()
        assert not at.exception
        assert NOT_NOW in words(at)
        before = leads(served)
        assert "A-7" in {element.value for element in at.text_input}
    at.button[0].click().run()
    assert not at.exception
    assert leads(served) == before + 1


@FAULTS
def test_every_page_that_only_shows_still_shows(fault: Fault, served: World) -> None:
    """Who looks is not kept from it by what keeps others from writing."""
    log(served, NOW)
    with fault(served):
        for page in ("funnel", "my_day", "weekly_review"):
            assert not visit(page).error, page
        at = visit("lead", lead="1")
        assert not at.exception


@pytest.fixture
def gone_and_back(served: World) -> Callable[[], AbstractContextManager[None]]:
    """The database's file is moved away, or its server lets everybody go and takes nobody in; then it is back."""
    engine = served.engine

    @contextmanager
    def gone() -> Iterator[None]:
        if engine.dialect.name == "sqlite":
            engine.dispose()
            file = Path(str(engine.url.database))
            loaders.database().dispose()
            shutil.move(file, away := file.with_name("away.db"))
            yield
            shutil.move(away, file)
            return
        socket = Path(str(engine.url.query["host"])) / ".s.PGSQL.5432"
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as c:
            others = "FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND datname = current_database()"
            socket.rename(hidden := socket.with_name("hidden"))
            c.exec_driver_sql(f"SELECT pg_terminate_backend(pid) {others}")
            yield
            hidden.rename(socket)

    return gone


def test_a_database_that_is_gone_is_said_on_each_page_and_used_again_once_it_is_back(
    served: World, gone_and_back: Callable[[], AbstractContextManager[None]]
) -> None:
    """What is typed while it is away stays, and is saved when it is back; nobody starts anything anew."""
    at = fill(visit("log_inquiry"), channel=Channel.EMAIL, reference="A-7").run()
    shown = visit("funnel")
    with gone_and_back():
        shown.run()
        assert not shown.exception
        assert "The database does not answer at present." in words(shown)
        at.button[0].click().run()
        assert not at.exception
        assert "The database does not answer at present." in words(at)
    shown.button(key="frame_again").click().run()
    assert "does not answer" not in words(shown)
    at.run()
    assert "A-7" in {element.value for element in at.text_input}
    at.button[0].click().run()
    assert leads(served) == 1


def test_a_click_that_is_refused_or_finds_no_room_says_so_on_the_page(served: World, sign_in: SignIn) -> None:
    """Whatever the click was for, and also where the list that it stands in draws itself alone."""
    with writing(served.engine) as c:
        source = web_forms.find_or_add(c, "clinician-form")
        web_forms.keep(c, source, "post-0001", b"{}", NOW, refused_because="reference: too long")
    log(served, NOW)
    sign_in(Role.INTAKE_COORDINATOR, served.bob)
    at = visit("my_day")
    with locked(served):
        for label in ("Show what it said", "Take it"):
            button = next(button for button in at.button if button.label == label)
            assert not button.click().run().exception
            assert NOT_NOW in words(at), label


def test_a_database_that_goes_away_while_a_page_is_drawn_takes_no_choice_with_it(
    served: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The filters are drawn by then: the page says what is wrong, and shows the same view once the database is back."""
    log(served)
    at = visit("funnel", location="North")

    def gone(*_: object) -> None:
        raise sa.exc.OperationalError("SELECT", None, OSError("gone"))

    with monkeypatch.context() as away:
        away.setattr("dashboard.loaders.tallies.tally", gone)
        at.run()
        assert not at.exception
        assert "The database does not answer at present." in words(at)
    at.button(key="frame_again").click().run()
    assert "does not answer" not in words(at)
    assert at.multiselect(key="location").value == [served.north]


def test_the_server_reads_the_facts_of_all_units_before_anybody_asks(served: World) -> None:
    """A database that is not there, as a demo practice before its first visit, is left to that visit."""
    loaders.begin_facts()
    live = loaders._live(settings.database_url())
    assert all(live.begun(unit) for unit in facts.UNITS)


def test_nothing_is_read_beforehand_where_there_is_no_database_or_it_counts_itself(
    at_the_demo_moment: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No empty file is left where a database is to be, and no facts are held for nothing."""
    del at_the_demo_moment
    monkeypatch.setenv("HANDOFF_DATABASE_URL", f"sqlite:///{tmp_path / 'none.db'}")
    loaders.begin_facts()
    assert not list(tmp_path.iterdir())
    monkeypatch.setenv("HANDOFF_COUNT_IN", "database")
    monkeypatch.setenv("HANDOFF_DATABASE_URL", "postgresql://nobody@localhost:1/nothing")
    loaders.begin_facts()
