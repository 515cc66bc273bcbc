"""`handoff metrics`: each page's numbers as a table, CSV or JSON."""

import argparse
import csv
import difflib
import json
import math
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from dashboard import filters, labels, reports
from dashboard.filters import Filters
from dashboard.metrics.partners import SMALL_PARTNERS, ordered
from dashboard.reports import Answer
from data_access import practice, promises, tally
from data_access.importing.dates import YEARS
from data_access.vocabulary import Channel, Kind, PartnerCategory, Pathway, TargetMetric

_LISTS = ("location", "partner", "service_line", "source")
_WORDS = {"partner_category": PartnerCategory, "pathway": Pathway, "channel": Channel, "kind": Kind}
_ORDERS = {"volume": "n", "shrunken": "shrunken"}
_ASKED = {
    "funnel": ("by", "horizon"),
    "response": ("by", "two_way"),
    "partners": ("by", "horizon", "outcome", "order"),
}
"""The metrics, and which options beside the filters each of them heeds."""


def add_options(parser: argparse.ArgumentParser) -> None:
    """Declare the options of the command."""
    parser.add_argument("metric", choices=tuple(_ASKED))
    parser.add_argument("--from", type=_day, metavar="DATE", help="received on this day or later")
    parser.add_argument("--to", type=_day, metavar="DATE", help="received before this day")
    for name in _LISTS:
        parser.add_argument(_flag(name), action="append", default=[], metavar="NAME", help="repeat for several")
    for name, words in _WORDS.items():
        known = [str(word) for word in words]
        parser.add_argument(
            _flag(name), action="append", default=[], choices=known, metavar="WORD", help=", ".join(known)
        )
    parser.add_argument(
        "--by", default="", metavar="DIMENSION[,DIMENSION]", help=f"one or more of {', '.join(labels.BREAKDOWNS)}"
    )
    parser.add_argument("--as-of", metavar="MOMENT", help="a date (its end) or an ISO moment; otherwise now")
    parser.add_argument(
        "--horizon", type=_days, metavar="DAYS", help="days a lead is given; otherwise the practice's own"
    )
    parser.add_argument(
        "--outcome", choices=("attended", "scheduled"), default="attended", help="partners: what counts"
    )
    parser.add_argument("--order", choices=tuple(_ORDERS), default="volume", help="partners: the greatest first")
    parser.add_argument("--two-way", action="store_true", help="response: judge the first two-way contact")
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true")
    form.add_argument("--csv", action="store_true")


def run(connection: Connection, a: argparse.Namespace, now: datetime) -> None:
    """Count, measure and print, as the options say.

    Raises
    ------
    LookupError
        When a name or dimension is not known; the message has the nearest ones.
    ValueError
        When an option cannot be read.
    """
    own = practice.get(connection)
    if own is None:
        raise LookupError("the database holds no practice yet; try: handoff import, or handoff demo")
    as_of = _moment(a.as_of, own["zone"], now)
    by = _breakdown(a.by, a.metric)
    answer = _answer(connection, a, by, as_of, own)
    rows = list(_labelled(connection, answer.table, (*by, "partner") if a.metric == "partners" else by))
    if a.json:
        head = {"metric": a.metric, "as_of": as_of.isoformat(), "filters": _given(a), "left_out": dict(answer.left_out)}
        print(json.dumps(head | {"rows": rows}, allow_nan=False))
        return
    _print_rows(rows, list(answer.table.columns), as_csv=a.csv)
    if not a.csv:
        left_out = ", ".join(f"{why} {number:,}" for why, number in answer.left_out.items())
        print(f"\nas of {as_of.astimezone(ZoneInfo(own['zone'])):%Y-%m-%d %H:%M %Z}; left out: {left_out}")


def _answer(
    connection: Connection, a: argparse.Namespace, by: Sequence[str], as_of: datetime, own: Mapping[str, Any]
) -> Answer:
    when = filters.moment(as_of, own["zone"], a.horizon or own["horizon_days"])

    def count(keys: Sequence[str], where: tally.Where) -> Any:
        return tally.tally(connection, keys, where, when)

    chosen = _filters(connection, a)
    if a.metric == "funnel":
        return reports.funnel(count, chosen, None, by)
    if a.metric == "response":
        today = as_of.astimezone(ZoneInfo(own["zone"])).date()
        targets = promises.targets(connection, TargetMetric.RESPONSE_IN_TIME)
        return reports.response(count, chosen, None, by, targets=targets, today=today, contact=a.two_way)
    answer = reports.partners(count, chosen, None, by, outcome=a.outcome)
    return Answer(ordered(answer.table, _ORDERS[a.order], by), answer.left_out)


def _given(a: argparse.Namespace) -> dict[str, Any]:
    """The choices that were made, named as the options are."""
    named = ("from", "to", *_LISTS, *_WORDS, *_ASKED[a.metric])
    given = {name: value for name in named if (value := getattr(a, name))}
    return {name: value.isoformat() if isinstance(value, date) else value for name, value in given.items()}


def _filters(connection: Connection, a: argparse.Namespace) -> Filters:
    ids: dict[str, Any] = {}
    for name in _LISTS:
        known = {label: code for code, label in labels.of_dimension(connection, name).items()}
        ids[name] = tuple(_known(value, known, name) for value in getattr(a, name))
    words = {name: tuple(getattr(a, name)) for name in _WORDS}
    return Filters(first=getattr(a, "from"), last=a.to, **ids, **words)


def _known(value: str, known: Mapping[str, int], what: str) -> int:
    if value not in known:
        near = difflib.get_close_matches(value, known, n=3, cutoff=0.5) or list(known)[:5]
        raise LookupError(
            f"there is no {what.replace('_', ' ')} {value!r}; near are: {', '.join(near) or 'none at all'}"
        )
    return known[value]


def _breakdown(text: str, metric: str) -> tuple[str, ...]:
    never = {"funnel": ("due_week",), "response": (), "partners": ("due_week", "partner")}[metric]
    by = tuple(dict.fromkeys(name.strip() for name in text.split(",") if name.strip()))
    if metric == "partners":  # a partner a row is what the league is
        by = tuple(name for name in by if name != "partner")
    known = dict.fromkeys((name for name in labels.BREAKDOWNS if name not in never), 0)
    for name in by:
        _known(name, known, "dimension")
    return by


def _labelled(connection: Connection, table: Any, by: Sequence[str]) -> Iterator[dict[str, Any]]:
    names = {d: labels.of_dimension(connection, d) for d in by}
    names.get("partner", {})[SMALL_PARTNERS] = "Small-volume partners"
    for row in table.to_dict("records"):
        for d in by:
            row[d] = labels.week(row[d]) if d.endswith("_week") else names[d].get(row[d], str(row[d]))
        yield {k: None if isinstance(v, float) and math.isnan(v) else v for k, v in row.items()}


def _print_rows(rows: list[dict[str, Any]], columns: list[str], *, as_csv: bool) -> None:
    if as_csv:
        writer = csv.DictWriter(sys.stdout, columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows({name: _inert(value) for name, value in row.items()} for row in rows)
        return

    def cell(value: Any) -> str:
        return "-" if value is None else f"{value:.3f}" if isinstance(value, float) else str(value)

    cells = [columns, *([cell(row[c]) for c in columns] for row in rows)]
    widths = [max(len(line[i]) for line in cells) for i in range(len(columns))]
    for line in cells:
        print("  ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)).rstrip())


def _inert(value: Any) -> Any:
    """A cell that a spreadsheet does not run: a text that begins like a formula is marked as text."""
    return f"'{value}" if isinstance(value, str) and value.startswith(("=", "+", "-", "@", "\t", "\r")) else value


def _flag(name: str) -> str:
    return f"--{name.replace('_', '-')}"


def _days(text: str) -> int:
    if not text.isdecimal() or not 0 < int(text) <= 3_650:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of days from 1 to 3650")
    return int(text)


def _day(text: str) -> date:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a date; write 2026-03-31") from None
    if day.year not in YEARS:
        raise argparse.ArgumentTypeError(f"{text!r} is not a day from {YEARS[0]} to {YEARS[-1]}")
    return day


def _moment(text: str | None, zone: str, now: datetime) -> datetime:
    if text is None:
        return now
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        at = None
    if at is None or at.year not in YEARS:
        raise ValueError(
            f"--as-of {text!r} is neither a date nor a moment from {YEARS[0]} to {YEARS[-1]}; "
            "write 2026-03-31 or 2026-03-31T12:00"
        )
    with suppress(ValueError):
        return filters.end_of_day(date.fromisoformat(text), zone)
    return at if at.tzinfo else at.replace(tzinfo=ZoneInfo(zone))
