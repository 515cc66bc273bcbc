"""A weekly review for others: what leaves the practice tells nothing of a few leads.

Numbers can be subtracted from each other: weeks of one series from another's, a column from its whole, one table from the sum
of others, and a file of this week from that of the last. So others are told little, and of each population once: shares,
rounded; and counts of leads whose window ended in the week, which no other week counts too.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from dashboard.metrics.small_cells import SMALLEST, rate_may_leave
from dashboard.review.document import Block, Holds, Number, Review, Table, Week

NOTE = (
    "For others: counts of 1 to 10 are not told. Rows with such counts are added up to one row, or left out where that does "
    "not help. Shares are rounded to 5 %; sentences, earlier weeks, actions and further tables are left out."
)
_INTERNAL = ("actions", "red", "stalls", "capacity", "funnel", "partners")
"""Blocks that are the practice's own: what is open now, who does what, and counts of weeks that other weeks count too."""
_TOLD = {
    "location": ("name", "judged", "met", "rate"),
    "channel": ("name", "judged", "met", "rate"),
}
"""Columns that are told of each table: the same leads, split by one key."""
_ROUND = 0.05


def for_others(review: Review) -> Review:
    """The review without small counts, and without what could be worked out from what is told.

    References
    ----------
    CMS cell size suppression policy (resdac.org/articles/cms-cell-size-suppression-policy).
    """
    blocks = tuple(_block(one) for one in review.blocks if one.name not in _INTERNAL)
    return replace(review, blocks=blocks, definitions=(("For others", NOTE), *review.definitions))


def _block(block: Block) -> Block:
    told = [
        table for one in block.tables if one.name in _TOLD and (table := told_table(one, _TOLD[one.name])) is not None
    ]
    numbers = tuple(number for one in block.numbers if (number := _number(one)) is not None)
    said = () if numbers or told else ("Too few to be told outside the practice.",)
    return replace(block, said=said, numbers=numbers, tables=tuple(told), alarms=())


def _number(number: Number) -> Number | None:
    """The share of the last week, rounded, without its counts; None for other numbers, and where few did or did not.

    Limits, signals and earlier weeks are left out: the width of a band gives n away, and its middle a week that is hidden.
    """
    now = number.now
    if number.unit != "%" or now is None or now.k is None or not now.n or not rate_may_leave(now.k, now.n):
        return None
    share = round(round(now.k / now.n / _ROUND) * _ROUND, 2)
    week = Week(now.week, None, None, share, None, None, "")
    return replace(number, history=(week,), signal="", direction=0, target=None, missed=False, said="")


def told_table(table: Table, names: Sequence[str] | None = None) -> Table | None:
    """A table without small counts; None where nothing of it may be told.

    Rows with a count of 1 to 10, or with so few that did not, become one row; the smallest other row joins them until that one
    is large enough. So no hidden number is left that a total would give away. Where each row is a part of the one above it,
    the table is told only if no count, and no difference of neighbours, is small.

    Parameters
    ----------
    names : sequence of str, optional
        The columns to tell; means and waits are never told, because with the counts of another row they may give one away.
    """
    kept = [
        place
        for place, column in enumerate(table.columns)
        if column.holds not in (Holds.RATE, Holds.DAYS) and (names is None or column.name in names)
    ]
    columns = tuple(table.columns[place] for place in kept)
    rows = [tuple(row[place] for place in kept) for row in table.rows]
    bare = replace(table, columns=columns, rows=tuple(rows), drawn=None)
    if not table.divisible:
        nested = all(not _small(abs(a - b)) for a, b in _steps(bare))
        return bare if nested and not any(_is_small(bare, row) for row in rows) else None
    rows.sort(key=lambda row: -_size(bare, row))
    large = [row for row in rows if not _is_small(bare, row)]
    few = [row for row in rows if _is_small(bare, row)]
    while large and few and _is_small(bare, _sum(bare, few)):
        few.append(large.pop())
    if few and not large:  # only the total would be left
        return None
    return replace(bare, rows=(*large, *([_sum(bare, few)] if few else [])))


def _small(count: int) -> bool:
    return 0 < count < SMALLEST


def _counts(table: Table, row: Sequence[Any]) -> dict[str, int]:
    return {
        column.name: value
        for column, value in zip(table.columns, row, strict=True)
        if column.holds == Holds.COUNT and value is not None
    }


def _size(table: Table, row: Sequence[Any]) -> int:
    return max(_counts(table, row).values(), default=0)


def _is_small(table: Table, row: Sequence[Any]) -> bool:
    counts = _counts(table, row)
    rates = [column.of for column in table.columns if column.of]
    return any(map(_small, counts.values())) or any(not rate_may_leave(counts[k], counts[n]) for k, n in rates)


def _steps(table: Table) -> Iterable[tuple[int, int]]:
    """Neighbouring counts of each column: how many were lost on the way is their difference."""
    for before, after in zip(table.rows, table.rows[1:], strict=False):
        one, other = _counts(table, before), _counts(table, after)
        yield from ((one[name], other[name]) for name in one)


def _sum(table: Table, rows: Sequence[Sequence[Any]]) -> tuple[Any, ...]:
    totals: dict[str, int] = {}
    for row in rows:
        for name, value in _counts(table, row).items():
            totals[name] = totals.get(name, 0) + value
    words = iter([f"Others ({len(rows)})"])
    made: list[Any] = []
    for column in table.columns:
        if column.holds == Holds.TEXT:
            made.append(next(words, ""))
        elif column.of:
            k, n = (totals[name] for name in column.of)
            made.append(k / n if n else None)
        else:
            made.append(totals.get(column.name))
    return tuple(made)
