"""Records: do referrals come with what they need, and what is missing most often?"""

from collections.abc import Sequence

import pandas as pd

from dashboard.metrics.columns import one_per_word
from dashboard.metrics.intervals import rate, rate_columns
from dashboard.metrics.once import once
from data_access.counted import AtArrival, ItemState, Standing

COMPLETENESS_COLUMNS = ("referrals", "complete", "rate", "rate_low", "rate_high", "first_day", "none_needed")
MISSING_COLUMNS = (
    "item",
    "required",
    "needed",
    "missing",
    "rate",
    "rate_low",
    "rate_high",
    "of_missing",
    "still_missing",
    "first_day",
)

REQUIRED_OFTEN = 5
"""An item has to be required this often before it may be called the one most often missing."""


@once
def completeness(tally: pd.DataFrame, by: Sequence[str] = ()) -> pd.DataFrame:
    """How many referrals come with every record that they need.

    Definition
    ----------
    Of the referrals that need records, the share for which every required item was here on the day the referral was
    received. An item that was found not to be needed for a referral does not count against it.

    Population
    ----------
    Leads received in the period whose checklist requires at least one item. Duplicates, spam and tests are left out.

    Censoring
    ---------
    A referral of today has until the end of the day: it is in no rate, complete or not, and counted apart.
    What comes later is counted by the curve of complete records, not here.

    Parameters
    ----------
    tally : DataFrame
        Counts by `by`, `at_arrival` (codes of `counted.AtArrival`) and `state`.
    by : sequence of str
        Further key columns to break down by.

    Returns
    -------
    DataFrame
        One row per group: the columns of `by`, then COMPLETENESS_COLUMNS. Counts of leads; `rate` = `complete` /
        `referrals`, a proportion in [0, 1] with its 95 % Wilson interval, NaN where there is nothing to divide.

    Raises
    ------
    KeyError
        When the tally lacks one of the keys.

    References
    ----------
    Gandhi et al. 2000, J. Gen. Intern. Med. 15:626, on what referral letters lack; Wilson 1927 for the interval.

    Examples
    --------
    >>> import pandas as pd
    >>> counts = pd.DataFrame([[1, 0, 2], [2, 0, 3], [0, 0, 9]], columns=["at_arrival", "state", "count"])
    >>> completeness(counts)[["referrals", "complete", "rate", "none_needed"]].values.tolist()
    [[5.0, 2.0, 0.4, 9.0]]
    """
    keys = list(by)
    wide = one_per_word(tally[tally["state"] != Standing.EXCLUDED], keys, "at_arrival", AtArrival)
    complete = wide[AtArrival.COMPLETE].to_numpy()
    referrals = complete + wide[AtArrival.INCOMPLETE].to_numpy()
    table = pd.DataFrame(
        {
            "referrals": referrals,
            "complete": complete,
            **rate_columns(complete, referrals),
            "first_day": wide[AtArrival.FIRST_DAY],
            "none_needed": wide[AtArrival.NONE_NEEDED],
        },
        index=wide.index,
    )
    return table.reset_index(drop=not keys)


@once
def left_out(tally: pd.DataFrame) -> dict[str, int]:
    """What completeness does not count, in leads."""
    lead = tally["state"] != Standing.EXCLUDED

    def having(code: AtArrival) -> int:
        return int(tally.loc[lead & (tally["at_arrival"] == code), "count"].sum())

    return {
        "not_a_lead": int(tally.loc[~lead, "count"].sum()),
        "none_needed": having(AtArrival.NONE_NEEDED),
        "first_day": having(AtArrival.FIRST_DAY),
    }


@once
def missing_items(tally: pd.DataFrame, by: Sequence[str] = ()) -> pd.DataFrame:
    """Which records are missing when a referral arrives, the largest number first (a Pareto order).

    Definition
    ----------
    For each record of the checklist, how many of the referrals that need it came without it. The shares add up from
    the top: how much of everything missing that this record and those above it make up.

    Population
    ----------
    Checklist items that are required, of leads received in the period. An item found not to be needed for a referral
    leaves its denominator. Duplicates, spam and tests are left out.

    Censoring
    ---------
    Items of a referral of today are in no rate until the day is over. Whether a missing item came later is told apart.

    Parameters
    ----------
    tally : DataFrame
        Counts of checklist items by `by`, `item` and `item_state` (codes of `counted.ItemState`).
    by : sequence of str
        Further key columns to break down by.

    Returns
    -------
    DataFrame
        One row per group and item that was required: the columns of `by`, then MISSING_COLUMNS. `required` counts
        referrals whose checklist requires the item, `needed` those for which it was not found needless, `missing` those
        that came without it; `rate` = missing / needed with its 95 % Wilson interval; `of_missing`: share of everything
        missing in the group, this item and those above it together; `still_missing`: not here to this moment. Items of
        the day that is not over are in none of these but `first_day`.

    Raises
    ------
    KeyError
        When the tally lacks one of the keys.

    References
    ----------
    Juran 1951, Quality Control Handbook, for the order by size.

    Examples
    --------
    >>> import pandas as pd
    >>> counts = pd.DataFrame([[0, 1, 4], [0, 3, 1], [1, 1, 1], [1, 2, 2], [1, 3, 1]],
    ...                       columns=["item", "item_state", "count"])
    >>> missing_items(counts)[["item", "needed", "missing", "rate", "of_missing"]].values.tolist()
    [[1.0, 4.0, 3.0, 0.75, 0.75], [0.0, 5.0, 1.0, 0.2, 1.0]]
    """
    keys = [*by, "item"]
    wide = one_per_word(tally, keys, "item_state", ItemState)
    still, first_day = wide[ItemState.MISSING].to_numpy(), wide[ItemState.FIRST_DAY].to_numpy()
    missing = still + wide[ItemState.LATER].to_numpy()
    needed = missing + wide[ItemState.AT_ARRIVAL].to_numpy()
    table = pd.DataFrame(
        {
            "required": needed + wide[ItemState.WAIVED].to_numpy(),
            "needed": needed,
            "missing": missing,
            **rate_columns(missing, needed),
            "still_missing": still,
            "first_day": first_day,
        },
        index=wide.index,
    ).reset_index()
    table = table[table["required"] + table["first_day"] > 0]
    table = table.sort_values([*by, "missing", "item"], ascending=[*[True] * len(by), False, True], ignore_index=True)
    grouped = table.groupby(list(by))["missing"] if by else table["missing"]
    everything = grouped.transform("sum") if by else table["missing"].sum()
    return table.assign(of_missing=rate(grouped.cumsum(), everything))[[*by, *MISSING_COLUMNS]]


REQUEST_COLUMNS = ("referrals", "asked", "requests", "per_referral", "often", "rate", "rate_low", "rate_high")

OFTEN_ASKED = 3
"""A referral whose records were asked for on so many days was asked for often."""


@once
def requests(asked: pd.DataFrame, needing: pd.DataFrame, by: Sequence[str] = ()) -> pd.DataFrame:
    """How much asking it takes until records are here: what the intake of records costs staff, and partners.

    Definition
    ----------
    On how many days records were asked for, for each referral that needs any; and the share of referrals for which that was
    done on three days or more. Items that are asked for one by one on the same day are one request.

    Population
    ----------
    Leads received in the period whose checklist requires at least one item. Duplicates, spam and tests are left out.

    Censoring
    ---------
    Requests to this moment: a young referral may be asked for again. Only what staff noted is counted.

    Parameters
    ----------
    asked : DataFrame
        Counts of requests by `by` and `ordinal`: the how-many-th of its referral it was.
    needing : DataFrame
        Counts of leads that need records, by `by`.
    by : sequence of str
        Further key columns to break down by.

    Returns
    -------
    DataFrame
        One row per group: the columns of `by`, then REQUEST_COLUMNS. `referrals` that need records, `asked` those of which
        any was asked for, `requests` in all, `per_referral` = requests / referrals (a mean, not a proportion), `often`
        those asked for on OFTEN_ASKED days or more; `rate` = often / referrals, a proportion in [0, 1] with its 95 % Wilson
        interval, NaN where there is nothing to divide.

    Raises
    ------
    KeyError
        When a tally lacks one of the keys.

    References
    ----------
    Institute for Healthcare Improvement 2017, Closing the Loop, on referrals that are sent back for what they lack.

    Examples
    --------
    >>> import pandas as pd
    >>> asked = pd.DataFrame([[1, 6], [2, 3], [3, 1]], columns=["ordinal", "count"])
    >>> requests(asked, pd.DataFrame({"count": [10]}))[["referrals", "asked", "requests", "often", "rate"]].values.tolist()
    [[10.0, 6.0, 10.0, 1.0, 0.1]]
    """
    keys = list(by)

    def counted(part: pd.DataFrame) -> pd.Series:
        return part.groupby(keys)["count"].sum() if keys else pd.Series([part["count"].sum()])

    parts = {
        "referrals": needing, "asked": asked[asked["ordinal"] == 1], "requests": asked,
        "often": asked[asked["ordinal"] == OFTEN_ASKED],
    }  # fmt: skip
    table = pd.DataFrame({name: counted(part) for name, part in parts.items()}).fillna(0).astype("int64")
    table = table.assign(
        per_referral=rate(table["requests"], table["referrals"]), **rate_columns(table["often"], table["referrals"])
    )
    return table.reset_index(drop=not keys)[[*keys, *REQUEST_COLUMNS]]


def most_missing(table: pd.DataFrame) -> int | None:
    """The item with the highest rate of `missing_items` among those required often enough; None where there is none."""
    return most_missing_by(table.assign(group=0), "group").get(0)


def most_missing_by(table: pd.DataFrame, by: str) -> dict[int, int]:
    """The same of each group of `missing_items`, by its code; those that have none are left out."""
    often = table[(table["required"] >= REQUIRED_OFTEN) & (table["missing"] > 0)]
    worst = often.sort_values("rate", ascending=False, kind="stable").drop_duplicates(by)
    return {int(group): int(item) for group, item in zip(worst[by], worst["item"], strict=True)}
