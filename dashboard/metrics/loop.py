"""Whether the loop is closed with those who referred, and what outreach was followed by."""

from collections.abc import Collection

import pandas as pd

from dashboard.metrics.intervals import rate_columns
from dashboard.metrics.once import once

LOOP_COLUMNS = ("partner", "referrals", "stands")

NOTED, DUE, NO_CONTACT = "noted", "due", "wants no contact"


@once
def loop(tally: pd.DataFrame, noted: Collection[int], silent: Collection[int]) -> pd.DataFrame:
    """Which partners that referred in a cycle were told what became of it.

    Definition
    ----------
    A loop is closed when the partner was sent a note about the cycle. The rate is of the partners that referred somebody in
    the cycle and may be contacted.

    Population
    ----------
    Partners with at least one lead received in the cycle, duplicates, spam and tests left out. Partners that want no
    contact are shown and are in no rate.

    Censoring
    ---------
    Only cycles that are over: a note tells what became of a whole one.

    Parameters
    ----------
    tally : DataFrame
        Counts of leads of the cycle by `partner`; 0 is nobody.
    noted, silent : collection of int
        Partners that were sent a note about it, and that want no contact.

    Returns
    -------
    DataFrame
        One row per partner, who is due first and by number of referrals: LOOP_COLUMNS. `stands` is one of DUE, NOTED,
        NO_CONTACT.

    Raises
    ------
    KeyError
        When the tally lacks one of the keys.

    References
    ----------
    Institute for Healthcare Improvement 2017, Closing the Loop: A Guide to Safer Ambulatory Referrals in the EHR Era.

    Examples
    --------
    >>> import pandas as pd
    >>> counts = pd.DataFrame([[0, 9], [1, 4], [2, 30], [3, 2]], columns=["partner", "count"])
    >>> loop(counts, {2}, {3}).values.tolist()
    [[1, 4, 'due'], [2, 30, 'noted'], [3, 2, 'wants no contact']]
    """
    table = tally[tally["partner"] > 0].groupby("partner", as_index=False)["count"].sum()
    table = table.rename(columns={"count": "referrals"})
    stands = [NO_CONTACT if one in silent else NOTED if one in noted else DUE for one in table["partner"]]
    table = table.assign(stands=pd.Series(stands, index=table.index, dtype=object))
    order = table["stands"].map({DUE: 0, NOTED: 1, NO_CONTACT: 2})
    return (
        table.assign(order=order)
        .sort_values(["order", "referrals", "partner"], ascending=[True, False, True])[list(LOOP_COLUMNS)]
        .reset_index(drop=True)
    )


OUTREACH_COLUMNS = (
    "act", "before", "after",
    *(f"{name}_{when}" for when in ("before", "after") for name in ("judged", "booked")),
    *(f"rate_{when}{limit}" for when in ("before", "after") for limit in ("", "_low", "_high")),
)  # fmt: skip

SPAN_DAYS = 90


@once
def before_and_after(acts: pd.DataFrame, tally: pd.DataFrame, judged: pd.DataFrame, today: int) -> pd.DataFrame:
    """Referrals of a partner in the 90 days before and after an outreach: a description, not an effect.

    Definition
    ----------
    How many leads the partner sent in the 90 days before the day of the outreach, and in the 90 days from that day on, and
    how many of those that are old enough were booked within the horizon. It describes what followed. Whether the outreach
    was the reason cannot be told from it: who is visited is often who was going to send more, or fewer, anyway.

    Population
    ----------
    Leads of every kind that name the partner; duplicates, spam and tests left out. Outreach to one partner, not to a
    category.

    Censoring
    ---------
    "After" is empty until its 90 days are over. Booked are only leads older than the horizon, and headed for a visit.

    Parameters
    ----------
    acts : DataFrame
        One row per outreach: `act` (its id), `partner`, `day` (days since 1970).
    tally : DataFrame
        Counts of leads by `partner` and `received_day`.
    judged : DataFrame
        Counts of leads that are headed for a visit and older than the horizon, by `partner`, `received_day` and `booked` (1
        where they were booked within it).
    today : int
        Days since 1970.

    Returns
    -------
    DataFrame
        One row per outreach, in the given order: OUTREACH_COLUMNS. Counts of leads; `after` NaN until it is over;
        `rate_before` and `rate_after` = booked / judged, proportions in [0, 1] with their 95 % Wilson limits.

    Raises
    ------
    KeyError
        When a table lacks one of the keys.

    References
    ----------
    Barnett, van der Pols and Dobson 2005, Int J Epidemiol 34:215, on what returns to its usual level by itself.

    Examples
    --------
    >>> import pandas as pd
    >>> acts = pd.DataFrame([[1, 7, 1000], [2, 7, 1095]], columns=["act", "partner", "day"])
    >>> counts = pd.DataFrame([[7, 909, 5], [7, 910, 2], [7, 999, 1], [7, 1000, 4]],
    ...                       columns=["partner", "received_day", "count"])
    >>> judged = counts.assign(booked=[1, 1, 0, 1])
    >>> columns = ["act", "before", "after", "booked_before", "judged_before", "booked_after"]
    >>> before_and_after(acts, counts, judged, 1100)[columns].values.tolist()
    [[1.0, 3.0, 4.0, 2.0, 3.0, 4.0], [2.0, 0.0, nan, 0.0, 0.0, 0.0]]
    """
    rows = []
    for act, partner, day in acts[["act", "partner", "day"]].itertuples(index=False, name=None):
        before, after = _spans(tally, partner, day)
        row = {"act": act, "before": before, "after": after if day + SPAN_DAYS <= today else float("nan")}
        row["judged_before"], row["judged_after"] = _spans(judged, partner, day)
        row["booked_before"], row["booked_after"] = _spans(judged[judged["booked"] == 1], partner, day)
        rows.append(row)
    table = pd.DataFrame(rows, columns=list(OUTREACH_COLUMNS))
    for when in ("before", "after"):
        shares = rate_columns(table[f"booked_{when}"], table[f"judged_{when}"])
        table = table.assign(**{name.replace("rate", f"rate_{when}"): values for name, values in shares.items()})
    return table


def _spans(tally: pd.DataFrame, partner: int, day: int) -> tuple[int, int]:
    """How many leads of a partner lie before and after a day."""
    mine = tally[tally["partner"] == partner]
    ago = mine["received_day"] - day
    before, after = (mine.loc[(ago >= since) & (ago < since + SPAN_DAYS), "count"].sum() for since in (-SPAN_DAYS, 0))
    return int(before), int(after)
