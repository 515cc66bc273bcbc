"""Dates as files write them. Whether the day or the month comes first is settled per column over all rows, never guessed
row by row; a column that fits both orders is asked about.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from data_access.vocabulary import Precision
from data_access.working_time import to_utc

_ISO = re.compile(r"(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2})(?:\.\d+)?)?\s*(Z|[+-]\d{2}:?\d{2})?)?")
_PARTS = re.compile(r"(\d{1,2})([-/.])(\d{1,2})\2(\d{4})(?:[ T,]+(\d{1,2}):(\d{2})(?::(\d{2}))?\s*([AaPp][Mm])?)?")

YEARS = range(1970, 2200)
"""What a date in a file may plausibly be; anything else is a slip of the keyboard or a damaged cell."""


class Order(StrEnum):
    """Whether dates in numbers put the day or the month first."""

    DAY_FIRST = "dmy"
    MONTH_FIRST = "mdy"


class Unsettled(ValueError):
    """The order of day and month cannot be told; the message shows why and what to write into the mapping."""


class NotADate(ValueError):
    """A value cannot be read as a date."""


@dataclass(frozen=True)
class Written:
    """A date as written: the local day, the time where there is one, and the offset where there is one."""

    on: date
    at: time | None = None
    offset: timedelta | None = None


@dataclass
class Evidence:
    """What the values of one column say about its order, with the first line that says so."""

    column: str
    day_first: tuple[int, str] | None = None
    month_first: tuple[int, str] | None = None
    either: tuple[int, str] | None = None
    seen: int = field(default=0)

    def add(self, line: int, value: str) -> None:
        """Look at one value."""
        found = _PARTS.fullmatch(value)
        if not found:
            return
        first, second = int(found[1]), int(found[3])
        self.seen += 1
        if first > 12 >= second:
            self.day_first = self.day_first or (line, value)
        elif second > 12 >= first:
            self.month_first = self.month_first or (line, value)
        elif first != second:
            self.either = self.either or (line, value)

    def settle(self) -> Order | None:
        """The order that fits every row; None where no value needs one.

        Raises
        ------
        Unsettled
            When rows contradict each other, or none of them tells.
        """
        ask = f'write order = "dmy" (day first) or order = "mdy" (month first) for {self.column!r} in the mapping'
        if self.day_first and self.month_first:
            raise Unsettled(
                f"{self.column!r}: line {self.day_first[0]} ({self.day_first[1]}) has the day first, line "
                f"{self.month_first[0]} ({self.month_first[1]}) the month; {ask}, and the others are rejected with a reason"
            )
        if self.day_first:
            return Order.DAY_FIRST
        if self.month_first:
            return Order.MONTH_FIRST
        if self.either:
            raise Unsettled(
                f"{self.column!r}: every date fits both orders, for example {self.either[1]} in line {self.either[0]}; {ask}"
            )
        return None


def settle(column: str, values: Iterable[tuple[int, str]]) -> Order | None:
    """The order of a column over all its (line, value) pairs."""
    evidence = Evidence(column)
    for line, value in values:
        evidence.add(line, value)
    return evidence.settle()


def read(value: str, order: Order | None) -> Written:
    """Read one date, of a year in YEARS.

    Raises
    ------
    NotADate
        When it is none, or does not fit the order that its column has.
    """
    try:
        written = _read(value, order)
    except ValueError:
        which = {Order.DAY_FIRST: " with the day first", Order.MONTH_FIRST: " with the month first"}
        raise NotADate(f"{value!r} is not a date{which.get(order, '') if order else ''}") from None
    if written is None:
        raise NotADate(
            f"{value!r} is not a date; known are 2026-03-31, 31/03/2026 and 03/31/2026, with or without a time"
        )
    if written.on.year not in YEARS:
        raise NotADate(f"{value!r} cannot be right: years from {YEARS[0]} to {YEARS[-1]} are taken")
    return written


def _read(value: str, order: Order | None) -> Written | None:
    if found := _ISO.fullmatch(value):
        year, month, day, hour, minute, second, offset = found.groups()
        at = time(int(hour), int(minute), int(second or 0)) if hour else None
        return Written(date(int(year), int(month), int(day)), at, _offset(offset))
    if found := _PARTS.fullmatch(value):
        first, _, second_, year, hour, minute, second, half = found.groups()
        day, month = (first, second_) if order != Order.MONTH_FIRST else (second_, first)
        at = time(_hour(int(hour), half), int(minute), int(second or 0)) if hour else None
        return Written(date(int(year), int(month), int(day)), at)
    return None


def moment(
    written: Written, zone: ZoneInfo, *, day_only: bool = False, ignore_offset: bool = False
) -> tuple[datetime, Precision]:
    """The moment that was meant, in UTC, and how precise it is.

    A bare date, or any with `day_only`, is the start of that local day and is never shifted by an offset.
    """
    if written.at is None or day_only:
        return datetime.fromtimestamp(to_utc(written.on, 0, zone), UTC), Precision.DAY
    local = datetime.combine(written.on, written.at)
    if written.offset is not None and not ignore_offset:
        return (local - written.offset).replace(tzinfo=UTC), Precision.MINUTE
    return local.replace(tzinfo=zone).astimezone(UTC), Precision.MINUTE


def _offset(text: str | None) -> timedelta | None:
    if text is None or text == "Z":
        return None if text is None else timedelta(0)
    hours, minutes = int(text[1:3]), int(text[-2:])
    return (1 if text[0] == "+" else -1) * timedelta(hours=hours, minutes=minutes)


def _hour(hour: int, half: str | None) -> int:
    if half is None:
        return hour
    if not 1 <= hour <= 12:
        raise ValueError(hour)
    return hour % 12 + (12 if half.lower() == "pm" else 0)
