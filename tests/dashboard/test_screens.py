"""Behind every number stands exactly the list that it counts."""

from datetime import date
from pathlib import Path

import pytest

from dashboard import auth, capacity_reports, frame, reports, series
from dashboard.filters import Filters, moment
from dashboard.frame import View
from dashboard.metrics.partners import SMALL_PARTNERS
from dashboard.screens import attendance, backlog, conversion, funnel, partners, records, response, stalls
from data_access import demo, facts
from data_access import engine as databases
from data_access.counted import Standing
from data_access.days import week_number, week_start
from data_access.dimensions import LEADS
from data_access.fact_tables import NEVER
from data_access.facts import Snapshot
from data_access.promises import Targets
from data_access.tally import members, tally
from data_access.units import APPOINTMENTS, ITEMS, SITUATIONS, SPELLS
from data_access.vocabulary import Role, Stage
from tests import demos
from tests.cases import case
from tests.demos import UNTIL

FILTERS = [Filters(), Filters(channel=("phone", "fax"), location=(1, 3)), Filters(kind=("information",))]


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    file = demos.copy(tmp_path_factory, "specialty")
    engine = databases.connect(f"sqlite:///{file}")
    loaded = facts.load(engine)
    engine.dispose()
    return loaded


def view_of(snapshot: Snapshot, filters: Filters, monkeypatch: pytest.MonkeyPatch) -> View:
    viewer = auth.Viewer("Bob", Role.MANAGER, None)
    monkeypatch.setattr(
        frame.loaders, "count", lambda _, keys, where, when, unit=LEADS: tally(snapshot, keys, where, when, unit)
    )
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
    names = {int(code): "" for code in set(snapshot.rows(facts.LEADS)["partner"])}
    assert SMALL_PARTNERS in set(table["partner"])
    for row in table.itertuples():
        for column in ("n", "k", "immature"):
            behind = partners._behind(row.partner, table, names)
            cell = partners._cell(behind, "", view, partners._keys(column, outcome))
            assert len(members(snapshot, cell.where, view.moment)) == getattr(row, column), column


@pytest.mark.parametrize("by", ["location", "channel"])
def test_every_number_of_the_conversion_table_opens_its_leads(snapshot, by: str, monkeypatch) -> None:
    """All, those that came to the step, those closed without it, and those still open."""
    view = view_of(snapshot, Filters(), monkeypatch)
    for row in reports.conversion(view.count, Filters(), None, [by], step="attended", horizon=30).table.itertuples():
        for column, endings in conversion._ENDINGS.items():
            keys = {by: (getattr(row, by),), "attended_ending": endings}
            where = conversion.narrower(view.visits, **keys)
            assert len(members(snapshot, where, view.moment)) == getattr(row, column), column


@pytest.mark.parametrize("by", ["location", "lead_time"])
def test_every_number_of_the_attendance_table_opens_its_appointments(snapshot, by: str, monkeypatch) -> None:
    """Counted, came, did not, and each kind that is left out."""
    view = view_of(snapshot, Filters(), monkeypatch)
    for row in reports.attendance(view.count, Filters(), None, [by]).table.itertuples():
        for column, codes in attendance._BEHIND.items():
            where = attendance.narrower(view.where, **{by: (getattr(row, by),), "attendance": codes})
            assert len(members(snapshot, where, view.moment, APPOINTMENTS)) == getattr(row, column), column


def test_reasons_of_loss_add_up_to_the_funnels_losses_and_open_their_leads(snapshot, monkeypatch) -> None:
    """Stage by stage, and reason by reason."""
    view = view_of(snapshot, Filters(), monkeypatch)
    table = reports.lost_reasons(view.count, Filters(), None).table
    losses = reports.funnel(view.count, Filters(), None).table.set_index("stage")["lost"]
    assert table.groupby("furthest")["leads"].sum().to_dict() == {s: n for s, n in losses.items() if n}
    for row in table.itertuples():
        keys = {"furthest": (row.furthest,), "close_reason": (row.close_reason,), "state": (Standing.LOST,)}
        assert len(members(snapshot, funnel._cell(view, {}, "", keys).where, view.moment)) == row.leads


@pytest.mark.parametrize("filters", FILTERS)
def test_every_number_of_the_stalls_page_opens_its_leads(snapshot, filters: Filters, monkeypatch) -> None:
    """Stalled by stage and reason, next steps by owner, and stays by how they ended."""
    view = view_of(snapshot, filters, monkeypatch)
    for row in reports.stalls(view.count, filters, None).table.itertuples():
        for column, codes in (("open", (0, 1)), ("stalled", (1,))):
            where = stalls.narrower(view.whenever(), stage=(row.stage,), waits_for=(row.waits_for,), stalled=codes)
            assert len(members(snapshot, where, view.moment, SITUATIONS)) == getattr(row, column)
    for row in reports.follow_up(view.count, filters, None, ["owner"]).table.itertuples():
        for column, codes in stalls._DUE.items():
            where = stalls.narrower(view.whenever(), owner=(row.owner,), due=codes)
            assert len(members(snapshot, where, view.moment, SITUATIONS)) == getattr(row, column), column
    clock = reports.Clock(lambda waits: waits["waited_since"].to_numpy() * 0, view.moment.minute)
    for row in reports.time_in_stage(view.count, filters, None, ["location"], clock=clock).table.itertuples():
        for column, codes in stalls._went(Stage(row.stage)).items():
            keys = {"location": (row.location,), "stage": (row.stage,), "went_to": codes}
            where = stalls.narrower(view.visits, **keys)
            assert len(members(snapshot, where, view.moment, SPELLS)) == getattr(row, column), column


@pytest.mark.parametrize("filters", FILTERS[:2])
def test_every_number_of_the_backlog_opens_its_leads(snapshot, filters: Filters, monkeypatch) -> None:
    """Each flow of each week, and who waits now; the last level leads to those who wait now."""
    view = view_of(snapshot, filters, monkeypatch)
    table = capacity_reports.backlog(view.count, filters, None, today=view.today).table
    for row in table.tail(8).itertuples():
        for column, keys in backlog._behind(row.week).items():
            where = backlog.narrower(view.whenever(visits=True), **keys)
            assert len(members(snapshot, where, view.moment, SPELLS)) == getattr(row, column), column
    for row in capacity_reports.backlog_age(view.count, filters, None, ["location"]).table.itertuples():
        where = backlog.narrower(view.whenever(visits=True), location=(row.location,), stage=backlog.NOT_BOOKED)
        assert len(members(snapshot, where, view.moment, SITUATIONS)) == row.open
        old = backlog.narrower(where, open_age=tuple(range(15, 1_096)))
        assert len(members(snapshot, old, view.moment, SITUATIONS)) == row.over
    age = capacity_reports.backlog_age(view.count, filters, None).table["open"].iloc[0]
    monday = view.today.toordinal() - view.today.weekday()
    flows = backlog._behind(week_number(date.fromordinal(monday)))
    this_week = {name: len(members(snapshot, backlog.narrower(view.whenever(visits=True), **keys), view.moment, SPELLS))
                 for name, keys in flows.items()}  # fmt: skip
    came, went = (sum(this_week[name] for name in names) for names in
                  (("received", "reopened", "returned"), ("booked", "closed")))  # fmt: skip
    assert table["end"].iloc[-1] + came - went == age


@pytest.mark.parametrize("by", ["partner", "location"])
def test_every_number_of_the_records_page_opens_its_referrals(snapshot, by: str, monkeypatch) -> None:
    """Needed and complete by group, and each part of each bar of what is missing."""
    view = view_of(snapshot, Filters(), monkeypatch)
    monkeypatch.setattr(records, "names_of", lambda _: {})
    for row in reports.records(view.count, Filters(), None, [by]).table.itertuples():
        for column in records._BEHIND:
            cell = records._cell(view, by, getattr(row, by), "", column) if column in records._HEADINGS else None
            if cell:
                number = row.referrals - row.complete if column == "incomplete" else getattr(row, column)
                assert len(members(snapshot, cell.where, view.moment)) == number, column
    for row in reports.missing_items(view.count, Filters(), None).table.itertuples():
        for column, codes in records._ITEMS_BEHIND.items():
            expected = row.missing - row.still_missing if column == "later" else getattr(row, column)
            where = records.narrower(view.where, item=(row.item,), item_state=codes)
            assert len(members(snapshot, where, view.moment, ITEMS)) == expected, column


@pytest.mark.parametrize("by", ["partner", "location"])
def test_every_number_of_requests_opens_its_referrals(snapshot, by: str, monkeypatch) -> None:
    """Those that need records, those that were asked, and those asked often; groups add up to the whole."""
    view = view_of(snapshot, Filters(), monkeypatch)
    table, whole = (reports.requests(view.count, Filters(), None, keys).table for keys in ([by], []))
    for row in table.itertuples():
        for column in records._REQUESTS_BEHIND:
            cell = records._request_cell(view, by, getattr(row, by), "", column)
            assert len(members(snapshot, cell.where, view.moment, cell.unit)) == getattr(row, column), column
    columns = ["referrals", "asked", "requests", "often"]
    assert table[columns].sum().tolist() == whole[columns].iloc[0].tolist()
    assert (whole["requests"] > whole["asked"]).all()


def test_the_running_week_is_in_no_series_and_young_weeks_in_none_that_waits(snapshot, monkeypatch) -> None:
    """On a Tuesday: up to last Sunday, or up to the last week whose Sunday is the horizon old."""
    view = view_of(snapshot, Filters(), monkeypatch)
    clock = reports.Clock(
        lambda waits: waits["waited_until"].to_numpy() - waits["waited_since"].to_numpy(), view.moment.minute
    )
    asked = series.Asked(view.count, Filters(first=view.today), None, clock, view.today, 30)
    for name, one in series.SERIES.items():
        last = week_start(int(series.trend(name, asked).table["week"].iloc[-1]))
        assert last.isoformat() == ("2026-10-12" if one.waits else "2026-11-16"), name


def test_the_week_that_runs_is_not_judged_as_worked(snapshot, monkeypatch) -> None:
    """On a Wednesday the last week judged is the one before."""
    given_, expected = case("T13")["inputs"], case("T13")["expected"]
    view, today = view_of(snapshot, Filters(), monkeypatch), date.fromisoformat(given_["as_of"])
    clock = reports.Clock(lambda waits: waits["waited_since"].to_numpy() * 0, view.moment.minute)
    asked = series.Asked(view.count, Filters(), None, clock, today, 30)
    weeks = [week_start(int(week)).isoformat() for week in series.trend("received", asked).table["week"]]
    assert weeks[-2:] == expected["judged"]
    assert not set(weeks) & set(expected["partial"])


def test_a_series_counts_what_the_leads_say(snapshot, monkeypatch) -> None:
    """Inquiries of a week, and those of them seen within the horizon, by a slow loop over the facts."""
    view = view_of(snapshot, Filters(), monkeypatch)
    clock = reports.Clock(lambda waits: waits["waited_since"].to_numpy() * 0, view.moment.minute)
    asked = series.Asked(view.count, Filters(), None, clock, view.today, 30)
    week = week_number(date(2026, 6, 8))
    columns = {name: column.tolist() for name, column in snapshot.rows(facts.LEADS).items()}
    now = [n for n, until in enumerate(columns["valid_until"]) if until == NEVER]
    leads = [n for n in now if columns["received_week"][n] == week and columns["close_reason"][n] not in (9, 10, 11)]
    visits = [n for n in leads if columns["kind"][n] in (1, 3)]
    seen = [n for n in visits if columns["attended_lag"][n] <= 30 and columns["attended_at"][n] <= view.moment.minute]
    received, came = (series.trend(name, asked).table.set_index("week").loc[week] for name in ("received", "seen"))
    assert received["k"] == len(leads)
    assert (came["k"], came["n"]) == (len(seen), len(visits))


def test_a_list_never_reaches_beyond_what_is_filtered(snapshot, monkeypatch) -> None:
    """Clicking North while only South is chosen shows nobody."""
    view = view_of(snapshot, Filters(location=(1,)), monkeypatch)
    cell = funnel._cell(view, {"location": (2,)}, "", funnel._keys(Stage.CAPTURED, "reached"))
    assert members(snapshot, cell.where, view.moment) == []


def test_the_file_is_not_left_behind(tmp_path: Path) -> None:
    """Making a demo leaves one file and no log beside it."""
    demo.make(tmp_path / "d.db", "empty", UNTIL)
    assert [p.name for p in tmp_path.iterdir()] == ["d.db"]
