"""`handoff`: the headless twin of the screens, and what starts them."""

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from dashboard import (
    auth,
    cli_importing,
    cli_keeping,
    cli_metrics,
    cli_options,
    cli_report,
    clock,
    copies,
    oidc,
    settings,
)
from dashboard.cli_database import make_demo, note, note_export, opened, prepare_demo, progress, url_of
from data_access import annotations, demo, practice, schema, slots, web_forms
from data_access import engine as databases
from data_access import tables as t
from data_access.vocabulary import AuditKind, TrendSeries

# What goes wrong because of what somebody gave us is said in one sentence, without a traceback. BadSetting, BadMapping,
# Unreadable and Unsettled are ValueErrors.
EXPECTED = (auth.Refused, auth.NotDone, schema.SchemaIsOld, LookupError, ValueError, OSError, sa.exc.SQLAlchemyError)


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; 0 when it worked, 1 when it did not and why is on standard error."""
    arguments = _parser().parse_args(argv)
    try:
        arguments.run(arguments)
        sys.stdout.flush()
    except BrokenPipeError:  # whoever read our output has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except KeyboardInterrupt:
        print("handoff: stopped", file=sys.stderr)
        return 130
    except EXPECTED as error:
        text = (
            error.orig if isinstance(error, sa.exc.DBAPIError) else error.args[0] if type(error) is KeyError else error
        )
        print(f"handoff: {' '.join(str(text).split())}", file=sys.stderr)
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
    cli_keeping.add_commands(command, database)
    cli_importing.add_commands(command, database)
    note = command("annotate", _annotate, "Write a dated note on the charts.")
    note.add_argument("day", type=cli_options.day, metavar="DATE")
    note.add_argument("text", help="what happened, in a few words")
    note.add_argument("--location", metavar="NAME", help="otherwise the whole practice")
    note.add_argument("--rebases", choices=tuple(TrendSeries), help="fix the limits of this series anew from that week")
    note.add_argument("--database", **database)
    openings = command("slots", _slots, "Take openings for new patients from a CSV file.")
    openings.add_argument("file", type=Path)
    openings.add_argument("--database", **database)
    sheet = command("checklist", _checklist, "Print the copy of a records checklist for partners or for patients.")
    sheet.add_argument("--for", dest="audience", choices=tuple(copies.Audience), default=copies.Audience.PARTNER)
    sheet.add_argument("--location", metavar="NAME", help="may be left out where there is only one")
    sheet.add_argument("--service-line", metavar="NAME", help="otherwise the practice's own list")
    sheet.add_argument("--format", choices=("text", "html"), default="text")
    sheet.add_argument("--as-of", type=cli_options.day, metavar="DATE", help="as it held on this day; otherwise today")
    sheet.add_argument("--database", **database)
    web = command("web-key", _web_key, "Print the key with which a web form signs what it posts.")
    web.add_argument("name", help="of the form, for example clinician-form; added if there is none")
    web.add_argument("--renew", action="store_true", help="make another key; the old one is refused from now on")
    web.add_argument("--database", **database)
    metrics = command("metrics", _metrics, "Print a metric as the pages show it.")
    cli_metrics.add_options(metrics)
    metrics.add_argument("--database", **database)
    report = command("report", _report, "Write the weekly review as a file.")
    cli_report.add_options(report)
    report.add_argument("--database", **database)
    return parser


def _web_key(a: argparse.Namespace) -> None:
    secret = settings.read("HANDOFF_WEB_SECRET")
    if not secret:
        raise ValueError("HANDOFF_WEB_SECRET is not set; make one with: openssl rand -hex 32")
    with opened(url_of(a.database)) as engine, databases.writing(engine) as connection:
        source = web_forms.find_or_add(connection, a.name)
        source = web_forms.renew_key(connection, source) if a.renew else source
        note(connection, AuditKind.SET_UP, f"{'renewed' if a.renew else 'printed'} the key of the web form {a.name}")
    print(web_forms.key_of(secret, source))


# ---------------------------------------------------------------- serving


def _serve(a: argparse.Namespace) -> None:
    url = url_of(a.database)
    with opened(url) as engine, databases.reading(engine) as connection:
        oidc.require_servable(practice.get(connection), "127.0.0.1")
    _run_server(url, a.port, show=False)


def _demo(a: argparse.Namespace) -> None:
    if a.database:
        url = url_of(a.database)
        _make_demo_in(url, a.practice)
    else:
        url = settings.demo_url(a.practice)
        make_demo(a.practice, fresh=a.fresh)
    if not a.no_serve:
        _run_server(url, a.port, show=_somebody_looks())


def _make_demo_in(url: str, name: str) -> None:
    """Make a demo practice in a database of one's own choice, if it is empty."""
    with databases.opened(url) as engine:
        schema.migrate(engine)
        with databases.reading(engine) as connection:
            own = practice.get(connection)
        if own is None:
            with progress(f"Making the demo practice {name!r}") as told:
                demo.build(engine, name, clock.now(), told)
        elif not own["is_demo"]:
            raise ValueError(f"this database holds the practice {own['name']!r}; a demo is made only in an empty one")


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


def _annotate(a: argparse.Namespace) -> None:
    rebases = TrendSeries(a.rebases) if a.rebases else None
    with opened(url_of(a.database)) as engine, databases.writing(engine) as connection:
        place = None
        if a.location:
            places = {name: code for code, name in practice.names(connection, t.locations).items()}
            place = cli_options.known(a.location, places, "location")
        annotations.write(connection, a.text, a.day, now=clock.now(), location_id=place, rebases=rebases)
        note(connection, AuditKind.CHANGED, "wrote a note on the charts")


def _checklist(a: argparse.Namespace) -> None:
    url = url_of(a.database)
    prepare_demo(url)
    with opened(url) as engine, databases.reading(engine) as connection:
        places = {place["name"]: place["id"] for place in practice.active(connection, t.locations)}
        lines = {line["name"]: line["id"] for line in practice.active(connection, t.service_lines)}
        if not a.location and len(places) != 1:
            raise ValueError(f"name the location with --location; there are {', '.join(places) or 'none yet'}")
        place = cli_options.known(a.location, places, "location") if a.location else next(iter(places.values()))
        line = cli_options.known(a.service_line, lines, "service line") if a.service_line else None
        own = practice.get(connection) or {}
        day = a.as_of or clock.now().astimezone(ZoneInfo(own["zone"])).date()
        copy = copies.make(connection, copies.Audience(a.audience), place, line, day)
    print(copy.text if a.format == "text" else copy.html, end="")


def _slots(a: argparse.Namespace) -> None:
    with opened(url_of(a.database)) as engine, databases.writing(engine) as connection:
        done = slots.load(connection, a.file, clock.now())
        note(connection, AuditKind.CHANGED, f"took openings from {a.file.name}")
    print(", ".join(f"{name} {number:,}" for name, number in done.items()))


def _metrics(a: argparse.Namespace) -> None:
    url = url_of(a.database)
    prepare_demo(url)
    with opened(url) as engine, databases.reading(engine) as connection:
        cli_metrics.run(connection, a, clock.now())


def _report(a: argparse.Namespace) -> None:
    url = url_of(a.database)
    prepare_demo(url)
    with opened(url) as engine:
        with databases.reading(engine) as connection:
            cli_report.run(connection, a, clock.now())
        what = "weekly review for others" if a.for_others else "weekly review"
        note_export(engine, f"{what} as {a.format}" + (f", as {a.as_person}" if a.as_person else ""))


if __name__ == "__main__":
    sys.exit(main())
