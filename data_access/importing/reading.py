"""From a file to a table: which part of it is meant, where its headings are, and its rows as values by heading."""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice

from data_access.formulas import restored
from data_access.importing import delimited, files, spreadsheets
from data_access.importing.dates import looks_like_a_date
from data_access.importing.delimited import Record
from data_access.importing.files import File, FileKind, Unreadable

_SEARCHED = 100
"""So many records from the top the headings are looked for."""
REJECTED = ("rejected from", "rejected line", "rejected because", "rejected text")
"""The columns before those of the file itself, in a file of rejected rows; it comes in again as if it had none of them."""


@dataclass(frozen=True)
class Layout:
    """How a file is laid out; what is None is found out.

    Attributes
    ----------
    part : str, optional
        The sheet of a spreadsheet, or the file in an archive.
    headings : int, optional
        The line, or row, that holds the column headings; 0: none does, and columns are called "Column 1" and so on.
    encoding, delimiter : str, optional
        Of a text file.
    """

    part: str | None = None
    headings: int | None = None
    encoding: str | None = None
    delimiter: str | None = None


@dataclass(frozen=True)
class Line:
    """One record of a table: its values by heading, and where it begins.

    Attributes
    ----------
    fault : str, optional
        Why it cannot be read, if it cannot.
    text : str
        The record as it stands in the file, where its values do not tell all of it.
    """

    number: int
    values: dict[str, str]
    fault: str | None = None
    text: str = ""


@dataclass(frozen=True)
class Table:
    """A table that can be read as often as need be.

    Attributes
    ----------
    name : str
        Of the file, as the person knows it.
    headings : list of str
        One per column, each a name of its own.
    layout : Layout
        As it was found.
    lines : callable
        Gives the records, blank ones left out.
    """

    name: str
    headings: list[str]
    layout: Layout
    lines: Callable[[], Iterator[Line]]


def parts(file: File) -> list[str]:
    """The sheets of a spreadsheet, or the files in an archive, where there is something to choose from; else nothing."""
    kind, inside = files.kind_of(file), files.members(file)
    if kind == FileKind.SPREADSHEET:
        found = [name for name, _ in spreadsheets.sheets(file)]
    elif len(inside) == 1:
        found = parts(inside[0]) if kind != FileKind.TEXT else []
    else:
        found = [one.name for one in inside]
    return found if len(found) > 1 else []


def table(file: File, layout: Layout = Layout(), needed: Collection[str] = ()) -> Table:
    """Open the table in a file.

    Parameters
    ----------
    needed : collection of str
        Headings that it must have: by them the sheet and the line of headings are found, where the layout does not say.

    Raises
    ------
    Unreadable
        When it cannot be read, holds nothing, or what is meant cannot be told.
    """
    opened = [made for made in _tables(file, layout, needed) if made]
    if not opened:
        if layout.part:
            raise Unreadable(f"{file.name} has no part {layout.part!r}; it has {', '.join(parts(file)) or 'only one'}")
        raise Unreadable(f"{file.name} is empty; it must hold column headings and rows below them")
    fitting = [one for one in opened if set(needed) <= set(one.headings)] if needed else opened
    if len(fitting) > 1 or (not fitting and len(opened) > 1):
        names = ", ".join(str(one.layout.part) for one in opened)
        raise Unreadable(f"{file.name} holds several tables: {names}; say which one is meant (--part)")
    return (fitting or opened)[0]


def _tables(file: File, layout: Layout, needed: Collection[str]) -> Iterator[Table | None]:
    kind = files.kind_of(file)
    if kind == FileKind.SPREADSHEET:
        for sheet, rows in spreadsheets.sheets(file, layout.part):
            yield _of_sheet(file, sheet, rows, layout, needed)
    elif kind == FileKind.TEXT:
        yield _of_text(file, layout, needed)
    else:
        inside = files.members(file)
        for member in inside:
            if len(inside) == 1:
                yield from (replace(one, name=file.name) if one else None for one in _tables(member, layout, needed))
            elif layout.part in (None, member.name):
                yield replace(
                    table(member, replace(layout, part=None), needed), layout=replace(layout, part=member.name)
                )


def _of_text(file: File, layout: Layout, needed: Collection[str]) -> Table | None:
    writing = delimited.written(file, layout.encoding, layout.delimiter)
    found = _headings(delimited.records(file, writing), layout, needed)
    if found is None:
        return None
    row, names = found
    width, ours = len(names), len(REJECTED) if tuple(names[: len(REJECTED)]) == REJECTED else 0
    names = [restored(name) for name in names[ours:]] if ours else names

    def lines() -> Iterator[Line]:
        for one in delimited.records(file, writing, after=row, width=width):
            cells = map(restored, one.values[ours:]) if ours else one.values
            values = {name: value.strip() for name, value in zip(names, cells, strict=False)}
            yield Line(one.number, values, one.fault, one.text)

    settled = replace(layout, headings=row, encoding=writing.encoding, delimiter=writing.delimiter)
    return Table(file.name, names, settled, lines)


def _of_sheet(file: File, sheet: str, rows: list[Record], layout: Layout, needed: Collection[str]) -> Table | None:
    width = max(len(_filled(row.values)) for row in rows)
    found = _headings(iter(rows), layout, needed, width)
    if found is None:
        return None
    row, names = found

    def lines() -> Iterator[Line]:
        for one in rows:
            if one.number > row:
                yield Line(one.number, {name: cell.strip() for name, cell in zip(names, one.values, strict=False)})

    return Table(file.name, names, replace(layout, part=sheet, headings=row), lines)


# ---------------------------------------------------------------- headings


def _headings(
    records: Iterator[Record], layout: Layout, needed: Collection[str], width: int = 0
) -> tuple[int, list[str]] | None:
    """The line of the headings and the names of the columns; None where there is no record at all."""
    top = list(islice(records, _SEARCHED if layout.headings is None else max(_SEARCHED, layout.headings)))
    if not top:
        return None
    usual = max(width, *(len(_filled(one.values)) for one in top[:_SEARCHED]))
    if layout.headings == 0:
        return 0, named([""] * usual)
    if layout.headings is not None:
        meant = next((one for one in top if one.number == layout.headings), None)
        if meant is None:
            raise Unreadable(f"line {layout.headings} is blank or not there, so it holds no column headings")
        return meant.number, named(_wide(meant.values, width))
    wanted = set(needed)
    for one in top:
        if wanted and wanted <= set(named(_wide(one.values, width))):
            return one.number, named(_wide(one.values, width))
    for place, one in enumerate(top):
        below = [len(_filled(other.values)) for other in top[place + 1 : place + 6]]
        if _are_headings(one.values, max(below, default=0)):
            return one.number, named(_wide(one.values, width))
    return 0, named([""] * usual)


def _are_headings(values: Sequence[str], below: int) -> bool:
    """Whether a record looks like headings: mostly filled, with texts and not numbers or dates."""
    filled = [value.strip() for value in _filled(values) if value.strip()]
    if not filled or len(filled) * 2 < max(len(_filled(values)), below):
        return False
    return not any(_is_value(value) for value in filled)


def _is_value(text: str) -> bool:
    return delimited.is_number(text) or "@" in text or looks_like_a_date(text)


def _filled(values: Sequence[str]) -> Sequence[str]:
    """Values without the empty ones at the end."""
    last = max((place for place, value in enumerate(values, start=1) if value.strip()), default=0)
    return values[:last]


def _wide(values: Sequence[str], width: int) -> list[str]:
    filled = list(_filled(values))
    return filled + [""] * (width - len(filled))


def named(headings: Sequence[str]) -> list[str]:
    """Headings as names of their own: spaces made one, blank ones numbered, the second of two equal ones called so."""
    names: list[str] = []
    for number, heading in enumerate(headings, start=1):
        name = base = " ".join(heading.split()) or f"Column {number}"
        times = 1
        while name in names:
            times += 1
            name = f"{base} ({times})"
        names.append(name)
    return names
