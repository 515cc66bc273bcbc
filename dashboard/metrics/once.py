"""A metric is a function of its counts: of the same counts it is worked out once, whoever asks and for whatever filter."""

from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping
from functools import wraps
from hashlib import blake2b
from threading import Lock
from typing import Any, ParamSpec, TypeVar, cast

import numpy as np
import pandas as pd

KEPT = 128
"""Results that are kept of each metric, those used last."""

P = ParamSpec("P")
T = TypeVar("T")


def once(metric: Callable[P, T]) -> Callable[P, T]:
    """Keep a metric's results by what it was given: tables by their values, so that nothing has to say when they changed.

    Raises
    ------
    TypeError
        When it is given a function: two of them cannot be told to be the same.

    Examples
    --------
    >>> import pandas as pd
    >>> worked_out = []
    >>> @once
    ... def total(counts: pd.DataFrame) -> int:
    ...     worked_out.append(len(counts))
    ...     return int(counts["count"].sum())
    >>> [total(pd.DataFrame({"count": [2, number]})) for number in (3, 3, 4)], worked_out
    ([5, 5, 6], [2, 2])
    """
    known: OrderedDict[Hashable, T] = OrderedDict()
    lock = Lock()

    @wraps(metric)
    def worked_out(*args: P.args, **kwargs: P.kwargs) -> T:
        given = values_of((args, kwargs))
        with lock:
            if found := given in known:
                known.move_to_end(given)
                result = known[given]
        if not found:
            result = metric(*args, **kwargs)
            with lock:
                known[given] = result
                if len(known) > KEPT:
                    known.popitem(last=False)
        return cast("T", _own(result))

    return worked_out


def values_of(given: Any) -> Hashable:
    """What something holds, to be compared."""
    match given:
        case pd.DataFrame():
            index = given.index
            rows = (index.start, index.step) if isinstance(index, pd.RangeIndex) else values_of(index.to_numpy())
            about = (tuple(given.columns), tuple(index.names), len(given), rows)
            return *about, *(values_of(given[name].to_numpy()) for name in given.columns)
        case pd.Series():
            return values_of(given.to_frame())
        case np.ndarray():
            if given.dtype.hasobject:
                return tuple(given.tolist())
            return given.dtype.str, given.shape, blake2b(given.tobytes(), digest_size=16).digest()
        case Mapping():
            return tuple((key, values_of(value)) for key, value in given.items())
        case set():
            return frozenset(given)
        case list() | tuple():
            return tuple(values_of(one) for one in given)
    if callable(given):
        raise TypeError("a metric that is given a function cannot be kept")
    return cast("Hashable", given)


def _own(result: Any) -> Any:
    """A copy, for whoever gets a table may change it."""
    if isinstance(result, pd.DataFrame | dict):
        return result.copy()
    if type(result) is tuple:
        return tuple(_own(one) for one in result)
    return result
