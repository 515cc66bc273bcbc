"""Nobody sees anything of a location that is not theirs, whichever way they ask.

Two practices are alike at North, and at South one of them has nothing and the other has much. Whoever sees North alone must
not be able to tell them apart: not by a page, a link, a drill-down, a file or a command, nor because somebody who sees
everything looked at the same page before.
"""

import random
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from streamlit.testing.v1 import AppTest

from dashboard import actions, auth, cli, cli_metrics, loaders
from dashboard.auth import Viewer
from dashboard.filters import Filters, moment
from dashboard.forms import Inquiry
from data_access import accounts, annotations, planned_openings, reviews
from data_access import events as e
from data_access import tables as t
from data_access.days import week_number
from data_access.engine import reading, writing
from data_access.lead_rules import Doubtful
from data_access.tally import Where
from data_access.vocabulary import (
    Channel,
    CloseReason,
    ContactMethod,
    Kind,
    Pathway,
    Role,
    StallReason,
    Topic,
)
from tests import factories
from tests.conftest import sqlite
from tests.dashboard.conftest import NOW, SignIn
from tests.dashboard.test_pages import PAGES, visit
from tests.factories import World, log, record

CANARY = "SOUTHERN"
"""Begins each reference at South."""
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
LINKS = (
    {},
    {"location": "South", "period": "All time"},
    {"location": "North", "channel": "Web form", "as_of": "2026-11-10"},
)


def busy(world: World, place: int, sign: str, many: int) -> None:
    """Leads of the last 20 weeks at a location, each worked for a while."""
    dice = random.Random(place)  # not a secret
    for number in range(many):
        at = NOW - timedelta(minutes=dice.randrange(60, 140 * 1440))
        lead = log(
            world, at, location_id=place, reference=f"{sign}-{number}", owner_id=dice.choice([None, world.alice]),
            lead_kind=dice.choice([Kind.SCHEDULING, Kind.INFORMATION]), pathway=dice.choice(list(Pathway)),
            channel=dice.choice(list(Channel)), partner_id=dice.choice([None, world.lakeside, world.harbor]),
            service_line_id=dice.choice([None, world.cardiology]), topic=dice.choice(list(Topic)),
        )  # fmt: skip
        steps = [
            e.Reached(method=ContactMethod.CALL), e.Stalled(reason=dice.choice(list(StallReason))),
            e.Booked(starts_at=at + 9 * DAY, starts_on=(at + 9 * DAY).date()),
            dice.choice([e.Attended(), e.NoShow(), e.Closed(reason=CloseReason.UNREACHABLE)]),
        ]  # fmt: skip
        for what in steps[: dice.randrange(len(steps) + 1)]:
            at += dice.randrange(1, 9) * HOUR if not isinstance(what, e.Attended | e.NoShow) else 10 * DAY
            if at < NOW:
                record(world, lead, what, at)


def practice(file: Path, south: int) -> World:
    """North, and as many leads at South."""
    world = factories.found(sqlite(file))
    with writing(world.engine) as c:
        c.execute(sa.update(t.practice).values(is_demo=True, demo_until=NOW.date()))
        accounts.change_person(
            c, world.alice, {"name": "Alice", "role": Role.MANAGER, "active": True}, email="alice@clinic.example",
            sees_all=False, locations=[world.north],
        )  # fmt: skip
    busy(world, world.north, "NORTHERN", 40)
    if south:
        busy(world, world.south, CANARY, south)
        with writing(world.engine) as c:
            annotations.write(c, f"{CANARY} note", NOW.date() - 30 * DAY, now=NOW - 20 * DAY, location_id=world.south)
            planned_openings.plan(c, 17, effective_from=factories.LONG_AGO, location_id=world.south)
            reviews.decide(
                c, f"{CANARY} action", owner_id=world.bob, due_on=NOW.date() + 9 * DAY, week=week_number(NOW.date()) - 1,
                today=NOW.date(), now=NOW, location_id=world.south,
            )  # fmt: skip
    return world


@pytest.fixture(scope="module")
def practices(tmp_path_factory: pytest.TempPathFactory) -> tuple[World, World]:
    """The practice whose South is quiet, and the one whose South is busy."""
    folder = tmp_path_factory.mktemp("practices")
    return practice(folder / "quiet.db", 0), practice(folder / "busy.db", 50)


def url(world: World) -> str:
    return f"sqlite:///{world.engine.url.database}"


def everything(at: AppTest) -> str:
    """All that a page sends to the browser, but for the random names under which its files wait."""
    sent = (str(node.proto) for node in (*at.main, *at.sidebar) if getattr(node, "proto", None) is not None)
    return re.sub(r'deferred_file_id: "\w+"', "", "\n".join(sent))


# ---------------------------------------------------------------- pages


@pytest.mark.usefixtures("at_the_demo_moment")
@pytest.mark.parametrize("page", PAGES)
def test_a_page_is_the_same_whatever_goes_on_elsewhere(
    page: str, practices: tuple[World, World], sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By links with filters in and out of the scope, and after somebody who sees everything filled the caches."""
    quiet, busy = practices
    for link in LINKS:
        monkeypatch.setenv("HANDOFF_DATABASE_URL", url(busy))
        sign_in(Role.MANAGER, busy.bob)
        visit(page, **link)
        shown = []
        for world in (busy, quiet):
            monkeypatch.setenv("HANDOFF_DATABASE_URL", url(world))
            sign_in(Role.MANAGER, world.alice, world.north, name="Alice")
            shown.append(everything(visit(page, **link)))
        assert CANARY not in shown[0]
        assert shown[0] == shown[1], link


@pytest.mark.usefixtures("at_the_demo_moment")
def test_an_inquiry_of_another_location_is_as_if_it_were_not_there(
    practices: tuple[World, World], sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By its number, in a link or typed, and by its reference."""
    _, busy = practices
    monkeypatch.setenv("HANDOFF_DATABASE_URL", url(busy))
    sign_in(Role.FRONT_DESK, busy.alice, busy.north)
    with reading(busy.engine) as c:
        south = list(c.execute(sa.select(t.leads.c.id).where(t.leads.c.location_id == busy.south)).scalars())
    at_south, nowhere = (
        re.sub(rf'"{number}"', "N", everything(visit("lead", lead=str(number)))) for number in (south[0], 99_999)
    )
    assert at_south == nowhere
    at = visit("lead")
    at.text_input(key="lead_find").set_value(f"{CANARY}-1").run()
    assert f"{CANARY}-1" not in everything(at).replace(f'value: "{CANARY}-1"', "")


# ---------------------------------------------------------------- reads

scopes = st.sampled_from([(), ("north",), ("south",), ("north", "south")])
words = st.lists(st.sampled_from([str(one) for one in Channel]), max_size=2, unique=True).map(tuple)


@pytest.mark.usefixtures("at_the_demo_moment")
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_no_read_reaches_beyond_the_viewer(
    data: st.DataObject, practices: tuple[World, World], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Random viewers and filters: what is counted and listed is what a loop over their own leads finds, and no more."""
    _, busy = practices
    monkeypatch.setenv("HANDOFF_DATABASE_URL", url(busy))
    places = {"north": busy.north, "south": busy.south}
    own = frozenset(places[one] for one in data.draw(scopes))
    viewer = Viewer("Somebody", Role.INTAKE_COORDINATOR, own, busy.alice)
    asked = tuple(data.draw(st.lists(st.sampled_from([*places.values(), 99]), max_size=2, unique=True)))
    filters = Filters(
        location=asked, channel=data.draw(words), partner=data.draw(st.sampled_from([(), (busy.harbor,)]))
    )
    where, then = filters.where(own), moment(NOW, "America/New_York", 30)
    with reading(busy.engine) as c:
        rows = [dict(row) for row in c.execute(sa.select(t.leads)).mappings()]
    mine = {
        row["id"]
        for row in rows
        if row["location_id"] in own
        and (not asked or row["location_id"] in asked)
        and (not filters.channel or row["channel"] in filters.channel)
        and (not filters.partner or row["partner_id"] in filters.partner)
    }
    counted = loaders.count(viewer, ["location"], where, then)
    assert int(counted["count"].sum()) == len(mine)
    assert set(counted["location"]) <= own
    total, listed = loaders.leads_behind(viewer, where, then)
    assert (total, {row["id"] for row in listed}) == (len(mine), mine)
    open_ = {row["id"] for row in rows if row["need"] and row["id"] in mine}
    assert {row["id"] for row in loaders.work_queue(viewer, where, then, NOW)[1]} == open_
    for row in rows:
        assert (loaders.lead(viewer, row["id"]) is not None) == (row["location_id"] in own)
    found = {row["id"] for row in loaders.find_leads(viewer, "ERN-1")}
    assert found <= {row["id"] for row in rows if row["location_id"] in own}
    beyond = Where(locations=frozenset(places.values()))
    if own != beyond.locations:
        for wider in (beyond, Where()):
            for read in (
                lambda wider=wider: loaders.count(viewer, [], wider, then),
                lambda wider=wider: loaders.leads_behind(viewer, wider, then),
                lambda wider=wider: loaders.work_queue(viewer, wider, then, NOW),
            ):
                with pytest.raises(auth.NotAllowed, match="beyond your locations"):
                    read()


def test_the_log_form_does_not_tell_that_somebody_asked_elsewhere(shown_world: World) -> None:
    """The same reference from the same partner at South is a doubt to who sees South, and nothing to who does not."""
    world = shown_world
    twin = {"reference": "P-7", "partner_id": world.lakeside, "pathway": Pathway.CLINICIAN}
    log(world, NOW - HOUR, location_id=world.south, **twin)
    asked = Inquiry(factories.asked(world, **twin), None, "typed")
    bob, alice = (Viewer("B", Role.MANAGER, None, world.bob), Viewer("A", Role.FRONT_DESK, frozenset([world.north])))
    with pytest.raises(Doubtful, match="may be the same one"):
        actions.log_inquiry(world.engine, bob, asked, nonce="1", now=NOW)
    assert not actions.log_inquiry(world.engine, alice, asked, nonce="2", now=NOW).again


# ---------------------------------------------------------------- the command line


@pytest.fixture
def as_alice(practices: tuple[World, World], monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """The options with which both practices are asked as Alice."""
    monkeypatch.setattr("dashboard.clock.now", lambda: NOW)
    return [url(world) for world in practices]


@pytest.mark.parametrize("metric", cli_metrics._METRICS)
def test_a_metric_as_somebody_is_of_their_locations(
    metric: str, as_alice: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """The same whatever goes on elsewhere, and not the same as the whole practice's."""
    said = []
    for database in as_alice:
        assert cli.main(["metrics", metric, "--json", "--as", "alice@clinic.example", "--database", database]) == 0
        said.append(capsys.readouterr().out)
    assert said[0] == said[1]


@pytest.mark.parametrize("kind", ["html", "csv"])
def test_a_report_as_somebody_is_of_their_locations(kind: str, as_alice: list[str], tmp_path: Path) -> None:
    """Byte for byte."""
    told = []
    for number, database in enumerate(as_alice):
        out = tmp_path / f"{number}.{kind}"
        command = [
            "report",
            "--format",
            kind,
            "--as",
            "alice@clinic.example",
            "--out",
            str(out),
            "--database",
            database,
        ]
        assert cli.main(command) == 0
        told.append(out.read_bytes())
    assert CANARY.encode() not in told[1]
    assert told[0] == told[1]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--as", "alice@clinic.example", "--location", "South"], "South is not one of Alice's locations"),
        (["--as", "nobody@clinic.example"], "nobody who works here signs in as nobody@clinic.example"),
    ],
)
def test_as_whom_one_cannot_ask_is_said(
    arguments: list[str], says: str, as_alice: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """One sentence, and no number."""
    assert cli.main(["metrics", "funnel", *arguments, "--database", as_alice[1]]) == 1
    told = capsys.readouterr()
    assert says in told.err
    assert not told.out
