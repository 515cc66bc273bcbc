"""Sign-in is set up whole and safely, or the server does not start; and what stands between it and the network."""

from typing import Any

import anyio
import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from dashboard import guards, oidc, settings
from dashboard.settings import BadSetting

WHOLE = {
    "HANDOFF_PUBLIC_URL": "https://handoff.clinic.example",
    "HANDOFF_OIDC_URL": "https://login.clinic.example/.well-known/openid-configuration",
    "HANDOFF_OIDC_CLIENT_ID": "handoff",
    "HANDOFF_OIDC_CLIENT_SECRET": "secret",
    "HANDOFF_COOKIE_SECRET": "c" * 32,
}


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for setting in settings.SETTINGS:
        monkeypatch.delenv(setting.name, raising=False)
        monkeypatch.delenv(f"{setting.name}_FILE", raising=False)


def set_up(monkeypatch: pytest.MonkeyPatch, **changes: str) -> oidc.Provider | None:
    for name, value in (WHOLE | changes).items():
        monkeypatch.setenv(name, value)
    return oidc.provider()


def test_without_any_of_its_settings_there_is_no_sign_in() -> None:
    """And that is no mistake: a demo practice needs none."""
    assert oidc.provider() is None


def test_a_whole_set_up_comes_back_to_our_own_address(monkeypatch: pytest.MonkeyPatch) -> None:
    """By https, whatever slash its address ends with."""
    made = set_up(monkeypatch, HANDOFF_PUBLIC_URL="https://handoff.clinic.example/")
    assert made is not None
    assert made.secrets["redirect_uri"] == "https://handoff.clinic.example/oauth2callback"
    assert (made.host, made.encrypted) == ("handoff.clinic.example", True)


@pytest.mark.parametrize("name", WHOLE)
def test_a_part_that_is_missing_is_named(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Half a sign-in would be none."""
    set_up(monkeypatch)
    monkeypatch.delenv(name)
    with pytest.raises(BadSetting, match=name):
        oidc.provider()


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"HANDOFF_PUBLIC_URL": "http://handoff.clinic.example"}, "has to begin with https"),
        ({"HANDOFF_OIDC_URL": "http://login.clinic.example/x"}, "HANDOFF_OIDC_URL .* has to begin with https"),
        ({"HANDOFF_PUBLIC_URL": "handoff.clinic.example"}, "write it like"),
        ({"HANDOFF_PUBLIC_URL": "https://handoff.clinic.example/handoff"}, "write it like"),
        ({"HANDOFF_COOKIE_SECRET": "c" * 31}, "is shorter than 32"),
    ],
)
def test_what_would_not_be_safe_is_refused_in_words(
    changes: dict[str, str], says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Cookies travel encrypted, and nobody can make one up."""
    with pytest.raises(BadSetting, match=says):
        set_up(monkeypatch, **changes)


def test_on_this_machine_it_may_be_tried_without_encryption(monkeypatch: pytest.MonkeyPatch) -> None:
    """The address is nobody else's."""
    made = set_up(monkeypatch, HANDOFF_PUBLIC_URL="http://localhost:8501", HANDOFF_OIDC_URL="http://localhost:9400/x")
    assert made is not None
    assert not made.encrypted


# ---------------------------------------------------------------- between the network and Streamlit


def asked(app: Any, path: str, **headers: str) -> httpx.Response:
    async def sent() -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="https://practice") as client:
            return await client.get(path, headers=headers)

    return anyio.run(sent)


def says(*paths: str, answer: Response | None = None) -> Starlette:
    async def one(_: Request) -> Response:
        return answer or PlainTextResponse("said")

    return Starlette(routes=[Route(path, one) for path in paths])


@pytest.mark.parametrize(
    "path", ["/_stcore/metrics", "/funnel/_stcore/metrics", "/_stcore/agent/pages", "/_stcore/agent"]
)
def test_what_streamlit_offers_to_everybody_is_closed(path: str) -> None:
    """Under whatever page; what it needs itself stays open."""
    app = guards.ClosedPaths(says("/{rest:path}"))
    assert asked(app, path).status_code == 404
    assert asked(app, "/_stcore/health").status_code == 200
    assert asked(app, "/metrics").status_code == 200


def test_every_answer_carries_the_headers_that_keep_a_page_to_itself() -> None:
    """And behind https, that it is to be asked for by nothing else."""
    plain, encrypted = (asked(guards.SecurityHeaders(says("/"), encrypted=one), "/").headers for one in (False, True))
    assert "frame-ancestors 'none'" in plain["content-security-policy"]
    assert (plain["x-content-type-options"], plain["x-frame-options"]) == ("nosniff", "DENY")
    assert "strict-transport-security" not in plain
    assert encrypted["strict-transport-security"] == "max-age=31536000"


def test_the_cookie_of_a_sign_in_lives_no_longer_than_the_sign_in_and_travels_encrypted() -> None:
    """Streamlit's own is good for 30 days; another cookie keeps its life."""
    answer = PlainTextResponse("said")
    answer.set_cookie("_streamlit_user", "x", max_age=2_592_000, expires=2_592_000, httponly=True, samesite="lax")
    answer.set_cookie("other", "y", max_age=99_999)
    app = guards.HardenCookies(says("/", answer=answer), seconds=3_600, encrypted=True)
    user, other = asked(app, "/").headers.get_list("set-cookie")
    assert "Max-Age=3600" in user
    assert "expires" not in user.lower()
    assert "HttpOnly" in user
    assert "Max-Age=99999" in other
    assert all(cookie.endswith("Secure") for cookie in (user, other))


@pytest.mark.parametrize(
    ("wanted", "goes_to"),
    [
        ("https://practice/funnel?location=North", "/funnel?location=North"),
        ("https://practice/", "/"),
        ("https://else.example/funnel", "/"),
        ("https://practice//else.example", "/"),
        ("https://practice/funnel%0d%0aSet-Cookie:x", "/"),
        ("https://practice/nowhere", "/"),
        ("javascript:alert(1)", "/"),
        ("", "/"),
    ],
)
def test_who_signs_in_comes_back_to_a_page_of_ours_and_to_nothing_else(wanted: str, goes_to: str) -> None:
    """Not to where a link on another site would send them."""
    app = guards.ReturnTo(says("/auth/login", "/oauth2callback", answer=RedirectResponse("/", 302)), encrypted=True)
    login = asked(app, "/auth/login", host="practice", referer=wanted)
    cookie = next((one.split(";")[0] for one in login.headers.get_list("set-cookie")), "")
    back = asked(app, "/oauth2callback", cookie=cookie)
    assert back.headers["location"] == goes_to


@pytest.mark.parametrize(
    "forged",
    ["https://else.example/", "//else.example/funnel", "/\\else.example", "funnel\r\nx: y", "/funnel/../nowhere"],
)
def test_a_cookie_that_somebody_else_put_there_leads_nowhere(forged: str) -> None:
    """Only a page of ours is ever returned to."""
    assert guards.own_address(forged, "") == ""


def test_a_file_of_a_page_asks_who_is_signed_in_and_the_fonts_of_the_sign_in_page_do_not() -> None:
    """Otherwise that page would show the names of its icons."""
    app = guards.SignedInDownloads(says("/{rest:path}"), cookie_secret="c" * 32, seconds=60, stands=lambda _: True)
    assert asked(app, "/media/abc.csv").status_code == 403
    assert asked(app, "/static/media/font.woff2").status_code == 200


@pytest.mark.parametrize(("dest", "status"), [("document", 200), ("image", 403), ("iframe", 403), ("empty", 403)])
def test_nobody_is_signed_out_because_a_picture_asks_for_it(dest: str, status: int) -> None:
    """Only by going there."""
    assert (
        asked(guards.OwnSignOut(says("/auth/logout")), "/auth/logout", **{"sec-fetch-dest": dest}).status_code == status
    )
