"""Days and weeks as numbers, as the facts keep them."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

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
