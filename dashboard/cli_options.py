"""What is typed on the command line: options, names, days and moments, read or refused in words."""

import argparse
import difflib
from collections.abc import Mapping
from contextlib import suppress
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from dashboard import auth, filters, labels
from dashboard.auth import Viewer
from dashboard.filters import Filters
from data_access.audit import Head
from data_access.days import week_number
from data_access.importing.dates import YEARS
from data_access.vocabulary import Channel, Kind, PartnerCategory, Pathway

LISTS = ("location", "partner", "service_line", "source", "campaign")
WORDS = {"partner_category": PartnerCategory, "pathway": Pathway, "channel": Channel, "kind": Kind}
ORDERS = {"volume": "n", "shrunken": "shrunken"}


def none(parser: argparse.ArgumentParser) -> None:
    """Declare nothing: a command without options of its own."""
    del parser


def add_to(parser: argparse.ArgumentParser) -> None:
    """Declare the options that choose what is counted, and how it is printed."""
    parser.add_argument("--from", type=day, metavar="DATE", help="received on this day or later")
    parser.add_argument("--to", type=day, metavar="DATE", help="received before this day")
    add_filters(parser)
    parser.add_argument(
        "--by", default="", metavar="DIMENSION[,DIMENSION]", help=f"one or more of {', '.join(labels.BREAKDOWNS)}"
    )
    parser.add_argument("--as-of", metavar="MOMENT", help="a date (its end) or an ISO moment; otherwise now")
    parser.add_argument(
        "--horizon", type=_days, metavar="DAYS", help="days a lead is given; otherwise the practice's own"
    )
    parser.add_argument(
        "--outcome",
        choices=("attended", "scheduled"),
        default="attended",
        help="partners, case-mix, funnel-plot: what counts",
    )
    parser.add_argument("--order", choices=tuple(ORDERS), default="volume", help="partners: the greatest first")
    parser.add_argument(
        "--step",
        choices=tuple(labels.STEPS),
        default="scheduled",
        help="conversion, curve, records-speed: on the way to the visit",
    )
    parser.add_argument(
        "--for-others", action="store_true", help="new-patients: leave out small cells, because it leaves the practice"
    )
    parser.add_argument("--two-way", action="store_true", help="response and answers: judge the first two-way contact")
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true")
    form.add_argument("--csv", action="store_true")


def add_filters(parser: argparse.ArgumentParser) -> None:
    """Declare the options that choose which leads are counted, whenever they were received."""
    for name in LISTS:
        parser.add_argument(_flag(name), action="append", default=[], metavar="NAME", help="repeat for several")
    for name, words in WORDS.items():
        known = [str(word) for word in words]
        parser.add_argument(
            _flag(name), action="append", default=[], choices=known, metavar="WORD", help=", ".join(known)
        )
    parser.add_argument(
        "--as",
        dest="as_person",
        metavar="EMAIL",
        help="as this person of the staff sees it; otherwise the whole practice",
    )
    parser.add_argument("--qualified", action="store_true", help="only leads that were found eligible")


def filters_of(connection: Connection, a: argparse.Namespace, viewer: Viewer) -> Filters:
    """The filters that the options choose.

    Raises
    ------
    LookupError
        When a name is not known.
    auth.NotAllowed
        When a location is not one of the viewer's.
    """
    ids: dict[str, Any] = {}
    for name in LISTS:
        codes = {label: code for code, label in labels.of_dimension(connection, name).items()}
        ids[name] = tuple(known(value, codes, name) for value in getattr(a, name))
    for place in ids["location"]:
        if not viewer.sees(place):
            raise auth.NotAllowed(f"{a.location[ids['location'].index(place)]} is not one of {viewer.name}'s locations")
    words: dict[str, Any] = {name: tuple(getattr(a, name)) for name in WORDS}
    first, last = getattr(a, "from", None), getattr(a, "to", None)
    return Filters(first=first, last=last, qualified=a.qualified, **ids, **words)


def known(value: str, names: Mapping[str, int], what: str) -> int:
    """The code of a name; `LookupError` with the nearest ones where there is none."""
    if value not in names:
        near = difflib.get_close_matches(value, names, n=3, cutoff=0.5) or list(names)[:5]
        raise LookupError(
            f"there is no {what.replace('_', ' ')} {value!r}; near are: {', '.join(near) or 'none at all'}"
        )
    return names[value]


def _flag(name: str) -> str:
    return f"--{name.replace('_', '-')}"


def _days(text: str) -> int:
    if not text.isdecimal() or not 0 < int(text) <= 3_650:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of days from 1 to 3650")
    return int(text)


def day(text: str) -> date:
    """A date as it is typed on the command line."""
    try:
        read = date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a date; write 2026-03-31") from None
    if read.year not in YEARS:
        raise argparse.ArgumentTypeError(f"{text!r} is not a day from {YEARS[0]} to {YEARS[-1]}")
    return read


def anchor(text: str | None) -> Head | None:
    """A last link of the audit log as it was printed; `ValueError` where it cannot be read."""
    if text is None:
        return None
    number, _, digest = text.partition(":")
    if not number.isdecimal() or (int(number) and len(digest) != 64):
        raise ValueError(f"{text!r} is no link of the audit log; give what handoff audit --verify printed")
    return Head(int(number), digest)


def week(text: str) -> int:
    """The number of an ISO week as it is typed on the command line; `ValueError` where it cannot be read."""
    year, _, number = text.partition("-W")
    try:
        monday = date.fromisocalendar(int(year), int(number), 1)
    except ValueError:
        raise ValueError(f"{text!r} is not an ISO week; write 2026-W47") from None
    if monday.year not in YEARS:
        raise ValueError(f"{text!r} is not a week from {YEARS[0]} to {YEARS[-1]}")
    return week_number(monday)


def moment(text: str | None, zone: str, now: datetime) -> datetime:
    """What `--as-of` means: a date its end in the zone, nothing now; `ValueError` where it cannot be read."""
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
