"""What a newcomer does first, in a real browser: open the demo, filter, read the funnel, log an inquiry, see it counted."""

import re
from pathlib import Path
from urllib.parse import urlparse

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from dashboard.guards import HEADERS
from tests import factories
from tests.conftest import sqlite
from tests.e2e.conftest import PATIENCE, ROOT, served, settled

PAGES = sorted(p.stem for p in (ROOT / "pages").glob("*.py"))


def captured(page: Page) -> int:
    """The number of leads in the page's finding."""
    text = page.locator("[data-testid=stMarkdown]", has_text="headed for a visit").first.inner_text()
    found = re.search(r"Of ([\d,]+) leads?", text)
    assert found, text
    return int(found[1].replace(",", ""))


def choose(page: Page, label: str, option: str) -> None:
    wanted = page.get_by_role("option", name=option, exact=True).first
    page.get_by_role("combobox", name=label).first.click()
    page.wait_for_timeout(500)
    if not wanted.is_visible():  # a list that was still being drawn has closed the menu again
        page.get_by_role("combobox", name=label).first.click()
    wanted.click()
    page.keyboard.press("Escape")
    settled(page)


def press(page: Page, pill: str) -> None:
    page.get_by_role("radio", name=pill).or_(page.get_by_role("button", name=pill)).first.click()
    settled(page)


def test_the_first_journey(demo_server: str, page: Page) -> None:
    """Filter by a location, read the funnel, log an inquiry there, and see one more lead."""
    calls: list[str] = []
    page.on("request", lambda request: calls.append(request.url))
    page.goto(demo_server)
    settled(page)
    everyone = captured(page)

    choose(page, "Location", "Riverside")
    expect(page.get_by_text("location Riverside", exact=False).first).to_be_visible()
    assert "location=Riverside" in page.url
    riverside = captured(page)
    assert 0 < riverside < everyone

    page.get_by_role("link", name="Log inquiry").click()
    page.get_by_role("heading", name="Log inquiry").wait_for()
    settled(page)
    form = page.get_by_test_id("stMain")
    press(page, "Web form")
    page.get_by_role("textbox", name="Patient reference").fill("A-1047")
    form.get_by_role("combobox", name="Location").click()
    page.get_by_role("option", name="Riverside", exact=True).click()
    form.get_by_role("button", name="Save inquiry").click()
    saved = page.get_by_text(re.compile(r"Inquiry \d+ was saved, patient pathway\. Respond by"))
    expect(saved.first).to_be_visible()
    expect(page.get_by_role("heading", name="Your last entries")).to_be_visible()
    expect(page.get_by_role("textbox", name="Patient reference")).to_have_value("")  # the next inquiry starts clean

    page.get_by_role("link", name="Funnel").click()
    page.get_by_role("heading", name="Funnel", exact=True).wait_for()
    settled(page)
    assert "location=Riverside" in page.url, "the filter came along"
    assert captured(page) == riverside + 1

    outside = [
        url for url in calls if urlparse(url).scheme in ("http", "https") and urlparse(url).hostname != "127.0.0.1"
    ]
    assert not outside, "nothing is called outside"


def test_a_link_reopens_the_same_view_in_another_browser(demo_server: str, browser: Browser) -> None:
    """What stands in the meeting's notes shows the same figure to a colleague."""
    figures = []
    for _ in range(2):
        context = browser.new_context()
        page = context.new_page()
        page.goto(f"{demo_server}/funnel?location=Downtown&period=Last+12+months")
        settled(page)
        figures.append(captured(page))
        context.close()
    assert figures[0] == figures[1]


@pytest.mark.parametrize(
    ("where", "mark"),
    [
        ("", ".bars .point path >> nth=5"),
        ("response_times", ".js-plotly-plot >> nth=0 >> .points path >> nth=4"),
        ("response_times", ".js-plotly-plot >> nth=1 >> .points path >> nth=0"),
        ("conversion", ".js-plotly-plot >> nth=1 >> .points path >> nth=4"),
        ("partners?period=All+time", ".js-plotly-plot .points path >> nth=3"),
    ],
    ids=["a funnel's bar", "a week due", "a location", "a week received", "a partner"],
)
def test_a_click_on_any_mark_opens_the_leads_behind_it(where: str, mark: str, demo_server: str, page: Page) -> None:
    """On every chart there is."""
    page.goto(f"{demo_server}/{where}")
    settled(page)
    page.locator(mark).wait_for()
    lists = page.get_by_role("heading", name=re.compile(r": [\d,]+ leads?$"))
    before = lists.count()
    box = page.locator(mark).bounding_box()
    assert box
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    expect(lists).to_have_count(before + 1)
    expect(page.get_by_text("error")).to_have_count(0)


def test_what_was_clicked_in_a_table_is_forgotten_when_its_rows_change(demo_server: str, page: Page) -> None:
    """A patient's cell, then only clinicians: no list of somebody else's leads, and no error."""
    page.goto(demo_server)
    settled(page)
    table = page.locator(".dvn-scroller").first
    table.click(position={"x": 225, "y": 17 + 35 * 7})  # a row of the patient pathway
    lists = page.get_by_role("heading", name=re.compile(r"^Patient, .*: [\d,]+ leads?$"))
    expect(lists).to_have_count(1)
    settled(page)
    choose(page, "Pathway", "Clinician")
    expect(page.get_by_role("heading", name=re.compile(r": [\d,]+ leads?$"))).to_have_count(0)
    expect(page.get_by_text("error")).to_have_count(0)


def test_what_was_typed_and_its_saving_leave_in_one_message(demo_server: str, page: Page) -> None:
    """A second message right behind the click would break its run off (ADR 14)."""
    sent: list[bytes] = []
    page.on("websocket", lambda socket: socket.on("framesent", lambda frame: sent.append(bytes(frame))))
    page.goto(f"{demo_server}/log_inquiry")
    settled(page)
    press(page, "Email")
    page.get_by_role("textbox", name="Patient reference").fill("ONE-1")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_text(re.compile(r"Inquiry \d+ was saved")).first).to_be_visible()
    assert len([frame for frame in sent if b"ONE-1" in frame]) == 1


@pytest.mark.parametrize("gap", [0, 150, 400])
@pytest.mark.parametrize("by", ["mouse", "keys"])
def test_saving_twice_makes_one_lead(gap: int, by: str, demo_server: str, page: Page) -> None:
    """A double click, quick or slow, and the shortcut pressed twice."""
    page.goto(f"{demo_server}/log_inquiry")
    settled(page)
    press(page, "Email")
    reference = f"{by[0]}{gap}"
    page.get_by_role("textbox", name="Patient reference").fill(reference)
    page.get_by_role("button", name="Save inquiry").scroll_into_view_if_needed()
    button = page.get_by_role("button", name="Save inquiry").bounding_box()
    assert button
    for _ in range(2):
        if by == "mouse":
            page.mouse.click(button["x"] + 20, button["y"] + button["height"] / 2)
        else:
            page.keyboard.press("Control+Enter")
        page.wait_for_timeout(gap)
    saved = page.get_by_text(re.compile(r"Inquiry (\d+) was saved")).first
    expect(saved).to_be_visible()
    number = int(re.search(r"Inquiry (\d+)", saved.inner_text())[1])
    settled(page)
    page.goto(f"{demo_server}/log_inquiry")
    settled(page)
    press(page, "Email")
    page.get_by_role("textbox", name="Patient reference").fill(f"n{by[0]}{gap}")
    page.keyboard.press("Control+Enter")
    after = page.get_by_text(re.compile(r"Inquiry (\d+) was saved")).first
    expect(after).to_be_visible()
    assert int(re.search(r"Inquiry (\d+)", after.inner_text())[1]) == number + 1, "one lead in between was saved twice"


@pytest.fixture(scope="session")
def private_server(tmp_path_factory: pytest.TempPathFactory):
    """`streamlit run dashboard/app.py` over a practice's own database, before sign-in is configured."""
    home = tmp_path_factory.mktemp("own")
    world = factories.found(sqlite(home / "own.db"))
    factories.log(world, reference="SECRET-1")
    command = ("-m", "streamlit", "run", "dashboard/app.py", "--server.port")
    with served(home, *command, HANDOFF_DATABASE_URL=f"sqlite:///{home / 'own.db'}") as address:
        yield address


@pytest.mark.parametrize("name", PAGES)
def test_a_deep_link_on_a_fresh_server_shows_nothing_to_the_signed_out(
    name: str, private_server: str, page: Page
) -> None:
    """The gate stands before every page, on the first request that a server ever gets, too."""
    page.goto(f"{private_server}/{name}")
    expect(page.get_by_role("heading", name="Not signed in")).to_be_visible()
    content = page.content()
    for secret in ("SECRET", "Two Doors", "Lakeside", "North"):
        assert secret not in content
    assert page.get_by_test_id("stDataFrame").count() == 0
    assert page.locator(".js-plotly-plot").count() == 0
    assert page.get_by_test_id("stSidebarNav").count() == 0


def test_streamlit_run_opens_the_demo(tmp_path: Path, page: Page) -> None:
    """Without any setting, from the root of the project."""
    command = ("-m", "streamlit", "run", "dashboard/app.py", "--server.port")
    page.set_default_timeout(3 * PATIENCE)  # the practice is made first
    with served(tmp_path, *command) as address:
        page.goto(address)
        settled(page)
        assert captured(page) > 100


def test_every_answer_carries_the_security_headers(demo_server: str) -> None:
    """Pages, scripts and the health check."""
    for path in ("/", "/healthz", "/partners"):
        answer = httpx.get(demo_server + path)
        for name, value in HEADERS:
            assert answer.headers[name.decode()] == value.decode(), (path, name)


def test_scripts_come_compressed_and_whole(demo_server: str) -> None:
    """To a browser that takes them so; with the same headers, and nothing from outside their folder."""
    scripts = re.findall(r"\./(static/js/[\w.-]+\.js)", httpx.get(demo_server).text)
    sent = whole = 0
    for script in scripts:
        plain, small = (
            httpx.get(f"{demo_server}/{script}", headers={"accept-encoding": one}) for one in ("identity", "gzip")
        )
        assert "content-encoding" not in plain.headers
        assert small.headers["content-encoding"] == "gzip"
        assert small.content == plain.content
        sent, whole = sent + int(small.headers["content-length"]), whole + len(plain.content)
        for name in ("content-type", "cache-control", "x-content-type-options"):
            assert small.headers[name] == plain.headers[name]
    assert 0 < sent < whole / 2
    outside = httpx.get(f"{demo_server}/static/..%2f..%2f..%2fplotly%2fpackage_data%2fplotly.min.js")  # it is there
    assert outside.status_code == 400


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/_stcore/metrics"), ("GET", "/_stcore/agent/openapi.json"), ("POST", "/_stcore/agent/interact"),
     ("POST", "/_stcore/agent/mcp"), ("GET", "/partners/_stcore/metrics"), ("GET", "/_stcore/%6detrics")],
)  # fmt: skip
def test_what_streamlit_offers_to_everybody_is_closed(method: str, path: str, demo_server: str) -> None:
    """How its caches are filled, and a way to drive the pages without a browser; its own health check is open."""
    assert httpx.request(method, demo_server + path).status_code == 404
    assert httpx.get(f"{demo_server}/_stcore/health").status_code == 200


def test_the_health_check_tells_the_revision(demo_server: str) -> None:
    """200 and a number that grows."""
    answer = httpx.get(f"{demo_server}/healthz")
    assert answer.status_code == 200
    assert answer.json()["status"] == "ok"
    assert answer.json()["revision"] > 0


_CUT = """main => [...main.querySelectorAll('.js-plotly-plot')].flatMap(chart => {
    const room = chart.querySelector('.main-svg').getBoundingClientRect();
    const label = '.xtick text, .ytick text, .g-xtitle text, .legendtext, .annotation-text';
    return [...chart.querySelectorAll(label)].filter(one => {
        const {left, right, top, bottom} = one.getBoundingClientRect();
        return left < room.left - 1 || right > room.right + 1 || top < room.top - 1 || bottom > room.bottom + 1;
    }).map(one => one.textContent);
})"""


def test_no_page_scrolls_sideways_and_no_chart_cuts_a_label(demo_server: str, page: Page) -> None:
    """On a small laptop, and on a phone."""
    fits = "main => main.scrollWidth <= main.clientWidth + 1"
    for name in ("", *(name for name in PAGES if name != "funnel")):
        page.set_viewport_size({"width": 1024, "height": 900})
        page.goto(f"{demo_server}/{name}")
        settled(page)
        main = page.get_by_test_id("stMain")
        assert main.evaluate(fits), name
        assert main.evaluate(_CUT) == [], name
        page.set_viewport_size({"width": 375, "height": 900})
        page.wait_for_timeout(500)  # what is drawn by scripts is drawn anew
        assert main.evaluate(fits), name
        assert main.evaluate(_CUT) == [], name
