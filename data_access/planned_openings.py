"""How many openings for new patients a week are planned, where each of them is not kept: a number from a day on."""

from collections.abc import Collection
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import sqlalchemy as sa
from sqlalchemy import Connection

from data_access import rules
from data_access import tables as t
from data_access.days import week_start

KEYS = ("location_id", "service_line_id")
MOST = 999


def plan(
    connection: Connection,
    per_week: int | None,
    *,
    effective_from: date,
    location_id: int,
    service_line_id: int | None = None,
) -> None:
    """Plan so many openings a week from a day on; None: no longer. A service line of None means openings for any.

    Raises
    ------
    ValueError
        When it is no number from 0 to MOST.
    """
    if per_week is not None and not 0 <= per_week <= MOST:
        raise ValueError(f"a week has 0 to {MOST} openings, not {per_week}")
    rule = {"location_id": location_id, "service_line_id": service_line_id, "per_week": per_week,
            "effective_from": effective_from}  # fmt: skip
    rules.put(connection, t.planned_openings, KEYS, rule, "plan")


def on(connection: Connection, day: date) -> list[dict[str, Any]]:
    """The plans in force on a day: KEYS, `per_week` and `effective_from`."""
    return [rule for rule in rules.newest(_in_use(connection), KEYS, day) if rule["per_week"] is not None]


def by_week(connection: Connection, first: int, weeks: int, locations: Collection[int] | None) -> pd.DataFrame:
    """What is planned for each of some weeks, by the plan in force on its Monday.

    Parameters
    ----------
    first, weeks : int
        Number of the first ISO week, and how many weeks.
    locations : collection of int, or None
        Only of these; None for every location.

    Returns
    -------
    DataFrame
        `location`, `service_line` (0 for any), `week` (number of the ISO week) and `per_week`.
    """
    every = _in_use(connection)
    rows = [
        (rule["location_id"], rule["service_line_id"] or 0, week, rule["per_week"])
        for week in range(first, first + weeks)
        for rule in rules.newest(every, KEYS, week_start(week))
        if rule["per_week"] is not None and (locations is None or rule["location_id"] in locations)
    ]
    columns = ["location", "service_line", "week", "per_week"]
    return pd.DataFrame(np.array(rows, np.int64).reshape(-1, 4), columns=columns)


def _in_use(connection: Connection) -> list[dict[str, Any]]:
    """Every plan, but for those of locations and service lines that the practice has given up."""
    p = t.planned_openings.c
    query = (
        sa.select(t.planned_openings)
        .join(t.locations, t.locations.c.id == p.location_id)
        .outerjoin(t.service_lines, t.service_lines.c.id == p.service_line_id)
        .where(t.locations.c.active, p.service_line_id.is_(None) | t.service_lines.c.active)
    )
    return [dict(rule) for rule in connection.execute(query).mappings()]
