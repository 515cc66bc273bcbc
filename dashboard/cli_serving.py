"""The commands that serve the dashboard: over the practice's own database, or a demo practice."""

import argparse
import os
import sys

from dashboard import clock, oidc, settings
from dashboard.cli_database import make_demo, opened, progress, url_of
from data_access import demo_profiles, practice, schema
from data_access import engine as databases


def _options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--port", type=int, default=8501)


def _demo_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--practice", choices=demo_profiles.NAMES, default="specialty")
    parser.add_argument("--fresh", action="store_true", help="make it anew; what was logged in it is gone")
    parser.add_argument(
        "--database", metavar="URL", help="make it in this empty database, and not in a file of its own"
    )
    parser.add_argument("--no-serve", action="store_true", help="only make it")
    _options(parser)


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
            from data_access import demo

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


COMMANDS = {"serve": (_options, _serve), "demo": (_demo_options, _demo)}
