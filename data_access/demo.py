"""Synthetic practices to look around in: seeded, about 18 months of leads each, and nobody's identity.

Each lead is simulated from its arrival to its end by the practice's own staffed hours, and cut off at `until`, so that
the newest ones are still in play. The same name and the same `until` give the same practice.
"""

from collections.abc import Callable
from datetime import datetime
from itertools import islice
from pathlib import Path

from sqlalchemy import Engine

from data_access import engine as databases
from data_access import leads, practice, schema
from data_access.demo_profiles import PROFILES
from data_access.demo_simulation import Simulation
from data_access.engine import writing
from data_access.promises import ResponseClock

_CHUNK = 1_500


def make(
    file: Path, name: str, until: datetime, progress: Callable[[int, int], None] = lambda done, total: None
) -> None:
    """Make a demo practice in a SQLite file, anew if it is there; one that was broken off is never taken for whole."""
    file.parent.mkdir(parents=True, exist_ok=True)
    started = file.with_suffix(".part")
    for leftover in (started, file):
        for ending in ("", "-wal", "-shm"):
            Path(f"{leftover}{ending}").unlink(missing_ok=True)
    with databases.opened(f"sqlite:///{started}") as engine:
        schema.migrate(engine)
        build(engine, name, until, progress)
        with engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    started.rename(file)


def build(
    engine: Engine, name: str, until: datetime, progress: Callable[[int, int], None] = lambda done, total: None
) -> None:
    """Make a demo practice in an empty database.

    Parameters
    ----------
    name : str
        One of demo_profiles.NAMES; "empty" is founded and has no leads.
    until : datetime
        Aware; the moment at which the simulation is cut off.

    Raises
    ------
    KeyError
        When there is no such practice.
    """
    if name == "empty":
        with writing(engine) as connection:
            practice.found(connection, "An empty practice", "America/New_York", demo_until=until.date())
        return
    profile = PROFILES[name]
    with writing(engine) as connection:
        simulation = Simulation(connection, profile, name, until)
    drafts = simulation.drafts()
    done = 0
    while chunk := list(islice(drafts, _CHUNK)):
        with writing(engine) as connection:
            clock = ResponseClock(connection)
            leads.add_many(connection, [simulation.promised(connection, clock, draft) for draft in chunk])
        done += len(chunk)
        progress(done, simulation.size)
