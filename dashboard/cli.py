"""`handoff`: the headless twin of the screens, and what starts them."""

import argparse
import csv
import difflib
import json
import math
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection, Engine

from dashboard import auth, clock, settings
from dashboard.labels import BREAKDOWNS
from data_access import demo, practice
from data_access import engine as databases
from data_access.vocabulary import Kind, PartnerCategory, Pathway

# What goes wrong because of what somebody gave us is said in one sentence, without a traceback. BadSetting, BadMapping,
# Unreadable and Unsettled are ValueErrors.
EXPECTED = (auth.SignInMissing, databases.SchemaIsOld, LookupError, ValueError, sa.exc.OperationalError)


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; 0 when it worked, 1 when it did not and why is on standard error."""
    arguments = _parser().parse_args(argv)
    try:
        arguments.run(arguments)
        sys.stdout.flush()
    except BrokenPipeError:  # whoever read our output has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except EXPECTED as error:
        text = str(error.orig) if isinstance(error, sa.exc.OperationalError) else str(error).strip("'\"")
        print(f"handoff: {text}", file=sys.stderr)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="handoff", description="A referral practice's dashboard over its lead database."
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def command(name: str, run: Callable[[argparse.Namespace], None], text: str) -> argparse.ArgumentParser:
        made = commands.add_parser(name, help=text, description=text)
        made.set_defaults(run=run)
        return made

    database: dict[str, Any] = {
        "help": "database URL, or demo:NAME for a demo practice; otherwise as configured",
        "metavar": "URL",
    }
    serve = command("serve", _serve, "Serve the dashboard over the configured database.")
    serve.add_argument("--database", **database)
    show = command("demo", _demo, "Make a demo practice if need be, and serve it on this machine.")
    show.add_argument("--practice", choices=demo.NAMES, default="specialty")
    show.add_argument("--fresh", action="store_true", help="make it anew; what was logged in it is gone")
    show.add_argument("--database", metavar="URL", help="make it in this empty database, and not in a file of its own")
    show.add_argument("--no-serve", action="store_true", help="only make it")
    for served in (serve, show):
        served.add_argument("--port", type=int, default=8501)
    migrate = command("migrate", _migrate, "Bring the database's schema to this version.")
    migrate.add_argument("--database", **database)
    _add_import(command("import", _import, "Import leads from CSV files."), database)
    _add_metrics(command("metrics", _metrics, "Print a metric as the pages show it."), database)
    return parser


# ---------------------------------------------------------------- serving


def _serve(a: argparse.Namespace) -> None:
    url = _url(a.database)
    with _opened(url) as engine, databases.reading(engine) as connection:
        auth.require_servable(practice.get(connection), "127.0.0.1")
    _run_server(url, a.port, show=False)


def _demo(a: argparse.Namespace) -> None:
    if a.database:
        url = _url(a.database)
        _make_demo_in(url, a.practice)
    else:
        url = settings.demo_url(a.practice)
        _make_demo(a.practice, fresh=a.fresh)
    if not a.no_serve:
        _run_server(url, a.port, show=_somebody_looks())


def _make_demo_in(url: str, name: str) -> None:
    """Make a demo practice in a database of one's own choice, if it is empty."""
    engine = databases.connect(url)
    databases.migrate(engine)
    with databases.reading(engine) as connection:
        own = practice.get(connection)
    if own is None:
        with _progress(f"Making the demo practice {name!r}") as progress:
            demo.build(engine, name, clock.now(), progress)
    elif not own["is_demo"]:
        raise ValueError(f"this database holds the practice {own['name']!r}; a demo is made only in an empty one")
    engine.dispose()


def _make_demo(name: str, *, fresh: bool = False) -> None:
    if fresh or not settings.demo_file(name).exists():
        with _progress(f"Making the demo practice {name!r}") as progress:
            demo.make(settings.demo_file(name), name, clock.now(), progress)


def _run_server(url: str, port: int, *, show: bool) -> None:
    os.environ["HANDOFF_DATABASE_URL"] = url
    os.environ.pop("HANDOFF_DATABASE_URL_FILE", None)
    from dashboard.server import run

    print(f"Handoff is at http://127.0.0.1:{port}  (stop it with Ctrl+C)", file=sys.stderr)
    run(port, show=show)


def _somebody_looks() -> bool:
    """Whether a browser window can be opened: at a terminal, on a machine with a screen."""
    screen = sys.platform in ("win32", "darwin") or any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY"))
    return screen and sys.stderr.isatty()


def _migrate(a: argparse.Namespace) -> None:
    engine = databases.connect(_url(a.database))
    databases.migrate(engine)
    engine.dispose()


# ---------------------------------------------------------------- importing


def _add_import(parser: argparse.ArgumentParser, database: dict[str, Any]) -> None:
    parser.add_argument(
        "files", nargs="+", type=Path, metavar="FILE", help="CSV, or a zip with one; several are joined"
    )
    parser.add_argument("--mapping", required=True, help="mapping.toml, or the name of a shipped one")
    parser.add_argument("--dry-run", action="store_true", help="count what would happen; write nothing to the database")
    parser.add_argument("--json", action="store_true", help="print the counts as JSON")
    parser.add_argument(
        "--rejects", type=Path, help="where rejected rows go; otherwise FILE.rejects.csv in this folder"
    )
    parser.add_argument("--database", **database)


def _import(a: argparse.Namespace) -> None:
    from data_access.importing import batches
    from data_access.importing import mapping as mappings

    mapping = mappings.load(a.mapping)
    plan = batches.plan(a.files, mapping)
    engine = _own_database(a.database, mapping)
    rejects = a.rejects or Path(f"{a.files[0].name.split('.')[0]}.rejects.csv")
    with _progress(f"Importing {plan.main.name}") as progress:
        result = batches.run(engine, plan, now=clock.now(), rejects=rejects, dry_run=a.dry_run, progress=progress)
    engine.dispose()
    if a.json:
        print(json.dumps(result.summary()))
        return
    print("Nothing was written (dry run)." if a.dry_run else f"Batch {result.batch}:")
    for name, number in result.summary().items():
        if name != "batch":
            print(f"  {name:<10}{number:>10,}")
    if result.rejected:
        print(f"  rejected rows with their reasons: {rejects}")


def _own_database(given: str | None, mapping: Any) -> Engine:
    """The database to import into: the one that is set, else the practice's own; founded where it is new."""
    url = _url(given) if given or settings.read("HANDOFF_DATABASE_URL") else settings.own_url()
    parsed = sa.make_url(url)
    if parsed.get_backend_name() == "sqlite" and parsed.database:
        Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
    engine = databases.connect(url)
    databases.migrate(engine)
    with databases.writing(engine) as connection:
        if practice.get(connection) is None:
            practice.found(connection, "My practice", mapping.zone)
    return engine


# ---------------------------------------------------------------- metrics


def _add_metrics(parser: argparse.ArgumentParser, database: dict[str, Any]) -> None:
    parser.add_argument("metric", choices=("funnel", "response", "partners"))
    parser.add_argument("--from", dest="first", type=_day, metavar="DATE", help="received on this day or later")
    parser.add_argument("--to", dest="last", type=_day, metavar="DATE", help="received before this day")
    for name in ("location", "partner", "service-line", "source"):
        parser.add_argument(f"--{name}", action="append", default=[], metavar="NAME", help="repeat for several")
    for name, words in (("partner-category", PartnerCategory), ("pathway", Pathway), ("kind", Kind)):
        parser.add_argument(f"--{name}", action="append", default=[], choices=[str(w) for w in words], metavar="WORD")
    parser.add_argument("--channel", action="append", default=[], metavar="WORD")
    parser.add_argument(
        "--by", default="", metavar="DIMENSION[,DIMENSION]", help=f"one or more of {', '.join(BREAKDOWNS)}"
    )
    parser.add_argument("--as-of", metavar="MOMENT", help="a date (its end) or an ISO moment; otherwise now")
    parser.add_argument(
        "--horizon", type=int, metavar="DAYS", help="days a lead is given; otherwise the practice's own"
    )
    parser.add_argument(
        "--outcome", choices=("attended", "scheduled"), default="attended", help="partners: what counts"
    )
    parser.add_argument("--two-way", action="store_true", help="response: judge the first two-way contact")
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true")
    form.add_argument("--csv", action="store_true")
    parser.add_argument("--database", **database)


def _metrics(a: argparse.Namespace) -> None:
    from dashboard import filters, reports
    from data_access import promises, tally
    from data_access.vocabulary import TargetMetric

    url = _url(a.database)
    _prepare_demo(url)
    with _opened(url) as engine, databases.reading(engine) as c:
        own = practice.get(c)
        if own is None:
            raise LookupError("the database holds no practice yet; try: handoff import, or handoff demo")
        as_of = _moment(a.as_of, own["zone"])
        by = _breakdown(a.by, "due_week" if a.metric != "response" else "")
        when = filters.moment(as_of, own["zone"], a.horizon or own["horizon_days"])
        chosen = _filters(c, a)

        def count(keys: Sequence[str], where: tally.Where) -> Any:
            return tally.tally(c, keys, where, when)

        if a.metric == "funnel":
            answer = reports.funnel(count, chosen, None, by)
        elif a.metric == "response":
            target = promises.target_on(c, TargetMetric.RESPONSE_IN_TIME, as_of.date())
            answer = reports.response(count, chosen, None, by, target=target, contact=a.two_way)
        elif by not in ((), ("partner",)):
            raise ValueError("partners are one table; leave --by out, or use: handoff metrics funnel --by partner")
        else:
            answer = reports.partners(count, chosen, None, outcome=a.outcome)
        rows = list(_labelled(c, answer.table, by if a.metric != "partners" else ("partner",)))
    given = {k: v for k, v in vars(a).items() if k in _FILTERS and v}
    if a.json:
        given = {k: v.isoformat() if isinstance(v, date) else v for k, v in given.items()}
        head = {"metric": a.metric, "as_of": as_of.isoformat(), "filters": given, "left_out": dict(answer.left_out)}
        print(json.dumps(head | {"rows": rows}, allow_nan=False))
    else:
        _print_rows(rows, list(answer.table.columns), as_csv=a.csv)
        if not a.csv:
            print(
                f"\nas of {as_of:%Y-%m-%d %H:%M} UTC; left out: "
                + ", ".join(f"{k} {v:,}" for k, v in answer.left_out.items())
            )


_FILTERS = ("first", "last", "location", "partner", "service_line", "source", "partner_category", "pathway", "kind", "channel",
            "by", "horizon", "outcome", "two_way")  # fmt: skip


def _filters(connection: Connection, a: argparse.Namespace) -> Any:
    from dashboard import labels
    from dashboard.filters import Filters

    ids: dict[str, Any] = {}
    for name in ("location", "partner", "service_line", "source"):
        known = {label: code for code, label in labels.of_dimension(connection, name).items()}
        ids[name] = tuple(_known(value, known, name) for value in getattr(a, name))
    channels = labels.codes_of("channel")
    for value in a.channel:
        _known(value, channels, "channel")
    return Filters(
        first=a.first,
        last=a.last,
        partner_category=tuple(a.partner_category),
        pathway=tuple(a.pathway),
        kind=tuple(a.kind),
        channel=tuple(a.channel),
        **ids,
    )


def _known(value: str, known: dict[str, int], what: str) -> int:
    if value not in known:
        near = difflib.get_close_matches(value, known, n=3, cutoff=0.5) or list(known)[:5]
        raise LookupError(
            f"there is no {what.replace('_', ' ')} {value!r}; near are: {', '.join(near) or 'none at all'}"
        )
    return known[value]


def _breakdown(text: str, never: str) -> tuple[str, ...]:
    by = tuple(name.strip() for name in text.split(",") if name.strip())
    known = dict.fromkeys((name for name in BREAKDOWNS if name != never), 0)
    for name in by:
        _known(name, known, "dimension")
    return by


def _labelled(connection: Connection, table: Any, by: Sequence[str]) -> Iterator[dict[str, Any]]:
    from dashboard import labels

    names = {d: labels.of_dimension(connection, d) for d in by}
    names.get("partner", {})[-1] = "Small-volume partners"
    for row in table.to_dict("records"):
        for d in by:
            row[d] = labels.week(row[d]) if d.endswith("_week") else names[d].get(row[d], str(row[d]))
        yield {k: None if isinstance(v, float) and math.isnan(v) else v for k, v in row.items()}


def _print_rows(rows: list[dict[str, Any]], columns: list[str], *, as_csv: bool) -> None:
    if as_csv:
        writer = csv.DictWriter(sys.stdout, columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
        return

    def cell(value: Any) -> str:
        return "-" if value is None else f"{value:.3f}" if isinstance(value, float) else str(value)

    cells = [columns, *([cell(row[c]) for c in columns] for row in rows)]
    widths = [max(len(line[i]) for line in cells) for i in range(len(columns))]
    for line in cells:
        print("  ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)).rstrip())


# ---------------------------------------------------------------- small readers


def _url(given: str | None) -> str:
    if given and given.startswith("demo:"):
        return settings.demo_url(given.removeprefix("demo:"))
    return given or settings.database_url()


@contextmanager
def _opened(url: str) -> Iterator[Engine]:
    """A database whose schema is this version's."""
    engine = databases.connect(url)
    try:
        databases.require_current_schema(engine)
        yield engine
    finally:
        engine.dispose()


def _prepare_demo(url: str) -> None:
    if name := settings.demo_of(url):
        _make_demo(name)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a date; write 2026-03-31") from None


def _moment(text: str | None, zone: str) -> datetime:
    from zoneinfo import ZoneInfo

    from dashboard.filters import end_of_day

    if text is None:
        return clock.now()
    try:
        if len(text) == 10:
            return end_of_day(date.fromisoformat(text), zone)
        at = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(
            f"--as-of {text!r} is neither a date nor a moment; write 2026-03-31 or 2026-03-31T12:00"
        ) from None
    return at if at.tzinfo else at.replace(tzinfo=ZoneInfo(zone))


@contextmanager
def _progress(text: str) -> Iterator[Callable[[int, int], None]]:
    """A progress bar on standard error, where somebody is looking."""
    if not sys.stderr.isatty():
        yield lambda done, total: None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True)) as bar:
        task = bar.add_task(text, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


if __name__ == "__main__":
    sys.exit(main())
