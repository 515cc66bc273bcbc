"""The mapping of a file, corrected by hand: where each field comes from, what values mean, and how dates are written."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from zoneinfo import available_timezones

import streamlit as st

from dashboard import labels
from dashboard.formats import plain
from data_access.importing.dates import Order
from data_access.importing.guessing import Guess, words_of
from data_access.importing.mapping import MOMENTS, NAMES, NEEDED, WORDS, values_asked
from data_access.importing.profiling import Column

FIELDS: Mapping[str, str] = {
    "received": "Received",
    "location": "Location",
    "kind": "Kind of inquiry",
    "pathway": "Pathway",
    "channel": "Channel",
    "id": "Its id there",
    "partner": "Referral partner",
    "partner_category": "Category of the partner",
    "source": "Source",
    "campaign": "Campaign",
    "service_line": "Service line",
    "owner": "Owner",
    "asker": "Who asked",
    "priority": "Priority",
    "topic": "Topic",
    "reference": "Patient's short local code",
    "attempted": "First attempt to answer",
    "reached": "First contact both ways",
    "eligible": "Found eligible",
    "not_eligible": "Found not eligible",
    "not_eligible_reason": "Why not eligible",
    "records_requested": "Records asked for",
    "records_received": "Records complete",
    "contacted": "Contacted about scheduling",
    "offered": "Appointment offered",
    "booked": "Appointment booked",
    "appointment": "Appointment takes place",
    "attended": "Came to the visit",
    "no_show": "Did not come",
    "cancelled": "Appointment cancelled",
    "cancelled_by": "Who cancelled",
    "closed": "Closed without a visit",
    "close_reason": "Why closed",
}
"""What the fields of a mapping are called, in the order in which they are asked for."""
_GROUPS = {
    "What came in": ("received", "location", "kind", "pathway", "channel", "id"),
    "From whom": ("partner", "partner_category", "source", "campaign", "service_line", "owner", "asker", "priority", "topic",
                  "reference"),
    "What happened then": tuple(FIELDS)[16:],
}  # fmt: skip
_NOTHING, _ALWAYS, _WRITTEN = "Not in this file", "Always the same …", "As written in the text below"
_SIMPLE = {"column", "constant", "values", "blank", "empty", "when", "order", "day_only", "ignore_offset"}
_ORDERS = {
    None: "Found out over all rows",
    Order.DAY_FIRST: "Day first",
    Order.MONTH_FIRST: "Month first",
    Order.YEAR_FIRST: "Year first",
    Order.UNIX: "Seconds since 1970",
    Order.UNIX_MILLISECONDS: "Milliseconds since 1970",
    Order.EXCEL: "Days as a spreadsheet counts them",
}
_MOST_VALUES = 24


@dataclass(frozen=True)
class Editor:
    """One mapping being corrected: what was guessed or kept, the columns of the file, and what its widgets are called by."""

    base: Guess
    columns: Sequence[Column]
    token: str

    @property
    def choices(self) -> list[str]:
        """The headings, and the columns that a log makes."""
        names = [column.name for column in self.columns]
        log = self.base.data.get("log")
        if log and (events := self.column(log["event"])):
            names += ["first", "last", *(f"{which} {event}" for event in events.values for which in ("first", "last"))]
        return names

    def column(self, name: str | None) -> Column | None:
        """The column of a heading."""
        return next((column for column in self.columns if column.name == name), None)

    def key(self, *parts: object) -> str:
        """The key of a widget: another file has others."""
        return "_".join(["imports", self.token, *map(str, parts)])


def edit(editor: Editor) -> dict[str, Any]:
    """Draw the mapping, and return it as it stands now, as its TOML says it."""
    data = {name: value for name, value in editor.base.data.items() if name != "fields"}
    given = editor.base.data.get("fields", {})
    fields: dict[str, Any] = {}
    for group, targets in _GROUPS.items():
        st.markdown(f"##### {group}")
        asked = [target for target in targets if target in NEEDED or target in given or target == "id"]
        for target in asked:
            _keep(fields, target, _field(editor, target, given.get(target)))
        if more := [target for target in targets if target not in asked]:
            with st.expander(f"More: {', '.join(FIELDS[one].lower() for one in more[:4])} …"):
                for target in more:
                    _keep(fields, target, _field(editor, target, None))
    st.markdown("##### How it is written")
    _dates(editor, fields)
    data |= _whole(editor, data, fields)
    _merges(editor, fields)
    data["fields"] = fields
    return {name: value for name, value in data.items() if value not in (None, "", [])}


def _keep(fields: dict[str, Any], target: str, entry: dict[str, Any] | None) -> None:
    if entry is not None:
        fields[target] = entry


def _field(editor: Editor, target: str, given: Any) -> dict[str, Any] | None:
    """One field: its column or what is always the same, only where, and what its values mean."""
    entry: dict[str, Any] = {"column": given} if isinstance(given, str) else dict(given or {})
    told = not set(entry) <= _SIMPLE or len(entry.get("when", {})) > 1
    options = [
        _NOTHING,
        *([_WRITTEN] if told else []),
        *editor.choices,
        *([_ALWAYS] if target in WORDS or target in NAMES else []),
    ]
    usual = _WRITTEN if told else _ALWAYS if "constant" in entry else entry.get("column") if entry else _NOTHING
    left, right = st.columns([2, 3], vertical_alignment="bottom")
    with left:
        chosen = st.selectbox(
            FIELDS[target] + (" *" if target in NEEDED else ""), options, key=editor.key(target),
            index=options.index(usual) if usual in options else 0,
        )  # fmt: skip
    with right:
        if chosen == _ALWAYS:
            return {"constant": _constant(editor, target, str(entry.get("constant", "")))}
        if chosen == usual and (why := editor.base.reasons.get(target)):
            st.caption(plain(f"{why[:1].upper()}{why[1:]}."))
    if chosen == _NOTHING or chosen is None:
        return None
    if chosen == _WRITTEN:
        return entry
    kept = entry if entry.get("column") == chosen else {}
    made = {
        "column": chosen,
        **{name: value for name, value in kept.items() if name not in ("column", "values", "when")},
    }
    if when := _only_where(editor, target, chosen, kept.get("when", {})):
        made["when"] = when
    if target in WORDS and (column := editor.column(chosen)):
        made |= _values(editor, target, column, kept, when)
    elif kept.get("values"):
        made["values"] = kept["values"]
    return made


def _constant(editor: Editor, target: str, usual: str) -> str:
    if target in NAMES:
        return st.text_input("Always", value=usual, key=editor.key(target, "always"), label_visibility="collapsed")
    words = [str(word) for word in WORDS[target]]
    said: str = st.selectbox(
        "Always", words, index=words.index(usual) if usual in words else 0, key=editor.key(target, "always"),
        format_func=lambda word: labels.word(WORDS[target](word)), label_visibility="collapsed",
    )  # fmt: skip
    return said


def _only_where(editor: Editor, target: str, chosen: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """In which rows a step was taken: those where another column says so, or says anything."""
    if target not in MOMENTS or target == "received":
        return dict(given)
    telling = [c.name for c in editor.columns if c.name != chosen and (c.few or c.has_dates)]
    usual = next(iter(given), None)
    left, right = st.columns([2, 3], vertical_alignment="bottom")
    with left:
        options = [None, *telling] if usual in (None, *telling) else [None, usual, *telling]
        by = st.selectbox(
            f"{FIELDS[target]}: only where", options, index=options.index(usual), key=editor.key(target, "where"),
            format_func=lambda one: one or "In every row that has a date", label_visibility="collapsed",
        )  # fmt: skip
    if by is None:
        return {}
    column, said = editor.column(by), values_asked(given.get(by, True))
    values = list(dict.fromkeys([*said, *(column.values if column and column.few and not column.has_dates else ())]))
    with right:
        if not values:
            st.caption("Where it says something.")
            return {by: True}
        says = st.multiselect(
            f"{FIELDS[target]}: says", values, default=said, key=editor.key(target, "where", by),
            placeholder="Whatever it says", label_visibility="collapsed",
        )  # fmt: skip
    return {by: list(says) or True}


def _values(
    editor: Editor, target: str, column: Column, kept: Mapping[str, Any], when: Mapping[str, Any]
) -> dict[str, Any]:
    """What each value of a column means as a word of ours."""
    words = [str(word) for word in WORDS[target]]
    known = words_of(target, column.values) | dict(kept.get("values", {}))
    asked = values_asked(when.get(column.name, True))
    shown = [v for v, _ in column.values.most_common() if not asked or v in asked]
    blank = column.filled < column.rows and target in NEEDED
    meant: dict[str, str] = {v: str(w) for v, w in known.items() if w and v not in shown[:_MOST_VALUES]}
    cells = st.columns(3)
    for place, value in enumerate(shown[:_MOST_VALUES]):
        options = [None, *words]
        with cells[place % 3]:
            word = st.selectbox(
                plain(f"{value} ({column.values[value]:,})"), options, key=editor.key(target, column.name, value),
                index=options.index(known.get(value)) if known.get(value) in options else 0,
                format_func=lambda one: labels.word(WORDS[target](one)) if one else "Not known: rejected",
            )  # fmt: skip
        if word and word != value:
            meant[value] = word
    made: dict[str, Any] = {"values": meant} if meant else {}
    if blank:
        options = [None, *words]
        usual = kept.get("blank") or ("not_recorded" if "not_recorded" in words else None)
        word = st.selectbox(
            plain(f"Where {column.name} is empty ({column.rows - column.filled:,})"), options,
            index=options.index(usual), key=editor.key(target, "blank"), width=300,
            format_func=lambda one: labels.word(WORDS[target](one)) if one else "Not known: rejected",
        )  # fmt: skip
        made |= {"blank": word} if word else {}
    return made


# ---------------------------------------------------------------- dates, blanks and labels


def _dates(editor: Editor, fields: dict[str, Any]) -> None:
    """How each column of dates that is used is written; where its own values tell, nothing has to be said."""
    used = dict.fromkeys(
        entry["column"] for target, entry in fields.items() if target in MOMENTS and editor.column(entry.get("column"))
    )
    for name in used:
        entries = [entry for target, entry in fields.items() if target in MOMENTS and entry.get("column") == name]
        column = editor.column(name)
        if column is None:
            continue
        seen, first = column.evidence, entries[0]
        places = st.columns(3, vertical_alignment="bottom")
        with places[0]:
            st.markdown(f"**{plain(name)}**")
            st.caption(plain(f"for example {column.example}"))
        with places[1]:
            usual = Order(first["order"]) if first.get("order") else None
            order = st.selectbox(
                "Its dates", list(_ORDERS), index=list(_ORDERS).index(usual), format_func=_ORDERS.__getitem__,
                key=editor.key("order", name), label_visibility="collapsed",
            )  # fmt: skip
        with places[2]:
            day_only = st.toggle("Only the day", value=bool(first.get("day_only")), key=editor.key("day", name))
            local = bool(seen.with_offset) and st.toggle(
                "Z is not true", value=bool(first.get("ignore_offset")), key=editor.key("offset", name),
                help="The times are local, although they say their offset from UTC.",
            )  # fmt: skip
        for entry in entries:
            entry |= {"order": str(order)} if order else {}
            entry |= {"day_only": True} if day_only else {}
            if local or (seen.with_offset and seen.without_offset):
                entry["ignore_offset"] = bool(local)
            for option, on in (("order", order), ("day_only", day_only)):
                if not on:
                    entry.pop(option, None)


def _whole(editor: Editor, data: Mapping[str, Any], fields: Mapping[str, Any]) -> dict[str, Any]:
    """What holds for the whole file: the system, its zones, and what stands for an empty value."""
    zones = sorted(available_timezones())
    first, second, third = st.columns(3)
    with first:
        system = st.text_input(
            "It comes from", value=str(data.get("source_system", "")), key=editor.key("system"),
            help="A lead is known again by this and its id there. Give the same each time.",
        )  # fmt: skip
    with second:
        options = [None, "UTC", *zones]
        usual = data.get("times_in")
        times_in = st.selectbox(
            "Times without an offset are in", options, index=options.index(usual) if usual in options else 0,
            key=editor.key("times"), format_func=lambda one: one or "The location's own zone",
        )  # fmt: skip
    with third:
        zone = st.selectbox(
            "Zone of locations that are new", zones, index=zones.index(data["zone"]) if data.get("zone") in zones else 0,
            key=editor.key("zone"),
        )  # fmt: skip
    used = {entry.get("column") for entry in fields.values()}
    said = [value for column in editor.columns if column.name in used and column.few for value in column.values]
    given = list(data.get("empty", ()))
    empty = st.multiselect(
        "Values that mean that nothing was said", list(dict.fromkeys([*given, *said])), default=given,
        key=editor.key("empty"), placeholder="None", accept_new_options=True,
    )  # fmt: skip
    return {"source_system": system.strip(), "times_in": times_in, "zone": zone, "empty": sorted(empty)}


def _merges(editor: Editor, fields: dict[str, Any]) -> None:
    """Labels that are nearly equal: whether each counts as the one that occurs most often."""
    for target, groups in editor.base.merges.items():
        entry = fields.get(target)
        column = editor.column(entry.get("column")) if entry else None
        if entry is None or column is None:
            continue
        for first, others in groups:
            for other in others:
                known = entry.get("values", {}).get(other) == first
                often = f"({column.values[first]:,})" if column.values[first] else "(on the practice's list)"
                text = f"{FIELDS[target]}: {other} ({column.values[other]:,}) counts as {first} {often}"
                if st.checkbox(plain(text), value=known, key=editor.key("merge", target, other)):
                    entry["values"] = {**entry.get("values", {}), other: first}
