"""`handoff report`: the weekly review as a file, as the page shows it."""

import argparse
import sys
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from dashboard import auth, cli_options, clock, exports
from dashboard.auth import Viewer
from dashboard.cli_database import note_export, opened, prepare_demo, url_of, viewer_of
from dashboard.exports import outside
from dashboard.filters import Filters
from dashboard.formats import week as named
from dashboard.review import building, reading
from dashboard.review.document import Review, from_content
from data_access import engine as databases
from data_access import practice, reviews, slots, tally
from data_access.days import week_number

FORMATS = ("html", "pdf", "xlsx", "csv")
PAPERS = ("a4", "letter")


def _options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--week", metavar="WEEK", help="an ISO week that is over, as 2026-W47; otherwise the last one")
    parser.add_argument("--format", choices=FORMATS, default="html")
    parser.add_argument("--out", type=Path, metavar="FILE", help="where to; otherwise weekly-review-WEEK.FORMAT here")
    parser.add_argument("--paper", choices=PAPERS, default="a4", help="of the PDF")
    parser.add_argument("--for-others", action="store_true", help="it leaves the practice: without small counts")
    parser.add_argument("--counted-today", action="store_true", help="counted anew, also where the week was frozen")
    cli_options.add_filters(parser)


def _report(a: argparse.Namespace) -> None:
    url = url_of(a.database)
    prepare_demo(url)
    with opened(url) as engine:
        with databases.reading(engine) as connection:
            _write(connection, a, clock.now())
        what = "weekly review for others" if a.for_others else "weekly review"
        note_export(engine, f"{what} as {a.format}" + (f", as {a.as_person}" if a.as_person else ""))


def _write(connection: Connection, a: argparse.Namespace, now: datetime) -> None:
    own = practice.get(connection)
    if own is None:
        raise LookupError("the database holds no practice yet; try: handoff import, or handoff demo")
    today = now.astimezone(ZoneInfo(own["zone"])).date()
    week = _finished(a.week, today)
    viewer = viewer_of(connection, a.as_person, auth.SEE_METRICS)
    review = _review(connection, viewer, week, cli_options.filters_of(connection, a, viewer), anew=a.counted_today)
    written = exports.writers(a.paper)[a.format](outside.for_others(review) if a.for_others else review)
    file = a.out or Path(f"weekly-review-{review.week}.{a.format}")
    file.write_bytes(written)
    print(f"{file}: {len(written):,} bytes", file=sys.stderr)


def _finished(text: str | None, today: date) -> int:
    """The number of the week that is asked for, or of the last one that is over."""
    last = week_number(today) - 1
    if text is None:
        return last
    asked = cli_options.week(text)
    if asked > last:
        raise ValueError(f"{text} is not over; the last week that is over is {named(last)}")
    return asked


def _review(connection: Connection, viewer: Viewer, week: int, filters: Filters, *, anew: bool) -> Review:
    whole = viewer.locations is None or set(filters.location) & viewer.locations  # what was frozen may tell of all
    kept = reviews.frozen(connection, week, filters.key) if whole and not anew else None
    if kept:
        return from_content(kept.content)
    every_slot = slots.every(connection)
    return building.build(
        reading.sources(
            connection, lambda *what: tally.tally(connection, *what), week, filters, viewer.locations, every_slot
        )
    )


COMMANDS = {"report": (_options, _report)}
