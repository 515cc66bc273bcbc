"""Planned openings: a number a week from a day on, for a location's service line or for any."""

from datetime import date

import pandas as pd
import pytest

from data_access import planned_openings
from data_access import tables as t
from data_access.days import week_number
from data_access.engine import reading, writing
from data_access.planned_openings import KEYS, MOST
from tests import factories
from tests.conftest import Engine
from tests.factories import World

MONDAY = date(2026, 3, 16)
WEEK = week_number(MONDAY)


def plan(world: World, per_week: int | None, since: date, line: int | None = None, place: int | None = None) -> None:
    with writing(world.engine) as c:
        planned_openings.plan(c, per_week, effective_from=since, location_id=place or world.north, service_line_id=line)


def planned(world: World, weeks: int = 3, locations=None) -> pd.DataFrame:
    with reading(world.engine) as c:
        return planned_openings.by_week(c, WEEK, weeks, locations)


def test_a_plan_holds_from_its_day_on_until_another_one_does_or_none(database: Engine) -> None:
    """A week goes by the plan of its Monday; one that begins on a Tuesday begins with the next week."""
    world = factories.found(database)
    plan(world, 5, date(2026, 3, 1), world.cardiology)
    plan(world, 8, date(2026, 3, 24), world.cardiology)
    plan(world, None, date(2026, 4, 6), world.cardiology)
    table = planned(world, 4)
    assert table[["week", "per_week"]].values.tolist() == [[WEEK, 5], [WEEK + 1, 5], [WEEK + 2, 8]]
    assert set(table["location"]) == {world.north}
    assert set(table["service_line"]) == {world.cardiology}
    with reading(database) as c:
        on = {day: planned_openings.on(c, day) for day in (date(2026, 2, 28), date(2026, 3, 24), date(2026, 4, 6))}
    assert [[rule["per_week"] for rule in rules] for rules in on.values()] == [[], [8], []]
    assert set(KEYS) < set(on[date(2026, 3, 24)][0])


def test_openings_for_any_service_line_stand_beside_those_of_one(database: Engine) -> None:
    """Both are planned; whoever sees one location sees its plans alone."""
    world = factories.found(database)
    plan(world, 5, MONDAY, world.cardiology)
    plan(world, 0, MONDAY)
    plan(world, 7, MONDAY, place=world.south)
    found = planned(world, 1).sort_values(["location", "service_line"])
    assert found.values.tolist() == [
        [world.north, 0, WEEK, 0], [world.north, world.cardiology, WEEK, 5], [world.south, 0, WEEK, 7],
    ]  # fmt: skip
    assert planned(world, 1, (world.south,))["per_week"].tolist() == [7]
    assert planned(world, 1, ()).empty


def test_another_number_from_the_same_day_takes_its_place(database: Engine) -> None:
    """A slip is mended by saying it again."""
    world = factories.found(database)
    plan(world, 50, MONDAY)
    plan(world, 5, MONDAY)
    assert planned(world, 1)["per_week"].tolist() == [5]


def test_what_the_practice_has_given_up_has_no_openings(database: Engine) -> None:
    """A plan of a location or a service line that is retired counts no more, and nobody has to end it."""
    world = factories.found(database)
    for line in (world.cardiology, world.imaging, None):
        plan(world, 5, MONDAY, line)
    with writing(database) as c:
        c.execute(t.service_lines.update().where(t.service_lines.c.id == world.imaging).values(active=False))
    assert set(planned(world, 1)["service_line"]) == {0, world.cardiology}
    with writing(database) as c:
        assert len(planned_openings.on(c, MONDAY)) == 2
        c.execute(t.locations.update().where(t.locations.c.id == world.north).values(active=False))
        assert planned_openings.on(c, MONDAY) == []
    assert planned(world, 1).empty


@pytest.mark.parametrize("number", [-1, MOST + 1])
def test_what_is_no_number_of_openings_is_refused(sqlite_database: Engine, number: int) -> None:
    """And nothing is planned."""
    world = factories.found(sqlite_database)
    with pytest.raises(ValueError, match=f"0 to {MOST} openings, not {number}"):
        plan(world, number, MONDAY)
    assert planned(world).empty
