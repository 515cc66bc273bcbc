"""How the database itself counts, and in how much memory of this process: ten million leads on one PostgreSQL server.

    python -m tests.benchmarks.in_database --leads 10000000

Only what the leads' own unit counts is filled in so many times. The memory is what this process holds at the most beyond what
it held before: tallies come over the wire, and no lead does. Reading all facts of leads by COPY is measured beside it.
"""

import argparse
import tempfile
import time
from pathlib import Path

from dashboard import clock
from data_access import engine as databases
from data_access import facts
from data_access.dimensions import LEADS, Moment
from data_access.fact_tables import lead_facts
from data_access.lead_state import epoch_minute
from data_access.tally import Where, tally
from tests.benchmarks.growing import postgres_practice

ASKED = (
    ("how many there are", ()),
    ("funnel", ("furthest", "state", "close_reason")),
    ("league", ("partner", "state", "mature", "attended_in_time")),
    ("response by week", ("due_week", "response")),
    ("curve", ("scheduled_days", "scheduled_ending")),
)


class _Peak:
    """How much more memory this process held at the most than when this was made; Linux tells."""

    def __init__(self) -> None:
        Path("/proc/self/clear_refs").write_text("5")
        self._before = self._most()

    def megabytes(self) -> float:
        return self._most() - self._before

    def _most(self) -> float:
        lines = Path("/proc/self/status").read_text().splitlines()
        return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM"))


def main() -> None:
    """Print what each tally takes in the database, and what reading everything does."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--leads", type=int, default=10_000_000)
    a = parser.parse_args()
    with (
        tempfile.TemporaryDirectory() as folder,
        postgres_practice(Path(folder), a.leads, [lead_facts.name]) as url,
        databases.opened(url) as engine,
    ):
        moment = Moment(epoch_minute(clock.now()), 30)
        print(f"{a.leads:,} leads")
        with databases.reading(engine) as connection:
            databases.unhurried(connection)
            for about, keys in ASKED:
                peak, began = _Peak(), time.perf_counter()
                found = tally(connection, keys, Where(), moment)
                took = time.perf_counter() - began
                print(f"  {about:<20} {took:6.1f} s in the database, {len(found):>6} rows, {peak.megabytes():5.1f} MB")
        peak, began = _Peak(), time.perf_counter()
        snapshot = facts.load(engine, [LEADS.stored])
        took = time.perf_counter() - began
        print(f"  all facts read by COPY {took:6.1f} s, {peak.megabytes():5.1f} MB")
        for about, keys in ASKED:
            began = time.perf_counter()
            tally(snapshot, keys, Where(), moment)
            print(f"  {about:<20} {(time.perf_counter() - began) * 1e3:6.0f} ms in this process")


if __name__ == "__main__":
    main()
