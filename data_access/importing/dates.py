"""Dates as files write them. Whether the day or the month comes first, and whether times carry their offset, is settled per
column over all rows, never guessed row by row; a column that fits more than one way is asked about.
"""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from functools import lru_cache
from itertools import combinations
from typing import Any
from zoneinfo import ZoneInfo

from data_access.vocabulary import Precision
from data_access.working_time import to_utc

_TIME = (
    r"(?:(?:\s*[T,]\s*|\s+)(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2})(?:[.,]\d+)?)?"
    r"\s*(?P<half>[AaPp]\.?[Mm]\.?)?\s*(?P<offset>Z|UTC|GMT|[+-]\d{2}(?::?\d{2})?)?)?"
)
_YEAR_FIRST = re.compile(r"(?P<year>\d{4})(?P<sep>[-/.])(?P<month>\d{1,2})(?P=sep)(?P<day>\d{1,2})" + _TIME)
_COMPACT = re.compile(
    r"(?P<year>\d{4})(?P<month>\d{2})(?P<day>\d{2})"
    r"(?:T?(?P<hour>\d{2})(?P<minute>\d{2})(?P<second>\d{2})?(?P<half>)(?P<offset>Z|[+-]\d{2}:?\d{2})?)?"
)
_NUMBERS = re.compile(r"(?P<a>\d{1,2})(?P<sep>[-/.])(?P<b>\d{1,2})(?P=sep)(?P<c>\d{4}|\d{2})" + _TIME)
_NAME = r"(?P<name>[^\W\d_]{3,12})\.?"
_WEEKDAY = r"(?:[^\W\d_]{2,12}\.?,?\s+)?"
_DAY = r"(?P<day>\d{1,2})(?:st|nd|rd|th|\.)?"
_DAY_NAME = re.compile(
    _WEEKDAY + _DAY + r"[-\s/]*(?:de\s+)?" + _NAME + r"[-\s/,]*(?:de\s+)?(?P<year>\d{4}|\d{2})" + _TIME
)
_NAME_DAY = re.compile(_WEEKDAY + _NAME + r"[-\s/]*" + _DAY + r"[-\s/,]+(?P<year>\d{4})" + _TIME)
_CLOCK_LAST = re.compile(
    _WEEKDAY + _NAME + r"\s+" + _DAY + r"\s+(?P<hour>\d{2}):(?P<minute>\d{2}):(?P<second>\d{2})(?P<half>)(?P<offset>)"
    r"\s+(?P<year>\d{4})"
)
_ONLY_TIME = re.compile(
    r"(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2})(?:[.,]\d+)?)?\s*(?P<half>[AaPp]\.?[Mm]\.?)?"
)
_FAMILIES = (_YEAR_FIRST, _NUMBERS, _DAY_NAME, _NAME_DAY, _CLOCK_LAST, _COMPACT)

_MONTHS = (
    "january januar janvier enero janeiro gennaio januari",
    "february februar fevrier febrero fevereiro febbraio februari",
    "march marz mrz mars marzo marco maart mrt",
    "april avril abril aprile",
    "may mai mayo maio maggio mei",
    "june juni juin junio junho giugno",
    "july juli juillet julio julho luglio",
    "august aout agosto augustus",
    "september septembre septiembre setembro settembre",
    "october oktober octobre octubre outubro ottobre",
    "november novembre noviembre novembro",
    "december dezember decembre diciembre dezembro dicembre",
)
"""English, German, French, Spanish, Portuguese, Italian and Dutch, without accents."""

YEARS = range(1970, 2200)
"""What a date in a file may plausibly be; anything else is a slip of the keyboard or a damaged cell."""
_EXCEL_ZERO = date(1899, 12, 30)


class Order(StrEnum):
    """How a column writes its dates, where its values alone do not tell.

    In numbers: with the day, the month or (only with years of two digits) the year first. Or as one number: seconds or
    milliseconds since 1970 (UTC), or days as a spreadsheet counts them.
    """

    DAY_FIRST = "dmy"
    MONTH_FIRST = "mdy"
    YEAR_FIRST = "ymd"
    UNIX = "unix"
    UNIX_MILLISECONDS = "unix_ms"
    EXCEL = "excel"


_ORDERED = {Order.DAY_FIRST: "the day", Order.MONTH_FIRST: "the month", Order.YEAR_FIRST: "the year"}


class Unsettled(ValueError):
    """How a column is written cannot be told; the message shows why and what to write into the mapping."""


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
    """What the values of one column say about how it is written, each with the first line that says so.

    Attributes
    ----------
    excluded : dict of Order -> (line, value)
        Orders that do not fit, and the first value that they do not fit.
    differs : dict of (Order, Order) -> (line, value)
        The first value that both orders fit, with another day each.
    with_offset, without_offset : (line, value), optional
        The first time that tells its offset, and the first that does not.
    seen, days, midnights : int
        How many values are dates; those without a time; those whose time is midnight.
    """

    column: str
    excluded: dict[Order, tuple[int, str]] = field(default_factory=dict)
    differs: dict[tuple[Order, Order], tuple[int, str]] = field(default_factory=dict)
    with_offset: tuple[int, str] | None = None
    without_offset: tuple[int, str] | None = None
    seen: int = 0
    days: int = 0
    midnights: int = 0

    def add(self, line: int, value: str) -> None:
        """Look at one value."""
        if not (found := _matched(value)):
            return
        parts = found.groupdict()
        self.seen += 1
        if parts["hour"] is None:
            self.days += 1
        else:
            self.midnights += not int(parts["hour"]) + int(parts["minute"]) + int(parts["second"] or 0)
            if parts["offset"]:
                self.with_offset = self.with_offset or (line, value)
            else:
                self.without_offset = self.without_offset or (line, value)
        if found.re is _NUMBERS:
            fits = {order: _day_of(parts, order) for order in _ORDERED}
            for order, day in fits.items():
                if day is None and any(fits.values()):
                    self.excluded.setdefault(order, (line, value))
            for pair in combinations(_ORDERED, 2):
                if len({fits[order] for order in pair} - {None}) > 1:
                    self.differs.setdefault(pair, (line, value))

    @property
    def possible(self) -> list[Order]:
        """The orders that fit every value that is a date in numbers."""
        return [order for order in _ORDERED if order not in self.excluded]

    def settle(self) -> Order | None:
        """The order that fits every row; None where no value needs one.

        Raises
        ------
        Unsettled
            When rows contradict each other, or none of them tells.
        """
        possible = self.possible
        ways = " or ".join(
            f'order = "{order}" ({_ORDERED[order]} first)' for order in possible or _asked(self.excluded)
        )
        ask = f"write {ways} for {self.column!r} in the mapping"
        if not possible:
            lines = {where: order for order, where in self.excluded.items()}
            (one, first), (other, second) = sorted(lines)[0], sorted(lines)[-1]
            firsts = [_first_of(value) for value in (first, second)]
            raise Unsettled(
                f"{self.column!r}: line {one} ({first}) has {firsts[0]} first, line {other} ({second}) {firsts[1]}; {ask}, "
                "and the others are rejected with a reason"
            )
        if len(possible) == 1:
            return possible[0]
        if either := next((self.differs[pair] for pair in combinations(possible, 2) if pair in self.differs), None):
            raise Unsettled(
                f"{self.column!r}: every date fits {'both orders' if len(possible) == 2 else 'all orders'}, for example "
                f"{either[1]} in line {either[0]}; {ask}"
            )
        return None if Order.DAY_FIRST in possible else possible[0]

    def require_one_zone(self) -> None:
        """Raise `Unsettled` where some times tell their offset from UTC and others do not."""
        if self.with_offset and self.without_offset:
            raise Unsettled(
                f"{self.column!r}: line {self.with_offset[0]} ({self.with_offset[1]}) tells its offset from UTC, line "
                f"{self.without_offset[0]} ({self.without_offset[1]}) does not; write ignore_offset = true for it in the "
                "mapping (all are local times), or ignore_offset = false (those without one are)"
            )


def _asked(excluded: dict[Order, tuple[int, str]]) -> list[Order]:
    """The orders that some value fits, although none fits all."""
    fitting = [order for _, value in excluded.values() for order in _ORDERED if _day_of(_groups(value), order)]
    return [order for order in _ORDERED if order in fitting]


def _first_of(value: str) -> str:
    return next(_ORDERED[order] for order in _ORDERED if _day_of(_groups(value), order))


def _groups(value: str) -> dict[str, str]:
    found = _NUMBERS.fullmatch(value)
    return found.groupdict() if found else {}


def settle(column: str, values: Iterable[tuple[int, str]]) -> Order | None:
    """The order of a column over all its (line, value) pairs."""
    evidence = Evidence(column)
    for line, value in values:
        evidence.add(line, value)
    return evidence.settle()


def looks_like_a_date(value: str) -> bool:
    """Whether a text is written as a date is."""
    found = _matched(value)
    return found is not None and found.re is not _COMPACT


@lru_cache(maxsize=8192)
def read(value: str, order: Order | None) -> Written:
    """Read one date, of a year in YEARS.

    Raises
    ------
    NotADate
        When it is none, or does not fit the order that its column has.
    """
    try:
        written = _read(value, order)
    except (ValueError, OverflowError):
        told = f" with {_ORDERED[order]} first" if order in _ORDERED else ""
        raise NotADate(f"{value!r} is not a date{told}") from None
    if written is None:
        raise NotADate(
            f"{value!r} is not a date; known are 2026-03-31, 31/03/2026, 03/31/2026 and 31 Mar 2026, with or without a time"
        )
    if written.on.year not in YEARS:
        raise NotADate(f"{value!r} cannot be right: years from {YEARS[0]} to {YEARS[-1]} are taken")
    return written


def place(written: Written) -> float:
    """Where a date stands among others of its row; a bare one at the start of its day."""
    at = datetime.combine(written.on, written.at or time(0)) - (written.offset or timedelta(0))
    return at.replace(tzinfo=UTC).timestamp()


def read_time(value: str) -> time:
    """Read a time of day that stands in a column of its own.

    Raises
    ------
    NotADate
        When it is none.
    """
    found = _ONLY_TIME.fullmatch(value)
    try:
        at = _time_of(found.groupdict()) if found else None
    except ValueError:
        at = None
    if at is None:
        raise NotADate(f"{value!r} is not a time of day; known are 14:05 and 2:05 PM")
    return at


def _read(value: str, order: Order | None) -> Written | None:
    if order in (Order.UNIX, Order.UNIX_MILLISECONDS, Order.EXCEL):
        return _counted(value, order)
    if (
        len(value) in _ISO_LENGTHS
        and value[4] == value[7] == "-"
        and value[10:11] in ("", " ", "T")
        and (iso := _iso(value))
    ):
        return iso
    if not (found := _matched(value)):
        return None
    parts = found.groupdict()
    if found.re is _NUMBERS:
        day = _day_of(parts, order or Order.DAY_FIRST)
        if day is None:
            raise ValueError(value)
    else:
        month = int(parts["month"]) if "month" in parts else month_of(parts["name"])
        day = date(_year(parts["year"]), month, int(parts["day"]))
    return Written(day, _time_of(parts), _offset(parts["offset"]))


_ISO_LENGTHS = (10, 16, 19)  # a day, with minutes, with seconds: most of what is read


def _iso(value: str) -> Written | None:
    """A date in ISO form without an offset, as the standard library reads it, which is quick; None where it is none."""
    try:
        at = datetime.fromisoformat(value)
    except ValueError:
        return None
    return Written(at.date(), None if len(value) == len("2026-03-31") else at.time()) if at.tzinfo is None else None


def _matched(value: str) -> re.Match[str] | None:
    for family in _FAMILIES:
        if (found := family.fullmatch(value)) and ("name" not in family.groupindex or _month(found["name"])):
            return found
    return None


def _counted(value: str, order: Order | None) -> Written:
    number = float(value)
    if order == Order.EXCEL:
        whole, seconds = int(number), round((number - int(number)) * 86_400)
        at = datetime.fromtimestamp(seconds, UTC).time() if number != whole else None
        return Written(_EXCEL_ZERO + timedelta(days=whole), at)
    moment = datetime.fromtimestamp(number / (1000 if order == Order.UNIX_MILLISECONDS else 1), UTC)
    return Written(moment.date(), moment.time().replace(microsecond=0), timedelta(0))


def _day_of(parts: dict[str, str], order: Order) -> date | None:
    """The day that three numbers mean in an order; None where they mean none."""
    a, b, c = parts["a"], parts["b"], parts["c"]
    if order == Order.YEAR_FIRST and len(c) == 4:
        return None
    day, month, year = {Order.DAY_FIRST: (a, b, c), Order.MONTH_FIRST: (b, a, c), Order.YEAR_FIRST: (c, b, a)}[order]
    try:
        return date(_year(year), int(month), int(day))
    except ValueError:
        return None


def _year(text: str) -> int:
    return int(text) if len(text) == 4 else int(text) + (1900 if int(text) >= 70 else 2000)


def month_of(name: str) -> int:
    """The month that a name or its beginning, or a number, means.

    Raises
    ------
    ValueError
        When it is none, or could be two.
    """
    if name.strip().isdecimal():
        return int(name)
    if found := _month(name):
        return found
    raise ValueError(f"{name!r} is no month")


@lru_cache(maxsize=1024)
def _month(name: str) -> int | None:
    plain = unicodedata.normalize("NFKD", name.casefold().strip(" .")).encode("ascii", "ignore").decode()
    found = {
        number
        for number, names in enumerate(_MONTHS, start=1)
        if len(plain) > 2 and any(one.startswith(plain) for one in names.split())
    }
    return found.pop() if len(found) == 1 else None


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


def _time_of(parts: dict[str, str | Any]) -> time | None:
    if parts["hour"] is None:
        return None
    hour = int(parts["hour"])
    if half := parts["half"]:
        if not 1 <= hour <= 12:
            raise ValueError(hour)
        hour = hour % 12 + (12 if half[0] in "pP" else 0)
    return time(hour, int(parts["minute"]), int(parts["second"] or 0))


def _offset(text: str | None) -> timedelta | None:
    if not text:
        return None
    if text in ("Z", "UTC", "GMT"):
        return timedelta(0)
    hours, minutes = int(text[1:3]), int(text[3:].lstrip(":") or 0)
    return (1 if text[0] == "+" else -1) * timedelta(hours=hours, minutes=minutes)
