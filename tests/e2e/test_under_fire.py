"""Under fire: the server is killed in the midst of many saves. What it acknowledged is there, once, and nothing is twice.

`make fire` runs it as often and with as many saves as docs/operations.md tells of.
"""

import asyncio
import json
import os
import random
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest
import sqlalchemy as sa

from dashboard import clock
from data_access import leads, web_forms
from data_access import tables as t
from data_access.engine import reading, writing
from data_access.event_log import logs_of
from data_access.fact_tables import NEVER, lead_facts
from tests import factories
from tests.conftest import Engine
from tests.e2e.conftest import running

ROUNDS, SAVES = (int(os.environ.get(name, usual)) for name, usual in (("FIRE_ROUNDS", "1"), ("FIRE_SAVES", "60")))
PER_FORM, AT_ONCE = 25, 48
"""Posts of one form, which may post 60 within a minute and posts each of these twice; and posts under way together."""
SECRET = "under-fire-" * 4


async def post(client: httpx.AsyncClient, key: tuple[str, str], number: int, once: str) -> int | None:
    """Post an inquiry; its number once it is acknowledged, None where no answer came."""
    name, signs = key
    body = json.dumps({"form": "patient", "location": "North", "reference": f"F-{number}"}).encode()
    stamp = str(int(clock.now().timestamp()))
    headers = {"x-handoff-source": name, "x-handoff-timestamp": stamp, "idempotency-key": once,
               "x-handoff-signature": web_forms.signature(signs, stamp, once, body)}  # fmt: skip
    try:
        answer = await client.post("/api/inquiries", content=body, headers=headers)
    except httpx.TransportError:
        return None
    assert answer.status_code in (200, 201), answer.text
    return int(answer.json()["inquiry"])


async def volley(address: str, keys: list[tuple[str, str]], numbers: list[int], enough: int, kill) -> dict[int, int]:
    """Post everything; once `enough` are acknowledged, `kill`. Which were acknowledged, and as which inquiry."""
    acknowledged: dict[int, int] = {}
    under_way = asyncio.Semaphore(AT_ONCE)
    async with httpx.AsyncClient(base_url=address, timeout=60, limits=httpx.Limits(max_connections=AT_ONCE)) as client:

        async def one(place: int, number: int) -> None:
            async with under_way:
                found = await post(client, keys[place // PER_FORM], number, f"fire-{number:08}")
            if found is not None:
                acknowledged[number] = found
                if len(acknowledged) == enough:
                    kill()

        await asyncio.gather(*(one(place, number) for place, number in enumerate(numbers)))
    return acknowledged


def fired(*volley_of: Any) -> dict[int, int]:
    """A volley in a thread of its own: playwright, where it ran before, keeps an event loop running in this one."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(lambda: asyncio.run(volley(*volley_of))).result()


@pytest.mark.timeout(0)
def test_what_was_acknowledged_before_the_server_was_killed_is_there_once(database: Engine, tmp_path: Path) -> None:
    """Then everything is posted again to a new server, as a website does that got no answer."""
    factories.found(database)
    with writing(database) as c:
        c.execute(sa.update(t.practice).values(is_demo=True, demo_until=clock.now().date()))
    url = database.url.render_as_string(hide_password=False)
    serve = ("-m", "dashboard.cli", "serve", "--database", url, "--port")
    chance, told, lost, started = random.Random(7), {}, 0, time.monotonic()
    for turn in range(ROUNDS):
        numbers = list(range(turn * SAVES, (turn + 1) * SAVES))
        with writing(database) as c:
            names = [f"form-{turn}-{n}" for n in range(-(-SAVES // PER_FORM))]
            keys = [(name, web_forms.key_of(SECRET, web_forms.find_or_add(c, name))) for name in names]
        with running(tmp_path, *serve, HANDOFF_WEB_SECRET=SECRET) as (address, process):
            enough = chance.randint(1, SAVES - 1)
            first = fired(address, keys, numbers, enough, partial(process.send_signal, signal.SIGKILL))
            assert process.wait(20) == -signal.SIGKILL
        assert enough <= len(first) < SAVES
        lost += SAVES - len(first)
        with running(tmp_path, *serve, HANDOFF_WEB_SECRET=SECRET) as (address, _):
            again = fired(address, keys, numbers, SAVES + 1, lambda: None)
        assert set(again) == set(numbers)
        assert {number: again[number] for number in first} == first, "the same inquiry, and not a second one"
        told |= again
    with reading(database) as c:
        kept = {row.reference: row.id for row in c.execute(sa.select(t.leads.c.reference, t.leads.c.id))}
        assert len(set(told.values())) == len(told) == c.scalar(sa.select(sa.func.count()).select_from(t.leads))
        assert kept == {f"F-{number}": inquiry for number, inquiry in told.items()}
        assert all(len(log) == 1 for log in logs_of(c, list(told.values())).values())
        counted = sa.select(lead_facts.c.lead_id).where(lead_facts.c.valid_until == NEVER)
        assert sorted(c.scalars(counted)) == sorted(told.values())
    _rows_are_the_replay(database, told)
    took = f"{lost:,} without an answer when it was killed; {time.monotonic() - started:.0f} s"
    print(f"{database.dialect.name}: {ROUNDS} kills, {len(told):,} saves, {took}")  # noqa: T201  # for docs/operations.md


def _rows_are_the_replay(database: Engine, told: dict[int, int]) -> None:
    """No transaction was left half done: replaying the events changes no row, but for its version."""
    rows = sa.select(*(column for column in t.leads.c if column.name != "version")).order_by(t.leads.c.id)
    with writing(database) as c:
        before = c.execute(rows).all()
        leads.rebuild(c, list(told.values()))
        assert c.execute(rows).all() == before
