"""Count, then measure, the backlog and whether the openings hold it: what comes in, what goes out, and what fits."""

from collections.abc import Collection, Sequence
from datetime import date
from zoneinfo import ZoneInfo

import pandas as pd

from dashboard.filters import Filters
from dashboard.metrics import capacity as capacity_metric
from dashboard.metrics import demand as demand_metric
from dashboard.metrics.capacity import NOT_BOOKED, SLOT_HORIZON_DAYS, Little
from dashboard.reports import Answer, Count
from data_access import slots as slot_book
from data_access.counted import Attendance, CameFrom, WentTo
from data_access.days import day_number, start_of, week_number, week_start
from data_access.tally import narrower
from data_access.units import APPOINTMENTS, SITUATIONS, SPELLS
from data_access.vocabulary import Stage


def backlog(count: Count, filters: Filters, scope: frozenset[int] | None, *, today: date) -> Answer:
    """What came into and left the backlog of leads headed for a visit in each finished week, whatever the period."""
    where = filters.whenever().for_visits().where(scope)
    entries = count(["began_week", "came_from", "stage"], where, SPELLS)
    exits = count(["ended_week", "went_to", "stage"], where, SPELLS)
    return Answer(capacity_metric.backlog(entries, exits, week_number(today) - 1), {})


def little(count: Count, filters: Filters, scope: frozenset[int] | None, *, today: date, weeks: int) -> Little:
    """Little's law over the last so many finished weeks of the backlog."""
    where = narrower(filters.whenever().for_visits().where(scope), stage=NOT_BOOKED)
    last = day_number(today) - today.weekday()
    first = last - 7 * weeks
    began = count(["began_day", "came_from"], where, SPELLS)
    ended = count(["ended_day", "went_to", "run_days"], where, SPELLS)
    came_in = began[~began["came_from"].isin(NOT_BOOKED)]
    left = ended[(ended["went_to"] >= WentTo.SCHEDULED) & (ended["ended_day"] > 0)]
    arrived, gone = (part.groupby(day)["count"].sum() for part, day in ((came_in, "began_day"), (left, "ended_day")))
    before = int(arrived[arrived.index < first].sum() - gone[gone.index < first].sum())
    window = pd.RangeIndex(first, last)
    inside = left[(left["ended_day"] >= first) & (left["ended_day"] < last)]
    return capacity_metric.little(
        arrived.reindex(window, fill_value=0),
        gone.reindex(window, fill_value=0),
        before,
        7 * weeks,
        float((inside["run_days"] * inside["count"]).sum()),
        int(gone.reindex(window, fill_value=0).sum()),
    )


def backlog_age(count: Count, filters: Filters, scope: frozenset[int] | None, by: Sequence[str] = ()) -> Answer:
    """How old the leads headed for a visit are that are open and not booked; whenever they were received."""
    where = narrower(filters.whenever().for_visits().where(scope), stage=NOT_BOOKED)
    return Answer(capacity_metric.backlog_age(count([*by, "open_age"], where, SITUATIONS), by), {})


READY_WEEKS, OPENINGS_WEEKS, PLAN_WEEKS = 8, 4, 26
"""Over how many weeks demand is averaged, how many weeks ahead openings are counted, and how many are planned ahead."""


def demand(
    count: Count,
    filters: Filters,
    scope: frozenset[int] | None,
    *,
    slots: pd.DataFrame,
    plan: pd.DataFrame,
    today: date,
    horizon: int,
) -> Answer:
    """Leads that are ready for an appointment against the openings of the weeks ahead, whatever the period.

    Only the filters of location and service line hold: whoever waits takes an opening, however they came. Where a location
    keeps openings for any line, its lines are one row.

    Parameters
    ----------
    slots : DataFrame
        Of every service line, as `slots.known_by_day` gives them.
    plan : DataFrame
        As `planned_openings.by_week` gives it; it counts for locations that keep no single openings.
    """
    by, where = ["location", "service_line"], Filters(location=filters.location).for_visits().where(scope)
    last = week_number(today) - 1
    forward = narrower(where, stage=_READY, came_from=(CameFrom.RECEIVED, CameFrom.CAPTURED))
    began = count([*by, "began_week"], forward, SPELLS)
    ready = began[(began["began_week"] > last - READY_WEEKS) & (began["began_week"] <= last)]
    waiting = count(by, narrower(where, stage=_WAITING_FOR_SLOT), SITUATIONS)
    plan = plan[~plan["location"].isin(slots["location"])]
    shared = {place for kept in (slots, plan) for place in kept.loc[kept["service_line"] == 0, "location"]}

    def merged(part: pd.DataFrame) -> pd.DataFrame:
        return part.assign(service_line=part["service_line"].where(~part["location"].isin(shared), 0))

    if len(plan):
        booked = count([*by, "start_week"], narrower(where, attendance=(Attendance.FUTURE,)), APPOINTMENTS)
        plan, booked = (_dated(merged(part)) for part in (plan, booked.rename(columns={"start_week": "week"})))
        planned = demand_metric.spread(plan, booked, by, day_number(today))
        slots = pd.concat([slots, planned], ignore_index=True)
    table = demand_metric.demand(
        merged(ready), merged(waiting), merged(slots), by, weeks_back=READY_WEEKS, weeks_ahead=OPENINGS_WEEKS,
        today=day_number(today), horizon=horizon,
    )  # fmt: skip
    if filters.service_line:
        table = table[table["service_line"].isin((*filters.service_line, 0))].reset_index(drop=True)
    return Answer(table, {})


NEXT_WEEKS = 26
"""For how many finished weeks the third next available appointment is shown."""


def next_available_weeks(
    every: pd.DataFrame, locations: Collection[int] | None, service_lines: Collection[int], *, today: date, zone: str
) -> pd.DataFrame:
    """The third next available appointment by location and service line, as it stood at the end of each finished week: as
    `capacity.third_next_available` gives it, with `week`.
    """
    last = week_number(today) - 1
    weeks = [week for week in range(last - NEXT_WEEKS + 1, last + 1) if week > 0]
    mondays = [week_start(week + 1) for week in weeks]
    found = slot_book.open_at_moments(
        every, [start_of(day, ZoneInfo(zone)) for day in mondays], locations, service_lines
    )
    tables = [
        capacity_metric.third_next_available(open_, kept, day_number(day), SLOT_HORIZON_DAYS).assign(week=week)
        for week, day, (open_, kept) in zip(weeks, mondays, found, strict=True)
    ]
    return pd.concat(tables, ignore_index=True)[[*slot_book.SLOT_KEYS, "week", *capacity_metric.NEXT_AVAILABLE_COLUMNS]]


def _dated(part: pd.DataFrame) -> pd.DataFrame:
    return part.assign(monday=[day_number(week_start(week)) for week in part["week"]])


_READY = tuple(stage for stage in Stage if stage > Stage.CAPTURED)
_WAITING_FOR_SLOT = tuple(stage for stage in NOT_BOOKED if stage > Stage.CAPTURED)
