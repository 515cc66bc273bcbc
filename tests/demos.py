"""The demo practices as they are at one moment, each made once for all workers of a test run."""

import os
import shutil
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from data_access import demo

UNTIL = datetime(2026, 11, 24, 15, 0, tzinfo=UTC)


def copy(factory: pytest.TempPathFactory, name: str, to: Path | None = None) -> Path:
    """A copy of a demo practice of one's own, at `to` or in a new folder."""
    base = factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    made, turn = shared / f"demo-{name}.db", shared / f"demo-{name}.turn"
    while not made.exists():
        try:
            turn.mkdir()
        except FileExistsError:
            time.sleep(0.2)  # another worker makes it
            continue
        demo.make(made, name, UNTIL)
    return Path(shutil.copy(made, to or factory.mktemp("demo") / "demo.db"))
