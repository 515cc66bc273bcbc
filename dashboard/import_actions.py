"""Bringing leads in from a page: tried out, carried out, and taken back, each with its permission and in the audit log.

An import runs in a thread of its own: it goes on when its page is left, and stops when somebody asks it to.
"""

import codecs
import logging
import zlib
from dataclasses import dataclass, field
from datetime import datetime
from tempfile import SpooledTemporaryFile
from threading import Event, Thread
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection, Engine

from dashboard import auth, clock, import_trial
from dashboard.acting import acting, noting, require_standing
from dashboard.auth import Viewer
from dashboard.import_trial import Picture
from data_access import lead_lists
from data_access.engine import reading
from data_access.importing import batches, rejects, saved, undoing
from data_access.importing.batches import Result
from data_access.importing.mapping import Mapping as Mapped
from data_access.importing.planning import Plan, Reject
from data_access.importing.undoing import Outlook
from data_access.vocabulary import AuditKind

_LOG = logging.getLogger(__name__)
_IN_MEMORY = 10_000_000
CANCELLED = "It was cancelled; nothing was written."


class _Cancelled(Exception):
    """Somebody asked for the import to stop."""


@dataclass
class Job:
    """An import under way, or done.

    Attributes
    ----------
    dry_run : bool
        Whether it is only tried out.
    done, total : int
        Rows.
    pictures : list of Picture
        In a trial, the practice's numbers before and with it.
    problem : str
        Why it came to nothing, if it did.
    """

    plan: Plan
    dry_run: bool
    done: int = 0
    total: int = 0
    result: Result | None = None
    pictures: list[Picture] = field(default_factory=list)
    problem: str = ""
    _rejects: bytes = b""
    _stop: Event = field(default_factory=Event)
    _thread: Thread | None = None

    @property
    def running(self) -> bool:
        """Whether it is under way."""
        return self._thread is not None and self._thread.is_alive()

    def cancel(self) -> None:
        """Ask it to stop; what it wrote until then is taken back."""
        self._stop.set()

    def rejects(self) -> bytes:
        """Rejected rows as a file that can be corrected and imported again."""
        return zlib.decompress(self._rejects) if self._rejects else b""

    def start(self, engine: Engine, viewer: Viewer) -> None:
        """Begin, for somebody who may.

        Raises
        ------
        auth.NotAllowed
            When they may not.
        """
        auth.require_whole_practice(viewer, auth.IMPORT)
        self._thread = Thread(target=self._run, args=(engine, viewer), name="import", daemon=True)
        self._thread.start()

    def wait(self) -> None:
        """Wait until it is over."""
        if self._thread:
            self._thread.join()

    def _run(self, engine: Engine, viewer: Viewer) -> None:
        with SpooledTemporaryFile(_IN_MEMORY, "w+", encoding="utf-8", newline="") as out:
            self._carry_out(engine, viewer, rejects.writer(out, self.plan.headings))
            out.seek(0)
            packed = zlib.compressobj()
            parts = [packed.compress(codecs.BOM_UTF8)]
            while text := out.read(_IN_MEMORY):
                parts.append(packed.compress(text.encode()))
            self._rejects = b"".join([*parts, packed.flush()])

    def _carry_out(self, engine: Engine, viewer: Viewer, write: Reject) -> None:
        def told(done: int, total: int) -> None:
            self.done, self.total = done, total
            if self._stop.is_set():
                raise _Cancelled

        def ending(connection: Connection, done: Result) -> None:
            told(done.read, done.read)
            require_standing(connection, viewer)
            noting(connection, viewer)(AuditKind.CHANGED, f"imported {self.plan.files} as batch {done.batch}")

        try:
            self.result, self.pictures = import_trial.carry_out(
                engine, self.plan, now=clock.now(), reject=write, staff_id=viewer.staff_id, dry_run=self.dry_run,
                progress=told, at_end=ending,
            )  # fmt: skip
        except _Cancelled:
            self.problem = CANCELLED
        except (ValueError, auth.NotDone) as problem:
            self.problem = f"{problem} Nothing was written."
        except sa.exc.SQLAlchemyError as problem:
            _LOG.warning("an import was not taken: %s", type(problem).__name__)  # its words may hold what a row says
            self.problem = "The database does not take this at present, so nothing was written. Try again."
        except Exception as problem:  # whatever it is, the page must not wait for ever
            _LOG.exception("an import broke off")
            self.problem = f"It broke off ({type(problem).__name__}), and nothing was written."


def earlier(engine: Engine, viewer: Viewer, *, limit: int) -> list[dict[str, Any]]:
    """The imports, the newest first."""
    auth.require_whole_practice(viewer, auth.IMPORT)
    with reading(engine) as connection:
        return batches.newest(connection, limit=limit)


def outlook(engine: Engine, viewer: Viewer, batch_id: int) -> Outlook:
    """What undoing an import would do; errors as for `undoing.outlook`."""
    auth.require_whole_practice(viewer, auth.IMPORT)
    with reading(engine) as connection:
        return undoing.outlook(connection, batch_id)


def worked(engine: Engine, viewer: Viewer, seen: Outlook, *, limit: int) -> list[dict[str, Any]]:
    """The leads that were worked since, as they are listed."""
    auth.require_whole_practice(viewer, auth.IMPORT)
    with reading(engine) as connection:
        return lead_lists.listing(connection, locations=None, lead_ids=list(seen.worked[:limit]), limit=limit)


def undo(engine: Engine, viewer: Viewer, batch_id: int, seen: Outlook, *, worked_too: bool, now: datetime) -> Outlook:
    """Undo an import, as it was shown; errors as for `undoing.undo`, and:

    Raises
    ------
    auth.NotDone
        When the viewer may not, or others were worked meanwhile.
    """
    auth.require_whole_practice(viewer, auth.IMPORT)
    with acting(engine, viewer, f"undid import {batch_id}") as (connection, _):
        if undoing.outlook(connection, batch_id) != seen:
            raise auth.NotDone("Something was recorded on these leads since you looked. Look again, then undo it.")
        return undoing.undo(connection, batch_id, now=now, staff_id=viewer.staff_id, worked_too=worked_too)


def mapping_names(engine: Engine, viewer: Viewer) -> list[str]:
    """The names of the mappings that are kept."""
    auth.require_whole_practice(viewer, auth.IMPORT)
    with reading(engine) as connection:
        return saved.names(connection)


def mapping(engine: Engine, viewer: Viewer, name: str) -> Mapped | None:
    """A mapping that is kept."""
    auth.require_whole_practice(viewer, auth.IMPORT)
    with reading(engine) as connection:
        return saved.find(connection, name)


def save_mapping(engine: Engine, viewer: Viewer, name: str, text: str) -> None:
    """Keep a mapping by name; errors as for `saved.save`."""
    auth.require_whole_practice(viewer, auth.IMPORT)
    with acting(engine, viewer, f"saved the mapping {name}", kind=AuditKind.SET_UP, counted=False) as (connection, _):
        saved.save(connection, name, text, now=clock.now(), staff_id=viewer.staff_id)


def remove_mapping(engine: Engine, viewer: Viewer, name: str) -> None:
    """Keep a mapping no longer."""
    auth.require_whole_practice(viewer, auth.IMPORT)
    with acting(engine, viewer, f"removed the mapping {name}", kind=AuditKind.SET_UP, counted=False) as (connection, _):
        saved.remove(connection, name)


def take_rejects(engine: Engine, viewer: Viewer, job: Job) -> bytes:
    """Rejected rows as a file, once the audit log says who takes it."""
    auth.require_whole_practice(viewer, auth.IMPORT)
    with acting(engine, viewer, f"rejected rows of {job.plan.files}", kind=AuditKind.EXPORTED, counted=False):
        return job.rejects()
