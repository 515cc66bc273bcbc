"""The response clock: asked in any order, it answers the same, and lays the hours out a handful of times."""

from datetime import UTC, datetime, timedelta

import pytest

from data_access import promises
from data_access.engine import reading
from data_access.promises import ResponseClock
from data_access.vocabulary import Precision
from tests.factories import World, asked

START = datetime(2026, 3, 11, 15, 0, tzinfo=UTC)


@pytest.mark.parametrize("step", [timedelta(days=1), timedelta(days=-1)])
def test_leads_in_either_order_need_few_calendars(
    world: World, step: timedelta, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Three years of days, oldest first or newest first: the same answers, and not one calendar a lead."""
    laid_out = []
    real = promises.lay_out
    monkeypatch.setattr(promises, "lay_out", lambda *a: laid_out.append(a) or real(*a))
    with reading(world.engine) as c:
        clock = ResponseClock(c)
        for n in range(1000):
            at = START + n * step
            shared = clock.promise(asked(world), at, Precision.MINUTE)
            if n % 97 == 0:
                assert shared == ResponseClock(c).promise(asked(world), at, Precision.MINUTE)
                laid_out.pop()
    assert len(laid_out) < 10
