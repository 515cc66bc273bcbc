"""The staffed-hours clock: how much staffed time lies between two moments, and when a window is used up.

Hours are laid out once as open intervals in UTC; every question is then a search in a sorted array, so a hundred
thousand leads cost milliseconds. Days and hours are the location's own; summer time, overnight shifts, closures and
extra openings are settled when the intervals are laid out.
"""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from data_access.days import DAY_MINUTES, DayInterval, Hours

Seconds = npt.NDArray[np.int64]


def to_utc(day: date, minute: int, zone: ZoneInfo) -> int:
    """UTC seconds of a local wall time.

    A time that a clock change skips moves forward by the gap; one that occurs twice means the first.
    """
    wall = datetime.combine(day, time()) + timedelta(minutes=minute)
    return int(wall.replace(tzinfo=zone, fold=0).timestamp())


@dataclass(frozen=True)
class Calendar:
    """Staffed time of one location, as open intervals [start, end) in UTC seconds, in order and apart.

    Attributes
    ----------
    starts, ends : arrays of int64 seconds
        The open intervals.
    since : array of int64 seconds
        Staffed seconds before each start.
    first, last : int
        UTC seconds between which the calendar was laid out; a question outside is refused.
    """

    starts: Seconds
    ends: Seconds
    since: Seconds
    first: int
    last: int

    def elapsed(self, start: Any, end: Any) -> Seconds:
        """Staffed seconds in [start, end); 0 where end is not after start.

        Parameters
        ----------
        start, end : array_like of int
            UTC seconds.
        """
        passed: Seconds = np.maximum(self._open_until(self._inside(end)) - self._open_until(self._inside(start)), 0)
        return passed

    def elapsed_once(self, start: int, end: int) -> int:
        """`elapsed` of one interval, which asked for alone costs a tenth of it."""
        if not self.first <= min(start, end) <= max(start, end) <= self.last:
            self._inside([start, end])
        return max(self._open_until_once(end) - self._open_until_once(start), 0)

    def _open_until_once(self, moment: int) -> int:
        place = bisect_right(self.starts, moment) - 1
        if place < 0:
            return 0
        opened, closed = int(self.starts[place]), int(self.ends[place])
        return int(self.since[place]) + min(moment, closed) - opened

    def due(self, start: Any, window: Any) -> Seconds:
        """Earliest UTC second at which `window` staffed seconds have passed since `start`.

        A window of 0 ends at `start`, or at the next opening when nobody is there. -1 where the laid-out hours
        end before the window does.

        Parameters
        ----------
        start : array_like of int
            UTC seconds.
        window : array_like of int
            Staffed seconds, 0 or more.
        """
        start, window = np.broadcast_arrays(self._inside(start), np.asarray(window, np.int64))
        if not len(self.starts):
            return np.full(start.shape, -1, np.int64)
        target = self._open_until(start) + window
        used_up = np.searchsorted(self.since + (self.ends - self.starts), target, side="left")
        next_open = np.searchsorted(self.ends, start, side="right")
        place = np.where(window > 0, used_up, next_open)
        ran_out = place >= len(self.starts)
        place = np.minimum(place, len(self.starts) - 1)
        due = np.where(
            window > 0, self.starts[place] + target - self.since[place], np.maximum(start, self.starts[place])
        )
        settled: Seconds = np.where(ran_out, -1, due)
        return settled

    def next_staffed(self, moment: Any) -> Seconds:
        """The moment itself where it is staffed, else the next opening; where none is laid out, the moment itself."""
        asked: Seconds = self._inside(moment)
        if not len(self.starts):
            return asked
        place = np.searchsorted(self.ends, asked, side="right")
        found: Seconds = np.maximum(asked, self.starts[np.minimum(place, len(self.starts) - 1)])
        return found

    def _open_until(self, moment: Seconds) -> Seconds:
        if not len(self.starts):
            return np.zeros(moment.shape, np.int64)
        place = np.maximum(np.searchsorted(self.starts, moment, side="right") - 1, 0)
        inside = np.clip(moment - self.starts[place], 0, self.ends[place] - self.starts[place])
        passed: Seconds = self.since[place] + inside
        return passed

    def _inside(self, moment: Any) -> Seconds:
        seconds = np.asarray(moment, np.int64)
        if seconds.size and (seconds.min() < self.first or seconds.max() > self.last):
            raise ValueError(
                f"the calendar was laid out from {_show(self.first)} to {_show(self.last)}, "
                f"the question is about {_show(int(seconds.min()))} to {_show(int(seconds.max()))}"
            )
        return seconds


def staffed_share(hours: Iterable[Hours], day: date) -> npt.NDArray[np.float64]:
    """How much of each hour of the week is staffed by the hours in force on a day.

    Returns
    -------
    array of float, shape (168,)
        Proportions in [0, 1], from the hour after midnight on Monday.
    """
    minutes = np.zeros(7 * DAY_MINUTES)
    for h in hours:
        if h.effective_from <= day and (h.effective_until is None or day < h.effective_until):
            closes = h.closes + (DAY_MINUTES if h.closes <= h.opens else 0)
            minutes[np.arange(h.weekday * DAY_MINUTES + h.opens, h.weekday * DAY_MINUTES + closes) % len(minutes)] = 1
    share: npt.NDArray[np.float64] = minutes.reshape(168, 60).mean(axis=1)
    return share


def lay_out(
    zone: str,
    hours: Sequence[Hours],
    closures: Iterable[DayInterval],
    openings: Iterable[DayInterval],
    first: date,
    last: date,
) -> Calendar:
    """Lay out a location's staffed time on the days from `first` to `last`, both included.

    A closure takes time away from the weekly hours; an extra opening adds it, on closed days too.

    Raises
    ------
    ValueError
        When `last` lies before `first`.
    """
    if last < first:
        raise ValueError(f"the last day {last} lies before the first {first}")
    tz = ZoneInfo(zone)

    def interval(day: date, opens: int, closes: int) -> tuple[int, int]:
        closes += DAY_MINUTES if closes <= opens else 0
        return to_utc(day, opens, tz), to_utc(day, closes, tz)

    weekly: list[tuple[int, int]] = []
    day = first - timedelta(days=1)  # an overnight shift of the day before reaches in
    while day <= last:
        weekly += [
            interval(day, h.opens, h.closes)
            for h in hours
            if h.weekday == day.weekday()
            and h.effective_from <= day
            and (h.effective_until is None or day < h.effective_until)
        ]
        day += timedelta(days=1)
    closed = _merge([interval(*c) for c in closures if first - timedelta(days=1) <= c.on <= last])
    extra = [interval(*o) for o in openings if first - timedelta(days=1) <= o.on <= last]
    begin, end = to_utc(first, 0, tz), to_utc(last, DAY_MINUTES, tz)
    staffed = [(max(a, begin), min(b, end)) for a, b in _merge(_subtract(_merge(weekly), closed) + extra)]
    staffed = [(a, b) for a, b in staffed if a < b]
    starts = np.array([a for a, _ in staffed], np.int64)
    ends = np.array([b for _, b in staffed], np.int64)
    since = np.concatenate([[0], np.cumsum(ends - starts)[:-1]]).astype(np.int64) if len(staffed) else starts
    return Calendar(starts, ends, since, begin, end)


lay_out_once = lru_cache(maxsize=256)(lay_out)
"""The same hours on the same days, given as tuples, are laid out once: pages ask about the same ones again and again."""


def _merge(intervals: list[tuple[int, int]]) -> list[tuple[int, int]]:
    merged: list[tuple[int, int]] = []
    for start, end in sorted(intervals):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        elif start < end:
            merged.append((start, end))
    return merged


def _subtract(intervals: list[tuple[int, int]], holes: list[tuple[int, int]]) -> list[tuple[int, int]]:
    left: list[tuple[int, int]] = []
    for start, end in intervals:
        for a, b in holes:
            if b <= start or a >= end:
                continue
            if start < a:
                left.append((start, a))
            start = b
            if start >= end:
                break
        if start < end:
            left.append((start, end))
    return left


def _show(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M UTC")
