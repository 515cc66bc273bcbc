"""A manager brings a spreadsheet in, in a real browser: tried out, imported, counted on the funnel, and undone."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import xlsxwriter
from playwright.sync_api import Page, expect

from tests.e2e.conftest import served, settled

HEADINGS = ("Case", "Came in", "Clinic", "Referred by", "How", "Appointment date", "Status")


@pytest.fixture(scope="module")
def empty_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """`handoff demo --practice empty`, as the README says."""
    command = ("-m", "dashboard.cli", "demo", "--practice", "empty", "--port")
    with served(tmp_path_factory.mktemp("home"), *command) as address:
        yield address


def spreadsheet(path: Path, rows: int) -> Path:
    """A practice's own: a title, a blank row, headings, and a total below."""
    now = datetime.now(UTC).replace(tzinfo=None)  # noqa: TID251  # the server's clock is the wall's
    with xlsxwriter.Workbook(str(path), {"default_date_format": "yyyy-mm-dd hh:mm"}) as book:
        sheet = book.add_worksheet("Inquiries")
        sheet.write(0, 0, "Our inquiries")
        sheet.write_row(2, 0, HEADINGS)
        for n in range(rows):
            came = now - timedelta(days=10 + n % 90, hours=n % 5)
            done = ("Completed", "No show", "New")[n % 3]
            visit = came + timedelta(days=6) if n % 3 < 2 else None
            cells = [
                f"C-{n}",
                came,
                ("North", "South")[n % 2],
                f"Partner {n % 7}",
                ("Phone", "Fax")[n % 2],
                visit,
                done,
            ]
            sheet.write_row(n + 3, 0, cells)
        sheet.write_row(rows + 3, 0, ["Total", rows])
    return path


def test_a_practice_brings_its_spreadsheet_in_and_takes_it_back(empty_server: str, page: Page, tmp_path: Path) -> None:
    """From the empty practice to its funnel and back, with nothing typed but one choice."""
    page.goto(f"{empty_server}/imports")
    settled(page)
    page.locator("input[type=file]").set_input_files(spreadsheet(tmp_path / "inquiries.xlsx", 300))
    expect(page.get_by_text("headings in line 3, sheet Inquiries")).to_be_visible()
    settled(page)
    main = page.get_by_test_id("stMain")
    main.get_by_role("button", name="Try it out").click()
    expect(page.get_by_text("300 would be added")).to_be_visible()
    expect(page.get_by_text("1 would be rejected")).to_be_visible()
    settled(page)
    main.get_by_role("button", name="Import 300 leads").click()
    expect(page.get_by_text("300 added")).to_be_visible()
    settled(page)

    page.get_by_role("link", name="Funnel").click()
    page.get_by_role("heading", name="Funnel", exact=True).wait_for()
    settled(page)
    finding = r"Of 300 leads headed for a visit, 200 \(.+?\) were scheduled and 100 \(.+?\) came"
    expect(main.get_by_text(re.compile(finding))).to_be_visible()

    page.get_by_role("link", name="Import", exact=True).click()
    page.get_by_role("heading", name="Import", exact=True).wait_for()
    settled(page)
    main.get_by_role("radio", name="Earlier imports").or_(
        main.get_by_role("button", name="Earlier imports")
    ).first.click()
    settled(page)
    main.locator(".dvn-scroller").first.click(position={"x": 15, "y": 55})
    expect(page.get_by_role("heading", name="Import 1")).to_be_visible()
    main.get_by_role("button", name="See what undoing it would do").click()
    expect(page.get_by_text("that nobody touched since would be removed")).to_be_visible()
    settled(page)
    main.get_by_role("button", name="Undo import 1: remove 300 leads").click()
    expect(page.get_by_text("Import 1 is undone: 300 leads removed.")).to_be_visible()
    page.get_by_role("link", name="Funnel").click()
    expect(main.get_by_text("This practice has no leads yet")).to_be_visible()


def test_a_long_import_is_cancelled_and_leaves_nothing(empty_server: str, page: Page, tmp_path: Path) -> None:
    """While its bar moves; the page says that nothing was written."""
    page.goto(f"{empty_server}/imports")
    settled(page)
    lines = ["Case ID,Created,Clinic"] + [f"C-{n},2026-01-{n % 28 + 1:02} 09:{n % 60:02},North" for n in range(60_000)]
    (tmp_path / "many.csv").write_text("\n".join(lines))
    page.locator("input[type=file]").set_input_files(tmp_path / "many.csv")
    expect(page.get_by_text("3 columns, headings in line 1")).to_be_visible()
    settled(page)
    page.get_by_role("button", name="Try it out").click()
    expect(page.get_by_text("Trying it out: ")).to_be_visible()
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_text("It was cancelled; nothing was written.")).to_be_visible()
    main = page.get_by_test_id("stMain")
    main.get_by_role("radio", name="Earlier imports").or_(
        main.get_by_role("button", name="Earlier imports")
    ).first.click()
    settled(page)
    expect(
        page.get_by_text("Nothing was imported yet.").or_(page.get_by_text("Choose one to see its mapping"))
    ).to_be_visible()
