"""An identity that is planted in the database is found nowhere but where it belongs.

Contact details lie encrypted in a table of their own, and are shown on request on the page of one inquiry. A patient's
reference lies in the row and its history, and is shown where one inquiry is worked on.
"""

import io
import json
import logging
import zipfile
from datetime import timedelta
from pathlib import Path
from urllib.parse import unquote

import pytest
import sqlalchemy as sa
from streamlit.runtime.caching import cache_data_api

from dashboard import cli, cli_metrics, exports, privacy_actions, review_loaders
from dashboard.auth import Viewer
from dashboard.filters import Filters
from dashboard.review import document
from data_access import backups, contacts, reviews
from data_access.columns import metadata
from data_access.days import week_number
from data_access.engine import reading, writing
from data_access.vocabulary import ContactField, Role
from tests.dashboard.conftest import NOW, SignIn
from tests.dashboard.test_pages import PAGES, visit
from tests.dashboard.test_scopes import busy, everything, url
from tests.factories import World, log

REFERENCE = "CANARY-REF-1"
DETAILS = {
    ContactField.NAME: "Canaria Birdsong",
    ContactField.PHONE: "555 019 7788",
    ContactField.EMAIL: "canaria@birdsong.example",
}
FINGERPRINT = "c0ffee" * 10 + "cafe"
CONTACT = (*DETAILS.values(), FINGERPRINT, "Birdsong", "0197788", "019 7788")
ALL = (*CONTACT, REFERENCE)
WORK = ("my_day", "lead", "log_inquiry", "data_quality", "response_times")
"""Pages on which single inquiries are worked on, so that their references are shown."""
WEEK = week_number(NOW.date()) - 1


@pytest.fixture
def planted(shown_world: World, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch) -> World:
    """A busy practice with one person in it who can be recognised, received last week and open."""
    world = shown_world
    monkeypatch.setenv("HANDOFF_CONTACT_KEYS", "A" * 43 + "=")
    busy(world, world.north, "N", 15)
    lead = log(world, NOW - timedelta(days=6), reference=REFERENCE, partner_id=world.lakeside)
    with writing(world.engine) as c:
        privacy_actions.store_contact(c, lead, DETAILS)
        contacts.note(c, lead, FINGERPRINT)
    sign_in(Role.ADMINISTRATOR, world.bob)
    return world


def assert_free(text: str, identities: tuple[str, ...], where: str) -> None:
    found = [one for one in identities if one in text or one in unquote(text)]
    assert not found, f"{where}: {found}"


@pytest.mark.parametrize("page", PAGES)
def test_no_page_sends_it_to_the_browser_or_into_a_log_or_its_address(
    page: str, planted: World, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    """Neither what is drawn nor the link to it; contact details on no page at all, before somebody asks for them."""
    del planted
    caplog.set_level(logging.INFO)
    at = visit(page, period="All time")
    sent, address = everything(at), json.dumps(at.query_params, default=str)
    assert_free(sent, CONTACT if page in WORK else ALL, page)
    assert_free(address + caplog.text + "".join(capfd.readouterr()), ALL, f"address and logs of {page}")
    kept = [
        bytes(value)
        for caches in cache_data_api._data_caches._function_caches.values()
        for cache in caches.values()
        for value in cache.storage._mem_cache.values()
    ]
    assert_free(b"".join(kept).decode("latin-1"), ALL, f"caches of {page}")


def test_the_pages_of_work_show_the_reference_so_that_the_search_can_find_it(planted: World) -> None:
    """Otherwise the test above would pass on an empty page."""
    assert REFERENCE in everything(visit("my_day"))
    with reading(planted.engine) as c:
        lead = c.scalar(sa.text(f"SELECT id FROM leads WHERE reference = '{REFERENCE}'"))
    at = visit("lead", lead=str(lead))
    at.button(key=f"contact_show_{lead}").click().run()
    assert DETAILS[ContactField.NAME] in everything(at)


def test_no_export_holds_it(planted: World, capsys: pytest.CaptureFixture[str]) -> None:
    """The review in each format, and every metric of the command line as table, CSV and JSON."""
    review = review_loaders.review(Viewer("Bob", Role.MANAGER, None), Filters(), WEEK)
    for name, write in exports.writers().items():
        if name != "pdf":  # holds the same, packed
            assert_free(unpacked(write(review)), ALL, name)
    for metric in cli_metrics._METRICS:
        for how in ([], ["--csv"], ["--json"]):
            assert cli.main(["metrics", metric, *how, "--database", url(planted)]) == 0
            assert_free("".join(capsys.readouterr()), ALL, f"{metric} {how}")
    assert cli.main(["audit", "--database", url(planted)]) == 0
    assert_free("".join(capsys.readouterr()), ALL, "audit log")


def unpacked(file: bytes) -> str:
    """The text of a file; of a workbook, of all its parts."""
    if not file.startswith(b"PK"):
        return file.decode()
    with zipfile.ZipFile(io.BytesIO(file)) as parts:
        return "".join(parts.read(name).decode("utf-8", "replace") for name in parts.namelist())


def test_it_lies_in_its_own_tables_and_nowhere_else(planted: World) -> None:
    """Not in the facts, a frozen week, the audit log or any other table; contact details nowhere in plain."""
    visit("my_day")
    review = review_loaders.review(Viewer("Bob", Role.MANAGER, None), Filters(), WEEK)
    with writing(planted.engine) as c:
        reviews.freeze(c, WEEK, "", document.to_content(review), now=NOW, staff_id=planted.bob)
    with reading(planted.engine) as c:
        held = {table.name: str(c.execute(sa.select(table)).all()) for table in metadata.sorted_tables}
    where = {one: {name for name, rows in held.items() if one in rows} for one in ALL}
    assert where.pop(REFERENCE) == {"leads", "events"}
    assert where.pop(FINGERPRINT) == {"contacts"}
    assert not any(where.values()), where


def test_a_backup_holds_no_contact_detail_in_plain(planted: World, tmp_path: Path) -> None:
    """Not even in pages of the file that are not in use any more."""
    with writing(planted.engine) as c:
        lead = c.scalar(sa.text(f"SELECT id FROM leads WHERE reference = '{REFERENCE}'"))
        privacy_actions.store_contact(c, lead, DETAILS)
    backups.back_up(planted.engine, tmp_path / "backup")
    assert_free((tmp_path / "backup").read_bytes().decode("latin-1"), tuple(DETAILS.values()), "backup")
