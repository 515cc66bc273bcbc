"""One import from files to leads: compare with what is there, add, update, reject, count; wholly, or not at all."""

import dataclasses
import gc
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection, Engine

from data_access import event_log, leads, merging, retention
from data_access import tables as t
from data_access.engine import unhurried, writing
from data_access.events import Event, Voided
from data_access.importing.planning import Plan, Reject
from data_access.importing.reading import Line
from data_access.importing.revising import revise
from data_access.importing.rows import Rejected, RowReader
from data_access.importing.scratch import Scratch, scratch
from data_access.lead_state import LeadState
from data_access.leads import Draft
from data_access.promises import ResponseClock
from data_access.vocabulary import BatchStatus, Flag

CHUNK = 5_000
EXAMPLES = 5
"""So many examples are kept of each thing that an import does."""
_QUOTED = re.compile(r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"|(?<=\bid )\S+|(?<=\bline )\d+|\b\d+(?= fields)")


@dataclass(frozen=True)
class Example:
    """A row as an example of what an import does: its file, its line, its id if it has one, and what is said of it."""

    file: str
    line: int
    key: str | None
    about: str = ""


@dataclass
class Result:
    """What an import did. `read` counts rows of the main table, `rejected` those of other files too.

    Attributes
    ----------
    flags : Counter of Flag
        How many leads have each.
    reasons : Counter of str
        Why rows were rejected, what they say themselves left out.
    examples : dict of str -> list of Example
        Some rows, by "added", "updated" or "flagged", or by the reason of their rejection.
    """

    batch: int | None = None
    read: int = 0
    added: int = 0
    updated: int = 0
    unchanged: int = 0
    flagged: int = 0
    rejected: int = 0
    flags: Counter[Flag] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    examples: dict[str, list[Example]] = field(default_factory=dict)

    def summary(self) -> dict[str, int | None]:
        """The counts by name, in a fixed order."""
        names = ("batch", "read", "added", "updated", "unchanged", "flagged", "rejected")
        return {name: getattr(self, name) for name in names}

    def wants(self, what: str) -> bool:
        """Whether there are not enough examples of something yet."""
        return len(self.examples.setdefault(what, [])) < EXAMPLES


class _RollBack(Exception):
    """Ends a dry run's transaction."""


def run(
    engine: Engine,
    plan: Plan,
    *,
    now: datetime,
    reject: Reject = lambda file, line, why: None,
    staff_id: int | None = None,
    dry_run: bool = False,
    progress: Callable[[int, int], None] = lambda done, total: None,
    at_end: Callable[[Connection, Result], None] = lambda connection, result: None,
) -> Result:
    """Import leads as planned, in one transaction: an import that is broken off leaves nothing behind.

    Rows with an id are compared with what was imported before: new ones are added, changed ones updated by further
    events, equal ones left alone. Without an id every row is a lead of its own, equal rows too. A row that cannot
    become a lead is rejected with its reason.

    Parameters
    ----------
    reject : callable
        Takes rejected rows.
    staff_id : int, optional
        By whom; None: from the command line.
    dry_run : bool
        Find out and count, but leave the database as it is.
    progress : callable
        Called with (rows done, rows in all); what it raises breaks the import off.
    at_end : callable
        Called with the transaction and the result before it ends, in a dry run too.
    """
    result = Result()

    def rejecting(file: str, line: Line, why: str) -> None:
        result.rejected += 1
        kind = _QUOTED.sub("…", why)
        result.reasons[kind] += 1
        if result.wants(kind):
            result.examples[kind].append(Example(file, line.number, None, why))
        reject(file, line, why)

    try:
        with scratch() as kept, writing(engine, long=True) as connection:
            unhurried(connection)
            batch = _open_batch(connection, plan, now, staff_id)
            importer = _Importer(connection, plan, result, batch, now, rejecting, kept)
            rows = plan.lines(kept, rejecting)
            while chunk := list(islice(rows, CHUNK)):
                with _collector_paused():
                    importer.take(chunk)
                progress(min(result.read, plan.rows), plan.rows)
            result.batch = None if dry_run else batch
            result.read = plan.rows
            _close_batch(connection, batch, result, importer.reader.added, now)
            at_end(connection, result)
            if dry_run:
                raise _RollBack
    except _RollBack:
        pass
    return result


@contextmanager
def _collector_paused() -> Iterator[None]:
    """Thousands of leads at once would have the garbage collector look at all of them again and again."""
    paused = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if paused:
            gc.enable()


class _Importer:
    def __init__(
        self,
        connection: Connection,
        plan: Plan,
        result: Result,
        batch: int,
        now: datetime,
        reject: Reject,
        kept: Scratch,
    ) -> None:
        self._connection, self._plan, self._result = connection, plan, result
        self._now, self._reject, self._kept = now, reject, kept
        self.reader = RowReader(connection, plan.mapping, plan.orders, now, batch)

    def take(self, chunk: Sequence[Line]) -> None:
        """Add or update the leads of some rows."""
        read: list[tuple[Line, Draft]] = []
        for line in chunk:
            self._result.read += 1
            try:
                if line.fault:
                    raise Rejected(line.fault)
                read.append((line, self.reader.draft(line.values)))
            except Rejected as why:
                self._reject(self._plan.main.name, line, str(why))
        self._save(self._told_apart(read))

    def _told_apart(self, read: list[tuple[Line, Draft]]) -> dict[str, tuple[Line, Draft]]:
        """The drafts by what tells them apart: their id, or what their row says and how often that was said."""
        with_id = [(draft.source_key, line.number) for line, draft in read if draft.source_key]
        first = self._kept.first_lines(with_id)
        found: dict[str, tuple[Line, Draft]] = {}
        for line, draft in read:
            if draft.source_key is None:
                said, times = self._kept.times(line.values)
                draft.source_key = f"row:{said}:{times}"
            elif first[draft.source_key] != line.number:
                before = first[draft.source_key]
                why = f"the id {draft.source_key} occurs before, in line {before}"
                self._reject(self._plan.main.name, line, why)
                continue
            found[draft.source_key] = line, draft
        return found

    def _save(self, drafts: dict[str, tuple[Line, Draft]]) -> None:
        c = t.leads.c
        known = {
            row.source_key: row
            for row in self._connection.execute(
                sa.select(c.id, c.source_key, c.source_digest, c.flags).where(
                    c.source_system == self._plan.mapping.source_system, c.source_key.in_(list(drafts))
                )
            )
        }
        new = [key for key in drafts if key not in known]
        differing = {
            known[key].id: key
            for key, (_, draft) in drafts.items()
            if key in known and known[key].source_digest != draft.source_digest
        }
        added = leads.add_many(self._connection, [drafts[key][1] for key in new], planned_at=self._now)
        updated = self._update({lead_id: drafts[key][1] for lead_id, key in differing.items()})
        leads.plan_by_rule(self._connection, updated, now=self._now)
        self._result.added += len(new)
        self._result.updated += len(updated)
        self._result.unchanged += len(known) - len(updated)
        for key, (_, state) in zip(new, added, strict=True):
            self._tell("added", *drafts[key], Flag(state.flags))
        for lead_id, (state, about) in updated.items():
            self._tell("updated", *drafts[differing[lead_id]], Flag(state.flags), about)
        for row in known.values():
            if row.id not in updated:
                self._tell("unchanged", *drafts[row.source_key], Flag(row.flags))

    def _tell(self, what: str, line: Line, draft: Draft, flags: Flag, about: str = "") -> None:
        if self._result.wants(what):
            self._result.examples[what].append(self._example(line, draft, about))
        if flags:
            self._result.flagged += 1
            self._result.flags.update(flag for flag in Flag if flag & flags)
            if self._result.wants("flagged"):
                said = ", ".join(str(flag.name) for flag in Flag if flag & flags)
                self._result.examples["flagged"].append(self._example(line, draft, said))

    def _example(self, line: Line, draft: Draft, about: str) -> Example:
        key = draft.source_key if "id" in self._plan.mapping.fields else None
        return Example(self._plan.main.name, line.number, key, about)

    def _update(self, differing: dict[int, Draft]) -> dict[int, tuple[LeadState, str]]:
        """Append what brings the leads to what their rows say now; those of which that is anything, and what."""
        if not differing:
            return {}
        leads.lock(self._connection, differing)
        lines: list[tuple[int, Event]] = []
        about: dict[int, str] = {}
        clock = ResponseClock(self._connection)
        for lead_id in retention.deidentified(self._connection, differing):  # the file may name a person still
            draft = differing[lead_id]
            draft.received = dataclasses.replace(draft.received, reference=None, expectations=None)
        for lead_id, log in event_log.logs_of(self._connection, differing).items():
            more = revise(log, differing[lead_id], self._now, clock)
            lines += [(lead_id, event) for event in more]
            if more:
                about[lead_id] = _told(log, more)
            digest = {"source_digest": differing[lead_id].source_digest}
            self._connection.execute(sa.update(t.leads).where(t.leads.c.id == lead_id).values(digest))
        event_log.append_events(self._connection, lines)
        if not about:
            return {}
        states = leads.rebuild(self._connection, about)
        merging.carry_on(self._connection, states, now=self._now)
        return {lead_id: (states[lead_id], about[lead_id]) for lead_id in about}


def _told(log: list[Event], more: list[Event]) -> str:
    """Which kinds of events an update takes back and adds, for an example."""
    of = {event.id: event for event in log}
    gone = Counter(str(of[e.what.event_id].what.kind) for e in more if isinstance(e.what, Voided))
    new = Counter(str(e.what.kind) for e in more if not isinstance(e.what, Voided))
    changed = [kind for kind in new if kind in gone]
    return ", ".join(
        [f"{kind} changed" for kind in changed]
        + [f"{kind} added" for kind in new if kind not in gone]
        + [f"{kind} taken back" for kind in gone if kind not in new]
    ).replace("_", " ")


def newest(connection: Connection, *, limit: int) -> list[dict[str, Any]]:
    """The imports, the newest first: the columns of `import_batches`, and by whom in words."""
    b, who = t.import_batches, t.staff
    query = sa.select(b, who.c.name.label("staff")).outerjoin(who, who.c.id == b.c.staff_id)
    return [dict(row) for row in connection.execute(query.order_by(b.c.id.desc()).limit(limit)).mappings()]


def _open_batch(connection: Connection, plan: Plan, now: datetime, staff_id: int | None) -> int:
    batch: dict[str, Any] = {
        "source_system": plan.mapping.source_system,
        "files": plan.files,
        "file_digests": ", ".join(plan.digests) or None,
        "mapping_name": plan.mapping.name,
        "mapping_digest": plan.mapping.digest,
        "mapping": plan.mapping.text or None,
        "staff_id": staff_id,
        "started_at": now,
        "finished_at": now,
        "status": BatchStatus.FINISHED,
    }
    return int(
        connection.execute(sa.insert(t.import_batches).values(batch).returning(t.import_batches.c.id)).scalar_one()
    )


def _close_batch(
    connection: Connection, batch: int, result: Result, listed: dict[str, list[int]], now: datetime
) -> None:
    counts = {f"{name}_rows": count for name, count in result.summary().items() if name != "batch"}
    entries = {name: ids for name, ids in listed.items() if ids}
    closed = sa.update(t.import_batches).where(t.import_batches.c.id == batch)
    connection.execute(closed.values(finished_at=now, listed=entries, **counts))
