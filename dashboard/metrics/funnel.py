"""The cohort funnel: of the leads received in a period, how far has each come by now?"""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from dashboard.metrics.columns import groups
from dashboard.metrics.intervals import rate, wilson
from dashboard.metrics.once import once
from data_access.counted import Standing
from data_access.vocabulary import Stage

FUNNEL_KEYS = ("entered", "state", "stage_now", "moved_back", "mature")
"""Dimensions that `funnel` wants counted, beside those to break down by."""

FUNNEL_COLUMNS = (
    "stage",
    "stage_name",
    "reached",
    "of_captured",
    "of_captured_low",
    "of_captured_high",
    "of_previous",
    "entered",
    "skipped",
    "lost",
    "answered",
    "waiting",
    "waiting_moved_back",
    "moved_back",
    "immature",
)

_BIT = {Stage.ELIGIBILITY: 1, Stage.DOCUMENTATION: 2, Stage.SCHEDULED: 4, Stage.ATTENDED: 8}


@once
def funnel(tally: pd.DataFrame, by: Sequence[str] = ()) -> pd.DataFrame:
    """Count how far the leads of a period have come, stage by stage.

    Definition
    ----------
    A lead has *reached* a stage when that stage, or a later one, is the furthest it ever came to. Of the leads that
    reached a stage, some went on, some were lost there, and the rest are still waiting there; the three add up
    exactly. *Entered* counts leads with a step of their own at that stage; those that reached it without one
    *skipped* it. Shares are of all leads received, and of the stage before.

    Population
    ----------
    Leads received in the period, each counted once however often it went back and forth. Duplicates, spam and tests
    are left out and counted apart. A lead found not to be a fit is a lost lead; it stays in.

    Censoring
    ---------
    Everything is counted as of one moment: what happened later has not happened yet. Leads younger than the horizon
    are too young to be judged; each row says how many of its leads those are.

    Parameters
    ----------
    tally : DataFrame
        Counts by `by` and `FUNNEL_KEYS`.
    by : sequence of str
        Further key columns to break down by.

    Returns
    -------
    DataFrame
        One row per group and stage, in order: the columns of `by`, then FUNNEL_COLUMNS. Counts of leads; the shares
        are proportions in [0, 1] with a 95 % Wilson interval for `of_captured`, NaN where nothing was captured.
        `answered`: ended as answered, without a visit in view. `waiting_moved_back`: of those waiting, how many stand
        at an earlier stage now. `moved_back`: leads whose furthest stage this is and that ever went back.

    Raises
    ------
    KeyError
        When the tally lacks one of the keys.

    References
    ----------
    CMS50 (closing the referral loop) for a cohort that is given time to mature; NHS referral-to-treatment statistics
    for counting those still waiting.

    Examples
    --------
    >>> import pandas as pd
    >>> counts = pd.DataFrame(
    ...     [[0, 0, 1, 0, 1, 3], [4, 0, 4, 0, 1, 2], [0, 1, 1, 0, 1, 1]],
    ...     columns=["entered", "state", "stage_now", "moved_back", "mature", "count"],
    ... )
    >>> funnel(counts)[["stage", "reached", "lost", "waiting", "skipped"]].values.tolist()
    [[1, 6, 1, 3, 0], [2, 2, 0, 0, 2], [3, 2, 0, 0, 2], [4, 2, 0, 2, 0], [5, 0, 0, 0, 0]]
    """
    keys = list(by)
    leads = tally.loc[tally["state"] != Standing.EXCLUDED, [*keys, *FUNNEL_KEYS, "count"]]
    furthest = np.ones(len(leads), np.int64)
    for stage, bit in _BIT.items():
        furthest[(leads["entered"].to_numpy() & bit) > 0] = int(stage)
    leads = leads.assign(furthest=furthest)
    rows = [(*group, *row) for group, part in groups(leads, keys) for row in _stages(part)]
    result = pd.DataFrame(rows, columns=[*keys, *FUNNEL_COLUMNS])
    return result.astype({c: "int64" for c in result.columns if c != "stage_name" and not c.startswith("of_")})


def _stages(leads: pd.DataFrame) -> list[tuple[float | str, ...]]:
    count, furthest = leads["count"].to_numpy(), leads["furthest"].to_numpy()
    state, entered = leads["state"].to_numpy(), leads["entered"].to_numpy()
    back, now = leads["moved_back"].to_numpy() > 0, leads["stage_now"].to_numpy()
    young = leads["mature"].to_numpy() == 0
    captured = int(count.sum())
    previous = captured
    rows: list[tuple[float | str, ...]] = []
    for stage in Stage:
        here, reached = furthest == stage, int(count[furthest >= stage].sum())
        own = captured if stage == Stage.CAPTURED else int(count[(entered & _BIT[stage]) > 0].sum())
        stays = here & (stage < Stage.ATTENDED)
        low, high = wilson(reached, captured)
        rows.append(
            (
                int(stage),
                stage.name.lower(),
                reached,
                float(rate(reached, captured)),
                float(low),
                float(high),
                float(rate(reached, previous)),
                own,
                reached - own,
                int(count[stays & (state == Standing.LOST)].sum()),
                int(count[stays & (state == Standing.ANSWERED)].sum()),
                int(count[stays & (state == Standing.OPEN)].sum()),
                int(count[stays & (state == Standing.OPEN) & (now < stage)].sum()),
                int(count[here & back].sum()),
                int(count[(furthest >= stage) & young].sum()),
            )
        )
        previous = reached
    return rows


@once
def left_out(tally: pd.DataFrame) -> dict[str, int]:
    """What the funnel does not count, in leads: `not_a_lead` (duplicates, spam, tests)."""
    return {"not_a_lead": int(tally.loc[tally["state"] == Standing.EXCLUDED, "count"].sum())}


LOST_COLUMNS = ("furthest", "close_reason", "leads")


@once
def lost_reasons(tally: pd.DataFrame) -> pd.DataFrame:
    """Why leads were lost, by the furthest stage that they had come to.

    Definition
    ----------
    Of the leads that were lost, how many gave each reason, by the furthest stage that they had come to. The counts of a
    stage add up to what the funnel calls lost there.

    Population
    ----------
    Leads received in the period and headed for a visit that stand closed without a visit. Duplicates, spam and tests are
    left out, and so are those closed as answered.

    Censoring
    ---------
    A lead counts as lost only while it stands closed; one that was reopened is open again.

    Parameters
    ----------
    tally : DataFrame
        Counts by `furthest`, `close_reason` and `state`.

    Returns
    -------
    DataFrame
        One row per stage and reason that has any, in order: LOST_COLUMNS.

    Raises
    ------
    KeyError
        When the tally lacks one of the keys.

    References
    ----------
    NHS referral-to-treatment statistics, which count those who leave a pathway with their reason.

    Examples
    --------
    >>> import pandas as pd
    >>> counts = pd.DataFrame([[1, 4, 1, 3], [1, 0, 0, 9]], columns=["furthest", "close_reason", "state", "count"])
    >>> lost_reasons(counts).values.tolist()
    [[1, 4, 3]]
    """
    part = tally[tally["state"] == Standing.LOST]
    table = part.groupby(["furthest", "close_reason"], as_index=False)["count"].sum()
    return table.rename(columns={"count": "leads"})[list(LOST_COLUMNS)]
