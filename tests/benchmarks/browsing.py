"""How long a person waits after choosing a filter, in a real Chromium, beside two pages that count nothing: an empty Streamlit
page with as many charts, and one that sends again, byte by byte, what the page itself sent.

    python -m tests.benchmarks.browsing --leads 10000 100000 1000000

A click is taken to last until the page stops changing: the script has ended, and nothing in the main part was added, removed
or altered for a while; what is counted is the time of the last change. What a table tells screen readers, it tells them a
quarter of a second after it has changed; that is left out.
"""

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from tests.benchmarks.growing import practice_file
from tests.e2e import chromium
from tests.e2e.conftest import FLAGS, ROOT, free_port, served, settled

PAGES = ("funnel", "response_times", "partners", "conversion", "trends", "weekly_review")
QUIET_MS = 250
_WATCH = """() => {
    const main = document.querySelector('[data-testid=stMain]');
    window.clicked = window.changed = 0;
    window.watched?.disconnect();
    window.watched = new MutationObserver(changes => {
        const where = one => one.target.nodeType === Node.ELEMENT_NODE ? one.target : one.target.parentElement;
        if (changes.some(one => !where(one)?.closest('canvas'))) window.changed = performance.now();
    });
    window.watched.observe(main, {subtree: true, childList: true, attributes: true, characterData: true});
    for (const kind of ['click', 'keydown'])
        document.addEventListener(kind, () => { window.clicked ||= performance.now() }, {capture: true, once: true});
}"""
_STILL = """quiet => window.changed > 0 && performance.now() - window.changed > quiet
    && document.querySelector('[data-testid=stApp]').dataset.testScriptState === 'notRunning'"""


def choose(page: Page) -> float:
    """Milliseconds from the click on an option of the location filter until the page has changed."""
    option = page.get_by_role("option", name="Downtown")
    for _ in range(3):  # a list that is drawn anew just then closes again
        page.get_by_role("combobox", name="Location").first.click()
        page.wait_for_timeout(300)
        if option.is_visible():
            break
    page.evaluate(_WATCH)
    option.click()
    return _waited(page)


def clear(page: Page) -> float:
    """The same for taking the choice back."""
    page.keyboard.press("Escape")
    page.evaluate(_WATCH)
    page.get_by_role("combobox", name="Location").first.press("Backspace")
    return _waited(page)


def _waited(page: Page) -> float:
    page.wait_for_function(_STILL, arg=QUIET_MS)
    return float(page.evaluate("window.changed - window.clicked"))


def save(page: Page, address: str, times: int) -> float:
    """Milliseconds from the click that saves an inquiry until the page says that it was saved; the median."""
    page.goto(f"{address}/log_inquiry")
    settled(page)
    took = []
    for _ in range(times):
        page.get_by_role("radio", name="Web form", exact=True).check()
        page.wait_for_timeout(3500)  # another click on an untouched form before that is taken for the second of two
        page.evaluate(_UNTIL_SAVED, [_SAVED, page.get_by_text(_SAVED).all_text_contents()])
        page.get_by_role("button", name="Save inquiry").click()
        page.wait_for_function("() => window.saved > 0")
        took.append(float(page.evaluate("window.saved - window.clicked")))
    return statistics.median(took)


_SAVED = "was saved, patient pathway"
_UNTIL_SAVED = """([saved, before]) => {
    window.saved = window.clicked = 0;
    document.addEventListener('click', () => { window.clicked ||= performance.now() }, {capture: true, once: true});
    new MutationObserver((_changes, watcher) => {
        const said = [...document.querySelectorAll('p')].map(one => one.textContent)
            .filter(text => text.includes(saved) && !before.includes(text));
        if (said.length) { window.saved = performance.now(); watcher.disconnect(); }
    }).observe(document.body, {subtree: true, childList: true, characterData: true});
}"""
_CHARTS = ".js-plotly-plot, [data-testid=stImage]"


def clicks(page: Page, address: str, times: int) -> tuple[float, float, int]:
    """The first click on a page, and the median of those after it, in milliseconds; and how many charts the page has."""
    page.goto(address)
    settled(page)
    page.wait_for_timeout(1000)
    took = []
    for _ in range(times):
        took += [choose(page), clear(page)]
    return took[0], statistics.median(took[2:]), page.locator(_CHARTS).count()


@contextmanager
def bare(script: str, argument: object) -> Iterator[str]:
    """A script beside this one, served by the bare `streamlit run`."""
    port = free_port()
    command = [sys.executable, "-m", "streamlit", "run", str(Path(__file__).with_name(script)), "--server.port",
               str(port), "--server.headless", "true", "--browser.gatherUsageStats", "false", "--", str(argument)]  # fmt: skip
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=ROOT)
    time.sleep(4)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait()


def main() -> None:
    """Print a table: page, charts, and milliseconds for each number of leads and for the floors."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--leads", type=int, nargs="+", default=[10_000, 100_000])
    parser.add_argument("--pages", nargs="+", default=PAGES)
    parser.add_argument("--times", type=int, default=6)
    a = parser.parse_args()
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as folder:
        browser = playwright.chromium.launch(executable_path=chromium.installed() or chromium.downloaded(), args=FLAGS)

        def fresh() -> Page:
            return browser.new_context(viewport={"width": 1440, "height": 1000}, locale="en-US").new_page()

        charts: dict[str, int] = {}
        for leads in a.leads:
            home = Path(folder) / str(leads)
            home.mkdir()
            practice_file(home / "demo-specialty.db", leads)
            with served(home, "-m", "dashboard.cli", "demo", "--port") as address:
                for name in a.pages:
                    first, usual, charts[name] = clicks(fresh(), f"{address}/{name}", a.times)
                    print(f"{leads:>9,} {name:<16} {charts[name]} charts  first {first:5.0f} ms  usual {usual:5.0f} ms")
                saved = save(fresh(), address, a.times)
                print(f"{leads:>9,} log inquiry until it says that it was saved {saved:5.0f} ms")
        for name, number in charts.items():
            with bare("floor_page.py", number) as address:
                first, usual, _ = clicks(fresh(), address, a.times)
                print(f"    {name:<16} empty, {number} charts  first {first:5.0f} ms  usual {usual:5.0f} ms")
            file = home / f"{name}.runs"
            with served(home, "-m", "tests.benchmarks.recording", str(file), "demo", "--port") as address:
                clicks(fresh(), f"{address}/{name}", 3)
            with bare("replayed_page.py", file) as address:
                first, usual, _ = clicks(fresh(), address, a.times)
                print(f"    {name:<16} its own messages  first {first:5.0f} ms  usual {usual:5.0f} ms")
        browser.close()


if __name__ == "__main__":
    main()
