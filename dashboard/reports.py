"""Count, then measure: the one path that pages, the command line and exports share, so that they cannot disagree."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

import numpy as np
import numpy.typing as npt
import pandas as pd

from dashboard.filters import Filters
from dashboard.metrics import arrivals as arrival_metric
from dashboard.metrics import attendance as attendance_metric
from dashboard.metrics import case_mix as mix_metric
from dashboard.metrics import cohorts as cohort_metric
from dashboard.metrics import funnel as funnel_metric
from dashboard.metrics import funnel_plot as plot_metric
from dashboard.metrics import partners as partners_metric
from dashboard.metrics import quality as quality_metric
from dashboard.metrics import records as records_metric
from dashboard.metrics import referral_volume as volume_metric
from dashboard.metrics import response as response_metric
from dashboard.metrics import stalls as stalls_metric
from dashboard.metrics import timing
from data_access.counted import ARE_LEADS, AtArrival, Ending, Promise, Standing, WentTo
from data_access.days import day_number, week_number, week_start
from data_access.fact_tables import LONGEST_MINUTES
from data_access.promises import Targets
from data_access.tally import Where, narrower
from data_access.units import APPOINTMENTS, ITEMS, REQUESTS, SITUATIONS, SPELLS
from data_access.vocabulary import VISIT_KINDS, code

Count = Callable[..., pd.DataFrame]
"""Counts by dimensions, for a filter, leads unless another unit is named; the moment and the source are settled by
whoever hands it over.
"""


@dataclass(frozen=True)
class Answer:
    """A metric's table, and how many leads it leaves out, by why."""

    table: pd.DataFrame
    left_out: Mapping[str, int]


_VISIT_CODES = tuple(code(kind) for kind in VISIT_KINDS)


def funnel(count: Count, filters: Filters, scope: frozenset[int] | None, by: Sequence[str] = ()) -> Answer:
    """The cohort funnel of leads headed for a visit (or of the kinds chosen), broken down by `by`."""
    tally = count([*by, *funnel_metric.FUNNEL_KEYS], filters.for_visits().where(scope))
    left_out = funnel_metric.left_out(tally) | _other_kinds(count, filters, scope)
    return Answer(funnel_metric.funnel(tally, by), left_out)


def conversion(
    count: Count, filters: Filters, scope: frozenset[int] | None, by: Sequence[str] = (), *, step: str, horizon: int
) -> Answer:
    """Share that comes to a step within the horizon and how long it takes, of leads headed for a visit."""
    tally = _waits(count, filters.for_visits().where(scope), by, step)
    left_out = timing.left_out(tally, step) | _other_kinds(count, filters, scope)
    return Answer(timing.conversion(tally, step, horizon, by), left_out)


def curve(count: Count, filters: Filters, scope: frozenset[int] | None, by: Sequence[str] = (), *, step: str) -> Answer:
    """The curve behind `conversion`, day by day, for each group."""
    tally = _waits(count, filters.for_visits().where(scope), by, step)
    days, ending = f"{step}_days", f"{step}_ending"
    left_out = timing.left_out(tally, step) | _other_kinds(count, filters, scope)
    if not by:
        return Answer(timing.curve(tally[days], tally[ending], tally["count"]), left_out)
    parts = [
        timing.curve(part[days], part[ending], part["count"]).assign(**dict(zip(by, group, strict=True)))
        for group, part in tally.groupby(list(by), sort=True)
    ]
    columns = [*by, *timing.CURVE_COLUMNS]
    return Answer(pd.concat(parts, ignore_index=True)[columns] if parts else pd.DataFrame(columns=columns), left_out)


def cohorts(count: Count, filters: Filters, scope: frozenset[int] | None, *, horizon: int, today: date) -> Answer:
    """Each week's leads headed for a visit: booked within the horizon so far, and projected where too young."""
    tally = _waits(count, filters.for_visits().where(scope), ["received_week", "received_day"], "scheduled")
    ends = {int(week): day_number(week_start(int(week) + 1)) for week in tally["received_week"].unique()}
    left_out = timing.left_out(tally, "scheduled") | _other_kinds(count, filters, scope)
    return Answer(cohort_metric.cohorts(tally, horizon, day_number(today), ends), left_out)


def _waits(count: Count, where: Where, by: Sequence[str], step: str) -> pd.DataFrame:
    return count([*by, f"{step}_days", f"{step}_ending"], where)


def response(
    count: Count,
    filters: Filters,
    scope: frozenset[int] | None,
    by: Sequence[str] = (),
    *,
    targets: Targets,
    today: date,
    contact: bool = False,
) -> Answer:
    """Response compliance of all kinds of lead; `contact` judges the first two-way contact in place of the first attempt.

    Broken down by the week due, the period means the weeks in which windows ended. A week is held to the target that was
    in force when it began, everything else to that of `today`, and a location to its own where it has one.
    """

    def target(group: Mapping[str, int]) -> float | None:
        only = filters.location[0] if len(filters.location) == 1 else None
        week = group.get("due_week")
        return targets.on(week_start(week) if week else today, group.get("location", only))

    key = "contact" if contact else "response"
    tally = count([*by, key], filters.where(scope, by_due_week="due_week" in by))
    table = response_metric.response(tally.rename(columns={key: "response"}), by, target)
    return Answer(table, response_metric.left_out(table))


@dataclass(frozen=True)
class Clock:
    """What measures waits that are not over: staffed minutes of waits (`location`, `waited_since`, `waited_until`), and
    the moment, in whole minutes since 1970.
    """

    waited: Callable[[pd.DataFrame], npt.NDArray[np.int64]]
    now: int


def answers(
    count: Count,
    filters: Filters,
    scope: frozenset[int] | None,
    by: Sequence[str] = (),
    *,
    clock: Clock,
    contact: bool = False,
) -> Answer:
    """Staffed time to the first answer (or two-way contact), those still waiting included."""
    waits = answer_waits(count, filters, scope, by, clock=clock, contact=contact)
    return Answer(timing.answers(waits.table, by), waits.left_out)


def answer_waits(
    count: Count,
    filters: Filters,
    scope: frozenset[int] | None,
    by: Sequence[str] = (),
    *,
    clock: Clock,
    contact: bool = False,
) -> Answer:
    """The waits behind `answers` and its curve: counts by `by`, staffed `minutes` and `ending`."""
    verdict, minutes = ("contact", "contact_minutes") if contact else ("response", "attempt_minutes")
    where = filters.where(scope, by_due_week="due_week" in by)

    def of(codes: tuple[Promise, ...]) -> Where:
        return narrower(where, **{verdict: codes})

    done = count([*by, minutes], of((Promise.IN_TIME, Promise.LATE, Promise.PENDING_ANSWERED)))
    done = done.rename(columns={minutes: "minutes"}).assign(ending=int(Ending.HAPPENED))
    keys = list(dict.fromkeys([*by, "location", "waited_since", "waited_until"]))
    open_ = count(keys, of((Promise.OVERDUE, Promise.PENDING_WAITING)))
    ending = np.where(open_["waited_until"] < clock.now, int(Ending.ENDED), int(Ending.OPEN))
    open_ = open_.assign(minutes=np.minimum(clock.waited(open_), LONGEST_MINUTES), ending=ending)
    columns = [*by, "minutes", "ending"]
    together = pd.concat([done[[*columns, "count"]], open_[[*columns, "count"]]], ignore_index=True)
    waits = together.groupby(columns, as_index=False)["count"].sum()
    known = waits[waits["minutes"] <= LONGEST_MINUTES]
    return Answer(known, {"not_measured": int(waits["count"].sum() - known["count"].sum())})


def arrivals(
    count: Count, filters: Filters, scope: frozenset[int] | None, *, staffed: Mapping[int, npt.NDArray[np.float64]]
) -> Answer:
    """Inquiries of every kind by hour of the week, over the staffed hours."""
    tally = count(arrival_metric.ARRIVAL_KEYS, filters.where(scope))
    return Answer(arrival_metric.arrivals(tally, staffed), arrival_metric.left_out(tally))


def partners(
    count: Count,
    filters: Filters,
    scope: frozenset[int] | None,
    by: Sequence[str] = (),
    *,
    outcome: str = "attended",
) -> Answer:
    """The partner league by visits ("attended") or bookings ("scheduled") within the horizon; one for each of `by`."""
    success = f"{outcome}_in_time"
    tally = count([*by, *partners_metric.LEAGUE_KEYS, success], filters.for_visits().where(scope))
    left_out = partners_metric.left_out(tally) | _other_kinds(count, filters, scope)
    return Answer(partners_metric.league(tally, success, by), left_out)


def case_mix(count: Count, filters: Filters, scope: frozenset[int] | None, *, outcome: str = "attended") -> Answer:
    """Visits (or bookings) within the horizon against those expected from the kind of referrals, by partner."""
    success = f"{outcome}_in_time"
    keys = [*partners_metric.LEAGUE_KEYS, *mix_metric.STRATA, success]
    tally = count(list(dict.fromkeys(keys)), filters.for_visits().where(scope))
    left_out = partners_metric.left_out(tally) | _other_kinds(count, filters, scope)
    return Answer(mix_metric.case_mix(tally, success), left_out)


def funnel_plot(count: Count, filters: Filters, scope: frozenset[int] | None, *, outcome: str = "attended") -> Answer:
    """The listed partners of the league against the limits of chance."""
    answer = partners(count, filters, scope, outcome=outcome)
    return Answer(plot_metric.funnel_plot(answer.table), answer.left_out)


WEEKS_BEFORE, WEEKS_RECENT = 26, 8


def referral_volume(count: Count, filters: Filters, scope: frozenset[int] | None, *, today: date) -> Answer:
    """Who is new, has lapsed, or sends more or fewer: the last finished weeks against those before, whatever the period."""
    tally = count(["partner", "received_week", "state"], filters.whenever().where(scope))
    last = week_number(today) - 1
    return Answer(volume_metric.referral_volume(tally, WEEKS_BEFORE, WEEKS_RECENT, last), {})


def attendance(count: Count, filters: Filters, scope: frozenset[int] | None, by: Sequence[str] = ()) -> Answer:
    """Show rate of the appointments that begin in the period, of leads of every kind."""
    tally = count([*by, "attendance"], filters.where(scope), APPOINTMENTS)
    table = attendance_metric.attendance(tally, by)
    return Answer(table, attendance_metric.left_out(table))


def new_patients(count: Count, filters: Filters, scope: frozenset[int] | None) -> Answer:
    """First visits in the period, by the category of the partner that referred."""
    tally = count(["partner_category", "attendance", "first_visit"], filters.where(scope), APPOINTMENTS)
    return Answer(attendance_metric.new_patients(tally), {})


def lost_reasons(count: Count, filters: Filters, scope: frozenset[int] | None) -> Answer:
    """Why leads headed for a visit were lost, by the furthest stage that they had come to."""
    where = filters.for_visits().where(scope)
    return Answer(funnel_metric.lost_reasons(count(["furthest", "close_reason", "state"], where)), {})


FIELDS = ("partner", "partner_category", "service_line", "source", "owner")
"""Fields that may be left empty and are missed where they are."""


def flags(count: Count, filters: Filters, scope: frozenset[int] | None) -> Answer:
    """Leads whose own dates contradict each other, of every kind."""
    return Answer(quality_metric.flags(count(["flags"], filters.where(scope))), {})


def field_fill(count: Count, filters: Filters, scope: frozenset[int] | None, by: Sequence[str] = ()) -> Answer:
    """How often each field is filled in, for leads of every kind."""
    where = filters.where(scope)
    tallies = {field: count(list(dict.fromkeys([*by, field])), where) for field in FIELDS if field not in by}
    return Answer(quality_metric.field_fill(tallies, by), {})


def log_lag(count: Count, filters: Filters, scope: frozenset[int] | None, by: Sequence[str] = ()) -> Answer:
    """How long after receipt inquiries of every kind are logged."""
    tally = count([*by, "log_minutes", "state"], filters.where(scope))
    lead = tally["state"] != Standing.EXCLUDED
    left_out = {"not_a_lead": int(tally.loc[~lead, "count"].sum())}
    return Answer(quality_metric.log_lag(tally[lead], LONGEST_MINUTES, by), left_out)


def attendance_by_lead(count: Count, filters: Filters, scope: frozenset[int] | None, by: Sequence[str] = ()) -> Answer:
    """Whether people come in the end, by the first appointment of each lead and those that took its place."""
    where = filters.where(scope)
    tally = count([*by, "moves", "attendance"], narrower(where, of_chain=(1,)), APPOINTMENTS)
    return Answer(attendance_metric.by_lead(tally, by), {})


def records(count: Count, filters: Filters, scope: frozenset[int] | None, by: Sequence[str] = ()) -> Answer:
    """How many referrals come with every record that they need."""
    tally = count([*by, "at_arrival", "state"], filters.where(scope))
    return Answer(records_metric.completeness(tally, by), records_metric.left_out(tally))


def missing_items(count: Count, filters: Filters, scope: frozenset[int] | None, by: Sequence[str] = ()) -> Answer:
    """Which records are missing when referrals arrive."""
    tally = count([*by, "item", "item_state"], filters.where(scope), ITEMS)
    return Answer(records_metric.missing_items(tally, by), {})


def requests(count: Count, filters: Filters, scope: frozenset[int] | None, by: Sequence[str] = ()) -> Answer:
    """On how many days the records of referrals were asked for."""
    where = filters.where(scope)
    asked = count([*by, "ordinal"], where, REQUESTS)
    needing = count([*by, "records_needed"], narrower(where, state=ARE_LEADS))
    return Answer(records_metric.requests(asked, needing[needing["records_needed"] > 0], by), {})


def with_and_without_records(
    count: Count, filters: Filters, scope: frozenset[int] | None, *, step: str, horizon: int
) -> Answer:
    """The conversion of leads that came with all their records, and of those that did not."""
    needing = narrower(filters.for_visits().where(scope), at_arrival=(AtArrival.COMPLETE, AtArrival.INCOMPLETE))
    tally = _waits(count, needing, ["at_arrival"], step)
    return Answer(timing.conversion(tally, step, horizon, ["at_arrival"]), timing.left_out(tally, step))


def time_in_stage(
    count: Count, filters: Filters, scope: frozenset[int] | None, by: Sequence[str] = (), *, clock: Clock
) -> Answer:
    """How long leads headed for a visit stay in each stage: the spells that began in the period."""
    keys, where = [*by, "stage"], filters.for_visits().where(scope)
    spells = count([*keys, "went_to", "spell_days", "spell_ending"], where, SPELLS)
    since_first = replace(narrower(where, latest_there=(1,)), by_day="first_day")  # whoever came back late is in it
    totals = count([*keys, "total_days", "spell_ending"], since_first, SPELLS)
    done = count([*keys, "spell_minutes"], narrower(where, spell_ending=(Ending.HAPPENED,)), SPELLS)
    done = done[done["spell_minutes"] <= LONGEST_MINUTES].rename(columns={"spell_minutes": "minutes"})
    exact = narrower(where, went_to=(WentTo.STANDING,), day_only=(0,))
    open_ = count(list(dict.fromkeys([*keys, "location", "waited_since", "waited_until"])), exact, SPELLS)
    waited = np.minimum(clock.waited(open_), LONGEST_MINUTES)
    staffed = pd.concat(
        [done.assign(ending=int(Ending.HAPPENED)), open_.assign(minutes=waited, ending=int(Ending.OPEN))]
    )[[*keys, "minutes", "ending", "count"]]
    return Answer(stalls_metric.time_in_stage(spells, totals, staffed, by), {})


def stalls(count: Count, filters: Filters, scope: frozenset[int] | None) -> Answer:
    """What open leads wait for, by the stage in which they stand; whenever they were received."""
    tally = count(["stage", "waits_for", "stalled"], filters.whenever().where(scope), SITUATIONS)
    return Answer(stalls_metric.stalls(tally), {})


def follow_up(count: Count, filters: Filters, scope: frozenset[int] | None, by: Sequence[str] = ()) -> Answer:
    """When the next step of open leads is due; whenever they were received."""
    tally = count([*by, "due"], filters.whenever().where(scope), SITUATIONS)
    return Answer(stalls_metric.follow_up(tally, by), {})


def _other_kinds(count: Count, filters: Filters, scope: frozenset[int] | None) -> dict[str, int]:
    if filters.kind:
        return {"no_visit_in_view": 0}
    kinds = count(["kind"], filters.where(scope))
    return {"no_visit_in_view": int(kinds.loc[~kinds["kind"].isin(_VISIT_CODES), "count"].sum())}
