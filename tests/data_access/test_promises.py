"""The response clock: asked in any order, it answers the same, and lays the hours out a handful of times."""

from datetime import UTC, date, datetime, timedelta

import pytest

from data_access import promises, staffed_hours
from data_access.engine import reading, writing
from data_access.promises import ResponseClock
from data_access.vocabulary import Precision, TargetMetric
from tests.factories import LONG_AGO, World, asked

START = datetime(2026, 3, 11, 15, 0, tzinfo=UTC)


@pytest.mark.parametrize("step", [timedelta(days=1), timedelta(days=-1)])
def test_leads_in_either_order_need_few_calendars(
    world: World, step: timedelta, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Three years of days, oldest first or newest first: the same answers, and not one calendar a lead."""
    laid_out = []
    real = promises.lay_out_once
    monkeypatch.setattr(promises, "lay_out_once", lambda *a: laid_out.append(a) or real(*a))
    with reading(world.engine) as c:
        clock = ResponseClock(c)
        for n in range(1000):
            at = START + n * step
            shared = clock.stamped(asked(world), at, Precision.MINUTE)
            if n % 97 == 0:
                assert shared == ResponseClock(c).stamped(asked(world), at, Precision.MINUTE)
                laid_out.pop()
    assert len(laid_out) < 10


def test_a_window_that_ends_at_closing_time_is_kept_until_the_next_opening(world: World) -> None:
    """Due at five in the afternoon; nobody's time passes until nine, so an answer at nine is in time as well."""
    with reading(world.engine) as c:
        made = ResponseClock(c).stamped(asked(world), datetime(2026, 3, 11, 17, 0, tzinfo=UTC), Precision.MINUTE)
        other = ResponseClock(c).stamped(asked(world), START, Precision.MINUTE)
    assert made.respond_by == datetime(2026, 3, 11, 21, 0, tzinfo=UTC)
    assert made.answer_until == datetime(2026, 3, 12, 13, 0, tzinfo=UTC)
    assert other.answer_until == other.respond_by == START + timedelta(hours=4)


@pytest.mark.parametrize("first_asked", [0, 700])
def test_a_deadline_far_ahead_is_found_whatever_was_asked_before(world: World, first_asked: int) -> None:
    """One staffed hour a week and four to answer in, or forty: the same deadline from a fresh clock and a used one."""
    with writing(world.engine) as c:
        staffed_hours.set_hours(c, world.south, {0: [("09:00", "10:00")]}, effective_from=LONG_AGO)
        promises.set_window(c, 40 * 60, effective_from=LONG_AGO, location_id=world.south)
        clock = ResponseClock(c)
        clock.stamped(asked(world, location_id=world.south), START + timedelta(days=first_asked), Precision.MINUTE)
        made = clock.stamped(asked(world, location_id=world.south), START, Precision.MINUTE)
    assert made.respond_by
    assert made.respond_by.date() == date(2026, 12, 14)


def test_the_target_of_a_day_is_the_newest_that_was_set_by_then_and_a_location_has_its_own(world: World) -> None:
    """Set for the practice since long ago, raised in March, and lower at South."""
    with writing(world.engine) as c:
        promises.set_target(c, TargetMetric.RESPONSE_IN_TIME, 0.95, effective_from=date(2026, 3, 1))
        promises.set_target(
            c, TargetMetric.RESPONSE_IN_TIME, 0.6, effective_from=date(2026, 2, 1), location_id=world.south
        )
        made = promises.targets(c)[TargetMetric.RESPONSE_IN_TIME]
    assert [made.on(date(2026, month, 15)) for month in (1, 2, 3)] == [0.9, 0.9, 0.95]
    assert [made.on(date(2026, month, 15), world.south) for month in (1, 2, 3)] == [0.9, 0.6, 0.6]
    assert made.on(date(2019, 1, 1)) is None


def test_planned_hours_are_never_overwritten_in_silence(world: World) -> None:
    """A location that closes for good in June keeps that when March is edited: the edit is refused."""
    with writing(world.engine) as c:
        staffed_hours.set_hours(c, world.south, {}, effective_from=date(2026, 6, 1))
        with pytest.raises(ValueError, match="2026-06-01"):
            staffed_hours.set_hours(c, world.south, {0: [("09:00", "12:00")]}, effective_from=date(2026, 3, 1))
        staffed_hours.set_hours(c, world.south, {0: [("09:00", "12:00")]}, effective_from=date(2026, 6, 1))
