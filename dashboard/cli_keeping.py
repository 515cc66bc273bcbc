"""The commands of whoever keeps the database: schema, backups, who may sign in, the audit log, and letting go."""

import argparse
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from dashboard import auth, cli_options, clock, privacy_actions, settings
from dashboard.cli_database import note, opened, require_there, url_of, viewer_of
from dashboard.formats import plural
from data_access import accounts, audit, backups, contact_details, practice, retention, schema
from data_access import engine as databases
from data_access.contact_details import Keys
from data_access.vocabulary import AuditKind


def _file(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path)


def _administrator_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("email")
    parser.add_argument("--name", help="otherwise what stands before the @")


def _audit_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--lead", type=int, metavar="NUMBER", help="only of this lead")
    parser.add_argument("--limit", type=int, default=100, metavar="N", help="how many lines; otherwise 100")
    parser.add_argument("--verify", action="store_true", help="follow the chain and print its last link")
    parser.add_argument("--anchor", metavar="NUMBER:DIGEST", help="a last link that was printed before")


def _let_go_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--apply", action="store_true", help="do it; without this, only say what would go")


def _erase_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("lead", type=int, metavar="NUMBER")
    parser.add_argument(
        "--apply", action="store_true", help="do it; without this, only say which inquiries it is about"
    )


def _migrate(a: argparse.Namespace) -> None:
    with databases.opened(url_of(a.database)) as engine:
        schema.migrate(engine)


def _backup(a: argparse.Namespace) -> None:
    url = url_of(a.database)
    require_there(url)
    with databases.opened(url) as engine:
        _print_held(a.file, backups.back_up(engine, a.file))


def _restore(a: argparse.Namespace) -> None:
    url = url_of(a.database)
    _print_held(a.file, backups.restore(a.file, url))
    with databases.opened(url) as engine:
        try:
            schema.require_current(engine)
        except schema.SchemaIsOld as older:
            print(f"Before it is used: {older}")


def _print_held(file: Path, held: backups.Held) -> None:
    print(f"{file}: revision {held.revision:,}, {plural(held.leads, 'lead')}, {plural(held.events, 'event')}")


def _administrator(a: argparse.Namespace) -> None:
    with opened(url_of(a.database)) as engine, databases.writing(engine) as connection:
        account = accounts.make_administrator(connection, a.email, a.name)
        note(connection, AuditKind.SET_UP, f"made {account.name} an administrator")
    print(f"{account.name} may sign in as {a.email.lower()}, as administrator of every location")


def _audit(a: argparse.Namespace) -> None:
    with opened(url_of(a.database)) as engine, databases.reading(engine) as connection:
        if a.verify or a.anchor:
            head = audit.verify(connection, cli_options.anchor(a.anchor))
            print(f"{head.number}:{head.digest}")
            return
        for line in audit.lines(connection, limit=a.limit, lead_id=a.lead):
            where = f" from {line['address']}" if line["address"] else ""
            what = line["about"] + (f" {line['lead_id']}" if line["lead_id"] else "")
            who = f"{line['who'] or '-'}{where}"
            print(f"{line['number']:>8}  {line['at']:%Y-%m-%d %H:%M:%S}Z  {who}: {line['kind']}, {what}")


def _let_go(a: argparse.Namespace) -> None:
    now = clock.now()
    with opened(url_of(a.database)) as engine:
        with databases.reading(engine) as connection:
            viewer, today = viewer_of(connection, None, auth.ERASE), _today(connection, now)
        found = privacy_actions.due(engine, viewer, now, today)
        if not found:
            print("no rule says for how long leads are kept; set one under Privacy and audit")
        for one in found:
            ago = plural(one.months, "month")
            print(f"{one.ending}: {plural(len(one.leads), 'lead')} that ended more than {ago} ago")
            if a.apply and one.leads:
                done = sum(privacy_actions.let_go(engine, viewer, one, now, today))
                print(f"let go of {done:,}")
    if not a.apply and any(one.leads for one in found):
        print("nothing was changed; --apply does it, and it cannot be undone")


def _erase(a: argparse.Namespace) -> None:
    with opened(url_of(a.database)) as engine:
        with databases.reading(engine) as connection:
            viewer, ids = viewer_of(connection, None, auth.ERASE), retention.same_person(connection, a.lead)
        if not ids:
            raise LookupError(f"there is no inquiry {a.lead}")
        print(f"of this person, as far as is known: {', '.join(map(str, ids))}")
        if not a.apply:
            print("nothing was changed; --apply does it, and it cannot be undone")
            return
        privacy_actions.erase(engine, viewer, ids, clock.now())
    print("nothing points to them any more; backups that were made before still do")


def _rotate(a: argparse.Namespace) -> None:
    text = settings.read("HANDOFF_CONTACT_KEYS")
    if not text:
        raise ValueError("HANDOFF_CONTACT_KEYS is not set; make a key with: openssl rand -base64 32")
    keys = Keys.parse(text)
    with opened(url_of(a.database)) as engine:
        done = contact_details.rotate(engine, keys)
        with databases.writing(engine, counted=False) as connection:
            note(connection, AuditKind.KEY_ROTATED, f"sealed {done} contact details with key {keys.sealing}")
    print(f"{plural(done, 'value')} sealed anew with key {keys.sealing}; the other keys open nothing any more")


def _today(connection: Connection, now: datetime) -> date:
    own = practice.get(connection)
    return now.astimezone(ZoneInfo(own["zone"] if own else "UTC")).date()


COMMANDS = {
    "migrate": (cli_options.none, _migrate),
    "backup": (_file, _backup),
    "restore": (_file, _restore),
    "administrator": (_administrator_options, _administrator),
    "audit": (_audit_options, _audit),
    "let-go": (_let_go_options, _let_go),
    "erase": (_erase_options, _erase),
    "rotate-contact-keys": (cli_options.none, _rotate),
}
