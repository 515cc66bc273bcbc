"""The weekly meeting in a real browser: decide, freeze, download, print; a colleague opens the link."""

import io
import re
from pathlib import Path

import pypdf
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.conftest import settled

STYLED = "() => [...document.querySelectorAll('style')].some(one => one.textContent.includes('weekly_block'))"
"""The style for paper is there: Streamlit loads what shows it when it is first needed."""


def test_the_meeting_decides_freezes_and_hands_the_review_on(demo_server: str, browser: Browser, page: Page) -> None:
    """Nothing of it takes anybody off the page; the link opens the same week, filters and block for a colleague."""
    page.goto(f"{demo_server}/weekly_review?location=Downtown")
    settled(page)
    expect(page.get_by_text("location Downtown").first).to_be_visible()
    page.locator(".st-key-weekly_block_response").get_by_role("button", name="Decide").click()
    form = page.get_by_test_id("stPopoverBody")
    form.get_by_label("What is to be done?").fill("Second person on the phones")
    form.get_by_role("combobox", name="Owner").click()
    page.get_by_role("option", name="Intake desk").click()
    form.get_by_role("button", name="Write it down").click()
    decided = page.locator(".st-key-weekly_block_decided")
    expect(decided.get_by_text("Second person on the phones")).to_be_visible()
    expect(decided.get_by_text("Answered in time, Downtown")).to_be_visible()
    expect(page.get_by_test_id("stPopoverBody")).to_have_count(0)

    page.get_by_role("button", name="Freeze this week").click()
    expect(page.get_by_text("this is what the meeting saw").first).to_be_visible()
    settled(page)
    with page.expect_download() as downloaded:
        page.get_by_role("button", name="PDF").click()
    pages = pypdf.PdfReader(Path(downloaded.value.path())).pages
    assert "location Downtown" in pages[0].extract_text()
    assert re.fullmatch(r"weekly-review-20\d\d-W\d\d\.pdf", downloaded.value.suggested_filename)

    colleague = browser.new_context(viewport={"width": 1024, "height": 900}, locale="en-US").new_page()
    page.get_by_role("link", name="Capacity for the next").click()
    assert page.url.endswith("#capacity")
    colleague.goto(page.url)
    settled(colleague)
    colleague.wait_for_selector(".st-key-weekly_block_numbers img")  # what is above has come to its height
    expect(colleague.get_by_role("heading", name="Capacity for the next")).to_be_in_viewport()
    expect(colleague.get_by_text("this is what the meeting saw").first).to_be_visible()
    expect(colleague.get_by_text("location Downtown").first).to_be_visible()
    for table in colleague.get_by_test_id("stTable").all():
        box = table.bounding_box()
        assert box
        assert box["x"] + box["width"] <= 1024, "no table is cut"
    colleague.context.close()


@pytest.mark.parametrize("paper", ["A4", "Letter"])
def test_the_page_prints_on_two_sheets(demo_server: str, page: Page, paper: str) -> None:
    """Without its buttons, and with every block."""
    page.goto(f"{demo_server}/weekly_review")
    settled(page)
    page.wait_for_selector(".st-key-weekly_block_capacity .js-plotly-plot")
    page.wait_for_function(STYLED)
    printed = pypdf.PdfReader(io.BytesIO(page.pdf(format=paper, print_background=True))).pages
    read = " ".join(sheet.extract_text() for sheet in printed)
    assert len(printed) == 2
    for title in ("The week in numbers", "What is red", "Response", "Matured funnel", "New actions"):
        assert title in read
    assert "Freeze" not in read
