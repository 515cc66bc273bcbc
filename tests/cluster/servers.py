"""Three PostgreSQL servers that hold the facts of a practice together: one asks, and each holds some locations."""

import os
import pwd
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Engine
from sqlalchemy.schema import CreateTable

from data_access import engine as databases
from data_access import facts
from tests.cluster import postgresql
from tests.e2e.conftest import free_port

SERVERS = 3


@contextmanager
def running() -> Iterator[list[Engine]]:
    """Servers on ports of their own; the first one asks the others."""
    with TemporaryDirectory() as folder:
        yield from _running(Path(folder))


def _running(folder: Path) -> Iterator[list[Engine]]:
    programs = postgresql.installed()
    assert programs, "no PostgreSQL with postgres_fdw: run `make test`, which finds or installs one"
    user = "postgres" if os.geteuid() == 0 else None  # the server does not run as root
    if user:
        owner = pwd.getpwnam(user)
        os.chown(folder, owner.pw_uid, owner.pw_gid)
    ports = [free_port() for _ in range(SERVERS)]

    def run(name: str, *arguments: object) -> None:
        subprocess.run(
            [programs / name, *map(str, arguments)], user=user, check=True, cwd=folder, stdout=subprocess.DEVNULL
        )

    try:
        for number, port in enumerate(ports):
            data = folder / str(number)
            run("initdb", "-D", data, "-U", "handoff", "--auth=trust", "--encoding=UTF8", "--no-sync")
            options = f"-p {port} -k {folder} -c listen_addresses=127.0.0.1 -c fsync=off"
            run("pg_ctl", "-D", data, "-l", folder / f"{number}.log", "-w", "-o", options, "start")
        yield [databases.connect(f"postgresql://handoff@127.0.0.1:{port}/postgres") for port in ports]
    finally:
        for number in range(len(ports)):
            subprocess.run(
                [programs / "pg_ctl", "-D", folder / str(number), "-m", "immediate", "stop"], user=user, check=False
            )


def partition(servers: Sequence[Engine], locations: Sequence[Sequence[int]]) -> None:
    """Make the tables of the facts on the first server, partitioned by location over all; `locations`: of each server."""
    asks, *others = servers
    for server in servers:
        with server.begin() as c:
            c.exec_driver_sql("CREATE EXTENSION IF NOT EXISTS postgres_fdw")
    with asks.begin() as c:
        for number, other in enumerate(others, start=1):
            c.exec_driver_sql(
                f"CREATE SERVER server_{number} FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host '127.0.0.1', "
                f"port '{other.url.port}', dbname 'postgres', async_capable 'true', fdw_tuple_cost '1', "
                "fetch_size '10000')"
            )
            c.exec_driver_sql(f"CREATE USER MAPPING FOR handoff SERVER server_{number} OPTIONS (user 'handoff')")
    for unit in facts.UNITS:
        columns = _columns(unit.table, asks)
        with asks.begin() as c:
            c.exec_driver_sql(f"CREATE TABLE {unit.table.name} ({columns}) PARTITION BY LIST (location)")
        for number, (server, held) in enumerate(zip(servers, locations, strict=True)):
            part, values = f"{unit.table.name}_{number}", ", ".join(map(str, held))
            if server is asks:
                with asks.begin() as c:
                    c.exec_driver_sql(f"CREATE TABLE {part} PARTITION OF {unit.table.name} FOR VALUES IN ({values})")
                continue
            with server.begin() as c:
                c.exec_driver_sql(f"CREATE TABLE {part} ({columns})")
            with asks.begin() as c:
                c.exec_driver_sql(
                    f"CREATE FOREIGN TABLE {part} PARTITION OF {unit.table.name} FOR VALUES IN ({values}) "
                    f"SERVER server_{number}"
                )


def _columns(table: sa.Table, engine: Engine) -> str:
    """A table's columns as SQL says them, without keys: no constraint reaches over several servers."""
    bare = sa.Table(table.name, sa.MetaData(), *(sa.Column(c.name, c.type, nullable=c.nullable) for c in table.columns))
    made = str(CreateTable(bare).compile(engine))
    return made[made.index("(") + 1 : made.rindex(")")]


def fill(asks: Engine, source: Engine) -> None:
    """Copy all facts of a practice into the cluster."""
    for unit in facts.UNITS:
        with source.connect() as there, asks.begin() as here:
            rows: list[dict[str, Any]] = [dict(row) for row in there.execute(sa.select(unit.table)).mappings()]
            if rows:
                here.execute(sa.insert(unit.table), rows)
    with asks.connect().execution_options(isolation_level="AUTOCOMMIT") as c:
        for unit in facts.UNITS:
            for part in (unit.table.name, *(f"{unit.table.name}_{number}" for number in range(SERVERS))):
                c.exec_driver_sql(f"ANALYZE {part}")  # foreign tables are left out where they are not named
