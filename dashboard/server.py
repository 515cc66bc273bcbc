"""The server round the dashboard: warm start, a health check, security headers, and nothing called outside."""

import gc
import sys
import tomllib
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from threading import Thread
from typing import Any

import streamlit as st
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from dashboard import auth, clock, oidc, settings, sign_in
from dashboard.compressed import CompressedScripts
from dashboard.guards import ClosedPaths, HardenCookies, OwnSignOut, ReturnTo, SecurityHeaders, SignedInDownloads
from data_access import engine as databases
from data_access import practice, schema

ROOT = Path(__file__).resolve().parent.parent
_SWITCH_SECONDS = 0.0005
"""How long one page's run may keep the others' messages waiting; Python's own 5 ms are waited anew for each message."""


@asynccontextmanager
async def _warm(_app: Any) -> AsyncIterator[dict[str, Any]]:
    _require_servable()
    Thread(target=_begin, daemon=True).start()
    yield {}


def _begin() -> None:
    """Load what the first page would wait for, and read the facts; the server is up before that.

    Where that fails, the first page that wants them says so.
    """
    import plotly.graph_objects  # noqa: F401
    import reportlab.graphics.renderSVG  # noqa: F401
    import scipy.stats  # noqa: F401

    from dashboard import loaders

    with suppress(Exception):
        loaders.begin_facts()
    gc.collect()
    gc.freeze()  # what is loaded by now stays, and no collection need look through it


def _require_servable() -> None:
    """Refuse to start over a database that nobody may see. A demo that is not there yet is made on the first visit."""
    url = settings.database_url()
    if (name := settings.demo_of(url)) and not settings.demo_file(name).exists():
        return
    with databases.opened(url) as engine:
        schema.require_current(engine)
        with databases.reading(engine) as connection:
            oidc.require_servable(practice.get(connection), st.get_option("server.address"))


def _health(_request: Request) -> JSONResponse:
    """200 with the newest revision where the database answers, 503 where it does not."""
    try:
        url = settings.database_url()
        if (file := databases.file_of(url)) and not file.exists():  # to look into it would make an empty one
            return JSONResponse({"status": "unavailable"}, 503)
        with databases.opened(url) as engine, databases.reading(engine) as connection:
            revision = databases.current_revision(connection)
    except Exception:  # whatever is wrong, the answer is that we are not healthy, and no detail leaves
        return JSONResponse({"status": "unavailable"}, 503)
    return JSONResponse({"status": "ok", "revision": revision})


async def _inquiries(request: Request) -> JSONResponse:
    """What the website's forms post; what takes it is loaded when the first one comes."""
    from dashboard import web_intake

    return await web_intake.inquiries(request)


def _stands(claims: dict[str, Any]) -> bool:
    """Whether somebody of the staff is signed in by what the cookie of a request says."""
    with databases.opened(settings.database_url()) as engine:
        return sign_in.stands(engine, claims, clock.now())


def _guards(provider: oidc.Provider | None) -> list[Middleware]:
    encrypted = provider is not None and provider.encrypted
    always = [Middleware(SecurityHeaders, encrypted=encrypted), Middleware(ClosedPaths), Middleware(CompressedScripts)]
    if provider is None:
        return always
    seconds = int(settings.longest().total_seconds())
    return [
        *always,
        Middleware(OwnSignOut),
        Middleware(HardenCookies, seconds=seconds, encrypted=encrypted),
        Middleware(ReturnTo, encrypted=encrypted),
        Middleware(SignedInDownloads, cookie_secret=provider.cookie_secret, seconds=seconds, stands=_stands),
    ]


_PROVIDER = oidc.provider()
app = st.App(
    Path(__file__).with_name("app.py"),
    lifespan=_warm,
    routes=[Route("/healthz", _health), Route("/api/inquiries", _inquiries, methods=["POST"])],
    middleware=_guards(_PROVIDER),
    secrets={"auth": _PROVIDER.secrets} if _PROVIDER else None,
)


def run(port: int, *, show: bool = False) -> None:
    """Serve until stopped; `show` opens a browser window.

    The settings of .streamlit/config.toml hold wherever it is started from.
    """
    settled = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text())
    own: dict[str, Any] = {"server.port": port, "server.headless": not show, "server.showEmailPrompt": False}
    if _PROVIDER:
        own |= {
            "server.address": settings.read("HANDOFF_ADDRESS") or "127.0.0.1",
            "server.allowedHosts": sorted({_PROVIDER.host, *auth.LOOPBACK}),
            "browser.serverAddress": _PROVIDER.host,
        }
    sys.setswitchinterval(_SWITCH_SECONDS)
    app.run(config=dict(_leaves(settled)) | own)


def _leaves(tree: dict[str, Any], path: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in tree.items():
        if isinstance(value, dict):
            yield from _leaves(value, f"{path}{name}.")
        else:
            yield path + name, value
