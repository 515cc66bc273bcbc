"""When a location is staffed: hours from a day on, closed days, and what is opened besides."""

from datetime import timedelta

import pytest

from data_access import days, promises, staffed_hours
from data_access.engine import reading, writing
from tests.factories import NOW, WEEKDAYS, World

DAY = timedelta(days=1)
TODAY = NOW.date()


def test_a_closed_day_ahead_moves_what_is_promised_from_then_on(world: World) -> None:
    """Four staffed hours from Wednesday noon are over at four; with a closed afternoon, on Thursday."""
    with writing(world.engine) as c:
        clock = promises.ResponseClock(c)
        assert clock.after(world.north, NOW, 4 * 3600) == NOW + timedelta(hours=4)
        assert staffed_hours.close_on(c, {TODAY: "Training"}, location_id=world.north, span=(13 * 60, 24 * 60)) == 1
        assert staffed_hours.close_on(c, {TODAY: "Again"}, location_id=world.north, span=(13 * 60, 24 * 60)) == 0
        assert promises.ResponseClock(c).after(world.north, NOW, 4 * 3600) == NOW + DAY
        assert promises.ResponseClock(c).after(world.south, NOW, 0) is not None


def test_an_extra_opening_counts_as_staffed(world: World) -> None:
    """Saturday morning at every location in use."""
    saturday = TODAY + 3 * DAY
    with writing(world.engine) as c:
        staffed_hours.open_besides(c, saturday, (540, 780), "Extra")
        assert len(staffed_hours.openings_from(c, TODAY)) == 2
        start = NOW + 2 * DAY + timedelta(hours=5)  # Friday at five, the closing time
        assert promises.ResponseClock(c).after(world.north, start, 3600) == NOW + 3 * DAY - timedelta(hours=2)


def test_only_a_closure_ahead_is_taken_back(world: World) -> None:
    """What is over was promised by."""
    with writing(world.engine) as c:
        staffed_hours.close_on(c, {TODAY: "Today", TODAY + DAY: "Tomorrow"})
        today, tomorrow = (one["id"] for one in staffed_hours.closures_from(c, TODAY))
        staffed_hours.open_after_all(c, tomorrow, today=TODAY)
        for gone in (today, tomorrow):
            with pytest.raises(ValueError, match="lies ahead"):
                staffed_hours.open_after_all(c, gone, today=TODAY)
        assert [one["label"] for one in staffed_hours.closures_from(c, TODAY)] == ["Today"]


def test_a_closure_ends_after_it_begins(world: World) -> None:
    """On the same day."""
    with writing(world.engine) as c, pytest.raises(ValueError, match="ends after it begins"):
        staffed_hours.close_on(c, {TODAY: "Odd"}, span=(600, 600))


def test_hours_change_from_a_day_on(world: World) -> None:
    """Yesterday's stay what they were."""
    with writing(world.engine) as c:
        staffed_hours.set_hours(c, world.north, {0: [("10:00", "12:00")]}, effective_from=TODAY)
    with reading(world.engine) as c:
        assert len(staffed_hours.hours_on(c, TODAY - DAY)[world.north]) == len(WEEKDAYS)
        assert [days.time_of_day(h.opens) for h in staffed_hours.hours_on(c, TODAY)[world.north]] == ["10:00"]
