"""The mapping: which column means what, written in TOML, and checked before a row is read."""

import difflib
import hashlib
import tomllib
from collections.abc import Callable
from collections.abc import Mapping as Dict
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from data_access import vocabulary as words
from data_access.importing.dates import Order

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
}
NAMES = ("location", "partner", "service_line", "source", "campaign")
TEXTS = ("id", "reference")
MOMENTS = ("received", "attempted", "reached", "eligible", "records_received", "booked", "appointment", "attended",
           "no_show", "cancelled", "closed")  # fmt: skip
FIELDS = (*WORDS, *NAMES, *TEXTS, *MOMENTS)


def _text(value: Any) -> bool:
    return isinstance(value, str)


def _texts(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(map(_text, value))


_TEXT, _FLAG = (_text, "a text in quotes"), (lambda value: isinstance(value, bool), "true or false")
_OPTIONS: dict[str, tuple[Callable[[Any], bool], str]] = {
    "column": _TEXT,
    "earliest": (_texts, "a list of headings"),
    "constant": _TEXT,
    "values": (lambda v: isinstance(v, dict) and all(map(_text, v.values())), "a table of texts"),
    "blank": _TEXT,
    "when": (
        lambda v: isinstance(v, dict) and all(_text(x) or _texts(x) for x in v.values()),
        "a table of headings and the values that they must have",
    ),
    "order": _TEXT,
    "day_only": _FLAG,
    "ignore_offset": _FLAG,
}
"""Options of a field: what their value must be, as a test and in words."""

_TOP = {"name", "source_system", "zone", "join", "fields"}


class BadMapping(ValueError):
    """The mapping cannot be used; the message names the entry and the nearest valid one."""


@dataclass(frozen=True)
class Field:
    """Where one field of a lead comes from.

    Attributes
    ----------
    columns : tuple of str
        Column headings; of several moments the earliest counts.
    constant : str, optional
        The same for every row, in place of a column.
    values : mapping of str -> str
        What a value in the file means here.
    blank : str, optional
        What an empty value means; without it, nothing.
    when : mapping of column -> values
        Only in rows where every one of these columns has one of its values.
    order, day_only, ignore_offset
        For moments: day or month first (None: settled over the whole column); only the date counts; a written offset
        is not true and the time is the location's own.
    """

    columns: tuple[str, ...] = ()
    constant: str | None = None
    values: Dict[str, str] = field(default_factory=dict)
    blank: str | None = None
    when: Dict[str, tuple[str, ...]] = field(default_factory=dict)
    order: Order | None = None
    day_only: bool = False
    ignore_offset: bool = False

    def applies(self, row: Dict[str, str]) -> bool:
        """Whether the row meets every condition."""
        return all(row.get(column, "") in allowed for column, allowed in self.when.items())

    def text(self, row: Dict[str, str]) -> str | None:
        """The field's value in a row, translated; None where it is empty."""
        if not self.applies(row):
            return None
        raw = self.constant if self.constant is not None else row.get(self.columns[0], "")
        return self.values.get(raw, raw) if raw else self.blank


@dataclass(frozen=True)
class Mapping:
    """A whole mapping; `digest` tells two versions apart."""

    name: str
    source_system: str
    zone: str
    fields: Dict[str, Field]
    join: str | None
    digest: str

    @property
    def columns(self) -> set[str]:
        """Every column that it reads."""
        named = {c for f in self.fields.values() for c in (*f.columns, *f.when)}
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


def load(path: str | Path) -> Mapping:
    """Read a mapping file, or one of those that are shipped, by its name.

    Raises
    ------
    BadMapping
        When it cannot be read or says something that is not known.
    """
    file = Path(path)
    if not file.is_file():
        shipped = SHIPPED / f"{path}.toml"
        if not shipped.is_file():
            known = ", ".join(sorted(p.stem for p in SHIPPED.glob("*.toml")))
            raise BadMapping(f"there is no mapping file {path}; shipped are {known}")
        file = shipped
    raw = file.read_bytes()
    try:
        data = tomllib.loads(raw.decode())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadMapping(f"{file.name} is not valid TOML: {error}") from None
    return parse(data, hashlib.sha256(raw).hexdigest())


def parse(data: Dict[str, Any], digest: str = "") -> Mapping:
    """A mapping from what its TOML says; errors as for `load`."""
    _known(data, _TOP, "mapping")
    for name in ("name", "source_system", "zone", "join"):
        if not isinstance(data.get(name, ""), str):
            raise BadMapping(f"{name} must be a text in quotes")
    if not isinstance(data.get("fields", {}), dict):
        raise BadMapping("fields must be a table: [fields]")
    for needed in ("source_system", "zone", "fields"):
        if needed not in data:
            raise BadMapping(f"the mapping lacks {needed!r}")
    try:
        ZoneInfo(data["zone"])
    except (ZoneInfoNotFoundError, ValueError, TypeError):
        raise BadMapping(f"{data['zone']!r} is not a time zone; an example: America/New_York") from None
    _known(data["fields"], set(FIELDS), "fields")
    fields = {name: _field(name, entry) for name, entry in data["fields"].items()}
    for needed in ("received", "location", "kind", "pathway", "channel"):
        if needed not in fields:
            raise BadMapping(f"the mapping must say where {needed!r} comes from, a column or a constant")
    made = Mapping(
        name=data.get("name", data["source_system"]),
        source_system=data["source_system"],
        zone=data["zone"],
        fields=fields,
        join=data.get("join"),
        digest=digest,
    )
    for name in MOMENTS:
        for column in fields[name].columns if name in fields else ():
            if fields[name].order not in (None, made.orders[column]):
                raise BadMapping(f"{column!r} is said to be written in two orders; choose one")
    return made


def _field(name: str, entry: Any) -> Field:
    if isinstance(entry, str):
        entry = {"column": entry}
    if not isinstance(entry, dict):
        raise BadMapping(f"fields.{name} must be a column's heading or a table of options")
    _known(entry, set(_OPTIONS), f"fields.{name}")
    for option, value in entry.items():
        fits, says = _OPTIONS[option]
        if not fits(value):
            raise BadMapping(f"fields.{name}.{option} must be {says}")
    columns = tuple(entry.get("earliest", [entry["column"]] if "column" in entry else []))
    if bool(columns) == ("constant" in entry):
        raise BadMapping(f"fields.{name} needs either a column or a constant")
    if name in MOMENTS and not columns:
        raise BadMapping(f"fields.{name} needs a column: a moment is not the same for every row")
    if len(columns) > 1 and name not in MOMENTS:
        raise BadMapping(f"fields.{name} cannot take the earliest of several columns; only moments can")
    try:
        order = Order(entry["order"]) if "order" in entry else None
    except ValueError:
        raise BadMapping(f'fields.{name}.order is "dmy" (day first) or "mdy" (month first)') from None
    made = Field(
        columns=columns,
        constant=entry.get("constant"),
        values=entry.get("values", {}),
        blank=entry.get("blank"),
        when={c: tuple(v) if isinstance(v, list) else (v,) for c, v in entry.get("when", {}).items()},
        order=order,
        day_only=entry.get("day_only", False),
        ignore_offset=entry.get("ignore_offset", False),
    )
    if name in WORDS:
        for value in (
            *made.values.values(),
            *((made.constant,) if made.constant else ()),
            *((made.blank,) if made.blank else ()),
        ):
            _known([value], {str(w) for w in WORDS[name]}, f"fields.{name}")
    return made


def _known(given: Any, allowed: set[str], where: str) -> None:
    for name in given:
        if name not in allowed:
            near = difflib.get_close_matches(str(name), sorted(allowed), n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"known are {', '.join(sorted(allowed))}"
            raise BadMapping(f"{where}: {name!r} is not known; {hint}")
