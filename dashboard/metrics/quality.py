"""Data quality: which leads contradict themselves, which fields are left empty, and what that leaves out of which metric."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from dashboard.metrics.columns import groups
from dashboard.metrics.intervals import rate_columns
from dashboard.metrics.once import once
from dashboard.metrics.timing import percentiles
from data_access.counted import Ending
from data_access.vocabulary import Flag

FLAG_COLUMNS = ("flag", "leads", "spoils")

SPOILS: Mapping[Flag, str] = {
    Flag.BOOKED_BEFORE_RECEIVED: "conversion to a booking, where it is a day or more",
    Flag.ATTENDED_BEFORE_RECEIVED: "conversion to a visit, where it is a day or more",
    Flag.VISIT_BEFORE_BOOKING: "nothing: it stays in every count",
    Flag.RESPONSE_BEFORE_RECEIVED: "response compliance and time to answer",
    Flag.IN_THE_FUTURE: "whatever has not happened yet, until it has",
    Flag.TEN_YEARS_APART: "time in stage",
}
"""Which figure a contradiction leaves out; the lead stays in all others."""

FILL_COLUMNS = ("field", "leads", "filled", "missing", "rate", "rate_low", "rate_high")


@once
def flags(tally: pd.DataFrame) -> pd.DataFrame:
    """Leads whose own dates contradict each other, and what each contradiction leaves out.

    Definition
    ----------
    A lead is flagged when it was booked, seen or answered before it was received, when its visit is dated before the
    booking, when something lies more than five minutes in the future of its own record, or when something that was not
    recorded as it happened lies more than ten years from the receipt: a year was mistyped. A lead can have several flags.

    Population
    ----------
    Leads received in the period, of every kind.

    Censoring
    ---------
    A flagged lead is never dropped. It stays in every count and leaves only the figure whose dates are spoiled; that figure
    says how many it leaves out.

    Parameters
    ----------
    tally : DataFrame
        Counts by `flags` (sums of `vocabulary.Flag`).

    Returns
    -------
    DataFrame
        One row per flag, in the vocabulary's order: FLAG_COLUMNS. `flag` is its value, `leads` how many have it, `spoils`
        the figure that it leaves out, in words.

    Raises
    ------
    KeyError
        When the tally lacks the key.

    References
    ----------
    Kahn et al. 2016, eGEMs 4:1244, on plausibility of dates as a part of data quality.

    Examples
    --------
    >>> import pandas as pd
    >>> flags(pd.DataFrame([[0, 90], [1, 4], [5, 2]], columns=["flags", "count"]))["leads"].tolist()
    [6, 0, 2, 0, 0, 0]
    """
    rows = []
    for flag in Flag:
        having = tally["flags"].map(lambda value, bit=flag: bool(int(value) & bit)).astype(bool)
        rows.append((int(flag), int(tally.loc[having, "count"].sum()), SPOILS[flag]))
    return pd.DataFrame(rows, columns=list(FLAG_COLUMNS))


@once
def field_fill(tallies: Mapping[str, pd.DataFrame], by: Sequence[str] = ()) -> pd.DataFrame:
    """How often each field is filled in.

    Definition
    ----------
    The share of leads in which a field is filled in.

    Population
    ----------
    Leads received in the period, of every kind. Fields that not every lead has (a partner, for somebody who came by
    themselves) count as empty where they are.

    Censoring
    ---------
    As the leads stand now: what was filled in later counts as filled.

    Parameters
    ----------
    tallies : mapping of field -> DataFrame
        Counts by `by` and that field, whose code is 0 where it is empty.
    by : sequence of str
        Further key columns to break down by.

    Returns
    -------
    DataFrame
        One row per group and field, the emptiest field first: the columns of `by`, then FILL_COLUMNS. Counts of leads;
        `rate` is filled / leads with its 95 % Wilson interval, NaN where there are no leads.

    Raises
    ------
    KeyError
        When the tally lacks one of the keys.

    References
    ----------
    Weiskopf and Weng 2013, J. Am. Med. Inform. Assoc. 20:144, on completeness as a dimension of data quality.

    Examples
    --------
    >>> import pandas as pd
    >>> made = field_fill({"owner": pd.DataFrame([[0, 6], [3, 34]], columns=["owner", "count"])})
    >>> made[["missing", "rate"]].values.tolist()
    [[6.0, 0.85]]
    """
    keys = list(by)
    rows: list[tuple[Any, ...]] = []
    for field, tally in tallies.items():
        for group, part in groups(tally, keys):
            leads, filled = int(part["count"].sum()), int(part.loc[part[field] > 0, "count"].sum())
            rows.append(
                (*group, field, leads, filled, leads - filled, *map(float, rate_columns(filled, leads).values()))
            )
    table = pd.DataFrame(rows, columns=[*keys, *FILL_COLUMNS])
    return table.sort_values([*keys, "rate", "field"], ignore_index=True)


SELDOM_FILLED = 0.05
"""A field filled in less than this share of leads is one that nobody fills: better filled, or dropped from the form."""


LAG_COLUMNS = ("leads", "within_hour", "rate", "rate_low", "rate_high", "p50", "p90", "not_known")


@once
def log_lag(tally: pd.DataFrame, longest: int, by: Sequence[str] = ()) -> pd.DataFrame:
    """How long after receipt an inquiry is logged: until then nobody can see it, while its promise is running.

    Definition
    ----------
    Minutes from the moment an inquiry reached the practice until somebody logged it: half, and nine tenths, were logged
    within so many. Until then nobody can see it, while its promise is running.

    Population
    ----------
    Leads received in the period and logged here. Imported ones, and those received on a day without a time, are not known
    and counted apart.

    Censoring
    ---------
    None: every lead that is counted was logged.

    Parameters
    ----------
    tally : DataFrame
        Counts by `by` and `log_minutes`.
    longest : int
        Minutes up to which the lag is counted; beyond it stand those whose lag nobody knows (imported, or received on a day
        without a time).

    Returns
    -------
    DataFrame
        One row per group: the columns of `by`, then LAG_COLUMNS. Leads; `rate` = `within_hour` / `leads` with its 95 % Wilson
        interval; percentiles in minutes, NaN where there is none.

    Raises
    ------
    KeyError
        When the tally lacks one of the keys.

    References
    ----------
    Weiskopf and Weng 2013, J. Am. Med. Inform. Assoc. 20:144, on currency as a dimension of data quality.

    Examples
    --------
    >>> import pandas as pd
    >>> log_lag(pd.DataFrame([[5, 3], [90, 1], [101, 7]], columns=["log_minutes", "count"]), 100).iloc[0].tolist()[:3]
    [4.0, 3.0, 0.75]
    """
    keys = list(by)
    rows = []
    for group, part in groups(tally, keys) if len(tally) else ():
        known = part[part["log_minutes"] <= longest]
        n, k = int(known["count"].sum()), int(known.loc[known["log_minutes"] <= 60, "count"].sum())
        half_and_most = percentiles(known["log_minutes"], Ending.HAPPENED, known["count"])
        not_known = int(part["count"].sum()) - n
        rows.append((*group, n, k, *map(float, rate_columns(k, n).values()), *half_and_most, not_known))
    return pd.DataFrame(rows, columns=[*keys, *LAG_COLUMNS])
