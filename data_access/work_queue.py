"""The work queue: open leads in the order in which they want doing, with all that their next action needs."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from data_access import lead_lists
from data_access.dimensions import Moment, Unit
from data_access.lead_state import epoch_minute
from data_access.promises import ResponseClock
from data_access.tally import Where, members
from data_access.units import SITUATIONS

LIMIT = 300


def queue(
    connection: Connection,
    where: Where,
    moment: Moment,
    now: datetime,
    *,
    locations: Collection[int] | None,
    unit: Unit = SITUATIONS,
) -> tuple[int, list[dict[str, Any]]]:
    """How many open leads there are, and those that want doing first, by the staffed time that is left.

    Parameters
    ----------
    where : Where
        Which situations, or leads; the same as any count of them.
    locations : collection of int, or None
        The viewer's scope.

    Returns
    -------
    (int, list of dict)
        Each as `lead_lists.listing` gives it, with `left_minutes`: staffed minutes of its location until the next step is due,
        below 0 those since it was; 0 where there is no step, which is to be mended now. At most LIMIT.
    """
    ids = members(connection, where, moment, unit, soonest="due_at")
    rows = lead_lists.listing(connection, locations=locations, lead_ids=ids[:LIMIT], limit=LIMIT)
    standing = lead_lists.standing_appointments(connection, [row["id"] for row in rows])
    for row, left in zip(rows, _left(connection, rows, now), strict=True):
        row |= {"left_minutes": left, "starts_at": standing.get(row["id"])}
    return len(ids), sorted(rows, key=lambda row: (row["left_minutes"], row["next_step_by"] or now, row["id"]))


def _left(connection: Connection, rows: Sequence[dict[str, Any]], now: datetime) -> list[int]:
    """Staffed minutes until each is due, by the hours of its own location."""
    clock, left, minute = ResponseClock(connection), [0] * len(rows), epoch_minute(now)
    for place in {row["location_id"] for row in rows}:
        mine = [n for n, row in enumerate(rows) if row["location_id"] == place and row["next_step_by"]]
        due = [epoch_minute(rows[n]["next_step_by"]) for n in mine]
        ahead = clock.elapsed_minutes(place, [minute] * len(due), due)
        since = clock.elapsed_minutes(place, due, [minute] * len(due))
        for n, before, after in zip(mine, ahead, since, strict=True):
            left[n] = int(before) - int(after)
    return left
