"""The server round the dashboard: warm start, a health check, security headers, and nothing called outside."""

import tomllib
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any

import streamlit as st
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from dashboard import auth, settings, web_intake
from data_access import engine as databases
from data_access import facts, practice, schema

ROOT = Path(__file__).resolve().parent.parent

# Plotly and the grid need inline styles and evaluated code; everything else comes from here and talks to here.
_POLICY = "; ".join(
    (
        "default-src 'self'",
        "script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data: blob:",
        "font-src 'self' data:",
        "connect-src 'self' ws: wss: data: blob:",
        "worker-src 'self' blob:",
        "object-src 'none'",
        "base-uri 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)
HEADERS = (
    (b"content-security-policy", _POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), microphone=(), geolocation=()"),
    (b"cross-origin-opener-policy", b"same-origin"),
)


CLOSED = ("metrics", "agent")
"""Below /_stcore."""


class SecurityHeaders:
    """Adds HEADERS to every HTTP answer."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on."""

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], *HEADERS]
            await send(message)

        await self.app(scope, receive, with_headers if scope["type"] == "http" else send)


class ClosedPaths:
    """Answers 404 on what Streamlit offers to everybody: how its caches are filled, and how a program may drive the pages."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, unless its path is one of those, under whatever page."""
        steps = pairwise(scope.get("path", "").split("/"))
        if any(one == "_stcore" and other in CLOSED for one, other in steps):
            await PlainTextResponse("Not Found", 404)(scope, receive, send)
        else:
            await self.app(scope, receive, send)


@asynccontextmanager
async def _warm(_app: Any) -> AsyncIterator[dict[str, Any]]:
    import pandas  # noqa: F401  # the first page would wait for these
    import plotly.graph_objects  # noqa: F401
    import scipy.optimize  # noqa: F401

    _require_servable()
    yield {}


def _require_servable() -> None:
    """Refuse to start over a database that nobody may see. A demo that is not there yet is made on the first visit."""
    url = settings.database_url()
    if (name := settings.demo_of(url)) and not settings.demo_file(name).exists():
        return
    with databases.opened(url) as engine:
        schema.require_current(engine)
        with databases.reading(engine) as connection:
            auth.require_servable(practice.get(connection), st.get_option("server.address"))


def _health(_request: Request) -> JSONResponse:
    """200 with the newest revision where the database answers, 503 where it does not."""
    try:
        with databases.opened(settings.database_url()) as engine, databases.reading(engine) as connection:
            revision = facts.current_revision(connection)
    except Exception:  # whatever is wrong, the answer is that we are not healthy, and no detail leaves
        return JSONResponse({"status": "unavailable"}, 503)
    return JSONResponse({"status": "ok", "revision": revision})


app = st.App(
    Path(__file__).with_name("app.py"),
    lifespan=_warm,
    routes=[Route("/healthz", _health), Route("/api/inquiries", web_intake.inquiries, methods=["POST"])],
    middleware=[Middleware(SecurityHeaders), Middleware(ClosedPaths)],
)


def run(port: int, *, show: bool = False) -> None:
    """Serve on this machine until stopped; `show` opens a browser window.

    The settings of .streamlit/config.toml hold wherever it is started from.
    """
    settled = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text())
    own = {"server.port": port, "server.headless": not show, "server.showEmailPrompt": False}
    app.run(config=dict(_leaves(settled)) | own)


def _leaves(tree: dict[str, Any], path: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in tree.items():
        if isinstance(value, dict):
            yield from _leaves(value, f"{path}{name}.")
        else:
            yield path + name, value
