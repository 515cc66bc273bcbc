"""The newest facts, shared by everybody in this process."""

from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock

from sqlalchemy import Engine

from data_access import fact_copies, facts
from data_access.facts import Snapshot, Stored


@dataclass
class _Live:
    lock: Lock = field(default_factory=Lock)
    snapshot: Snapshot | None = None


class LiveFacts:
    """The facts of each unit, read when somebody first counts it. Readers never wait for each other's counting.

    Parameters
    ----------
    folder : Path, optional
        Where copies of them are kept, from which the next process begins.
    """

    def __init__(self, engine: Engine, folder: Path | None = None) -> None:
        self._engine, self._folder = engine, folder
        self._units = {stored: _Live() for stored in facts.UNITS}

    def close(self) -> None:
        """Close the connections that are not in use."""
        self._engine.dispose()

    def begun(self, stored: Stored) -> bool:
        """Whether the facts of a unit were read already."""
        return self._units[stored].snapshot is not None

    def now(self, stored: Stored, revision: int | None = None) -> Snapshot:
        """The facts of a unit as they are in the database now; `revision`: its newest, where that was just asked for."""
        live = self._units[stored]
        with live.lock:
            if live.snapshot and live.snapshot.revision == revision:
                return live.snapshot
            known = live.snapshot or (fact_copies.found(self._engine, self._folder, stored) if self._folder else None)
            now = facts.refresh(self._engine, known) if known else facts.load(self._engine, [stored])
            if self._folder and not now.of[stored].kept and len(now.of[stored]) >= fact_copies.KEPT_FROM:
                now = fact_copies.keep(self._engine, self._folder, stored, now)
            live.snapshot = now
            return now
