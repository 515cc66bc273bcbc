"""The website's forms: what they post is logged once, by the same rules as on the page, and nothing signed is lost."""

import json
import sqlite3
import threading
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest
import sqlalchemy as sa
from starlette.applications import Starlette
from starlette.routing import Route

from dashboard import cli, web_intake
from dashboard.web_intake import Answer, take
from data_access import lead_lists, merging, practice, web_forms
from data_access import tables as t
from data_access.engine import reading, writing
from data_access.vocabulary import Channel, PartnerCategory, Topic
from tests import factories
from tests.conftest import sqlite
from tests.factories import NOW, World

SECRET = "s" * 32
FORM = "clinician-form"
SAID = {
    "form": "clinician",
    "location": "North",
    "partner": "Lakeside Family Medicine",
    "topic": "triage",
    "reference": "A-9",
}


@pytest.fixture
def key(world: World) -> str:
    with writing(world.engine) as c:
        return web_forms.key_of(SECRET, web_forms.find_or_add(c, FORM))


def signed(key: str, body: bytes, *, once: str = "post-0001", at: datetime = NOW, name: str = FORM) -> dict[str, str]:
    stamp = str(int(at.timestamp()))
    return {
        "x-handoff-source": name,
        "x-handoff-timestamp": stamp,
        "idempotency-key": once,
        "x-handoff-signature": web_forms.signature(key, stamp, once, body),
    }


def post(world: World, key: str, said: Any = SAID, *, now: datetime = NOW, **how: Any) -> Answer:
    body = said if isinstance(said, bytes) else json.dumps(said).encode()
    return take(world.engine, SECRET, signed(key, body, at=now, **how), body, now)


def rows(world: World, table: sa.Table) -> list[dict]:
    with reading(world.engine) as c:
        return [dict(row) for row in c.execute(sa.select(table).order_by(table.c.id)).mappings()]


def test_a_signed_post_becomes_an_inquiry_with_its_topic_and_deadline(world: World, key: str) -> None:
    """Of the clinician pathway, by web form, with the deadline that is promised in the answer."""
    answer = post(world, key)
    lead = rows(world, t.leads)[0]
    assert (answer.status, answer.said["inquiry"]) == (201, lead["id"])
    assert answer.said["respond_by"] == lead["respond_by"].isoformat()
    assert (lead["channel"], lead["pathway"], lead["topic"], lead["partner_id"], lead["received_at"]) == (
        Channel.WEB_FORM, "clinician", Topic.TRIAGE, world.lakeside, NOW,
    )  # fmt: skip


def test_the_same_post_again_makes_no_second_inquiry(world: World, key: str) -> None:
    """However often; the same idempotency key for something else is refused, and that is kept."""
    assert [post(world, key).status for _ in range(3)] == [201, 200, 200]
    assert post(world, key, SAID | {"reference": "B-1"}).status == 409
    assert len(rows(world, t.leads)) == 1
    with reading(world.engine) as c:
        assert [kept["refused_because"] for kept in web_forms.refused(c)] == [
            "this Idempotency-Key was used for another inquiry"
        ]


def test_a_post_sent_by_many_at_once_is_one_inquiry(world: World, key: str) -> None:
    """A form that is pressed again while the line is slow."""
    answers: list[int] = []
    threads = [threading.Thread(target=lambda: answers.append(post(world, key).status)) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == [200] * 5 + [201]
    assert len(rows(world, t.leads)) == 1


@pytest.mark.parametrize(
    "wrong",
    [{"x-handoff-signature": "0" * 64}, {"x-handoff-signature": "é"}, {"x-handoff-source": "nobody"},
     {"idempotency-key": "other-001"}, {"x-handoff-timestamp": "1"}],
)  # fmt: skip
def test_what_is_not_signed_by_one_of_ours_is_refused_and_not_kept(world: World, key: str, wrong: dict) -> None:
    """A changed signature, source, idempotency key or time; nobody can fill our database."""
    body = json.dumps(SAID).encode()
    assert take(world.engine, SECRET, signed(key, body) | wrong, body, NOW).status == 401
    assert take(world.engine, SECRET, signed(key, body), body + b" ", NOW).status == 401
    assert not rows(world, t.leads)
    assert not rows(world, t.web_posts)


@pytest.mark.parametrize(("seconds", "status"), [(300, 201), (-300, 201), (301, 401), (-301, 401)])
def test_a_copy_of_an_old_post_is_refused(world: World, key: str, seconds: int, status: int) -> None:
    """Five minutes either way are allowed for clocks."""
    body = json.dumps(SAID).encode()
    headers = signed(key, body, at=NOW)
    assert take(world.engine, SECRET, headers, body, NOW + timedelta(seconds=seconds)).status == status


@pytest.mark.parametrize(
    ("said", "field"),
    [
        (b"\xff", "body"), (b"[]", "body"), (b"[" * 5_000, "body"), ({}, "form"), ({"form": "fax"}, "form"),
        ({"form": "patient", "location": "Nowhere"}, "location"), ({"form": "patient"}, "location"),
        (SAID | {"diagnosis": "x"}, "diagnosis"), (SAID | {"reference": 7}, "reference"), (SAID | {"sure": "yes"}, "sure"),
        (SAID | {"reference": "John Smith"}, "reference"), (SAID | {"kind": "order"}, "kind"),
        (SAID | {"partner": "Zenith Sports Medicine"}, "partner_category"),
        (SAID | {"partner": "[Sign in](https://else.example)", "partner_category": "hospital"}, "partner"),
        (SAID | {"kind": "information", "topic": None}, "topic"),
    ],
)  # fmt: skip
def test_what_a_form_got_wrong_is_said_by_field_and_kept_for_a_look(
    world: World, key: str, said: Any, field: str
) -> None:
    """By the rules of the form on the page; once somebody has looked, its text is let go."""
    answer = post(world, key, said)
    assert answer.status == 422
    assert field in answer.said["errors"]
    with writing(world.engine) as c:
        (kept,) = web_forms.refused(c)
        assert kept["refused_because"]
        assert web_forms.said_by(c, kept["id"])
        web_forms.looked_at(c, kept["id"], NOW, world.bob)
        assert web_forms.refused(c) == []
    assert rows(world, t.web_posts)[0]["body"] is None
    assert not rows(world, t.leads)


def test_a_reference_that_is_there_already_is_refused_unless_the_form_says_it_is_another(
    world: World, key: str
) -> None:
    """The duplicate rule of the form."""
    post(world, key)
    again = post(world, key, once="post-0002")
    assert (again.status, list(again.said["errors"])) == (409, ["reference"])
    assert post(world, key, SAID | {"sure": True}, once="post-0003").status == 201


def test_a_campaign_is_named_as_the_practice_names_it(world: World, key: str) -> None:
    """However it is capitalised; one that is not on the list is said to be wrong, and nothing is added."""
    with writing(world.engine) as c:
        house = practice.add(c, t.campaigns, name="Open house", began_on=NOW.date())
    assert post(world, key, SAID | {"campaign": "open HOUSE"}).status == 201
    (lead,) = rows(world, t.leads)
    assert lead["campaign_id"] == house
    answer = post(world, key, SAID | {"campaign": "Closed house", "reference": "A-10"}, once="post-0002")
    assert (answer.status, set(answer.said["errors"])) == (422, {"campaign"})
    assert len(rows(world, t.campaigns)) == len(rows(world, t.leads)) == 1


def test_a_partner_that_is_new_is_added_with_its_category(world: World, key: str) -> None:
    """And found, whatever its case, the next time."""
    said = SAID | {"partner": "Zenith Sports Medicine", "partner_category": "specialist"}
    assert post(world, key, said).status == 201
    assert (
        post(world, key, said | {"partner": "ZENITH sports medicine", "reference": "B-2"}, once="post-0002").status
        == 201
    )
    new = [p for p in rows(world, t.partners) if p["name"] == "Zenith Sports Medicine"]
    assert [p["category"] for p in new] == [PartnerCategory.SPECIALIST]
    assert {lead["partner_id"] for lead in rows(world, t.leads)} == {new[0]["id"]}


def test_no_source_posts_more_than_its_share_in_a_minute(
    world: World, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A minute later it may again; another source is not held up."""
    monkeypatch.setattr(web_forms, "MOST_A_MINUTE", 2)
    said = [SAID | {"reference": f"C-{n}"} for n in range(4)]
    statuses = [post(world, key, one, once=f"post-000{n}").status for n, one in enumerate(said[:3])]
    assert statuses == [201, 201, 429]
    with writing(world.engine) as c:
        other = web_forms.key_of(SECRET, web_forms.find_or_add(c, "patient-form"))
    patient = {"form": "patient", "location": "South"}
    assert post(world, other, patient, name="patient-form", once="post-0009").status == 201
    assert post(world, key, said[3], once="post-0003", now=NOW + timedelta(seconds=61)).status == 201


def test_a_renewed_key_ends_the_old_one(world: World, key: str) -> None:
    """And each source has its own."""
    with writing(world.engine) as c:
        renewed = web_forms.renew_key(c, web_forms.find_or_add(c, FORM))
        other = web_forms.find_or_add(c, "patient-form")
    assert post(world, key).status == 401
    assert post(world, web_forms.key_of(SECRET, other)).status == 401
    assert post(world, web_forms.key_of(SECRET, renewed)).status == 201


def test_the_endpoint_takes_a_post_over_http(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys) -> None:
    """With the key that the command line prints; what is too large or not set up is said."""
    world = factories.found(sqlite(tmp_path / "x.db"))
    url = f"sqlite:///{tmp_path / 'x.db'}"
    monkeypatch.setenv("HANDOFF_DATABASE_URL", url)
    monkeypatch.setattr("dashboard.clock.now", lambda: NOW)
    body = json.dumps(SAID).encode()
    assert send("POST", body).status_code == 503
    assert cli.main(["web-key", FORM, "--database", url]) == 1
    assert "HANDOFF_WEB_SECRET is not set" in capsys.readouterr().err
    monkeypatch.setenv("HANDOFF_WEB_SECRET", "short")
    assert cli.main(["web-key", FORM, "--database", url]) == 1
    monkeypatch.setenv("HANDOFF_WEB_SECRET", SECRET)
    capsys.readouterr()
    assert cli.main(["web-key", FORM, "--database", url]) == 0
    printed = capsys.readouterr().out.strip()
    assert send("POST", body, signed(printed, body)).status_code == 503
    with writing(world.engine) as c:
        c.execute(sa.update(t.practice).values(is_demo=True, demo_until=NOW.date()))
    answer = send("POST", body, signed(printed, body))
    assert (answer.status_code, answer.json()["inquiry"]) == (201, 1)
    assert send("POST", b"x" * 64_001).status_code == 413
    assert send("GET").status_code == 405


def test_a_post_to_a_database_that_does_not_answer_is_asked_to_come_again(tmp_path: Path, monkeypatch) -> None:
    """503 in words and no traceback; once the database answers, the same post is logged."""
    world = factories.found(sqlite(tmp_path / "x.db"))
    with writing(world.engine) as c:
        c.execute(sa.update(t.practice).values(is_demo=True, demo_until=NOW.date()))
        mine = web_forms.key_of(SECRET, web_forms.find_or_add(c, FORM))
    monkeypatch.setenv("HANDOFF_DATABASE_URL", f"sqlite:///{tmp_path / 'x.db'}")
    monkeypatch.setenv("HANDOFF_WEB_SECRET", SECRET)
    monkeypatch.setattr("dashboard.clock.now", lambda: NOW)
    monkeypatch.setattr("data_access.engine.BUSY_TIMEOUT_SECONDS", 0.1)
    body = json.dumps(SAID).encode()
    with closing(sqlite3.connect(tmp_path / "x.db", isolation_level=None)) as another_program:
        another_program.execute("BEGIN IMMEDIATE")
        answer = send("POST", body, signed(mine, body))
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "60")
    assert answer.json() == {"error": "the database does not answer; send it again"}
    assert send("POST", body, signed(mine, body)).status_code == 201


def send(method: str, body: bytes = b"", headers: dict[str, str] | None = None) -> httpx.Response:
    """One request to the endpoint, over HTTP."""
    app = Starlette(routes=[Route("/api/inquiries", web_intake.inquiries, methods=["POST"])])

    async def sent() -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://practice") as client:
            return await client.request(method, "/api/inquiries", content=body, headers=headers)

    return anyio.run(sent)


def test_a_post_by_the_name_of_a_merged_partner_counts_for_the_one_that_goes_on(world: World, key: str) -> None:
    """The website does not know of the merge."""
    with writing(world.engine) as c:
        merging.merge_partners(c, world.lakeside, world.harbor, now=NOW)
    assert post(world, key).status == 201
    with reading(world.engine) as c:
        assert [row["partner"] for row in lead_lists.listing(c, locations=None)] == ["Harbor Hospital"]
