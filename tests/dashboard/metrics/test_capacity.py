"""The backlog: identities as worked and as properties, Little's law, and the third next opening."""

from datetime import UTC, date, datetime, timedelta
from functools import partial

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dashboard import capacity_reports, reports
from dashboard.filters import Filters, moment
from dashboard.metrics.capacity import (
    AGE_COLUMNS,
    BACKLOG_COLUMNS,
    NEXT_AVAILABLE_COLUMNS,
    backlog,
    backlog_age,
    little,
    pace,
    recent_pace,
    third_next_available,
)
from data_access import events as e
from data_access import facts, leads
from data_access.counted import CameFrom, WentTo
from data_access.days import day_number, week_number
from data_access.engine import reading, writing
from data_access.leads import Draft
from data_access.tally import Where, tally
from data_access.vocabulary import CloseReason, Eligibility, Precision
from tests import factories
from tests.cases import case
from tests.conftest import empty
from tests.factories import NOW, World
from tests.histories import START, drafts

ENTRIES, EXITS = ["began_week", "came_from", "stage", "count"], ["ended_week", "went_to", "stage", "count"]


def _count(source, when, keys, where, *unit):
    return tally(source, keys, where, when, *unit)


def test_the_backlog_moves_as_worked() -> None:
    """40 + 30 received + 2 reopened - 9 closed - 27 booked = 36."""
    given_, expected = case("C07")["inputs"], case("C07")["expected"]
    entries = pd.DataFrame(
        [
            [1, CameFrom.RECEIVED, 1, given_["start"]],
            [2, CameFrom.RECEIVED, 1, given_["received"]],
            [2, CameFrom.REOPENED, 2, given_["reopened"]],
        ],
        columns=ENTRIES,
    )
    exits = pd.DataFrame(
        [[2, WentTo.LOST, 1, given_["closed_lost"]], [2, WentTo.SCHEDULED, 3, given_["booked"]]], columns=EXITS
    )
    week = backlog(entries, exits, 2).iloc[-1]
    assert (week["start"], week["end"]) == (given_["start"], expected["end"])


def test_a_weeks_activity_is_not_its_cohort(world: World) -> None:
    """Six leads of two weeks: three received and three booked in the week, of other leads; the cohorts say what became."""
    given_, expected = case("F15")["inputs"], case("F15")["expected"]

    def at(day: str) -> datetime:
        return datetime.fromisoformat(day).replace(hour=17, tzinfo=UTC)

    for lead in given_["leads"]:
        then = []
        if "scheduled" in lead:
            then.append(e.Event(e.Booked(), at(lead["scheduled"]), NOW, id=1))
        if "lost" in lead:
            then.append(e.Event(e.Closed(reason=CloseReason.OTHER), at(lead["lost"]), NOW, id=1))
        with writing(world.engine) as c:
            leads.add_many(c, [Draft(factories.asked(world), at(lead["received"]), Precision.MINUTE, NOW, then)])
    week = date.fromisoformat(given_["week"])
    early, late = (date.fromisoformat(day) for day in given_["as_of"])
    snapshot = facts.load(world.engine)
    with reading(world.engine) as c:
        for source in (snapshot, c):
            when = moment(at(late.isoformat()), "America/New_York", 30)
            table = capacity_reports.backlog(partial(_count, source, when), Filters(), None, today=late).table
            row = table.set_index("week").loc[week_number(week)]
            assert (row.received, row.booked, row.closed) == tuple(expected["period"].values())
            assert row.throughput_ratio == 1
            for name, first, as_of in (
                ("cohort_week_0302", week - timedelta(days=7), late),
                ("cohort_week_0309_asof_0315", week, early),
                ("cohort_week_0309_asof_0331", week, late),
            ):
                when = moment(at(as_of.isoformat()), "America/New_York", 30)
                filters = Filters(first=first, last=first + timedelta(days=7))
                stages = reports.funnel(partial(_count, source, when), filters, None).table.set_index("stage_name")
                found = {
                    "received": stages.loc["captured", "reached"],
                    "scheduled": stages.loc["scheduled", "reached"],
                    "lost": stages["lost"].sum(),
                    "open": stages["waiting"].sum() - stages.loc["scheduled", "waiting"],
                }
                assert {key: found[key] for key in expected[name]} == expected[name], name


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_the_backlog_at_the_end_of_a_week_is_who_stands_open_and_unbooked_then(sqlite_database, data) -> None:
    """For any leads with any histories: the flows add up to a count of the leads themselves."""
    empty(sqlite_database)
    world = factories.found(sqlite_database)
    with writing(sqlite_database) as c:
        leads.add_many(c, data.draw(st.lists(drafts(world), min_size=1, max_size=6)))
    snapshot = facts.load(sqlite_database)
    today = START.date() + timedelta(days=35)
    north = Filters(location=(world.north,), kind=("scheduling",))
    now = moment(START + timedelta(days=35), "America/New_York", 30)
    table = capacity_reports.backlog(partial(_count, snapshot, now), north, None, today=today).table
    hidden = {"state": (3,)}  # closed as no lead at all by now: in no week
    assert (
        table["start"] + table["received"] + table["reopened"] + table["returned"] - table["booked"] - table["closed"]
        == table["end"]
    ).all()
    if tally(snapshot, [], Where(keys=hidden), now)["count"].sum() or table.empty:
        return
    sunday = datetime(today.year, today.month, today.day, tzinfo=UTC) - timedelta(days=today.weekday(), hours=-5 + 1)
    end = sunday.replace(hour=3, minute=59)  # in New York: eleven at night, or a minute before midnight
    waiting = capacity_reports.backlog_age(
        partial(_count, snapshot, moment(end, "America/New_York", 30)), north, None
    ).table
    assert table["end"].iloc[-1] == (waiting["open"].iloc[0] if len(waiting) else 0)


def test_weeks_to_clear_are_none_where_the_backlog_does_not_shrink() -> None:
    """48 at 30 in and 36 out take eight weeks; at 36 and 36, or 40 and 36, they never end."""
    rows, expected = case("C03")["inputs"]["rows"], case("C03")["expected"]
    found = [pace(row["backlog"], row["arrivals"], row["throughput"]) for row in rows]
    assert [one.weeks for one in found] == expected["weeks"]
    assert [one.net for one in found] == expected["net"]


def test_the_recent_pace_needs_its_weeks() -> None:
    """Eight weeks are asked for and seven are there: nothing is said."""
    weeks = pd.DataFrame([[w, CameFrom.RECEIVED, 1, 10] for w in range(1, 9)], columns=ENTRIES)
    exits = pd.DataFrame([[w, WentTo.SCHEDULED, 1, 6] for w in range(1, 9)], columns=EXITS)
    table = backlog(weeks, exits, 8)
    assert list(table.columns) == list(BACKLOG_COLUMNS)
    assert recent_pace(table, 9) is None
    found = recent_pace(table, 8)
    assert (found.arrivals, found.throughput, found.weeks) == (10, 6, None)


def test_a_backlog_is_about_steady_where_weeks_differ_more_than_they_drift() -> None:
    """Net 8 in one week and -6 in the next tell nothing; net 2 every other week and 0 between does not either, over four."""
    for received, steady in (([18, 4] * 4, True), ([12, 10] * 4, False), ([12, 10] * 2, True)):
        weeks = pd.DataFrame([[n, CameFrom.RECEIVED, 1, k] for n, k in enumerate(received, 1)], columns=ENTRIES)
        gone = pd.DataFrame([[n, WentTo.SCHEDULED, 1, 10] for n in range(1, len(received) + 1)], columns=EXITS)
        found = recent_pace(backlog(weeks, gone, len(received)), len(received))
        assert (found.net, found.steady) == (1, steady), received


def test_littles_law_is_exact_where_the_window_begins_and_ends_empty() -> None:
    """Three leads in ten days."""
    given_, expected = case("C01")["inputs"], case("C01")["expected"]
    days = given_["window_days"]
    arrived, left = (np.bincount([lead[i] for lead in given_["leads"]], minlength=days)[:days] for i in (0, 1))
    waited = sum(end - begin for begin, end in given_["leads"])
    found = little(arrived, left, 0, days, waited, len(given_["leads"]))
    assert found.level == pytest.approx(expected["L_bar"])
    assert found.arrivals == pytest.approx(expected["arrival_rate"])
    assert found.expected == pytest.approx(expected["W_bar"])
    assert found.measured == pytest.approx(expected["W_bar"])
    assert not found.suspicious


@given(spans=st.lists(st.tuples(st.integers(0, 20), st.integers(0, 9)), min_size=1, max_size=30))
def test_littles_law_holds_for_any_leads_that_come_and_go_within_the_window(spans: list[tuple[int, int]]) -> None:
    """Whatever their order and length."""
    arrived = np.bincount([begin for begin, _ in spans], minlength=31)
    left = np.bincount([begin + length for begin, length in spans], minlength=31)
    found = little(arrived, left, 0, 31, sum(length for _, length in spans), len(spans))
    assert found.expected == pytest.approx(found.measured, abs=1e-6)


def test_leads_that_are_never_closed_make_littles_law_and_the_measured_wait_part() -> None:
    """Ten come and go within a day; ten more just stay."""
    found = little([20, *[0] * 9], [0, 10, *[0] * 8], 0, 10, 10, 10)
    assert found.suspicious


def test_the_report_counts_little_from_spells(world: World) -> None:
    """One lead waits three days, one four, in two weeks that begin and end empty."""
    monday = datetime(2026, 3, 2, 17, tzinfo=UTC)
    for first, last in ((0, 3), (5, 9)):
        booked = e.Event(e.Booked(), monday + timedelta(days=last), NOW, id=1)
        draft = Draft(factories.asked(world), monday + timedelta(days=first), Precision.MINUTE, NOW, [booked])
        with writing(world.engine) as c:
            leads.add_many(c, [draft])
    today = date(2026, 3, 17)
    when = moment(datetime(2026, 3, 17, 17, tzinfo=UTC), "America/New_York", 30)
    found = capacity_reports.little(
        partial(_count, facts.load(world.engine), when), Filters(), None, today=today, weeks=2
    )
    assert (found.expected, found.measured) == (3.5, 3.5)
    assert found.level == pytest.approx(7 / 14)


def test_the_measured_wait_is_the_whole_wait_of_those_who_left(world: World) -> None:
    """Eligible after twenty days and booked twenty days later: forty, of which the window saw only the second half."""
    start = datetime(2026, 2, 2, 17, tzinfo=UTC)
    then = [
        e.Event(e.EligibilityChecked(outcome=Eligibility.ELIGIBLE), start + timedelta(days=20), NOW, id=1),
        e.Event(e.Booked(), start + timedelta(days=40), NOW, id=2),
    ]
    with writing(world.engine) as c:
        leads.add_many(c, [Draft(factories.asked(world), start, Precision.MINUTE, NOW, then)])
    when = moment(start + timedelta(days=50), "America/New_York", 30)
    count = partial(_count, facts.load(world.engine), when)
    found = capacity_reports.little(count, Filters(), None, today=date(2026, 3, 23), weeks=2)
    assert found.measured == 40


def test_the_age_of_the_backlog_counts_the_old_ones() -> None:
    """Older than fourteen days, and not those of exactly fourteen."""
    counts = pd.DataFrame([[1, 14, 2], [1, 15, 1], [2, 3, 1]], columns=["location", "open_age", "count"])
    table = backlog_age(counts, ["location"])
    assert list(table.columns) == ["location", *AGE_COLUMNS]
    assert table.values.tolist() == [[1, 3, 14, 15, 15, 1], [2, 1, 3, 3, 3, 0]]


@given(days=st.lists(st.integers(0, 100), max_size=8))
def test_the_third_next_opening_is_the_third_smallest_day(days: list[int]) -> None:
    """And beyond the horizon where fewer than three are within it."""
    slots = pd.DataFrame({"location": 1, "slot_day": [500 + day for day in days], "count": 1})
    table = third_next_available(slots, pd.DataFrame({"location": [1]}), 500, 60)
    assert list(table.columns) == ["location", *NEXT_AVAILABLE_COLUMNS]
    near = sorted(day for day in days if day <= 60)
    assert table["open_slots"].iloc[0] == len(near)
    if len(near) < 3:
        assert np.isnan(table["third_next"].iloc[0])
    else:
        assert table["third_next"].iloc[0] == near[2]
    assert day_number(date(1970, 1, 2)) == 1
