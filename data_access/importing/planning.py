"""What an import will do with its files: the first look over all of them, before anything is written."""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from data_access.importing import dates, reading
from data_access.importing.dates import Evidence, NotADate, Order
from data_access.importing.files import File, Unreadable
from data_access.importing.mapping import Field, Log, Mapping
from data_access.importing.reading import Layout, Line, Table
from data_access.importing.scratch import Happened, Scratch

Reject = Callable[[str, Line, str], None]
"""Takes a row that becomes no lead: its file, the row, and why."""
_BLOCK = 5_000
_LISTED = 40


@dataclass
class Plan:
    """What the first look settled.

    Attributes
    ----------
    tables : list of Table
        The main one, which holds the moment of receipt, first.
    rows : int
        Of the main table.
    orders : dict of column -> Order or None
        How each column of dates is written.
    headings : list of str
        Of all tables, each once.
    """

    mapping: Mapping
    tables: list[Table]
    rows: int = 0
    orders: dict[str, Order | None] = field(default_factory=dict)
    headings: list[str] = field(default_factory=list)
    digests: list[str] = field(default_factory=list)

    @property
    def main(self) -> Table:
        """The table of which each row, or each group of rows, is a lead."""
        return self.tables[0]

    @property
    def files(self) -> str:
        """The names of its files."""
        return ", ".join(table.name for table in self.tables)

    def lines(self, kept: Scratch, reject: Reject) -> Iterator[Line]:
        """One row per lead, with what other files or other rows say of it.

        Parameters
        ----------
        kept : Scratch
            Where those are remembered.
        """
        if self.mapping.log:
            return self._of_log(self.mapping.log, kept, reject)
        if self.mapping.join:
            return self._joined(self.mapping.join, kept, reject)
        return self.main.lines()

    def _joined(self, join: str, kept: Scratch, reject: Reject) -> Iterator[Line]:
        for table in self.tables[1:]:
            for line in table.lines():
                key = line.values.get(join, "")
                if line.fault:
                    reject(table.name, line, line.fault)
                elif not key:
                    reject(table.name, line, f"{join} is empty, so it belongs to no lead")
                elif before := kept.join(key, table.name, line):
                    reject(table.name, line, f"{join} {key} occurs before, in line {before}")
        for line in self.main.lines():
            yield replace(line, values=kept.joined(line.values.get(join, "")) | line.values)
        for key, file, line in kept.unmatched():
            reject(file, line, f"no lead has {join} {key}")

    def _of_log(self, log: Log, kept: Scratch, reject: Reject) -> Iterator[Line]:
        needed = self.mapping.columns & set(self.main.headings)
        block: list[Happened] = []
        for line in self.main.lines():
            lead, event, at = (line.values.get(column, "") for column in (log.lead, log.event, log.at))
            if fault := line.fault or next(
                (f"{n} is empty" for n in (log.lead, log.event, log.at) if not line.values[n]), None
            ):
                reject(self.main.name, line, fault)
                continue
            try:
                written = dates.read(at, self.orders[log.at])
            except NotADate as error:
                reject(self.main.name, line, f"{log.at}: {error}")
                continue
            told = Line(line.number, {name: value for name, value in line.values.items() if name in needed})
            block.append(Happened(lead, event, *_iso(written, log), told))
            if len(block) == _BLOCK:
                kept.note(block)
                block = []
        kept.note(block)
        yield from kept.leads()


def _iso(written: dates.Written, log: Log) -> tuple[str, float]:
    """A moment in ISO form, and where it stands among others."""
    if written.at is None or log.day_only:
        return written.on.isoformat(), dates.place(dates.Written(written.on))
    local, offset = datetime.combine(written.on, written.at), None if log.ignore_offset else written.offset
    said = local.isoformat() if offset is None else (local - offset).isoformat() + "Z"
    return said, dates.place(replace(written, offset=offset))


def plan(files: Sequence[File], mapping: Mapping, *, part: str | None = None) -> Plan:
    """Look over the files once: which is the main one, how each date column is written, what is to be joined.

    Parameters
    ----------
    part : str, optional
        Which sheet, or which file of an archive, is meant, whatever the mapping says.

    Raises
    ------
    Unreadable
        When a file cannot be read, or the files lack a column that the mapping names.
    dates.Unsettled
        When it cannot be told how a column of dates is written.
    """
    digests = [file.digest() for file in files]
    if twice := next((file for n, file in enumerate(files) if digests[n] in digests[:n]), None):
        raise Unreadable(f"{twice.name} is given twice")
    if part:
        mapping = replace(mapping, layout=replace(mapping.layout, part=part))
    return of_tables([_opened(file, mapping, alone=len(files) == 1) for file in files], mapping, digests)


def _opened(file: File, mapping: Mapping, *, alone: bool) -> Table:
    if not alone:
        layout = Layout(encoding=mapping.layout.encoding, delimiter=mapping.layout.delimiter)
        return reading.table(file, layout, {mapping.join} if mapping.join else ())
    return reading.table(file, mapping.layout, needed(mapping))


def needed(mapping: Mapping) -> set[str]:
    """The columns that the files of a mapping must have."""
    if mapping.log is None:
        return mapping.columns
    made = {column for column in mapping.columns if _made_by_log(column)}
    return (mapping.columns - made) | {mapping.log.lead, mapping.log.event, mapping.log.at}


def _made_by_log(column: str) -> bool:
    return column in ("first", "last") or column.startswith(("first ", "last "))


def of_tables(tables: Sequence[Table], mapping: Mapping, digests: Sequence[str] = ()) -> Plan:
    """The same for tables that are open already: of a file, or of another database."""
    everything = list(dict.fromkeys(name for table in tables for name in table.headings))
    _require_columns(tables, mapping, everything)
    moment = mapping.fields["received"]
    own = {mapping.log.at} if mapping.log else {*moment.columns, *moment.parts}
    mains = [table for table in tables if own <= set(table.headings)]
    if len(mains) != 1:
        raise Unreadable(f"one file must hold {sorted(own)}, the moment of receipt; {len(mains)} of {len(tables)} do")
    if len(tables) > 1 and not mapping.join:
        raise Unreadable('several files need join = "column" in the mapping, to say which rows belong together')
    for column in sorted(mapping.columns - {mapping.join}):
        holding = [table.name for table in tables if column in table.headings]
        if len(holding) > 1:
            raise Unreadable(f"{' and '.join(holding)} both have the column {column!r}; rename it in one of them")
    others = [table for table in tables if table is not mains[0]]
    made = Plan(_with_id(mapping), [mains[0], *others], headings=everything, digests=list(digests))
    _settle(made)
    return made


def _with_id(mapping: Mapping) -> Mapping:
    """Leads of a log, or of several files, are told apart by what their rows belong together by, if by nothing else."""
    column = mapping.log.lead if mapping.log else mapping.join
    if column is None or "id" in mapping.fields:
        return mapping
    return replace(mapping, fields={**mapping.fields, "id": Field(columns=(column,))})


def _require_columns(tables: Sequence[Table], mapping: Mapping, everything: Collection[str]) -> None:
    if missing := sorted(needed(mapping) - set(everything)):
        names = ", ".join(table.name for table in tables)
        there = ", ".join(list(everything)[:_LISTED]) + (" …" if len(everything) > _LISTED else "")
        raise Unreadable(f"no column {missing[0]!r} in {names}; found: {there}")


def _settle(made: Plan) -> None:
    """Count the rows, and find out how each column of dates is written."""
    mapping = made.mapping
    asked, open_offsets = dict(mapping.orders), set(mapping.open_offsets)
    if log := mapping.log:  # what it makes is written in one way
        asked = {column: order for column, order in asked.items() if column in made.main.headings} | {log.at: log.order}
        open_offsets = (open_offsets & set(made.main.headings)) | (
            {log.at} if log.ignore_offset is None and not log.day_only else set()
        )
    evidence = {column: Evidence(column) for column, order in asked.items() if order is None or column in open_offsets}
    for table in made.tables:
        held = {column: seen for column, seen in evidence.items() if column in table.headings}
        for line in table.lines():
            made.rows += table is made.main
            for column, seen in held.items():
                seen.add(line.number, line.values.get(column, ""))
    for column in sorted(open_offsets):
        evidence[column].require_one_zone()
    made.orders = {column: order or evidence[column].settle() for column, order in asked.items()}
    made.orders |= {column: None for column in mapping.orders if column not in asked}
