"""What a weekly review is, once it is counted: plain values that a page shows, a freeze keeps, and an export writes.

No lead and no person is in it, only counts by small keys; names are those of the practice's own lists.
"""

import dataclasses
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

VERSION = 1
"""Of the shape below; a frozen review of another shape is shown as far as it can be read."""


class Holds(StrEnum):
    """What a column holds. A share is a proportion in [0, 1] of the columns that `Column.of` names."""

    TEXT = "text"
    COUNT = "count"
    RATE = "rate"  # a number that is not whole
    DAYS = "days"
    SHARE = "share"


class Drawn(StrEnum):
    """How a table is drawn: parts of a bar, or two marks on a line."""

    STACK = "stack"
    PAIR = "pair"


class Tone(StrEnum):
    """What a drawn quantity means; each has one colour everywhere."""

    GOOD = "good"
    OPEN = "open"
    BAD = "bad"
    CONTEXT = "context"


@dataclass(frozen=True)
class Column:
    """A column of a table.

    Attributes
    ----------
    of : (str, str), optional
        For a share, the names of the columns (k, n) that it is made of.
    tone : Tone, optional
        What it means where it is drawn.
    shown : bool
        Whether it stands in the table; otherwise it is only drawn, or only divided by.
    """

    name: str
    title: str
    holds: Holds
    of: tuple[str, str] | None = None
    tone: Tone | None = None
    shown: bool = True


def text(name: str, title: str) -> Column:
    """A column of words."""
    return Column(name, title, Holds.TEXT)


def count(name: str, title: str, tone: Tone | None = None, *, shown: bool = True) -> Column:
    """A column of counts of leads, or of openings."""
    return Column(name, title, Holds.COUNT, tone=tone, shown=shown)


def mean(name: str, title: str, tone: Tone | None = None) -> Column:
    """A column of numbers that are not whole."""
    return Column(name, title, Holds.RATE, tone=tone)


def waits(name: str, title: str) -> Column:
    """A column of whole days."""
    return Column(name, title, Holds.DAYS)


def share(name: str, title: str, k: str, n: str) -> Column:
    """A column of proportions of two others."""
    return Column(name, title, Holds.SHARE, (k, n))


@dataclass(frozen=True)
class Table:
    """Rows of values, None where there is none. The first column of words names the row.

    Attributes
    ----------
    drawn : Drawn, optional
        How its columns with a tone are drawn beside it.
    divisible : bool
        Whether rows can be added up to one ("others"): not where each row is a part of the one above it.
    """

    name: str
    title: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Any, ...], ...]
    divisible: bool = True
    drawn: Drawn | None = None

    @property
    def toned(self) -> tuple[Column, ...]:
        """The columns that are drawn."""
        return tuple(column for column in self.columns if column.tone)

    def records(self) -> list[dict[str, Any]]:
        """The rows, each by the names of the columns."""
        return [dict(zip((column.name for column in self.columns), row, strict=True)) for row in self.rows]


@dataclass(frozen=True)
class Week:
    """One finished week of a series: `k` of `n`, its value, and what is usual."""

    week: str
    k: int | None
    n: int | None
    value: float | None
    low: float | None
    high: float | None
    label: str


@dataclass(frozen=True)
class Number:
    """A headline number: a weekly series with its last finished week and those before.

    Attributes
    ----------
    unit : str
        "%" for a share in [0, 1], "min" for staffed minutes, "" for leads.
    history : tuple of Week
        The last weeks, the one of the review last; empty where none is finished.
    signal : str
        "signal", "look" or "" by the rules of the trends.
    direction : int
        1 where it differs for the better, -1 where for the worse.
    target, missed : optional
        The target in force, and whether the week lies below it beyond chance.
    said : str
        The week in a sentence.
    """

    name: str
    title: str
    unit: str
    history: tuple[Week, ...]
    signal: str
    direction: int
    target: float | None
    missed: bool
    said: str

    @property
    def now(self) -> Week | None:
        """The week of the review, or the last one that is old enough to be judged."""
        return self.history[-1] if self.history else None

    @property
    def worse(self) -> bool:
        """Whether it is a signal for the worse."""
        return self.signal == "signal" and self.direction < 0

    @property
    def before(self) -> Week | None:
        """The week before."""
        return self.history[-2] if len(self.history) > 1 else None


@dataclass(frozen=True)
class Alarm:
    """Something that is red: what, and the page behind it."""

    text: str
    page: str


@dataclass(frozen=True)
class Block:
    """One block of the meeting: what it finds in a sentence or two, its numbers and tables, and the page behind it."""

    name: str
    title: str
    said: tuple[str, ...]
    page: str
    numbers: tuple[Number, ...] = ()
    tables: tuple[Table, ...] = ()
    alarms: tuple[Alarm, ...] = ()


@dataclass(frozen=True)
class Review:
    """One week of one practice, as of the moment at which the week ended.

    Attributes
    ----------
    week : str
        ISO week, as 2026-W47.
    filtered, as_of : str
        What is filtered, and as of when, in words.
    definitions : tuple of (str, str)
        How the numbers are counted, and by which rules of the practice.
    """

    practice: str
    week: str
    filtered: str
    as_of: str
    blocks: tuple[Block, ...]
    definitions: tuple[tuple[str, str], ...]
    version: int = VERSION

    def block(self, name: str) -> Block | None:
        """A block by its name."""
        return next((block for block in self.blocks if block.name == name), None)


def to_content(review: Review) -> dict[str, Any]:
    """The review as JSON values."""
    made: dict[str, Any] = _plain(dataclasses.asdict(review))
    return made


def from_content(content: Mapping[str, Any]) -> Review:
    """The review that `to_content` wrote.

    Raises
    ------
    ValueError
        When it was written in another shape.
    """
    if content.get("version") != VERSION:
        raise ValueError("This week was frozen by another version of Handoff, in a shape that this one does not read.")
    blocks = tuple(
        Block(
            **{**block, "said": tuple(block["said"])}
            | {
                "numbers": tuple(
                    Number(**{**one, "history": tuple(Week(**week) for week in one["history"])})
                    for one in block["numbers"]
                ),
                "tables": tuple(_table(one) for one in block["tables"]),
                "alarms": tuple(Alarm(**one) for one in block["alarms"]),
            }
        )
        for block in content["blocks"]
    )
    definitions = tuple((title, text) for title, text in content["definitions"])
    return Review(**{**content, "blocks": blocks, "definitions": definitions})


def _table(content: Mapping[str, Any]) -> Table:
    columns = tuple(
        Column(
            **{
                **c,
                "holds": Holds(c["holds"]),
                "of": tuple(c["of"] or ()) or None,
                "tone": c["tone"] and Tone(c["tone"]),
            }
        )
        for c in content["columns"]
    )
    rows, drawn = tuple(tuple(row) for row in content["rows"]), content["drawn"]
    return Table(**{**content, "columns": columns, "rows": rows, "drawn": Drawn(drawn) if drawn else None})


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    if isinstance(value, StrEnum):
        return str(value)
    return clean(value)


def clean(value: Any) -> Any:
    """A value that JSON knows: numpy's numbers as Python's own, and None in place of NaN."""
    value = value.item() if hasattr(value, "item") else value
    return None if isinstance(value, float) and math.isnan(value) else value


@dataclass(frozen=True)
class Revised:
    """A number that is another one today than the meeting saw."""

    about: str
    then: Any
    now: Any


def revised(then: Review, now: Review) -> list[Revised]:
    """What late records changed since a review was frozen: counts of its numbers and tables, in order."""
    before, after = dict(_counts(then)), dict(_counts(now))
    return [
        Revised(about, before.get(about), after.get(about))
        for about in dict.fromkeys((*before, *after))
        if before.get(about) != after.get(about)
    ]


def _counts(review: Review) -> Iterator[tuple[str, int]]:
    for block in review.blocks:
        for one in block.numbers:
            if one.now:
                for name, value in (("", one.now.k), (", of", one.now.n)):
                    if value is not None:
                        yield f"{one.title}{name}", value
        for table in block.tables:
            yield from _cells(block, table)


def _cells(block: Block, table: Table) -> Iterator[tuple[str, int]]:
    named = [i for i, column in enumerate(table.columns) if column.holds == Holds.TEXT]
    for row in table.rows:
        called = ", ".join(str(row[i]) for i in named if row[i])
        for column, value in zip(table.columns, row, strict=True):
            if column.holds == Holds.COUNT and value is not None:
                yield f"{block.title}: {table.title}, {called}, {column.title.lower()}", value


def table_of(
    name: str,
    title: str,
    columns: Sequence[Column],
    rows: Sequence[Mapping[str, Any]],
    *,
    divisible: bool = True,
    drawn: Drawn | None = None,
) -> Table:
    """A table from rows that hold at least its columns."""
    picked = tuple(tuple(clean(row[column.name]) for column in columns) for row in rows)
    return Table(name, title, tuple(columns), picked, divisible, drawn)
