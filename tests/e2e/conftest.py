"""A served Handoff and a real browser."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests import demos
from tests.e2e import chromium

ROOT = Path(__file__).parents[2]
PATIENCE = 45_000
"""Milliseconds that a busy machine is given to show what is expected; a quick one takes none of them."""
expect.set_options(timeout=PATIENCE)
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@contextmanager
def served(home: Path, *command: str, **environment: str) -> Iterator[str]:
    """Run a command that serves Handoff on a free port; yields the address once it answers."""
    with running(home, *command, **environment) as (address, _):
        yield address


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@contextmanager
def running(
    home: Path, *command: str, port: int | None = None, **environment: str
) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """`served`, with its process, which may have died when the block ends."""
    port = port or free_port()
    log = (home / f"server-{port}.log").open("w+")
    env = {**os.environ, "HANDOFF_HOME": str(home), **environment}
    process = subprocess.Popen([sys.executable, *command, str(port)], cwd=ROOT, env=env, stdout=log, stderr=log)
    address = f"http://127.0.0.1:{port}"
    try:
        deadline = time.monotonic() + 120
        while True:
            if process.poll() is not None or time.monotonic() > deadline:
                log.seek(0)
                pytest.fail(f"the server did not come up:\n{log.read()}")
            try:
                httpx.get(f"{address}/_stcore/health", timeout=2)
                break
            except httpx.TransportError:
                time.sleep(0.2)
        yield address, process
    finally:
        process.terminate()
        process.wait(20)
        log.close()


@pytest.fixture(scope="session")
def demo_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """`handoff demo`, as `make run` starts it the second time: the practice is there."""
    home = tmp_path_factory.mktemp("home")
    demos.copy(tmp_path_factory, "specialty", home / "demo-specialty.db", until=None)
    with served(home, "-m", "dashboard.cli", "demo", "--port") as address:
        yield address


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """A headless Chromium. Where there is none, the tests fail."""
    path = chromium.installed() or chromium.downloaded()
    assert path, "no Chromium: run `make test`, which finds or installs one"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A fresh visitor."""
    context = browser.new_context(viewport={"width": 1440, "height": 1000}, locale="en-US")
    page = context.new_page()
    page.set_default_timeout(PATIENCE)
    yield page
    context.close()


def settled(page: Page) -> Page:
    """The page once its script has run and its socket is connected."""
    page.wait_for_selector("[data-testid=stApp][data-test-script-state=notRunning]")
    page.wait_for_selector("h1")
    page.wait_for_timeout(300)
    page.wait_for_selector("[data-testid=stApp][data-test-script-state=notRunning]")
    return page
