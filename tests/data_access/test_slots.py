"""Openings for new patients: taken from a file, counted as they stood at a moment."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from data_access import slots
from data_access import tables as t
from data_access.days import day_number
from data_access.engine import reading, writing
from data_access.slots import BadSlots
from tests import factories
from tests.conftest import empty
from tests.factories import NOW, World

HEAD = "location,service_line,starts_at,opened_at,taken_at\n"


def file_of(tmp_path: Path, *lines: str, head: str = HEAD) -> Path:
    path = tmp_path / "slots.csv"
    path.write_text(head + "".join(f"{line}\n" for line in lines))
    return path


def test_slots_are_open_between_the_moments_at_which_they_were_opened_and_taken(world: World, tmp_path: Path) -> None:
    """As of a moment, and not as of today; on the location's own day."""
    late = "2026-03-20 23:30"  # the 21st in UTC
    path = file_of(tmp_path, f"North,Cardiology,{late},2026-03-01 09:00,2026-03-12 09:00", "South,,2026-03-22 09:00,,")
    with writing(world.engine) as c:
        assert slots.load(c, path, NOW) == {"read": 2, "added": 2, "updated": 0}
    north = [world.north, world.cardiology, day_number(datetime(2026, 3, 20, tzinfo=UTC).date()), 1]
    south = [world.south, 0, day_number(datetime(2026, 3, 22, tzinfo=UTC).date()), 1]
    with reading(world.engine) as c:
        for when, places, expected in (
            (NOW - timedelta(days=5), None, [north]),
            (NOW, None, [north, south]),
            (NOW, (world.south,), [south]),
            (NOW + timedelta(days=2), None, [south]),
            (NOW + timedelta(days=30), None, []),
        ):
            assert slots.open_by_day(slots.every(c), when, places)[0].values.tolist() == expected, when


def test_the_same_file_again_changes_nothing_and_a_slot_that_was_taken_is_taken(world: World, tmp_path: Path) -> None:
    """Two slots at one time are two."""
    line = "North,Cardiology,2026-03-20 09:00,,"
    path = file_of(tmp_path, line, line)
    with writing(world.engine) as c:
        assert slots.load(c, path, NOW)["added"] == 2
        assert slots.load(c, path, NOW) == {"read": 2, "added": 0, "updated": 0}
        taken = file_of(tmp_path, f"{line}2026-03-12 09:00", line)
        assert slots.load(c, taken, NOW) == {"read": 2, "added": 0, "updated": 1}
        assert c.scalar(sa.select(sa.func.count()).where(t.slots.c.taken_at.is_not(None))) == 1


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("Nort,Cardiology,2026-03-20 09:00,,", "line 3: there is no location 'Nort'; there are: North, South"),
        ("North,Cardio,2026-03-20 09:00,,", "there is no service line 'Cardio'"),
        ("North,,soon,,", "starts_at 'soon' is not a moment"),
        ("North,,,,", "starts_at is empty"),
    ],
)
def test_a_line_that_cannot_be_taken_is_named_and_nothing_is_taken(
    world: World, tmp_path: Path, line: str, says: str
) -> None:
    """Which line, what was found, what is allowed."""
    path = file_of(tmp_path, "North,,2026-03-20 09:00,,", line)
    with pytest.raises(BadSlots, match=says), writing(world.engine) as c:
        slots.load(c, path, NOW)
    with reading(world.engine) as c:
        assert c.scalar(sa.select(sa.func.count()).select_from(t.slots)) == 0


def test_a_file_without_its_columns_says_which(world: World, tmp_path: Path) -> None:
    """And which it needs."""
    with pytest.raises(BadSlots, match="no column 'starts_at'"), writing(world.engine) as c:
        slots.load(c, file_of(tmp_path, head="location,start\n"), NOW)


def test_what_is_booked_up_is_kept_and_a_service_line_can_be_chosen(world: World, tmp_path: Path) -> None:
    """No slot is open for it, which is not the same as that none are known."""
    path = file_of(
        tmp_path, "North,Cardiology,2026-03-20 09:00,2026-03-01,2026-03-02", "South,Imaging,2026-03-20 09:00,,"
    )
    with writing(world.engine) as c:
        slots.load(c, path, NOW)
    with reading(world.engine) as c:
        open_, kept = slots.open_by_day(slots.every(c), NOW, None)
        assert kept.values.tolist() == [[world.north, world.cardiology], [world.south, world.imaging]]
        assert open_["location"].tolist() == [world.south]
        open_, kept = slots.open_by_day(slots.every(c), NOW, None, (world.cardiology,))
        assert (len(open_), len(kept)) == (0, 1)


def test_a_slot_taken_before_it_was_known_here_was_open_from_then(world: World, tmp_path: Path) -> None:
    """Exported at ten, booked at half past nine: the next export is taken as it is."""
    with writing(world.engine) as c:
        slots.load(c, file_of(tmp_path, "North,,2026-03-20 09:00,,"), NOW)
    with writing(world.engine) as c:
        done = slots.load(c, file_of(tmp_path, "North,,2026-03-20 09:00,,2026-03-11 09:30"), NOW + timedelta(hours=1))
    assert done["updated"] == 1
    with pytest.raises(BadSlots, match="line 2: taken_at lies before opened_at"), writing(world.engine) as c:
        slots.load(c, file_of(tmp_path, "North,,2026-03-21 09:00,2026-03-11 10:00,2026-03-11 09:30"), NOW)


spans = st.tuples(
    st.sampled_from(["north", "south"]), st.sampled_from([None, "cardiology", "imaging"]), st.integers(-20, 40),
    st.integers(-40, 20), st.none() | st.integers(1, 30),
)  # fmt: skip


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(made=st.lists(spans, max_size=10), hours=st.lists(st.integers(-900, 900), min_size=1, max_size=4))
def test_at_each_of_some_moments_it_is_what_a_walk_over_the_slots_finds_open(sqlite_database, made, hours) -> None:
    """From one reading of the slots, for the locations and service lines that are asked for."""
    empty(sqlite_database)
    world = factories.found(sqlite_database)
    with writing(sqlite_database) as c:
        for place, line, day, opened, taken in made:
            opened_at = NOW + timedelta(days=opened, hours=1)
            c.execute(sa.insert(t.slots).values(
                location_id=getattr(world, place), service_line_id=line and getattr(world, line),
                starts_at=NOW + timedelta(days=day), opened_at=opened_at,
                taken_at=opened_at + timedelta(days=taken) if taken else None,
            ))  # fmt: skip
    moments = [NOW + timedelta(hours=hour) for hour in hours]
    for places, lines in ((None, ()), ((world.south,), ()), (None, (world.imaging,)), ((), ())):
        with reading(sqlite_database) as c:
            found = slots.open_at_moments(slots.every(c), moments, places, lines)
            every = list(c.execute(sa.select(t.slots)).mappings())
        for at, (open_, kept) in zip(moments, found, strict=True):
            mine: Counter[tuple[int, ...]] = Counter()
            known = set()
            for slot in every:
                line = slot["service_line_id"] or 0
                if (places is not None and slot["location_id"] not in places) or (lines and line and line not in lines):
                    continue
                if slot["opened_at"] <= at:
                    known.add((slot["location_id"], line))
                    zone = "America/New_York" if slot["location_id"] == world.north else "America/Los_Angeles"
                    day = day_number(slot["starts_at"].astimezone(ZoneInfo(zone)).date())
                    if slot["starts_at"] > at and not (slot["taken_at"] and slot["taken_at"] <= at):
                        mine[slot["location_id"], line, day] += 1
            assert {tuple(row[:3]): row[3] for row in open_.values.tolist()} == mine
            assert [tuple(row) for row in kept.values.tolist()] == sorted(known)


def test_their_state_is_another_after_each_change_of_theirs_and_the_same_after_any_other(
    world: World, tmp_path: Path
) -> None:
    """A slot that is new or taken, and a location that moves to another zone; not a lead."""

    def state() -> tuple[object, ...]:
        with reading(world.engine) as c:
            return slots.state(c)

    def loads(line: str) -> None:
        with writing(world.engine) as c:
            slots.load(c, file_of(tmp_path, line), NOW)

    states = [state()]
    for change in (
        lambda: loads("North,Cardiology,2026-03-20 09:00,,"),
        lambda: loads("North,Cardiology,2026-03-20 09:00,,2026-03-12 09:00"),
        lambda: move(world, "America/Denver"),
    ):
        change()
        states.append(state())
        factories.log(world)
        assert state() == states[-1]
    assert len(set(states)) == 4


def move(world: World, zone: str) -> None:
    with writing(world.engine) as c:
        c.execute(sa.update(t.locations).where(t.locations.c.id == world.north).values(zone=zone))
