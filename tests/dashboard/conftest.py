"""What the tests of pages share: a clock that stands still, and a small practice that is shown."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa
import streamlit as st

from dashboard.auth import Viewer
from data_access import tables as t
from data_access.engine import writing
from data_access.vocabulary import Role
from tests import factories
from tests.conftest import sqlite
from tests.factories import World

NOW = datetime(2026, 11, 24, 15, 0, tzinfo=UTC)


@pytest.fixture
def at_the_demo_moment(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The clock stands still at the demo's last moment; nothing is shared between tests."""
    monkeypatch.setattr("dashboard.clock.now", lambda: NOW)
    monkeypatch.delenv("HANDOFF_DATABASE_URL_FILE", raising=False)
    monkeypatch.setattr("streamlit.runtime.context.ContextProxy.ip_address", "127.0.0.1")  # AppTest has no client
    yield
    st.cache_resource.clear()
    st.cache_data.clear()


@pytest.fixture
def shown_world(at_the_demo_moment: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    """The small practice, shown as a demo to its manager Bob."""
    world = factories.found(sqlite(tmp_path / "world.db"))
    with writing(world.engine) as c:
        c.execute(sa.update(t.practice).values(is_demo=True, demo_until=NOW.date()))
    monkeypatch.setenv("HANDOFF_DATABASE_URL", f"sqlite:///{tmp_path / 'world.db'}")
    return world


SignIn = Callable[..., Viewer]


@pytest.fixture
def sign_in(monkeypatch: pytest.MonkeyPatch) -> SignIn:
    """Somebody of the staff looks, in place of the visitor of a demo practice."""

    def as_(role: Role, staff_id: int | None = None, *places: int, name: str = "Ada") -> Viewer:
        viewer = Viewer(name, role, frozenset(places) or None, staff_id, address="10.0.0.7")
        monkeypatch.setattr("dashboard.loaders.viewer", lambda *, touch=True: viewer)
        return viewer

    return as_
