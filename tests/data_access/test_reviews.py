"""What the weekly review decides and keeps: on both databases, once, and for those who may see it."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
import sqlalchemy as sa

from data_access import reviews
from data_access import tables as t
from data_access.engine import reading, writing
from data_access.lead_rules import NotPossible
from data_access.vocabulary import ActionEnding, TrendSeries
from tests import factories
from tests.conftest import Engine
from tests.factories import NOW, World

TODAY = NOW.date()
WEEK = 2_930


def decide(world: World, text: str = "Call Harbor", **changes) -> int:
    fields = {"owner_id": world.alice, "due_on": TODAY + timedelta(days=7), "week": WEEK, "today": TODAY, "now": NOW}
    with writing(world.engine) as c:
        return reviews.decide(c, text, **(fields | changes))


def shown(world: World, week: int = WEEK, since=NOW, locations=None) -> list[str]:
    with reading(world.engine) as c:
        return [one.text for one in reviews.actions_of(c, week, since, locations)]


def test_an_action_is_carried_over_until_it_ends(database: Engine) -> None:
    """Open it is in every later review; ended it is in the review that looks back on its end, and in its own."""
    world = factories.found(database)
    action = decide(world, series=TrendSeries.IN_TIME, location_id=world.north)
    assert shown(world, WEEK + 9, NOW + timedelta(weeks=9)) == ["Call Harbor"]
    with writing(database) as c:
        reviews.end(c, reviews.get(c, action), ActionEnding.DONE, now=NOW + timedelta(days=3))
    assert shown(world, WEEK + 1, NOW) == ["Call Harbor"], "the next meeting sees that it is done"
    assert shown(world, WEEK + 2, NOW + timedelta(days=7)) == []
    assert shown(world, WEEK, NOW + timedelta(days=90)) == ["Call Harbor"], "its own review still names it"
    assert shown(world, WEEK - 1) == [], "not decided yet"
    with writing(database) as c:
        reviews.end(c, reviews.get(c, action), None, now=NOW)
    with reading(database) as c:
        again = reviews.get(c, action)
    assert (again.ending, again.ended_at, again.owner, again.series) == (None, None, "Alice", TrendSeries.IN_TIME)


def test_the_same_decision_twice_is_one_action(database: Engine) -> None:
    """A double click writes it once; once it has ended, the same can be decided again."""
    world = factories.found(database)
    first = decide(world)
    assert decide(world) == first
    assert decide(world, location_id=world.north) != first
    with writing(database) as c:
        reviews.end(c, reviews.get(c, first), ActionEnding.DROPPED, now=NOW)
    assert decide(world) != first


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"text": "  "}, "1 to 160 characters"), ({"text": "x" * 161}, "this one has 161"),
        ({"due_on": TODAY - timedelta(days=1)}, "The due day is over"), ({"owner_id": 999}, "one owner"),
    ],
)  # fmt: skip
def test_what_is_no_action_is_refused_in_words(sqlite_database: Engine, changes: dict, says: str) -> None:
    """And nothing is written."""
    world = factories.found(sqlite_database)
    with pytest.raises(ValueError, match=says):
        decide(world, **changes)
    assert shown(world) == []


def test_an_action_is_moved_to_somebody_and_to_another_day(database: Engine) -> None:
    """Not to a day that is over, and not to somebody who is not there; an overdue one may stay overdue."""
    world = factories.found(database)
    action = decide(world)
    later = TODAY + timedelta(days=30)
    with writing(database) as c:
        reviews.move(c, reviews.get(c, action), owner_id=world.bob, due_on=TODAY + timedelta(days=7), today=later)
        seen = reviews.get(c, action)
    with pytest.raises(ValueError, match="The due day is over"), writing(database) as c:
        reviews.move(c, seen, owner_id=world.bob, due_on=later - timedelta(days=1), today=later)
    with pytest.raises(ValueError, match="one owner"), writing(database) as c:
        reviews.move(c, seen, owner_id=99, due_on=later, today=later)
    with pytest.raises(LookupError, match="no action 99"), writing(database) as c:
        reviews.move(c, replace(seen, id=99), owner_id=world.bob, due_on=later, today=later)
    with reading(database) as c:
        assert (reviews.get(c, action).owner, reviews.get(c, action).due_on) == ("Bob", TODAY + timedelta(days=7))


def test_of_two_who_saw_the_same_action_the_second_is_told_what_the_first_did(database: Engine) -> None:
    """Nothing is overwritten; who says the same again is not bothered."""
    world = factories.found(database)
    action, day = decide(world), TODAY + timedelta(days=9)
    with reading(database) as c:
        seen = reviews.get(c, action)
    with writing(database) as c:
        reviews.move(c, seen, owner_id=world.bob, due_on=day, today=TODAY)
        reviews.move(c, seen, owner_id=world.bob, due_on=day, today=TODAY)
    with pytest.raises(NotPossible, match=f"Bob has it, due {day} now"), writing(database) as c:
        reviews.move(c, seen, owner_id=world.alice, due_on=day, today=TODAY)
    with writing(database) as c:
        reviews.end(c, seen, ActionEnding.DONE, now=NOW)
        reviews.end(c, seen, ActionEnding.DONE, now=NOW + timedelta(days=1))
    with pytest.raises(NotPossible, match="it is done now"), writing(database) as c:
        reviews.end(c, seen, ActionEnding.DROPPED, now=NOW)
    with pytest.raises(NotPossible, match="it is done now"), writing(database) as c:
        reviews.move(c, replace(seen, owner_id=world.bob, due_on=day), owner_id=world.alice, due_on=day, today=TODAY)
    with reading(database) as c:
        now_is = reviews.get(c, action)
    assert (now_is.ending, now_is.ended_at, now_is.owner, now_is.due_on) == (ActionEnding.DONE, NOW, "Bob", day)
    with writing(database) as c:
        reviews.end(c, now_is, None, now=NOW)
    with pytest.raises(NotPossible, match="it is open now"), writing(database) as c:
        reviews.end(c, now_is, ActionEnding.DROPPED, now=NOW)


def test_actions_of_another_location_are_not_shown(sqlite_database: Engine) -> None:
    """Those of the whole practice are everybody's."""
    world = factories.found(sqlite_database)
    decide(world, "all of us")
    decide(world, "south only", location_id=world.south)
    assert shown(world, locations=(world.north,)) == ["all of us"]
    assert shown(world, locations=()) == ["all of us"]


def test_a_frozen_week_is_what_was_frozen_last(database: Engine) -> None:
    """With the same filters; the same content twice is kept once."""
    world = factories.found(database)
    for number, at in ((1.5, NOW), (1.5, NOW + timedelta(hours=1)), (2, NOW + timedelta(days=1))):
        with writing(database) as c:
            reviews.freeze(c, WEEK, "", {"a": number, "b": [None, "é"]}, now=at, staff_id=world.bob)
    with writing(database) as c:
        reviews.freeze(c, WEEK, "location=1", {"a": 9}, now=NOW, staff_id=None)
    with reading(database) as c:
        kept = reviews.frozen(c, WEEK, "")
        assert (kept.content, kept.by, kept.frozen_at) == ({"a": 2, "b": [None, "é"]}, "Bob", NOW + timedelta(days=1))
        assert reviews.frozen(c, WEEK, "location=1").by == "the command line"
        assert reviews.frozen(c, WEEK + 1, "") is None
        assert c.scalar(sa.select(sa.func.count()).select_from(t.frozen_reviews)) == 3


def test_a_frozen_week_that_was_tampered_with_is_not_shown(sqlite_database: Engine) -> None:
    """Its digest tells."""
    factories.found(sqlite_database)
    with writing(sqlite_database) as c:
        reviews.freeze(c, WEEK, "", {"a": 1}, now=NOW, staff_id=None)
        c.execute(sa.update(t.frozen_reviews).values(content={"a": 2}))
    with pytest.raises(ValueError, match="changed after it was kept"), reading(sqlite_database) as c:
        reviews.frozen(c, WEEK, "")


def test_a_due_day_is_a_day(sqlite_database: Engine) -> None:
    """As it was chosen, whatever the zone."""
    world = factories.found(sqlite_database)
    action = decide(world, due_on=date(2026, 12, 31))
    with reading(sqlite_database) as c:
        assert reviews.get(c, action).due_on == date(2026, 12, 31)
