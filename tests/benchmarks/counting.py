"""How fast leads are counted, how much memory they take, and how long it takes to read them, from ten thousand to a million.

    python -m tests.benchmarks.counting --leads 10000 100000 1000000

Everything is measured in one run; what counts are ratios. Of each page the tallies are those that it asks for when it is
opened without filters. The floor is what a program written by hand for that page would take in numpy: it works out each key
and each filter once for the whole page, and each tally is one pass over ready keys into one bincount. The ratio to it tells
what declaring each tally by itself costs. The other bound is the same tallies as GROUP BY in the database.
"""

import argparse
import logging
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import sqlalchemy as sa
from sqlalchemy import Engine
from streamlit.testing.v1 import AppTest

from data_access import engine as databases
from data_access import facts
from data_access import tally as counting
from data_access.dimensions import LEADS, Dimension, Moment, Unit
from data_access.fact_columns import first_from
from data_access.fact_tables import lead_facts
from data_access.facts import Snapshot, Stored
from data_access.live_facts import LiveFacts
from data_access.tally import Where, tally
from tests.benchmarks.growing import practice_file

ROOT = Path(__file__).parents[2]
PAGES = (
    "weekly_review",
    "funnel",
    "response_times",
    "partners",
    "conversion",
    "trends",
    "records",
    "stalls",
    "sources",
)
CHANGES = (1, 100, 10_000)
BLOCK = 2**18


class Asked(NamedTuple):
    """The arguments of a tally."""

    by: tuple[str, ...]
    where: Where
    moment: Moment
    unit: Unit


def asked_by_pages(url: str) -> dict[str, list[Asked]]:
    """The tallies of each page as it is opened; each once."""
    os.environ["HANDOFF_DATABASE_URL"] = url
    logging.disable(logging.CRITICAL)
    import streamlit.runtime.context as context

    context.ContextProxy.ip_address = "127.0.0.1"  # type: ignore[method-assign]  # a test of an app has no client
    from dashboard import loaders

    made: list[Asked] = []

    def noted(source: Any, by: Sequence[str], where: Where, moment: Moment, unit: Unit = LEADS) -> Any:
        one = Asked(tuple(by), where, moment, unit)
        if one not in made:
            made.append(one)
        return tally(source, by, where, moment, unit)

    loaders.tallies.tally = noted
    asked = {}
    for page in PAGES:
        at = AppTest.from_file(str(ROOT / "dashboard" / "app.py"), default_timeout=600)
        made.clear()
        at.run()
        made.clear()
        at.switch_page(f"../pages/{page}.py").run()
        asked[page] = list(made)
    loaders.tallies.tally = tally
    return asked


# ---------------------------------------------------------------- the floor


def by_hand(snapshot: Snapshot, wanted: list[Asked]) -> None:
    """All tallies of a page, as a program would count them that was written for it."""
    known: dict[Any, Any] = {}

    def once_only(what: Any, work: Callable[[], Any]) -> Any:
        if what not in known:
            known[what] = work()
        return known[what]

    for by, where, moment, unit in wanted:
        for segment in snapshot.of[unit.stored].segments:
            if segment.until <= moment.minute:
                continue
            first, last = 0, len(segment)
            if where.days and not where.by_day:
                first, last = (first_from(segment.columns[unit.stored.day], counting._kept(day)) for day in where.days)
            for start in range(first, last, BLOCK):
                stop = min(start + BLOCK, last)
                part = (id(segment), start, stop, moment)
                f = once_only(
                    part, partial(counting._Some, partial(counting._block, segment, start, stop), stop - start)
                )
                rows = once_only((part, repr(where)), partial(_rows, f, where, moment, unit))
                keys = [once_only((part, name), partial(_key, f, moment, unit.dimensions[name])) for name in by]
                _count(keys, rows)


def _rows(f: Any, where: Where, moment: Moment, unit: Unit) -> Any:
    rows: Any = True
    for holds in counting._asked(where, moment, unit):
        rows = rows & holds(f)
    return np.broadcast_to(rows, len(f))


def _key(f: Any, moment: Moment, dimension: Dimension) -> tuple[Any, int]:
    key = np.broadcast_to(dimension.key(f, moment), len(f))
    low = 0 if dimension.size else int(key.min())
    return (key - low if low else key), dimension.size or int(key.max()) - low + 1


def _count(keys: list[tuple[Any, int]], rows: Any) -> None:
    if not keys:
        np.count_nonzero(rows)
        return
    cells = float(np.prod([span for _, span in keys], dtype=float))
    number = keys[0][0].astype(np.int64 if cells >= 2**31 else np.int32)
    for key, span in keys[1:]:
        number *= span
        number += key
    number = number.compress(rows)
    if cells <= max(4 * len(number), 4096):
        np.bincount(number)
    elif len(number):
        pd.factorize(number, sort=True)


# ---------------------------------------------------------------- timing


def best(work: Callable[[], Any], times: int = 5) -> float:
    """Milliseconds of the quickest of some runs."""
    took = []
    for _ in range(times):
        began = time.perf_counter()
        work()
        took.append(time.perf_counter() - began)
    return min(took) * 1_000


def once(work: Callable[[], Any]) -> float:
    """Milliseconds of one run."""
    return best(work, 1)


def change(engine: Engine, leads: int) -> None:
    """Write so many leads anew."""
    some = (
        sa.select(lead_facts.c.lead_id)
        .where(lead_facts.c.part == 0)
        .order_by(lead_facts.c.received_day.desc())
        .limit(leads)
    )
    with databases.writing(engine) as connection:
        connection.execute(sa.update(lead_facts).where(lead_facts.c.lead_id.in_(some)).values(revision=None))


def bare_read(file: Path, stored: Stored) -> Callable[[], Any]:
    """All rows of a unit, with the columns that are counted, by the driver alone."""
    import sqlite3

    query = f"SELECT {', '.join(('lead_id', *stored.kinds))} FROM {stored.table.name}"
    return lambda: sqlite3.connect(file).execute(query).fetchall()


def measure(file: Path, leads: int) -> dict[str, float]:
    """Print what a practice of a size costs, and give what its growth is judged by, in milliseconds."""
    engine, folder = databases.connect(f"sqlite:///{file}"), file.parent / "facts"
    grown: dict[str, float] = {}
    print(
        f"\n{leads:,} leads\n  unit                rows a lead  bytes a lead  bare read   load  from a copy   [seconds]"
    )
    live = LiveFacts(engine, folder)
    for stored in facts.UNITS:
        bare, load = once(bare_read(file, stored)), once(lambda stored=stored: facts.load(engine, [stored]))
        live.now(stored)
        begin = once(lambda stored=stored: LiveFacts(engine, folder).now(stored))
        kept = live.now(stored).of[stored]
        size = sum(column.nbytes for one in kept.segments for column in one.columns.values())
        print(f"  {stored.table.name:<19} {len(kept) / leads:11.2f}  {size / leads:12.1f}  "
              f"{bare / 1000:9.2f}  {load / 1000:5.2f}  {begin / 1000:11.3f}")  # fmt: skip
        grown[f"load {stored.table.name}"] = load
    print("  refresh, all units, ms:", end="")
    loaded = sum(ms for name, ms in grown.items() if name.startswith("load"))
    for number in CHANGES:
        change(engine, min(number, leads))
        took = once(lambda: [live.now(stored) for stored in facts.UNITS])
        grown[f"refresh {number}"] = took
        print(f"  after {number:,}: {took:.1f} ({took / loaded:.2%} of a full load)", end="")
    nothing = statistics.median(once(lambda: live.now(facts.LEADS)) for _ in range(50))
    print(f"  nothing changed, one unit: {nothing:.2f}")

    snapshot = facts.load(engine)
    print("  page             tallies  in process  floor  ratio  GROUP BY  ratio   [ms]")
    for page, wanted in asked_by_pages(f"sqlite:///{file}").items():
        counted = sum(best(partial(tally, snapshot, *one)) for one in wanted)
        bound = best(partial(by_hand, snapshot, wanted))
        with databases.reading(engine) as connection:
            grouped = sum(once(partial(tally, connection, *one)) for one in wanted)
        grown[page], grown[f"{page}, GROUP BY"] = counted, grouped
        print(f"  {page:<16} {len(wanted):7}  {counted:10.1f}  {bound:5.1f}  {counted / bound:5.2f}  {grouped:8.0f}  "
              f"{grouped / counted:5.0f}")  # fmt: skip
    engine.dispose()
    return grown


def main() -> None:
    """Measure each size, and how each figure grows with it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--leads", type=int, nargs="+", default=[10_000, 100_000])
    sizes = parser.parse_args().leads
    measured: list[tuple[int, dict[str, float]]] = []
    for size in sizes:
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "practice.db"
            measured.append((leads := practice_file(file, size), measure(file, leads)))
    if len(measured) > 1:
        print("\nGrowth: the exponent of the number of leads, fitted to all sizes")
        sized = np.log([leads for leads, _ in measured])
        for name in measured[0][1]:
            exponent = np.polyfit(sized, np.log([grown[name] for _, grown in measured]), 1)[0]
            print(f"  {name:<28} {exponent:5.2f}")


if __name__ == "__main__":
    main()
