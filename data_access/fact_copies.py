"""Copies of the facts on this machine, from which a process begins in a moment, though it must not trust them blindly.

A copy is mapped into memory, so that what nobody counts takes none. For each, the database keeps a token that nobody can
guess: where it has the token, its history led through the copy's revision, and what changed since can be read as ever. A
database that was put back to an earlier state, or is another one, does not have it.
"""

import json
import logging
import secrets
import shutil
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import sqlalchemy as sa
from sqlalchemy import Engine

from data_access.engine import reading, writing
from data_access.fact_columns import Array, Column, RunLength
from data_access.fact_tables import FACTS_VERSION, fact_copies
from data_access.facts import Facts, Segment, Snapshot, Stored, nothing

KEPT_FROM = 50_000
"""Facts of so many rows are worth a copy; fewer are read as fast."""
_WRITTEN_WITHIN_SECONDS = 3600
_TOKENS = 100
_LOG = logging.getLogger(__name__)


def found(engine: Engine, folder: Path, stored: Stored) -> Snapshot | None:
    """The newest copy of a unit's facts that belongs to the database; None where there is none."""
    with reading(engine) as connection:
        known = {row.token: row.revision for row in connection.execute(sa.select(fact_copies))}
    copies = [copy for copy in _copies(folder, stored) if copy["token"] in known and copy["shape"] == _shape(stored)]
    if not copies:
        return None
    newest = max(copies, key=lambda copy: known[copy["token"]])
    try:
        return _opened(folder / stored.table.name / newest["token"], stored, newest)
    except (OSError, ValueError, EOFError):  # damaged, or another process is just replacing it
        _LOG.warning("a copy of the facts in %s cannot be read; they are read from the database", folder)
        return None


def keep(engine: Engine, folder: Path, stored: Stored, snapshot: Snapshot) -> Snapshot:
    """Make a copy of facts that are settled, in place of earlier ones, and give the same facts as it holds them.

    Where the folder cannot be written to, they stay in memory.
    """
    token, facts = secrets.token_hex(16), snapshot.of[stored]
    place = folder / stored.table.name
    about = {
        "token": token,
        "revision": snapshot.revision,
        "shape": _shape(stored),
        "segments": [{"number": one.number, "until": one.until, "newest": one.newest} for one in facts.settled],
    }
    earlier = [copy["token"] for copy in _copies(folder, stored)]
    started = place / f".{token}"
    try:
        place.mkdir(mode=0o700, parents=True, exist_ok=True)
        started.mkdir(mode=0o700)
        _sweep(place, started.stat().st_mtime)
        for number, segment in enumerate(facts.settled):
            for name, column in segment.columns.items():
                _save(started / f"{number}.{name}", column)
        (started / "about.json").write_text(json.dumps(about))
        started.rename(place / token)
        with writing(engine, counted=False) as connection:
            newest = sa.select(fact_copies.c.token).order_by(fact_copies.c.revision.desc()).limit(_TOKENS)
            connection.execute(sa.delete(fact_copies).where(fact_copies.c.token.not_in(newest)))
            connection.execute(sa.insert(fact_copies).values(token=token, revision=snapshot.revision))
        for other in earlier:
            shutil.rmtree(place / other, ignore_errors=True)
        return _opened(place / token, stored, about)
    except (OSError, sa.exc.DBAPIError) as problem:
        _LOG.warning("no copy of the facts is kept in %s: %s", folder, type(problem).__name__)
        shutil.rmtree(started, ignore_errors=True)
        return Snapshot(snapshot.revision, {stored: replace(facts, kept=True)})


def _sweep(place: Path, now: float) -> None:
    """Take away what processes that were killed left half written; `now` by the clock of these files."""
    for left in place.glob(".?*"):
        with suppress(OSError):  # another process has just finished it
            if now - left.stat().st_mtime > _WRITTEN_WITHIN_SECONDS:
                shutil.rmtree(left)


def _shape(stored: Stored) -> dict[str, Any]:
    return {"version": FACTS_VERSION, "kinds": dict(stored.kinds)}


def _copies(folder: Path, stored: Stored) -> Iterator[dict[str, Any]]:
    for about in sorted((folder / stored.table.name).glob("[!.]*/about.json")):
        try:
            copy = json.loads(about.read_text())
        except (OSError, ValueError):
            continue
        if copy.get("token") == about.parent.name:
            yield copy


def _opened(place: Path, stored: Stored, about: dict[str, Any]) -> Snapshot:
    segments = [
        Segment(
            {name: _load(place / f"{number}.{name}") for name in ("lead_id", *stored.kinds)},
            one["number"], one["until"], one["newest"], np.empty(0, np.int64),
        )
        for number, one in enumerate(about["segments"])
    ]  # fmt: skip
    return Snapshot(about["revision"], {stored: Facts(segments, nothing(stored), kept=True)})


def _save(path: Path, column: Column) -> None:
    if isinstance(column, RunLength):
        np.save(f"{path}.ends.npy", column.ends)
        np.save(f"{path}.values.npy", column.values)
    else:
        np.save(f"{path}.npy", column)


def _load(path: Path) -> Column:
    if Path(f"{path}.ends.npy").exists():
        return RunLength(np.load(f"{path}.values.npy"), np.load(f"{path}.ends.npy"))
    mapped: Array = np.load(f"{path}.npy", mmap_mode="r").view(np.ndarray)
    return mapped
