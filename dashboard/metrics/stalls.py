"""Where open leads stand, for how long, what they wait for, and whether anybody plans the next step."""

import math
from collections.abc import Sequence
from typing import Any

import pandas as pd

from dashboard.metrics.columns import groups, one_per_word
from dashboard.metrics.once import once
from dashboard.metrics.timing import percentiles
from data_access.counted import Due, Ending, WentTo
from data_access.vocabulary import Stage

TIME_IN_STAGE_COLUMNS = (
    "stage",
    "stage_name",
    "spells",
    "went_on",
    "went_back",
    "lost",
    "answered",
    "open",
    "p50",
    "p90",
    "staffed_p50",
    "staffed_p90",
    "open_p50",
    "open_p90",
    "total_p50",
    "total_p90",
    "spoiled",
)


@once
def time_in_stage(
    spells: pd.DataFrame, totals: pd.DataFrame, staffed: pd.DataFrame, by: Sequence[str] = ()
) -> pd.DataFrame:
    """How long leads stay in a stage, those that stand in it now included.

    Definition
    ----------
    A spell begins when a lead enters a stage and ends when it moves on, moves back or is closed; a lead that returns
    begins a new spell. Told are the days within which half, and nine tenths, of all spells were over, and the same in
    staffed time; with all days added up that a lead has spent in the stage ("added up"); and the days that those who stand
    in it now have stood so far ("stand for").

    Population
    ----------
    Spells that began in the period, of leads headed for a visit. Duplicates, spam and tests are left out; one that was
    reopened is back with all its spells, and its close counts as lost. A stage that was passed within the very minute of
    the next one has no spell.

    Censoring
    ---------
    A spell that lasts counts as lasting at least as long as it has, and no longer: it is never left out, because the open
    ones are the slow ones. "Not yet reached" where fewer are over so far. A spell that seems to end before the lead was
    received is in no percentile, and counted.

    Parameters
    ----------
    spells : DataFrame
        Counts of spells by `by`, `stage`, `went_to` (codes of `counted.WentTo`), `spell_days` and `spell_ending`.
    totals : DataFrame
        Counts of each lead's latest spell in a stage by `by`, `stage`, `total_days` and `spell_ending`.
    staffed : DataFrame
        Counts by `by`, `stage`, `minutes` (staffed, whole) and `ending` (codes of `counted.Ending`).
    by : sequence of str
        Further key columns to break down by.

    Returns
    -------
    DataFrame
        One row per group and stage that has spells, in order: the columns of `by`, then TIME_IN_STAGE_COLUMNS. Counts of
        spells; `spells` = `went_on` + `went_back` + `lost` + `answered` + `open`. Percentiles in whole days, or staffed
        minutes where the name says so; NaN where not yet reached.

    Raises
    ------
    KeyError
        When a key is missing.

    References
    ----------
    Kaplan and Meier 1958, J. Am. Stat. Assoc. 53:457; NHS referral-to-treatment statistics for the age of those still
    waiting.

    Examples
    --------
    >>> import pandas as pd
    >>> spells = pd.DataFrame([[1, 2, 2, 1, 3], [1, 0, 9, 0, 1]],
    ...                       columns=["stage", "went_to", "spell_days", "spell_ending", "count"])
    >>> totals = spells.rename(columns={"spell_days": "total_days"})
    >>> staffed = pd.DataFrame([[1, 90, 1, 3]], columns=["stage", "minutes", "ending", "count"])
    >>> made = time_in_stage(spells, totals, staffed)
    >>> made[["stage", "spells", "went_on", "open", "p50", "staffed_p90", "open_p50"]].values.tolist()
    [[1.0, 4.0, 3.0, 1.0, 2.0, 90.0, 9.0]]
    """
    keys = [*by, "stage"]
    total_of, staffed_of = dict(groups(totals, keys)), dict(groups(staffed, keys))
    rows = []
    for group, part in groups(spells, keys):
        stage, went, count = int(group[-1]), part["went_to"], part["count"]
        standing = part[went == WentTo.STANDING]
        rows.append(
            (
                *group,
                Stage(stage).name.lower(),
                int(count.sum()),
                int(count[(went > stage) & (went <= WentTo.ATTENDED)].sum()),
                int(count[(went > WentTo.STANDING) & (went < stage)].sum()),
                int(count[went.isin((WentTo.LOST, WentTo.NOT_A_LEAD))].sum()),
                int(count[went == WentTo.ANSWERED].sum()),
                int(standing["count"].sum()),
                *_percentiles(part, "spell_days", "spell_ending"),
                *_percentiles(staffed_of.get(group), "minutes", "ending"),
                *percentiles(standing["spell_days"], Ending.HAPPENED, standing["count"]),
                *_percentiles(total_of.get(group), "total_days", "spell_ending"),
                int(count[part["spell_ending"] == Ending.SPOILED].sum()),
            )
        )
    return pd.DataFrame(rows, columns=[*by, *TIME_IN_STAGE_COLUMNS])


def _percentiles(part: pd.DataFrame | None, time: str, how: str) -> tuple[float, ...]:
    return (math.nan, math.nan) if part is None else percentiles(part[time], part[how], part["count"])


STALL_COLUMNS = ("stage", "waits_for", "open", "stalled")


@once
def stalls(tally: pd.DataFrame) -> pd.DataFrame:
    """What open leads wait for, by the stage in which they stand, and how many of them are stalled.

    Definition
    ----------
    An open lead waits for one thing at a time: records that were asked for, the patient, a clinical review, free capacity,
    clear instructions, or our own follow-up. The reason follows from what was last recorded, unless somebody has said what
    holds the lead up. It is stalled when it has stood in its stage for more than 14 days.

    Population
    ----------
    All open leads, whenever they were received, of every kind. Leads with their appointment ahead wait for it, and are not
    stalled; an appointment that is past without an outcome waits for our follow-up.

    Censoring
    ---------
    As of one moment: what was recorded later is not known yet.

    Parameters
    ----------
    tally : DataFrame
        Counts of open leads by `stage`, `waits_for` (code of `vocabulary.StallReason` + 1, 0 for an appointment ahead) and
        `stalled`.

    Returns
    -------
    DataFrame
        One row per stage and reason that has any, in order: STALL_COLUMNS, in leads.

    Raises
    ------
    KeyError
        When the tally lacks one of the keys.

    References
    ----------
    Murray and Berwick 2003, JAMA 289:1035, on naming what a queue waits for before adding capacity.

    Examples
    --------
    >>> import pandas as pd
    >>> counts = pd.DataFrame([[1, 6, 0, 4], [1, 6, 1, 2]], columns=["stage", "waits_for", "stalled", "count"])
    >>> stalls(counts).values.tolist()
    [[1, 6, 6, 2]]
    """
    stalled = tally["count"].where(tally["stalled"] == 1, 0)
    table = tally.assign(open=tally["count"], stalled=stalled).groupby(["stage", "waits_for"], as_index=False)
    return table[["open", "stalled"]].sum()[list(STALL_COLUMNS)]


FOLLOW_UP_COLUMNS = ("open", "overdue", "today", "later", "no_step")


@once
def follow_up(tally: pd.DataFrame, by: Sequence[str] = ()) -> pd.DataFrame:
    """When the next step of open leads is due: overdue, today, later, or nobody has planned one.

    Definition
    ----------
    The next step of an open lead is the one that somebody planned; where nobody did, its appointment, or the answer that
    was promised. It is overdue from the minute at which it was due. A lead with none of these has no next step, which is
    an alarm of its own.

    Population
    ----------
    All open leads, whenever they were received, of every kind.

    Censoring
    ---------
    As of one moment. A planned step stands until another is planned, or until the practice does something on the lead.

    Parameters
    ----------
    tally : DataFrame
        Counts of open leads by `by` and `due` (codes of `counted.Due`).
    by : sequence of str
        Further key columns to break down by.

    Returns
    -------
    DataFrame
        One row per group: the columns of `by`, then FOLLOW_UP_COLUMNS, in leads; `open` is the sum of the others.

    Raises
    ------
    KeyError
        When the tally lacks one of the keys.

    References
    ----------
    Singh et al. 2009, Arch. Intern. Med. 169:1578, on follow-up that nobody owns.

    Examples
    --------
    >>> import pandas as pd
    >>> follow_up(pd.DataFrame([[0, 2], [1, 3]], columns=["due", "count"])).values.tolist()
    [[5, 3, 0, 0, 2]]
    """
    keys = list(by)
    wide = one_per_word(tally, keys, "due", Due)
    named: dict[str, Any] = {"overdue": Due.OVERDUE, "today": Due.TODAY, "later": Due.LATER, "no_step": Due.NO_STEP}
    table = pd.DataFrame({name: wide[code] for name, code in named.items()}, index=wide.index)
    table.insert(0, "open", table.sum(axis=1))
    return table.reset_index(drop=not keys)
