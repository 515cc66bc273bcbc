"""What an import would give: the funnel and the league of partners, before it and with it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine

from dashboard import filters, labels, reports
from dashboard.filters import Filters
from dashboard.metrics.partners import SMALL_PARTNERS
from data_access import practice, tally
from data_access.dimensions import LEADS, Unit
from data_access.engine import reading
from data_access.importing import batches
from data_access.importing.batches import Result
from data_access.importing.planning import Plan, Reject
from data_access.vocabulary import Stage

LONGEST_LEAGUE = 10


@dataclass(frozen=True)
class Picture:
    """The practice's numbers over all its leads.

    Attributes
    ----------
    funnel : dict of stage -> int
        How many leads headed for a visit reached each stage.
    league : list of (partner, visits, referrals)
        The partners with the most referrals, with the visits within the horizon.
    """

    funnel: dict[Stage, int]
    league: list[tuple[str, int, int]]


def carry_out(
    engine: Engine,
    plan: Plan,
    *,
    now: datetime,
    reject: Reject,
    dry_run: bool,
    progress: Callable[[int, int], None],
    at_end: Callable[[Connection, Result], None],
    staff_id: int | None = None,
) -> tuple[Result, list[Picture]]:
    """Carry an import out, or try it out: then with the practice's numbers before it and with it.

    Parameters
    ----------
    at_end : callable
        Called before the transaction ends, unless it is only tried out. The others are those of `batches.run`.
    """
    pictures: list[Picture] = []

    def ending(connection: Connection, done: Result) -> None:
        if dry_run:
            pictures.append(picture(connection, now))
        else:
            at_end(connection, done)

    if dry_run:
        with reading(engine) as connection:
            pictures.append(picture(connection, now))
    result = batches.run(
        engine, plan, now=now, reject=reject, staff_id=staff_id, dry_run=dry_run, progress=progress, at_end=ending
    )
    return result, pictures


def picture(connection: Connection, now: datetime) -> Picture:
    """The numbers as they stand in a transaction."""
    own = practice.get(connection)
    if own is None:
        return Picture(dict.fromkeys(Stage, 0), [])
    when = filters.moment(now, own["zone"], own["horizon_days"])

    def count(keys: Any, where: tally.Where, unit: Unit = LEADS) -> Any:
        return tally.tally(connection, keys, where, when, unit)

    stages = reports.funnel(count, Filters(), None).table
    reached = dict(zip(stages["stage"], stages["reached"], strict=True))
    league = reports.partners(count, Filters(), None).table
    league = league[league["partner"] != SMALL_PARTNERS].sort_values(["n", "partner"], ascending=[False, True])
    names = labels.of_dimension(connection, "partner")
    rows = league.head(LONGEST_LEAGUE)[["partner", "k", "n"]].itertuples(index=False)
    return Picture(
        {stage: int(reached.get(int(stage), 0)) for stage in Stage},
        [(names.get(int(row.partner), "?"), int(row.k), int(row.n)) for row in rows],
    )
