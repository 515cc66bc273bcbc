"""Columns of the facts in memory: arrays of the narrowest type, or values with the places where their runs end."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.integer[Any]]

LONG_RUNS = 16
"""A column whose runs are at least so long on the average is kept by its runs."""


@dataclass(frozen=True)
class RunLength:
    """A column in which the same value stands many times in a row.

    Attributes
    ----------
    values : array, shape (runs,)
    ends : array of int64, shape (runs,)
        Place behind the last row of each run.
    """

    values: Array
    ends: npt.NDArray[np.int64]

    @property
    def nbytes(self) -> int:
        """Bytes that it takes."""
        return self.values.nbytes + self.ends.nbytes


Column = Array | RunLength


def narrowest(low: int, high: int) -> str:
    """The smallest type that holds two numbers, and those between."""
    return next(kind for kind in ("int8", "int16", "int32", "int64") if np.iinfo(kind).max >= max(-low, high))


def packed(values: Array, kind: str) -> Column:
    """A column to keep: of this type, or for "id" of the smallest that holds its values."""
    if kind == "id":
        kind = narrowest(int(values.min(initial=0)), int(values.max(initial=0)))
    changes = np.flatnonzero(values[1:] != values[:-1]) + 1
    if (len(changes) + 1) * LONG_RUNS > len(values):
        column = values.astype(kind, copy=False)
        column.flags.writeable = False
        return column
    ends = np.append(changes, len(values))
    return RunLength(values[ends - 1].astype(kind), ends)


def taken(column: Column, start: int, stop: int) -> Array:
    """Values of the rows from one place until another; only one, of shape (1,), where they are all the same run."""
    if not isinstance(column, RunLength):
        return column[start:stop]
    first, last = np.searchsorted(column.ends, (start, stop - 1), "right")
    if first == last:
        return column.values[first : first + 1]
    lengths = np.diff(np.minimum(column.ends[first : last + 1], stop), prepend=start)
    return np.repeat(column.values[first : last + 1], lengths)


def first_from(column: Column, value: int) -> int:
    """Place of the first row whose value is not below a value, in a column that is in order."""
    if not isinstance(column, RunLength):
        return int(np.searchsorted(column, column.dtype.type(value)))
    run = int(np.searchsorted(column.values, value))
    return int(column.ends[run - 1]) if run else 0


def unpacked(column: Column) -> Array:
    """A value for each row."""
    return np.repeat(column.values, np.diff(column.ends, prepend=0)) if isinstance(column, RunLength) else column
