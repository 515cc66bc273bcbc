"""A write asks once more who it is by, and what it may."""

from datetime import timedelta

import pytest

from dashboard import actions, auth
from dashboard.auth import Viewer
from dashboard.forms import Inquiry
from data_access import accounts, event_log, leads
from data_access import events as e
from data_access.engine import reading, writing
from data_access.vocabulary import Channel, CloseReason, Priority, Role
from tests.factories import NOW, World, asked, log, record

DIGEST = "d" * 64


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[timedelta]:
    """How long after NOW it is."""
    later = [timedelta(0)]
    monkeypatch.setattr("dashboard.clock.now", lambda: NOW + later[0])
    return later


@pytest.fixture
def alice(world: World, clock: list[timedelta]) -> Viewer:
    """Alice of North's front desk, signed in."""
    del clock
    with writing(world.engine) as c:
        entry = {"name": "Alice", "role": Role.FRONT_DESK, "active": True}
        accounts.change_person(c, world.alice, entry, email="alice@x.example", sees_all=False, locations=[world.north])
        accounts.begin(c, DIGEST, world.alice, NOW)
    return Viewer("Alice", Role.FRONT_DESK, frozenset([world.north]), world.alice, DIGEST)


def offer(world: World, viewer: Viewer, lead: int) -> None:
    with reading(world.engine) as c:
        version = leads.version_of(c, lead)
    actions.record(world.engine, viewer, lead, e.Offered(), version=version, now=NOW)


def test_a_click_on_a_page_that_stood_open_too_long_is_refused(
    world: World, alice: Viewer, clock: list[timedelta]
) -> None:
    """After half an hour without use, and after twelve hours in any case; every write is a use."""
    lead = log(world, NOW)
    for _ in range(30):
        clock[0] += timedelta(minutes=25)
        if clock[0] < timedelta(hours=12):
            offer(world, alice, lead)
    with pytest.raises(auth.NotAllowed, match="has changed"):
        offer(world, alice, lead)


def test_a_click_after_half_an_hour_without_use_is_refused(world: World, alice: Viewer, clock: list[timedelta]) -> None:
    """The page was not taken away yet."""
    lead = log(world, NOW)
    clock[0] = timedelta(minutes=30)
    with pytest.raises(auth.NotAllowed, match="has changed"):
        offer(world, alice, lead)


def test_a_priority_is_lowered_by_no_way_round(world: World, alice: Viewer) -> None:
    """Neither by a correction nor by taking back what raised it; clinical review may."""
    lead = log(world, NOW, priority=Priority.URGENT)
    lower = Inquiry(asked(world, priority=Priority.ROUTINE), None, "typed")
    with pytest.raises(auth.NotAllowed, match="lower a priority"):
        actions.correct(world.engine, alice, lead, lower, version=1, now=NOW)
    raised = log(world, NOW)
    up = actions.record(world.engine, alice, raised, e.Reprioritised(priority=Priority.URGENT), version=1, now=NOW)
    review = Viewer("Rae", Role.CLINICAL_REVIEW, None, world.bob)
    record(world, raised, e.Offered(), NOW)
    with pytest.raises(auth.NotAllowed, match="lower a priority"):
        actions.take_back(world.engine, alice, up, now=NOW)
    actions.take_back(world.engine, review, up, now=NOW)


def test_what_was_noted_together_is_taken_back_on_the_inquiry_that_goes_on_too(world: World, alice: Viewer) -> None:
    """A colleague merged the inquiry meanwhile: undo in the log form leaves nothing on the other one."""
    first, second = log(world, NOW - timedelta(hours=2)), log(world, NOW - timedelta(hours=1))
    what = e.AskedAgain(channel=Channel.PHONE)
    done = actions.ask_again(world.engine, alice, second, what, live=False, now=NOW, nonce="1")
    with reading(world.engine) as c:
        version = leads.version_of(c, second)
    merged = e.Closed(reason=CloseReason.DUPLICATE, duplicate_of=first)
    actions.record(world.engine, alice, second, merged, version=version, now=NOW)

    def asked_again(lead: int) -> int:
        with reading(world.engine) as c:
            history = event_log.log_of(c, lead)
        gone = e.voided(history)
        return sum(isinstance(event.what, e.AskedAgain) and event.id not in gone for event in history)

    assert asked_again(first) == 2, "that there was a second inquiry, and what was noted on it"
    actions.take_back_all(world.engine, alice, done, now=NOW)
    assert (asked_again(first), asked_again(second)) == (1, 0)
