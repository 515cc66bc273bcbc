"""What the commands share: which database is meant, whether it is there, and for whom it is read."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import sqlalchemy as sa
from sqlalchemy import Connection, Engine

from dashboard import auth, clock, settings
from dashboard.auth import Viewer
from data_access import accounts, audit, demo_profiles, schema
from data_access import engine as databases
from data_access.vocabulary import AuditKind, Role

COMMAND_LINE = "command line"
"""From where, in the audit log, where somebody works on the machine itself."""


def url_of(given: str | None) -> str:
    """The URL of the database that is meant; `LookupError` where it is a demo practice that does not exist."""
    if given and given.startswith("demo:"):
        name = given.removeprefix("demo:")
        if name not in demo_profiles.NAMES:
            raise LookupError(f"there is no demo practice {name!r}; there are {', '.join(demo_profiles.NAMES)}")
        return settings.demo_url(name)
    return given or settings.database_url()


@contextmanager
def opened(url: str) -> Iterator[Engine]:
    """A database that is there, and whose schema is this version's."""
    require_there(url)
    with databases.opened(url) as engine:
        schema.require_current(engine)
        yield engine


def require_there(url: str) -> None:
    """Raise `LookupError` where a URL names a file that does not exist."""
    file = databases.file_of(url)
    if file and not file.exists():
        raise LookupError(f"there is no database {file}")


def make_demo(name: str, *, fresh: bool = False) -> None:
    """Make a demo practice where it is not there yet, or anew."""
    if settings.demo_file(name).exists() and not fresh:
        with databases.opened(settings.demo_url(name)) as engine:
            schema.migrate(engine)  # it may have been made by an earlier version
    else:
        from data_access import demo  # a practice that is there is served without it

        with progress(f"Making the demo practice {name!r}") as told:
            demo.make(settings.demo_file(name), name, clock.now(), told)


def prepare_demo(url: str) -> None:
    """Make the demo practice that a URL names, where it names one."""
    if name := settings.demo_of(url):
        make_demo(name)


def viewer_of(connection: Connection, email: str | None, needs: str) -> Viewer:
    """Somebody of the staff, as whom is read; without an address, whoever may read the database itself, so all of it.

    Raises
    ------
    LookupError
        When nobody signs in with the address.
    auth.NotAllowed
        When their role does not allow it.
    """
    if email is None:
        return Viewer(COMMAND_LINE, Role.ADMINISTRATOR, None, address=COMMAND_LINE)
    account = accounts.of_email(connection, email)
    if account is None:
        raise LookupError(f"nobody who works here signs in as {email}")
    viewer = Viewer(account.name, account.role, account.locations, account.staff_id, address=COMMAND_LINE)
    auth.require(viewer, needs)
    return viewer


def note(connection: Connection, kind: AuditKind, about: str, lead_id: int | None = None) -> None:
    """Write into the audit log what somebody did on the command line."""
    audit.note(connection, kind, about, now=clock.now(), lead_id=lead_id, address=COMMAND_LINE)


def note_export(engine: Engine, about: str) -> None:
    """Write into the audit log what is taken away as a file; a database that takes nothing keeps nobody from reading it."""
    with (
        suppress(sa.exc.OperationalError, sa.exc.InternalError),
        databases.writing(engine, counted=False) as connection,
    ):
        note(connection, AuditKind.EXPORTED, about)


@contextmanager
def progress(text: str) -> Iterator[Callable[[int, int], None]]:
    """A progress bar on standard error, where somebody is looking."""
    if not sys.stderr.isatty():
        yield lambda done, total: None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True)) as bar:
        task = bar.add_task(text, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)
