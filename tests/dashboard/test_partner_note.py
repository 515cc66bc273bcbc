"""The note to a partner: made from counts, telling no few, and never anybody; the page that sends it, and outreach."""

import re
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
import sqlalchemy as sa

from dashboard import auth, partner_actions, partner_note
from dashboard.auth import Viewer
from dashboard.filters import moment
from dashboard.partner_note import Cycle, cycles
from data_access import engine as databases
from data_access import outreach, partner_notes
from data_access import tables as t
from data_access.dimensions import LEADS
from data_access.engine import reading, writing
from data_access.lead_rules import note_doubts
from data_access.tally import tally
from data_access.texts import promises_of_outcome
from data_access.vocabulary import ContactMethod, Outreach, RecordItem, Role
from tests import factories
from tests.dashboard.conftest import NOW
from tests.dashboard.test_pages import demo_file, visit, words  # noqa: F401  # a fixture
from tests.dashboard.test_weekly import on_copy, press  # noqa: F401  # a fixture
from tests.factories import World

TODAY = NOW.date()
JANUARY = (date(2026, 1, 1), date(2026, 2, 1))


@pytest.mark.parametrize(
    ("today", "months", "expected"),
    [
        (date(2026, 11, 24), 1, ("October 2026", date(2026, 10, 1), date(2026, 11, 1))),
        (date(2026, 11, 24), 3, ("July to September 2026", date(2026, 7, 1), date(2026, 10, 1))),
        (date(2026, 1, 1), 1, ("December 2025", date(2025, 12, 1), date(2026, 1, 1))),
        (date(2026, 3, 31), 3, ("October to December 2025", date(2025, 10, 1), date(2026, 1, 1))),
    ],
)
def test_the_newest_cycle_is_the_last_that_is_over(today: date, months: int, expected: tuple) -> None:
    """And they follow each other without a gap."""
    found = cycles(today, months)
    assert (found[0].name, found[0].first, found[0].after) == expected
    assert all(later.first == earlier.after for later, earlier in pairwise(found))


def written(engine, partner: int, cycle: Cycle, names: dict) -> str:
    with reading(engine) as c:
        then = moment(NOW, "America/New_York", 30)
        return partner_note.make(
            lambda keys, where, unit=LEADS: tally(c, keys, where, then, unit), partner, cycle, practice="Two Doors",
            names=names, required=["Clinical notes"], horizon=30,
        )  # fmt: skip


@pytest.mark.parametrize("number", [0, 1, 10, 11, 40])
def test_a_note_tells_no_number_from_one_to_ten_and_nobody(database, number: int) -> None:
    """However many referred; what went well comes first, and no word of it may name a person or promise an outcome."""
    world = factories.found(database)
    cycle = cycles(TODAY, 1)[0]
    for minute in range(number):
        at = NOW - timedelta(days=40, minutes=minute)
        factories.log(world, at, partner_id=world.lakeside, reference=f"SECRET-{minute}")
    names = {"partner": {world.lakeside: "Lakeside"}, "item": {i: str(item) for i, item in enumerate(RecordItem)}}
    said = written(database, world.lakeside, cycle, names)
    told = {0: "none", 1: "fewer than 11", 10: "fewer than 11", 11: "about 10"}.get(number, f"about {number}")
    assert f"We received your referrals: {told} in this time." in said
    assert said.index("What went well") < said.index("For the next ones")
    bare = said.replace(cycle.name, "").replace("fewer than 11", "").replace("about 10 ", "")
    assert not [n for n in map(int, re.findall(r"(?<![\d.])\d+(?! %)(?! days?)", bare)) if 0 < n < 11]
    assert "SECRET" not in said
    assert not note_doubts(bare)
    assert not promises_of_outcome(said)


def test_shares_are_rounded_and_few_are_not_told() -> None:
    """To 5 %; neither few who did nor few who did not."""
    shares = [(0, 0), (5, 40), (40, 45), (20, 41), (41, 41), (0, 41), (12, 60), (11, 550), (539, 550)]
    assert [partner_note._about(k, n) for k, n in shares] == [
        None, None, None, "about 50 %", "all of them", "none of them", "about 20 %", "under 5 %", "over 95 %",
    ]  # fmt: skip


def test_a_note_is_looked_at_noted_as_sent_and_taken_back(on_copy: Path) -> None:  # noqa: F811
    """The partner is due no longer, and due again; the finding counts it."""
    at = visit("loop", loop_length="Quarter")
    closed = int(re.search(r"\*\*(\d+) of \d+\*\* partners", words(at))[1])
    due = at.dataframe[0].value
    assert due["stands"].iloc[0] == "Due"
    name = due["name"].iloc[0]
    assert f"To {name}" in at.code[0].value
    at = press(at, "Note that it was sent")
    assert f"{name} was told about July to September 2026." in words(at)
    assert f"**{closed + 1} of " in words(at)
    with databases.opened(f"sqlite:///{on_copy}") as engine, reading(engine) as c:
        latest = sa.select(t.partner_notes.c.body, t.partner_notes.c.partner_id).order_by(t.partner_notes.c.id.desc())
        body, partner = c.execute(latest.limit(1)).one()
    assert f"To {name}" in body, "what was sent is kept as it was sent"
    at.selectbox(key="loop_partner_July to September 2026").set_value(partner).run()
    assert f"**{closed} of " in words(press(at, "It was not sent after all"))


def test_outreach_is_written_down_done_and_followed(on_copy: Path) -> None:  # noqa: F811
    """With a partner or a category; what followed is a description."""
    at = visit("outreach")
    said = words(at)
    assert "**2 outreaches** due, 1 of them overdue; 2 done in the last 90 days." in said
    assert "A description, not an effect" in said
    table = next(one.value for one in at.table if "Booked before" in one.value)
    assert "not over yet" in set(table["After"])
    assert re.fullmatch(r"\d+ % of \d+ \(\d+ to \d+ %\)", table["Booked before"].iloc[0])
    press(at, "Done today")
    assert "**1 outreach** due; 3 done" in words(at)
    assert "**2 outreaches** due" in words(press(at, "Not done after all"))
    assert "**1 outreach** due; 3 done" in words(press(at, "Done today"))
    key = next(w.key for w in at.text_input if w.key.startswith("outreach_new_")).removesuffix("_text")
    at.text_input(key=f"{key}_text").set_value("How to send records")
    at.selectbox(key=f"{key}_owner").select_index(0)
    assert "Choose a partner, or a category" in words(press(at, "Write it down"))
    at.selectbox(key=f"{key}_category").select_index(2)
    assert "**2 outreaches** due" in words(press(at, "Write it down"))


@pytest.mark.parametrize(
    ("role", "scoped", "write"),
    [(Role.FRONT_DESK, False, "plan"), (Role.FRONT_DESK, False, "note"), (Role.MARKETING, True, "note"),
     (Role.CLINICAL_REVIEW, False, "done"), (Role.FRONT_DESK, False, "withdraw"), (Role.MANAGER, True, "back")],
)  # fmt: skip
def test_who_may_not_reach_out_is_told_so(world: World, role: Role, scoped: bool, write: str) -> None:
    """A note tells of the whole practice, so that it is for those who see it."""
    viewer = Viewer("X", role, frozenset({world.north}) if scoped else None, world.alice)
    with writing(world.engine) as c:
        outreach.plan(c, Outreach.CALL, "x", TODAY, owner_id=world.bob, now=NOW, partner_id=world.lakeside)
        (act,) = outreach.acts(c)
        noted = partner_notes.sent(
            c, world.harbor, JANUARY, "x", method=ContactMethod.FAX, today=TODAY, now=NOW, staff_id=None
        )
    writes = {
        "plan": lambda: partner_actions.plan_outreach(
            world.engine, viewer, Outreach.CALL, "y", TODAY, owner_id=world.bob, now=NOW, partner_id=world.lakeside),
        "done": lambda: partner_actions.outreach_done(world.engine, viewer, act, TODAY, today=TODAY),
        "withdraw": lambda: partner_actions.withdraw_outreach(world.engine, viewer, act, now=NOW),
        "note": lambda: partner_actions.note_sent(
            world.engine, viewer, world.lakeside, JANUARY, "y", method=ContactMethod.FAX, today=TODAY, now=NOW),
        "back": lambda: partner_actions.take_note_back(world.engine, viewer, noted, now=NOW),
    }  # fmt: skip
    with pytest.raises(auth.NotAllowed):
        writes[write]()
    with reading(world.engine) as c:
        assert [one.done_on for one in outreach.acts(c)] == [None]
        assert set(partner_notes.of_cycle(c, JANUARY)) == {world.harbor}
