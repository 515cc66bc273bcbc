"""Streamlit's own scripts and styles, compressed: it serves them as they are, nine megabytes on somebody's first visit."""

import gzip
import mimetypes
from functools import cache
from pathlib import Path

from anyio import to_thread
from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send
from streamlit import file_util

_KINDS = (".js", ".css")
_FOR_GOOD = "public, immutable, max-age=31536000"
"""As Streamlit lets them be kept: their names change with what they hold."""


class CompressedScripts:
    """Answers requests for scripts and styles, each of which is compressed once in the life of this process."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self.folder = Path(file_util.get_static_dir()).resolve()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, unless it is for one of them by a browser that takes it compressed."""
        file = self._asked_for(scope)
        if file is None:
            await self.app(scope, receive, send)
            return
        body = await to_thread.run_sync(_compressed, file)
        headers = {"content-encoding": "gzip", "vary": "Accept-Encoding", "cache-control": _FOR_GOOD}
        await Response(body, headers=headers, media_type=mimetypes.types_map[file.suffix])(scope, receive, send)

    def _asked_for(self, scope: Scope) -> Path | None:
        if (
            scope["type"] != "http"
            or scope["method"] not in ("GET", "HEAD")
            or not scope["path"].startswith("/static/")
        ):
            return None
        headers = Headers(scope=scope)
        if "gzip" not in headers.get("accept-encoding", "") or "range" in headers:
            return None
        file = (self.folder / scope["path"].lstrip("/")).resolve()
        there = file.is_relative_to(self.folder) and file.suffix in _KINDS and file.is_file()
        return file if there else None


@cache
def _compressed(file: Path) -> bytes:
    return gzip.compress(file.read_bytes(), 6, mtime=0)
