"""A mapping as it is most likely meant, with the reason for each part of it, to be corrected by whoever knows better."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from data_access.importing.likeness import ALIKE, alike, likeness, plain, synonyms
from data_access.importing.mapping import FIELDS, MOMENTS, NAMES, NEEDED, WORDS
from data_access.importing.profiling import Column

_FIRST = 10**9  # what the practice calls it goes before what a file does
_STEPS = (
    "attempted",
    "reached",
    "eligible",
    "not_eligible",
    "offered",
    "booked",
    "attended",
    "no_show",
    "cancelled",
    "closed",
)


@dataclass
class Guess:
    """A mapping that is guessed.

    Attributes
    ----------
    data : dict
        As its TOML says it.
    reasons : dict of field -> str
        Why each field is taken from where it is.
    questions : list of str
        What has to be said by hand before it can be used.
    merges : dict of field -> list of (label, labels)
        Labels that are nearly equal, with the one that occurs most often.
    """

    data: dict[str, Any]
    reasons: dict[str, str] = field(default_factory=dict)
    questions: list[str] = field(default_factory=list)
    merges: dict[str, list[tuple[str, list[str]]]] = field(default_factory=dict)


def guess(
    columns: Sequence[Column],
    *,
    name: str,
    zone: str,
    locations: Sequence[str] = (),
    known: Mapping[str, Sequence[str]] = MappingProxyType({}),
) -> Guess:
    """The mapping of a table.

    Parameters
    ----------
    name : str
        Of the file; the source system is called so where its headings do not tell.
    zone : str
        The practice's own.
    locations : sequence of str
        The practice's; where there is just one, it is meant where no column says which.
    known : mapping of field -> names
        What the practice's lists hold already; a label that is nearly equal to one of these may be that one.
    """
    system, why = _system(columns)
    made = Guess({"name": name, "source_system": system or plain(name).replace(" ", "-"), "zone": zone, "fields": {}})
    if why:
        made.reasons["source_system"] = why
    if log := _log(columns):
        made.data["log"] = {key: column.name for key, column in log.items()}
        made.reasons["log"] = (
            f"{log['lead'].name!r} stands on {log['lead'].filled / log['lead'].distinct:.1f} rows each, {log['event'].name!r} "
            f"says what happened and {log['at'].name!r} when"
        )
    taken: set[str] = set()
    for target in ("id", *(m for m in MOMENTS if m != "received"), "received", *NAMES, *WORDS, "reference"):
        if target in ("close_reason", "not_eligible_reason", "cancelled_by", "partner_category"):
            continue
        _by_heading(made, target, [c for c in columns if c.name not in taken], taken)
    if log:
        _from_log(made, log)
    else:
        _from_parts(made, columns)
        _from_outcomes(made, columns)
    _constants(made, columns, locations)
    _nothing(made, columns)
    for target in NAMES:
        if column := _column(columns, made.data["fields"].get(target)):
            of_old = dict.fromkeys(known.get(target, ()), _FIRST)
            pairs = [
                (first, [o for o in others if o in column.values])
                for first, others in alike({**column.values, **of_old})
            ]
            if pairs := [(first, others) for first, others in pairs if others]:
                made.merges[target] = pairs
    made.data["fields"] = {name: entry for name, entry in made.data["fields"].items() if entry is not None}
    return made


def guess_together(tables: Sequence[Sequence[Column]], **options: Any) -> Guess:
    """The mapping of one table, or of several that are joined; parameters as for `guess`."""
    made = guess([column for columns in tables for column in columns], **options)
    if len(tables) > 1:
        if joined := join_of(tables):
            made.data["join"], made.reasons["join"] = joined
        else:
            made.questions.append("Several files need a column by which their rows belong together.")
    return made


def join_of(tables: Sequence[Sequence[Column]]) -> tuple[str, str] | None:
    """The column by which the rows of several tables belong together, and why; None where none does."""
    shared = set.intersection(*({column.name for column in columns} for columns in tables))
    best: tuple[float, str, str] | None = None
    for name in sorted(shared):
        held = [next(column for column in columns if column.name == name) for columns in tables]
        ids = sum(column.is_id for column in held)
        if ids and (best is None or ids > best[0]):
            best = ids, name, f"{name!r} is in every file, and each row has a value of its own in {ids} of {len(held)}"
    return None if best is None else best[1:]


# ---------------------------------------------------------------- fields


def _system(columns: Sequence[Column]) -> tuple[str | None, str]:
    headings = {plain(column.name) for column in columns}
    found = {name: sorted(headings & set(signs)) for name, signs in synonyms()["systems"].items()}
    best = max(found, key=lambda name: len(found[name]))
    if len(found[best]) < 3:
        return None, ""
    return best.lower(), f"exports of {best} have the columns {', '.join(found[best][:4])}"


def _fits(target: str, column: Column) -> bool:
    """Whether a column holds what a field needs."""
    if target in MOMENTS:
        return column.has_dates
    if target == "id":
        return column.is_id
    if target in WORDS or target == "location":
        return column.few and not column.has_dates
    return column.filled > 0 and not column.has_dates


def _by_heading(made: Guess, target: str, columns: Sequence[Column], taken: set[str]) -> None:
    fitting = [(*likeness(column.name, target), column) for column in columns if _fits(target, column)]
    like = max(fitting, key=lambda one: one[0], default=None)
    if like is None or like[0] < ALIKE or like[0] < max(likeness(like[2].name, other)[0] for other in FIELDS):
        return  # it is called something else, and only a little like this
    score, said, column = like
    entry: dict[str, Any] = {"column": column.name}
    reason = "its heading says so" if score == 100 else f"its heading is like {said!r}"
    if target in MOMENTS:
        reason += _how_written(entry, column)
    if target in WORDS:
        values = words_of(target, column.values)
        if len([value for value in values.values() if value]) * 2 < len(values):
            return  # it is called so, and says something else
        entry["values"] = {value: word for value, word in values.items() if word and word != value}
        if open_ := [value for value, word in values.items() if not word]:
            made.questions.append(f"What do {_listed(open_)} mean as the {target}?")
    if target not in ("received", "booked", "attended", "no_show", "cancelled", "closed"):
        taken.add(column.name)
    made.data["fields"][target] = entry
    made.reasons[target] = reason


def _how_written(entry: dict[str, Any], column: Column) -> str:
    """How the dates of a column are written, into its entry, and in words."""
    seen = column.evidence
    said = ""
    if seen.midnights and seen.midnights + seen.days == seen.seen:
        entry["day_only"] = True
        said = "; all times are midnight, so only the day counts"
    elif seen.with_offset and seen.without_offset:
        said = f"; {seen.with_offset[1]} tells its offset from UTC and {seen.without_offset[1]} does not"
    elif seen.with_offset:
        said = f"; times tell their offset from UTC, as {seen.with_offset[1]}"
    if len(seen.possible) == 1:
        first = next((f"{value} in line {line}" for line, value in seen.excluded.values()), "")
        said += f"; {first} settles how dates are written"
    return said


def words_of(target: str, values: Iterable[str]) -> dict[str, str | None]:
    """What each value most likely means as a word of the vocabulary; None where that cannot be told."""
    own = {plain(str(word)): str(word) for word in WORDS[target]}
    called = {name: word for word, names in synonyms()["words"].get(target, {}).items() for name in names}
    return {value: own.get(plain(value)) or called.get(plain(value)) for value in values}


def _listed(values: Sequence[str]) -> str:
    shown = ", ".join(repr(value) for value in values[:5])
    return f"{shown} and {len(values) - 5} more" if len(values) > 5 else shown


# ---------------------------------------------------------------- outcomes and logs


def _meaning(status: str) -> str | None:
    key = plain(status)
    return next((step for step, names in synonyms()["statuses"].items() if key in names), None)


def _from_outcomes(made: Guess, columns: Sequence[Column]) -> None:
    """Steps that a status, or a column of yes and no, tells, dated by the column that tells when."""
    fields, undated = made.data["fields"], dict[str, list[str]]()
    for step, (column, values) in _told(made, columns).items():
        dated = _dated(fields, columns, column, step)
        if dated is None:
            undated.setdefault(column.name, []).extend(values)
        elif step not in fields or step == "closed":
            when = {column.name: sorted(values)}
            fields[step] = {**dated, "when": when}
            at = dated.get("column") or ", ".join(dated["parts"].values())
            made.reasons[step] = f"{column.name!r} says {_listed(sorted(values))}; {at!r} says when"
            if step == "closed":
                reasons = synonyms()["close_reasons"]
                meant = {v: next((r for r, names in reasons.items() if plain(v) in names), "other") for v in values}
                fields["close_reason"] = {"column": column.name, "values": meant, "when": when}
                made.reasons["close_reason"] = f"what {column.name!r} says"
    made.questions += [
        f"{name!r} says {_listed(sorted(values))}, and no column says when. Choose a date for each step, or leave it out."
        for name, values in undated.items()
    ]


def _told(made: Guess, columns: Sequence[Column]) -> dict[str, tuple[Column, list[str]]]:
    """What columns of outcomes and statuses tell: by step, which column does and by which values."""
    told: dict[str, tuple[Column, list[str]]] = {}
    for column in (c for c in columns if c.few and not c.has_dates):
        for outcome in synonyms()["outcomes"].values():
            if plain(column.name) in outcome["headings"] and _says_yes_or_no(column):
                for answer in ("yes", "no"):
                    if step := outcome.get(answer):
                        told.setdefault(
                            step, (column, [v for v in column.values if plain(v) in synonyms()["yes_no"][answer]])
                        )
        if likeness(column.name, "status")[0] < ALIKE:
            continue
        appointments = "appointment" in made.data["fields"]
        for value in column.values:
            step = _meaning(value)
            if step == "cancelled" and not appointments:
                step = "closed"  # there is nothing yet that could be cancelled but the inquiry itself
            if step and step != "open" and told.setdefault(step, (column, []))[0] is column:
                told[step][1].append(value)
        if unknown := [value for value in column.values if not _meaning(value)]:
            made.questions.append(f"What do {_listed(unknown)} in {column.name!r} mean? They are left out so far.")
    return told


def _dated(fields: Mapping[str, Any], columns: Sequence[Column], told_by: Column, step: str) -> dict[str, Any] | None:
    """The field that says when a step was taken of which a status only says that it was; None where none does."""
    if step in fields:
        return dict(fields[step])
    if step in ("attended", "no_show") and "appointment" in fields:
        return dict(fields["appointment"])
    own = next((c for c in columns if c.has_dates and plain(c.name) == f"{plain(told_by.name)} date"), None)
    if own and step in ("cancelled", "closed", "attended", "no_show"):
        entry: dict[str, Any] = {"column": own.name}
        _how_written(entry, own)
        return entry
    return dict(fields["closed"]) if step in ("attended", "no_show", "cancelled") and "closed" in fields else None


def _from_parts(made: Guess, columns: Sequence[Column]) -> None:
    """A date in three columns, of year, month and day, and a column of how many days ahead of it somebody asked."""
    fields, parts = made.data["fields"], dict[str, str]()
    for column in columns:
        for part, ending in (("year", " year"), ("month", " month"), ("day", " day of month"), ("day", " day")):
            if plain(column.name).endswith(ending) and column.filled == column.rows:
                parts.setdefault(part, column.name)
    if len(parts) < 3 or "appointment" in fields:
        return
    fields["appointment"] = {"parts": parts}
    made.reasons["appointment"] = f"{', '.join(parts.values())} are one date"
    ahead = next((c for c in columns if likeness(c.name, "days_ahead")[0] >= ALIKE), None)
    if ahead and "booked" not in fields and "received" not in fields:
        for step in ("received", "booked"):
            fields[step] = {"parts": parts, "minus_days": ahead.name}
            made.reasons[step] = f"so many days before it as {ahead.name!r} says"


def _says_yes_or_no(column: Column) -> bool:
    known = {word for words in synonyms()["yes_no"].values() for word in words}
    return all(plain(value) in known for value in column.values)


def _log(columns: Sequence[Column]) -> dict[str, Column] | None:
    """The columns of a log of events: whose, what and when; None where each row is a lead."""
    events = [
        c for c in columns if c.few and c.distinct > 1 and not c.has_dates and likeness(c.name, "event")[0] >= ALIKE
    ]
    times = [c for c in columns if c.has_dates and likeness(c.name, "at")[0] >= ALIKE]
    leads = [
        c
        for c in columns
        if c.filled == c.rows
        and likeness(c.name, "id")[0] >= ALIKE
        and c.distinct * 1.3 <= c.filled
        and not c.has_dates
    ]
    if not (events and times and leads):
        return None
    best = {"lead": (leads, "id"), "event": (events, "event"), "at": (times, "at")}
    return {key: max(some, key=lambda c: likeness(c.name, target)[0]) for key, (some, target) in best.items()}


def _from_log(made: Guess, log: Mapping[str, Column]) -> None:
    fields = made.data["fields"]
    for step in MOMENTS:
        fields.pop(step, None)
        made.reasons.pop(step, None)
    fields.pop("id", None)
    fields["received"] = {"column": "first"}
    made.reasons["received"] = "the first that happened"
    known = {event: _meaning(event) for event in log["event"].values}
    for event, meant in known.items():
        if meant in _STEPS and meant not in fields:
            fields[meant] = {"column": f"first {event}"}
            made.reasons[meant] = f"when {event!r} happened first"
    if unknown := [event for event, meant in known.items() if meant is None]:
        made.questions.append(f"What do {_listed(unknown)} mean? They are left out so far.")


# ---------------------------------------------------------------- what no column says


def _constants(made: Guess, columns: Sequence[Column], locations: Sequence[str]) -> None:
    fields = made.data["fields"]
    partner = "partner" in fields
    usual = {
        "kind": ("scheduling", "most inquiries are headed for a visit"),
        "pathway": (("clinician", "a partner is named") if partner else ("patient", "no partner is named")),
        "channel": ("not_recorded", "no column says how it came"),
    }
    for target, (word, why) in usual.items():
        if target not in fields:
            fields[target] = {"constant": word}
            made.reasons[target] = why
    if "location" not in fields and len(locations) == 1:
        fields["location"] = {"constant": locations[0]}
        made.reasons["location"] = "the practice has one"
    if (appointment := fields.get("appointment")) and "booked" in fields:
        if "received" not in fields:
            fields["received"] = dict(fields["booked"])
            made.reasons["received"] = "no column says when it was received: with the booking"
    elif appointment and "received" in fields:
        told = dict.fromkeys(_columns_of(appointment), True)
        fields["booked"] = fields["received"] | {"when": {**appointment.get("when", {}), **told}}
        made.reasons["booked"] = "no column says when it was booked: with the inquiry, where it has an appointment"
    if "received" not in fields:
        dated = [column for column in columns if column.has_dates]
        if len(dated) == 1:
            fields["received"] = {"column": dated[0].name}
            made.reasons["received"] = f"{dated[0].name!r} is the only column of dates" + _how_written(
                fields["received"], dated[0]
            )
    for lacking in (needed for needed in NEEDED if needed not in fields):
        said = "moment of receipt" if lacking == "received" else lacking
        made.questions.append(f"Where does the {said} come from?")


def _nothing(made: Guess, columns: Sequence[Column]) -> None:
    """Values that stand for an empty one, in the columns that are used."""
    nothing = set(synonyms()["placeholders"]["nothing"])
    used = {name for entry in made.data["fields"].values() if entry for name in _columns_of(entry)}
    found = {
        value
        for column in columns
        if column.name in used
        for value in column.values
        if value.casefold() in nothing or plain(value) in nothing
    }
    if found:
        made.data["empty"] = sorted(found)
        made.reasons["empty"] = f"{_listed(sorted(found))} stand where others say something"


def _columns_of(entry: Mapping[str, Any]) -> list[str]:
    return [*([entry["column"]] if "column" in entry else []), *entry.get("parts", {}).values()]


def _column(columns: Sequence[Column], entry: Mapping[str, Any] | None) -> Column | None:
    names = _columns_of(entry) if entry else []
    return next((column for column in columns if column.name in names), None)
