"""Two servers on one PostgreSQL, behind a proxy that keeps each browser with the server that it came to first."""

import re
import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from socketserver import BaseRequestHandler, ThreadingTCPServer

import pytest
import sqlalchemy as sa
from playwright.sync_api import Browser, Page, expect

from dashboard import clock
from data_access import tables as t
from data_access.engine import writing
from tests import factories
from tests.conftest import Engine, empty
from tests.e2e.conftest import PATIENCE, served, settled

SEEN_WITHIN_MS = 5_000


@contextmanager
def affine_proxy(ports: list[int]) -> Iterator[str]:
    """Passes each connection on to the server that its cookie `replica` names."""

    class Passing(BaseRequestHandler):
        def handle(self) -> None:
            head = b""
            while b"\r\n\r\n" not in head and (data := self.request.recv(2**16)):
                head += data
            named = re.search(rb"replica=(\d)", head)
            with socket.create_connection(("127.0.0.1", ports[int(named[1]) if named else 0])) as there:
                there.sendall(head)
                back = threading.Thread(target=_pass_on, args=(there, self.request), daemon=True)
                back.start()
                _pass_on(self.request, there)
                back.join()

    with ThreadingTCPServer(("127.0.0.1", 0), Passing) as server:
        server.daemon_threads, server.block_on_close = True, False
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


def _pass_on(source: socket.socket, to: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(2**16):
            to.sendall(data)
        to.shutdown(socket.SHUT_WR)


@pytest.fixture
def two_servers(postgres: Engine, tmp_path: Path) -> Iterator[str]:
    """Each with a home of its own; they share nothing but the database. Yields the proxy's address."""
    empty(postgres)
    world = factories.found(postgres)
    with writing(postgres) as c:
        c.execute(sa.update(t.practice).values(is_demo=True, demo_until=clock.now().date()))
    factories.log(world, clock.now())
    url = postgres.url.render_as_string(hide_password=False)
    with ExitStack() as stack:
        ports = []
        for name in ("first", "second"):
            (tmp_path / name).mkdir()
            address = stack.enter_context(
                served(tmp_path / name, "-m", "dashboard.cli", "serve", "--database", url, "--port")
            )
            ports.append(int(address.rpartition(":")[2]))
        yield stack.enter_context(affine_proxy(ports))


def visitor(browser: Browser, address: str, replica: int, path: str) -> Page:
    """Somebody whom the proxy keeps with one of the servers."""
    context = browser.new_context(viewport={"width": 1440, "height": 1000}, locale="en-US")
    context.add_cookies([{"name": "replica", "value": str(replica), "url": address}])
    page = context.new_page()
    page.set_default_timeout(PATIENCE)
    page.goto(f"{address}/{path}")
    return settled(page)


def captured(page: Page, leads: int) -> None:
    """Expect the funnel to count so many leads at once, or by a look within the promised time."""
    page.reload()
    expect(page.get_by_text(f"Of {leads} lead", exact=False).first).to_be_visible(timeout=SEEN_WITHIN_MS)


def test_a_lead_that_is_logged_on_one_server_is_counted_on_the_other(two_servers: str, browser: Browser) -> None:
    """And the other way round, again and again: neither misses what the other writes."""
    funnels = [visitor(browser, two_servers, replica, "funnel") for replica in (0, 1)]
    for leads in (2, 3, 4):
        here = leads % 2
        form = visitor(browser, two_servers, here, "log_inquiry").get_by_test_id("stMain")
        form.get_by_role("radio", name="Web form").click()
        form.get_by_role("button", name="Save inquiry").click()
        expect(form.get_by_text("was saved").first).to_be_visible()
        captured(funnels[1 - here], leads)
        captured(funnels[here], leads)
    for page in funnels:
        page.context.close()
