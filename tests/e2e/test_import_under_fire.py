"""An import that is killed at whatever moment is wholly there, or not at all.

`make fire` kills it as often as docs/operations.md tells of.
"""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import sqlalchemy as sa

from data_access import leads, practice
from data_access import tables as t
from data_access.engine import reading, writing
from data_access.event_log import logs_of
from data_access.fact_tables import lead_facts
from tests.conftest import Engine
from tests.e2e.conftest import ROOT

KILLS = int(os.environ.get("FIRE_IMPORTS", "1"))
ROWS = 2_500 if KILLS > 9 else 1_000
MAPPING = """
source_system = "system {number}"
zone = "America/Chicago"
[fields]
id = "No"
received = "Came"
booked = "Booked"
location = "Site"
partner = "From"
kind = {{ constant = "scheduling" }}
pathway = {{ constant = "patient" }}
channel = {{ constant = "phone" }}
"""


@pytest.mark.timeout(0)
def test_an_import_that_is_killed_is_wholly_there_or_not_at_all(database: Engine, tmp_path: Path) -> None:
    """At random moments between its start and a little after its end; what is there replays to what it is."""
    with writing(database) as c:
        practice.found(c, "Under fire", "America/Chicago")
    rows = (f"{n},2026-01-{n % 28 + 1:02} 09:{n % 60:02},2026-02-01,Site {n % 7},Partner {n % 90}" for n in range(ROWS))
    (tmp_path / "leads.csv").write_text("\n".join(["No,Came,Booked,Site,From", *rows]))
    url = database.url.render_as_string(hide_password=False)
    began = time.monotonic()
    assert _import(tmp_path, url, 0).wait() == 0
    whole = time.monotonic() - began
    chance, killed, landed, number = random.Random(11), 0, 0, 0
    while killed < KILLS:
        number += 1
        assert number < 5 * KILLS + 5, "hardly an import is killed before its end"
        process, began = _import(tmp_path, url, number), time.monotonic()
        try:
            assert process.wait(chance.uniform(whole * 0.2, whole * 1.05)) == 0
            whole = time.monotonic() - began  # quicker than those before
        except subprocess.TimeoutExpired:
            process.kill()
            killed += process.wait(30) == -signal.SIGKILL
        with reading(database) as c:
            mine = t.leads.c.source_system == f"system {number}"
            there = c.scalar(sa.select(sa.func.count()).select_from(t.leads).where(mine))
            batches = c.scalar(sa.select(sa.func.count()).where(t.import_batches.c.source_system == f"system {number}"))
            facts = c.scalar(sa.select(sa.func.count(lead_facts.c.lead_id.distinct())))
            total = c.scalar(sa.select(sa.func.count()).select_from(t.leads))
        assert (there, batches) in ((0, 0), (ROWS, 1))
        assert facts == total
        landed += batches
    assert _import(tmp_path, url, 1).wait() == 0
    _rows_are_the_replay(database)
    print(f"{database.dialect.name}: {killed} of {number} killed before their end, {landed} were there whole")  # noqa: T201


def _import(folder: Path, url: str, number: int) -> "subprocess.Popen[bytes]":
    (folder / "own.toml").write_text(MAPPING.format(number=number))
    command = [sys.executable, "-m", "dashboard.cli", "import", str(folder / "leads.csv"), "--mapping",
               str(folder / "own.toml"), "--database", url, "--rejects", str(folder / "rejects.csv")]  # fmt: skip
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def _rows_are_the_replay(database: Engine) -> None:
    rows = sa.select(*(column for column in t.leads.c if column.name != "version")).order_by(t.leads.c.id).limit(500)
    with writing(database) as c:
        before = c.execute(rows).all()
        ids = [row.id for row in before]
        assert all(logs_of(c, ids).values())
        leads.rebuild(c, ids)
        assert c.execute(rows).all() == before
