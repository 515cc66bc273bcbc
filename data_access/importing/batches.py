"""One import from files to leads: settle the dates, compare with what is there, add, update, reject, count."""

import csv
import dataclasses
import hashlib
import os
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection, Engine

from data_access import event_log, leads, merging, retention
from data_access import tables as t
from data_access.engine import writing
from data_access.events import Event
from data_access.importing import reading
from data_access.importing.dates import Evidence, Order
from data_access.importing.mapping import Mapping
from data_access.importing.reading import Line, Unreadable
from data_access.importing.revising import revise
from data_access.importing.rows import Rejected, RowReader
from data_access.lead_state import LeadState
from data_access.leads import Draft
from data_access.promises import ResponseClock
from data_access.vocabulary import BatchStatus

CHUNK = 5_000
Reject = Callable[[Path, Line, str], None]


@dataclass
class Result:
    """What an import did. `read` counts rows of the main file, `rejected` those of joined files too."""

    batch: int | None = None
    read: int = 0
    added: int = 0
    updated: int = 0
    unchanged: int = 0
    flagged: int = 0
    rejected: int = 0

    def summary(self) -> dict[str, int | None]:
        """The counts by name, in a fixed order."""
        return asdict(self)


@dataclass
class Plan:
    """What a first pass over the files settled, before anything is written."""

    mapping: Mapping
    files: tuple[Path, ...]
    main: Path
    rows: int
    orders: dict[str, Order | None]
    headings: list[str]
    joined: dict[str, tuple[Path, Line]] = field(default_factory=dict)
    unusable: list[tuple[Path, Line, str]] = field(default_factory=list)


class _RollBack(Exception):
    """Ends a dry run's transaction."""


def run(
    engine: Engine,
    plan: Plan,
    *,
    now: datetime,
    rejects: Path,
    dry_run: bool = False,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Result:
    """Import leads as planned.

    Rows with an id are compared with what was imported before: new ones are added, changed ones updated by further
    events, equal ones left alone. Without an id every row is a lead of its own, equal rows too. A row that cannot
    become a lead goes to the rejects file with its reason. An import that breaks off keeps the chunks it finished;
    run again, it goes on.

    Parameters
    ----------
    rejects : Path
        Where rejected rows are written; not touched when there are none. Never one of the files that are read.
    dry_run : bool
        Find out and count, but leave the database as it is.
    progress : callable
        Called with (rows done, rows in all).
    """
    if rejects.is_dir():
        raise Unreadable(f"{rejects} is a folder; name a file for rejected rows (--rejects)")
    if rejects.exists() and any(rejects.samefile(file) for file in plan.files):
        raise Unreadable(f"{rejects.name} is read by this import; name another file for rejected rows (--rejects)")
    result = Result()
    if not dry_run:
        with writing(engine) as connection:
            result.batch = _open_batch(connection, plan, now)
    status = BatchStatus.FAILED
    try:
        with _rejecting(rejects, plan.headings, result) as reject:
            for unusable in plan.unusable:
                reject(*unusable)
            importer = _Importer(plan, result, now, reject)
            records = reading.lines(plan.main)
            while chunk := list(islice(records, CHUNK)):
                with suppress(_RollBack), writing(engine) as connection:
                    importer.take(connection, chunk)
                    if dry_run:
                        raise _RollBack
                progress(result.read, plan.rows)
            importer.reject_unmatched()
        status = BatchStatus.FINISHED
    finally:
        if not dry_run:
            with writing(engine) as connection:
                _close_batch(connection, result, status, now)
    return result


def plan(files: Sequence[Path], mapping: Mapping) -> Plan:
    """Look over the files once: which is the main one, how each date column is written, what is to be joined.

    Raises
    ------
    Unreadable
        When a file cannot be read, or the files lack a column that the mapping names.
    dates.Unsettled
        When the order of day and month of a column cannot be told.
    """
    headings = {path: reading.headings(path) for path in files}
    _require_different(files)
    everything = list(dict.fromkeys(name for names in headings.values() for name in names))
    missing = sorted(mapping.columns - set(everything))
    if missing:
        raise Unreadable(
            f"no column {missing[0]!r} in {', '.join(p.name for p in files)}; found: {', '.join(everything)}"
        )
    received = set(mapping.fields["received"].columns)
    mains = [path for path, names in headings.items() if received <= set(names)]
    if len(mains) != 1:
        raise Unreadable(
            f"one file must hold {sorted(received)}, the moment of receipt; {len(mains)} of {len(files)} do"
        )
    if len(files) > 1 and not mapping.join:
        raise Unreadable('several files need join = "column" in the mapping, to say which rows belong together')
    for column in sorted(mapping.columns - {mapping.join}):
        holding = [path.name for path, names in headings.items() if column in names]
        if len(holding) > 1:
            raise Unreadable(f"{' and '.join(holding)} both have the column {column!r}; rename it in one of them")
    made = Plan(mapping, tuple(files), mains[0], 0, {}, everything)
    asked = mapping.orders
    evidence = {column: Evidence(column) for column, order in asked.items() if order is None}
    for path in files:
        for line in reading.lines(path):
            made.rows += path == made.main
            for column, seen in evidence.items():
                seen.add(line.number, line.values.get(column, ""))
            if path != made.main:
                _join(made, path, line)
    made.orders = {column: order or evidence[column].settle() for column, order in asked.items()}
    return made


def _require_different(files: Sequence[Path]) -> None:
    twice = next((path for n, path in enumerate(files) if any(path.samefile(other) for other in files[:n])), None)
    if twice:
        raise Unreadable(f"{twice.name} is given twice")


def _join(made: Plan, path: Path, line: Line) -> None:
    key = line.values.get(made.mapping.join or "", "")
    if line.fault:
        made.unusable.append((path, line, line.fault))
    elif not key:
        made.unusable.append((path, line, f"{made.mapping.join} is empty, so it belongs to no lead"))
    elif key in made.joined:
        made.unusable.append(
            (path, line, f"{made.mapping.join} {key} occurs before, in line {made.joined[key][1].number}")
        )
    else:
        made.joined[key] = (path, line)


class _Importer:
    def __init__(self, plan: Plan, result: Result, now: datetime, reject: Reject) -> None:
        self._plan, self._result, self._now, self._reject = plan, result, now, reject
        self._matched: set[str] = set()
        self._first_line: dict[str, int] = {}
        self._equal_rows: Counter[str] = Counter()

    def take(self, connection: Connection, chunk: list[Line]) -> None:
        """Add or update the leads of some rows, in one transaction."""
        reader = RowReader(connection, self._plan.mapping, self._plan.orders, self._now)
        drafts: dict[str, Draft] = {}
        for line in chunk:
            self._result.read += 1
            try:
                draft = reader.draft(self._joined(line))
                draft.source_key = self._key(line, draft)
            except Rejected as why:
                self._reject(self._plan.main, line, str(why))
                continue
            draft.batch_id = self._result.batch
            drafts[draft.source_key] = draft
        self._save(connection, drafts)

    def reject_unmatched(self) -> None:
        """Report joined rows that belong to no lead."""
        for key, (path, line) in self._plan.joined.items():
            if key not in self._matched:
                self._reject(path, line, f"no lead has {self._plan.mapping.join} {key}")

    def _joined(self, line: Line) -> dict[str, str]:
        if line.fault:
            raise Rejected(line.fault)
        key = line.values.get(self._plan.mapping.join or "", "")
        if key not in self._plan.joined:
            return line.values
        self._matched.add(key)
        return self._plan.joined[key][1].values | line.values

    def _key(self, line: Line, draft: Draft) -> str:
        if draft.source_key is None:  # without an id a row is known by what it says, equal rows by their count
            said = hashlib.sha256(repr(sorted(line.values.items())).encode()).hexdigest()[:32]
            self._equal_rows[said] += 1
            return f"row:{said}:{self._equal_rows[said]}"
        first = self._first_line.setdefault(draft.source_key, line.number)
        if first != line.number:
            raise Rejected(f"the id {draft.source_key} occurs before, in line {first}")
        return draft.source_key

    def _save(self, connection: Connection, drafts: dict[str, Draft]) -> None:
        known = {
            row.source_key: row
            for row in connection.execute(
                sa.select(t.leads.c.id, t.leads.c.source_key, t.leads.c.source_digest, t.leads.c.flags).where(
                    t.leads.c.source_system == self._plan.mapping.source_system,
                    t.leads.c.source_key.in_(list(drafts)),
                )
            )
        }
        new = [draft for key, draft in drafts.items() if key not in known]
        changed = {
            known[k].id: d for k, d in drafts.items() if k in known and known[k].source_digest != d.source_digest
        }
        same = [row for key, row in known.items() if row.id not in changed]
        added = leads.add_many(connection, new)
        states = [state for _, state in added] + self._update(connection, changed)
        leads.plan_by_rule(connection, [*(lead_id for lead_id, _ in added), *changed], now=self._now)
        self._result.added += len(new)
        self._result.updated += len(changed)
        self._result.unchanged += len(same)
        self._result.flagged += sum(bool(s.flags) for s in states) + sum(bool(row.flags) for row in same)

    def _update(self, connection: Connection, changed: dict[int, Draft]) -> list[LeadState]:
        """Append what brings the leads to what their rows say now."""
        lines: list[tuple[int, Event]] = []
        clock = ResponseClock(connection)
        for lead_id in retention.deidentified(connection, changed):  # the file may name a person still
            draft = changed[lead_id]
            draft.received = dataclasses.replace(draft.received, reference=None, expectations=None)
        for lead_id, log in event_log.logs_of(connection, changed).items():
            lines += [(lead_id, event) for event in revise(log, changed[lead_id], self._now, clock)]
            digest = {"source_digest": changed[lead_id].source_digest}
            connection.execute(sa.update(t.leads).where(t.leads.c.id == lead_id).values(digest))
        event_log.append_events(connection, lines)
        if not changed:
            return []
        states = leads.rebuild(connection, changed)
        merging.carry_on(connection, states, now=self._now)
        return list(states.values())


def _open_batch(connection: Connection, plan: Plan, now: datetime) -> int:
    batch = sa.insert(t.import_batches).values(
        source_system=plan.mapping.source_system,
        files=", ".join(file.name for file in plan.files),
        mapping_digest=plan.mapping.digest,
        started_at=now,
        status=BatchStatus.RUNNING,
    )
    return int(connection.execute(batch.returning(t.import_batches.c.id)).scalar_one())


def _close_batch(connection: Connection, result: Result, status: BatchStatus, now: datetime) -> None:
    counts = {f"{name}_rows": count for name, count in result.summary().items() if name != "batch"}
    connection.execute(
        sa.update(t.import_batches)
        .where(t.import_batches.c.id == result.batch)
        .values(status=status, finished_at=now if status == BatchStatus.FINISHED else None, **counts)
    )


@contextmanager
def _rejecting(path: Path, headings: list[str], result: Result) -> Iterator[Reject]:
    """A function that writes a rejected row with its file, line and reason; the file begins with the first of them."""
    out: Any = None
    begun = path.with_name(f"{path.name}.part")

    def reject(file: Path, line: Line, why: str) -> None:
        nonlocal out
        result.rejected += 1
        if out is None:
            begun.unlink(missing_ok=True)
            out = os.fdopen(
                os.open(begun, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w", newline="", encoding="utf-8"
            )
            csv.writer(out).writerow(["file", "line", "reason", "text", *headings])
        values = (line.values.get(name, "") for name in headings)
        csv.writer(out).writerow([file.name, line.number, why, line.text, *values])

    try:
        yield reject
    finally:
        if out is not None:
            out.close()
            begun.replace(path)
