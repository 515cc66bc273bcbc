"""Where inquiries come from, and what they ask about."""

from collections.abc import Mapping, Sequence

import pandas as pd

from dashboard.metrics.intervals import rate_columns
from dashboard.metrics.once import once

MIX_COLUMNS = ("inquiries", "rate", "rate_low", "rate_high")


@once
def mix(tally: pd.DataFrame, by: Sequence[str]) -> pd.DataFrame:
    """What share of all inquiries each channel, source or category brings.

    Definition
    ----------
    Inquiries of a group, and their share of all inquiries of the period, with its 95 % interval.

    Population
    ----------
    Inquiries of every kind that were received in the period; duplicates, spam and tests left out. "Not given" is a group of
    its own, so that the shares add up.

    Censoring
    ---------
    None: an inquiry is known when it has arrived.

    Parameters
    ----------
    tally : DataFrame
        Counts of leads by `by`.

    Returns
    -------
    DataFrame
        One row per group, the largest first: the columns of `by`, then MIX_COLUMNS. Counts of leads; `rate` a proportion in
        [0, 1] of all, with its limits.

    Raises
    ------
    KeyError
        When the tally lacks one of the keys.

    References
    ----------
    Wilson 1927, J. Am. Stat. Assoc. 22:209.

    Examples
    --------
    >>> import pandas as pd
    >>> mix(pd.DataFrame([[1, 30], [2, 10]], columns=["channel", "count"]), ["channel"])[["inquiries", "rate"]].values.tolist()
    [[30.0, 0.75], [10.0, 0.25]]
    """
    keys = list(by)
    table = tally.groupby(keys, as_index=False)["count"].sum().rename(columns={"count": "inquiries"})
    total = pd.Series(table["inquiries"].sum(), index=table.index)
    table = table.assign(**rate_columns(table["inquiries"], total))
    return table.sort_values(["inquiries", *keys], ascending=[False, *[True] * len(keys)], ignore_index=True)[
        [*keys, *MIX_COLUMNS]
    ]


TOPIC_COLUMNS = ("topic", "inquiries", "before", "again")


@once
def topics(now: pd.DataFrame, before: pd.DataFrame, again: Mapping[int, int]) -> pd.DataFrame:
    """Which topics are asked about, how often as many days before, and how often somebody had to ask again.

    Definition
    ----------
    Inquiries by the topic that was noted, in the period and in as many days before it; and how often somebody who had asked
    already got in touch again. Many inquiries on one topic, and many who ask again, are what a page that answers it saves.

    Population
    ----------
    Inquiries of every kind; duplicates, spam and tests left out. Those without a topic are a row of their own.

    Censoring
    ---------
    None: an inquiry is known when it has arrived.

    Parameters
    ----------
    now, before : DataFrame
        Counts of leads by `topic`, of the period and of the one before it.
    again : mapping of code -> times
        How often somebody asked again, by topic.

    Returns
    -------
    DataFrame
        One row per topic that was asked about, the most frequent first and those without one last: TOPIC_COLUMNS. Counts.

    Raises
    ------
    KeyError
        When a tally lacks one of the keys.

    References
    ----------
    Measured as volume and repeat contact, as help desks do; no outside source.

    Examples
    --------
    >>> import pandas as pd
    >>> now = pd.DataFrame([[0, 50], [2, 7], [1, 9]], columns=["topic", "count"])
    >>> topics(now, now.head(0), {2: 3}).values.tolist()
    [[1, 9, 0, 0], [2, 7, 0, 3], [0, 50, 0, 0]]
    """
    counts = {name: part.groupby("topic")["count"].sum() for name, part in (("inquiries", now), ("before", before))}
    table = pd.DataFrame(counts | {"again": pd.Series(dict(again), dtype="float64")}).fillna(0).astype("int64")
    table = table.rename_axis("topic").reset_index()
    order = table.assign(unknown=table["topic"] == 0)
    order = order.sort_values(["unknown", "inquiries", "topic"], ascending=[True, False, True], ignore_index=True)
    return order[list(TOPIC_COLUMNS)]
