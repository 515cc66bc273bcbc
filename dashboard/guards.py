"""What stands between the network and Streamlit: closed paths, headers, and cookies kept closer than Streamlit keeps them.

Pure ASGI, so that websockets and streamed answers pass through untouched.
"""

import json
from collections.abc import Callable
from http.cookies import CookieError, SimpleCookie
from itertools import pairwise
from typing import Any
from urllib.parse import urlsplit

from anyio import to_thread
from itsdangerous import BadData, URLSafeTimedSerializer
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from streamlit.auth_util import get_cookie_with_chunks

from dashboard.navigation import TITLES

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
_ENCRYPTED_ONLY = (b"strict-transport-security", b"max-age=31536000")
CLOSED = ("metrics", "agent")
"""Below /_stcore."""
USER_COOKIE = "_streamlit_user"
_RETURN_COOKIE = "handoff_return"
_RETURN_SECONDS = 600


class SecurityHeaders:
    """Adds HEADERS to every HTTP answer; `encrypted`: staff come by https, and should come by nothing else."""

    def __init__(self, app: ASGIApp, *, encrypted: bool = False) -> None:
        self.app = app
        self.headers = (*HEADERS, *([_ENCRYPTED_ONLY] if encrypted else []))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on."""

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], *self.headers]
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


class OwnSignOut:
    """Signs somebody out only when they go there themselves: not because a picture or a frame somewhere asks for it."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, unless it is one for the way out that no page is opened by."""
        leaving = scope["type"] == "http" and scope["path"] == "/auth/logout"
        if leaving and Headers(scope=scope).get("sec-fetch-dest", "document") != "document":
            await PlainTextResponse("Open this yourself", 403)(scope, receive, send)
        else:
            await self.app(scope, receive, send)


class HardenCookies:
    """Lets the cookie of a sign-in live no longer than the sign-in, and no cookie travel unencrypted.

    Streamlit lets it live for 30 days, and sets no Secure.
    """

    def __init__(self, app: ASGIApp, *, seconds: int, encrypted: bool) -> None:
        self.app, self.seconds, self.encrypted = app, seconds, encrypted

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on."""

        async def hardened(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [
                    (name, self._hardened(value) if name.lower() == b"set-cookie" else value)
                    for name, value in message["headers"]
                ]
            await send(message)

        await self.app(scope, receive, hardened if scope["type"] == "http" else send)

    def _hardened(self, value: bytes) -> bytes:
        parts = [part.strip() for part in value.decode("latin-1").split(";")]
        if parts[0].startswith(USER_COOKIE):
            parts = [
                f"Max-Age={min(int(part[8:]), self.seconds)}" if part.lower().startswith("max-age=") else part
                for part in parts
                if not part.lower().startswith("expires=")
            ]
        if self.encrypted and "secure" not in {part.lower() for part in parts}:
            parts.append("Secure")
        return "; ".join(parts).encode("latin-1")


class ReturnTo:
    """Brings somebody who signs in back to the page and the filters that they came for; Streamlit goes to the first page."""

    def __init__(self, app: ASGIApp, *, encrypted: bool) -> None:
        self.app, self.encrypted = app, encrypted

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on."""
        if scope["type"] != "http" or scope["path"] not in ("/auth/login", "/oauth2callback"):
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)

        async def returning(message: Message) -> None:
            if message["type"] == "http.response.start":
                answer = MutableHeaders(raw=message["headers"])
                if scope["path"] == "/auth/login":
                    if wanted := own_address(headers.get("referer", ""), headers.get("host", "")):
                        answer.append("set-cookie", self._cookie(wanted, _RETURN_SECONDS))
                elif message["status"] == 302 and answer.get("location") == "/":
                    wanted = _cookies(headers).get(_RETURN_COOKIE, "")
                    if own := own_address(wanted, ""):
                        answer["location"] = own
                    answer.append("set-cookie", self._cookie("", 0))
                message["headers"] = answer.raw
            await send(message)

        await self.app(scope, receive, returning)

    def _cookie(self, value: str, seconds: int) -> str:
        cookie: SimpleCookie = SimpleCookie({_RETURN_COOKIE: value})
        flags: dict[str, Any] = {"httponly": True, "samesite": "Lax", "secure": self.encrypted}
        cookie[_RETURN_COOKIE].update({"path": "/oauth2callback", "max-age": str(seconds)} | flags)
        return cookie[_RETURN_COOKIE].OutputString()


def own_address(wanted: str, host: str) -> str:
    """The path and query of one of our own pages at this host (empty: given without one); empty where it is anything else."""
    try:
        parts = urlsplit(wanted)
    except ValueError:
        return ""
    page = parts.path.strip("/")
    if parts.netloc != host or page not in TITLES or not wanted.isprintable():
        return ""
    return f"/{page}" + (f"?{parts.query}" if parts.query else "")


class SignedInDownloads:
    """Gives what a page offers for download only to somebody who is signed in; Streamlit gives it to whoever has the address.

    Parameters
    ----------
    stands : callable
        Whether somebody of the staff is signed in by what the cookie says.
    """

    def __init__(
        self, app: ASGIApp, *, cookie_secret: str, seconds: int, stands: Callable[[dict[str, Any]], bool]
    ) -> None:
        self.app, self.stands, self.seconds = app, stands, seconds
        self.secret = cookie_secret

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, unless it asks for a download and nobody is signed in."""
        if scope["type"] == "http" and scope["path"].startswith("/media/"):  # fonts lie below /static/media/
            claims = self._claims(_cookies(Headers(scope=scope)))
            if not claims or not await to_thread.run_sync(self.stands, claims):
                await PlainTextResponse("Sign in first", 403)(scope, receive, send)
                return
        await self.app(scope, receive, send)

    def _claims(self, cookies: dict[str, str]) -> dict[str, Any]:
        """What the provider said, where our own signature is on it."""

        def signed(name: str) -> bytes | None:
            signer = URLSafeTimedSerializer(self.secret, salt=name)
            return str(signer.loads(cookies[name], max_age=self.seconds)).encode() if name in cookies else None

        try:
            claims = json.loads(get_cookie_with_chunks(signed, USER_COOKIE) or b"{}")
        except (BadData, ValueError):
            return {}
        return claims if isinstance(claims, dict) else {}


def _cookies(headers: Headers) -> dict[str, str]:
    try:
        return {name: morsel.value for name, morsel in SimpleCookie(headers.get("cookie", "")).items()}
    except CookieError:
        return {}
