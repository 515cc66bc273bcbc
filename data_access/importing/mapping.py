"""The mapping: which column means what, written in TOML, and checked before a row is read."""

import difflib
import hashlib
import tomllib
from collections.abc import Callable, Sequence
from collections.abc import Mapping as Dict
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from data_access import vocabulary as words
from data_access.importing.dates import Order
from data_access.importing.reading import Layout

SHIPPED = Path(__file__).with_name("mappings")

WORDS: Dict[str, type[StrEnum]] = {
    "kind": words.Kind,
    "pathway": words.Pathway,
    "channel": words.Channel,
    "asker": words.Asker,
    "priority": words.Priority,
    "topic": words.Topic,
    "partner_category": words.PartnerCategory,
    "close_reason": words.CloseReason,
    "not_eligible_reason": words.NotEligibleReason,
    "cancelled_by": words.CancelledBy,
}
NAMES = ("location", "partner", "service_line", "source", "campaign", "owner")
TEXTS = ("id", "reference")
MOMENTS = ("received", "attempted", "reached", "eligible", "not_eligible", "records_requested", "records_received",
           "contacted", "offered", "booked", "appointment", "attended", "no_show", "cancelled", "closed")  # fmt: skip
FIELDS = (*WORDS, *NAMES, *TEXTS, *MOMENTS)
NEEDED = ("received", "location", "kind", "pathway", "channel")


def _text(value: Any) -> bool:
    return isinstance(value, str)


def _texts(value: Any) -> bool:
    return isinstance(value, list) and all(map(_text, value))


_Rule = tuple[Callable[[Any], bool], str]
_TEXT: _Rule = (_text, "a text in quotes")
_TEXTS: _Rule = (lambda value: _texts(value) and bool(value), "a list of texts")
_FLAG: _Rule = (lambda value: isinstance(value, bool), "true or false")
_OPTIONS: dict[str, _Rule] = {
    "column": _TEXT,
    "earliest": (_TEXTS[0], "a list of headings"),
    "parts": (
        lambda v: isinstance(v, dict) and set(v) == {"year", "month", "day"} and all(map(_text, v.values())),
        "a table of the headings of year, month and day",
    ),
    "constant": _TEXT,
    "time": _TEXT,
    "minus_days": _TEXT,
    "values": (lambda v: isinstance(v, dict) and all(map(_text, v.values())), "a table of texts"),
    "blank": _TEXT,
    "empty": _TEXTS,
    "when": (
        lambda v: isinstance(v, dict) and all(x is True or _text(x) or (_texts(x) and x) for x in v.values()),
        "a table of headings and the values that they must have, or true",
    ),
    "order": _TEXT,
    "day_only": _FLAG,
    "ignore_offset": _FLAG,
}
"""Options of a field: what their value must be, as a test and in words."""
_MOMENT_OPTIONS = {"earliest", "parts", "time", "minus_days", "order", "day_only", "ignore_offset"}
_FILE: dict[str, _Rule] = {
    "part": _TEXT,
    "headings": (lambda v: isinstance(v, int) and not isinstance(v, bool) and v >= 0, "the number of a line, from 0"),
    "encoding": _TEXT,
    "delimiter": (lambda v: _text(v) and len(v) == 1, "one character"),
}
_LOG: dict[str, _Rule] = {
    "lead": _TEXT,
    "event": _TEXT,
    "at": _TEXT,
    "order": _TEXT,
    "day_only": _FLAG,
    "ignore_offset": _FLAG,
}
_TOP: dict[str, _Rule] = {
    "name": _TEXT,
    "source_system": _TEXT,
    "zone": _TEXT,
    "times_in": _TEXT,
    "join": _TEXT,
    "empty": _TEXTS,
    "file": (lambda v: isinstance(v, dict), "a table: [file]"),
    "log": (lambda v: isinstance(v, dict), "a table: [log]"),
    "fields": (lambda v: isinstance(v, dict), "a table: [fields]"),
}


class BadMapping(ValueError):
    """The mapping cannot be used; the message names the entry and the nearest valid one."""


@dataclass(frozen=True)
class Field:
    """Where one field of a lead comes from.

    Attributes
    ----------
    columns : tuple of str
        Column headings; of several moments the earliest counts.
    parts : tuple of str
        In place of columns, the headings of the year, the month and the day of a date.
    constant : str, optional
        The same for every row, in place of a column.
    time, minus_days : str, optional
        For moments: the heading of the time of day, where it stands apart; of a number of days to go back.
    values : mapping of str -> str
        What a value in the file means here.
    blank : str, optional
        What an empty value means; without it, nothing.
    empty : frozenset of str
        Values that stand for an empty one.
    when : mapping of column -> values
        Only in rows where every one of these columns has one of its values; without any, says something.
    order, day_only, ignore_offset
        For moments: how dates are written (None: settled over the whole column); only the date counts; a written offset is
        not true and the time is the location's own (None: as the column itself says).
    """

    columns: tuple[str, ...] = ()
    parts: tuple[str, ...] = ()
    constant: str | None = None
    time: str | None = None
    minus_days: str | None = None
    values: Dict[str, str] = field(default_factory=dict)
    blank: str | None = None
    empty: frozenset[str] = frozenset()
    when: Dict[str, tuple[str, ...]] = field(default_factory=dict)
    order: Order | None = None
    day_only: bool = False
    ignore_offset: bool | None = None

    @property
    def reads(self) -> set[str]:
        """Every column that it reads."""
        return {*self.columns, *self.parts, *self.when, *({self.time, self.minus_days} - {None})}  # type: ignore[arg-type]

    def applies(self, row: Dict[str, str]) -> bool:
        """Whether the row meets every condition."""
        for column, allowed in self.when.items():
            if not (row.get(column, "") in allowed if allowed else self.said(row, column)):
                return False
        return True

    def said(self, row: Dict[str, str], column: str) -> str:
        """What a column says in a row; empty where its value stands for an empty one."""
        value = row.get(column, "")
        return "" if value in self.empty and value not in self.values else value

    def text(self, row: Dict[str, str]) -> str | None:
        """The field's value in a row, translated; None where it is empty."""
        if not self.applies(row):
            return None
        raw = self.constant if self.constant is not None else self.said(row, self.columns[0])
        return self.values.get(raw, raw) if raw else self.blank


@dataclass(frozen=True)
class Log:
    """A file of events, several rows for a lead: the columns that say whose, what and when.

    `order`, `day_only` and `ignore_offset` are those of the moment, as in Field.
    """

    lead: str
    event: str
    at: str
    order: Order | None = None
    day_only: bool = False
    ignore_offset: bool | None = None


@dataclass(frozen=True)
class Mapping:
    """A whole mapping. `text` is its TOML, and `digest` tells two versions apart.

    `zone` is that of new locations; `times_in` that of times without an offset, where it is not the location's own.
    """

    name: str
    source_system: str
    zone: str
    fields: Dict[str, Field]
    times_in: str | None = None
    join: str | None = None
    layout: Layout = field(default_factory=Layout)
    log: Log | None = None
    text: str = ""

    @property
    def digest(self) -> str:
        """SHA-256 of its text."""
        return hashlib.sha256(self.text.encode()).hexdigest()

    @property
    def columns(self) -> set[str]:
        """Every column that it reads, those that a log makes among them."""
        named = {column for f in self.fields.values() for column in f.reads}
        return named | ({self.join} if self.join else set())

    @property
    def orders(self) -> dict[str, Order | None]:
        """Every column of dates, with the order that is asked for it; None where its own values are to tell."""
        asked: dict[str, Order | None] = {}
        for name in MOMENTS:
            if name in self.fields:
                for column in self.fields[name].columns:
                    asked[column] = asked.get(column) or self.fields[name].order
        return asked

    @property
    def open_offsets(self) -> set[str]:
        """Columns of moments of which the mapping does not say what an offset from UTC means."""
        moments = [self.fields[name] for name in MOMENTS if name in self.fields]
        open_ = {column for f in moments if f.ignore_offset is None and not f.day_only for column in f.columns}
        return open_ - {column for f in moments if f.ignore_offset is not None for column in f.columns}


def load(path: str | Path) -> Mapping:
    """Read a mapping file, or one of those that are shipped, by its name.

    Raises
    ------
    BadMapping
        When it cannot be read or says something that is not known.
    """
    file = Path(path)
    if not file.is_file():
        file = SHIPPED / f"{path}.toml"
        if not file.is_file():
            raise BadMapping(f"there is no mapping file {path}; shipped are {', '.join(shipped())}")
    try:
        return read(file.read_bytes().decode())
    except UnicodeDecodeError as error:
        raise BadMapping(f"{file.name} is not valid TOML: {error}") from None


def shipped() -> list[str]:
    """Names of the mappings that come with Handoff."""
    return sorted(path.stem for path in SHIPPED.glob("*.toml"))


def read(text: str) -> Mapping:
    """A mapping from its TOML; errors as for `load`."""
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise BadMapping(f"the mapping is not valid TOML: {error}") from None
    return parse(data, text)


def parse(data: Dict[str, Any], text: str = "") -> Mapping:
    """A mapping from what its TOML says; errors as for `load`."""
    _require(data, _TOP, "")
    for needed in ("source_system", "zone", "fields"):
        if needed not in data:
            raise BadMapping(f"the mapping lacks {needed!r}")
    for name in ("zone", "times_in"):
        _require_zone(data.get(name, "UTC"))
    _known(data["fields"], set(FIELDS), "fields")
    nothing = frozenset(data.get("empty", ()))
    fields = {name: _field(name, entry, nothing) for name, entry in data["fields"].items()}
    for needed in NEEDED:
        if needed not in fields:
            raise BadMapping(f"the mapping must say where {needed!r} comes from, a column or a constant")
    _require(data.get("file", {}), _FILE, "file.")
    made = Mapping(
        name=data.get("name", data["source_system"]),
        source_system=data["source_system"],
        zone=data["zone"],
        times_in=data.get("times_in"),
        fields=fields,
        join=data.get("join"),
        layout=Layout(**data.get("file", {})),
        log=_log(data["log"]) if "log" in data else None,
        text=text,
    )
    for name in MOMENTS:
        for column in fields[name].columns if name in fields else ():
            if fields[name].order not in (None, made.orders[column]):
                raise BadMapping(f"{column!r} is said to be written in two orders; choose one")
    return made


def values_asked(condition: bool | str | Sequence[str]) -> tuple[str, ...]:
    """The values of a condition of `when`; none where it is true: the column only has to say something."""
    return () if isinstance(condition, bool) else (condition,) if isinstance(condition, str) else tuple(condition)


def _field(name: str, entry: Any, nothing: frozenset[str]) -> Field:
    if isinstance(entry, str):
        entry = {"column": entry}
    if not isinstance(entry, dict):
        raise BadMapping(f"fields.{name} must be a column's heading or a table of options")
    _require(entry, _OPTIONS, f"fields.{name}.")
    origins = [option for option in ("column", "earliest", "parts", "constant") if option in entry]
    if len(origins) != 1:
        raise BadMapping(f"fields.{name} needs either a column or a constant")
    if name in MOMENTS and origins == ["constant"]:
        raise BadMapping(f"fields.{name} needs a column: a moment is not the same for every row")
    if name not in MOMENTS and (wrong := sorted(_MOMENT_OPTIONS & set(entry))):
        raise BadMapping(f"fields.{name} cannot have {wrong[0]}; only moments can")
    made = Field(
        columns=tuple(entry.get("earliest", [entry["column"]] if "column" in entry else [])),
        parts=tuple(entry["parts"][part] for part in ("year", "month", "day")) if "parts" in entry else (),
        constant=entry.get("constant"),
        time=entry.get("time"),
        minus_days=entry.get("minus_days"),
        values=entry.get("values", {}),
        blank=entry.get("blank"),
        empty=nothing | frozenset(entry.get("empty", ())),
        when={column: values_asked(condition) for column, condition in entry.get("when", {}).items()},
        order=_order(entry, f"fields.{name}"),
        day_only=entry.get("day_only", False),
        ignore_offset=entry.get("ignore_offset"),
    )
    if name in WORDS:
        meant = [*made.values.values(), *(said for said in (made.constant, made.blank) if said)]
        _known(meant, {str(w) for w in WORDS[name]}, f"fields.{name}")
    return made


def _log(entry: Dict[str, Any]) -> Log:
    _require(entry, _LOG, "log.")
    if missing := [name for name in ("lead", "event", "at") if name not in entry]:
        raise BadMapping(f"log.{missing[0]} must say which column it is")
    return Log(**dict(entry) | {"order": _order(entry, "log")})


def _order(entry: Dict[str, Any], where: str) -> Order | None:
    try:
        return Order(entry["order"]) if "order" in entry else None
    except ValueError:
        known = ", ".join(f'"{order}"' for order in Order)
        raise BadMapping(f"{where}.order is one of {known}: day, month or year first, or one number") from None


def _require_zone(zone: str) -> None:
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, TypeError, OSError):
        raise BadMapping(f"{zone!r} is not a time zone; an example: America/New_York") from None


def _require(entry: Dict[str, Any], rules: dict[str, _Rule], where: str) -> None:
    """Raise `BadMapping` unless every entry is known, and of its kind."""
    _known(entry, set(rules), where.rstrip(".") or "mapping")
    for name, value in entry.items():
        fits, says = rules[name]
        if not fits(value):
            raise BadMapping(f"{where}{name} must be {says}")


def _known(given: Any, allowed: set[str], where: str) -> None:
    for name in given:
        if name not in allowed:
            near = difflib.get_close_matches(str(name), sorted(allowed), n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"known are {', '.join(sorted(allowed))}"
            raise BadMapping(f"{where}: {name!r} is not known; {hint}")
