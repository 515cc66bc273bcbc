"""What a run of a page is made of: counting, measuring, drawing, and what is sent for it.

    python -m tests.benchmarks.rerun --leads 10000 1000000

Each page is run by Streamlit's own test client, without a server or a browser: with nothing changed, and with a new inquiry
before each run, so that what is kept by its counts is worked out anew where they changed.
"""

import argparse
import logging
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

from streamlit.runtime.scriptrunner_utils.script_run_context import ScriptRunContext
from streamlit.testing.v1 import AppTest

from dashboard import capacity_reports, clock, loaders, partner_reports, reports, series, source_reports
from dashboard.review import building
from data_access import leads as lead_log
from data_access.engine import writing
from data_access.events import Received
from data_access.vocabulary import Channel, Kind, Pathway
from tests.benchmarks.browsing import PAGES
from tests.benchmarks.growing import practice_file

ROOT = Path(__file__).parents[2]
_MEASURING = (reports, capacity_reports, partner_reports, source_reports, series, building)


class _Watch:
    """Seconds inside some functions; of one that calls another of them, only the outer."""

    def __init__(self) -> None:
        self.seconds, self._inside = 0.0, False

    def of(self, function: Callable[..., Any]) -> Callable[..., Any]:
        def watched(*args: Any, **kwargs: Any) -> Any:
            if self._inside:
                return function(*args, **kwargs)
            self._inside, began = True, time.perf_counter()
            try:
                return function(*args, **kwargs)
            finally:
                self.seconds += time.perf_counter() - began
                self._inside = False

        return watched


@contextmanager
def _watched() -> Iterator[tuple[_Watch, _Watch, list[int]]]:
    """Where counting, and measuring with the counting in it, are timed, and the bytes of each message."""
    counting, measuring, sent = _Watch(), _Watch(), list[int]()
    enqueue = ScriptRunContext.enqueue

    def noted(context: ScriptRunContext, message: Any) -> None:
        sent.append(message.ByteSize())
        enqueue(context, message)

    with ExitStack() as stack:
        stack.enter_context(patch.object(loaders, "counted", counting.of(loaders.counted)))
        stack.enter_context(patch.object(ScriptRunContext, "enqueue", noted))
        for module in _MEASURING:
            for name, one in list(vars(module).items()):
                if callable(one) and getattr(one, "__module__", "") == module.__name__ and not isinstance(one, type):
                    stack.enter_context(patch.object(module, name, measuring.of(one)))
        yield counting, measuring, sent


def _log(location_id: int) -> None:
    now = clock.now()
    asked = Received(
        location_id=location_id, pathway=Pathway.PATIENT, channel=Channel.WEB_FORM, lead_kind=Kind.SCHEDULING
    )
    with writing(loaders.database()) as connection:
        lead_log.log_inquiry(connection, asked, received_at=now, now=now)


def measure(name: str, times: int, before: Callable[[], None]) -> str:
    """A line about a page, in milliseconds and kilobytes."""
    at = AppTest.from_file(str(ROOT / "dashboard" / "app.py"), default_timeout=300).run()
    at.switch_page(str(ROOT / "pages" / f"{name}.py")).run()
    at.run()
    whole, count, measured, sent = [], [], [], []
    with _watched() as (counting, measuring, bytes_):
        for _ in range(times):
            before()
            counting.seconds = measuring.seconds = 0.0
            bytes_.clear()
            began = time.perf_counter()
            at.run()
            whole.append(time.perf_counter() - began)
            count.append(counting.seconds)
            measured.append(max(measuring.seconds - counting.seconds, 0.0))
            sent.append(sum(bytes_))
    run, counts, measures = (statistics.median(each) * 1e3 for each in (whole, count, measured))
    return (f"run {run:5.0f} ms: count {counts:4.0f}, measure {measures:4.0f}, draw {run - counts - measures:4.0f}; "
            f"{statistics.median(sent) / 1024:4.0f} kB")  # fmt: skip


def main() -> None:
    """Print a line for each page, with nothing changed and with a new inquiry before each run."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--leads", type=int, nargs="+", default=[10_000])
    a = parser.parse_args()
    logging.disable(logging.ERROR)
    for leads in a.leads:
        with (
            tempfile.TemporaryDirectory() as folder,
            patch("streamlit.runtime.context.ContextProxy.ip_address", "127.0.0.1"),
        ):
            file = Path(folder) / "practice.db"
            practice_file(file, leads)
            os.environ["HANDOFF_DATABASE_URL"] = f"sqlite:///{file}"
            for name in PAGES:
                print(f"{leads:>9,} {name:<16} {measure(name, 9, lambda: None)}")
                print(f"{'':>9} {'after a change':<16} {measure(name, 9, lambda: _log(1))}")


if __name__ == "__main__":
    main()
