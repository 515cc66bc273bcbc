"""Behind every number stands exactly the list that it counts."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from dashboard import auth, frame, reports
from dashboard.filters import Filters, moment
from dashboard.frame import View
from dashboard.metrics.partners import SMALL_PARTNERS
from dashboard.screens import funnel, partners, response
from data_access import demo, facts
from data_access import engine as databases
from data_access.facts import Snapshot
from data_access.promises import Targets
from data_access.tally import members, tally
from data_access.vocabulary import Role, Stage

UNTIL = datetime(2026, 11, 24, 15, 0, tzinfo=UTC)
FILTERS = [Filters(), Filters(channel=("phone", "fax"), location=(1, 3)), Filters(kind=("information",))]


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    file = tmp_path_factory.mktemp("demo") / "demo.db"
    demo.make(file, "specialty", UNTIL)
    engine = databases.connect(f"sqlite:///{file}")
    loaded = facts.load(engine)
    engine.dispose()
    return loaded


def view_of(snapshot: Snapshot, filters: Filters, monkeypatch: pytest.MonkeyPatch) -> View:
    viewer = auth.Viewer("Bob", Role.MANAGER, None)
    monkeypatch.setattr(frame.loaders, "count", lambda _, keys, where, when: tally(snapshot, keys, where, when))
    return View(viewer, filters, UNTIL, moment(UNTIL, "America/New_York", 30), "America/New_York", fixed=False)


@pytest.mark.parametrize("filters", FILTERS)
@pytest.mark.parametrize("by", ["pathway", "location", "channel"])
def test_every_number_of_the_funnel_opens_its_leads(snapshot, filters: Filters, by: str, monkeypatch) -> None:
    """Each column at each stage of each group, and each part of each bar."""
    view = view_of(snapshot, filters, monkeypatch)
    table = reports.funnel(view.count, filters, None, [by]).table
    for row in table.itertuples():
        behind = {
            "reached": row.reached, "entered": row.entered, "skipped": row.skipped, "lost": row.lost, "answered": row.answered,
            "waiting": row.waiting, "waiting_moved_back": row.waiting_moved_back, "immature": row.immature,
            "went_on": row.reached - row.lost - row.waiting - row.answered,
        }  # fmt: skip
        for column, number in behind.items():
            keys = funnel._keys(Stage(row.stage), column)
            cell = funnel._cell(view, {by: (getattr(row, by),)}, "", keys)
            assert len(members(snapshot, cell.where, view.moment)) == number, (row, column)


@pytest.mark.parametrize("contact", [False, True])
def test_every_number_of_the_response_table_opens_its_leads(snapshot, contact: bool, monkeypatch) -> None:
    """Judged, in time, late, overdue, and each kind that is left out."""
    view = view_of(snapshot, Filters(), monkeypatch)
    table = reports.response(
        view.count, Filters(), None, ["location"], targets=Targets(()), today=view.today, contact=contact
    ).table
    for row in table.itertuples():
        for column in (*response._BEHIND, "judged"):
            keys = {"location": (row.location,), response._key(contact): response._BEHIND.get(column, response._JUDGED)}
            where = response.narrower(view.where, **keys)
            assert len(members(snapshot, where, view.moment)) == getattr(row, column), column


@pytest.mark.parametrize("outcome", ["attended", "scheduled"])
def test_every_number_of_the_league_opens_its_leads(snapshot, outcome: str, monkeypatch) -> None:
    """Referrals judged, those that came, and those too young; of the small partners' row too."""
    view = view_of(snapshot, Filters(), monkeypatch)
    table = reports.partners(view.count, Filters(), None, outcome=outcome).table
    names = {int(code): "" for code in set(snapshot.columns["partner"])}
    assert SMALL_PARTNERS in set(table["partner"])
    for row in table.itertuples():
        for column in ("n", "k", "immature"):
            behind = partners._behind(row.partner, table, names)
            cell = partners._cell(behind, "", view, partners._keys(column, outcome))
            assert len(members(snapshot, cell.where, view.moment)) == getattr(row, column), column


def test_a_list_never_reaches_beyond_what_is_filtered(snapshot, monkeypatch) -> None:
    """Clicking North while only South is chosen shows nobody."""
    view = view_of(snapshot, Filters(location=(1,)), monkeypatch)
    cell = funnel._cell(view, {"location": (2,)}, "", funnel._keys(Stage.CAPTURED, "reached"))
    assert members(snapshot, cell.where, view.moment) == []


def test_the_file_is_not_left_behind(tmp_path: Path) -> None:
    """Making a demo leaves one file and no log beside it."""
    demo.make(tmp_path / "d.db", "empty", UNTIL)
    assert [p.name for p in tmp_path.iterdir()] == ["d.db"]
