"""Fifty people at once: forty look and filter, ten log inquiries, each thinking for about ten seconds between two clicks.

    python -m tests.benchmarks.people --leads 10000 100000 --database sqlite postgres

They speak to the server as a browser does, by its websocket and its messages, without drawing anything: what is timed is a
click until the last message of the run that it starts. First one person alone, whose median is what fifty are compared with;
then one person who never thinks, which says how many clicks a second one process answers; then all fifty. No run may fail, and
in the end every inquiry that was acknowledged has to be in the database.
"""

import argparse
import asyncio
import random
import shutil
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import ClientConnection, connect

from data_access import engine as databases
from data_access import tables as t
from tests.benchmarks.growing import postgres_practice, practice_file
from tests.e2e.conftest import served

PAGES = ("funnel", "response_times", "partners", "conversion", "trends", "weekly_review")
PLACES = (["Downtown"], ["Riverside"], ["Lake County"], [])
VIEWERS, LOGGERS = 40, 10
THINKS = 10.0
COME_WITHIN = 20.0
LASTS = 60.0
"""All are there after so many seconds; what is clicked in so many after these is timed."""


class Person:
    """Somebody with a browser."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket, self._ids, self._values = socket, dict[str, str](), dict[str, Any]()
        self.said = ""

    async def open(self, page: str) -> float:
        """Open a page; seconds."""
        self._values, self._hash = {}, ""
        return await self._run(page)

    async def choose(self, key: str, options: list[str]) -> float:
        """Choose options of the widget with a key; seconds."""
        self._values[self._id(key)] = options
        return await self._run()

    async def click(self, key: str) -> float:
        """Click on a button; seconds."""
        return await self._run(pressed=self._id(key))

    def _id(self, key: str) -> str:
        """The newest widget whose key begins so: the quick form numbers those of each inquiry."""
        return [one for known, one in self._ids.items() if known == key or known.rpartition("_")[0] == key][-1]

    async def _run(self, page: str = "", *, pressed: str = "") -> float:
        asked = BackMsg()
        asked.rerun_script.page_name, asked.rerun_script.page_script_hash = page, self._hash
        for widget, options in self._values.items():
            state = asked.rerun_script.widget_states.widgets.add(id=widget)
            state.string_array_value.data.extend(options)
        if pressed:
            asked.rerun_script.widget_states.widgets.add(id=pressed).trigger_value = True
        began, texts = time.perf_counter(), []
        await self._socket.send(asked.SerializeToString())
        while True:
            got = ForwardMsg()
            got.ParseFromString(await self._socket.recv(decode=False))
            match got.WhichOneof("type"):
                case "new_session":
                    self._hash = got.new_session.page_script_hash
                case "navigation":
                    self._hash = got.navigation.page_script_hash
                case "script_finished":
                    self.said = "\n".join(texts)
                    return time.perf_counter() - began
                case "session_event" if got.session_event.WhichOneof("type") == "script_compilation_exception":
                    raise RuntimeError(got.session_event.script_compilation_exception.message)
                case "delta" if got.delta.WhichOneof("type") == "new_element":
                    element = got.delta.new_element
                    kind = element.WhichOneof("type")
                    if kind == "exception":
                        raise RuntimeError(element.exception.message)
                    one = getattr(element, kind)
                    if widget := getattr(one, "id", ""):
                        key = widget.split("-", 2)[-1]
                        self._ids.pop(key, None)
                        self._ids[key] = widget
                    texts.append(str(getattr(one, "body", "")))


@contextmanager
def _practice(kind: str, leads: int, home: Path) -> Iterator[tuple[str, list[str]]]:
    """URL of a practice, and the command that serves it."""
    if kind == "sqlite":
        practice_file(home / "demo-specialty.db", leads)
        yield f"sqlite:///{home / 'demo-specialty.db'}", ["demo"]
    else:
        with postgres_practice(home, leads) as url:
            yield url, ["demo", "--database", url]


async def _looks(address: str, took: list[float], until: float, thinks: float, chance: random.Random) -> None:
    await asyncio.sleep(chance.uniform(0, until - LASTS - time.monotonic()))
    async with _connected(address) as socket:
        person = Person(socket)
        while True:
            page = chance.choice(PAGES)
            await person.open(page)
            for _ in range(4):
                await asyncio.sleep(chance.uniform(0.5, 1.5) * thinks)
                if time.monotonic() > until:
                    return
                seconds = await person.choose("location", chance.choice(PLACES))
                if time.monotonic() > until - LASTS:
                    took.append(seconds)


async def _logs(address: str, took: list[float], saved: list[str], until: float, chance: random.Random) -> None:
    await asyncio.sleep(chance.uniform(0, until - LASTS - time.monotonic()))
    async with _connected(address) as socket:
        person = Person(socket)
        await person.open("log_inquiry")
        while True:
            await asyncio.sleep(chance.uniform(0.5, 1.5) * THINKS)
            if time.monotonic() > until:
                return
            await person.choose("log_channel", ["Web form"])
            seconds = await person.click("log_save")
            if time.monotonic() > until - LASTS:
                took.append(seconds)
            if "was saved" in person.said:
                saved.append(person.said)


def _connected(address: str) -> connect:
    stream = address.replace("http", "ws") + "/_stcore/stream"
    return connect(stream, subprotocols=["streamlit"], origin=address, max_size=None, ping_interval=None)  # type: ignore[arg-type,list-item]


async def _alone(address: str) -> list[float]:
    took: list[float] = []
    await _looks(address, took, time.monotonic() + COME_WITHIN, 0.5, random.Random(1))
    return took


async def _busy(address: str) -> list[float]:
    took: list[float] = []
    await _looks(address, took, time.monotonic() + COME_WITHIN, 0, random.Random(2))
    return took


async def _all(address: str) -> tuple[list[float], list[float], list[str]]:
    looked: list[float] = []
    logged: list[float] = []
    saved: list[str] = []
    until = time.monotonic() + COME_WITHIN + LASTS
    await asyncio.gather(
        *(_looks(address, looked, until, THINKS, random.Random(n)) for n in range(VIEWERS)),
        *(_logs(address, logged, saved, until, random.Random(-n - 1)) for n in range(LOGGERS)),
    )
    return looked, logged, saved


def _number(url: str) -> int:
    with databases.opened(url) as engine, databases.reading(engine) as connection:
        return int(connection.scalar(sa.select(sa.func.count()).select_from(t.leads)) or 0)


def _p95(took: list[float]) -> float:
    return statistics.quantiles(took, n=20)[-1]


def measure(kind: str, leads: int) -> None:
    """Print what one and fifty people wait for, in milliseconds."""
    home = Path(tempfile.mkdtemp())
    with (
        _practice(kind, leads, home) as (url, command),
        served(home, "-m", "dashboard.cli", *command, "--port") as address,
    ):
        asyncio.run(_alone(address))  # warm
        alone = asyncio.run(_alone(address))
        busy = asyncio.run(_busy(address))
        before = _number(url)
        looked, logged, saved = asyncio.run(_all(address))
        kept = _number(url) - before
    shutil.rmtree(home)
    one = statistics.median(alone)
    print(f"{kind:<9} {leads:>9,} leads  one: {one * 1e3:.0f}  clicks a second: {1 / statistics.mean(busy):.1f}  "
          f"fifty: filter {statistics.median(looked) * 1e3:.0f}, p95 {_p95(looked) * 1e3:.0f} ({_p95(looked) / one:.1f}x); "
          f"save {statistics.median(logged) * 1e3:.0f}, p95 {_p95(logged) * 1e3:.0f}; "
          f"{len(looked)} filters, {len(saved)} saved, {kept} kept")  # fmt: skip
    if kept != len(saved):
        raise SystemExit("an acknowledged inquiry is not in the database")


def main() -> None:
    """Measure each database at each size."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--leads", type=int, nargs="+", default=[10_000])
    parser.add_argument("--database", nargs="+", choices=("sqlite", "postgres"), default=["sqlite", "postgres"])
    a = parser.parse_args()
    for kind in a.database:
        for leads in a.leads:
            measure(kind, leads)


if __name__ == "__main__":
    main()
