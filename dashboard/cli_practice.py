"""The commands that keep what the practice says and knows: notes on the charts, openings, checklists, keys of web forms."""

import argparse
from pathlib import Path
from zoneinfo import ZoneInfo

from dashboard import cli_options, clock, copies, settings
from dashboard.cli_database import note, opened, prepare_demo, url_of
from data_access import annotations, practice, slots, web_forms
from data_access import engine as databases
from data_access import tables as t
from data_access.vocabulary import AuditKind, TrendSeries


def _note_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("day", type=cli_options.day, metavar="DATE")
    parser.add_argument("text", help="what happened, in a few words")
    parser.add_argument("--location", metavar="NAME", help="otherwise the whole practice")
    parser.add_argument(
        "--rebases", choices=tuple(TrendSeries), help="fix the limits of this series anew from that week"
    )


def _slots_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path)


def _checklist_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--for", dest="audience", choices=tuple(copies.Audience), default=copies.Audience.PARTNER)
    parser.add_argument("--location", metavar="NAME", help="may be left out where there is only one")
    parser.add_argument("--service-line", metavar="NAME", help="otherwise the practice's own list")
    parser.add_argument("--format", choices=("text", "html"), default="text")
    parser.add_argument("--as-of", type=cli_options.day, metavar="DATE", help="as it held on this day; otherwise today")


def _web_key_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", help="of the form, for example clinician-form; added if there is none")
    parser.add_argument("--renew", action="store_true", help="make another key; the old one is refused from now on")


def _annotate(a: argparse.Namespace) -> None:
    rebases = TrendSeries(a.rebases) if a.rebases else None
    with opened(url_of(a.database)) as engine, databases.writing(engine) as connection:
        place = None
        if a.location:
            places = {name: code for code, name in practice.names(connection, t.locations).items()}
            place = cli_options.known(a.location, places, "location")
        annotations.write(connection, a.text, a.day, now=clock.now(), location_id=place, rebases=rebases)
        note(connection, AuditKind.CHANGED, "wrote a note on the charts")


def _slots(a: argparse.Namespace) -> None:
    with opened(url_of(a.database)) as engine, databases.writing(engine) as connection:
        done = slots.load(connection, a.file, clock.now())
        note(connection, AuditKind.CHANGED, f"took openings from {a.file.name}")
    print(", ".join(f"{name} {number:,}" for name, number in done.items()))


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


COMMANDS = {
    "annotate": (_note_options, _annotate),
    "slots": (_slots_options, _slots),
    "checklist": (_checklist_options, _checklist),
    "web-key": (_web_key_options, _web_key),
}
