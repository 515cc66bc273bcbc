"""What the practice promises: response windows and targets by rule, and the clock that measures them.

The most specific rule wins: the one that names most of location, pathway, channel, kind and priority. Rules carry the
day from which they hold; a lead keeps the promise that was in force when it was received.
"""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
import pandas as pd
import sqlalchemy as sa
from sqlalchemy import Connection

from data_access import practice, rules, staffed_hours
from data_access import tables as t
from data_access.events import Attempted, Happening, Reached, Received, Reprioritised
from data_access.lead_state import LeadState
from data_access.vocabulary import Precision, TargetMetric
from data_access.working_time import Calendar, lay_out_once, staffed_share

RULE_KEYS = ("location_id", "pathway", "channel", "kind", "priority")
PROMISED_BY = ("location_id", "pathway", "channel", "lead_kind", "priority", "answered_live")
"""What of an inquiry a promise hangs on, besides when it was received."""
_SLACK = timedelta(days=400)
_AHEAD = (timedelta(days=120), timedelta(days=800), timedelta(days=4_000))
"""How far ahead a window's end is looked for, until it is found."""


def staffed_shares(connection: Connection, day: date) -> dict[int, npt.NDArray[np.float64]]:
    """How much of each hour of the week every location is staffed, by the hours in force on a day."""
    return {
        place: staffed_share(staffed_hours.hours_of(connection, place), day) for place in practice.zones(connection)
    }


def set_window(connection: Connection, minutes: int | None, *, effective_from: date, **keys: Any) -> None:
    """Promise a first response within so many staffed minutes, for what `keys` name (see RULE_KEYS).

    Raises
    ------
    ValueError
        When another rule is as specific and could fit the same lead: neither would win.
    """
    unknown = set(keys) - set(RULE_KEYS)
    if unknown:
        raise ValueError(f"a window cannot depend on {', '.join(sorted(unknown))}; choose from {', '.join(RULE_KEYS)}")
    rule = keys | {"window_minutes": minutes, "effective_from": effective_from}
    rules.put(connection, t.response_windows, RULE_KEYS, rule, "window")


def set_target(
    connection: Connection,
    metric: TargetMetric,
    value: float,
    *,
    effective_from: date,
    location_id: int | None = None,
) -> None:
    """Set a target, as a proportion in [0, 1], from a day on; for one location or for all."""
    connection.execute(
        sa.insert(t.targets).values(metric=metric, value=value, effective_from=effective_from, location_id=location_id)
    )


@dataclass(frozen=True)
class Targets:
    """Every target that was ever set for one metric, as (location id or None, first day, value), the newest last."""

    entries: tuple[tuple[int | None, date, float], ...]

    def on(self, day: date, location_id: int | None = None) -> float | None:
        """The target in force on a day: the location's own where it has one, else the practice's; None without any."""
        for place in (location_id, None):
            in_force = [value for at, since, value in self.entries if at == place and since <= day]
            if in_force:
                return in_force[-1]
        return None


def targets(connection: Connection) -> dict[TargetMetric, Targets]:
    """The targets of every metric."""
    c = t.targets.c
    query = sa.select(c.metric, c.location_id, c.effective_from, c.value).order_by(c.effective_from, c.id)
    found: dict[str, list[tuple[int | None, date, float]]] = {}
    for metric, *entry in connection.execute(query):
        found.setdefault(metric, []).append(tuple(entry))
    return {metric: Targets(tuple(found.get(metric, ()))) for metric in TargetMetric}


def windows_on(connection: Connection, day: date) -> list[dict[str, Any]]:
    """The windows in force on a day, the most specific first: RULE_KEYS, `window_minutes` and `effective_from`."""
    return rules.in_force(connection, t.response_windows, RULE_KEYS, day)


class ResponseClock:
    """The practice's windows and staffed hours, each read once when first asked for, to stamp promises and measure answers."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._zones = practice.zones(connection)
        self._calendars: dict[int, Calendar] = {}

    @cached_property
    def _rules(self) -> list[dict[str, Any]]:
        return [dict(rule) for rule in self._connection.execute(sa.select(t.response_windows)).mappings()]

    @property
    def locations(self) -> Collection[int]:
        """Ids of the practice's locations."""
        return self._zones.keys()

    def zone(self, location_id: int) -> ZoneInfo:
        """The location's time zone."""
        return ZoneInfo(self._zones[location_id])

    def stamped(self, asked: Received, received_at: datetime, precision: Precision) -> Received:
        """The inquiry with the promise that was in force when it was received.

        Its moments are None where there is no promise, no staffed hour to keep it in, or no time of day to start from.
        """
        window = None
        if self._rules:
            window = self._window(asked, received_at.astimezone(self.zone(asked.location_id)).date())
        if window is None and asked.window_minutes is None and asked.respond_by is None:
            return asked
        if window is None or precision == Precision.DAY or asked.answered_live:
            return replace(asked, window_minutes=window, respond_by=None, answer_until=None)
        due, until = self._deadline(asked.location_id, received_at, window)
        return replace(asked, window_minutes=window, respond_by=due, answer_until=until)

    def shortened(self, before: LeadState, change: Reprioritised, at: datetime) -> Reprioritised:
        """A change of priority with the deadline that follows: of the window that now holds, from this moment on, where that
        is sooner than what was promised and nobody has answered yet. What was promised never moves back.
        """
        asked = replace(before.received, priority=change.priority)
        window = self._window(asked, at.astimezone(self.zone(asked.location_id)).date())
        if window is None or asked.answered_live or before.first_attempt:
            return change
        due, until = self._deadline(asked.location_id, at, window)
        if due is None or (asked.respond_by and asked.respond_by <= due):
            return change
        return replace(change, window_minutes=window, respond_by=due, answer_until=until)

    def _deadline(self, location_id: int, start: datetime, window: int) -> tuple[datetime | None, datetime | None]:
        due = self.after(location_id, start, window * 60)
        if due is None:
            return None, None
        calendar = self._calendar(location_id, due, due + _AHEAD[0])
        return due, datetime.fromtimestamp(int(calendar.next_staffed(int(due.timestamp()))), UTC)

    def after(self, location_id: int, start: datetime, seconds: int) -> datetime | None:
        """Earliest moment at which so many staffed seconds have passed; None where nobody is there that long."""
        for ahead in _AHEAD:
            due = int(self._calendar(location_id, start, start + ahead).due(int(start.timestamp()), seconds))
            if due >= 0:
                return datetime.fromtimestamp(due, UTC)
        return None

    def end_of_day(self, location_id: int, moment: datetime, days: int) -> datetime | None:
        """When staffing ends on the so-and-so-many-th staffed day after a moment; 0: on its own day, or the next staffed one.

        None where nobody is there that long.
        """
        zone, start, wanted = self.zone(location_id), int(moment.timestamp()), max(days, 1)
        today = moment.astimezone(zone).date()
        for ahead in _AHEAD:
            calendar = self._calendar(location_id, moment, moment + ahead)
            first, ends = int(np.searchsorted(calendar.ends, start, side="right")), dict[date, int]()
            for opens, closes in zip(calendar.starts[first:].tolist(), calendar.ends[first:].tolist(), strict=True):
                on = datetime.fromtimestamp(opens, zone).date()
                if on > today or not days:
                    ends[on] = closes
                if len(ends) > wanted:
                    return datetime.fromtimestamp(list(ends.values())[wanted - 1], UTC)
        return None

    def staffed_seconds(self, location_id: int, received_at: datetime, answered_at: datetime) -> int:
        """Staffed seconds of the location between receipt and answer; 0 where the answer is dated before."""
        if answered_at <= received_at:
            return 0
        calendar = self._calendar(location_id, received_at, answered_at)
        return calendar.elapsed_once(int(received_at.timestamp()), int(answered_at.timestamp()))

    def measured(
        self,
        what: Happening,
        location_id: int,
        received: tuple[datetime, Precision],
        answered: tuple[datetime, Precision],
    ) -> Happening:
        """An answer with the staffed time since the receipt, None where only the day of either is known; else as it is."""
        if not isinstance(what, Attempted | Reached):
            return what
        timed = received[1] == answered[1] == Precision.MINUTE
        seconds = self.staffed_seconds(location_id, received[0], answered[0]) if timed else None
        return replace(what, staffed_seconds=seconds)

    def elapsed_minutes(self, location_id: int, since: npt.ArrayLike, until: npt.ArrayLike) -> npt.NDArray[np.int64]:
        """Staffed minutes, rounded up, between moments that are given in whole minutes since 1970."""
        start, end = (np.asarray(minutes, np.int64) * 60 for minutes in (since, until))
        if not start.size:
            return start
        first, last = (datetime.fromtimestamp(int(s), UTC) for s in (start.min(), max(start.max(), end.max())))
        return -(-self._calendar(location_id, first, last).elapsed(start, np.maximum(start, end)) // 60)

    def _window(self, asked: Received, day: date) -> int | None:
        lead = {
            "location_id": asked.location_id,
            "pathway": asked.pathway,
            "channel": asked.channel,
            "kind": asked.lead_kind,
            "priority": asked.priority,
        }
        best = rules.best(self._rules, lead, RULE_KEYS, day)
        return best["window_minutes"] if best else None

    def _calendar(self, location_id: int, first: datetime, last: datetime) -> Calendar:
        known = self._calendars.get(location_id)
        start, end = int(first.timestamp()), int(last.timestamp())
        if known and known.first <= start and end <= known.last:
            return known
        slack = timedelta(0)
        if known:  # many leads, in whatever order: lay out more than is asked for, so that it is seldom done again
            start, end, slack = min(start, known.first), max(end, known.last), _SLACK
        zone = self.zone(location_id)
        self._calendars[location_id] = lay_out_once(
            self._zones[location_id],
            tuple(staffed_hours.hours_of(self._connection, location_id)),
            tuple(staffed_hours.closures_of(self._connection, location_id)),
            tuple(staffed_hours.openings_of(self._connection, location_id)),
            datetime.fromtimestamp(start, zone).date() - slack,
            datetime.fromtimestamp(end, zone).date() + slack,
        )
        return self._calendars[location_id]


def waited_minutes(connection: Connection, waits: pd.DataFrame) -> npt.NDArray[np.int64]:
    """Staffed minutes of each wait, by the hours of its location.

    Parameters
    ----------
    waits : DataFrame
        With `location`, `waited_since` and `waited_until`, the latter two in whole minutes since 1970.
    """
    clock, minutes = ResponseClock(connection), np.zeros(len(waits), np.int64)
    for location, rows in waits.reset_index(drop=True).groupby("location"):
        minutes[rows.index] = clock.elapsed_minutes(int(location), rows["waited_since"], rows["waited_until"])
    return minutes
