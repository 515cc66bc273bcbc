"""The demo practices, each made once for all workers of a test run: as they are at one moment, and as they are now."""

import os
import shutil
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from dashboard import clock
from data_access import demo

UNTIL = datetime(2026, 11, 24, 15, 0, tzinfo=UTC)


def copy(factory: pytest.TempPathFactory, name: str, to: Path | None = None, until: datetime | None = UNTIL) -> Path:
    """A copy of a demo practice of one's own, at `to` or in a new folder; without a moment, as it is now."""
    base = factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    kept = f"demo-{name}" if until else f"demo-{name}-now"
    made, turn = shared / f"{kept}.db", shared / f"{kept}.turn"
    while not made.exists():
        try:
            turn.mkdir()
        except FileExistsError:
            time.sleep(0.2)  # another worker makes it
            continue
        demo.make(made, name, until or clock.now())
    return Path(shutil.copy(made, to or factory.mktemp("demo") / "demo.db"))
