"""Weekly cohorts: what the leads of each week have come to, and what those that are too young will probably come to."""

import numpy as np
import pandas as pd
import scipy

from dashboard.metrics.intervals import rate, wilson
from dashboard.metrics.once import once
from dashboard.metrics.timing import at, curve
from data_access.counted import Ending

COHORT_COLUMNS = (
    "received_week",
    "leads",
    "booked",
    "rate",
    "rate_low",
    "rate_high",
    "mature",
    "completeness",
    "projected",
    "projected_low",
    "projected_high",
)

LEAST_COMPLETENESS = 0.3
"""A cohort of which less than this has shown yet is not projected."""


@once
def cohorts(tally: pd.DataFrame, horizon: int, today: int, ends: dict[int, int]) -> pd.DataFrame:
    """Share of each week's leads that was booked within the horizon; what young weeks will probably come to, apart.

    Definition
    ----------
    For the leads received in a week: how many of them were booked within the horizon. A week is finished when its last
    day is the horizon old. A younger week's figure will still grow; its projection says where to, if it goes on as the
    finished weeks went: booked so far, divided by the part of all bookings that finished weeks had at that age.

    Population
    ----------
    Leads received in the period and headed for a visit. Left out: duplicates, spam and tests, and leads whose booking is
    dated before they were received.

    Censoring
    ---------
    What was observed and what is projected are never mixed: a projection has columns of its own, a range in which the
    final figure lies with 95 % probability, and is shown only when at least three tenths of the bookings are in.

    Parameters
    ----------
    tally : DataFrame
        Counts by `received_week`, `received_day`, `scheduled_days` and `scheduled_ending`.
    horizon : int
        Days.
    today : int
        The practice's day of the moment, as days since 1970.
    ends : dict of week number -> day
        The first day after each week.

    Returns
    -------
    DataFrame
        One row per week, in order: COHORT_COLUMNS. `rate` is booked / leads so far, with its 95 % Wilson interval;
        `mature`, 1 when the week is finished; `completeness`, the part of the bookings that is in (1 for finished weeks);
        `projected` with its range, NaN for finished weeks and for weeks that are too young to say.

    Raises
    ------
    KeyError
        When the tally lacks one of the keys.

    References
    ----------
    Lag adjustment by a completed baseline, as in claims reserving (chain ladder; Mack 1993, ASTIN Bull. 23:213).

    Examples
    --------
    >>> round(float(projection(12, 40, 0.6)[0]), 3)
    0.5
    """
    known = tally[tally["scheduled_ending"] <= Ending.ENDED]
    in_time = (known["scheduled_ending"] == Ending.HAPPENED) & (known["scheduled_days"] <= horizon)
    table = pd.DataFrame(
        {
            "leads": known.groupby("received_week")["count"].sum(),
            "booked": known[in_time].groupby("received_week")["count"].sum(),
        }
    )
    table = table.fillna(0).astype("int64").rename_axis("received_week").reset_index()
    age = np.array([today - ends[int(week)] for week in table["received_week"]], np.int64)
    mature = age >= horizon
    finished = known[known["received_week"].isin(table["received_week"][mature])]
    baseline = curve(finished["scheduled_days"], finished["scheduled_ending"], finished["count"])
    whole = float(at(baseline, horizon))
    shown = known.groupby(["received_week", "received_day"], as_index=False)["count"].sum()
    shown["in"] = at(baseline, today - shown["received_day"]) / whole if whole else np.nan
    shown["in"] = shown["in"].clip(upper=1) * shown["count"]
    by_week = shown.groupby("received_week")[["in", "count"]].sum(min_count=1)
    complete = np.where(mature, 1.0, (by_week["in"] / by_week["count"]).to_numpy())
    low, high = wilson(table["booked"], table["leads"])
    projected = np.full((len(table), 3), np.nan)
    for place in np.flatnonzero(~mature & (complete >= LEAST_COMPLETENESS)):
        projected[place] = projection(int(table["booked"][place]), int(table["leads"][place]), float(complete[place]))
    return table.assign(
        rate=rate(table["booked"], table["leads"]),
        rate_low=low,
        rate_high=high,
        mature=mature.astype("int64"),
        completeness=complete,
        projected=projected[:, 0],
        projected_low=projected[:, 1],
        projected_high=projected[:, 2],
    ).reindex(columns=list(COHORT_COLUMNS))


def projection(booked: int, leads: int, completeness: float) -> tuple[float, float, float]:
    """Share of a cohort that will probably be booked in the end, with a 95 % range.

    Each booking of the end is taken to be in by now with the probability `completeness`. Then the number still to come,
    given those that are in, is negative binomial, cut off at the leads that are left.
    """
    still_to_come = np.arange(leads - booked + 1)
    chance = np.cumsum(scipy.stats.nbinom.pmf(still_to_come, max(booked, 1), completeness))
    low, high = (int(np.searchsorted(chance / chance[-1], p)) for p in (0.025, 0.975))
    return min(booked / completeness, leads) / leads, (booked + low) / leads, (booked + high) / leads
