"""When inquiries arrive, and whether anybody is there to answer."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from dashboard.metrics.intervals import Floats
from dashboard.metrics.once import once

ARRIVAL_COLUMNS = ("weekday", "hour", "leads", "staffed", "unstaffed")
ARRIVAL_KEYS = ("received_hour", "location")
"""Dimensions that `arrivals` wants counted."""


@once
def arrivals(tally: pd.DataFrame, staffed: Mapping[int, Floats]) -> pd.DataFrame:
    """Inquiries by weekday and hour of receipt, over the staffed hours.

    Definition
    ----------
    For each hour of the week, by the location's own clock: how many inquiries were received in it, and how many of them
    when nobody was there. An hour that is staffed by half counts half of its inquiries as unstaffed.

    Population
    ----------
    Inquiries of every kind received in the period whose time of day is known; those known to the day only are left out
    and counted.

    Censoring
    ---------
    None: an arrival is known when it has happened. The staffed hours are those in force at the moment of the report;
    closures of single days are not in them.

    Parameters
    ----------
    tally : DataFrame
        Counts by ARRIVAL_KEYS (`received_hour`: 1 for the hour after midnight on Monday, 0 for unknown).
    staffed : mapping of location -> array of float, shape (168,)
        How much of each hour of the week is staffed, as proportions in [0, 1].

    Returns
    -------
    DataFrame
        168 rows in order: ARRIVAL_COLUMNS. `weekday` 0 Monday .. 6 Sunday, `hour` 0 .. 23, `leads` a count, `staffed` the
        share of its leads that somebody was there for (where there are none, of the locations), `unstaffed` leads.

    Raises
    ------
    KeyError
        When the tally lacks a key, or `staffed` a location.

    References
    ----------
    Arrival by hour against staffing is the usual first look of call centres; Gans, Koole and Mandelbaum 2003,
    Manufacturing & Service Operations Management 5:79.

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> counts = pd.DataFrame([[1, 7, 4], [10, 7, 6]], columns=["received_hour", "location", "count"])
    >>> table = arrivals(counts, {7: np.array([0.0] * 9 + [0.5] * 8 + [0.0] * 151)})
    >>> table.loc[[0, 9], ["leads", "unstaffed"]].values.tolist()
    [[4.0, 4.0], [6.0, 3.0]]
    """
    leads, there = np.zeros(168, np.int64), np.zeros(168)
    known = tally[tally["received_hour"] > 0]
    for hour, place, count in zip(known["received_hour"] - 1, known["location"], known["count"], strict=True):
        leads[hour] += count
        there[hour] += count * staffed[int(place)][hour]
    places = [staffed[int(place)] for place in tally["location"].unique()] or [np.zeros(168)]
    share = np.divide(there, leads, out=np.mean(places, axis=0), where=leads > 0)
    return pd.DataFrame(
        {
            "weekday": np.repeat(np.arange(7), 24),
            "hour": np.tile(np.arange(24), 7),
            "leads": leads,
            "staffed": share,
            "unstaffed": leads - there,
        },
        columns=list(ARRIVAL_COLUMNS),
    )


@once
def left_out(tally: pd.DataFrame) -> dict[str, int]:
    """What arrivals do not count, in leads: those of which only the day is known."""
    return {"day_only": int(tally.loc[tally["received_hour"] == 0, "count"].sum())}
