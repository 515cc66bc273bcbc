"""The values of a review in words, for the page and for every export."""

import re
from typing import Any

from dashboard.formats import minutes, percent
from dashboard.review.document import Holds, Number, Table, Week


def cell(holds: Holds, value: Any) -> str:
    """A value of a table as people read it."""
    if value is None:
        return "–"
    if holds == Holds.SHARE:
        return percent(value, 0)
    forms = {Holds.RATE: ",.1f", Holds.DAYS: ",.0f", Holds.COUNT: ","}
    return f"{value:{forms[holds]}}" if holds in forms else str(value)


def rows(table: Table) -> tuple[list[str], list[list[str]]]:
    """A table's headings, and its rows in words; only the columns that are shown."""
    shown = [place for place, column in enumerate(table.columns) if column.shown]
    headings = [table.columns[place].title for place in shown]
    return headings, [[cell(table.columns[place].holds, row[place]) for place in shown] for row in table.rows]


def numeric(table: Table) -> list[bool]:
    """Whether each column that is shown holds numbers."""
    return [column.holds != Holds.TEXT for column in table.columns if column.shown]


def row_names(table: Table, limit: int | None = None) -> list[str]:
    """What each row is called: by its first word, and by all of them where that does not tell rows apart."""
    words = [place for place, column in enumerate(table.columns) if column.holds == Holds.TEXT]
    chosen = table.rows[:limit]
    first = [str(row[words[0]]) for row in chosen]
    return first if len(set(first)) == len(first) else [", ".join(str(row[place]) for place in words) for row in chosen]


def marks(table: Table, limit: int | None = None) -> list[tuple[str, str, list[float]]]:
    """What is drawn of a table: title, tone and values of each column that is."""
    return [
        (column.title, str(column.tone), [row[table.columns.index(column)] or 0 for row in table.rows[:limit]])
        for column in table.toned
    ]


def value(number: Number, week: Week | None) -> str:
    """A week of a headline number as people read it."""
    if week is None or week.value is None:
        return "no data"
    return plain(number, week.value)


def plain(number: Number, value: float) -> str:
    """A value of a headline number as people read it."""
    return (
        percent(value, 0) if number.unit == "%" else minutes(round(value)) if number.unit == "min" else f"{value:,.0f}"
    )


def counts(number: Number) -> str:
    """What a share among the headline numbers is made of, "56 of 73"; nothing where that is not told."""
    now = number.now
    return f"{now.k:,} of {now.n:,}" if number.unit == "%" and now and now.k is not None else ""


def beside(number: Number) -> list[str]:
    """What a headline number is compared with: what is usual, the week before, and the target."""
    now = number.now
    if now is None:
        return []
    means = {-1: ", for the worse", 0: "", 1: ", for the better"}[number.direction]
    lines = [{"signal": f"A signal{means}", "look": f"Worth a look{means}"}.get(number.signal, "As usual")]
    if number.before is None:
        return [now.week]
    if now.low is not None and now.high is not None:
        lines.append(f"Usual: {plain(number, now.low)} to {plain(number, now.high)}")
    lines.append(f"{now.week}; before: {value(number, number.before)}")
    if number.target is not None:
        lines.append(f"Target {percent(number.target, 0)}" + (", clearly missed" if number.missed else ""))
    return lines


def unmarked(text: str) -> str:
    """A text without the marks of bold and slanted letters."""
    return text.replace("*", "")


def bold_parts(text: str) -> list[tuple[str, bool]]:
    """A sentence in parts, each with whether it is bold."""
    parts = re.split(r"\*\*", text)
    return [(part, bool(place % 2)) for place, part in enumerate(parts) if part]


def short(text: str, longest: int = 60) -> str:
    """A name that fits on paper."""
    return text if len(text) <= longest else f"{text[: longest - 1].rstrip()}…"
