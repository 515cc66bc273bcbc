"""What an import would give: the funnel and the league of partners, before it and with it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from dashboard import filters, labels, reports
from dashboard.filters import Filters
from dashboard.metrics.partners import SMALL_PARTNERS
from data_access import practice, tally
from data_access.dimensions import LEADS, Unit
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
    partners : int
        How many partners there are in it.
    """

    funnel: dict[Stage, int]
    league: list[tuple[str, int, int]]
    partners: int


def picture(connection: Connection, now: datetime) -> Picture:
    """The numbers as they stand in a transaction."""
    own = practice.get(connection)
    if own is None:
        return Picture(dict.fromkeys(Stage, 0), [], 0)
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
        int(league["partners"].sum()) if "partners" in league else len(league),
    )
