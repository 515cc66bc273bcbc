"""`handoff`: the headless twin of the screens, and what starts them.

A command's module is loaded when the command is chosen, so that what is typed wrongly, and --help, are answered at once.
"""

import argparse
import importlib
import os
import sys
from collections.abc import Sequence
from typing import Any

_COMMANDS = {
    "serve": ("serving", "Serve the dashboard over the configured database."),
    "demo": ("serving", "Make a demo practice if need be, and serve it on this machine."),
    "migrate": ("keeping", "Bring the database's schema to this version."),
    "backup": ("keeping", "Write the whole database to a new file, while it is in use."),
    "restore": ("keeping", "Bring a backup back into a database that holds nothing yet."),
    "administrator": ("keeping", "Let somebody sign in as administrator who sees every location."),
    "audit": ("keeping", "Print the newest lines of the audit log, or verify that none was changed."),
    "let-go": (
        "keeping", "Let go of what points to a person on leads that ended long enough ago, by the rules.",
    ),
    "erase": ("keeping", "Erase what points to the person of one inquiry, on request."),
    "rotate-contact-keys": ("keeping", "Seal all contact details with the first of HANDOFF_CONTACT_KEYS."),
    "import": ("importing", "Import leads from files: CSV and its relatives, spreadsheets, zip and gz."),
    "sync": ("importing", "Bring in what is new in another system's database, or has changed there."),
    "guess": ("importing", "Print the mapping that files most likely have, with its reasons, to be corrected."),
    "imports": ("importing", "List the imports, the newest first."),
    "undo-import": ("importing", "Take an import back: what it added goes, what it changed is as before."),
    "annotate": ("practice", "Write a dated note on the charts."),
    "slots": ("practice", "Take openings for new patients from a CSV file."),
    "checklist": ("practice", "Print the copy of a records checklist for partners or for patients."),
    "web-key": ("practice", "Print the key with which a web form signs what it posts."),
    "metrics": ("metrics", "Print a metric as the pages show it."),
    "report": ("report", "Write the weekly review as a file."),
}  # fmt: skip
"""Each command: its module, dashboard.cli_NAME, and what it does."""


class _Command(argparse.ArgumentParser):
    """The parser of one command; its module declares the options once it is chosen."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options | {"conflict_handler": "resolve"})  # what a command says of an option goes first
        self.name = ""

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        declare, run = importlib.import_module(f"dashboard.cli_{_COMMANDS[self.name][0]}").COMMANDS[self.name]
        self.add_argument(
            "--database", metavar="URL", help="database URL, or demo:NAME for a demo practice; otherwise as configured"
        )
        declare(self)
        self.set_defaults(run=run)
        return super().parse_known_args(args, namespace)


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
    except Exception as error:
        if (text := _in_words(error)) is None:
            raise
        print(f"handoff: {' '.join(text.split())}", file=sys.stderr)
        return 1
    return 0


def _in_words(error: Exception) -> str | None:
    """What went wrong because of what somebody gave us, in one sentence; None for a defect, which has a traceback."""
    import sqlalchemy as sa

    from dashboard import auth
    from data_access import schema

    # BadSetting, BadMapping, Unreadable and Unsettled are ValueErrors.
    expected = (
        auth.Refused,
        auth.NotDone,
        schema.SchemaIsOld,
        LookupError,
        ValueError,
        OSError,
        sa.exc.SQLAlchemyError,
    )
    if not isinstance(error, expected):
        return None
    if isinstance(error, sa.exc.DBAPIError):
        return str(error.orig)
    return str(error.args[0] if type(error) is KeyError else error)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="handoff", description="A referral practice's dashboard over its lead database."
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND", parser_class=_Command)
    for name, (_, text) in _COMMANDS.items():
        commands.add_parser(name, help=text, description=text).name = name
    return parser


if __name__ == "__main__":
    sys.exit(main())
