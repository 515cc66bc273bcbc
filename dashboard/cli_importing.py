"""The commands that bring leads in from elsewhere: files, another system's database, and taking an import back."""

import argparse
import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy import Connection, Engine

from dashboard import clock, labels, settings
from dashboard.cli_database import note, opened, progress, url_of
from dashboard.formats import plural
from data_access import engine as databases
from data_access import practice, schema
from data_access import tables as t
from data_access.vocabulary import AuditKind


def _files(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE", help="several are joined")
    parser.add_argument("--part", metavar="NAME", help="the sheet of a spreadsheet, or the file in an archive")


def _bringing(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--mapping", required=True, help="mapping.toml, or the name of a saved or shipped one")
    parser.add_argument("--dry-run", action="store_true", help="say what would happen; write nothing to the database")
    parser.add_argument("--json", action="store_true", help="print the counts as JSON")
    parser.add_argument(
        "--rejects", type=Path, help="where rejected rows go; otherwise NAME.rejects.csv in this folder"
    )


def _import_options(parser: argparse.ArgumentParser) -> None:
    _files(parser)
    _bringing(parser)


def _sync_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--from", dest="source", metavar="URL", help="otherwise HANDOFF_SYNC_URL")
    parser.add_argument("--query", required=True, type=Path, metavar="FILE.sql", help="gives one row per lead")
    parser.add_argument("--watermark", metavar="COLUMN", help="tells how new a row is; the query has: COLUMN >= :since")
    parser.add_argument(
        "--overlap", default="1d", metavar="SPAN", help="read again: 15m, 2h, 1d or a number; otherwise 1d"
    )
    parser.add_argument("--start", default="1970-01-01", metavar="MARK", help="from where it is read first")
    parser.add_argument("--full", action="store_true", help="read all of it again")
    _bringing(parser)


def _imports_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--limit", type=int, default=20, metavar="N")
    parser.add_argument("--json", action="store_true")


def _undo_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("batch", type=int, metavar="NUMBER", help="of the import; see: handoff imports")
    parser.add_argument("--apply", action="store_true", help="do it; without this, only say what would happen")
    parser.add_argument("--worked-too", action="store_true", help="remove leads that were worked since, too")


def _guess(a: argparse.Namespace) -> None:
    import tomli_w

    from data_access.importing import guessing, profiling, reading
    from data_access.importing.files import File

    zone, places = "UTC", []
    with (
        suppress(LookupError, schema.SchemaIsOld, sa.exc.OperationalError),
        opened(url_of(a.database)) as engine,
        databases.reading(engine) as connection,
    ):
        own = practice.get(connection)
        zone = own["zone"] if own else zone
        places = [place["name"] for place in practice.active(connection, t.locations)]
    tables = [reading.table(File.at(path), reading.Layout(part=a.part)) for path in a.files]
    made = guessing.guess_together(
        [profiling.columns(table) for table in tables],
        name=a.files[0].name.partition(".")[0],
        zone=zone,
        locations=places,
    )
    text = tomli_w.dumps(made.data)
    for field in made.data["fields"]:
        text = text.replace(f"[fields.{field}]\n", f"# {made.reasons.get(field, '')}\n[fields.{field}]\n")
    pairs = [(field, *pair) for field, groups in made.merges.items() for pair in groups]
    asked = made.questions + [f"{field}: is {', '.join(others)} the same as {first}?" for field, first, others in pairs]
    print("".join(f"# ? {question}\n" for question in asked) + text, end="")


def _import(a: argparse.Namespace) -> None:
    from data_access.importing import planning
    from data_access.importing.files import File

    mapping = _mapping(a.mapping, a.database)
    plan = planning.plan([File.at(path) for path in a.files], mapping, part=a.part)
    out = a.rejects or Path(f"{Path(plan.main.name).stem}.rejects.csv")
    if out.exists() and any(out.samefile(path) for path in a.files):
        raise ValueError(f"{out.name} is read by this import; name another file for rejected rows (--rejects)")
    _bring(a, plan, out)


def _sync(a: argparse.Namespace) -> None:
    from data_access.importing import databases as sources
    from data_access.importing import planning, reading

    mapping = _mapping(a.mapping, a.database)
    if "id" not in mapping.fields:
        raise ValueError("a sync needs fields.id in the mapping: by it a lead is known again")
    url = a.source or settings.read("HANDOFF_SYNC_URL")
    if not url:
        raise ValueError("say which database is read: --from URL, or HANDOFF_SYNC_URL")
    query = a.query.read_text(encoding="utf-8")
    source = sources.Source(url, a.query.name, query, a.watermark, a.overlap, a.start)
    begin = sources.beginning(source)
    if not a.full:
        with _own_database(a.database, mapping, dry_run=True) as engine, databases.reading(engine) as connection:
            begin = sources.since(connection, source, mapping)
    with sources.fetched(source, begin) as found:
        if not found.rows:
            print(json.dumps({"read": 0}) if a.json else "Nothing is new there.")
            return
        table = reading.table(found.file, reading.Layout(headings=1, encoding="utf-8", delimiter=","))
        plan = planning.of_tables([table], mapping)
        stamp = clock.now().strftime("%Y%m%dT%H%M%SZ")
        out = a.rejects or Path(f"{a.query.stem}.{stamp}.rejects.csv")
        _bring(a, plan, out, lambda c: sources.keep(c, source, mapping, found.mark, clock.now()))


def _bring(
    a: argparse.Namespace, plan: Any, out: Path, at_end: Callable[[Connection], None] = lambda connection: None
) -> None:
    from dashboard import import_trial
    from data_access.importing import rejects

    if out.is_dir():
        raise ValueError(f"{out} is a folder; name a file for rejected rows (--rejects)")

    def ending(connection: Connection, done: Any) -> None:
        at_end(connection)
        note(connection, AuditKind.CHANGED, f"imported {plan.files} as batch {done.batch}")

    with (
        _own_database(a.database, plan.mapping, dry_run=a.dry_run) as engine,
        progress(f"Importing {plan.main.name}") as told,
        rejects.to_file(out, plan) as reject,
    ):
        result, pictures = import_trial.carry_out(
            engine, plan, now=clock.now(), reject=reject, dry_run=a.dry_run, progress=told, at_end=ending
        )
    if a.json:
        print(json.dumps(_as_json(result, pictures)))
        return
    print("Nothing was written (dry run)." if a.dry_run else f"Batch {result.batch}:")
    for name, number in result.summary().items():
        if name != "batch":
            print(f"  {name:<10}{number:>10,}")
    for flag, number in sorted(result.flags.items()):
        print(f"  flagged: {labels.flag(int(flag)).lower()} {number:,}")
    for why, number in result.reasons.most_common():
        first = result.examples[why][0]
        print(f"  rejected: {number:,} of {first.file}, first line {first.line}: {first.about}")
    if result.rejected:
        print(f"  rejected rows with their reasons: {out}")
    if pictures:
        _print_pictures(*pictures)


def _as_json(result: Any, pictures: list[Any]) -> dict[str, Any]:
    told: dict[str, Any] = result.summary() | {
        "flags": {flag.name.lower(): number for flag, number in sorted(result.flags.items())},
        "reasons": dict(result.reasons.most_common()),
        "examples": {what: [vars(one) for one in some] for what, some in result.examples.items()},
    }
    if pictures:
        told["before"], told["after"] = (
            {"funnel": {stage.name.lower(): n for stage, n in one.funnel.items()}, "partners": one.league}
            for one in pictures
        )
    return told


def _print_pictures(before: Any, after: Any) -> None:
    print("\nThe funnel over all leads headed for a visit, now and with this import:")
    for stage, number in after.funnel.items():
        print(f"  {labels.STAGES[stage]:<22}{before.funnel[stage]:>10,}{number:>10,}")
    if after.league:
        print("The partners with the most referrals then, with their visits within the horizon:")
        for name, visits, referrals in after.league:
            print(f"  {name[:40]:<42}{visits:>8,} of {referrals:,}")


def _imports(a: argparse.Namespace) -> None:
    from data_access.importing import batches

    with opened(url_of(a.database)) as engine, databases.reading(engine) as connection:
        own, found = practice.get(connection), batches.newest(connection, limit=a.limit)
    if a.json:
        print(json.dumps(found, default=str))
        return
    zone = ZoneInfo(own["zone"]) if own else None
    for one in found:
        at: datetime = one["started_at"].astimezone(zone)
        counts = ", ".join(f"{name} {one[f'{name}_rows']:,}" for name in ("added", "updated", "unchanged", "rejected"))
        print(f"{one['id']:>5}  {at:%Y-%m-%d %H:%M}  {one['status']:<8}  {one['files']}: {counts}")


def _undo(a: argparse.Namespace) -> None:
    from data_access.importing import undoing

    with opened(url_of(a.database)) as engine:
        if not a.apply:
            with databases.reading(engine) as connection:
                _print_outlook(undoing.outlook(connection, a.batch), applied=False)
            return
        with databases.writing(engine) as connection:
            done = undoing.undo(connection, a.batch, now=clock.now(), worked_too=a.worked_too)
            note(connection, AuditKind.CHANGED, f"undid import {a.batch}")
        _print_outlook(done, applied=True)


def _print_outlook(o: Any, *, applied: bool) -> None:
    will = "" if applied else "would be "
    print(f"{plural(o.removed, 'lead')} {will}removed, {plural(o.restored, 'lead')} {will}as the source said before.")
    for ids, why in (
        (o.worked, "were worked since, and stay" + ("" if applied else " unless --worked-too is given")),
        (o.merged, "were merged with others, and stay"),
        (o.updated_since, "were changed by a later import, and stay as they are"),
    ):
        if ids:
            some = ", ".join(map(str, ids[:20])) + (" …" if len(ids) > 20 else "")
            print(f"{plural(len(ids), 'lead')} {why}: {some}")
    if not applied:
        print("Nothing was changed. To do it: --apply")


def _mapping(given: str, database: str | None) -> Any:
    """The mapping that is meant: a file, or one that is saved or shipped by that name."""
    from data_access.importing import mapping as mappings
    from data_access.importing import saved

    if Path(given).is_file() or given in mappings.shipped():
        return mappings.load(given)
    kept: list[str] = []
    try:
        with opened(url_of(database)) as engine, databases.reading(engine) as connection:
            if found := saved.find(connection, given):
                return found
            kept = saved.names(connection)
    except (LookupError, schema.SchemaIsOld, sa.exc.OperationalError):
        pass
    told = f"saved are {', '.join(kept)}; " if kept else ""
    raise mappings.BadMapping(f"there is no mapping file {given}; {told}shipped are {', '.join(mappings.shipped())}")


@contextmanager
def _own_database(given: str | None, mapping: Any, *, dry_run: bool) -> Iterator[Engine]:
    """The database to import into: the one that is set, else the practice's own; founded where it is new.

    A dry run where there is none yet takes place in a database that is thrown away.
    """
    url = url_of(given) if given or settings.read("HANDOFF_DATABASE_URL") else settings.own_url()
    if dry_run:
        with TemporaryDirectory() as folder, ExitStack() as stack:
            try:
                engine = stack.enter_context(opened(url))
            except (LookupError, schema.SchemaIsEmpty):
                scratch = f"sqlite:///{Path(folder) / 'dry-run.db'}"
                engine = stack.enter_context(_own_database(scratch, mapping, dry_run=False))
            yield engine
        return
    if file := databases.file_of(url):
        file.parent.mkdir(parents=True, exist_ok=True)
    with databases.opened(url) as engine:
        schema.migrate(engine)
        with databases.writing(engine) as connection:
            if practice.get(connection) is None:
                practice.found(connection, "My practice", mapping.zone)
        yield engine


COMMANDS = {
    "import": (_import_options, _import),
    "sync": (_sync_options, _sync),
    "guess": (_files, _guess),
    "imports": (_imports_options, _imports),
    "undo-import": (_undo_options, _undo),
}
