"""Days and weeks as numbers, as the facts keep them, and spans of a day in its minutes."""

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

DAY_MINUTES = 1440
_EPOCH_DAY = date(1970, 1, 1).toordinal()
_EPOCH_MONDAY = date(1970, 1, 5).toordinal()


def day_number(day: date) -> int:
    """Days since 1970-01-01."""
    return day.toordinal() - _EPOCH_DAY


def week_number(day: date) -> int:
    """ISO weeks since the Monday 1970-01-05, from 1; 0 for anything before."""
    return max((day.toordinal() - _EPOCH_MONDAY) // 7 + 1, 0)


def week_start(week: int) -> date:
    """Monday of a week number."""
    return date.fromordinal(_EPOCH_MONDAY + (week - 1) * 7)


def local_day(moment: datetime, zone: ZoneInfo) -> date:
    """The day of a moment on a location's calendar."""
    return moment.astimezone(zone).date()


def start_of(day: date, zone: ZoneInfo) -> datetime:
    """The moment at which a local day begins."""
    return datetime.combine(day, time(), tzinfo=zone)


def end_of(day: date, zone: ZoneInfo) -> datetime:
    """The moment at which a local day is over."""
    return start_of(day + timedelta(days=1), zone)


class Hours(NamedTuple):
    """A weekly staffed interval, in local minutes of the day; `closes` not after `opens` ends the next day."""

    weekday: int
    opens: int
    closes: int
    effective_from: date
    effective_until: date | None = None


class DayInterval(NamedTuple):
    """One day's closure or extra opening, in local minutes of the day."""

    on: date
    opens: int = 0
    closes: int = DAY_MINUTES


def intervals_on(hours: Iterable[Hours], weekday: int) -> str:
    """The intervals of one weekday in words, "08:00-12:00, 13:00-17:00"; the empty text where there are none."""
    return ", ".join(f"{time_of_day(h.opens)}-{time_of_day(h.closes)}" for h in sorted(hours) if h.weekday == weekday)


def minute_of_day(text: str) -> int:
    """Minute of the day of "HH:MM"; "24:00" is the day's end."""
    hours, _, minutes = text.partition(":")
    minute = int(hours) * 60 + int(minutes)
    if not 0 <= minute <= DAY_MINUTES or not 0 <= int(minutes) < 60:
        raise ValueError(f"{text!r} is not a time of day; write HH:MM from 00:00 to 24:00")
    return minute


def time_of_day(minute: int) -> str:
    """A minute of the day as "HH:MM"."""
    return f"{minute // 60:02}:{minute % 60:02}"
