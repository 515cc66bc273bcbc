"""Signing in at a real OpenID Connect provider, in a real browser: who comes in, who does not, and when it ends."""

import json
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import sqlalchemy as sa
from itsdangerous import URLSafeTimedSerializer
from playwright.sync_api import Browser, BrowserContext, Page, expect

from data_access import accounts, audit
from data_access import tables as t
from data_access.engine import reading, writing
from data_access.vocabulary import AuditKind, Role
from tests import factories
from tests.conftest import sqlite
from tests.e2e.conftest import PATIENCE, free_port, running, settled
from tests.factories import World, log

COOKIE_SECRET = "c" * 40
USER = "_streamlit_user"
STAFF = {
    "ada": ("Ada", Role.ADMINISTRATOR), "bob": ("Bob", Role.MANAGER), "alice": ("Alice", Role.FRONT_DESK),
    "mark": ("Charlie", Role.MARKETING),
}  # fmt: skip


@dataclass(frozen=True)
class Clinic:
    """A served practice with its provider."""

    address: str
    world: World

    def change(self, name: str, **values: Any) -> None:
        """Change somebody on the list of staff."""
        with writing(self.world.engine) as c:
            c.execute(sa.update(t.staff).where(t.staff.c.name == name).values(**values))

    def leads(self) -> int:
        with reading(self.world.engine) as c:
            return int(c.scalar(sa.select(sa.func.count()).select_from(t.leads)) or 0)


@pytest.fixture(scope="module")
def clinic(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Clinic]:
    home = tmp_path_factory.mktemp("clinic")
    world = factories.found(sqlite(home / "clinic.db"))
    lately = datetime.now(UTC) - timedelta(days=2)  # noqa: TID251
    for place in (world.north, world.north, world.south):
        log(world, lately, location_id=place)
    with writing(world.engine) as c:
        accounts.make_administrator(c, "ada@clinic.example", "Ada")
        for sub, name in (("bob", "Bob"), ("alice", "Alice"), ("mark", "Charlie")):
            values = {"email": f"{sub}@clinic.example", "sees_all": sub != "alice"}
            c.execute(sa.update(t.staff).where(t.staff.c.name == name).values(**values))
        accounts.give_locations(c, world.alice, [world.north])
    port, at = free_port(), free_port()
    claims = [{"sub": sub, "email": f"{sub.upper()}@clinic.example", "email_verified": True} for sub in STAFF]
    claims += [{"sub": "eve", "email": "eve@else.example", "email_verified": True}]
    claims += [{"sub": "vic", "email": "bob@clinic.example", "email_verified": False}]
    claims += [{"sub": "una", "email": "bob@clinic.example"}]
    users = [word for one in claims for word in ("--user-claims", json.dumps(one))]
    mock = Path(sys.executable).with_name("oidc-provider-mock")
    with (home / "provider.log").open("w") as out:
        provider = subprocess.Popen([str(mock), "-p", str(port), "-e", "86400", *users], stdout=out, stderr=out)
    metadata = f"http://localhost:{port}/.well-known/openid-configuration"
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            httpx.get(metadata, timeout=2)
            break
        except httpx.TransportError:
            time.sleep(0.1)
    environment = {
        "HANDOFF_PUBLIC_URL": f"http://localhost:{at}", "HANDOFF_OIDC_URL": metadata, "HANDOFF_OIDC_CLIENT_ID": "handoff",
        "HANDOFF_OIDC_CLIENT_SECRET": "secret", "HANDOFF_COOKIE_SECRET": COOKIE_SECRET,
    }  # fmt: skip
    serve = ("-m", "dashboard.cli", "serve", "--database", str(world.engine.url), "--port")
    try:
        with running(home, *serve, port=at, **environment):
            yield Clinic(f"http://localhost:{at}", world)
    finally:
        provider.terminate()
        provider.wait(20)
        world.engine.dispose()


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    context = browser.new_context(viewport={"width": 1440, "height": 1000}, locale="en-US")
    context.set_default_timeout(PATIENCE)
    yield context
    context.close()


def come_in(clinic: Clinic, context: BrowserContext, sub: str, path: str = "/") -> Page:
    """Open a page, sign in as somebody, and come back."""
    page = context.new_page()
    page.goto(clinic.address + path)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("button", name=sub, exact=True).click()
    page.wait_for_url(f"{clinic.address}/**")
    return settled(page)


def test_a_link_survives_the_sign_in_and_shows_the_locations_of_whoever_came(
    clinic: Clinic, context: BrowserContext
) -> None:
    """The page and its filters; Alice sees the two inquiries at North, and nothing of South."""
    link = "/funnel?period=All+time&channel=Web+form"
    page = context.new_page()
    page.goto(clinic.address + link)
    expect(page.get_by_role("heading", name="Not signed in")).to_be_visible()
    assert "North" not in page.content()
    page.close()
    page = come_in(clinic, context, "alice", link)
    expect(page.get_by_role("heading", name="Funnel")).to_be_visible()
    assert page.url == clinic.address + link
    expect(page.get_by_text("Alice, front desk")).to_be_visible()
    expect(page.get_by_text("Of 2 leads")).to_be_visible()
    cookie = next(one for one in context.cookies() if one["name"] == USER)
    assert cookie["httpOnly"]
    assert cookie["sameSite"] == "Lax"
    assert cookie["expires"] - time.time() <= 12 * 3600  # noqa: TID251
    with reading(clinic.world.engine) as c:
        assert audit.lines(c, limit=1, kind=AuditKind.SIGNED_IN)[0]["who"] == "Alice"


@pytest.mark.parametrize("sub", ["eve", "vic", "una"])
def test_whom_the_practice_does_not_know_sees_nothing(clinic: Clinic, context: BrowserContext, sub: str) -> None:
    """Known to the provider is not enough, and an address that it does not vouch for is nobody's; the page itself is whole."""
    refused: list[str] = []
    context.on("response", lambda answer: refused.append(answer.url) if answer.status == 403 else None)
    page = come_in(clinic, context, sub, "/funnel")
    expect(page.get_by_role("heading", name="No access")).to_be_visible()
    expect(page.get_by_text("is not on this practice's list of staff")).to_be_visible()
    assert "Two Doors" not in page.content()
    assert not refused
    with reading(clinic.world.engine) as c:
        assert audit.lines(c, limit=1)[0]["kind"] == AuditKind.REFUSED


def test_two_roles_see_two_different_practices(clinic: Clinic, browser: Browser, context: BrowserContext) -> None:
    """The agency sees the shared numbers and no other page, whatever address it types; the manager sees all but the audit."""
    agency, manager = come_in(clinic, context, "mark"), come_in(clinic, browser.new_context(), "bob")
    expect(agency.get_by_role("heading", name="Shared numbers")).to_be_visible()
    expect(agency.get_by_test_id("stSidebarNavLink")).to_have_count(0)  # of one page no list is drawn
    for path in ("/funnel", "/lead?lead=1", "/my_day", "/privacy"):
        agency.goto(clinic.address + path)
        settled(agency)
        expect(agency.get_by_text("This page is not for your role (marketing)")).to_be_visible()
        expect(agency.get_by_test_id("stDataFrame")).to_have_count(0)
    expect(manager.get_by_role("heading", name="Funnel")).to_be_visible()
    names = manager.get_by_test_id("stSidebarNavLink").all_inner_texts()
    assert any("One inquiry" in name for name in names)
    assert not any("Privacy and audit" in name for name in names)
    manager.context.close()


def test_who_leaves_sees_and_writes_nothing_any_more(clinic: Clinic, context: BrowserContext) -> None:
    """Not by a click on a page that stood open, and not by another look."""
    page = come_in(clinic, context, "alice", "/log_inquiry")
    page.get_by_role("radio", name="Phone", exact=True).click()
    settled(page)
    before = clinic.leads()
    clinic.change("Alice", active=False)
    try:
        page.get_by_role("button", name="Save inquiry").click()
        expect(page.get_by_role("heading", name="No access")).to_be_visible()
        assert clinic.leads() == before
        page.goto(f"{clinic.address}/funnel")
        expect(page.get_by_role("heading", name="No access")).to_be_visible()
    finally:
        clinic.change("Alice", active=True)


def test_a_page_that_nobody_touches_goes_away_after_a_while(clinic: Clinic, context: BrowserContext) -> None:
    """The last use lies an hour back: within a minute the numbers are gone; signing in again shows them."""
    page = come_in(clinic, context, "bob", "/funnel?period=All+time")
    expect(page.get_by_text("Of 3 leads")).to_be_visible()
    with writing(clinic.world.engine, counted=False) as c:
        c.execute(sa.update(t.sign_ins).values(seen_at=datetime.now(UTC) - timedelta(hours=1)))  # noqa: TID251
    expect(page.get_by_text("Nothing was done for a while")).to_be_visible(timeout=90_000)
    expect(page.get_by_text("Of 3 leads")).to_have_count(0)


def cookie_of(context: BrowserContext) -> dict[str, Any]:
    return dict(next(one for one in context.cookies() if one["name"] == USER))


def shown_with(clinic: Clinic, browser: Browser, cookie: dict[str, Any], value: str) -> str:
    """What a browser with this cookie is told."""
    context = browser.new_context()
    kept = {name: cookie[name] for name in ("name", "domain", "path", "httpOnly", "sameSite")}
    context.add_cookies([{**kept, "value": value}])  # type: ignore[list-item]
    page = context.new_page()
    page.goto(f"{clinic.address}/funnel")
    page.wait_for_selector("h1")
    settled(page)
    text = page.get_by_test_id("stMain").inner_text()
    context.close()
    return text


def test_a_cookie_opens_nothing_that_was_forged_is_too_old_or_was_signed_out(
    clinic: Clinic, browser: Browser, context: BrowserContext
) -> None:
    """Wherever it was copied to: the signature, the moment of the sign-in and its end are looked at, each time."""
    page = come_in(clinic, context, "bob", "/funnel")
    cookie = cookie_of(context)
    signer = URLSafeTimedSerializer(COOKIE_SECRET, salt=USER)
    claims = json.loads(signer.loads(cookie["value"]))
    assert "Funnel" in shown_with(clinic, browser, cookie, cookie["value"])
    forged = URLSafeTimedSerializer("x" * 40, salt=USER).dumps(json.dumps(claims))
    assert "Not signed in" in shown_with(clinic, browser, cookie, forged)
    cut = cookie["value"][:-3] + ("aaa" if not cookie["value"].endswith("aaa") else "bbb")
    assert "Not signed in" in shown_with(clinic, browser, cookie, cut)
    old = signer.dumps(json.dumps(claims | {"iat": claims["iat"] - 13 * 3600}))
    assert "Your sign-in is over" in shown_with(clinic, browser, cookie, old)
    without = signer.dumps(json.dumps({name: value for name, value in claims.items() if name != "iat"}))
    assert "Your sign-in is over" in shown_with(clinic, browser, cookie, without)
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url(re.compile("end_session|localhost"))
    page.wait_for_timeout(500)
    assert "You signed out" in shown_with(clinic, browser, cookie, cookie["value"])


def test_a_file_is_given_only_to_who_is_signed_in(clinic: Clinic, context: BrowserContext) -> None:
    """Its address alone is not enough, and the log says who took it."""
    page = come_in(clinic, context, "bob", "/weekly_review")
    addresses: list[str] = []
    page.on("request", lambda request: addresses.append(request.url) if "/media/" in request.url else None)
    with page.expect_download() as downloaded:
        page.get_by_role("button", name="CSV").click()
    assert "funnel" in Path(downloaded.value.path()).read_text()
    address = downloaded.value.url if "/media/" in downloaded.value.url else addresses[-1]
    cookie = cookie_of(context)
    assert httpx.get(address).status_code == 403
    assert httpx.get(address, cookies={USER: cookie["value"]}).status_code == 200
    with reading(clinic.world.engine) as c:
        line = audit.lines(c, limit=1, kind=AuditKind.EXPORTED)[0]
    assert (line["who"], "csv" in line["about"]) == ("Bob", True)
