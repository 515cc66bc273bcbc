"""Capacity against demand: against a slow reading of the definition, and at its edges."""

from datetime import timedelta

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard import capacity_reports, partner_reports
from dashboard.filters import Filters, moment
from dashboard.metrics.demand import BOOKED_UP, DEMAND_COLUMNS, FITS, GROWS, LATE, NOT_KEPT, demand, spread
from dashboard.review.blocks import short_of_openings
from data_access import facts, planned_openings, practice
from data_access import slots as slot_book
from data_access import tables as t
from data_access.days import week_number
from data_access.engine import reading, writing
from data_access.events import Booked, Closed, EligibilityChecked
from data_access.tally import tally
from data_access.vocabulary import CloseReason, Eligibility, Kind, Topic
from tests.factories import LONG_AGO, NOW, World, log, record

TODAY, HORIZON = 20_000, 30
SLOTS = ["location", "slot_day", "begun", "taken", "count"]
places = st.integers(1, 3)


def frame(rows: list[tuple[int, ...]], columns: list[str]) -> pd.DataFrame:
    return pd.DataFrame(np.array(rows, np.int64).reshape(-1, len(columns)), columns=columns)


def measured(ready, waiting, slots, **options) -> pd.DataFrame:
    return demand(
        frame(ready, ["location", "count"]), frame(waiting, ["location", "count"]),
        frame([(p, d, int(d < TODAY), x, n) for p, d, x, n in slots], SLOTS), ["location"],
        **({"weeks_back": 8, "weeks_ahead": 4, "today": TODAY, "horizon": HORIZON} | options),
    )  # fmt: skip


@given(
    ready=st.lists(st.tuples(places, st.integers(1, 40)), max_size=5),
    waiting=st.lists(st.tuples(places, st.integers(1, 9)), max_size=5),
    slots=st.lists(
        st.tuples(places, st.integers(TODAY - 9, TODAY + 60), st.integers(0, 1), st.integers(1, 5)), max_size=12
    ),
)
def test_it_is_what_the_definition_says_slot_by_slot(ready, waiting, slots) -> None:
    """Everybody who waits takes the next free opening, one after the other; the next one takes the one behind."""
    table = measured(ready, waiting, slots)
    assert list(table.columns) == ["location", *DEMAND_COLUMNS]
    assert set(table["location"]) == {row[0] for row in (*ready, *waiting, *slots)}
    for row in table.itertuples():
        mine = [one for one in slots if one[0] == row.location]
        free = sorted(day for _, day, taken, count in mine if not taken and day >= TODAY for _ in range(count))
        queue = sum(count for place, count in waiting if place == row.location)
        expected = free[queue] - TODAY if queue < len(free) else None
        assert row.waiting == queue
        assert (None if np.isnan(row.wait_days) else row.wait_days) == expected
        ahead = [(taken, count) for _, day, taken, count in mine if TODAY <= day < TODAY + 28]
        assert row.open == sum(count for taken, count in ahead if not taken)
        assert row.taken == sum(count for taken, count in ahead if taken)
        comes = sum(count for place, count in ready if place == row.location) / 8
        assert (row.ready_a_week, row.offered_a_week) == (comes, (row.open + row.taken) / 4)
        if not mine:
            assert row.warning == NOT_KEPT
        elif comes > row.offered_a_week:
            assert row.warning == GROWS
        else:
            assert row.warning == (BOOKED_UP if expected is None else LATE if expected > HORIZON else FITS)


def test_openings_count_from_now_on_for_so_many_weeks() -> None:
    """One later today counts, one that has begun does not, and the weeks ahead end after so many days."""
    slots = [(1, TODAY - 1, 0, 5), (1, TODAY, 0, 4), (1, TODAY + 28, 0, 7)]
    (row,) = measured([(1, 8)], [(1, 4)], slots).itertuples()
    assert (row.open, row.offered_a_week, row.wait_days, row.warning) == (4, 1.0, 28.0, FITS)


def test_a_wait_of_just_the_horizon_is_not_late() -> None:
    """One day more is."""
    for day, warning in ((HORIZON, FITS), (HORIZON + 1, LATE)):
        (row,) = measured([], [(1, 2)], [(1, TODAY + day, 0, 3), (1, TODAY - 3, 1, 1)]).itertuples()
        assert (row.wait_days, row.warning) == (day, warning)


def test_nothing_at_all_is_an_empty_table() -> None:
    """With its columns."""
    assert list(measured([], [], []).columns) == ["location", *DEMAND_COLUMNS]


MONDAYS = [TODAY - 4, TODAY + 3, TODAY + 10]  # as today is a Friday


@given(
    plans=st.lists(st.tuples(places, st.sampled_from(MONDAYS), st.integers(0, 12)), max_size=6),
    booked=st.lists(st.tuples(places, st.sampled_from(MONDAYS), st.integers(1, 9)), max_size=6),
)
def test_a_plan_is_so_many_openings_from_monday_to_friday(plans, booked) -> None:
    """None is lost and none stands on a weekend; as many are taken as are booked, and only of those ahead."""
    table = spread(
        frame(plans, ["location", "monday", "per_week"]),
        frame(booked, ["location", "monday", "count"]),
        ["location"],
        TODAY,
    )
    assert list(table.columns) == SLOTS
    for place, monday in {(place, monday) for place, monday, _ in plans}:
        week = table[(table["location"] == place) & (table["slot_day"] >= monday) & (table["slot_day"] < monday + 7)]
        per_week = sum(n for at, on, n in plans if (at, on) == (place, monday))
        assert week["count"].sum() == per_week
        assert (week["slot_day"] < monday + 5).all()
        assert len(week) > 0, "a plan of none is known"
        real = week[week["count"] > 0]
        assert ((real["slot_day"] < TODAY) == (real["begun"] == 1)).all()
        days = real.groupby("slot_day")["count"].sum()
        assert per_week < 5 or (len(days) == 5 and days.max() - days.min() <= 1), "evenly"
        ahead = real[real["begun"] == 0]["count"].sum()
        mine = sum(n for at, on, n in booked if (at, on) == (place, monday))
        assert real[real["taken"] == 1]["count"].sum() == min(mine, ahead)
    assert set(table["location"]) == {place for place, _, _ in plans}


def test_a_plan_counts_where_no_single_opening_is_kept_and_appointments_take_of_it(world: World) -> None:
    """Ten a week from this Wednesday on are forty in four weeks, three of which are booked; South keeps its own."""
    with writing(world.engine) as c:
        for place, per_week in ((world.north, 10), (world.south, 99)):
            planned_openings.plan(
                c, per_week, effective_from=LONG_AGO, location_id=place, service_line_id=world.cardiology
            )
        practice.add(
            c, t.slots, location_id=world.south, service_line_id=world.cardiology, starts_at=NOW + timedelta(days=3),
            opened_at=NOW - timedelta(days=3),
        )  # fmt: skip
    for ahead in (6, 7, 8, 40):
        lead = log(world, NOW - timedelta(days=9), service_line_id=world.cardiology)
        starts = NOW + timedelta(days=ahead)
        record(world, lead, Booked(starts_at=starts, starts_on=starts.date()), NOW - timedelta(days=8))
    when, snapshot = moment(NOW, "America/New_York", 30), facts.load(world.engine)
    today = NOW.date()
    with reading(world.engine) as c:
        slots = slot_book.known_by_day(slot_book.every(c), NOW, None)
        plan = planned_openings.by_week(c, week_number(today), 26, None)
        for source in (snapshot, c):
            table = capacity_reports.demand(
                lambda keys, where, *unit, source=source: tally(source, keys, where, when, *unit), Filters(), None,
                slots=slots, plan=plan, today=today, horizon=30,
            ).table.set_index("location")  # fmt: skip
            north, south = table.loc[world.north], table.loc[world.south]
            assert (north["open"], north["taken"], north["offered_a_week"]) == (37, 3, 10)
            assert (north["ready_a_week"], north["warning"]) == (0.5, FITS)
            assert (south["open"], south["taken"]) == (1, 0), "its plan does not count"


def test_openings_for_any_service_line_make_one_row_of_their_location(world: World) -> None:
    """Whoever waits there takes one of them, whatever for."""
    with writing(world.engine) as c:
        planned_openings.plan(c, 4, effective_from=LONG_AGO, location_id=world.north)
        planned_openings.plan(c, 1, effective_from=LONG_AGO, location_id=world.north, service_line_id=world.imaging)
    for line in (world.cardiology, world.imaging):
        lead = log(world, NOW - timedelta(days=9), service_line_id=line)
        record(world, lead, EligibilityChecked(outcome=Eligibility.ELIGIBLE), NOW - timedelta(days=8))
    when, today = moment(NOW, "America/New_York", 30), NOW.date()
    with reading(world.engine) as c:
        plan = planned_openings.by_week(c, week_number(today), 26, None)
        (row,) = capacity_reports.demand(
            lambda keys, where, *unit: tally(c, keys, where, when, *unit), Filters(), None,
            slots=slot_book.known_by_day(slot_book.every(c), NOW, None), plan=plan, today=today, horizon=30,
        ).table.itertuples()  # fmt: skip
    assert (row.location, row.service_line, row.waiting, row.ready_a_week) == (world.north, 0, 2, 0.25)
    assert row.offered_a_week == pytest.approx(5, abs=0.5)


def test_referrals_for_what_is_full_are_told_by_partner(world: World) -> None:
    """North takes any service line and is full; South is full for imaging alone. Spam and questions are no referrals."""
    north, south, harbor, lakeside = world.north, world.south, world.harbor, world.lakeside
    for place, line, partner in (
        (north, world.cardiology, harbor), (north, None, harbor), (south, world.cardiology, harbor),
        (south, world.imaging, lakeside), (south, None, lakeside), (south, world.cardiology, lakeside),
    ):  # fmt: skip
        log(world, NOW - timedelta(days=1), location_id=place, service_line_id=line, partner_id=partner)
    log(world, NOW - timedelta(days=1), partner_id=harbor, lead_kind=Kind.INFORMATION, topic=Topic.TRIAGE)
    spam = log(world, NOW - timedelta(days=1), partner_id=harbor)
    record(world, spam, Closed(reason=CloseReason.SPAM), NOW)
    table = pd.DataFrame(
        [(north, 0, GROWS), (south, world.imaging, BOOKED_UP), (south, world.cardiology, LATE), (south, 0, NOT_KEPT)],
        columns=["location", "service_line", "warning"],
    )
    when = moment(NOW, "America/New_York", 30)
    with reading(world.engine) as c:
        found = partner_reports.into_full(
            lambda keys, where, *unit: tally(c, keys, where, when, *unit), Filters(), None, table
        ).table.set_index("partner")
    assert found[["leads", "full"]].to_dict("index") == {
        harbor: {"leads": 3, "full": 2}, lakeside: {"leads": 3, "full": 1},
    }  # fmt: skip
    assert found.loc[harbor, "rate"] == pytest.approx(2 / 3)


@pytest.mark.parametrize(
    ("warnings", "says"),
    [
        ([FITS, FITS], "Every location and service line holds what comes."),
        ([GROWS, FITS], "Of 2 locations and service lines, **1** takes in more than fits: look before"),
        ([LATE, FITS], "Of 2 locations and service lines, **1** has a long wait: look before"),
        ([GROWS, GROWS, LATE, BOOKED_UP],
         "Of 4 locations and service lines, **2** take in more than fits and **2** more have a long wait: look before"),
        ([BOOKED_UP], "Of 1 location and service line, **1** has a long wait: look before"),
    ],
)  # fmt: skip
def test_what_is_short_is_said_in_good_english(warnings: list[str], says: str) -> None:
    """Whatever there is one of, and none of."""
    table = pd.DataFrame({"warning": warnings, "ready_a_week": 1.0, "offered_a_week": 2.0})
    assert short_of_openings(table)[1].startswith(says)
