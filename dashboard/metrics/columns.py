"""From a long tally to its groups, and to one column per word."""

from collections.abc import Iterator, Sequence
from enum import IntEnum
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pandas as pd


def groups(tally: pd.DataFrame, keys: Sequence[str]) -> Iterator[tuple[tuple[int, ...], pd.DataFrame]]:
    """Each group's codes with its part of a table, in order; without keys the whole is one group.

    Examples
    --------
    >>> import pandas as pd
    >>> counts = pd.DataFrame([[7, 3], [8, 1]], columns=["location", "count"])
    >>> [group for group, _ in groups(counts, ["location"])], [group for group, _ in groups(counts, [])]
    ([(7,), (8,)], [()])
    """
    if not keys:
        yield (), tally
        return
    for group, part in tally.groupby(list(keys), sort=True):
        yield tuple(int(code) for code in group), part


def parts(
    tally: pd.DataFrame, keys: Sequence[str], columns: Sequence[str]
) -> Iterator[tuple[tuple[int, ...], list[npt.NDArray[np.int64]]]]:
    """The same with the values of some columns as arrays, for what is worked out for many small groups.

    Examples
    --------
    >>> import pandas as pd
    >>> counts = pd.DataFrame([[8, 1], [7, 3], [8, 2]], columns=["location", "count"])
    >>> [(group, values.tolist()) for group, [values] in parts(counts, ["location"], ["count"])]
    [((7,), [3]), ((8,), [1, 2])]
    """
    if not len(tally) and keys:
        return
    order, codes, first = _in_order(tally, keys)
    values = [tally[name].to_numpy(np.int64)[order] for name in columns]
    for start, stop in pairwise([*(np.flatnonzero(first).tolist() or [0]), len(tally)]):
        yield tuple(codes[start].tolist()) if keys else (), [column[start:stop] for column in values]


def _in_order(
    tally: pd.DataFrame, keys: Sequence[str]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.bool_]]:
    """Places of the rows in order of their keys; these keys, so ordered; and which of the rows are the first of a group."""
    codes = tally[list(keys)].to_numpy(np.int64)
    order = np.lexsort(codes.T[::-1]) if keys else np.arange(len(tally))
    codes = codes[order]
    first = np.ones(len(tally), bool)
    first[1:] = (codes[1:] != codes[:-1]).any(axis=1)
    return order, codes, first


def one_per_word(tally: pd.DataFrame, keys: Sequence[str], column: str, words: type[IntEnum]) -> pd.DataFrame:
    """Counts with one row per group and one column per word, 0 where a group has none.

    Parameters
    ----------
    tally : DataFrame
        Counts by `keys` and `column`, whose codes are those of `words`.

    Returns
    -------
    DataFrame
        Of int64, one column per word in the vocabulary's order; its index holds the groups, or a single 0 without keys.

    Examples
    --------
    >>> import pandas as pd
    >>> from data_access.counted import Standing
    >>> counts = pd.DataFrame([[7, 0, 3], [8, 2, 1]], columns=["location", "state", "count"])
    >>> one_per_word(counts, ["location"], "state", Standing).values.tolist()
    [[3, 0, 0, 0], [0, 0, 1, 0]]
    """
    order, codes, first = _in_order(tally, keys)
    word, count = (tally[name].to_numpy(np.int64)[order] for name in (column, "count"))
    row = np.cumsum(first) - 1
    wide = np.zeros((int(row[-1]) + 1 if len(row) else 0 if keys else 1, len(words)), np.int64)
    for place, code in enumerate(words):
        np.add.at(wide[:, place], row[word == code], count[word == code])
    index = pd.MultiIndex.from_arrays(codes[first].T, names=keys) if len(keys) > 1 else pd.Index([0])
    if len(keys) == 1:
        index = pd.Index(codes[first, 0], name=keys[0])
    return pd.DataFrame(wide, index=index, columns=list(words))
