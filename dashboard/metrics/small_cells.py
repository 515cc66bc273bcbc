"""Small cells: what must not leave the practice, because a few leads could be somebody."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

SMALLEST = 11
"""Counts from 1 up to one less than this are not told."""

SHOWN, SMALL, COMPLEMENTARY = "shown", "small", "complementary"


@dataclass(frozen=True)
class Told:
    """What may leave the practice of a list of counts: each as text, why, and whether the total may be told with them."""

    shown: list[str]
    why: list[str]
    total: bool


def suppress(counts: Sequence[int]) -> Told:
    """Which counts of a list may leave the practice together with their total.

    Counts of 1 to 10 are not told; 0 may be. As long as the total, what is told and this rule leave only one possible value
    for a hidden count, or all that is hidden adds up to less than SMALLEST, the smallest other count above 0 is hidden
    too. Where that takes more than one, or none is left, the total may not be told.

    Returns
    -------
    Told
        `shown`: each count as text: itself, "<11" where it is small, "suppressed" where it is hidden for the sake of another;
        `why`: SHOWN, SMALL or COMPLEMENTARY.

    References
    ----------
    CMS cell size suppression policy (resdac.org/articles/cms-cell-size-suppression-policy).

    Examples
    --------
    >>> suppress([0, 4, 12, 25]).shown
    ['0', '<11', 'suppressed', '25']
    """
    values = np.asarray(counts, np.int64)
    why = np.where((values > 0) & (values < SMALLEST), SMALL, SHOWN).astype(object)
    while given_away := _given_away(values, why):
        candidates = np.flatnonzero((why == SHOWN) & (values > 0))
        if not len(candidates):
            break
        why[candidates[np.argmin(values[candidates])]] = COMPLEMENTARY
    text = {SMALL: f"<{SMALLEST}", COMPLEMENTARY: "suppressed"}
    shown = [text.get(reason, f"{value}") for value, reason in zip(values, why, strict=True)]
    # Whoever sees a second count hidden for the sake of another knows that the first would not have done.
    return Told(shown, list(why), not given_away and int((why == COMPLEMENTARY).sum()) <= 1)


def _given_away(values: npt.NDArray[np.int64], why: npt.NDArray[np.object_]) -> bool:
    hidden = why != SHOWN
    rest, small = int(values[hidden].sum()), why[hidden] == SMALL
    if not len(small):
        return False
    least, most = np.where(small, 1, SMALLEST), np.where(small, SMALLEST - 1, rest)
    lowest = np.maximum(least, rest - (most.sum() - most))
    highest = np.minimum(most, rest - (least.sum() - least))
    return rest < SMALLEST or bool((lowest == highest).any())


def rate_may_leave(k: int, n: int) -> bool:
    """Whether a rate may be told: not where those who did, those who did not, or all of them are 1 to 10.

    Examples
    --------
    >>> rate_may_leave(40, 60), rate_may_leave(55, 60), rate_may_leave(0, 60)
    (True, False, True)
    """
    return all(part == 0 or part >= SMALLEST for part in (k, n - k, n))
