"""The staffed-hours clock against worked cases, a walk over every minute, and its own laws."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data_access.days import DayInterval, Hours, minute_of_day
from data_access.working_time import Calendar, lay_out, to_utc
from tests.cases import case, clock_cases

ZONES = ["America/New_York", "America/Phoenix", "Europe/London", "Australia/Lord_Howe", "America/Sao_Paulo"]
LONG_AGO = date(1990, 1, 1)
NINE_TO_FIVE = [Hours(day, 540, 1020, LONG_AGO) for day in range(5)]


def seconds(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp())


def calendar(zone: str = "America/New_York", hours: list[Hours] = NINE_TO_FIVE, **days: list[DayInterval]) -> Calendar:
    return lay_out(
        zone, hours, days.get("closures", []), days.get("openings", []), date(2026, 1, 1), date(2026, 12, 31)
    )


@pytest.mark.parametrize("name", clock_cases())
def test_worked_cases_come_out_to_the_second(name: str) -> None:
    """Vendor documentation, other clocks' tests and hand arithmetic, with the vendors' own mistakes corrected."""
    given_, expected = case(name)["inputs"], case(name)["expected"]
    start = given_.get("start") or given_["received"]
    day = datetime.fromisoformat(start).date()
    clock = lay_out(
        given_["tz"],
        [
            Hours(int(weekday), minute_of_day(a), minute_of_day(b), LONG_AGO)
            for weekday, intervals in given_["hours"].items()
            for a, b in intervals
        ],
        [DayInterval(date.fromisoformat(h)) for h in given_["holidays"]],
        [],
        day - timedelta(days=14),
        day + timedelta(days=30),
    )
    if "due_utc" in expected:
        assert clock.due(seconds(start), given_["window_seconds"]) == seconds(expected["due_utc"])
    if "business_seconds" in expected:
        assert clock.elapsed(seconds(start), seconds(given_["end"])) == expected["business_seconds"]
    if "met" in expected:
        elapsed = clock.elapsed(seconds(start), [seconds(r) for r in given_["responses"]])
        assert list(elapsed) == expected["elapsed"]
        assert list(elapsed <= given_["window_seconds"]) == expected["met"]


def test_friday_afternoon_runs_over_to_monday() -> None:
    """Friday 16:00 and four staffed hours: one on Friday, three on Monday."""
    assert calendar().due(seconds("2026-01-16T16:00:00-05:00"), 4 * 3600) == seconds("2026-01-19T12:00:00-05:00")


def test_a_window_that_ends_at_closing_time_is_used_up_at_closing_time() -> None:
    """Nine o'clock and eight hours: five o'clock, not the next morning."""
    assert calendar().due(seconds("2026-01-13T09:00:00-05:00"), 8 * 3600) == seconds("2026-01-13T17:00:00-05:00")


def test_a_closing_day_and_an_extra_opening_move_the_clock() -> None:
    """A closed Friday adds nothing; an open Saturday does."""
    closed = calendar(closures=[DayInterval(date(2026, 7, 3))])
    both = calendar(closures=[DayInterval(date(2026, 7, 3))], openings=[DayInterval(date(2026, 7, 4), 600, 720)])
    start, end = seconds("2026-07-02T16:00:00-04:00"), seconds("2026-07-06T10:00:00-04:00")
    assert closed.elapsed(start, end) == 2 * 3600
    assert both.elapsed(start, end) == 4 * 3600


def test_hours_change_on_their_day_and_not_before() -> None:
    """Hours that hold until June leave July alone."""
    hours = [Hours(0, 540, 1020, LONG_AGO, date(2026, 6, 1)), Hours(0, 600, 720, date(2026, 6, 1))]
    clock = calendar(hours=hours)
    assert clock.elapsed(seconds("2026-05-25T00:00:00-04:00"), seconds("2026-05-26T00:00:00-04:00")) == 8 * 3600
    assert clock.elapsed(seconds("2026-06-01T00:00:00-04:00"), seconds("2026-06-02T00:00:00-04:00")) == 2 * 3600


def test_nobody_ever_there_means_no_deadline() -> None:
    """Without staffed hours no time passes and no window ends."""
    clock = calendar(hours=[])
    assert clock.due(seconds("2026-01-13T09:00:00Z"), 3600) == -1
    assert clock.elapsed(seconds("2026-01-13T09:00:00Z"), seconds("2026-02-13T09:00:00Z")) == 0


def test_a_question_outside_the_laid_out_days_is_refused() -> None:
    """A silent zero would look like an answer."""
    with pytest.raises(ValueError, match="laid out from 2026-01-01"):
        calendar().elapsed(seconds("2025-01-13T09:00:00Z"), seconds("2026-01-13T09:00:00Z"))
    with pytest.raises(ValueError, match="laid out"):
        calendar().elapsed_once(seconds("2025-01-13T09:00:00Z"), seconds("2026-01-13T09:00:00Z"))


@pytest.mark.parametrize(
    ("zone", "day", "wall", "utc"),
    [
        ("America/Los_Angeles", "2014-03-09", "02:30", "2014-03-09T10:30:00+00:00"),
        ("America/Los_Angeles", "2014-11-02", "01:30", "2014-11-02T08:30:00+00:00"),
    ],
)
def test_a_skipped_time_moves_forward_and_a_doubled_one_means_the_first(
    zone: str, day: str, wall: str, utc: str
) -> None:
    """Summer time begins and ends inside opening hours."""
    assert to_utc(date.fromisoformat(day), minute_of_day(wall), ZoneInfo(zone)) == seconds(utc)


intervals = st.tuples(st.integers(0, 6), st.integers(0, 1439), st.integers(0, 1440)).filter(lambda i: i[1] != i[2])
clock_change_weeks = st.sampled_from(
    [date(2026, 3, 5), date(2026, 10, 22), date(2026, 10, 30), date(2026, 4, 2), date(2018, 11, 1)]
)


@st.composite
def weeks(draw: st.DrawFn) -> tuple[str, list[Hours], list[DayInterval], list[DayInterval], date]:
    first = draw(clock_change_weeks)
    days = st.builds(
        lambda offset, a, b: DayInterval(first + timedelta(days=offset), min(a, b), max(a, b)),
        st.integers(0, 8), st.integers(0, 720), st.integers(721, 1440),
    )  # fmt: skip
    hours = [Hours(w, a, b, LONG_AGO) for w, a, b in draw(st.lists(intervals, max_size=8))]
    return (
        draw(st.sampled_from(ZONES)),
        hours,
        draw(st.lists(days, max_size=2)),
        draw(st.lists(days, max_size=2)),
        first,
    )


def walk(
    zone: str, hours: list[Hours], closures: list[DayInterval], openings: list[DayInterval], first: date
) -> list[int]:
    """UTC minutes in which somebody is there, found by looking at each minute's wall clock."""
    tz = ZoneInfo(zone)
    begin, end = to_utc(first, 0, tz) // 60, to_utc(first + timedelta(days=8), 1440, tz) // 60

    def within(opens: int, closes: int, on: date, minute: int) -> bool:
        closes += 1440 if closes <= opens else 0
        return to_utc(on, opens, tz) // 60 <= minute < to_utc(on, closes, tz) // 60

    staffed = []
    for minute in range(begin, end):
        local = datetime.fromtimestamp(minute * 60, UTC).astimezone(tz)
        near = [local.date() - timedelta(days=1), local.date()]
        regular = any(h.weekday == d.weekday() and within(h.opens, h.closes, d, minute) for d in near for h in hours)
        shut = any(within(c.opens, c.closes, c.on, minute) for c in closures)
        extra = any(within(o.opens, o.closes, o.on, minute) for o in openings)
        if (regular and not shut) or extra:
            staffed.append(minute)
    return staffed


@settings(max_examples=25)
@given(weeks(), st.data())
def test_the_search_agrees_with_a_walk_over_every_minute(week, data: st.DataObject) -> None:
    """Any hours, closures and openings, in weeks in which clocks change, in five zones."""
    zone, hours, closures, openings, first = week
    clock = lay_out(zone, hours, closures, openings, first, first + timedelta(days=8))
    staffed = np.array(walk(*week))
    for _ in range(20):
        a, b = sorted(data.draw(st.integers(clock.first // 60, clock.last // 60)) for _ in range(2))
        assert clock.elapsed(a * 60, b * 60) == 60 * np.sum((staffed >= a) & (staffed < b))
        assert clock.elapsed_once(a * 60, b * 60) == clock.elapsed(a * 60, b * 60)
        window = data.draw(st.integers(1, 600))
        later = staffed[staffed >= a]
        assert clock.due(a * 60, window * 60) == ((later[window - 1] + 1) * 60 if len(later) >= window else -1)


@settings(max_examples=60)
@given(weeks(), st.integers(0, 9 * 1440), st.integers(0, 9 * 1440), st.integers(0, 9 * 1440))
def test_elapsed_time_adds_up_and_never_shrinks(week, a: int, b: int, c: int) -> None:
    """Splitting a stretch and adding the parts gives the whole."""
    zone, hours, closures, openings, first = week
    clock = lay_out(zone, hours, closures, openings, first, first + timedelta(days=10))
    x, y, z = (clock.first + 60 * m for m in sorted((a, b, c)))
    assert clock.elapsed(x, y) + clock.elapsed(y, z) == clock.elapsed(x, z)
    assert [clock.elapsed_once(*pair) for pair in ((x, y), (y, x), (x + 1, z))] == [
        int(clock.elapsed(*pair)) for pair in ((x, y), (y, x), (x + 1, z))
    ]
    due = clock.due(x, 3600)
    if due >= 0:
        assert clock.elapsed(x, due) == 3600
    more_closed = lay_out(
        zone, hours, [*closures, DayInterval(first + timedelta(days=2))], openings, first, first + timedelta(days=10)
    )
    assert more_closed.elapsed(x, z) <= clock.elapsed(x, z)


def test_a_wall_time_in_a_gap_or_an_overlap_is_one_moment() -> None:
    """In a gap it moves forward; of two, the first is meant."""
    given_, expected = case("R33")["inputs"], case("R33")["expected"]
    found = []
    for zone, day, clock in given_["rows"]:
        hours, minutes = map(int, clock.split(":"))
        seconds = to_utc(date.fromisoformat(day), hours * 60 + minutes, ZoneInfo(zone))
        found.append(datetime.fromtimestamp(seconds, UTC).isoformat().replace("+00:00", "Z"))
    assert found == expected["utc"]
