"""Openings for new patients: which can be booked at a moment. No lead and no person is in them."""

import csv
from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import sqlalchemy as sa
from sqlalchemy import Connection

from data_access import practice
from data_access import tables as t

SLOT_KEYS = ("location", "service_line")
COLUMNS = ("location", "service_line", "starts_at", "opened_at", "taken_at")


class BadSlots(ValueError):
    """A file of slots that cannot be taken; the message says which line, what was found, and what is allowed."""


def open_by_day(
    every: pd.DataFrame, as_of: datetime, locations: Collection[int] | None, service_lines: Collection[int] = ()
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Slots that could be booked at a moment, and for what any are kept at all.

    Parameters
    ----------
    every : DataFrame
        All slots, as `every` reads them.
    locations : collection of int, or None
        Only of these; None for every location.
    service_lines : collection of int
        Only of these; none for every one.

    Returns
    -------
    (open, kept) : DataFrames
        `open`: `location`, `service_line` (0 for any), `slot_day` (days since 1970, local) and `count`. `kept`: the locations
        and service lines of which any slot was known by then, those that are booked up among them.
    """
    (found,) = open_at_moments(every, [as_of], locations, service_lines)
    return found


def known_by_day(
    every: pd.DataFrame, as_of: datetime, locations: Collection[int] | None, service_lines: Collection[int] = ()
) -> pd.DataFrame:
    """Every slot that was known at a moment, also those that are over; parameters as for `open_by_day`.

    Returns
    -------
    DataFrame
        `location`, `service_line` (0 for any), `slot_day` (days since 1970, local), `begun` and `taken` (1 where it was by
        then) and `count`, in order of the keys.
    """
    return _known(_some(every, locations, service_lines), as_of)


def open_at_moments(
    every: pd.DataFrame,
    moments: Sequence[datetime],
    locations: Collection[int] | None,
    service_lines: Collection[int] = (),
) -> list[tuple[pd.DataFrame, pd.DataFrame]]:
    """`open_by_day` at each of some moments."""
    some = _some(every, locations, service_lines)
    return [_open(_known(some, moment)) for moment in moments]


def every(connection: Connection) -> pd.DataFrame:
    """Every slot: SLOT_KEYS, `slot_day`, and `starts`, `opened`, `taken` in seconds since 1970 (inf: never)."""
    c = t.slots.c
    moments = [
        sa.type_coerce(column, sa.Text) for column in (c.starts_at, c.opened_at, c.taken_at)
    ]  # read all at once, below
    rows = connection.execute(sa.select(c.location_id, sa.func.coalesce(c.service_line_id, 0), *moments))
    made = pd.DataFrame([tuple(row) for row in rows], columns=[*SLOT_KEYS, "starts", "opened", "taken"])
    read = {name: pd.to_datetime(made[name], utc=True, format="ISO8601") for name in ("starts", "opened", "taken")}
    for name, at in read.items():
        seconds = (at - pd.Timestamp(0, tz="UTC")) / pd.Timedelta(seconds=1)
        made[name] = seconds.astype("float64").fillna(np.inf)
    made["slot_day"] = 0
    for place, zone in practice.zones(connection).items():
        here = made["location"] == place
        local = read["starts"][here].dt.tz_convert(zone).dt.tz_localize(None)
        made.loc[here, "slot_day"] = local.to_numpy("datetime64[D]").astype("int64")
    return made


def state(connection: Connection) -> tuple[object, ...]:
    """What `every` hangs on: as long as this is the same, so is that. No slot is ever deleted, and each write is stamped."""
    return connection.scalar(sa.select(sa.func.max(t.slots.c.revision))), *practice.zones(connection).items()


def _some(every: pd.DataFrame, locations: Collection[int] | None, service_lines: Collection[int]) -> pd.DataFrame:
    if locations is not None:
        every = every[every["location"].isin(list(locations))]
    if service_lines:  # what is open for any line is open for these
        every = every[every["service_line"].isin([0, *service_lines])]
    return every


def _known(every: pd.DataFrame, as_of: datetime) -> pd.DataFrame:
    at = as_of.timestamp()
    known = every[every["opened"] <= at]
    known = known.assign(begun=(known["starts"] <= at).astype("int64"), taken=(known["taken"] <= at).astype("int64"))
    return known.groupby([*SLOT_KEYS, "slot_day", "begun", "taken"]).size().rename("count").reset_index()


def _open(known: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    open_ = known[(known["begun"] == 0) & (known["taken"] == 0)]
    kept = known[list(SLOT_KEYS)].drop_duplicates().sort_values(list(SLOT_KEYS), ignore_index=True)
    return open_[[*SLOT_KEYS, "slot_day", "count"]].reset_index(drop=True), kept


def load(connection: Connection, file: Path, now: datetime) -> dict[str, int]:
    """Take slots from a CSV file: one line each, with the columns `location`, `service_line` and `starts_at`.

    A slot that is known is left as it is, but for `taken_at`; taken before it was known here, it was open from then. Times
    without a zone are the location's. `opened_at` may be left out: then it is open from now on; `taken_at` is empty while
    it can be booked.

    Returns
    -------
    dict
        `read`, `added`, `updated`.

    Raises
    ------
    BadSlots
        When a line cannot be taken; then nothing is.
    """
    places = {name: code for code, name in practice.names(connection, t.locations).items()}
    lines = {name: code for code, name in practice.names(connection, t.service_lines).items()}
    zones = {place: ZoneInfo(zone) for place, zone in practice.zones(connection).items()}
    c = t.slots.c
    known: dict[tuple[int, int | None, datetime], list[tuple[int, datetime | None]]] = {}
    for row in connection.execute(sa.select(t.slots).order_by(c.id)):
        known.setdefault((row.location_id, row.service_line_id, row.starts_at), []).append((row.id, row.taken_at))
    done = {"read": 0, "added": 0, "updated": 0}
    with file.open(newline="", encoding="utf-8-sig") as text:
        reader = csv.DictReader(text)
        missing = {"location", "starts_at"} - set(reader.fieldnames or ())
        if missing:
            raise BadSlots(f"{file.name} has no column {sorted(missing)[0]!r}; it needs {', '.join(COLUMNS[:3])}")
        for line in reader:
            done["read"] += 1
            where = f"{file.name}, line {reader.line_num}"
            place = _one_of(line["location"], places, "location", where)
            service = _one_of(line["service_line"], lines, "service line", where) if line.get("service_line") else None
            starts, opened, taken = (
                _moment(line.get(name), zones[place], name, where) for name in ("starts_at", "opened_at", "taken_at")
            )
            if opened and taken and taken < opened:
                raise BadSlots(f"{where}: taken_at lies before opened_at; leave opened_at empty if it is not known")
            if starts is None:
                raise BadSlots(f"{where}: starts_at is empty; write 2026-03-31 09:30")
            values = {"location_id": place, "service_line_id": service, "starts_at": starts}
            if same := known.get((place, service, starts)):  # of several at one time, the first line means the first
                slot, was_taken = same.pop(0)
                if was_taken != taken:
                    earlier = sa.case((c.opened_at > taken, taken), else_=c.opened_at) if taken else c.opened_at
                    change = {"taken_at": taken, "opened_at": earlier, "revision": None}  # stamped in the end
                    connection.execute(sa.update(t.slots).where(c.id == slot).values(change))
                    done["updated"] += 1
                continue
            opened = opened or min(now, starts, taken or now)
            connection.execute(sa.insert(t.slots).values(**values, opened_at=opened, taken_at=taken))
            done["added"] += 1
    return done


def _one_of(name: str, known: dict[str, int], what: str, where: str) -> int:
    if name not in known:
        raise BadSlots(f"{where}: there is no {what} {name!r}; there are: {', '.join(known) or 'none at all'}")
    return known[name]


def _moment(text: str | None, zone: ZoneInfo, column: str, where: str) -> datetime | None:
    if not text:
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise BadSlots(f"{where}: {column} {text!r} is not a moment; write 2026-03-31 09:30") from None
    return (at if at.tzinfo else at.replace(tzinfo=zone)).astimezone(UTC)
